//! The front without sockets.

use std::fmt;

use anaplan_core::clock::Clock as _;
use anaplan_core::transport::collect_request;
use anaplan_core::{
    RequestBody, ResponseBody, Transport, TransportError, TransportErrorKind, async_trait,
};
use bytes::Bytes;
use futures_core::Stream;

use crate::fake::{FakeAnaplan, Served};
use crate::http::{Body, Pieces, Request, Response};

/// The size of the pieces of a body, in bytes.
const PIECE: usize = 64 * 1024;

/// Hands requests to the fake as function calls.
///
/// A sender that goes away in the middle changes nothing of what the fake does: a request that was
/// handed over is carried out.
pub(crate) struct InProcess {
    fake: FakeAnaplan,
}

impl InProcess {
    pub(crate) fn new(fake: FakeAnaplan) -> Self {
        Self { fake }
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let request = Request::new(collect_request(request).await?);
        let drawn = self.fake.draw(&request);
        let served = self.fake.serve_in_turn(request, &drawn).await;
        let served = served.ok_or_else(|| TransportError::new(TransportErrorKind::Interrupted))?;
        if !drawn.after().is_zero() {
            self.fake.clock().sleep(drawn.after()).await;
        }
        match served {
            Served::Answer(response) => Ok(whole(response)),
            Served::Cut(response, at) => Ok(cut(response, at)),
            Served::Dropped => Err(TransportError::new(TransportErrorKind::Interrupted)),
        }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

fn head(response: &Response) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status;
    *head.headers_mut() = response.headers.clone();
    head
}

fn whole(response: Response) -> http::Response<ResponseBody> {
    let head = head(&response);
    let body = match response.body {
        Body::Full(bytes) => ResponseBody::from_stream(Arriving(Box::new(split(bytes).map(Ok)))),
        Body::Pieces(pieces) => ResponseBody::from_stream(Arriving(pieces)),
    };
    head.map(|()| body)
}

fn cut(response: Response, at: usize) -> http::Response<ResponseBody> {
    let head = head(&response);
    let mut bytes = response.body.into_bytes().unwrap_or_default();
    bytes.truncate(at);
    let error = TransportError::new(TransportErrorKind::Interrupted);
    head.map(|()| ResponseBody::broken(bytes, error))
}

fn split(mut bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    std::iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(PIECE.min(bytes.len()))))
}

struct Arriving(Pieces);

impl Stream for Arriving {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let broken = |error| TransportError::caused_by(TransportErrorKind::Interrupted, error);
        std::task::Poll::Ready(self.0.next().map(|piece| piece.map_err(broken)))
    }
}
