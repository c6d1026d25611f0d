//! Judging what came of an attempt: an answer, another attempt, or a failure.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::data::error::{Error, ErrorKind, Result};
use crate::engine::exchange::{Attempts, Outcome, Parts};
use crate::operation::endpoint::Endpoint;
use crate::operation::response::{Answer, Refusal, server_message, tidy};
use crate::session::authenticator::Credential;
use crate::session::retry::{Effect, effect_of, retry_after, transient};
use crate::transport::{TransportError, TransportErrorKind};

/// What to do next.
pub(crate) enum Verdict {
    Answer(Parts),
    Again(Duration),
    Fail(Error),
}

impl Attempts<'_> {
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
}

/// What is at the bottom of a failed connection: a refused port, an unknown host, a certificate.
fn root_cause(error: &TransportError) -> Option<String> {
    let mut cause = std::error::Error::source(error)?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    tidy(&cause.to_string())
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
