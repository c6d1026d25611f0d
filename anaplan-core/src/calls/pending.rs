//! Work of several calls that has not been started yet.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crate::data::error::Result;

/// Work that takes more than one call, not yet started.
///
/// Like a [`Call`](crate::Call), it is made by `.await` or, with the feature `blocking`, by `run()`.
#[must_use = "nothing happens until this is awaited or run"]
pub struct Pending<T> {
    future: Pin<Box<dyn Future<Output = Result<T>> + Send>>,
}

impl<T> Pending<T> {
    /// Wraps a future, which is not polled before this is awaited or run.
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
