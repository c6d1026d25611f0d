//! One call's attempts: forming a request, sending it once, judging what came of it.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tracing::Instrument;

use crate::answer::{Answer, Refusal, server_message, tidy};
use crate::auth::Credential;
use crate::call::CallOptions;
use crate::clock::within;
use crate::endpoint::{Authorization, Endpoint};
use crate::error::{Error, ErrorKind, Result};
use crate::retry::{Effect, effect_of, retry_after, transient};
use crate::session::{Inner, Session};
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};
use crate::url::Query;

/// The most that is read of the body of a refusal, in bytes. No message is longer.
const MAX_REFUSAL: usize = 64 * 1024;
/// A piece of a body with fewer bytes is copied rather than kept, which could take more memory than it has.
const SMALL_PIECE: usize = 4096;

/// A request that has passed every check, ready to be sent as often as needed.
pub(crate) struct Prepared<'a, E> {
    endpoint: &'a E,
    url: String,
    body: Bytes,
    user_agent: &'a str,
    template: String,
    ids: Vec<(&'static str, String)>,
}

impl<'a, E: Endpoint> Prepared<'a, E> {
    pub(crate) fn new(endpoint: &'a E, inner: &'a Inner) -> Result<Self> {
        let path = endpoint.path();
        let ids = path
            .values()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        let prepare = || {
            let mut url = path.to_url(inner.hosts.base(E::SERVICE))?;
            let mut query = Query::default();
            endpoint.query(&mut query);
            if !query.is_empty() {
                url = format!("{url}?{query}");
            }
            Ok((url, endpoint.body()?))
        };
        let (url, body) = prepare().map_err(|error: Error| error.during(E::NAME))?;
        Ok(Self {
            endpoint,
            url,
            body,
            user_agent: &inner.settings.user_agent,
            template: path.template(),
            ids,
        })
    }

    /// The request with this credential. A sign-in is made anew each time, for it may be bound to the
    /// moment it is made.
    pub(crate) fn request(&self, credential: Option<&Credential>) -> Result<http::Request<Bytes>> {
        let body = match E::AUTHORIZATION {
            Authorization::Own => self.endpoint.body()?,
            Authorization::Session => self.body.clone(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(agent) = HeaderValue::from_str(self.user_agent) {
            headers.insert(USER_AGENT, agent);
        }
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.endpoint.headers(&mut headers)?;
        if let Some(credential) = credential {
            headers.insert(AUTHORIZATION, credential.header_for(E::SERVICE).clone());
        }
        let mut request = http::Request::new(body);
        *request.method_mut() = E::METHOD;
        *request.uri_mut() = self.url.parse().map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the arguments do not form a URL").during(E::NAME)
        })?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A whole response.
pub(crate) struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Parts {
    pub(crate) fn into_answer(self, session: Session) -> Answer {
        Answer::new(self.status, self.headers, self.body, session)
    }
}

/// What came of one attempt.
pub(crate) enum Outcome {
    /// A response, whatever its status.
    Whole(Parts),
    /// The head of a response whose body is still to come.
    Head(http::Response<ResponseBody>),
    /// No (whole) response.
    Lost(TransportError),
    /// A request or response that the client itself refuses.
    Refused(Error),
}

/// What to do next.
pub(crate) enum Verdict {
    Answer(Parts),
    Again(Duration),
    Fail(Error),
}

/// The attempts of one call so far.
pub(crate) struct Attempts<'a> {
    inner: &'a Inner,
    operation: &'static str,
    method: Method,
    template: String,
    ids: Vec<(&'static str, String)>,
    may_repeat: bool,
    until: Option<Duration>,
    sent: u32,
    throttles: u32,
    renewed: bool,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new<E: Endpoint>(
        prepared: &Prepared<'_, E>,
        inner: &'a Inner,
        options: &CallOptions,
    ) -> Self {
        Self {
            inner,
            operation: E::NAME,
            method: E::METHOD,
            template: prepared.template.clone(),
            ids: prepared.ids.clone(),
            may_repeat: prepared.endpoint.may_repeat() || options.assume_idempotent,
            until: options.deadline_at(&*inner.clock),
            sent: 0,
            throttles: 0,
            renewed: false,
        }
    }

    /// Sends once and reads the whole response.
    pub(crate) async fn exchange<E: Endpoint>(
        &mut self,
        prepared: &Prepared<'_, E>,
        credential: Option<&Credential>,
    ) -> Outcome {
        let started = self.inner.clock.monotonic();
        match self.head(prepared, credential).await {
            Outcome::Head(response) => {
                let spent = self.inner.clock.monotonic().saturating_sub(started);
                let left = self.attempt_limit().saturating_sub(spent);
                self.collect(response, left).await
            }
            other => other,
        }
    }

    /// Sends once and reads the head of the response.
    pub(crate) async fn head<E: Endpoint>(
        &mut self,
        prepared: &Prepared<'_, E>,
        credential: Option<&Credential>,
    ) -> Outcome {
        let request = match prepared.request(credential) {
            Ok(request) => request,
            Err(error) => return Outcome::Refused(error),
        };
        self.sent += 1;
        let span = tracing::debug_span!(
            target: "anaplan::http",
            "anaplan.attempt",
            operation = self.operation,
            method = %self.method,
            path = %self.template,
            attempt = self.sent,
        );
        let limit = self.attempt_limit();
        let clock = &*self.inner.clock;
        async {
            let started = clock.monotonic();
            let sending = self.inner.transport.send(request);
            let result = within(clock, limit, sending)
                .await
                .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)));
            let elapsed = clock.monotonic().saturating_sub(started);
            match result {
                Ok(response) => {
                    tracing::debug!(
                        target: "anaplan::http",
                        status = response.status().as_u16(),
                        elapsed_ms = elapsed.as_millis() as u64,
                        "answered"
                    );
                    Outcome::Head(response)
                }
                Err(error) => {
                    tracing::debug!(target: "anaplan::http", error_kind = ?error.kind(), elapsed_ms = elapsed.as_millis() as u64, "no answer");
                    Outcome::Lost(error)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Reads the rest of a response whose head has arrived.
    pub(crate) async fn whole(&self, response: http::Response<ResponseBody>) -> Outcome {
        self.collect(response, self.attempt_limit()).await
    }

    /// Reads a body into memory. What counts is its size after decompression, and reading ends where the
    /// limit is passed, so that a small answer cannot unfold into a large one.
    async fn collect(&self, response: http::Response<ResponseBody>, limit: Duration) -> Outcome {
        let (head, body) = response.into_parts();
        let success = head.status.is_success();
        let max = if success {
            self.inner.settings.max_body
        } else {
            MAX_REFUSAL.min(self.inner.settings.max_body)
        };
        let reading = read_up_to(body, announced(&head.headers), max);
        let read = within(&*self.inner.clock, limit, reading)
            .await
            .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)));
        let body = match read {
            Ok(Some(body)) => body,
            // What was refused is told by the status alone.
            _ if !success => Bytes::new(),
            Ok(None) => {
                let error = Error::new(
                    ErrorKind::TooLarge,
                    format!("the answer is larger than the {max} bytes that may be held in memory"),
                );
                return Outcome::Refused(error.with_status(head.status));
            }
            Err(error) => return Outcome::Lost(error),
        };
        Outcome::Whole(Parts {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    pub(crate) async fn judge<E: Endpoint>(
        &mut self,
        endpoint: &E,
        outcome: Outcome,
        credential: Option<&Credential>,
    ) -> Verdict {
        let parts = match outcome {
            Outcome::Whole(parts) if parts.status.is_success() => return Verdict::Answer(parts),
            Outcome::Whole(parts) => parts,
            Outcome::Lost(error) => return self.lost(error),
            Outcome::Refused(error) => return Verdict::Fail(self.unread(error)),
            Outcome::Head(_) => {
                return Verdict::Fail(Error::new(ErrorKind::Usage, "the body was not read"));
            }
        };
        let told = parts
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, self.inner.clock.now()));
        match (parts.status, credential) {
            (StatusCode::UNAUTHORIZED, Some(credential)) => {
                // A second refusal is about the role: the credential is fresh and serves others.
                if !self.renewed {
                    self.inner.authenticator.refused(credential).await;
                    if self.inner.authenticator.can_renew() {
                        self.renewed = true;
                        return Verdict::Again(Duration::ZERO);
                    }
                }
                Verdict::Fail(self.refusal(endpoint, &parts))
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                self.throttled(self.refusal(endpoint, &parts), told)
            }
            (status, _) => match transient(status) {
                Some(effect) => {
                    let error = self.refusal(endpoint, &parts);
                    self.again_or_fail(effect, error, told)
                }
                None => Verdict::Fail(self.refusal(endpoint, &parts)),
            },
        }
    }

    /// Reads a success. One that cannot be read has still happened.
    pub(crate) fn decode<E: Endpoint>(&self, endpoint: &E, answer: Answer) -> Result<E::Output> {
        self.check_origin(answer.status(), answer.headers())?;
        endpoint.decode(answer).map_err(|error| self.unread(error))
    }

    /// The API never answers with a web page. A gateway or a login page does, and its "200" says nothing
    /// of the request: not that it was carried out, and not what a file holds.
    pub(crate) fn check_origin(&self, status: StatusCode, headers: &HeaderMap) -> Result<()> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let is_page = content_type.is_some_and(|value| {
            let value = value.trim_start().as_bytes();
            value.len() >= 9 && value[..9].eq_ignore_ascii_case(b"text/html")
        });
        if !is_page {
            return Ok(());
        }
        let text = "a web page came in place of the API's answer";
        Err(self.unread(Error::new(ErrorKind::Decode, text).with_status(status)))
    }

    /// The work was done, or is being done, but its result cannot be had.
    fn unread(&self, error: Error) -> Error {
        let error = self.describe(error);
        if self.may_repeat || error.status().is_none_or(|status| !status.is_success()) {
            return error;
        }
        error
            .with_kind(ErrorKind::Ambiguous)
            .because("the server accepted the call, so it must not be sent again")
            .with_may_still_run(true)
    }

    /// Adds what is known of the call to an error.
    pub(crate) fn describe(&self, error: Error) -> Error {
        let error = error.during(self.operation).with_attempts(self.sent);
        self.ids
            .iter()
            .fold(error, |error, (name, value)| error.about(name, value))
    }

    pub(crate) async fn within_deadline<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self.left() {
            Some(left) => within(&*self.inner.clock, left, future).await,
            None => Some(future.await),
        }
    }

    fn lost(&mut self, error: TransportError) -> Verdict {
        let effect = effect_of(error.kind());
        let (kind, text) = match error.kind() {
            TransportErrorKind::Connect => (ErrorKind::Connect, "the server cannot be reached"),
            TransportErrorKind::Timeout => {
                (ErrorKind::Timeout, "the server did not answer in time")
            }
            TransportErrorKind::Interrupted => (ErrorKind::Interrupted, "the connection broke"),
            TransportErrorKind::Request => {
                (ErrorKind::InvalidInput, "the request could not be sent")
            }
        };
        let never = error.kind() == TransportErrorKind::Request;
        let cause = (kind == ErrorKind::Connect)
            .then(|| root_cause(&error))
            .flatten();
        let lost = Error::new(kind, text).caused_by(error);
        let error = self.describe(match cause {
            Some(cause) => lost.because(cause),
            None => lost,
        });
        if never {
            return Verdict::Fail(error);
        }
        self.again_or_fail(effect, error, None)
    }

    fn again_or_fail(&mut self, effect: Effect, error: Error, told: Option<Duration>) -> Verdict {
        if effect != Effect::None && !self.may_repeat {
            return Verdict::Fail(
                error
                    .with_kind(ErrorKind::Ambiguous)
                    .because("the call may have been carried out")
                    .with_may_still_run(effect == Effect::UnknownAndMayRun),
            );
        }
        let policy = &self.inner.settings.retry;
        let failures = self.sent - self.throttles;
        if failures >= policy.max_attempts {
            return Verdict::Fail(error);
        }
        let wait = told.unwrap_or_else(|| policy.backoff(failures));
        if wait > policy.max_throttle_delay || self.left().is_some_and(|left| wait >= left) {
            return Verdict::Fail(error.with_retry_after(told));
        }
        let price = if effect == Effect::UnknownAndMayRun {
            10
        } else {
            5
        };
        if !self.inner.budget.spend(price) {
            tracing::warn!(target: "anaplan::retry", operation = self.operation, "the retry budget is empty");
            return Verdict::Fail(error.because("and the retry budget of the client is used up"));
        }
        tracing::info!(
            target: "anaplan::retry",
            operation = self.operation,
            attempt = self.sent,
            wait_ms = wait.as_millis() as u64,
            error_kind = ?error.kind(),
            "trying again"
        );
        Verdict::Again(wait)
    }

    fn throttled(&mut self, error: Error, told: Option<Duration>) -> Verdict {
        let policy = &self.inner.settings.retry;
        let wait = policy.throttle(told);
        self.throttles += 1;
        if wait <= policy.max_throttle_delay {
            self.inner.limiter.close(&*self.inner.clock, wait);
        }
        let patient = self.throttles <= policy.max_throttles
            && wait <= policy.max_throttle_delay
            && self.left().is_none_or(|left| wait < left);
        if !patient {
            return Verdict::Fail(error.with_retry_after(Some(wait)));
        }
        tracing::info!(
            target: "anaplan::retry",
            operation = self.operation,
            wait_ms = wait.as_millis() as u64,
            "too many requests: everybody waits"
        );
        // The gate that was just closed does the waiting.
        Verdict::Again(Duration::ZERO)
    }

    fn refusal<E: Endpoint>(&self, endpoint: &E, parts: &Parts) -> Error {
        let (code, message) = server_message(&parts.body);
        let special = endpoint.refusal(&Refusal {
            status: parts.status,
            code: code.as_deref(),
            message: message.as_deref(),
        });
        let kind = special.unwrap_or_else(|| kind_of(parts.status));
        let request_id = parts
            .headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok())
            .and_then(tidy);
        let text = if parts.status.is_redirection() {
            "the server points somewhere else, where no credential is sent: check the base URLs"
        } else {
            text_of(kind)
        };
        let error = Error::new(kind, text)
            .with_status(parts.status)
            .with_server(code, message)
            .with_request_id(request_id)
            .with_retryable(
                kind == ErrorKind::RateLimited
                    || transient(parts.status).is_some() && self.may_repeat,
            );
        self.describe(error)
    }

    fn left(&self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_sub(self.inner.clock.monotonic()))
    }

    fn attempt_limit(&self) -> Duration {
        let limit = self.inner.settings.attempt_timeout;
        self.left().map_or(limit, |left| left.min(limit))
    }
}

/// What is at the bottom of a failed connection: a refused port, an unknown host, a certificate.
fn root_cause(error: &TransportError) -> Option<String> {
    let mut cause = std::error::Error::source(error)?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    tidy(&cause.to_string())
}

/// The whole body; `None` when it is longer than `max`.
async fn read_up_to(
    mut body: ResponseBody,
    announced: Option<u64>,
    max: usize,
) -> std::result::Result<Option<Bytes>, TransportError> {
    if announced.is_some_and(|length| length > max as u64) {
        return Ok(None);
    }
    // Large pieces of a body whose length is not known wait to be put together at once: a buffer that
    // grows is copied, and new memory cleared for it, again and again.
    let mut pieces: Vec<Bytes> = Vec::new();
    let expected = announced.and_then(|length| usize::try_from(length).ok());
    let mut last = BytesMut::with_capacity(expected.unwrap_or(0));
    let mut size = 0;
    while let Some(chunk) = body.chunk().await {
        let chunk = chunk?;
        if chunk.len() > max - size {
            return Ok(None);
        }
        size += chunk.len();
        if expected.is_some() || chunk.len() < SMALL_PIECE {
            last.extend_from_slice(&chunk);
        } else {
            if !last.is_empty() {
                pieces.push(last.split().freeze());
            }
            pieces.push(chunk);
        }
    }
    if pieces.is_empty() {
        return Ok(Some(last.freeze()));
    }
    pieces.push(last.freeze());
    let mut all = BytesMut::with_capacity(size);
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    Ok(Some(all.freeze()))
}

/// The length of the body as the server announces it. A transport that decompresses drops the header.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 | 452 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        422..=425 => ErrorKind::ModelState,
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Rejected,
    }
}

fn text_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "the server refused a fresh credential, so the role is missing",
        ErrorKind::Authentication => "signing in failed",
        ErrorKind::Forbidden => "the user lacks the role for this",
        ErrorKind::NotFound => "no such object, or no access to it",
        ErrorKind::Conflict => "the object is busy or exists already",
        ErrorKind::ModelState => "the state of the model forbids this",
        ErrorKind::RateLimited => "too many requests",
        ErrorKind::Server => "the server failed",
        _ => "the server refused the request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(sizes: &[usize], announced: Option<u64>, max: usize) -> Option<Bytes> {
        let pieces: Vec<_> = (b'a'..)
            .zip(sizes)
            .map(|(letter, size)| Ok(Bytes::from(vec![letter; *size])))
            .collect();
        let body = ResponseBody::from_stream(futures_util::stream::iter(pieces));
        read_up_to(body, announced, max).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_is_the_same_whatever_the_size_of_its_pieces() {
        let kilo = 1024;
        for sizes in [
            &[][..],
            &[0],
            &[3, 0, 4],
            &[8 * kilo],
            &[8 * kilo, 9 * kilo],
            &[1, 8 * kilo, 2, 3, SMALL_PIECE, 9 * kilo, SMALL_PIECE - 1],
        ] {
            let whole: Vec<u8> = (b'a'..)
                .zip(sizes)
                .flat_map(|(letter, size)| vec![letter; *size])
                .collect();
            let size = whole.len();
            for announced in [None, Some(size as u64)] {
                assert_eq!(read(sizes, announced, size).await.unwrap(), whole);
                if size > 0 {
                    assert!(read(sizes, announced, size - 1).await.is_none());
                }
            }
        }
    }
}
