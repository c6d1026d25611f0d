//! One renewal: from the store to the service and back into the store, before anything is used.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::{Clock, Credential, Error, ErrorKind, Result, SecretString, Session};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::cache::{EARLY, SHORTEST_LIFE};
use crate::keeper::Keeper;
use crate::oauth::authenticator::HeaderScheme;
use crate::oauth::client::OAuthClient;
use crate::oauth::endpoints::RefreshTokens;
use crate::oauth::problem::OAuthProblem;
use crate::oauth::store::{StoreLock, TokenStore};
use crate::oauth::tokens::{OAuthTokens, same};

/// How often the lock of a store is asked for that somebody else holds.
const KNOCK: Duration = Duration::from_millis(100);
/// How long somebody else may hold the lock of a store.
const LOCK_LIMIT: Duration = Duration::from_secs(300);

/// What all clones of an [`OAuth`](super::OAuth) share.
pub(super) struct Inner {
    pub(super) client: OAuthClient,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) initial: Option<SecretString>,
    pub(super) scheme: HeaderScheme,
    pub(super) keeper: Keeper,
    pub(super) troubles: Mutex<Troubles>,
}

/// What went wrong and must not be forgotten.
#[derive(Default)]
pub(super) struct Troubles {
    unsaved: Option<Unsaved>,
    /// A refresh token that the service called invalid, and how.
    invalid: Option<(SecretString, Error)>,
}

/// Tokens that the store has not taken yet.
struct Unsaved {
    tokens: OAuthTokens,
    /// The refresh token that they were got for; `None` for those of a new sign-in.
    replaces: Option<SecretString>,
}

impl Inner {
    /// What the store has, or what to begin with.
    pub(super) async fn stored(&self) -> Result<Option<OAuthTokens>> {
        let initial = self.initial.clone();
        let initial = initial.map(OAuthTokens::from_refresh_token);
        Ok(self.store.load().await?.or(initial))
    }

    /// Waits until nobody else renews, in this process or another one.
    pub(super) async fn lock(&self, clock: &dyn Clock) -> Result<StoreLock> {
        let started = clock.monotonic();
        loop {
            if let Some(lock) = self.store.lock().await? {
                return Ok(lock);
            }
            if clock.monotonic().saturating_sub(started) >= LOCK_LIMIT {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    "somebody else has been renewing the tokens for too long",
                ));
            }
            clock.sleep(KNOCK).await;
        }
    }

    /// A credential from the store or from the service. The caller holds the turn.
    pub(super) async fn obtain(&self, session: &Session) -> Result<Credential> {
        let _lock = self.lock(session.clock()).await?;
        self.save_what_is_left().await?;
        let stored = self.stored().await?.ok_or_else(|| {
            OAuthProblem::NotSignedIn.error("nobody has signed in yet: the store has no tokens")
        })?;
        let now = session.clock().now();
        let held = self.keeper.cache.token();
        // A program that begins renews early, as it would later. One that had a token takes its successor.
        let margin = if held.is_none() && stored.refresh_token.is_some() {
            EARLY
        } else {
            SHORTEST_LIFE
        };
        if stored.serve(now, margin) && !same(stored.access_token.as_ref(), held.as_ref()) {
            return self
                .keeper
                .keep(session, stored.info()?, "took the token of the store");
        }
        let refresh_token = stored.refresh_token.clone().ok_or_else(|| {
            OAuthProblem::NoRefreshToken.error(
                "the access token cannot be renewed: sign in again, and ask for the scope offline_access",
            )
        })?;
        if let Some(error) = self.known_as_invalid(&refresh_token) {
            return Err(error);
        }
        let refresh = RefreshTokens::new(&self.client, &refresh_token);
        let tokens = match session.call(refresh).await {
            Ok(tokens) => tokens.after(stored),
            Err(error) => return Err(self.judged(error, &refresh_token)),
        };
        self.put(session, tokens, Some(refresh_token)).await
    }

    /// Saves tokens, then takes them into use. The caller holds the turn and the lock.
    pub(super) async fn put(
        &self,
        session: &Session,
        tokens: OAuthTokens,
        replaces: Option<SecretString>,
    ) -> Result<Credential> {
        let info = tokens.info()?;
        // Not even for a moment are they nowhere: the token that they replace is dead.
        self.troubles().unsaved = Some(Unsaved {
            tokens: tokens.clone(),
            replaces,
        });
        self.store.save(&tokens).await.inspect_err(|error| {
            tracing::error!(target: "anaplan::auth", %error, "the new tokens could not be saved");
        })?;
        self.troubles().unsaved = None;
        self.keeper.keep(session, info, "took new tokens")
    }

    /// Saves tokens that the store did not take before, unless somebody has put others there.
    async fn save_what_is_left(&self) -> Result<()> {
        let (tokens, replaces) = match &self.troubles().unsaved {
            Some(unsaved) => (unsaved.tokens.clone(), unsaved.replaces.clone()),
            None => return Ok(()),
        };
        let wanted = match &replaces {
            None => true,
            Some(_) => {
                let stored = self.stored().await?.and_then(|stored| stored.refresh_token);
                stored.is_none() || same(stored.as_ref(), replaces.as_ref())
            }
        };
        if wanted {
            self.store.save(&tokens).await?;
        }
        self.troubles().unsaved = None;
        Ok(())
    }

    fn known_as_invalid(&self, refresh_token: &SecretString) -> Option<Error> {
        let troubles = self.troubles();
        let (invalid, error) = troubles.invalid.as_ref()?;
        same(Some(invalid), Some(refresh_token)).then(|| error.clone())
    }

    /// What the failure of a renewal means for its refresh token.
    fn judged(&self, error: Error, refresh_token: &SecretString) -> Error {
        if OAuthProblem::of(&error) == Some(OAuthProblem::InvalidGrant) {
            let error = error.because("the refresh token is used up or expired: sign in again");
            self.troubles().invalid = Some((refresh_token.clone(), error.clone()));
            return error;
        }
        if error.is_ambiguous() {
            // The call that wants a credential was not sent: about that there is no doubt.
            return error
                .with_kind(ErrorKind::Interrupted)
                .with_retryable(true)
                .because("if so, the refresh token is used up, and only a new sign-in helps")
                .caused_by(OAuthProblem::LostAnswer);
        }
        error
    }

    fn troubles(&self) -> MutexGuard<'_, Troubles> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Work that goes on when nobody waits for it any more. It begins when it is first polled, or at once on a
/// tokio runtime.
pub(super) fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send + 'static {
    let work = work.in_current_span();
    let (task, inline) = match Handle::try_current() {
        Ok(runtime) => (Some(runtime.spawn(work)), None),
        Err(_) => (None, Some(work)),
    };
    async move {
        match (task, inline) {
            (Some(task), _) => task.await.unwrap_or_else(|_| Err(ended())),
            (None, Some(work)) => work.await,
            (None, None) => Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "the runtime ended in the middle of signing in",
    )
}
