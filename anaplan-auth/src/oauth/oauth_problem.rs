//! Reasons why the OAuth service issued no tokens.

use std::error::Error as _;

use anaplan_core::{Error, ErrorKind};

/// The reason why the OAuth service issued no tokens.
///
/// It is the source of an [`Error`], usually of [`ErrorKind::Authentication`], whose message explains it:
///
/// ```
/// # anaplan_testkit::story(async |fake| {
/// use anaplan_auth::{MemoryTokenStore, OAuth, OAuthClient, OAuthProblem};
/// # let session = anaplan_core::Session::new(fake.connection(), std::sync::Arc::new(
/// #     anaplan_auth::FixedToken::new("")), anaplan_core::Settings::default())?;
///
/// let oauth = OAuth::new(OAuthClient::device("no such client"), MemoryTokenStore::default());
/// let error = oauth.start_device(&session).await.unwrap_err();
/// assert_eq!(OAuthProblem::of(&error), Some(OAuthProblem::UnauthorizedClient));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthProblem {
    /// The code or the refresh token is invalid, used up, expired or belongs to another client. Sign in
    /// again.
    #[error("OAuth error invalid_grant")]
    InvalidGrant,
    /// The user denied access, or the service does not know the client or its secret.
    #[error("OAuth error access_denied")]
    AccessDenied,
    /// The request is incomplete or malformed.
    #[error("OAuth error invalid_request")]
    InvalidRequest,
    /// The client is registered for another grant, or the device grant does not know it.
    #[error("OAuth error unauthorized_client")]
    UnauthorizedClient,
    /// The user of a device has not approved it yet.
    #[error("OAuth error authorization_pending")]
    AuthorizationPending,
    /// The service was polled too often.
    #[error("OAuth error slow_down")]
    SlowDown,
    /// The device code has expired. Start again.
    #[error("OAuth error expired_token")]
    ExpiredToken,
    /// The `state` of the redirect is not that of the authorization request.
    #[error("OAuth check state_mismatch")]
    StateMismatch,
    /// The redirect contains neither a code nor an error.
    #[error("OAuth check no_code")]
    NoCode,
    /// The store has no tokens.
    #[error("OAuth check not_signed_in")]
    NotSignedIn,
    /// The access token cannot be refreshed: the scope `offline_access` was not granted.
    #[error("OAuth check no_refresh_token")]
    NoRefreshToken,
    /// The service may have executed a request whose response was lost or unreadable, and the code or
    /// rotating refresh token in it may be used up.
    #[error("OAuth check unknown_outcome")]
    UnknownOutcome,
}

impl OAuthProblem {
    /// Returns the problem in an error of the OAuth sign-in.
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

    /// Returns the problem for an `error` code of the service.
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

    /// Creates an error with this problem as its source.
    pub(super) fn error(self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Authentication, message).caused_by(self)
    }
}
