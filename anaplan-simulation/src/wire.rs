//! The way between client and fake: slow, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::clock::Clock;
use anaplan_core::{
    RequestBody, ResponseBody, Transport, TransportError, TransportErrorKind, async_trait,
};
use bytes::Bytes;
use fastrand::Rng;
use futures_util::stream;

use crate::cut::current_call;

/// A program that sends more than this has run wild.
const MOST: u64 = 40_000;

/// What went over the wire.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// By the number of the call.
    pub(crate) calls: BTreeMap<usize, CallTraffic>,
    /// The most sign-ins and refreshes that each session had on their way at once.
    pub(crate) most_sign_ins: [usize; 2],
    sign_ins: [usize; 2],
    /// Every value of an `Authorization` header.
    pub(crate) secrets: BTreeSet<String>,
    pub(crate) total: u64,
}

/// What one call sent.
#[derive(Debug, Default)]
pub(crate) struct CallTraffic {
    /// How often, by method and path.
    pub(crate) sends: BTreeMap<String, u32>,
    total: usize,
    in_flight: usize,
    bytes: usize,
    /// The most requests that were on their way at once.
    pub(crate) most_in_flight: usize,
    /// The most bytes of bodies that were on their way at once.
    pub(crate) most_bytes: usize,
}

impl Traffic {
    pub(crate) fn ran_wild(&self) -> bool {
        self.total > MOST
    }
}

pub(crate) type SharedTraffic = Arc<Mutex<Traffic>>;

pub(crate) fn look(traffic: &SharedTraffic) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The transport of one session.
pub(crate) struct Wire {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) session: usize,
    pub(crate) latency: u64,
    pub(crate) seed: u64,
    pub(crate) traffic: SharedTraffic,
}

/// One request on its way; it is gone when its sender has dropped it.
struct OnTheWay {
    traffic: SharedTraffic,
    call: usize,
    session: Option<usize>,
    bytes: usize,
    nth: usize,
}

impl OnTheWay {
    fn begin(wire: &Wire, request: &http::Request<RequestBody>) -> Option<Self> {
        let call = current_call();
        let path = request.uri().path();
        // To ask whose a token is, or to end its session, is no renewal.
        let renewal = path.ends_with("/authenticate") || path.ends_with("/refresh");
        let session = renewal.then_some(wire.session);
        let bytes = request.body().as_bytes().map_or(0, Bytes::len);
        let mut traffic = look(&wire.traffic);
        traffic.total += 1;
        if traffic.ran_wild() {
            return None;
        }
        if let Some(header) = request.headers().get("authorization") {
            if let Some(secret) = header.to_str().ok().and_then(|text| text.split(' ').nth(1)) {
                traffic.secrets.insert(secret.to_owned());
            }
        }
        let of = traffic.calls.entry(call).or_default();
        let line = format!("{} {path}", request.method());
        *of.sends.entry(line).or_default() += 1;
        of.total += 1;
        let nth = of.total;
        of.in_flight += 1;
        of.bytes += bytes;
        of.most_in_flight = of.most_in_flight.max(of.in_flight);
        of.most_bytes = of.most_bytes.max(of.bytes);
        if let Some(session) = session {
            traffic.sign_ins[session] += 1;
            traffic.most_sign_ins[session] =
                traffic.most_sign_ins[session].max(traffic.sign_ins[session]);
        }
        Some(Self {
            traffic: Arc::clone(&wire.traffic),
            call,
            session,
            bytes,
            nth,
        })
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let mut traffic = look(&self.traffic);
        if let Some(session) = self.session {
            traffic.sign_ins[session] -= 1;
        }
        if let Some(of) = traffic.calls.get_mut(&self.call) {
            of.in_flight -= 1;
            of.bytes -= self.bytes;
        }
    }
}

impl Wire {
    /// How long a request is on its way out and back, and whether it goes on when its sender drops it
    /// before it has arrived. The dice are those of the call and the how manieth request of it this is.
    fn fate(&self, on_the_way: &OnTheWay) -> (Duration, Duration, bool) {
        let mut hasher = DefaultHasher::new();
        (self.seed, on_the_way.call, on_the_way.nth).hash(&mut hasher);
        let mut dice = Rng::with_seed(hasher.finish());
        let mut delay = || Duration::from_millis(dice.u64(0..=self.latency));
        let (out, back) = (delay(), delay());
        (out, back, dice.bool())
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let wild = || TransportError::new(TransportErrorKind::Request);
        let on_the_way = OnTheWay::begin(self, &request).ok_or_else(wild)?;
        let (out, back, goes_on) = self.fate(&on_the_way);
        let response = if self.latency == 0 {
            self.inner.send(request).await?
        } else if goes_on {
            let (inner, clock) = (Arc::clone(&self.inner), Arc::clone(&self.clock));
            let sending = tokio::spawn(async move {
                clock.sleep(out).await;
                inner.send(request).await
            });
            sending.await.map_err(|_| wild())??
        } else {
            self.clock.sleep(out).await;
            self.inner.send(request).await?
        };
        if self.latency == 0 {
            return Ok(response);
        }
        self.clock.sleep(back).await;
        let (clock, pause) = (Arc::clone(&self.clock), back / 4);
        Ok(response.map(|body| {
            ResponseBody::from_stream(stream::unfold(body, move |mut body| {
                let wait = clock.sleep(pause);
                async move {
                    wait.await;
                    let chunk = body.chunk().await?;
                    Some((chunk, body))
                }
            }))
        }))
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
