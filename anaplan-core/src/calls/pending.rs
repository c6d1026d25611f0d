//! Work of several calls.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crate::data::error::Result;
use crate::session::Session;

/// Work that takes more than one call. Nothing is sent before it is awaited.
///
/// Like a [`Call`](crate::Call), it is started by `.await` or, with the feature `blocking`, by `run()`.
#[must_use = "nothing happens until this is awaited or run"]
pub struct Pending<T> {
    future: Pin<Box<dyn Future<Output = Result<T>> + Send>>,
}

impl<T> Pending<T> {
    /// Wraps a future, which is polled when this is awaited or run.
    pub fn new(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self {
            future: Box::pin(future),
        }
    }
}

impl<T> IntoFuture for Pending<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.future
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl Session {
    /// Ends the session on the server. Later calls sign in again.
    ///
    /// # Errors
    ///
    /// Those of the [`Authenticator`](crate::Authenticator).
    pub fn sign_out(&self) -> Pending<()> {
        let session = self.clone();
        Pending::new(async move { session.inner.authenticator.sign_out(&session).await })
    }
}
