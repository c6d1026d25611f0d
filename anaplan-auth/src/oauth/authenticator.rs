//! Sign-in with tokens of the OAuth service.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use anaplan_core::{
    Authenticator, Credential, Pending, Result, SecretString, Session, async_trait,
};

use crate::oauth::client::OAuthClient;
use crate::oauth::detached::detached;
use crate::oauth::refresh_state::RefreshState;
use crate::oauth::token_source::OAuthSource;
use crate::oauth::token_store::TokenStore;
use crate::oauth::tokens::OAuthTokens;
use crate::token_cache::CredentialFormat;
use crate::token_refresh::TokenRefresh;

/// Signs in with tokens of the OAuth service and keeps them valid for all parallel calls.
///
/// The tokens are kept in a [`TokenStore`]. A user creates them by signing in interactively:
/// [`authorize`](Self::authorize) or [`start_device`](Self::start_device). After that, no interaction is
/// necessary until the refresh token expires.
///
/// * In the last five minutes of an access token's lifetime, one call refreshes it while the others use the
///   old one. A token that has expired or that a server rejected is replaced once, however many calls notice.
/// * A refresh holds the lock of the store. Processes that share a store never send the same rotating refresh
///   token twice: the second process finds the tokens of the first one.
/// * New tokens are saved before they are used. If saving fails, the call fails, and the next call saves them
///   first. A refresh completes even if the call that started it is dropped, as long as the runtime exists.
/// * A rotating refresh token is sent once per refresh. If the response is lost or unreadable, or has a 5xx
///   status, the token may be used up. The old access token is used until it expires. Then calls fail, without
///   being sent, with [`ErrorKind::Ambiguous`] and [`OAuthProblem::UnknownOutcome`]. The store keeps the
///   refresh token. After a delay of 10 s, which doubles up to 5 minutes, the next refresh sends it again:
///   either it succeeds, or the service responds with [`OAuthProblem::InvalidGrant`] and the user must sign in
///   again. A refresh token that the service called invalid is not sent again.
///
/// [`ErrorKind::Ambiguous`]: anaplan_core::ErrorKind::Ambiguous
/// [`OAuthProblem::UnknownOutcome`]: crate::OAuthProblem::UnknownOutcome
/// [`OAuthProblem::InvalidGrant`]: crate::OAuthProblem::InvalidGrant
///
/// Access tokens are sent as [`HeaderScheme::Bearer`]. Clones share all state.
///
/// ```
/// # anaplan_testkit::story(async |fake| {
/// use std::sync::Arc;
/// use anaplan_auth::{FileTokenStore, OAuth, OAuthClient};
/// use anaplan_core::{Session, Settings};
/// # let client_id = fake.demo().device_client.unwrap().id;
/// # let folder = std::env::temp_dir().join(format!("anaplan-auth-{}", std::process::id()));
/// # let path = folder.join("tokens.json");
///
/// let oauth = OAuth::new(OAuthClient::device(client_id), FileTokenStore::new(&path));
/// let session = Session::new(fake.connection(), Arc::new(oauth.clone()), Settings::default())?;
/// if !oauth.is_signed_in().await? {
///     let device = oauth.start_device(&session).await?;
///     println!("Go to {} and enter {}", device.verification_uri(), device.user_code());
/// #   fake.approve_device(device.user_code(), &fake.demo().admin.id);
///     device.wait().await?;
/// }
/// # assert!(oauth.is_signed_in().await?);
/// # assert!(session.call(anaplan_auth::WhoAmI).await?.email.is_some());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct OAuth {
    scheme: HeaderScheme,
    refresh: TokenRefresh<OAuthSource>,
}

/// The `Authorization` scheme of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HeaderScheme {
    /// `Authorization: Bearer`, but `AnaplanAuthToken` for the token service and the audit service, which
    /// reject `Bearer`.
    #[default]
    Bearer,
    /// `Authorization: AnaplanAuthToken` for all services. Administration and exception users require it.
    AnaplanAuthToken,
}

impl HeaderScheme {
    fn format(self) -> CredentialFormat {
        match self {
            Self::Bearer => Credential::bearer,
            Self::AnaplanAuthToken => Credential::anaplan,
        }
    }
}

impl OAuth {
    /// Creates an authenticator for this client and this store. Sends and reads nothing.
    pub fn new(client: OAuthClient, store: impl TokenStore + 'static) -> Self {
        let source = OAuthSource {
            client,
            store: Arc::new(store),
            initial: None,
            state: Arc::new(RefreshState::default()),
        };
        Self::with_source(source, HeaderScheme::default())
    }

    /// Sets the refresh token to use while the store is empty. Clones made before do not change.
    #[must_use]
    pub fn initial_refresh_token(self, token: impl Into<SecretString>) -> Self {
        let source = OAuthSource {
            initial: Some(token.into()),
            ..self.refresh.source().clone()
        };
        Self::with_source(source, self.scheme)
    }

    /// Sets the scheme of access tokens. Default: [`HeaderScheme::Bearer`]. Clones made before do not change.
    #[must_use]
    pub fn header(self, scheme: HeaderScheme) -> Self {
        Self::with_source(self.refresh.source().clone(), scheme)
    }

    fn with_source(source: OAuthSource, scheme: HeaderScheme) -> Self {
        Self {
            scheme,
            refresh: TokenRefresh::new(source, scheme.format()),
        }
    }

    /// Returns whether there is a refresh token, so that calls need no interaction. Reads the store and sends
    /// nothing: the service may have revoked the token.
    pub fn is_signed_in(&self) -> Pending<bool> {
        let source = self.refresh.source().clone();
        Pending::new(async move {
            let tokens = source.stored().await?;
            Ok(tokens.is_some_and(|tokens| tokens.refresh_token.is_some()))
        })
    }

    pub(super) fn client(&self) -> &OAuthClient {
        &self.refresh.source().client
    }

    /// Saves the tokens of a new sign-in and uses them from now on.
    pub(super) async fn signed_in(
        &self,
        session: &Session,
        tokens: impl Future<Output = Result<OAuthTokens>> + Send + 'static,
    ) -> Result<()> {
        let (refresh, session) = (self.refresh.clone(), session.clone());
        detached(async move {
            let source = refresh.source();
            let obtain = async {
                let _lock = source.lock(session.clock()).await?;
                source.save(tokens.await?, None).await
            };
            refresh.replace(&session, obtain).await
        })
        .await
    }
}

#[async_trait]
impl Authenticator for OAuth {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        self.refresh.credential(session).await
    }

    async fn refused(&self, credential: &Credential) {
        self.refresh.reject(credential);
    }

    /// Removes the access token from memory. The OAuth service cannot end a session, and the store keeps the
    /// tokens: a later call uses them again.
    async fn sign_out(&self, _session: &Session) -> Result<()> {
        self.refresh.take().await;
        Ok(())
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("client", self.client())
            .field("store", &self.refresh.source().store)
            .field("header", &self.scheme)
            .finish_non_exhaustive()
    }
}
