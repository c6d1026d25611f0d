//! Sign-in with an existing token.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use anaplan_core::{
    Authenticator, Credential, Error, ErrorKind, Result, SecretString, Session, StatusCode,
    async_trait,
};

use crate::token::{Validate, log_out};
use crate::token_cache::{CurrentToken, Lifetime, NewToken};
use crate::token_refresh::{ObtainError, TokenRefresh, TokenSource};
use crate::token_value::{check, trimmed};

const EXPIRED: &str = "the token has expired; if it was issued less than 35 minutes ago, it was revoked: pass a \
                       new token, or credentials that can sign in again";

/// An existing token, from another program or from an OAuth service. It is never renewed.
///
/// If a server rejects the token, the token service is asked once whether it is valid
/// (`GET /token/validate`):
///
/// * An expired or revoked token fails the call with
///   [`ErrorKind::Authentication`]. Later calls fail without sending anything.
/// * Otherwise the user lacks the role, and the call fails with [`ErrorKind::Unauthorized`].
///
/// To sign in when the token is rejected, use
/// [`TokenAuthenticator::initial_token`](crate::TokenAuthenticator::initial_token). Clones share the state.
///
/// ```
/// use anaplan_auth::FixedToken;
///
/// let authenticator = FixedToken::new(std::env::var("ANAPLAN_TOKEN").unwrap_or_default());
/// ```
#[derive(Clone)]
pub struct FixedToken {
    refresh: TokenRefresh<FixedSource>,
}

impl FixedToken {
    /// Creates an authenticator for this token, which has no scheme in front of it. White space around the
    /// token is removed.
    pub fn new(token: impl Into<SecretString>) -> Self {
        let source = FixedSource {
            token: trimmed(&token.into()),
            ended: Mutex::default(),
        };
        Self {
            refresh: TokenRefresh::new(source, Credential::anaplan),
        }
    }

    /// Checks the token without sending it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or contains white space or characters that a
    /// header cannot contain.
    pub fn validate(&self) -> Result<()> {
        check(&self.refresh.source().token)
    }
}

#[async_trait]
impl Authenticator for FixedToken {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        self.refresh.credential(session).await
    }

    async fn refused(&self, credential: &Credential) {
        self.refresh.reject(credential);
    }

    /// Ends the session of the token for all programs that use it.
    async fn sign_out(&self, session: &Session) -> Result<()> {
        self.refresh.take().await;
        log_out(session, &self.refresh.source().token).await
    }
}

impl fmt::Debug for FixedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedToken").finish_non_exhaustive()
    }
}

/// Returns the same token again, unless it has ended.
struct FixedSource {
    token: SecretString,
    /// The error of a token that has ended.
    ended: Mutex<Option<Error>>,
}

#[async_trait]
impl TokenSource for FixedSource {
    async fn obtain(
        &self,
        session: &Session,
        current: Option<CurrentToken>,
    ) -> std::result::Result<NewToken, ObtainError> {
        if let Some(error) = self.ended() {
            return Err(error.into());
        }
        check(&self.token)?;
        if current.is_some() {
            self.check_with_service(session).await?;
        }
        Ok(NewToken {
            token: self.token.clone(),
            lifetime: Lifetime::Unknown,
        })
    }
}

impl FixedSource {
    /// Fails if the token service rejects the token. Other failures say nothing about the token.
    async fn check_with_service(&self, session: &Session) -> Result<()> {
        match session.call(Validate::new(&self.token)?).await {
            Err(rejection) if rejection.status() == Some(StatusCode::UNAUTHORIZED) => {
                let error = Error::new(ErrorKind::Authentication, EXPIRED)
                    .with_status(StatusCode::UNAUTHORIZED)
                    .caused_by(rejection);
                *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn ended(&self) -> Option<Error> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clone()
    }
}
