//! The seam between the SDK and signing in.

use std::fmt;

use async_trait::async_trait;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::hosts::Service;
use crate::session::Session;

/// Gives the credential for each request, and is told when one was refused.
///
/// The session asks before every attempt, so an implementation must answer from memory while its
/// credential is good. Calls that need the network go through the given session with endpoints of
/// [`Authorization::Own`](crate::Authorization::Own), which never ask for a credential themselves.
///
/// ```
/// use anaplan_core::{async_trait, Authenticator, Credential, Result, SecretString, Session};
///
/// /// Takes the token from a place that another process keeps fresh.
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
    /// A credential that is good now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when signing in is impossible, and the errors of the network.
    async fn credential(&self, session: &Session) -> Result<Credential>;

    /// Hears that the server refused `credential` with 401. The session asks for another one and
    /// replays the request once; a second refusal is the caller's to see.
    ///
    /// `credential` may be long out of date: many calls can be under way with the same one, and their
    /// refusals come late. Compare [`Credential::generation`] before throwing anything away.
    async fn refused(&self, credential: &Credential) {
        let _ = credential;
    }

    /// Whether asking again after a refusal can give another credential.
    fn can_renew(&self) -> bool {
        true
    }

    /// Ends the session on the server, if there is one.
    ///
    /// # Errors
    ///
    /// The errors of the network. A session that is gone already is no error.
    async fn sign_out(&self, session: &Session) -> Result<()> {
        let _ = session;
        Ok(())
    }
}

/// What a request carries to prove who sends it. Its `Debug` shows nothing of the secret.
///
/// Secrets that the SDK keeps are wiped from memory when they are dropped. A header is not: the HTTP
/// library holds copies of it in its buffers, out of anybody's reach.
#[derive(Clone)]
pub struct Credential {
    header: HeaderValue,
    /// The header for the services that refuse the other one.
    elsewhere: Option<HeaderValue>,
    generation: u64,
}

impl Credential {
    /// A token for the `AnaplanAuthToken` scheme, which every token API of Anaplan accepts.
    ///
    /// `generation` grows with every new token of the same authenticator.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the token is empty or cannot stand in a header.
    pub fn anaplan(token: &SecretString, generation: u64) -> Result<Self> {
        let token = token.expose_secret();
        if token.trim().is_empty() {
            return Err(Error::new(ErrorKind::Authentication, "the token is empty"));
        }
        // In one piece: a text that grows leaves its beginnings behind in memory.
        let value = ["AnaplanAuthToken ", token].concat();
        Self::header(&value.into(), generation)
    }

    /// An OAuth access token: for the `Bearer` scheme, and for `AnaplanAuthToken` at the token service and
    /// the audit service, which refuse `Bearer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the token is empty or cannot stand in a header.
    pub fn bearer(token: &SecretString, generation: u64) -> Result<Self> {
        let elsewhere = Self::anaplan(token, generation)?.header;
        let bearer = format!("Bearer {}", token.expose_secret());
        Ok(Self {
            elsewhere: Some(elsewhere),
            ..Self::header(&bearer.into(), generation)?
        })
    }

    /// A whole `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the text cannot stand in a header.
    pub fn header(value: &SecretString, generation: u64) -> Result<Self> {
        // The parser's own error could quote the value.
        let mut header = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
            Error::new(
                ErrorKind::Authentication,
                "the credential has characters that cannot stand in a header",
            )
        })?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            elsewhere: None,
            generation,
        })
    }

    /// Which token of its authenticator this is.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The header for a service, marked as sensitive.
    pub(crate) fn header_for(&self, service: Service) -> &HeaderValue {
        match (service, &self.elsewhere) {
            (Service::Auth | Service::Audit, Some(header)) => header,
            _ => &self.header,
        }
    }

    /// The header, marked as sensitive.
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
    fn a_bearer_token_goes_by_another_name_where_that_is_refused() {
        let credential = Credential::bearer(&"s3cret".into(), 1).unwrap();
        assert_eq!(credential.header_for(Service::Api), "Bearer s3cret");
        assert_eq!(credential.as_header(), "Bearer s3cret");
        for service in [Service::Auth, Service::Audit] {
            let header = credential.header_for(service);
            assert_eq!(header, "AnaplanAuthToken s3cret");
            assert!(header.is_sensitive());
        }
        assert!(!format!("{credential:?}").contains("s3cret"));
        assert!(Credential::bearer(&" ".into(), 1).is_err());
    }

    #[test]
    fn a_credential_never_shows_its_secret() {
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
