//! One token for many calls: who renews it, who waits for that, and who goes on meanwhile.

use std::sync::Arc;

use anaplan_core::{Credential, Result, Session, async_trait};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::cache::{Aging, Cache, Look, Scheme};
use crate::token::TokenInfo;

/// Held by whoever talks to the service that gives tokens.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// How a token is renewed. Both ways are called by one at a time, who holds the turn.
#[async_trait]
pub(crate) trait Renewal: Send + Sync {
    /// Renews a token that still serves.
    async fn renew_early(
        &self,
        session: &Session,
        old: Credential,
        aging: Aging,
        turn: Turn,
    ) -> Result<Credential>;

    /// Replaces a token that no longer serves. A failure is to be noted in the cache, for those who
    /// wait.
    async fn renew(&self, session: &Session, turn: Turn) -> Result<Credential>;
}

/// A token, and the right to renew it.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) cache: Cache,
    turn: Arc<Mutex<()>>,
}

impl Keeper {
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            cache: Cache::new(scheme),
            turn: Arc::default(),
        }
    }

    /// A credential that is good now.
    pub(crate) async fn credential(
        &self,
        session: &Session,
        renewal: &impl Renewal,
    ) -> Result<Credential> {
        let now = || session.clock().now();
        match self.cache.look(now()) {
            Look::Fresh(credential) => Ok(credential),
            Look::Aging(credential, _) => {
                let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else {
                    return Ok(credential);
                };
                match self.cache.look(now()) {
                    Look::Fresh(credential) => Ok(credential),
                    Look::Aging(credential, aging) => {
                        renewal.renew_early(session, credential, aging, turn).await
                    }
                    Look::Gone(_) => renewal.renew(session, turn).await,
                }
            }
            Look::Gone(failures) => {
                let turn = self.turn().await;
                match self.cache.look(now()) {
                    Look::Fresh(credential) | Look::Aging(credential, _) => Ok(credential),
                    Look::Gone(_) => match self.cache.failure_since(failures) {
                        Some(error) => Err(error),
                        None => renewal.renew(session, turn).await,
                    },
                }
            }
        }
    }

    /// Waits until nobody renews.
    pub(crate) async fn turn(&self) -> Turn {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Takes a new token into use.
    pub(crate) fn keep(
        &self,
        session: &Session,
        token: TokenInfo,
        what: &str,
    ) -> Result<Credential> {
        let credential = self.cache.store(token, session.clock().now())?;
        tracing::debug!(target: "anaplan::auth", generation = credential.generation(), "{what}");
        Ok(credential)
    }
}
