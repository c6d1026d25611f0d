//! One attempt: a request is sent once, and its response is read.

use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use tracing::Instrument;

use crate::data::error::{Error, ErrorKind};
use crate::engine::body::{BodyMode, Limits, RefusedResponse, Unread};
use crate::engine::options::Deadline;
use crate::engine::request::PreparedRequest;
use crate::operation::endpoint::is_documented;
use crate::operation::request_body::BodyProgress;
use crate::operation::response::{MediaType, media_type};
use crate::session::Inner;
use crate::session::authenticator::Credential;
use crate::transport::clock::within;
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// Result of one attempt.
pub(crate) enum Outcome<T> {
    /// A response with a documented success status.
    Success(T),
    /// A complete response with a status other than 2xx.
    Refused(RefusedResponse),
    /// The server accepted the request, and its response cannot be read.
    Unreadable(Error),
    /// No response. [`TransportError::kind`] says whether the server can have seen the request.
    Lost(TransportError),
    /// The request could not be built.
    Invalid(Error),
}

/// Sends the request once and reads the response.
pub(crate) async fn attempt<M: BodyMode>(
    request: &PreparedRequest<'_>,
    inner: &Inner,
    number: u32,
    deadline: Deadline,
    credential: Option<&Credential>,
    nonce: Option<&str>,
) -> Outcome<M::Output> {
    let span = tracing::debug_span!(
        target: "anaplan::http",
        "anaplan.attempt",
        operation = request.operation.name(),
        method = %request.operation.method(),
        route = %request.template(),
        path = %request.path(),
        attempt = number,
        nonce,
    );
    exchange::<M>(request, inner, deadline, credential, nonce)
        .instrument(span)
        .await
}

async fn exchange<M: BodyMode>(
    request: &PreparedRequest<'_>,
    inner: &Inner,
    deadline: Deadline,
    credential: Option<&Credential>,
    nonce: Option<&str>,
) -> Outcome<M::Output> {
    let http = match request.http(credential, nonce) {
        Ok(http) => http,
        Err(error) => return Outcome::Invalid(error),
    };
    let clock = &*inner.clock;
    let started = clock.monotonic();
    let progress = (!http.body().is_empty()).then(|| http.body().progress());
    let sending = inner.transport.send(http);
    let response = while_moving(sending, progress, inner, deadline)
        .await
        .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)));
    let elapsed_ms = clock.monotonic().saturating_sub(started).as_millis() as u64;
    let response = match response {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(target: "anaplan::http", error_kind = ?error.kind(), elapsed_ms, "no response");
            return Outcome::Lost(error);
        }
    };
    let status = response.status();
    tracing::debug!(target: "anaplan::http", status = status.as_u16(), elapsed_ms, "response");
    let limits = Limits {
        clock,
        max: inner.settings.max_body,
        idle: inner.settings.idle_timeout,
        left: deadline.left(clock),
    };
    if !status.is_success() {
        return Outcome::Refused(RefusedResponse::read(response, limits).await);
    }
    if let Some(text) = unexpected(request, &response) {
        return Outcome::Unreadable(Error::new(ErrorKind::Decode, text).with_status(status));
    }
    match M::read(response, limits).await {
        Ok(output) => Outcome::Success(output),
        Err(Unread::Lost(error)) => Outcome::Lost(error),
        Err(Unread::TooLarge(error)) => Outcome::Unreadable(error.with_status(status)),
    }
}

/// Returns the reason why a 2xx response is not the documented one. A gateway or a sign-in page
/// returns such responses, and they say nothing about the request.
fn unexpected(
    request: &PreparedRequest<'_>,
    response: &http::Response<ResponseBody>,
) -> Option<String> {
    let status: StatusCode = response.status();
    if !is_documented(request.operation.success(), status) {
        return Some(format!("the status {} is not documented", status.as_u16()));
    }
    let wants_json = request.operation.accept().contains("json");
    match media_type(response.headers()) {
        MediaType::Html => Some("a web page was returned instead of the API's response".to_owned()),
        MediaType::Json if !wants_json => Some("JSON was returned instead of the file".to_owned()),
        _ => None,
    }
}

/// Interval at which the progress of a request body is observed.
const STEP: Duration = Duration::from_secs(1);

/// Runs `sending` while the request body makes progress, and then for the time that a response may
/// take. `None`: the time is over.
async fn while_moving<T>(
    sending: impl Future<Output = T>,
    progress: Option<BodyProgress>,
    inner: &Inner,
    deadline: Deadline,
) -> Option<T> {
    let clock = &*inner.clock;
    let mut sending = std::pin::pin!(sending);
    let has_body = progress.is_some();
    let progress = progress.unwrap_or_default();
    let state = || (progress.sent(), progress.is_finished());
    let mut last = state();
    let mut moved_at = clock.monotonic();
    let mut step = STEP;
    loop {
        // A transport that takes the body at once reports no progress.
        let limit = match last {
            (1.., false) => inner.settings.idle_timeout,
            _ => inner.settings.attempt_timeout,
        };
        let left = moved_at
            .saturating_add(limit)
            .saturating_sub(clock.monotonic());
        let left = deadline.left(clock).map_or(left, |until| until.min(left));
        if let Some(output) = within(clock, left.min(step), sending.as_mut()).await {
            return Some(output);
        }
        if deadline.has_passed(clock) {
            return None;
        }
        if state() != last {
            last = state();
            moved_at = clock.monotonic();
            step = STEP;
        } else if left <= step {
            return None;
        } else if !has_body || last.1 {
            // Nothing will move any more before the response.
            step = left;
        }
    }
}
