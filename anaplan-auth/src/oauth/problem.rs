//! What can go wrong between a client and the OAuth service.

use std::error::Error as _;

use anaplan_core::{Error, ErrorKind};

/// Why the OAuth service gave no tokens.
///
/// It travels inside an [`Error`], as a rule of [`ErrorKind::Authentication`], whose text says more:
///
/// ```
/// # anaplan_testkit::story(async |fake| {
/// use anaplan_auth::{MemoryTokenStore, OAuth, OAuthClient, OAuthProblem};
/// # let session = anaplan_core::Session::new(fake.connection(), std::sync::Arc::new(
/// #     anaplan_auth::FixedToken::new("")), anaplan_core::Settings::default())?;
///
/// let oauth = OAuth::new(OAuthClient::device("no such client"), MemoryTokenStore::default());
/// let error = oauth.start_device(&session).await.unwrap_err();
/// assert_eq!(OAuthProblem::of(&error), Some(OAuthProblem::AccessDenied));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthProblem {
    /// The code or the refresh token is wrong, used up, expired or another client's: sign in again.
    #[error("invalid grant")]
    InvalidGrant,
    /// The user said no, or the service does not know the client or its secret.
    #[error("access denied")]
    AccessDenied,
    /// The service misses something in the request, or does not understand it.
    #[error("invalid request")]
    InvalidRequest,
    /// The client is registered for another grant.
    #[error("unauthorized client")]
    UnauthorizedClient,
    /// The user of a device has not decided yet.
    #[error("authorization pending")]
    AuthorizationPending,
    /// The service is asked more often than it likes.
    #[error("slow down")]
    SlowDown,
    /// The user of a device took too long: start again.
    #[error("expired device code")]
    ExpiredToken,
    /// The redirect does not belong to the authorization request: its `state` is another one.
    #[error("wrong state")]
    StateMismatch,
    /// The redirect carries neither a code nor an error.
    #[error("no code in the redirect")]
    NoCode,
    /// There are no tokens: nobody has signed in yet.
    #[error("not signed in")]
    NotSignedIn,
    /// The access token has expired and cannot be renewed: the scope `offline_access` was not granted.
    #[error("no refresh token")]
    NoRefreshToken,
    /// The answer to a renewal got lost, and with it, perhaps, the successor of the refresh token.
    #[error("lost answer")]
    LostAnswer,
}

impl OAuthProblem {
    /// The problem that an error is about, if it is one of signing in through the OAuth service.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let own = error.source().and_then(|source| source.downcast_ref());
        let operation = error.operation().unwrap_or_default();
        own.copied().or_else(|| {
            let code = error.server_code();
            code.filter(|_| operation.starts_with("oauth."))
                .and_then(Self::from_code)
        })
    }

    /// The problem behind the `error` of the service.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "invalid_grant" => Self::InvalidGrant,
            "access_denied" => Self::AccessDenied,
            "invalid_request" => Self::InvalidRequest,
            "unauthorized_client" => Self::UnauthorizedClient,
            "authorization_pending" => Self::AuthorizationPending,
            "slow_down" => Self::SlowDown,
            "expired_token" => Self::ExpiredToken,
            _ => return None,
        })
    }

    pub(super) fn error(self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Authentication, message).caused_by(self)
    }
}
