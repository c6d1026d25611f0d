//! Response bodies as streams.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::calls::part_file::PartFile;
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::endpoint::Endpoint;
use crate::session::Session;
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// Number of times that a download starts again after the connection broke.
const RESTARTS: u32 = 2;

/// A response body as a stream of chunks. Ends with an error if the connection breaks, or if no data
/// arrives within the session's idle timeout.
pub struct ByteStream {
    body: ResponseBody,
    /// Number of bytes that are still to come, if the server announced it.
    left: Option<u64>,
    session: Session,
    operation: &'static str,
    /// Ids of the operation.
    path: crate::data::url::Path,
    alarm: Pin<Box<dyn Future<Output = ()> + Send>>,
    done: bool,
}

impl ByteStream {
    pub(crate) fn new<E: Endpoint>(
        endpoint: &E,
        response: http::Response<ResponseBody>,
        session: Session,
    ) -> Self {
        let (head, body) = response.into_parts();
        let length = head.headers.get(CONTENT_LENGTH);
        let left = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let alarm = session.clock().sleep(idle(&session));
        Self {
            body,
            left,
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

    /// Returns the next chunk, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`] or [`ErrorKind::Timeout`] if the response breaks off. The first error
    /// is the last element.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Writes everything to `writer`, shuts it down and returns the number of bytes.
    ///
    /// A writer that only completes its work on shutdown, such as an encoder or an upload to an object
    /// store, is complete afterwards. After an error the writer is not shut down.
    ///
    /// # Errors
    ///
    /// Those of the stream, and [`ErrorKind::Io`] if writing fails.
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
        let text = "the response broke off";
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
                this.left = this
                    .left
                    .map(|left| left.saturating_sub(chunk.len() as u64));
                this.alarm = this.session.clock().sleep(idle(&this.session));
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(this.broken(error)))),
            Poll::Ready(None) => {
                if this.left.is_some_and(|left| left > 0) {
                    let error = TransportError::new(TransportErrorKind::Interrupted);
                    return Poll::Ready(Some(Err(this.broken(error))));
                }
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

/// Writes a stream to `writer` as it arrives, shuts the writer down and returns the number of bytes.
///
/// After an error the writer is not shut down, because some writers publish their content on shutdown.
///
/// # Errors
///
/// Those of the stream, and [`ErrorKind::Io`] if writing fails.
pub async fn write_stream<S, W>(stream: &mut S, writer: &mut W) -> Result<u64>
where
    S: Stream<Item = Result<Bytes>> + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Io, "writing the response failed").caused_by(error)
    };
    let mut written = 0;
    while let Some(chunk) = std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await {
        let chunk = chunk?;
        writer.write_all(&chunk).await.map_err(failed)?;
        written += chunk.len() as u64;
    }
    writer.shutdown().await.map_err(failed)?;
    Ok(written)
}

/// Saves the stream that `open` returns as `path`, through a temporary file in the same folder.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Response, RetryClass};

    struct Thing;

    impl Endpoint for Thing {
        const NAME: &'static str = "tests.thing";
        const METHOD: Method = Method::GET;
        const RETRY: RetryClass = RetryClass::ReadOnly;
        type Output = ();

        fn path(&self) -> crate::Path {
            crate::Path::integration().lit("models").seg("modelId", "M")
        }

        fn decode(&self, _: Response) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn broken_stream_names_operation_and_ids() {
        let error = TransportError::new(TransportErrorKind::Interrupted);
        let response = http::Response::new(ResponseBody::broken("half", error));
        let mut stream = ByteStream::new(&Thing, response, Session::offline());
        assert_eq!(stream.chunk().await.unwrap().unwrap(), "half");
        let error = stream.chunk().await.unwrap().unwrap_err();
        assert_eq!(error.operation(), Some("tests.thing"));
        assert_eq!(error.id("modelId"), Some("M"));
    }

    #[tokio::test]
    async fn stream_shorter_than_announced_ends_with_an_error() {
        for (length, is_whole) in [("4", true), ("5", false), ("no number", true)] {
            let mut response = http::Response::new(ResponseBody::full("half"));
            let length = length.parse().unwrap();
            response.headers_mut().insert(CONTENT_LENGTH, length);
            let stream = ByteStream::new(&Thing, response, Session::offline());
            let written = stream.write_to(Vec::new()).await;
            assert_eq!(written.is_ok(), is_whole);
            if let Err(error) = written {
                assert_eq!(error.kind(), ErrorKind::Interrupted);
            }
        }
    }

    /// A writer whose content only exists after its shutdown.
    #[derive(Default)]
    struct Upload {
        buffer: Vec<u8>,
        object: Option<Vec<u8>>,
    }

    impl AsyncWrite for Upload {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            self.buffer.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<std::io::Result<()>> {
            self.object = Some(std::mem::take(&mut self.buffer));
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn writer_is_shut_down_after_the_last_byte_and_not_after_an_error() {
        let mut upload = Upload::default();
        let response = http::Response::new(ResponseBody::full("whole"));
        let stream = ByteStream::new(&Thing, response, Session::offline());
        assert_eq!(stream.write_to(&mut upload).await.unwrap(), 5);
        assert_eq!(upload.object.as_deref(), Some(&b"whole"[..]));

        let mut upload = Upload::default();
        let error = TransportError::new(TransportErrorKind::Interrupted);
        let response = http::Response::new(ResponseBody::broken("half", error));
        let stream = ByteStream::new(&Thing, response, Session::offline());
        stream.write_to(&mut upload).await.unwrap_err();
        assert_eq!(upload.object, None);
    }
}
