//! Records of attempts whose outcome the caller did not learn, and their evaluation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_alm::Alm;
use anaplan_bulk::Bulk;
use anaplan_core::clock::Clock;
use anaplan_core::{Call, Endpoint, Evaluation, ModelId, Namespace, ReconciliationRecord, Result};
use anaplan_transactional::{InsertListItems, NewListItem};
use jiff::{SignedDuration, Timestamp};

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;
use crate::environment::Environment;
use crate::expectations::{Reported, Requested};
use crate::program::Step;
use crate::transport::locked;

/// Duration of the check after the timeout of a call whose outcome is unknown.
const LAST_CHECK: Duration = Duration::from_secs(5);
/// Age up to which every listing still has the work.
const LISTED: SignedDuration = SignedDuration::from_hours(40);
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

/// A piece of work that may be the result of an attempt.
#[derive(Debug, Clone)]
struct Candidate {
    id: String,
    own: bool,
    started: Option<Timestamp>,
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
                self.check_evaluation(number, stored, &record, found, same_session, at_end);
            }
            Ended::Failed(error) if at_end => {
                let text = format!("without any fault: {error}");
                self.violation(rules::EVALUATIONS, number, text);
            }
            Ended::Failed(_) | Ended::Dropped => {}
        }
        Ok(())
    }

    fn check_evaluation(
        &self,
        number: usize,
        stored: &StoredRecord,
        record: &ReconciliationRecord,
        found: Evaluation<Option<String>>,
        same_session: bool,
        at_end: bool,
    ) {
        let candidates = self.candidates(stored, record);
        let text = format!("{found:?} of {stored:?}, candidates {candidates:?}");
        let wrong = |rule| self.violation(rule, number, text.clone());
        let done = self.is_in_effect(&stored.work);
        let name = match &found {
            Evaluation::Confirmed(None) => {
                // The state may change again.
                if at_end && !done {
                    wrong(rules::EVALUATIONS);
                }
                "evaluations: confirmed"
            }
            Evaluation::Confirmed(Some(id)) => {
                match candidates.iter().find(|candidate| candidate.id == *id) {
                    Some(candidate) if !candidate.own => wrong(rules::FOREIGN),
                    Some(_) if matches!(stored.work, Work::Run(_)) => wrong(rules::EVALUATIONS),
                    Some(_) if same_session || !self.is_claimed(id, stored.step) => {
                        self.resolve(stored.step, Reported::Done, Some(id));
                    }
                    Some(_) => {}
                    None => wrong(rules::EVALUATIONS),
                }
                "evaluations: confirmed"
            }
            Evaluation::Presumed { id, .. } => {
                if !candidates.iter().any(|candidate| candidate.id == *id) {
                    wrong(rules::EVALUATIONS);
                }
                "evaluations: presumed"
            }
            Evaluation::NotExecuted(_) => {
                self.resolve(stored.step, Reported::NotDone, None);
                "evaluations: not executed"
            }
            _ => {
                let deletes = matches!(stored.work, Work::Deletion);
                let existed = record
                    .baseline
                    .as_ref()
                    .is_some_and(|ids| ids.iter().any(|id| *id == *self.demo.closable.as_str()));
                let visible = done && (!deletes || existed);
                if at_end && (visible || self.must_be_found(stored, record, &candidates)) {
                    wrong(rules::EVALUATIONS);
                }
                "evaluations: unknown"
            }
        };
        self.notes().coverage.count(name);
    }

    /// Returns the work in the effect log that is not in the record's baseline.
    fn candidates(&self, stored: &StoredRecord, record: &ReconciliationRecord) -> Vec<Candidate> {
        let baseline = record.baseline.as_deref().unwrap_or_default();
        let mut candidates: Vec<Candidate> = self.fake.world(|world| {
            let log = world.books();
            let task = |id: &anaplan_core::TaskId| {
                let started = log.tasks_started.iter().find(|started| started.task == *id);
                Candidate {
                    id: id.to_string(),
                    own: started.is_some_and(|started| started.user == self.demo.admin.id),
                    started: started.map(|started| started.at),
                }
            };
            match &stored.work {
                Work::Revision(name) => {
                    let named = log.revisions_created.iter();
                    let named = named.filter(|(_, _, known)| known == name);
                    let candidate = |(_, id, _): &(ModelId, String, String)| Candidate {
                        id: id.clone(),
                        own: world
                            .revision(id)
                            .is_some_and(|revision| revision.created_by == self.demo.admin.id),
                        started: None,
                    };
                    named.map(candidate).collect()
                }
                Work::Sync(target) => {
                    let started = log.syncs_started.iter();
                    let same = started.filter(|(model, _, source)| {
                        model == target && stored.json.contains(source.as_str())
                    });
                    same.map(|(_, id, _)| task(id)).collect()
                }
                Work::Run(object) => {
                    let started = log.runs_started.iter();
                    let same = started.filter(|run| run.object == *object);
                    same.map(|run| task(&run.task)).collect()
                }
                Work::Deletion | Work::Insertion(_) | Work::Offline(_) => Vec::new(),
            }
        });
        candidates.retain(|candidate| !baseline.contains(&candidate.id));
        candidates
    }

    /// `true` if the state of the model is the requested one.
    fn is_in_effect(&self, work: &Work) -> bool {
        self.fake.world(|world| match work {
            Work::Deletion => world.model(&self.demo.closable).is_none(),
            Work::Offline(offline) => world
                .model(&self.demo.plain)
                .is_some_and(|plain| plain.state.is_offline() == *offline),
            Work::Revision(_) | Work::Sync(_) | Work::Run(_) | Work::Insertion(_) => false,
        })
    }

    /// `true` if the only candidate is the caller's own, is listed, and belongs to no other call.
    fn must_be_found(
        &self,
        stored: &StoredRecord,
        record: &ReconciliationRecord,
        candidates: &[Candidate],
    ) -> bool {
        let [only] = candidates else {
            return false;
        };
        let skew = SignedDuration::from_secs(self.program.clock_skew);
        let Ok(sent) = record.sent_at.checked_sub(skew) else {
            return false;
        };
        let age = self.fake.clock().now().duration_since(sent);
        let is_newer = only
            .started
            .is_none_or(|started| started.duration_since(sent) >= -SignedDuration::from_secs(1));
        only.own && age < LISTED && is_newer && !self.is_claimed(&only.id, stored.step)
    }

    /// `true` if another call has returned this id.
    fn is_claimed(&self, id: &str, step: usize) -> bool {
        fn has<K>(requested: &[Requested<K>], id: &str, step: usize) -> bool {
            let mut others = requested.iter().filter(|other| other.step != step);
            others.any(|other| other.id.as_deref() == Some(id))
        }
        let expectations = self.expectations();
        has(&expectations.revisions, id, step)
            || has(&expectations.syncs, id, step)
            || has(&expectations.runs, id, step)
    }

    /// Records the outcome of a call that was determined later. The checker compares it with the effects.
    fn resolve(&self, step: usize, reported: Reported, id: Option<&str>) {
        fn set<K>(
            requested: &mut [Requested<K>],
            step: usize,
            reported: Reported,
            id: Option<&str>,
        ) {
            for requested in requested.iter_mut().filter(|other| other.step == step) {
                requested.reported = reported;
                requested.id = id.map(str::to_owned);
            }
        }
        let mut expectations = self.expectations();
        set(&mut expectations.revisions, step, reported, id);
        set(&mut expectations.syncs, step, reported, id);
        set(&mut expectations.runs, step, reported, id);
    }
}
