//! Refresh of OAuth tokens: from the store to the service and back to the store, before they are used.

use std::sync::Arc;
use std::time::Duration;

use anaplan_core::{Clock, Error, ErrorKind, Result, SecretString, Session, async_trait};

use crate::oauth::client::OAuthClient;
use crate::oauth::detached::detached;
use crate::oauth::endpoints::RefreshTokens;
use crate::oauth::oauth_problem::OAuthProblem;
use crate::oauth::refresh_state::{RefreshState, Unsaved};
use crate::oauth::token_store::{StoreLock, TokenStore};
use crate::oauth::tokens::OAuthTokens;
use crate::token_cache::{CurrentToken, EARLY_RENEWAL_WINDOW, MIN_LIFETIME, NewToken};
use crate::token_refresh::{ObtainError, Renewal, TokenSource};
use crate::token_value::same;

/// Poll interval of a store lock that another process holds.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Longest wait for a store lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(300);

/// Obtains tokens from a store and from the OAuth service.
#[derive(Clone)]
pub(super) struct OAuthSource {
    pub(super) client: OAuthClient,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) initial: Option<SecretString>,
    pub(super) state: Arc<RefreshState>,
}

#[async_trait]
impl TokenSource for OAuthSource {
    /// A dropped call must not lose the successor of a rotating refresh token.
    const OUTLIVES_CALLER: bool = true;

    fn run(renewal: Renewal) -> Renewal {
        Box::pin(detached(renewal))
    }

    async fn obtain(
        &self,
        session: &Session,
        current: Option<CurrentToken>,
    ) -> std::result::Result<NewToken, ObtainError> {
        let _lock = self.lock(session.clock()).await?;
        self.save_unsaved().await?;
        let stored = self.stored().await?.ok_or_else(|| {
            OAuthProblem::NotSignedIn.error("sign in first: the store has no tokens")
        })?;
        let margin = if current.is_none() && stored.refresh_token.is_some() {
            EARLY_RENEWAL_WINDOW
        } else {
            MIN_LIFETIME
        };
        // Another process may have replaced the token.
        if stored.is_valid(session.clock().now(), margin) && !stored.is_access_token(&current) {
            return Ok(stored.into_new_token()?);
        }
        let refresh_token = stored.refresh_token.clone().ok_or_else(|| {
            OAuthProblem::NoRefreshToken.error(
                "the access token cannot be refreshed: sign in again with the scope offline_access",
            )
        })?;
        let now = || session.clock().monotonic();
        self.state.check(&refresh_token, now())?;
        let refresh = RefreshTokens::new(&self.client, &refresh_token);
        let tokens = match session.call(refresh).await {
            Ok(tokens) => tokens.merged_over(stored),
            Err(error) => {
                let rotating = self.client.rotating;
                let error = self.state.failed(error, &refresh_token, rotating, now());
                return Err(error.into());
            }
        };
        self.state.succeeded();
        Ok(self.save(tokens, Some(refresh_token)).await?)
    }
}

impl OAuthSource {
    /// Returns the tokens in the store, or the initial refresh token.
    pub(super) async fn stored(&self) -> Result<Option<OAuthTokens>> {
        let initial = self.initial.clone();
        let initial = initial.map(OAuthTokens::from_refresh_token);
        Ok(self.store.load().await?.or(initial))
    }

    /// Waits for the lock of the store.
    pub(super) async fn lock(&self, clock: &dyn Clock) -> Result<StoreLock> {
        let started = clock.monotonic();
        loop {
            if let Some(lock) = self.store.lock().await? {
                return Ok(lock);
            }
            if clock.monotonic().saturating_sub(started) >= LOCK_TIMEOUT {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "another process has held the lock of the token store for {} s",
                        LOCK_TIMEOUT.as_secs()
                    ),
                ));
            }
            clock.sleep(LOCK_POLL_INTERVAL).await;
        }
    }

    /// Saves tokens and returns the access token. The caller holds the lock of the store.
    pub(super) async fn save(
        &self,
        tokens: OAuthTokens,
        replaces: Option<SecretString>,
    ) -> Result<NewToken> {
        // Kept in memory until they are saved: the tokens that they replace no longer work.
        self.state.set_unsaved(Some(Unsaved {
            tokens: tokens.clone(),
            replaces,
        }));
        self.store.save(&tokens).await.inspect_err(|error| {
            tracing::error!(target: "anaplan::auth", %error, "saving the new tokens failed");
        })?;
        self.state.set_unsaved(None);
        tokens.into_new_token()
    }

    /// Saves tokens that could not be saved before, unless the store has been changed since.
    async fn save_unsaved(&self) -> Result<()> {
        let Some(Unsaved { tokens, replaces }) = self.state.unsaved() else {
            return Ok(());
        };
        let wanted = match &replaces {
            None => true,
            Some(replaced) => {
                let stored = self.stored().await?.and_then(|stored| stored.refresh_token);
                stored.is_none_or(|stored| same(&stored, replaced))
            }
        };
        if wanted {
            self.store.save(&tokens).await?;
        }
        self.state.set_unsaved(None);
        Ok(())
    }
}
