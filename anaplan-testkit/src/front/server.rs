//! The front of its own: a small HTTP server that can stream, cut and drop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anaplan_core::clock::Clock as _;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::fake::{FakeAnaplan, Served};
use crate::http::{Body, Request, Response};

/// Told of every request when it is over: method, path without the query, status.
type Watch = Arc<dyn Fn(&http::Method, &str, Option<u16>) + Send + Sync>;

/// A fake behind a socket of its own, not yet serving.
pub struct Server {
    fake: FakeAnaplan,
    listener: TcpListener,
    watch: Option<Watch>,
}

impl Server {
    /// Listens on this address; port 0 takes any that is free.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub async fn bind(fake: FakeAnaplan, address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            fake,
            listener,
            watch: None,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Calls `watch` with each request: method, path without the query, and status, which is absent
    /// when the connection was closed without an answer.
    #[must_use]
    pub fn watched(
        mut self,
        watch: impl Fn(&http::Method, &str, Option<u16>) + Send + Sync + 'static,
    ) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Serves until `stop` completes. Connections that are open then are closed.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                () = &mut stop => return,
                accepted = self.listener.accept() => {
                    // A connection that dies before it is taken is its sender's loss alone.
                    let Ok((stream, _)) = accepted else { continue };
                    let (fake, watch) = (self.fake.clone(), self.watch.clone());
                    connections.spawn(async move {
                        let service = service_fn(move |request| {
                            answer(fake.clone(), watch.clone(), request)
                        });
                        // A peer that breaks off is no news.
                        let _ = http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("fake", &self.fake)
            .finish_non_exhaustive()
    }
}

/// An error here closes the connection without an answer.
async fn answer(
    fake: FakeAnaplan,
    watch: Option<Watch>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Outgoing>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request::new(http::Request::from_parts(head, body));
    let drawn = fake.draw(&request);
    fake.clock().sleep(drawn.before()).await;
    let served = fake.serve(&request, &drawn);
    fake.clock().sleep(drawn.after()).await;
    let (response, cut) = match served {
        Served::Answer(response) => (Some(response), None),
        Served::Cut(response, at) => (Some(response), Some(at)),
        Served::Dropped => (None, None),
    };
    if let Some(watch) = watch {
        let status = response.as_ref().map(|response| response.status.as_u16());
        watch(request.method(), request.path(), status);
    }
    response
        .map(|response| outgoing(response, cut))
        .ok_or_else(|| io::Error::other("the connection breaks here"))
}

fn outgoing(response: Response, cut: Option<usize>) -> hyper::Response<Outgoing> {
    let mut out = hyper::Response::new(());
    *out.status_mut() = response.status;
    *out.headers_mut() = response.headers;
    let body = match (response.body, cut) {
        (body, Some(at)) => {
            let mut bytes = body.into_bytes();
            // The whole length is promised, so that the reader knows what is missing.
            if let Ok(length) = bytes.len().to_string().parse() {
                out.headers_mut().insert("content-length", length);
            }
            bytes.truncate(at);
            Outgoing::Broken(Some(bytes))
        }
        (Body::Full(bytes), None) => Outgoing::Whole(Some(bytes)),
        (Body::Pieces(pieces), None) => Outgoing::Pieces(pieces),
    };
    out.map(|()| body)
}

enum Outgoing {
    Whole(Option<Bytes>),
    Pieces(Box<dyn Iterator<Item = Bytes> + Send>),
    Broken(Option<Bytes>),
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) => bytes.take().map(Ok),
            Self::Pieces(pieces) => pieces.next().map(Ok),
            Self::Broken(bytes) => Some(match bytes.take() {
                Some(bytes) => Ok(bytes),
                None => Err(io::Error::other("the connection breaks here")),
            }),
        };
        Poll::Ready(next.map(|next| next.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Whole(bytes) => {
                hyper::body::SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Self::Pieces(_) | Self::Broken(_) => hyper::body::SizeHint::default(),
        }
    }
}
