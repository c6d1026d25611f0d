//! A scripted token service and API, without sockets, in tokio's paused time.

#![allow(dead_code, clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anaplan_core::{
    Authenticator, Clock, Connection, Endpoint, Method, Path, RequestBody, Response, ResponseBody,
    Result, RetryClass, RetryPolicy, Session, Settings, Timestamp, Transport, TransportError,
    async_trait,
};
use http::{Request, StatusCode};

pub(crate) const LIFE: Duration = Duration::from_secs(35 * 60);
pub(crate) const USER: &str = "Basic YWRhQGV4YW1wbGUuY29tOnMzY3JldA==";

/// A clock that follows tokio's time, wall clock included.
#[derive(Debug, Clone)]
pub(crate) struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let start = Timestamp::from_second(1_750_000_000).unwrap();
        start + jiff::SignedDuration::try_from(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// State and script of the service.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Number of requests by the last segment of their path.
    pub(crate) seen: HashMap<String, usize>,
    /// Expiry of the valid tokens.
    pub(crate) tokens: HashMap<String, Timestamp>,
    issued: usize,
    /// Statuses of the next responses, by the last segment of the path. The requests have no effect.
    pub(crate) refuse: HashMap<String, VecDeque<u16>>,
    /// Bodies of the next responses with status 200, by the last segment of the path. The requests have no
    /// effect.
    pub(crate) replies: HashMap<String, VecDeque<String>>,
    /// Delay of responses by the last segment of the path. Requests take effect before it.
    pub(crate) delay: HashMap<String, Duration>,
    /// Whether a refresh returns a new value.
    pub(crate) rotate: bool,
    /// Whether the user lacks the role for the API.
    pub(crate) no_role: bool,
    /// Valid tokens that the API rejects.
    pub(crate) rejected_by_api: HashSet<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Service {
    state: Arc<Mutex<State>>,
    clock: TokioClock,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
            clock: TokioClock(tokio::time::Instant::now()),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns the number of requests for this last segment of a path.
    pub(crate) fn seen(&self, what: &str) -> usize {
        self.state().seen.get(what).copied().unwrap_or(0)
    }

    /// Returns the number of requests: authenticate, refresh, logout, ping.
    pub(crate) fn counts(&self) -> [usize; 4] {
        ["authenticate", "refresh", "logout", "ping"].map(|what| self.seen(what))
    }

    pub(crate) fn refuse(&self, what: &str, statuses: &[u16]) {
        let statuses = statuses.iter().copied().collect();
        self.state().refuse.insert(what.to_owned(), statuses);
    }

    pub(crate) fn delay(&self, what: &str, by: Duration) {
        self.state().delay.insert(what.to_owned(), by);
    }

    /// Scripts the body of the next response for this last segment of a path.
    pub(crate) fn reply(&self, what: &str, body: &str) {
        let mut state = self.state();
        let replies = state.replies.entry(what.to_owned()).or_default();
        replies.push_back(body.to_owned());
    }

    /// Adds a valid token with a full lifetime.
    pub(crate) fn add_token(&self, token: &str) {
        let expiry = self.clock.now() + jiff::SignedDuration::try_from(LIFE).unwrap();
        self.state().tokens.insert(token.to_owned(), expiry);
    }

    /// Ends all sessions, as an administrator can.
    pub(crate) fn revoke_all(&self) {
        self.state().tokens.clear();
    }

    pub(crate) fn session(&self, authenticator: impl Authenticator + 'static) -> Session {
        let connection = Connection::default()
            .with_transport(Arc::new(self.clone()))
            .with_clock(Arc::new(self.clock.clone()));
        let mut settings = Settings::default();
        settings.rate_limit = None;
        settings.retry = RetryPolicy::default();
        Session::new(connection, Arc::new(authenticator), settings).unwrap()
    }

    fn answer(&self, what: &str, authorization: &str) -> (u16, String) {
        let now = self.clock.now();
        let mut state = self.state();
        *state.seen.entry(what.to_owned()).or_default() += 1;
        if let Some(status) = state.refuse.get_mut(what).and_then(VecDeque::pop_front) {
            return (status, String::new());
        }
        if let Some(body) = state.replies.get_mut(what).and_then(VecDeque::pop_front) {
            return (200, body);
        }
        let refused = |code: &str| {
            (
                401,
                format!(r#"{{"status":"{code}","statusMessage":"no"}}"#),
            )
        };
        let end = now + jiff::SignedDuration::try_from(LIFE).unwrap();
        let token_of = |token: &str| {
            let at = end.as_millisecond();
            format!(r#"{{"tokenInfo":{{"expiresAt":{at},"tokenValue":"{token}"}}}}"#)
        };
        if what == "authenticate" {
            if authorization != USER {
                return refused("FAILURE_BAD_CREDENTIAL");
            }
            state.issued += 1;
            let token = format!("token-{}", state.issued);
            state.tokens.insert(token.clone(), end);
            return (201, token_of(&token));
        }
        let token = authorization
            .strip_prefix("AnaplanAuthToken ")
            .unwrap_or("")
            .to_owned();
        if state.tokens.get(&token).is_none_or(|end| now >= *end) {
            return refused("FAILURE_INVALID_TOKEN");
        }
        match what {
            "refresh" => {
                let mut renewed = token.clone();
                if state.rotate {
                    state.issued += 1;
                    renewed = format!("token-{}", state.issued);
                    state.tokens.remove(&token);
                }
                state.tokens.insert(renewed.clone(), end);
                (200, token_of(&renewed))
            }
            "validate" => (
                200,
                r#"{"tokenInfo":{},"userInfo":{"userId":"ada@example.com"}}"#.to_owned(),
            ),
            "logout" => {
                state.tokens.remove(&token);
                (204, String::new())
            }
            _ if state.no_role || state.rejected_by_api.contains(&token) => (401, String::new()),
            _ => (200, String::new()),
        }
    }
}

#[async_trait]
impl Transport for Service {
    async fn send(
        &self,
        request: Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        let path = request.uri().path();
        let what = path.rsplit('/').next().unwrap_or_default().to_owned();
        let header = request.headers().get(http::header::AUTHORIZATION);
        let authorization = header.and_then(|header| header.to_str().ok());
        let (status, body) = self.answer(&what, authorization.unwrap_or_default());
        let delay = self.state().delay.get(&what).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let mut response = http::Response::new(ResponseBody::full(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

/// A call without side effects.
pub(crate) struct Ping;

impl Endpoint for Ping {
    const NAME: &'static str = "test.ping";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ();

    fn path(&self) -> Path {
        Path::integration().lit("ping")
    }

    fn decode(&self, _: Response) -> Result<()> {
        Ok(())
    }
}
