//! The transport: one HTTP exchange with a streamed response.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;

use crate::operation::request_body::RequestBody;

pub mod clock;
pub(crate) mod connection;
#[cfg(feature = "reqwest")]
pub mod reqwest;

pub use crate::data::transport_error::{TransportError, TransportErrorKind};

/// Sends one HTTP request and streams the response.
///
/// A transport does not retry, does not follow redirects and adds no credentials. A response with any
/// status is `Ok`. [`TransportErrorKind`] must state correctly whether the server can have received the
/// request.
///
/// A body whose length is known is sent with that length and not in chunked encoding. A transport that reads
/// the body with [`RequestBody::into_reader`] reports its progress, so that a slow upload does not time out. A response body is decoded or fails: bytes in a content encoding are never passed on.
///
/// The session calls `send` from many tasks at once.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Performs the exchange up to the end of the response head.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no response head arrived.
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError>;
}

/// Reads the body of a request into memory. For transports that cannot send it in pieces.
///
/// # Errors
///
/// [`TransportErrorKind::Body`] if the body is a stream that fails.
pub async fn collect_request(
    request: http::Request<RequestBody>,
) -> Result<http::Request<Bytes>, TransportError> {
    let (head, body) = request.into_parts();
    Ok(http::Request::from_parts(head, body.collect().await?))
}

/// Response body as a stream.
pub struct ResponseBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl ResponseBody {
    /// Wraps a stream of chunks.
    pub fn from_stream<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    {
        Self(Box::pin(stream))
    }

    /// Creates an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::from_stream(Chunks(Vec::new().into_iter()))
    }

    /// Creates a body from bytes in memory.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::from_stream(Chunks(vec![Ok(bytes)].into_iter()))
    }

    /// Creates a body that delivers `bytes` and then fails, for tests.
    pub fn broken(bytes: impl Into<Bytes>, error: TransportError) -> Self {
        Self::from_stream(Chunks(vec![Ok(bytes.into()), Err(error)].into_iter()))
    }

    /// Returns the next chunk, or `None` at the end.
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
