//! Renewal of the shared token: one in flight for all calls.
//!
//! A [`TokenSource`] returns tokens. [`TokenRefresh`] owns the cache, decides when the source is called and
//! stores what it returns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anaplan_core::clock::within;
use anaplan_core::{Credential, Error, Result, SecretString, Session, async_trait};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::token_cache::{CredentialFormat, CurrentToken, Lookup, NewToken, TokenCache};

/// Longest wait of a call for an early renewal that continues without the call.
const EARLY_RENEWAL_TIMEOUT: Duration = Duration::from_secs(20);

/// The right to renew, for one call at a time.
type Permit = OwnedMutexGuard<()>;

/// A renewal in progress.
pub(crate) type Renewal = Pin<Box<dyn Future<Output = Result<Credential>> + Send>>;

/// Obtains tokens: signs in, refreshes, or reads a store.
#[async_trait]
pub(crate) trait TokenSource: Send + Sync + 'static {
    /// `true` if [`run`](Self::run) completes a renewal after its caller was dropped.
    const OUTLIVES_CALLER: bool = false;

    /// Returns the successor of `current`. At most one call is in progress.
    async fn obtain(
        &self,
        session: &Session,
        current: Option<CurrentToken>,
    ) -> std::result::Result<NewToken, ObtainError>;

    /// Starts a renewal. Default: it runs as part of the call that needs the token.
    fn run(renewal: Renewal) -> Renewal {
        renewal
    }
}

/// The error of a [`TokenSource`].
#[derive(Debug)]
pub(crate) struct ObtainError {
    pub(crate) error: Error,
    /// `true` if the current token is known to have ended, whatever its expiry.
    pub(crate) current_ended: bool,
}

impl From<Error> for ObtainError {
    fn from(error: Error) -> Self {
        Self {
            error,
            current_ended: false,
        }
    }
}

/// A source of tokens and the cache of the current one. Clones share both.
#[derive(Debug)]
pub(crate) struct TokenRefresh<S> {
    shared: Arc<Shared<S>>,
}

#[derive(Debug)]
struct Shared<S> {
    source: S,
    cache: TokenCache,
    in_flight: Arc<Mutex<()>>,
}

impl<S> Clone for TokenRefresh<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: TokenSource> TokenRefresh<S> {
    pub(crate) fn new(source: S, format: CredentialFormat) -> Self {
        Self {
            shared: Arc::new(Shared {
                source,
                cache: TokenCache::new(format),
                in_flight: Arc::default(),
            }),
        }
    }

    pub(crate) fn source(&self) -> &S {
        &self.shared.source
    }

    /// Returns a usable credential. Renews the token if necessary.
    ///
    /// While an early renewal is in flight, other calls get the old credential. While there is no usable
    /// one, they wait for the renewal in flight and share its error.
    pub(crate) async fn credential(&self, session: &Session) -> Result<Credential> {
        match self.lookup(session) {
            Lookup::Fresh(credential) => Ok(credential),
            Lookup::Due(credential, _) => {
                match Arc::clone(&self.shared.in_flight).try_lock_owned() {
                    Ok(permit) => self.renew_early(session, permit).await,
                    Err(_) => Ok(credential),
                }
            }
            Lookup::Unusable(failures) => self.wait_for_renewal(session, failures).await,
        }
    }

    async fn renew_early(&self, session: &Session, permit: Permit) -> Result<Credential> {
        let remaining = match self.lookup(session) {
            // Renewed since the first lookup.
            Lookup::Fresh(credential) => return Ok(credential),
            Lookup::Due(_, remaining) => remaining,
            Lookup::Unusable(_) => return self.start_renewal(session, permit).await,
        };
        let renewal = self.start_renewal(session, permit);
        if !S::OUTLIVES_CALLER {
            return renewal.await;
        }
        let limit = remaining.min(EARLY_RENEWAL_TIMEOUT);
        if let Some(renewed) = within(session.clock(), limit, renewal).await {
            return renewed;
        }
        match self.lookup(session) {
            Lookup::Fresh(credential) | Lookup::Due(credential, _) => Ok(credential),
            Lookup::Unusable(failures) => self.wait_for_renewal(session, failures).await,
        }
    }

    /// Waits for the renewal in flight or renews. `failures` is the number of failed renewals before the wait.
    async fn wait_for_renewal(&self, session: &Session, failures: u64) -> Result<Credential> {
        let permit = self.permit().await;
        match self.lookup(session) {
            Lookup::Fresh(credential) | Lookup::Due(credential, _) => Ok(credential),
            Lookup::Unusable(_) => match self.shared.cache.failure_since(failures) {
                Some(error) => Err(error),
                None => self.start_renewal(session, permit).await,
            },
        }
    }

    /// Marks the token of this credential as rejected by a server.
    pub(crate) fn reject(&self, credential: &Credential) {
        self.shared.cache.reject(credential.generation());
    }

    /// Stores the token that `obtain` returns. Waits for a renewal in flight first.
    #[cfg(feature = "oauth")]
    pub(crate) async fn replace(
        &self,
        session: &Session,
        obtain: impl Future<Output = Result<NewToken>>,
    ) -> Result<()> {
        let _permit = self.permit().await;
        let token = obtain.await?;
        self.shared.store(session, token).map(drop)
    }

    /// Removes the token and returns it. Waits for a renewal in flight first.
    pub(crate) async fn take(&self) -> Option<SecretString> {
        let _permit = self.permit().await;
        self.shared.cache.take()
    }

    fn lookup(&self, session: &Session) -> Lookup {
        self.shared.cache.lookup(session.clock().now())
    }

    async fn permit(&self) -> Permit {
        Arc::clone(&self.shared.in_flight).lock_owned().await
    }

    fn start_renewal(&self, session: &Session, permit: Permit) -> Renewal {
        let (shared, session) = (Arc::clone(&self.shared), session.clone());
        S::run(Box::pin(async move {
            let renewed = shared.renew(&session).await;
            drop(permit);
            renewed
        }))
    }
}

impl<S: TokenSource> Shared<S> {
    /// Replaces the token. If that fails and the old token is usable, returns the old credential.
    async fn renew(&self, session: &Session) -> Result<Credential> {
        let now = || session.clock().now();
        let current = self.cache.current(now());
        let failure = match self.source.obtain(session, current).await {
            Ok(token) => match self.store(session, token) {
                Ok(credential) => return Ok(credential),
                Err(error) => error.into(),
            },
            Err(failure) => failure,
        };
        let ObtainError {
            error,
            current_ended,
        } = failure;
        if current_ended {
            self.cache.take();
        }
        if let Some(old) = self.cache.postpone_renewal(now()) {
            tracing::warn!(target: "anaplan::auth", %error, "early renewal failed, the old token is still used");
            return Ok(old);
        }
        tracing::debug!(target: "anaplan::auth", %error, "token renewal failed");
        self.cache.record_failure(error.clone());
        Err(error)
    }

    fn store(&self, session: &Session, token: NewToken) -> Result<Credential> {
        let credential = self.cache.store(token, session.clock().now())?;
        tracing::debug!(target: "anaplan::auth", generation = credential.generation(), "token stored");
        Ok(credential)
    }
}
