//! A client of the SDK that shares a virtual clock with the server of its case.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anaplan::auth::{MemoryTokenStore, OAuth, OAuthClient};
use anaplan::ext::transport::reqwest::ReqwestTransport;
use anaplan::ext::{Clock, RequestBody, ResponseBody, Transport, TransportError, async_trait};
use anaplan::{Bytes, Client, Hosts, Result, Timestamp};
use futures_util::Stream;

use crate::answer::START;
use crate::case::Op;
use crate::clock::{Exchange, VirtualClock};
use crate::secrets::secret;
use crate::world::MODELS;

/// The connections of one runtime, shared by its cases.
#[derive(Debug, Clone)]
pub struct Target {
    transport: ReqwestTransport,
    max_body: Option<usize>,
}

impl Target {
    /// The bundled transport with its defaults.
    ///
    /// # Panics
    ///
    /// If the transport cannot be built, without which nothing can be tested.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn new() -> Self {
        Self {
            transport: ReqwestTransport::new().expect("the bundled transport must be available"),
            max_body: None,
        }
    }

    /// Lets clients hold responses of any size in memory.
    #[must_use]
    pub fn without_body_limit(mut self) -> Self {
        self.max_body = Some(usize::MAX);
        self
    }
}

impl Default for Target {
    fn default() -> Self {
        Self::new()
    }
}

/// Builds the client of a case.
///
/// # Errors
///
/// Those of the builder.
pub fn connect(target: &Target, base: &str, clock: &VirtualClock, op: Op) -> Result<Client> {
    let builder = Client::builder()
        .hosts(Hosts::all(base))
        .transport(Arc::new(Watched {
            inner: target.transport.clone(),
            clock: clock.clone(),
        }))
        .clock(Arc::new(SdkClock(clock.clone())))
        .model_id(MODELS[0]);
    let builder = match target.max_body {
        Some(bytes) => builder.max_body(bytes),
        None => builder,
    };
    let builder = match op {
        Op::SignIn => builder.basic("ada@example.com", secret("password")),
        Op::OAuthRefresh => {
            let client = OAuthClient::authorization_code(
                "c11e27c11e27c11e27c11e27c11e27c1",
                secret("client"),
                "https://example.com/callback",
            );
            let oauth = OAuth::new(client, MemoryTokenStore::default());
            builder.oauth(oauth.initial_refresh_token(secret("refresh")))
        }
        _ => builder.token(secret("token")),
    };
    builder.build()
}

/// The virtual clock as the SDK wants it.
#[derive(Debug)]
struct SdkClock(VirtualClock);

impl Clock for SdkClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.0.now().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(START.saturating_add(elapsed)).unwrap_or(Timestamp::MAX)
    }

    /// Not zero at the start, so that sums with huge lifetimes overflow here as they do elsewhere.
    fn monotonic(&self) -> Duration {
        Duration::from_secs(1000) + self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        Box::pin(self.0.sleep(duration))
    }
}

/// The bundled transport, which tells the clock which exchanges are under way.
#[derive(Debug)]
struct Watched {
    inner: ReqwestTransport,
    clock: VirtualClock,
}

#[async_trait]
impl Transport for Watched {
    async fn send(
        &self,
        mut request: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        let exchange = self.clock.begin_exchange();
        let id = exchange.id();
        request.headers_mut().insert("x-exchange", id.into());
        let response = self.inner.send(request).await?;
        drop(exchange);
        let clock = self.clock.clone();
        Ok(response.map(|body| {
            ResponseBody::from_stream(WatchedBody {
                body,
                clock,
                id,
                reading: None,
            })
        }))
    }
}

/// A body that counts as an exchange under way while a user waits for its next bytes.
struct WatchedBody {
    body: ResponseBody,
    clock: VirtualClock,
    id: u64,
    reading: Option<Exchange>,
}

impl Stream for WatchedBody {
    type Item = std::result::Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        self.reading = match polled {
            Poll::Pending => match self.reading.take() {
                Some(reading) => Some(reading),
                None => Some(self.clock.continue_exchange(self.id)),
            },
            Poll::Ready(_) => None,
        };
        polled
    }
}
