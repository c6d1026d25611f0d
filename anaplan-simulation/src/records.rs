//! Records of attempts whose outcome the caller did not learn, and their evaluation.

mod evaluation;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_alm::Alm;
use anaplan_bulk::Bulk;
use anaplan_core::clock::Clock;
use anaplan_core::{Call, Endpoint, Evaluation, ModelId, Namespace, ReconciliationRecord, Result};
use anaplan_transactional::{NewListItem, endpoints::InsertListItems};

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;
use crate::environment::Environment;
use crate::expectations::Reported;
use crate::program::Step;
use crate::transport::locked;

/// Duration of the check after the timeout of a call whose outcome is unknown.
const LAST_CHECK: Duration = Duration::from_secs(5);
/// Number of records that are evaluated at the end of a program.
const AT_END: usize = 6;

/// The record of an attempt whose outcome its caller did not learn, as a caller stores it.
#[derive(Debug, Clone)]
pub(crate) struct StoredRecord {
    step: usize,
    work: Work,
    json: String,
}

/// The work that an attempt requests.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// By name.
    Revision(String),
    /// By target.
    Sync(ModelId),
    /// By object.
    Run(u64),
    Deletion,
    /// An item without code and name, which cannot be looked up.
    Insertion(u64),
    /// `true` if the model becomes offline.
    Offline(bool),
}

/// The attempts of one call that must not run twice.
pub(crate) struct Observed {
    latest: Arc<Mutex<Option<ReconciliationRecord>>>,
    began: Duration,
}

impl ActionContext<'_> {
    /// Applies the timeout of the step and observes the attempts.
    pub(crate) fn observed<E: Endpoint, T>(&self, call: Call<E, T>) -> (Call<E, T>, Observed) {
        let latest = Arc::new(Mutex::new(None));
        let observed = Observed {
            latest: Arc::clone(&latest),
            began: self.now(),
        };
        let call = call.on_attempt(move |record| {
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
        });
        let call = match self.timeout() {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        (call, observed)
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.step.timeout.map(Duration::from_millis)
    }

    pub(crate) fn now(&self) -> Duration {
        self.env.fake.clock().monotonic()
    }

    /// Checks that a call ended within the timeout of the step.
    pub(crate) fn check_timeout<T>(&self, began: Duration, grace: Duration, ended: &Ended<T>) {
        let Some(limit) = self.timeout() else {
            return;
        };
        let took = self.now().saturating_sub(began);
        let dropped = matches!(ended, Ended::Dropped);
        if !dropped && took > limit + grace + Duration::from_millis(1) {
            let text = format!("{:?} took {took:?} of {limit:?}", self.step.action);
            self.violation(rules::TIMEOUTS, text);
        }
        self.count("timeouts compared");
    }

    /// Returns the report of a call that must not run twice, and stores the record of its attempt.
    pub(crate) fn reported<T>(
        &self,
        ended: &Ended<T>,
        observed: &Observed,
        work: Work,
    ) -> Reported {
        self.check_timeout(observed.began, LAST_CHECK, ended);
        let mut latest = observed
            .latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (ended, latest.take()) {
            (Ended::Failed(error), latest) if error.is_ambiguous() => {
                let nonce = latest.map(|record| record.nonce);
                match error.record() {
                    Some(record) if Some(&record.nonce) == nonce.as_ref() => {
                        self.store(record, work);
                    }
                    _ if error
                        .operation()
                        .is_some_and(|name| name.starts_with("auth.")) => {}
                    other => {
                        let text = format!("{error}: {other:?}, sent {nonce:?}");
                        self.violation(rules::RECORDS, text);
                    }
                }
            }
            // Nothing was sent.
            (Ended::Dropped, None) => return Reported::NotDone,
            (Ended::Dropped, Some(record)) => self.store(&record, work),
            _ => {}
        }
        ended.reported()
    }

    fn store(&self, record: &ReconciliationRecord, work: Work) {
        let json = serde_json::to_string(record).unwrap_or_default();
        let read: Option<ReconciliationRecord> = serde_json::from_str(&json).ok();
        if read.as_ref() != Some(record) {
            self.violation(rules::RECORDS, format!("{json} is not {record:?}"));
        }
        if self.env.shows_secret(&json) {
            self.violation(rules::SECRETS, "a record shows a credential");
        }
        let step = self.number;
        let stored = StoredRecord { step, work, json };
        self.env.expectations().records.push(stored);
        self.count("records stored");
    }

    /// Evaluates one of the records that were stored so far.
    pub(crate) async fn evaluate(&self, same_session: bool) -> Result<()> {
        let stored = {
            let records = &self.env.expectations().records;
            let index = self.number.checked_rem(records.len());
            index.and_then(|index| records.get(index)).cloned()
        };
        let Some(stored) = stored else {
            return Ok(());
        };
        self.env
            .evaluate(self.number, self.step, &stored, same_session, false)
            .await
    }
}

impl Environment {
    /// Evaluates the records when no request is in flight and no fault remains.
    pub(crate) async fn evaluate_at_end(&self) -> Result<()> {
        let records = self.expectations().records.clone();
        for stored in records.iter().rev().take(AT_END) {
            let step = Step {
                cancel: None,
                timeout: None,
                ..self.program.steps[stored.step].clone()
            };
            for same_session in [false, true] {
                self.evaluate(stored.step, &step, stored, same_session, true)
                    .await?;
            }
        }
        Ok(())
    }

    async fn evaluate(
        &self,
        number: usize,
        step: &Step,
        stored: &StoredRecord,
        same_session: bool,
        at_end: bool,
    ) -> Result<()> {
        let owner = Self::session_index(self.program.steps[stored.step].user);
        let index = if same_session { owner } else { 1 - owner };
        let (session, scope) = (self.sessions[index].clone(), Self::scope(&self.demo.dev));
        let alm = Alm::bind(session.clone(), &scope)?;
        let bulk = Bulk::bind(session.clone(), &scope)?;
        let list = self.objects[self.program.steps[stored.step].user].numbered;
        let dev = self.demo.dev.clone();
        let Ok(record) = serde_json::from_str::<ReconciliationRecord>(&stored.json) else {
            return Ok(());
        };
        let (read, work) = (record.clone(), stored.work.clone());
        let call = async move {
            Ok::<Evaluation<Option<String>>, anaplan_core::Error>(match work {
                Work::Revision(_) => alm
                    .evaluate_revision(read)
                    .await?
                    .map(|revision| Some(revision.id.to_string())),
                Work::Sync(_) => alm
                    .evaluate_sync(read)
                    .await?
                    .map(|task| Some(task.id().to_string())),
                Work::Run(_) => bulk
                    .evaluate_run(read)
                    .await?
                    .map(|task| Some(task.id().to_string())),
                Work::Deletion => bulk.tenant().evaluate_delete(read).await?.map(|_| None),
                Work::Insertion(amount) => {
                    let item = NewListItem::unnamed().property("Amount", amount);
                    let insert = InsertListItems::new(dev, list, [item]);
                    session.evaluate(insert, read).await?.map(|_| None)
                }
                Work::Offline(_) => alm.evaluate_model_status(read).await?.map(|()| None),
            })
        };
        let ended = self.attempt(number, step, call).await;
        let calls = self.notes().calls.get(&number).copied().unwrap_or_default();
        let changed = locked(&self.traffic)
            .calls
            .get(&(number * 1_000 + calls))
            .is_some_and(|of| of.has_changed_anything());
        if changed {
            self.violation(
                rules::EVALUATIONS,
                number,
                "an evaluation changes something",
            );
        }
        match ended {
            Ended::Returned(found) => {
                self.check_evaluation(number, stored, &record, &found, same_session, at_end);
            }
            Ended::Failed(error) if at_end => {
                let text = format!("without any fault: {error}");
                self.violation(rules::EVALUATIONS, number, text);
            }
            Ended::Failed(_) | Ended::Dropped => {}
        }
        Ok(())
    }
}
