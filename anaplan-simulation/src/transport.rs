//! The transport between client and fake: delays, counters and evidence of resends.

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

use crate::cancel::current_call;
use crate::checker::rules;

/// Largest number of requests of a program.
const MAX_REQUESTS: u64 = 40_000;

/// The requests of a program.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// By the number of the call.
    pub(crate) calls: BTreeMap<usize, CallTraffic>,
    /// Largest number of concurrent sign-ins and refreshes of each session.
    pub(crate) most_sign_ins: [usize; 2],
    sign_ins: [usize; 2],
    /// Every value of an `Authorization` header.
    pub(crate) secrets: BTreeSet<String>,
    pub(crate) total: u64,
    /// Requests that were sent again without proof.
    pub(crate) resends: Vec<Resend>,
    /// Lists whose items have neither code nor name.
    pub(crate) numbered_lists: Vec<String>,
}

/// The requests of one call.
#[derive(Debug, Default)]
pub(crate) struct CallTraffic {
    /// Number of requests by method and path.
    pub(crate) sends: BTreeMap<String, u32>,
    /// Requests by method and path that were sent and not provably rejected.
    unproven: BTreeMap<String, u32>,
    /// `true` if the call has read anything since its last change of an online status.
    has_read: bool,
    total: usize,
    in_flight: usize,
    bytes: usize,
    /// Largest number of concurrent requests.
    pub(crate) most_in_flight: usize,
    /// Largest number of concurrent body bytes.
    pub(crate) most_bytes: usize,
}

impl Traffic {
    pub(crate) fn is_excessive(&self) -> bool {
        self.total > MAX_REQUESTS
    }
}

/// A request that was sent again without proof that its earlier attempts were not executed.
#[derive(Debug, Clone)]
pub(crate) struct Resend {
    pub(crate) rule: &'static str,
    pub(crate) call: usize,
    pub(crate) text: String,
}

/// Condition for the repetition of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repetition {
    Free,
    /// Proof that no earlier attempt was executed.
    Proof,
    /// A read of the state, or proof.
    Read,
}

impl Traffic {
    fn class(&self, method: &http::Method, path: &str) -> Repetition {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", [.., "alm", "revisions" | "syncTasks"] | [.., "bulkDeleteModels"])
            | (
                "POST",
                [
                    ..,
                    "imports" | "exports" | "actions" | "processes",
                    _,
                    "tasks",
                ],
            )
            | ("POST", [.., "files", _]) => Repetition::Proof,
            ("POST", [.., "lists", list, "items"])
                if self.numbered_lists.iter().any(|id| id == list) =>
            {
                Repetition::Proof
            }
            (_, [.., "onlineStatus"]) => Repetition::Read,
            _ => Repetition::Free,
        }
    }
}

impl CallTraffic {
    /// Records a request. Returns the rule that it breaks.
    fn begin(&mut self, line: &str, class: Repetition) -> Option<&'static str> {
        if line.starts_with("GET ") {
            self.has_read = true;
        }
        if class == Repetition::Free {
            return None;
        }
        let unproven = self.unproven.entry(line.to_owned()).or_default();
        let repeated = *unproven > 0;
        *unproven += 1;
        let has_read = std::mem::take(&mut self.has_read);
        match class {
            // One violation per request is enough.
            Repetition::Proof if repeated && *unproven == 2 => Some(rules::PROOF),
            Repetition::Read if repeated && !has_read => Some(rules::ONLINE),
            _ => None,
        }
    }

    /// `true` if the call has sent a request that changes anything.
    pub(crate) fn has_changed_anything(&self) -> bool {
        let mut lines = self.sends.keys();
        lines.any(|line| !line.starts_with("GET ") && !line.contains(" /token/"))
    }
}

pub(crate) type SharedTraffic = Arc<Mutex<Traffic>>;

pub(crate) fn locked(traffic: &SharedTraffic) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The transport of one session.
pub(crate) struct SimulatedTransport {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) session: usize,
    pub(crate) latency: u64,
    pub(crate) seed: u64,
    pub(crate) traffic: SharedTraffic,
}

/// A request in flight. Dropped when it is answered or its sender is dropped.
struct InFlight {
    traffic: SharedTraffic,
    call: usize,
    session: Option<usize>,
    bytes: usize,
    nth: usize,
    line: String,
}

impl InFlight {
    fn begin(transport: &SimulatedTransport, request: &http::Request<RequestBody>) -> Option<Self> {
        let call = current_call();
        let path = request.uri().path();
        // Validation and sign-out do not renew a token.
        let renewal = path.ends_with("/authenticate") || path.ends_with("/refresh");
        let session = renewal.then_some(transport.session);
        let bytes = request.body().as_bytes().map_or(0, Bytes::len);
        let mut traffic = locked(&transport.traffic);
        traffic.total += 1;
        if traffic.is_excessive() {
            return None;
        }
        if let Some(header) = request.headers().get("authorization") {
            if let Some(secret) = header.to_str().ok().and_then(|text| text.split(' ').nth(1)) {
                traffic.secrets.insert(secret.to_owned());
            }
        }
        let class = traffic.class(request.method(), path);
        let of = traffic.calls.entry(call).or_default();
        let line = format!("{} {path}", request.method());
        *of.sends.entry(line.clone()).or_default() += 1;
        let rule = of.begin(&line, class);
        of.total += 1;
        let nth = of.total;
        of.in_flight += 1;
        of.bytes += bytes;
        of.most_in_flight = of.most_in_flight.max(of.in_flight);
        of.most_bytes = of.most_bytes.max(of.bytes);
        if let Some(rule) = rule {
            let text = format!("{line} was sent again");
            traffic.resends.push(Resend { rule, call, text });
        }
        if let Some(session) = session {
            traffic.sign_ins[session] += 1;
            traffic.most_sign_ins[session] =
                traffic.most_sign_ins[session].max(traffic.sign_ins[session]);
        }
        Some(Self {
            traffic: Arc::clone(&transport.traffic),
            call,
            session,
            bytes,
            nth,
            line,
        })
    }
}

impl InFlight {
    /// Records the result of the request.
    fn answered(&self, result: &Result<http::Response<ResponseBody>, TransportError>) {
        if is_proof(result) {
            let mut traffic = locked(&self.traffic);
            if let Some(of) = traffic.calls.get_mut(&self.call) {
                if let Some(unproven) = of.unproven.get_mut(&self.line) {
                    *unproven -= 1;
                }
            }
        }
    }
}

/// `true` if the result proves that the request was not executed.
fn is_proof(result: &Result<http::Response<ResponseBody>, TransportError>) -> bool {
    match result {
        Ok(response) => {
            let status = response.status();
            status.is_client_error() && status != http::StatusCode::REQUEST_TIMEOUT
        }
        Err(error) => matches!(
            error.kind(),
            TransportErrorKind::Connect | TransportErrorKind::Request
        ),
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut traffic = locked(&self.traffic);
        if let Some(session) = self.session {
            traffic.sign_ins[session] -= 1;
        }
        if let Some(of) = traffic.calls.get_mut(&self.call) {
            of.in_flight -= 1;
            of.bytes -= self.bytes;
        }
    }
}

impl SimulatedTransport {
    /// Returns the latency out and back, and whether the request continues when its sender is dropped
    /// before it has arrived. The random numbers depend on the call and the number of the request.
    fn delays(&self, in_flight: &InFlight) -> (Duration, Duration, bool) {
        let mut hasher = DefaultHasher::new();
        (self.seed, in_flight.call, in_flight.nth).hash(&mut hasher);
        let mut rng = Rng::with_seed(hasher.finish());
        let mut delay = || Duration::from_millis(rng.u64(0..=self.latency));
        let (out, back) = (delay(), delay());
        (out, back, rng.bool())
    }
}

#[async_trait]
impl Transport for SimulatedTransport {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let excessive = || TransportError::new(TransportErrorKind::Request);
        let in_flight = InFlight::begin(self, &request).ok_or_else(excessive)?;
        let (out, back, continues) = self.delays(&in_flight);
        let result = if self.latency == 0 {
            self.inner.send(request).await
        } else if continues {
            let (inner, clock) = (Arc::clone(&self.inner), Arc::clone(&self.clock));
            let sending = tokio::spawn(async move {
                clock.sleep(out).await;
                inner.send(request).await
            });
            sending.await.unwrap_or_else(|_| Err(excessive()))
        } else {
            self.clock.sleep(out).await;
            self.inner.send(request).await
        };
        in_flight.answered(&result);
        let response = result?;
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

impl std::fmt::Debug for SimulatedTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedTransport").finish_non_exhaustive()
    }
}
