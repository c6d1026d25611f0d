//! The trait of token stores, and a store in memory.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anaplan_core::{Result, async_trait};

use crate::oauth::tokens::OAuthTokens;

/// A store for the tokens of one user, shared by runs and processes.
///
/// A rotating refresh token can be used once. A process that refreshes holds the [`lock`](Self::lock) of the
/// store from loading the tokens until the new ones are saved. A process that waited for the lock finds the
/// new tokens in the store and sends nothing.
///
/// Implementations: [`FileTokenStore`](crate::FileTokenStore) and [`MemoryTokenStore`]. Example of a store in
/// a database or a vault:
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
///         Ok(self.0.try_lease().await.map(StoreLock::new)) // released on drop
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Returns the tokens that were saved last.
    ///
    /// # Errors
    ///
    /// Any. The call that needs the tokens fails, and nothing is sent.
    async fn load(&self) -> Result<Option<OAuthTokens>>;

    /// Replaces the saved tokens. When it returns, the tokens must survive a crash of the process. On failure,
    /// the old tokens must remain.
    ///
    /// # Errors
    ///
    /// Any. The new tokens are not used. The next call that needs a token saves them first.
    async fn save(&self, tokens: &OAuthTokens) -> Result<()>;

    /// Acquires the exclusive lock of the store, across all processes that share it.
    ///
    /// Returns `None` if it is held elsewhere; the caller polls. An implementation may also wait. The lock must
    /// be released when its holder terminates.
    ///
    /// # Errors
    ///
    /// Any. The call that needs the tokens fails, and nothing is sent.
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

/// The lock of a store. Dropping it releases the lock.
#[must_use = "dropping it releases the lock"]
pub struct StoreLock {
    _guard: Box<dyn Any + Send + Sync>,
}

impl StoreLock {
    /// Creates a lock that is released by dropping `guard`.
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

/// A store in memory. Clones share the tokens.
///
/// The tokens are lost at the end of the process, including the successor of a rotating refresh token.
#[derive(Debug, Clone, Default)]
pub struct MemoryTokenStore {
    tokens: Arc<Mutex<Option<OAuthTokens>>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tokens.clone())
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        let mut saved = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = Some(tokens.clone());
        Ok(())
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        let guard = Arc::clone(&self.lock).lock_owned().await;
        Ok(Some(StoreLock::new(guard)))
    }
}
