//! Answers that are read as they arrive.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::endpoint::Endpoint;
use crate::session::Session;
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// How often a file is started anew after its connection broke.
const RESTARTS: u32 = 2;

/// The body of an answer as a stream of chunks. It ends with an error when the connection breaks or is
/// silent for longer than the session's idle timeout.
pub struct ByteStream {
    body: ResponseBody,
    session: Session,
    operation: &'static str,
    /// What the operation was about.
    path: crate::data::url::Path,
    alarm: Pin<Box<dyn Future<Output = ()> + Send>>,
    done: bool,
}

impl ByteStream {
    pub(crate) fn new<E: Endpoint>(endpoint: &E, body: ResponseBody, session: Session) -> Self {
        let alarm = session.clock().sleep(idle(&session));
        Self {
            body,
            session,
            operation: E::NAME,
            path: endpoint.path(),
            alarm,
            done: false,
        }
    }

    fn describe(&self, error: Error) -> Error {
        let ids = self.path.values();
        ids.fold(error.during(self.operation), |error, (name, value)| {
            error.about(name, value)
        })
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] or [`ErrorKind::Timeout`] when the answer breaks off. The first error
    /// is the last element.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Writes everything to `writer` and flushes it; gives the number of bytes.
    ///
    /// # Errors
    ///
    /// Those of the stream, and [`ErrorKind::Io`] when writing fails.
    pub async fn write_to<W>(mut self, mut writer: W) -> Result<u64>
    where
        W: AsyncWrite + Unpin,
    {
        let written = write_stream(&mut self, &mut writer).await;
        written.map_err(|error| self.describe(error))
    }

    fn broken(&mut self, error: TransportError) -> Error {
        self.done = true;
        let kind = match error.kind() {
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            _ => ErrorKind::Interrupted,
        };
        let text = "the answer broke off in the middle";
        self.describe(Error::new(kind, text).caused_by(error))
    }
}

fn idle(session: &Session) -> Duration {
    session.settings().idle_timeout
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.body).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                this.alarm = this.session.clock().sleep(idle(&this.session));
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(this.broken(error)))),
            Poll::Ready(None) => {
                this.done = true;
                Poll::Ready(None)
            }
            Poll::Pending => this.alarm.as_mut().poll(cx).map(|()| {
                Some(Err(
                    this.broken(TransportError::new(TransportErrorKind::Timeout))
                ))
            }),
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// Writes a stream to `writer` as it arrives and flushes it; gives the number of bytes.
///
/// # Errors
///
/// Those of the stream, and [`ErrorKind::Io`] when writing fails.
pub async fn write_stream<S, W>(stream: &mut S, writer: &mut W) -> Result<u64>
where
    S: Stream<Item = Result<Bytes>> + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Io, "writing the answer failed").caused_by(error)
    };
    let mut written = 0;
    while let Some(chunk) = std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await {
        let chunk = chunk?;
        writer.write_all(&chunk).await.map_err(failed)?;
        written += chunk.len() as u64;
    }
    writer.flush().await.map_err(failed)?;
    Ok(written)
}

/// Saves what `open` gives under `path`, by way of a temporary file beside it.
pub(crate) async fn save<F, Fut>(path: &Path, mut open: F) -> Result<u64>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<ByteStream>>,
{
    let mut restarts = 0;
    loop {
        let mut stream = open().await?;
        let part = PartFile::beside(path)?;
        match part.fill(&mut stream).await {
            Ok(written) => {
                part.keep()?;
                return Ok(written);
            }
            Err(error) if error.is_retryable() && restarts < RESTARTS => restarts += 1,
            Err(error) => return Err(stream.describe(error)),
        }
    }
}

/// A file that is not complete yet: it stands beside its place under a temporary name, and is removed
/// when dropped before [`keep`](Self::keep).
#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    place: PathBuf,
}

impl PartFile {
    /// A file that will stand at `place` when it is complete. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when `place` names no file.
    pub fn beside(place: &Path) -> Result<Self> {
        let name = place
            .file_name()
            .ok_or_else(|| Error::invalid_input("path", "names no file"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:016x}.part", fastrand::u64(..)));
        Ok(Self {
            path: place.with_file_name(hidden),
            place: place.to_owned(),
        })
    }

    /// Creates the file, writes the stream to it and has it put on the disk; gives the number of bytes.
    ///
    /// # Errors
    ///
    /// Those of the stream, and [`ErrorKind::Io`] when writing fails.
    pub async fn fill<S>(&self, stream: &mut S) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Unpin + ?Sized,
    {
        let mut file = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.path)
            .await
            .map_err(|error| self.failed("creating", error))?;
        let written = write_stream(stream, &mut file).await?;
        file.sync_all()
            .await
            .map_err(|error| self.failed("writing", error))?;
        Ok(written)
    }

    /// Moves the complete file to its place, where it replaces what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when that fails.
    pub fn keep(self) -> Result<()> {
        std::fs::rename(&self.path, &self.place).map_err(|error| self.failed("renaming", error))
    }

    fn failed(&self, what: &str, error: std::io::Error) -> Error {
        Error::new(
            ErrorKind::Io,
            format!("{what} {} failed", self.path.display()),
        )
        .caused_by(error)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // After `keep` there is nothing left under this name.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Method, RetryClass};

    struct Thing;

    impl Endpoint for Thing {
        const NAME: &'static str = "tests.thing";
        const METHOD: Method = Method::GET;
        const RETRY: RetryClass = RetryClass::ReadOnly;
        type Output = ();

        fn path(&self) -> crate::Path {
            crate::Path::integration().lit("models").seg("modelId", "M")
        }

        fn decode(&self, _: Answer) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_is_told_with_its_object() {
        let error = TransportError::new(TransportErrorKind::Interrupted);
        let body = ResponseBody::broken("half", error);
        let mut stream = ByteStream::new(&Thing, body, Session::offline());
        assert_eq!(stream.chunk().await.unwrap().unwrap(), "half");
        let error = stream.chunk().await.unwrap().unwrap_err();
        assert_eq!(error.operation(), Some("tests.thing"));
        assert_eq!(error.id("modelId"), Some("M"));
    }
}
