//! A call that has not been made yet.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::calls::download::{self, ByteStream};
use crate::calls::pending::Pending;
use crate::data::error::Result;
use crate::operation::endpoint::{Download, Endpoint};
use crate::session::Session;
use crate::transport::clock::Clock;

/// A call of one endpoint, not yet made.
///
/// `.await` makes it; with the feature `blocking`, so does `run()`. It borrows nothing and can be
/// stored, sent to another task and awaited there.
#[must_use = "nothing is sent until the call is awaited or run"]
pub struct Call<E: Endpoint> {
    session: Session,
    endpoint: E,
    options: CallOptions,
}

/// What one call does differently from the others of its session.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) deadline: Option<Duration>,
    /// The deadline as a moment of the monotonic clock, once the call has begun.
    until: Option<Duration>,
    pub(crate) assume_idempotent: bool,
}

impl CallOptions {
    pub(crate) fn deadline_at(&self, clock: &dyn Clock) -> Option<Duration> {
        self.until
            .or_else(|| Some(clock.monotonic().saturating_add(self.deadline?)))
    }

    pub(crate) fn fix_deadline(&self, clock: &dyn Clock) -> Self {
        Self {
            until: self.deadline_at(clock),
            ..self.clone()
        }
    }
}

impl<E: Endpoint> Call<E> {
    pub(crate) fn new(session: Session, endpoint: E) -> Self {
        Self {
            session,
            endpoint,
            options: CallOptions::default(),
        }
    }

    /// Limits the time for the whole call: waiting for the rate limit, signing in, retries.
    ///
    /// A call that must not run twice and is cut off by this limit fails as
    /// [`Ambiguous`](crate::ErrorKind::Ambiguous), after a few more seconds of looking for its traces.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.deadline = Some(limit);
        self
    }

    /// Declares that repeating this call does no harm, so that it is retried like a read.
    pub fn assume_idempotent(mut self) -> Self {
        self.options.assume_idempotent = true;
        self
    }

    /// The endpoint with its arguments.
    pub fn endpoint(&self) -> &E {
        &self.endpoint
    }

    /// Sets arguments that the method did not ask for, with the setters of the endpoint:
    /// `.with(|endpoint| endpoint.description("..."))`.
    pub fn with(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.endpoint = change(self.endpoint);
        self
    }

    /// Checks everything and gives the request as it would be sent, without credential. Sends nothing.
    ///
    /// An endpoint of [`Authorization::Own`](crate::Authorization::Own) has its credential in its
    /// `Authorization` header or its body: both are left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when an argument cannot be sent.
    pub fn into_request(self) -> Result<http::Request<Bytes>> {
        self.session.dry_run(&self.endpoint)
    }
}

impl<E: Download> Call<E> {
    /// The answer as a stream of chunks, so that it need not fit into memory.
    ///
    /// Failures before the first byte are retried like those of any read; a stream that breaks later
    /// ends with an error.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub fn stream(self) -> Pending<ByteStream> {
        Pending::new(async move {
            let response = self.session.open(&self.endpoint, &self.options).await?;
            Ok(ByteStream::new(&self.endpoint, response, self.session))
        })
    }

    /// Writes the answer to `writer` as it arrives, and gives the number of bytes.
    ///
    /// A failure in the middle leaves what was written so far in the writer.
    ///
    /// # Errors
    ///
    /// Those of the call, [`Interrupted`](crate::ErrorKind::Interrupted) or
    /// [`Timeout`](crate::ErrorKind::Timeout) when the answer breaks off, and
    /// [`Io`](crate::ErrorKind::Io) of the writer.
    pub fn write_to<W>(self, writer: W) -> Pending<u64>
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Pending::new(async move { self.stream().await?.write_to(writer).await })
    }

    /// Saves the answer to a file, and gives the number of bytes.
    ///
    /// The file is written beside `path` under a temporary name and renamed when it is complete and on
    /// the disk, so that `path` never holds half an answer. A connection that breaks in the middle
    /// starts the file anew, twice at the most.
    ///
    /// # Errors
    ///
    /// Those of the call, [`Interrupted`](crate::ErrorKind::Interrupted) or
    /// [`Timeout`](crate::ErrorKind::Timeout) when the answer breaks off too often, and
    /// [`Io`](crate::ErrorKind::Io) when the file cannot be written.
    pub fn save_to(self, path: impl AsRef<Path>) -> Pending<u64> {
        let path = path.as_ref().to_owned();
        Pending::new(async move {
            let open = || async {
                let response = self.session.open(&self.endpoint, &self.options).await?;
                Ok(ByteStream::new(
                    &self.endpoint,
                    response,
                    self.session.clone(),
                ))
            };
            download::save(&path, open).await
        })
    }
}

impl<E: Endpoint> IntoFuture for Call<E> {
    type Output = Result<E::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.session.execute(&self.endpoint, &self.options).await })
    }
}

impl<E: Endpoint> fmt::Debug for Call<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &E::NAME)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
