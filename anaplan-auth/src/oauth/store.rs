//! Where tokens are kept.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anaplan_core::{Result, async_trait};

use crate::oauth::tokens::OAuthTokens;

/// Keeps the tokens of one user between runs and between processes.
///
/// A rotating refresh token can be used once. So whoever renews holds the [`lock`](Self::lock) of the
/// store all the while: they load, send, and save before anybody uses the new tokens. Whoever had to wait
/// finds the new tokens in the store and sends nothing.
///
/// [`FileTokenStore`](crate::FileTokenStore) and [`MemoryTokenStore`] are here; a store in a database or
/// a vault looks like this:
///
/// ```
/// use anaplan_auth::{OAuthTokens, StoreLock, TokenStore};
/// use anaplan_core::{Result, SecretString, async_trait};
/// # #[derive(Debug)] struct Vault;
/// # impl Vault {
/// #     async fn get(&self) -> Option<String> { None }
/// #     async fn put(&self, _: &SecretString) {}
/// #     async fn try_lease(&self) -> Option<()> { Some(()) }
/// # }
///
/// #[derive(Debug)]
/// struct InVault(Vault);
///
/// #[async_trait]
/// impl TokenStore for InVault {
///     async fn load(&self) -> Result<Option<OAuthTokens>> {
///         self.0.get().await.map(|json| OAuthTokens::from_json(&json)).transpose()
///     }
///
///     async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
///         self.0.put(&tokens.to_json()?).await;
///         Ok(())
///     }
///
///     async fn lock(&self) -> Result<Option<StoreLock>> {
///         Ok(self.0.try_lease().await.map(StoreLock::new)) // given back when dropped
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The tokens that were saved last; `None` when there are none.
    ///
    /// # Errors
    ///
    /// Any. Nothing is sent then.
    async fn load(&self) -> Result<Option<OAuthTokens>>;

    /// Keeps these tokens in place of those before. Returns when they are safe: when the process may
    /// die. A store that fails has to leave what it had.
    ///
    /// # Errors
    ///
    /// Any. The tokens are not used then, and saving them is tried again before anything else is done.
    async fn save(&self, tokens: &OAuthTokens) -> Result<()>;

    /// The right to renew, for one at a time among all who share the store, other processes included.
    ///
    /// `None` when somebody else has it; it is asked for again soon. A store that can wait may wait. The
    /// right must end when its holder dies.
    ///
    /// # Errors
    ///
    /// Any. Nothing is sent then.
    async fn lock(&self) -> Result<Option<StoreLock>>;
}

#[async_trait]
impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        (**self).load().await
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        (**self).save(tokens).await
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        (**self).lock().await
    }
}

/// The right to renew the tokens of a store. It ends when this is dropped.
#[must_use = "the lock ends when this is dropped"]
pub struct StoreLock {
    _guard: Box<dyn Any + Send + Sync>,
}

impl StoreLock {
    /// A right that ends when `guard` is dropped.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self {
            _guard: Box::new(guard),
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").finish_non_exhaustive()
    }
}

/// Keeps tokens for as long as the process lives. All clones are the same store.
///
/// With a rotating refresh token that came from elsewhere, the token that would be good for the next
/// run is lost at the end of the process.
#[derive(Debug, Clone, Default)]
pub struct MemoryTokenStore {
    tokens: Arc<Mutex<Option<OAuthTokens>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tokens.clone())
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        let mut kept = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(tokens.clone());
        Ok(())
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        let guard = Arc::clone(&self.turn).lock_owned().await;
        Ok(Some(StoreLock::new(guard)))
    }
}
