//! Authentication: the trait by which a session obtains credentials.

use std::fmt;

use async_trait::async_trait;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::data::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// Source of the session's credential.
///
/// The session calls [`credential`](Self::credential) before every attempt, so an implementation
/// should return a valid credential from memory. Calls to the network go through the given session
/// with endpoints of [`Authorization::Own`](crate::Authorization::Own), which need no credential.
///
/// ```
/// use anaplan_core::{async_trait, Authenticator, Credential, Result, SecretString, Session};
///
/// /// Reads the token from a variable that another process updates.
/// #[derive(Debug)]
/// struct FromEnvironment;
///
/// #[async_trait]
/// impl Authenticator for FromEnvironment {
///     async fn credential(&self, _session: &Session) -> Result<Credential> {
///         let token = std::env::var("MY_TOKEN").unwrap_or_default();
///         Credential::anaplan(&SecretString::from(token), 0)
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// Returns a valid credential.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if signing in fails, and network errors.
    async fn credential(&self, session: &Session) -> Result<Credential>;

    /// Called when the server rejects `credential` with 401. The session then requests another
    /// credential and sends the request once more. A second 401 fails the call.
    ///
    /// `credential` may be outdated, because many calls can use the same one. Compare
    /// [`Credential::generation`] before discarding a token.
    async fn refused(&self, credential: &Credential) {
        let _ = credential;
    }

    /// Returns `true` if another credential can be obtained after a rejection. Default: `true`.
    fn can_renew(&self) -> bool {
        true
    }

    /// Returns `true` if another credential is worth a try after the server rejected this one,
    /// `rejections` times within one call. Default: after the first rejection only, because a second
    /// one usually means that a role is missing.
    fn can_replace(&self, credential: &Credential, rejections: u32) -> bool {
        let _ = credential;
        rejections == 1
    }

    /// Ends the session on the server.
    ///
    /// # Errors
    ///
    /// Network errors. An expired session is not an error.
    async fn sign_out(&self, session: &Session) -> Result<()> {
        let _ = session;
        Ok(())
    }
}

/// Credential of a request. Its `Debug` output does not show the secret.
///
/// Secrets that the SDK keeps are wiped from memory when they are dropped. A header is not, because
/// the HTTP library holds copies of it in its buffers.
#[derive(Clone)]
pub struct Credential {
    header: HeaderValue,
    /// Header for services that reject the other one.
    elsewhere: Option<HeaderValue>,
    generation: u64,
}

impl Credential {
    /// Creates a credential for the scheme `AnaplanAuthToken`, which every token API accepts.
    ///
    /// `generation` grows with every new token of the same authenticator.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or not a valid header value.
    pub fn anaplan(token: &SecretString, generation: u64) -> Result<Self> {
        let token = token.expose_secret();
        if token.trim().is_empty() {
            return Err(Error::new(ErrorKind::Authentication, "the token is empty"));
        }
        // Built at once: a growing string would leave copies of its beginning in memory.
        let value = ["AnaplanAuthToken ", token].concat();
        Self::header(&value.into(), generation)
    }

    /// Creates a credential from an OAuth access token: for the scheme `Bearer`, and for
    /// `AnaplanAuthToken` at services that reject `Bearer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or not a valid header value.
    pub fn bearer(token: &SecretString, generation: u64) -> Result<Self> {
        let elsewhere = Self::anaplan(token, generation)?.header;
        let bearer = format!("Bearer {}", token.expose_secret());
        Ok(Self {
            elsewhere: Some(elsewhere),
            ..Self::header(&bearer.into(), generation)?
        })
    }

    /// Creates a credential from a whole `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the value is not a valid header value.
    pub fn header(value: &SecretString, generation: u64) -> Result<Self> {
        // The parser's own error could quote the value.
        let mut header = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
            Error::new(
                ErrorKind::Authentication,
                "the credential contains characters that a header must not contain",
            )
        })?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            elsewhere: None,
            generation,
        })
    }

    /// Returns the generation of the token.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the header in the scheme `AnaplanAuthToken` if the token has one, marked as sensitive.
    pub(crate) fn as_anaplan_header(&self) -> &HeaderValue {
        self.elsewhere.as_ref().unwrap_or(&self.header)
    }

    /// Returns the `Authorization` header, marked as sensitive.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.header
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_token_has_a_second_header_for_services_that_reject_bearer() {
        let credential = Credential::bearer(&"s3cret".into(), 1).unwrap();
        assert_eq!(credential.as_header(), "Bearer s3cret");
        let header = credential.as_anaplan_header();
        assert_eq!(header, "AnaplanAuthToken s3cret");
        assert!(header.is_sensitive());
        assert!(!format!("{credential:?}").contains("s3cret"));
        assert!(Credential::bearer(&" ".into(), 1).is_err());
    }

    #[test]
    fn credential_debug_does_not_show_the_secret() {
        let credential = Credential::anaplan(&"s3cret".into(), 7).unwrap();
        assert_eq!(
            format!("{credential:?}"),
            "Credential { generation: 7, .. }"
        );
        assert!(!format!("{:?}", credential.as_header()).contains("s3cret"));
        let error = Credential::anaplan(&"s3cret\n".into(), 0).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("s3cret"));
    }
}
