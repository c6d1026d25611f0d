//! The body of a request: empty, in memory, or a stream that can be opened again.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::data::transport_error::{TransportError, TransportErrorKind};

/// The largest piece that a [`BodyReader`] returns, in bytes.
const PIECE: usize = 64 * 1024;

/// A stream of the bytes of a request body.
pub type BodyStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The body of a request.
///
/// A body can be sent more than once. [`reopen`](Self::reopen) returns the same content for another
/// attempt, without copying it.
///
/// ```
/// use anaplan_core::RequestBody;
///
/// let body = RequestBody::from(r#"{"name":"Spring"}"#);
/// assert_eq!(body.len(), Some(17));
/// assert!(RequestBody::empty().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct RequestBody {
    content: Content,
    progress: BodyProgress,
}

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    Stream {
        open: Arc<dyn Fn() -> BodyStream + Send + Sync>,
        len: Option<u64>,
    },
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl RequestBody {
    /// Creates a body without content.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Creates a body whose content is streamed.
    ///
    /// `open` is called once for each attempt and returns the whole content each time. `len` is the
    /// number of bytes if it is known. A stream that ends earlier or has more bytes fails the request.
    ///
    /// ```
    /// use anaplan_core::{Bytes, RequestBody};
    ///
    /// let rows = || futures_util::stream::iter([Ok(Bytes::from("a,b\n")), Ok(Bytes::from("1,2\n"))]);
    /// let body = RequestBody::from_stream(Some(8), rows);
    /// assert_eq!(body.len(), Some(8));
    /// ```
    pub fn from_stream<F, S>(len: Option<u64>, open: F) -> Self
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    {
        Self {
            content: Content::Stream {
                open: Arc::new(move || Box::pin(open()) as BodyStream),
                len,
            },
            progress: BodyProgress::default(),
        }
    }

    /// Returns true if the body is known to have no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Returns the number of bytes. `None` if the content is a stream of unknown length.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Stream { len, .. } => *len,
        }
    }

    /// Returns the content if it is in memory. Does not count as [progress](Self::progress).
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Stream { .. } => None,
        }
    }

    /// Returns the same content for another attempt, with a progress of its own. A clone shares the
    /// progress instead.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self {
            content: self.content.clone(),
            progress: BodyProgress::default(),
        }
    }

    /// Returns the shared counter of the bytes that the transport has taken.
    #[must_use]
    pub fn progress(&self) -> BodyProgress {
        self.progress.clone()
    }

    /// Opens the content for reading, in pieces of at most 64 KiB. Reading advances the progress.
    #[must_use]
    pub fn into_reader(self) -> BodyReader {
        let (source, left) = match self.content {
            Content::Bytes(bytes) => {
                let left = Some(bytes.len() as u64);
                (Source::Bytes(bytes), left)
            }
            Content::Stream { open, len } => (Source::Stream(open()), len),
        };
        let reader = BodyReader {
            source,
            piece: Bytes::new(),
            left,
            progress: self.progress,
        };
        if left == Some(0) && matches!(reader.source, Source::Bytes(_)) {
            reader.progress.finish();
        }
        reader
    }

    /// Reads the whole content into memory.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Body`] if the content is a stream that fails.
    pub async fn collect(self) -> Result<Bytes, TransportError> {
        if let Content::Bytes(bytes) = self.content {
            self.progress.advance(bytes.len());
            self.progress.finish();
            return Ok(bytes);
        }
        let mut reader = self.into_reader();
        let mut all = BytesMut::new();
        while let Some(piece) = reader.next_piece().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.freeze())
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            content: Content::Bytes(bytes),
            progress: BodyProgress::default(),
        }
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for RequestBody {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for RequestBody {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

/// Shows the length only. A body may hold a password.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The number of bytes of one request body that the transport has taken so far.
///
/// All clones show the same numbers. A transport that takes the content with
/// [`RequestBody::as_bytes`] does not report progress: both numbers stay as they are.
#[derive(Debug, Clone, Default)]
pub struct BodyProgress(Arc<Counter>);

#[derive(Debug, Default)]
struct Counter {
    sent: AtomicU64,
    finished: AtomicBool,
}

impl BodyProgress {
    /// Returns the number of bytes taken so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Returns true if the transport has taken the whole body.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.finished.load(Ordering::Relaxed)
    }

    fn advance(&self, bytes: usize) {
        self.0.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn finish(&self) {
        self.0.finished.store(true, Ordering::Relaxed);
    }
}

/// The content of a request body, piece by piece. For transports.
///
/// Each piece that it returns counts as taken. The stream ends after the first error.
pub struct BodyReader {
    source: Source,
    /// The part of the stream's last element that has not been returned yet.
    piece: Bytes,
    left: Option<u64>,
    progress: BodyProgress,
}

enum Source {
    Bytes(Bytes),
    Stream(BodyStream),
    Done,
    Failed,
}

impl BodyReader {
    /// Returns the number of bytes that are still to come, if known.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.left
    }

    /// Returns true if the whole content has been returned.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_empty(),
            Source::Stream(_) => false,
            Source::Done | Source::Failed => self.piece.is_empty(),
        }
    }

    /// Returns the next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Body`] if the stream fails or does not have the announced length.
    pub async fn next_piece(&mut self) -> Option<Result<Bytes, TransportError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn fail(
        &mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> TransportError {
        self.source = Source::Failed;
        self.piece = Bytes::new();
        TransportError::caused_by(TransportErrorKind::Body, cause)
    }

    /// Fills `piece` from the stream. The last piece is held back until the stream has ended, so that a
    /// request whose body turns out too long is never completed.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            let is_last = self.left == Some(self.piece.len() as u64);
            if !self.piece.is_empty() && !is_last {
                return Poll::Ready(Ok(()));
            }
            let Source::Stream(stream) = &mut self.source else {
                return Poll::Ready(Ok(()));
            };
            match ready!(stream.as_mut().poll_next(cx)) {
                Some(Ok(more)) if more.is_empty() => {}
                Some(Ok(more)) => {
                    let size = (self.piece.len() + more.len()) as u64;
                    if self.left.is_some_and(|left| size > left) {
                        return Poll::Ready(Err(self.fail("it is longer than announced")));
                    }
                    self.piece = more;
                }
                Some(Err(error)) => return Poll::Ready(Err(self.fail(error))),
                None if !is_last && self.left.is_some_and(|left| left > 0) => {
                    return Poll::Ready(Err(self.fail("it is shorter than announced")));
                }
                None => self.source = Source::Done,
            }
        }
    }
}

impl Stream for BodyReader {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let piece = match &mut this.source {
            Source::Bytes(bytes) => bytes.split_to(bytes.len().min(PIECE)),
            _ => {
                if let Err(error) = ready!(this.poll_fill(cx)) {
                    return Poll::Ready(Some(Err(error)));
                }
                this.piece.split_to(this.piece.len().min(PIECE))
            }
        };
        if piece.is_empty() {
            if !matches!(this.source, Source::Failed) {
                this.progress.finish();
            }
            return Poll::Ready(None);
        }
        this.progress.advance(piece.len());
        if let Some(left) = &mut this.left {
            *left -= piece.len() as u64;
            if *left == 0 {
                this.progress.finish();
            }
        }
        Poll::Ready(Some(Ok(piece)))
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyReader")
            .field("remaining", &self.left)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
