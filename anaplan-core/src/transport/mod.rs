//! The seam between the SDK and HTTP: one request out, one streamed response back.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;

pub mod clock;
pub(crate) mod connection;
#[cfg(feature = "reqwest")]
pub mod reqwest;

/// Sends one HTTP request and streams the response.
///
/// A transport does not retry, does not follow redirects, adds no credentials and judges no status:
/// every answer of the server, whatever its code, is `Ok`. Its one duty beyond that is to say
/// honestly, in [`TransportErrorKind`], whether the server can have seen the request.
///
/// Safe to share: the session calls `send` from many tasks at once.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Performs the exchange up to the end of the response head.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no response head arrived.
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<ResponseBody>, TransportError>;
}

/// The body of a response, as it arrives.
pub struct ResponseBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl ResponseBody {
    /// Wraps a stream of chunks.
    pub fn from_stream<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    {
        Self(Box::pin(stream))
    }

    /// A body that is here already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::from_stream(Chunks(vec![Ok(bytes)].into_iter()))
    }

    /// A body that delivers `bytes` and then breaks, as a cut connection does.
    pub fn broken(bytes: impl Into<Bytes>, error: TransportError) -> Self {
        Self::from_stream(Chunks(vec![Ok(bytes.into()), Err(error)].into_iter()))
    }

    /// The next chunk; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

struct Chunks(std::vec::IntoIter<Result<Bytes, TransportError>>);

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// What went wrong on the wire, in the one respect that matters for retrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name resolution, TCP or TLS failed. The server has not seen the request.
    Connect,
    /// The wait for the server ran out. The request may have been carried out.
    Timeout,
    /// The connection broke after sending began. The request may have been carried out.
    Interrupted,
    /// The request could not even be formed or is refused locally. The server has not seen it.
    Request,
}

/// An exchange that ended without a (whole) response.
#[derive(Debug, thiserror::Error)]
#[error("{}", kind_text(*kind))]
pub struct TransportError {
    kind: TransportErrorKind,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

fn kind_text(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "no connection to the server",
        TransportErrorKind::Timeout => "the server did not answer in time",
        TransportErrorKind::Interrupted => "the connection broke",
        TransportErrorKind::Request => "the request could not be sent",
    }
}

impl TransportError {
    /// An error without further cause.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error caused by another one. The cause must not contain credentials or the URL's query.
    pub fn caused_by(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// In which phase it failed.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}
