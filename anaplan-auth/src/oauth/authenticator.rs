//! The life of tokens of the OAuth service: load, renew, save, use.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_core::clock::within;
use anaplan_core::{
    Authenticator, Credential, Pending, Result, SecretString, Session, async_trait,
};

use crate::cache::Aging;
use crate::keeper::{Keeper, Renewal, Turn};
use crate::oauth::client::OAuthClient;
use crate::oauth::renewal::{Inner, to_its_end};
use crate::oauth::store::TokenStore;
use crate::oauth::tokens::OAuthTokens;

/// How long a call waits for an early renewal before it goes on with the old token.
const PATIENCE: Duration = Duration::from_secs(20);

/// Signs in with tokens of the OAuth service, and keeps them good for all parallel calls.
///
/// The tokens live in a [`TokenStore`]. They come there through one of the two ways of signing in, in
/// which a person takes part: [`authorize`](Self::authorize) and [`start_device`](Self::start_device).
/// From then on no person is needed, for as long as the refresh token lives.
///
/// * In the last five minutes of an access token's life one call renews it, while the others go on with
///   the old one. A token that has expired, or that a server refused, is replaced once, however many
///   calls find out.
/// * Whoever renews holds the lock of the store. Processes that share a store therefore never use the
///   same rotating refresh token twice: the second finds the tokens of the first, and sends nothing.
/// * New tokens are saved before they are used. If saving fails, the call fails, and saving is tried again
///   before anything else is done. A renewal that has begun is brought to its end even when the call that
///   began it is dropped, for as long as the runtime lives.
/// * A rotating refresh token is sent once in a renewal. If the answer gets lost, nobody knows whether the
///   token has been used up. The old access token serves until it expires; then calls fail, unsent, with
///   [`OAuthProblem::LostAnswer`]. The next renewal tries the same token, which does no harm: it works, or
///   the service says [`OAuthProblem::InvalidGrant`] and only a new sign-in helps. A token that the
///   service has called invalid is not sent again.
///
/// [`OAuthProblem::LostAnswer`]: crate::OAuthProblem::LostAnswer
/// [`OAuthProblem::InvalidGrant`]: crate::OAuthProblem::InvalidGrant
///
/// Access tokens are sent as [`HeaderScheme::Bearer`]. All clones share everything.
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
/// # assert!(session.call(anaplan_auth::WhoAmI).await?.user_id.is_some());
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct OAuth {
    pub(super) inner: Arc<Inner>,
}

/// How an access token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HeaderScheme {
    /// `Authorization: Bearer`, but `AnaplanAuthToken` to the token service and to the audit service,
    /// which refuse the other.
    #[default]
    Bearer,
    /// `Authorization: AnaplanAuthToken` everywhere. Administration and exception users need it.
    AnaplanAuthToken,
}

impl HeaderScheme {
    fn keeper(self) -> Keeper {
        Keeper::new(match self {
            Self::Bearer => Credential::bearer,
            Self::AnaplanAuthToken => Credential::anaplan,
        })
    }
}

impl OAuth {
    /// Signs in as this client, with the tokens of this store. Nothing is sent or read yet.
    pub fn new(client: OAuthClient, store: impl TokenStore + 'static) -> Self {
        let scheme = HeaderScheme::default();
        Self {
            inner: Arc::new(Inner {
                client,
                store: Arc::new(store),
                initial: None,
                scheme,
                keeper: scheme.keeper(),
                troubles: Mutex::default(),
            }),
        }
    }

    /// Begins with this refresh token, which came from elsewhere, when the store has no tokens. As soon
    /// as it has been used, the store goes first.
    #[must_use]
    pub fn initial_refresh_token(self, token: impl Into<SecretString>) -> Self {
        self.changed(|inner| inner.initial = Some(token.into()))
    }

    /// Sends access tokens like this. Default: [`HeaderScheme::Bearer`].
    #[must_use]
    pub fn header(self, scheme: HeaderScheme) -> Self {
        self.changed(|inner| {
            inner.scheme = scheme;
            inner.keeper = scheme.keeper();
        })
    }

    /// The same with a change. Clones that were made before do not take part in it.
    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let old = self.inner;
        let mut inner = Arc::try_unwrap(old).unwrap_or_else(|shared| Inner {
            client: shared.client.clone(),
            store: Arc::clone(&shared.store),
            initial: shared.initial.clone(),
            scheme: shared.scheme,
            keeper: shared.scheme.keeper(),
            troubles: Mutex::default(),
        });
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Whether there is a refresh token, so that calls can do without a person. Looks into the store, and
    /// sends nothing: the service may have ended the token's life.
    pub fn is_signed_in(&self) -> Pending<bool> {
        let inner = Arc::clone(&self.inner);
        Pending::new(async move {
            let tokens = inner.stored().await?;
            Ok(tokens.is_some_and(|tokens| tokens.refresh_token.is_some()))
        })
    }
}

impl OAuth {
    /// Takes the tokens of a new sign-in, whatever there was before.
    pub(super) async fn signed_in(
        &self,
        session: &Session,
        tokens: impl Future<Output = Result<OAuthTokens>> + Send + 'static,
    ) -> Result<()> {
        let (inner, session) = (Arc::clone(&self.inner), session.clone());
        to_its_end(async move {
            let _turn = inner.keeper.turn().await;
            let _lock = inner.lock(session.clock()).await?;
            let tokens = tokens.await?;
            inner.put(&session, tokens, None).await?;
            Ok(())
        })
        .await
    }

    /// Renews on a task of its own, which does not end with the call that began it: the new tokens would
    /// be lost with it.
    fn renewing(
        &self,
        session: &Session,
        turn: Turn,
        early: Option<Credential>,
    ) -> impl Future<Output = Result<Credential>> + Send + 'static {
        let (inner, session) = (Arc::clone(&self.inner), session.clone());
        to_its_end(async move {
            let _turn = turn;
            let error = match inner.obtain(&session).await {
                Ok(credential) => return Ok(credential),
                Err(error) => error,
            };
            let now = session.clock().now();
            let serves = inner.keeper.cache.unexpired(now).is_some();
            if let Some(old) = early.filter(|_| serves) {
                inner.keeper.cache.pause(now);
                tracing::warn!(target: "anaplan::auth", %error, "renewing failed, the old token still serves");
                return Ok(old);
            }
            tracing::debug!(target: "anaplan::auth", %error, "renewing failed");
            inner.keeper.cache.fail(error.clone());
            Err(error)
        })
    }
}

#[async_trait]
impl Renewal for OAuth {
    async fn renew_early(
        &self,
        session: &Session,
        old: Credential,
        aging: Aging,
        turn: Turn,
    ) -> Result<Credential> {
        let renewing = self.renewing(session, turn, Some(old.clone()));
        let patience = aging.left.min(PATIENCE);
        within(session.clock(), patience, renewing)
            .await
            .unwrap_or(Ok(old))
    }

    async fn renew(&self, session: &Session, turn: Turn) -> Result<Credential> {
        self.renewing(session, turn, None).await
    }
}

#[async_trait]
impl Authenticator for OAuth {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        self.inner.keeper.credential(session, self).await
    }

    async fn refused(&self, credential: &Credential) {
        self.inner.keeper.cache.refuse(credential.generation());
    }

    /// Forgets the access token that is in use. The OAuth service has no way to end a session, and the
    /// store keeps its tokens: a later call takes them up again.
    async fn sign_out(&self, _session: &Session) -> Result<()> {
        let _turn = self.inner.keeper.turn().await;
        self.inner.keeper.cache.forget();
        Ok(())
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("client", &self.inner.client)
            .field("store", &self.inner.store)
            .field("header", &self.inner.scheme)
            .finish_non_exhaustive()
    }
}
