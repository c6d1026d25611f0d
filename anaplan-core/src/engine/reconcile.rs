//! Calls that must not run twice: a baseline before each attempt, and a search after an unknown outcome.

use std::time::Duration;

use async_trait::async_trait;

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::record::{Check, ReconciliationRecord};
use crate::engine::body::Whole;
use crate::engine::classify::Executed;
use crate::engine::execute::{Completed, Origin, decode};
use crate::engine::fetch::SessionFetch;
use crate::engine::options::{CallOptions, Deadline};
use crate::engine::request::PreparedRequest;
use crate::engine::send::{BeforeAttempt, Failure, Sending, send};
use crate::operation::{Attempt, Endpoint, Evidence, Finding, Lookup, Reconcile, RetryClass};
use crate::session::Session;

/// Delays before the first two checks. Further checks follow at [`INTERVAL`].
const FIRST_CHECKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(1)];
/// Delay between two checks.
const INTERVAL: Duration = Duration::from_secs(5);
/// Maximum duration of the check after the deadline.
const LAST_CHECK: Duration = Duration::from_secs(5);

/// Makes a call that must not run twice.
///
/// It is sent again only after a proof that the previous attempt was not executed. After an attempt
/// with unknown outcome nothing is sent any more: the search can only confirm that it was executed.
pub(crate) async fn reconciled<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    request: &PreparedRequest<'_>,
    options: &CallOptions,
    deadline: Deadline,
) -> Result<Completed<E::Output>> {
    let reconcile = endpoint.reconcile();
    let clock = session.clock();
    // Until the outcome of one call is known, another one under the same parent could take its result.
    let parent = request.path();
    let entered = async {
        match reconcile {
            Some(_) => Some(session.inner.starts.enter(parent).await),
            None => None,
        }
    };
    let _guard = deadline.within(clock, entered).await.ok_or_else(|| {
        let text = "the deadline passed while another call under the same parent was in progress";
        request.describe(Error::new(ErrorKind::Timeout, text))
    })?;
    let mut preparation = Preparation {
        session,
        request,
        reconcile,
        options,
        deadline,
        record: None,
        sent_at: Duration::ZERO,
    };
    let call = Sending {
        session,
        request,
        class: RetryClass::NotIdempotent,
        deadline,
        nested: false,
        on_retry: options.on_retry.as_ref(),
    };
    let sent = send::<Whole>(call, Some(&mut preparation)).await;
    let decoded = sent.and_then(|response| decode(endpoint, request, response));
    let failure = match decoded {
        Ok(output) => {
            if let Some(id) = reconcile.and_then(|reconcile| reconcile.id(&output)) {
                session.inner.starts.claim(parent, id);
            }
            return Ok(Completed::own(output));
        }
        Err(failure) => failure,
    };
    let Failure { error, executed } = failure;
    let record = match (executed, preparation.record) {
        (Executed::Unknown, Some(record)) => record,
        _ => return Err(error),
    };
    let spent = clock.monotonic().saturating_sub(preparation.sent_at);
    let search = Search {
        session,
        request,
        parent,
        record,
        accept_presumed: options.accept_presumed || session.settings().reconcile.accept_presumed,
    };
    match reconcile {
        Some(reconcile) => search.run(reconcile, error, spent, deadline).await,
        None => Err(search.ambiguous(error, None)),
    }
}

/// Takes the baseline and announces the attempt.
struct Preparation<'a, T> {
    session: &'a Session,
    request: &'a PreparedRequest<'a>,
    reconcile: Option<&'a dyn Reconcile<T>>,
    options: &'a CallOptions,
    deadline: Deadline,
    record: Option<ReconciliationRecord>,
    sent_at: Duration,
}

#[async_trait]
impl<T: Send> BeforeAttempt for Preparation<'_, T> {
    async fn prepare(&mut self) -> Result<String> {
        let operation = self.request.operation.name();
        let fetch = SessionFetch {
            session: self.session,
            deadline: self.deadline,
            nested: true,
        };
        let lookup = Lookup::new(&fetch);
        let baseline =
            match self.reconcile {
                None => None,
                Some(reconcile) => Some(reconcile.baseline(&lookup).await.map_err(|error| {
                    error.because(format!("{operation} was therefore not sent"))
                })?),
            };
        let nonce = format!("{:016x}", fastrand::u64(..));
        let clock = self.session.clock();
        let record = ReconciliationRecord {
            version: ReconciliationRecord::VERSION,
            operation: operation.to_owned(),
            path: self.request.path().to_owned(),
            request: self.reconcile.map(Reconcile::request).unwrap_or_default(),
            nonce: nonce.clone(),
            sent_at: clock.now(),
            clock_offset: lookup.clock_offset(),
            baseline,
            checks: Vec::new(),
        };
        if let Some(on_attempt) = &self.options.on_attempt {
            on_attempt(&record);
        }
        self.record = Some(record);
        self.sent_at = clock.monotonic();
        Ok(nonce)
    }
}

/// The search for the effect of one attempt.
struct Search<'a> {
    session: &'a Session,
    request: &'a PreparedRequest<'a>,
    parent: &'a str,
    record: ReconciliationRecord,
    accept_presumed: bool,
}

impl Search<'_> {
    async fn run<T: Send>(
        mut self,
        reconcile: &dyn Reconcile<T>,
        error: Error,
        attempt: Duration,
        deadline: Deadline,
    ) -> Result<Completed<T>> {
        let operation = self.request.operation.name();
        tracing::info!(target: "anaplan::retry", operation, path = %self.request.path(), nonce = self.record.nonce, "outcome unknown: searching");
        let clock = self.session.clock();
        let patience = self.session.settings().reconcile.patience(attempt);
        let until = deadline.at_most(patience, clock);
        let mut undecided = None;
        for check in 0.. {
            let wait = FIRST_CHECKS.get(check).copied().unwrap_or(INTERVAL);
            let last = until.left(clock).is_none_or(|left| left <= wait);
            let wait = until.left(clock).map_or(wait, |left| left.min(wait));
            clock.sleep(wait).await;
            let limit = if last {
                Deadline::default().at_most(LAST_CHECK, clock)
            } else {
                until.at_most(self.session.settings().attempt_timeout, clock)
            };
            match self.check(reconcile, limit).await {
                Ok(Finding::Confirmed(output)) => {
                    if let Some(id) = reconcile.id(&output) {
                        self.session.inner.starts.claim(self.parent, id);
                    }
                    return Ok(Completed::own(output));
                }
                Ok(Finding::Presumed { id, output, .. }) if self.accept_presumed => {
                    self.session.inner.starts.claim(self.parent, id);
                    let origin = Origin::Presumed;
                    return Ok(Completed { output, origin });
                }
                Ok(Finding::Presumed {
                    id,
                    undecided: true,
                    ..
                }) => undecided = Some(id),
                Ok(Finding::Presumed { id, .. }) => {
                    return Err(self.presumed(error, reconcile.id_name(), id));
                }
                Ok(Finding::Unclear(reason)) => return Err(self.ambiguous(error, Some(reason))),
                Ok(Finding::Nothing) | Err(_) => {}
            }
            if last {
                break;
            }
        }
        Err(match undecided {
            Some(id) => self.presumed(error, reconcile.id_name(), id),
            None => self.ambiguous(error, None),
        })
    }

    async fn check<T: Send>(
        &mut self,
        reconcile: &dyn Reconcile<T>,
        limit: Deadline,
    ) -> Result<Finding<T>> {
        let clock = self.session.clock();
        let attempt = Attempt::new(&self.record);
        let starts = &self.session.inner.starts;
        let claimed = |id: &str| starts.is_claimed(self.parent, id);
        let fetch = SessionFetch {
            session: self.session,
            deadline: limit,
            nested: false,
        };
        let evidence = Evidence::new(Lookup::new(&fetch), &attempt, &claimed);
        let found = limit.within(clock, reconcile.find(&evidence)).await;
        let found = found.unwrap_or_else(|| {
            let text = "the check took too long";
            Err(Error::new(ErrorKind::Timeout, text))
        });
        let result = match &found {
            Ok(Finding::Confirmed(_)) => "confirmed".to_owned(),
            Ok(Finding::Presumed { id, .. }) => format!("{id} may be the result"),
            Ok(Finding::Unclear(reason)) => reason.clone(),
            Ok(Finding::Nothing) => "no effect is visible".to_owned(),
            Err(error) => format!("the check failed: {error}"),
        };
        let operation = self.request.operation.name();
        tracing::debug!(target: "anaplan::retry", operation, result, "check");
        self.record.note(Check::new(clock.now(), result));
        found
    }

    fn presumed(&self, error: Error, name: &'static str, id: String) -> Error {
        let reason = format!("{id} may be its result, but the API does not expose whose it is");
        self.ambiguous(error, Some(reason)).about(name, id)
    }

    /// The request must not be sent again, whatever the last error was.
    fn ambiguous(&self, error: Error, reason: Option<String>) -> Error {
        let error = if error.is_ambiguous() {
            error
        } else {
            let accepted = "the server accepted the request, so it must not be sent again";
            error
                .with_kind(ErrorKind::Ambiguous)
                .with_retryable(false)
                .because(accepted)
        };
        let error = match reason {
            Some(reason) => error.because(reason),
            None => error,
        };
        error.with_record(self.record.clone())
    }
}
