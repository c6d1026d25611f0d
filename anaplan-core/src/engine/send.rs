//! The send loop: permit, credential, request, response, classification, retry.

use std::time::Duration;

use async_trait::async_trait;

use crate::data::error::{Error, ErrorKind, Result};
use crate::engine::attempt::{Outcome, attempt};
use crate::engine::body::BodyMode;
use crate::engine::classify::{Executed, Failed, Meaning, lost, refusal};
use crate::engine::options::{Deadline, OnRetry};
use crate::engine::request::PreparedRequest;
use crate::operation::{Response, RetryClass};
use crate::session::Session;
use crate::session::authenticator::Credential;

/// Number of times that a credential is renewed within one call.
const MAX_RENEWALS: u32 = 2;

/// Work that precedes each attempt of a call that must not run twice.
#[async_trait]
pub(crate) trait BeforeAttempt: Send {
    /// Called when permits and credential are available, so that the attempt follows without a pause.
    /// Returns the nonce of the attempt.
    async fn prepare(&mut self) -> Result<String>;
}

/// A call without a result.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Proof that no attempt was executed, or the lack of it.
    pub(crate) executed: Executed,
}

/// Attempts of one call so far.
#[derive(Debug, Default)]
struct Attempts {
    sent: u32,
    throttled: u32,
    renewed: u32,
    /// `true` if the outcome of an earlier attempt is unknown.
    unknown: bool,
}

/// Next step after an attempt.
enum Next<T> {
    Return(T),
    Retry(Duration),
    Fail(Failure),
}

/// One call for the send loop.
pub(crate) struct Sending<'a> {
    pub(crate) session: &'a Session,
    pub(crate) request: &'a PreparedRequest<'a>,
    pub(crate) class: RetryClass,
    pub(crate) deadline: Deadline,
    /// `true` if the call runs within another one, which holds the permit of the connection.
    pub(crate) nested: bool,
    pub(crate) on_retry: Option<&'a OnRetry>,
}

/// Sends a request until it succeeds or fails for good.
pub(crate) async fn send<M: BodyMode>(
    call: Sending<'_>,
    mut before: Option<&mut dyn BeforeAttempt>,
) -> Result<M::Output, Failure> {
    let mut state = Loop {
        call: &call,
        attempts: Attempts::default(),
    };
    loop {
        let before = before
            .as_mut()
            .map(|before| &mut **before as &mut dyn BeforeAttempt);
        let attempted = state.attempt::<M>(before).await;
        let (outcome, credential) = match attempted {
            Ok(attempted) => attempted,
            Err(error) => return Err(state.fail(error, Executed::No)),
        };
        match state.next::<M>(outcome, credential.as_ref()).await {
            Next::Return(output) => {
                call.session.inner.budget.success();
                return Ok(output);
            }
            Next::Retry(wait) => call.session.clock().sleep(wait).await,
            Next::Fail(failure) => return Err(failure),
        }
    }
}

fn too_late(step: &str) -> Error {
    let text = format!("the deadline passed while {step}, before the request was sent");
    Error::new(ErrorKind::Timeout, text)
}

struct Loop<'a> {
    call: &'a Sending<'a>,
    attempts: Attempts,
}

impl Loop<'_> {
    /// Waits for permits and credential, prepares the attempt, sends it.
    async fn attempt<M: BodyMode>(
        &mut self,
        before: Option<&mut dyn BeforeAttempt>,
    ) -> Result<(Outcome<M::Output>, Option<Credential>)> {
        let Sending {
            session,
            request,
            deadline,
            ..
        } = *self.call;
        let clock = session.clock();
        let credential = self.ready().await?;
        let permit = async {
            match self.call.nested {
                true => None,
                false => session.inner.in_flight.acquire().await.ok(),
            }
        };
        let _permit = deadline
            .within(clock, permit)
            .await
            .ok_or_else(|| too_late("waiting for a connection"))?;
        let nonce = match before {
            None => None,
            Some(before) => Some(
                deadline
                    .within(clock, before.prepare())
                    .await
                    .ok_or_else(|| too_late("reading the state of the server"))??,
            ),
        };
        self.attempts.sent += 1;
        let number = self.attempts.sent;
        let (inner, nonce) = (&session.inner, nonce.as_deref());
        let outcome =
            attempt::<M>(request, inner, number, deadline, credential.as_ref(), nonce).await;
        Ok((outcome, credential))
    }

    /// Waits for the rate limit, then for a credential.
    async fn ready(&self) -> Result<Option<Credential>> {
        let session = self.call.session;
        let (inner, clock, deadline) = (&session.inner, session.clock(), self.call.deadline);
        let permitted = inner.limiter.enter(clock);
        if deadline.within(clock, permitted).await.is_none() {
            return Err(too_late("waiting for the rate limit"));
        }
        if !self.call.request.operation.authorization().is_session() {
            return Ok(None);
        }
        let credential = inner.authenticator.credential(session);
        match deadline.within(clock, credential).await {
            Some(credential) => credential.map(Some),
            None => Err(too_late("signing in")),
        }
    }

    async fn next<M: BodyMode>(
        &mut self,
        outcome: Outcome<M::Output>,
        credential: Option<&Credential>,
    ) -> Next<M::Output> {
        let response = match outcome {
            Outcome::Success(output) => return Next::Return(output),
            Outcome::Invalid(error) => return Next::Fail(self.fail(error, Executed::No)),
            Outcome::Unreadable(error) => return Next::Fail(self.fail(error, Executed::Unknown)),
            Outcome::Lost(error) => return self.retry_or_fail(lost(error)),
            Outcome::Refused(response) => response,
        };
        match refusal(self.call.request.operation, &response) {
            Meaning::Success => Next::Return(M::whole(
                Response::new(response.status, response.headers, response.body)
                    .received_at_time(response.received_at),
            )),
            Meaning::CredentialRejected(failed) | Meaning::Throttled(failed)
                if failed.executed == Executed::Unknown && !self.call.class.may_repeat() =>
            {
                Next::Fail(self.fail(failed.error, Executed::Unknown))
            }
            Meaning::CredentialRejected(failed) => match credential {
                Some(credential) if self.renew(credential).await => Next::Retry(Duration::ZERO),
                _ => Next::Fail(self.fail(failed.error, Executed::No)),
            },
            Meaning::Throttled(failed) => self.throttle(failed),
            Meaning::Failed(failed) => self.retry_or_fail(failed),
        }
    }

    /// Reports a rejected credential. Returns `true` if another one can be tried.
    async fn renew(&mut self, credential: &Credential) -> bool {
        let authenticator = &self.call.session.inner.authenticator;
        let rejections = self.attempts.renewed + 1;
        if rejections > MAX_RENEWALS || !authenticator.can_replace(credential, rejections) {
            return false;
        }
        self.attempts.renewed = rejections;
        authenticator.refused(credential).await;
        authenticator.can_renew()
    }

    fn retry_or_fail<T>(&mut self, failed: Failed) -> Next<T> {
        if failed.executed == Executed::Unknown {
            if !self.call.class.may_repeat() {
                return Next::Fail(self.fail(failed.error, Executed::Unknown));
            }
            self.attempts.unknown = true;
        }
        let retryable = failed.transient;
        let error = failed.error.with_retry_after(failed.retry_after);
        let give_up = |this: &Self, error: Error| {
            Next::Fail(this.fail(error.with_retryable(retryable), failed.executed))
        };
        let policy = &self.call.session.inner.settings.retry;
        let failures = self.attempts.sent - self.attempts.throttled;
        if !retryable || failures >= policy.max_attempts {
            return give_up(self, error);
        }
        let wait = failed
            .retry_after
            .unwrap_or_else(|| policy.backoff(failures));
        if wait > policy.max_throttle_delay || self.ends_within(wait) {
            return give_up(self, error);
        }
        let cost = if failed.timed_out { 10 } else { 5 };
        if !self.call.session.inner.budget.spend(cost) {
            let operation = self.call.request.operation.name();
            tracing::warn!(target: "anaplan::retry", operation, "retry budget is empty");
            return give_up(
                self,
                error.because("the retry budget of the client is empty"),
            );
        }
        tracing::info!(
            target: "anaplan::retry",
            operation = self.call.request.operation.name(),
            path = %self.call.request.path(),
            attempt = self.attempts.sent,
            wait_ms = wait.as_millis() as u64,
            error_kind = ?error.kind(),
            "retry"
        );
        if let Some(observe) = self.call.on_retry {
            observe(&error);
        }
        Next::Retry(wait)
    }

    fn throttle<T>(&mut self, failed: Failed) -> Next<T> {
        let inner = &self.call.session.inner;
        let policy = &inner.settings.retry;
        let wait = policy.throttle(failed.retry_after);
        self.attempts.throttled += 1;
        if wait <= policy.max_throttle_delay {
            inner.limiter.close(&*inner.clock, wait);
        }
        let error = failed.error.with_retry_after(Some(wait));
        if self.attempts.throttled > policy.max_throttles
            || wait > policy.max_throttle_delay
            || self.ends_within(wait)
        {
            return Next::Fail(self.fail(error, Executed::No));
        }
        tracing::info!(
            target: "anaplan::retry",
            operation = self.call.request.operation.name(),
            path = %self.call.request.path(),
            wait_ms = wait.as_millis() as u64,
            "too many requests: the session pauses"
        );
        // The limiter's gate, which is closed now, does the waiting.
        Next::Retry(Duration::ZERO)
    }

    fn ends_within(&self, wait: Duration) -> bool {
        self.call
            .deadline
            .left(self.call.session.clock())
            .is_some_and(|left| wait >= left)
    }

    /// Completes an error: context, and what it says about the execution of the call.
    fn fail(&self, error: Error, executed: Executed) -> Failure {
        let request = self.call.request;
        let error = request.describe(error);
        // The error of another call, such as a sign-in or the baseline, has its own number.
        let error = match error.operation() == Some(request.operation.name()) {
            true => error.with_attempts(self.attempts.sent),
            false => error,
        };
        let error = match (executed, self.call.class) {
            (Executed::Unknown, RetryClass::NotIdempotent) => {
                let accepted = error.status().is_some_and(|status| status.is_success());
                error
                    .with_kind(ErrorKind::Ambiguous)
                    .with_retryable(false)
                    .because(if accepted {
                        "the server accepted the request, so it must not be sent again"
                    } else {
                        "the request may have been executed"
                    })
            }
            // A refusal says nothing about an earlier attempt.
            (Executed::No, RetryClass::Idempotent) if self.attempts.unknown => error
                .with_kind(ErrorKind::Ambiguous)
                .with_retryable(false)
                .because("an earlier attempt of this call may have been executed"),
            _ => error,
        };
        let executed = if self.attempts.unknown {
            Executed::Unknown
        } else {
            executed
        };
        Failure { error, executed }
    }
}
