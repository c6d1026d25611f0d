//! Comparison of evaluations with the effect log.

use anaplan_core::clock::Clock;
use anaplan_core::{Evaluation, ModelId, ReconciliationRecord};
use jiff::{SignedDuration, Timestamp};

use crate::checker::rules;
use crate::environment::Environment;
use crate::expectations::{Reported, Requested};
use crate::records::{StoredRecord, Work};

/// Age up to which every listing still has the work.
const LISTED: SignedDuration = SignedDuration::from_hours(40);

/// A piece of work that may be the result of an attempt.
#[derive(Debug, Clone)]
struct Candidate {
    id: String,
    own: bool,
    /// `true` if it has the recorded arguments. A listing does not show those of a running sync.
    matches: bool,
    started: Option<Timestamp>,
}

impl Environment {
    pub(super) fn check_evaluation(
        &self,
        number: usize,
        stored: &StoredRecord,
        record: &ReconciliationRecord,
        found: &Evaluation<Option<String>>,
        same_session: bool,
        at_end: bool,
    ) {
        let candidates = self.candidates(stored, record);
        let text = format!("{found:?} of {stored:?}, candidates {candidates:?}");
        let wrong = |rule| self.violation(rule, number, text.clone());
        let done = self.is_in_effect(&stored.work);
        let name = match found {
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
                    Some(candidate) if !candidate.matches => wrong(rules::EVALUATIONS),
                    Some(_) if matches!(stored.work, Work::Run(_)) => wrong(rules::EVALUATIONS),
                    // A session knows the tasks that its calls have returned.
                    Some(_) if at_end && same_session && self.is_claimed(id, stored.step) => {
                        wrong(rules::SHARED);
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
                self.not_executed(stored.step);
                "evaluations: not executed"
            }
            _ => {
                let deletes = matches!(stored.work, Work::Deletion);
                let existed = record
                    .baseline
                    .as_ref()
                    .is_some_and(|ids| ids.iter().any(|id| *id == *self.demo.closable.as_str()));
                // The fake varies the state that a model shows.
                let shown = !matches!(stored.work, Work::Offline(_)) || !self.program.varied;
                let had_state = match stored.work {
                    Work::Offline(offline) => record
                        .baseline
                        .iter()
                        .flatten()
                        .any(|state| state.contains("MAINTENANCE") == offline),
                    _ => false,
                };
                let visible = done && shown && !had_state && (!deletes || existed);
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
            let task = |id: &anaplan_core::TaskId, matches| {
                let started = log.tasks_started.iter().find(|started| started.task == *id);
                Candidate {
                    id: id.to_string(),
                    own: started.is_some_and(|started| started.user == self.demo.admin.id),
                    matches,
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
                        matches: true,
                        started: None,
                    };
                    named.map(candidate).collect()
                }
                Work::Sync(target) => {
                    let started = log.syncs_started.iter();
                    let same = started.filter(|(model, ..)| model == target);
                    same.map(|(_, id, source)| task(id, stored.json.contains(source.as_str())))
                        .collect()
                }
                Work::Run(object) => {
                    let started = log.runs_started.iter();
                    let same = started.filter(|run| run.object == *object);
                    same.map(|run| task(&run.task, true)).collect()
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

    /// `true` if the only candidate is the caller's own, is listed, and can belong to no other call.
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
        let is_possible = only.own && only.matches && is_newer && age < LISTED;
        is_possible && !self.has_other_requests(&stored.work, stored.step)
    }

    /// `true` if another call may have started work of this kind on the same object.
    fn has_other_requests(&self, work: &Work, step: usize) -> bool {
        fn has<K: PartialEq>(requested: &[Requested<K>], what: &K, step: usize) -> bool {
            let of_this = requested.iter().filter(|other| other.what == *what);
            let mut others = of_this.filter(|other| other.step != step);
            others.any(|other| other.reported != Reported::NotDone)
        }
        let expectations = self.expectations();
        match work {
            Work::Revision(name) => has(&expectations.revisions, name, step),
            Work::Sync(target) => has(&expectations.syncs, target, step),
            Work::Run(object) => has(&expectations.runs, object, step),
            Work::Deletion | Work::Insertion(_) | Work::Offline(_) => false,
        }
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

    /// Records that a call was not executed. The checker compares it with the effects.
    fn not_executed(&self, step: usize) {
        fn set<K>(requested: &mut [Requested<K>], step: usize) {
            for requested in requested.iter_mut().filter(|other| other.step == step) {
                requested.reported = Reported::NotDone;
            }
        }
        let mut expectations = self.expectations();
        set(&mut expectations.revisions, step);
        set(&mut expectations.syncs, step);
        set(&mut expectations.runs, step);
    }
}
