//! A token that somebody else keeps.

use std::fmt;

use anaplan_core::{Authenticator, Credential, Result, SecretString, Session, async_trait};
use secrecy::ExposeSecret;

use crate::token::log_out;

/// A token that the caller already has, from another program or from an OAuth service.
///
/// It is used as it is and never renewed: when the server refuses it, the call fails with
/// [`ErrorKind::Unauthorized`](anaplan_core::ErrorKind::Unauthorized).
///
/// ```
/// use anaplan_auth::FixedToken;
/// use anaplan_core::Authenticator;
///
/// let authenticator = FixedToken::new(std::env::var("ANAPLAN_TOKEN").unwrap_or_default());
/// assert!(!authenticator.can_renew());
/// ```
#[derive(Clone)]
pub struct FixedToken {
    token: SecretString,
}

impl FixedToken {
    /// Takes the bare token, without the name of a scheme before it. White space around it is dropped.
    pub fn new(token: impl Into<SecretString>) -> Self {
        let token = token.into();
        Self {
            token: SecretString::from(token.expose_secret().trim()),
        }
    }
}

#[async_trait]
impl Authenticator for FixedToken {
    async fn credential(&self, _session: &Session) -> Result<Credential> {
        Credential::anaplan(&self.token, 0)
    }

    fn can_renew(&self) -> bool {
        false
    }

    /// Ends the token's session for everybody who uses it.
    async fn sign_out(&self, session: &Session) -> Result<()> {
        log_out(session, &self.token).await
    }
}

impl fmt::Debug for FixedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedToken").finish_non_exhaustive()
    }
}
