//! The seam between the SDK and HTTP: one request out, one streamed response back.

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
/// A transport does not retry, does not follow redirects, adds no credentials and judges no status:
/// every answer of the server, whatever its code, is `Ok`. Its one duty beyond that is to say
/// honestly, in [`TransportErrorKind`], whether the server can have seen the request.
///
/// A body whose length is known is sent with that length and not in chunked encoding. A transport that reads
/// the body with [`RequestBody::into_reader`] reports its progress, so that a slow link is not taken for a
/// silent one. A response body is decoded or fails: bytes in a content encoding are never passed on.
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

    /// Creates an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::from_stream(Chunks(Vec::new().into_iter()))
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
