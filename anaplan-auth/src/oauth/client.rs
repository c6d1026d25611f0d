//! Registration of a client with the OAuth service.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret;

/// All scopes but `profile`, which the service never grants. `offline_access` requests a refresh token.
const SCOPES: &str = "openid email offline_access";

/// An OAuth client, registered in the tenant's administration for the authorization code grant or for the
/// device grant.
///
/// ```
/// use anaplan_auth::OAuthClient;
///
/// let web = OAuthClient::authorization_code(
///     "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4",
///     "its secret",
///     "https://planning.example.com/callback",
/// );
/// let tool = OAuthClient::device("b1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4").non_rotating();
/// assert!(!format!("{web:?}").contains("its secret"));
/// ```
#[derive(Clone)]
pub struct OAuthClient {
    pub(super) id: String,
    pub(super) secret: Option<SecretString>,
    pub(super) redirect_uri: Option<String>,
    pub(super) scopes: String,
    pub(super) rotating: bool,
    pub(super) pkce: bool,
}

impl OAuthClient {
    /// Creates a client for the authorization code grant from its id, its secret and its redirect URI, exactly
    /// as registered.
    pub fn authorization_code(
        id: impl Into<String>,
        secret: impl Into<SecretString>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            secret: Some(secret.into()),
            redirect_uri: Some(redirect_uri.into()),
            ..Self::device(id)
        }
    }

    /// Creates a client for the device grant, which has no secret. Users with single sign-on cannot approve a
    /// device.
    pub fn device(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            redirect_uri: None,
            scopes: SCOPES.to_owned(),
            rotating: true,
            pkce: false,
        }
    }

    /// Sets the requested scopes. Default: `openid`, `email` and `offline_access`, which is required for a
    /// refresh token.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().collect();
        let scopes: Vec<_> = scopes.iter().map(AsRef::as_ref).collect();
        self.scopes = scopes.join(" ");
        self
    }

    /// Declares that the refresh tokens of this client are registered as non-rotatable: a refresh does not
    /// change them and is retried after a lost response.
    ///
    /// Default: they rotate, and a refresh is sent once. If the service returns a new refresh token, it is
    /// saved in either case.
    #[must_use]
    pub fn non_rotating(mut self) -> Self {
        self.rotating = false;
        self
    }

    /// Adds a proof key (PKCE, S256) to the authorization code grant. Default: off, because Anaplan does not
    /// document it. A server without support ignores it.
    #[must_use]
    pub fn pkce(mut self) -> Self {
        self.pkce = true;
        self
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks the registration without sending anything.
    pub(super) fn check(&self) -> Result<()> {
        let blank = |text: Option<&str>| text.is_some_and(|text| text.trim().is_empty());
        let secret = self.secret.as_ref().map(|secret| secret.expose_secret());
        let problem = if blank(Some(&self.id)) {
            "the id of the OAuth client is empty"
        } else if blank(secret) {
            "the secret of the OAuth client is empty"
        } else if blank(self.redirect_uri.as_deref()) {
            "the redirect URI of the OAuth client is empty"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, problem))
    }

    /// Returns the redirect URI of a client for the authorization code grant.
    pub(super) fn redirect_uri(&self) -> Result<&str> {
        self.check()?;
        self.redirect_uri.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "this OAuth client is registered for the device grant: it cannot request an authorization code",
            )
        })
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("rotating", &self.rotating)
            .finish_non_exhaustive()
    }
}
