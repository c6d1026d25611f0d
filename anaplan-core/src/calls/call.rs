//! A call of one endpoint.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::calls::download::{self, ByteStream};
use crate::calls::pending::Pending;
use crate::calls::task::Task;
use crate::data::error::{Error, Result};
use crate::data::record::ReconciliationRecord;
use crate::engine::evaluate::{Evaluation, evaluate};
use crate::engine::execute::{Completed, dry_run, execute, open};
use crate::engine::options::CallOptions;
use crate::operation::endpoint::{Download, Endpoint};
use crate::operation::long_running::LongRunning;
use crate::session::Session;

/// A call of one endpoint. Nothing is sent before it is awaited.
///
/// `.await` makes the call; with the feature `blocking`, so does `run()`. It borrows nothing, so it can
/// be stored, sent to another task and awaited there.
///
/// # Cancellation
///
/// If the future is dropped after its request was sent, the outcome is unknown, as after a lost
/// response. For a call that must not run twice, [`on_attempt`](Self::on_attempt) passes the record by
/// which the outcome can be determined later.
#[must_use = "nothing is sent until the call is awaited or run"]
pub struct Call<E: Endpoint, T = <E as Endpoint>::Output> {
    session: Session,
    endpoint: E,
    options: CallOptions,
    finish: fn(Session, Completed<E::Output>) -> T,
}

impl Session {
    /// Creates a call of any endpoint. Nothing is sent.
    pub fn call<E: Endpoint>(&self, endpoint: E) -> Call<E> {
        Call {
            session: self.clone(),
            endpoint,
            options: CallOptions::default(),
            finish: |_, completed| completed.output,
        }
    }

    /// Creates a call that starts a task and returns its handle. Nothing is sent.
    pub fn start<E>(&self, endpoint: E) -> Call<E, Task<E::Output>>
    where
        E: Endpoint,
        E::Output: LongRunning,
    {
        Call {
            session: self.clone(),
            endpoint,
            options: CallOptions::default(),
            finish: |session, completed| {
                Task::resume(session, completed.output).with_origin(completed.origin)
            },
        }
    }

    /// Evaluates the record of an attempt with unknown outcome, once.
    ///
    /// `endpoint` is the recorded operation with the recorded arguments. Reads only; it never sends
    /// the recorded request again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the record belongs to another
    /// operation or version, and the errors of the lookups.
    pub fn evaluate<E: Endpoint>(
        &self,
        endpoint: E,
        record: ReconciliationRecord,
    ) -> Pending<Evaluation<E::Output>> {
        let session = self.clone();
        Pending::new(async move { evaluate(&session, &endpoint, &record).await })
    }
}

impl<E: Endpoint, T> Call<E, T> {
    /// Limits the duration of the whole call: rate limit, sign-in, lookups, attempts and retries.
    ///
    /// A call that must not run twice and whose outcome is unknown at the deadline makes one last
    /// check of up to 5 s, then fails as [`Ambiguous`](crate::ErrorKind::Ambiguous).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Declares that a repetition of this call does no harm, so that it is sent again after an unknown
    /// outcome.
    ///
    /// The work can then run twice: use it only if running twice is acceptable.
    pub fn assume_idempotent(mut self) -> Self {
        self.options.assume_idempotent = true;
        self
    }

    /// Never sends this call again after an unknown outcome, although a repetition leads to the same
    /// state. The error is then [`Ambiguous`](crate::ErrorKind::Ambiguous).
    ///
    /// Use it if other users change the same objects, because a late repetition would overwrite their
    /// changes. Takes precedence over [`assume_idempotent`](Self::assume_idempotent). No effect on calls
    /// that only read.
    pub fn send_once(mut self) -> Self {
        self.options.send_once = true;
        self
    }

    /// Accepts a result that the API cannot prove to be this call's, after an unknown outcome.
    ///
    /// Use it if no other user and no other process starts the same action, for example with one
    /// integration user for each action. [`Task::origin`] says whether a result is presumed.
    pub fn accept_presumed(mut self) -> Self {
        self.options.accept_presumed = true;
        self
    }

    /// Calls `observe` with the record of each attempt before it is sent, for a call that must not run
    /// twice.
    ///
    /// Store the record to determine the outcome after a crash: see [`Session::evaluate`].
    pub fn on_attempt(
        mut self,
        observe: impl Fn(&ReconciliationRecord) + Send + Sync + 'static,
    ) -> Self {
        self.options.on_attempt = Some(Arc::new(observe));
        self
    }

    /// Calls `observe` with the error of each attempt that is followed by another one.
    ///
    /// Use it to reduce the load after timeouts. Responses with status 429 are not reported: the whole
    /// session pauses after them.
    pub fn on_retry(mut self, observe: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.options.on_retry = Some(Arc::new(observe));
        self
    }

    /// Returns the endpoint with its arguments.
    pub fn endpoint(&self) -> &E {
        &self.endpoint
    }

    /// Sets optional arguments with the setters of the endpoint:
    /// `.with(|endpoint| endpoint.description("..."))`.
    pub fn with(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.endpoint = change(self.endpoint);
        self
    }

    /// Checks the arguments and returns the request without its credential. Sends nothing.
    ///
    /// The body of an endpoint of [`Authorization::Own`](crate::Authorization::Own) holds its
    /// credential and is omitted, as is a streamed body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if an argument is invalid.
    pub fn into_request(self) -> Result<http::Request<Bytes>> {
        dry_run(&self.session, &self.endpoint)
    }
}

impl<E: Download> Call<E> {
    /// Returns the response body as a stream of chunks, which is not held in memory.
    ///
    /// Failures before the first byte are retried. A stream that breaks later ends with an error.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub fn stream(self) -> Pending<ByteStream> {
        Pending::new(async move {
            let response = open(&self.session, &self.endpoint, &self.options).await?;
            Ok(ByteStream::new(&self.endpoint, response, self.session))
        })
    }

    /// Writes the response body to `writer` as it arrives and returns the number of bytes.
    ///
    /// After a failure the writer holds a part of the file.
    ///
    /// # Errors
    ///
    /// Those of the call, [`Interrupted`](crate::ErrorKind::Interrupted) or
    /// [`Timeout`](crate::ErrorKind::Timeout) if the response breaks off, and
    /// [`Io`](crate::ErrorKind::Io) of the writer.
    pub fn write_to<W>(self, writer: W) -> Pending<u64>
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Pending::new(async move { self.stream().await?.write_to(writer).await })
    }

    /// Saves the response body to a file and returns the number of bytes.
    ///
    /// The file is written next to `path` under a temporary name and renamed when it is complete and
    /// synced to disk, so `path` never holds a part of a file. If the connection breaks, the download
    /// starts again, up to twice.
    ///
    /// # Errors
    ///
    /// Those of the call, [`Interrupted`](crate::ErrorKind::Interrupted) or
    /// [`Timeout`](crate::ErrorKind::Timeout) if the response breaks off too often, and
    /// [`Io`](crate::ErrorKind::Io) if the file cannot be written.
    pub fn save_to(self, path: impl AsRef<Path>) -> Pending<u64> {
        let path = path.as_ref().to_owned();
        Pending::new(async move {
            let open = || async {
                let response = open(&self.session, &self.endpoint, &self.options).await?;
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

impl<E: Endpoint, T: 'static> IntoFuture for Call<E, T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let completed = execute(&self.session, &self.endpoint, &self.options).await?;
            Ok((self.finish)(self.session, completed))
        })
    }
}

impl<E: Endpoint, T> fmt::Debug for Call<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &E::NAME)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
