//! Reading the server's state without access to a session.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::paging::Windowed;
use crate::operation::{Endpoint, Operation, Paged, Response, RetryClass, Window};

/// Number of times that a listing is read again if it changes while it is read.
const RESTARTS: u32 = 1;

/// Sends an operation that belongs to another call. Implemented by the engine.
#[doc(hidden)]
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Passes the response to `read`, whose error gets the ids and the masking of the operation's own ones.
    async fn fetch(
        &self,
        operation: &dyn Operation,
        read: &mut (dyn FnMut(Response) -> Result<()> + Send),
    ) -> Result<()>;

    /// Time by the local clock.
    fn now(&self) -> Timestamp;
}

/// Sends an operation and decodes its response.
async fn read<T: Send>(
    fetch: &dyn Fetch,
    operation: &dyn Operation,
    decode: impl FnOnce(Response) -> Result<T> + Send,
) -> Result<T> {
    let (mut decode, mut output) = (Some(decode), None);
    let mut read = |response| {
        if let Some(decode) = decode.take() {
            output = Some(decode(response)?);
        }
        Ok(())
    };
    fetch.fetch(operation, &mut read).await?;
    output.ok_or_else(|| Error::new(ErrorKind::Interrupted, "there was no response"))
}

/// Reads the server's state with read-only endpoints, for [`Reconcile`](crate::Reconcile) and
/// [`LongRunning::verify`](crate::LongRunning::verify).
///
/// A response that may be incomplete is an error.
pub struct Lookup<'a> {
    fetch: &'a dyn Fetch,
    clock_offset: Mutex<Option<SignedDuration>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(fetch: &'a dyn Fetch) -> Self {
        Self {
            fetch,
            clock_offset: Mutex::new(None),
        }
    }

    /// Sends a read-only endpoint.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] for an endpoint that is not
    /// [`RetryClass::ReadOnly`].
    pub async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        self.read(endpoint, |response| endpoint.decode(response))
            .await
    }

    /// Reads all rows of a listing, page by page.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call), and [`ErrorKind::Incomplete`] if rows are missing or if the
    /// listing keeps changing while it is read.
    pub async fn list<E: Paged>(&self, endpoint: &E) -> Result<Vec<E::Item>> {
        let mut restarts = 0;
        loop {
            match self.pages(endpoint).await {
                Err(error) if error.kind() == ErrorKind::Incomplete && restarts < RESTARTS => {
                    restarts += 1;
                }
                result => return result,
            }
        }
    }

    async fn pages<E: Paged>(&self, endpoint: &E) -> Result<Vec<E::Item>> {
        let mut rows = Vec::new();
        let mut total = None;
        let mut window = Window::default();
        loop {
            let operation = Windowed::new(endpoint, window.clone());
            let decode = |response| {
                let page = endpoint.decode(response)?;
                let next = page.following(&window, total, E::PAGING)?;
                Ok((page, next))
            };
            let (page, next) = self.read(&operation, decode).await?;
            total = page.paging.map(|paging| paging.total_size);
            rows.extend(page.items);
            match next {
                Some(next) => window = next,
                None => return Ok(rows),
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.fetch.now()
    }

    /// Returns server time minus local time, from the latest response with a `Date` header.
    #[must_use]
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        *self.lock()
    }

    async fn read<T: Send>(
        &self,
        operation: &dyn Operation,
        decode: impl FnOnce(Response) -> Result<T> + Send,
    ) -> Result<T> {
        if operation.class() != RetryClass::ReadOnly {
            let text = "a lookup accepts read-only endpoints only";
            return Err(Error::new(ErrorKind::Usage, text).during(operation.name()));
        }
        let note_and_decode = |response: Response| {
            if let Some(date) = response.date() {
                *self.lock() = Some(date.duration_since(response.received_at()));
            }
            decode(response)
        };
        read(self.fetch, operation, note_and_decode).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SignedDuration>> {
        self.clock_offset
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends requests that may be repeated, for [`LongRunning::advance`](crate::LongRunning::advance).
pub struct Requests<'a> {
    fetch: &'a dyn Fetch,
}

impl<'a> Requests<'a> {
    pub(crate) fn new(fetch: &'a dyn Fetch) -> Self {
        Self { fetch }
    }

    /// Sends an endpoint.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] for an endpoint that is
    /// [`RetryClass::NotIdempotent`].
    pub async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        if endpoint.retry_class() == RetryClass::NotIdempotent {
            let text = "waiting for a task accepts endpoints only that may be sent again";
            return Err(Error::new(ErrorKind::Usage, text).during(E::NAME));
        }
        read(self.fetch, endpoint, |response| endpoint.decode(response)).await
    }
}

impl std::fmt::Debug for Requests<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup")
            .field("clock_offset", &self.clock_offset())
            .finish_non_exhaustive()
    }
}
