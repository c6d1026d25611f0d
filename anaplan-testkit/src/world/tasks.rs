//! Work that takes time.

mod state;

use std::collections::BTreeMap;
use std::time::Duration;

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::World;
use crate::world::alm::{AlmOutcome, ReportKind};
use crate::world::books::TaskStarted;
use crate::world::outcome::{RunResult, detail};
use crate::world::rules::{Pacing, SecondSync};
use crate::world::runs::{RunKind, RunParameters};
use crate::world::tokens::later;

pub(crate) use state::{Parent, TaskState};

/// The time finished tasks of ALM can be asked for, and their reports.
pub(crate) const RETENTION: Duration = Duration::from_secs(48 * 3600);
/// The time runs can be asked for, which is longer than they keep their dumps.
const RUN_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// The work of a task.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Bring the parent's model to a revision.
    Sync {
        source: String,
        target: String,
        /// `true` if it skips revisions of the source.
        skips: bool,
    },
    /// Compare two revisions.
    Report {
        kind: ReportKind,
        source_model: ModelId,
        source: String,
        target: String,
    },
    /// Run the parent.
    Run(RunParameters),
}

/// The outcome of the work.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Alm(AlmOutcome),
    Run(RunResult),
}

/// A task.
#[derive(Debug, Clone)]
pub(crate) struct TaskRecord {
    pub(crate) id: TaskId,
    pub(crate) parent: Parent,
    pub(crate) by: UserId,
    pub(crate) created: Timestamp,
    pub(crate) state: TaskState,
    pub(crate) step: String,
    pub(crate) work: Work,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) cancelled_by: Option<UserId>,
    /// When it began what it is at: the work, or to be cancelled.
    since: Option<Timestamp>,
    /// `true` if other work waits for it.
    holds: bool,
    /// The order of their making, for those of one moment.
    number: u64,
    looks: u32,
    pacing: Pacing,
}

/// Every task that is remembered.
#[derive(Debug, Default)]
pub(crate) struct TaskBoard {
    tasks: BTreeMap<TaskId, TaskRecord>,
    made: u64,
}

impl TaskRecord {
    /// Returns whether other work may have waited for it.
    fn held_its_model(&self) -> bool {
        self.holds || self.parent.queues()
    }

    /// When it is over, if that is a matter of time.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self.pacing {
            Pacing::Time(takes) => Some(later(self.since?, takes)),
            Pacing::Instant | Pacing::Polls(_) => None,
        }
    }

    /// Returns how far it is, from 0 to 1.
    pub(crate) fn progress(&self, now: Timestamp) -> f64 {
        match self.state {
            TaskState::NotStarted => 0.0,
            TaskState::Complete | TaskState::Cancelled => 1.0,
            TaskState::InProgress | TaskState::Cancelling => match (self.pacing, self.since) {
                (Pacing::Polls(n), _) => f64::from(self.looks) / f64::from(n.max(1)),
                (Pacing::Time(takes), Some(since)) if !takes.is_zero() => {
                    (now.duration_since(since).as_secs_f64() / takes.as_secs_f64()).clamp(0.0, 1.0)
                }
                _ => 0.0,
            },
        }
    }
}

/// The result of a cancelled run, which had no effect.
fn cancellation(task: &TaskRecord) -> RunResult {
    let (kind, object) = match &task.parent {
        Parent::Run(RunKind::Import, _, object) => ("msgImportCancelled", *object),
        Parent::Run(RunKind::Export, _, object) => ("msgExportCancelled", *object),
        Parent::Run(_, _, object) => ("actionFailed", *object),
        Parent::Sync(_) | Parent::Report(..) => ("actionFailed", 0),
    };
    RunResult {
        object,
        name: String::new(),
        successful: false,
        dump: false,
        details: vec![detail(kind, "The run was cancelled.")],
        nested: Vec::new(),
        started: task.created,
        took: Duration::ZERO,
    }
}

impl TaskBoard {
    /// The task of this id, if it hangs under this parent.
    pub(crate) fn get(&self, parent: &Parent, id: &TaskId) -> Option<&TaskRecord> {
        self.tasks.get(id).filter(|task| task.parent == *parent)
    }

    /// The tasks under a parent, newest first.
    pub(crate) fn under(&self, parent: &Parent) -> Vec<&TaskRecord> {
        let mut tasks: Vec<&TaskRecord> = self
            .tasks
            .values()
            .filter(|task| task.parent == *parent)
            .collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.number));
        tasks
    }

    /// The task that a model is at.
    fn holder(&self, model: &ModelId) -> Option<TaskId> {
        let mut tasks = self.tasks.values();
        let task = tasks.find(|task| task.holds && task.parent.model() == model)?;
        Some(task.id.clone())
    }

    /// Returns the task that a model is busy with.
    pub(crate) fn work_of(&self, model: &ModelId) -> Option<&TaskRecord> {
        self.tasks.get(&self.holder(model)?)
    }

    /// Returns whether a sync of a model is running or queued.
    pub(crate) fn is_syncing(&self, model: &ModelId) -> bool {
        let parent = Parent::Sync(model.clone());
        let mut tasks = self.tasks.values();
        tasks.any(|task| task.parent == parent && !task.state.is_over())
    }

    /// Returns whether a model is at something for which everything else waits.
    pub(crate) fn is_busy(&self, model: &ModelId) -> bool {
        self.holder(model).is_some()
    }

    pub(crate) fn forget_model(&mut self, model: &ModelId) {
        self.tasks.retain(|_, task| task.parent.model() != model);
    }

    fn expire(&mut self, now: Timestamp) {
        self.tasks.retain(|_, task| {
            let kept = if task.parent.queues() {
                RUN_RETENTION
            } else {
                RETENTION
            };
            !task.state.is_over() || later(task.created, kept) >= now
        });
    }
}

impl World {
    /// Starts a task at the pace of the rules.
    pub(crate) fn begin(&mut self, parent: Parent, by: &UserId, work: Work) -> TaskId {
        let id = TaskId::from(self.ids.upper_hex());
        self.tasks.made += 1;
        let second = self.rules.second_sync;
        let is_sync = matches!(parent, Parent::Sync(_));
        let queues = parent.queues() || is_sync && second == SecondSync::Queue;
        let model = parent.model().clone();
        let task = TaskRecord {
            id: id.clone(),
            parent,
            by: by.clone(),
            created: self.now,
            state: if queues {
                TaskState::NotStarted
            } else {
                TaskState::InProgress
            },
            step: if queues { "Waiting" } else { "Processing" }.into(),
            work,
            outcome: None,
            cancelled_by: None,
            since: (!queues).then_some(self.now),
            holds: false,
            number: self.tasks.made,
            looks: 0,
            pacing: self.rules.pacing,
        };
        let instant = task.pacing == Pacing::Instant;
        self.books.tasks_started.push(TaskStarted {
            task: id.clone(),
            user: by.clone(),
            at: self.now,
        });
        self.tasks.tasks.insert(id.clone(), task);
        if queues {
            self.start_next(&model, self.now);
        } else if instant {
            self.finish(&id, self.now);
        }
        id
    }

    /// Looks at a task, which may be what it was waiting for. To look at one that waits for its model
    /// is to look at what the model is doing.
    pub(crate) fn look_at(&mut self, parent: &Parent, id: &TaskId) -> Option<&TaskRecord> {
        let task = self.tasks.get(parent, id)?;
        let looked_at = match task.state {
            TaskState::NotStarted => self.tasks.holder(parent.model()),
            _ => Some(id.clone()),
        };
        if let Some(at) = looked_at {
            let task = self.tasks.tasks.get_mut(&at)?;
            task.looks += 1;
            let due = match task.pacing {
                Pacing::Instant => true,
                Pacing::Polls(n) => task.looks >= n,
                Pacing::Time(_) => false,
            };
            if due && !task.state.is_over() {
                self.finish(&at, self.now);
            }
        }
        self.tasks.get(parent, id)
    }

    /// Asks a task to stop. One that is over stays as it is.
    pub(crate) fn cancel(
        &mut self,
        parent: &Parent,
        id: &TaskId,
        by: &UserId,
    ) -> Option<&TaskRecord> {
        let now = self.now;
        let task = self.tasks.tasks.get_mut(id)?;
        if task.parent != *parent {
            return None;
        }
        if matches!(task.state, TaskState::NotStarted | TaskState::InProgress) {
            task.state = TaskState::Cancelling;
            task.step = "Cancelling".into();
            task.cancelled_by = Some(by.clone());
            task.since = Some(now);
            task.looks = 0;
        }
        self.tasks.get(parent, id)
    }

    /// Does the work whose time has come, in the order of its end.
    pub(crate) fn settle(&mut self) {
        let now = self.now;
        loop {
            let due = self
                .tasks
                .tasks
                .values()
                .filter(|task| !task.state.is_over())
                .filter_map(|task| Some((task.due()?, task.number, task.id.clone())))
                .filter(|(at, ..)| *at <= now)
                .min();
            match due {
                Some((at, _, id)) => self.finish(&id, at),
                None => break,
            }
        }
    }

    /// Lets the model begin with what has waited longest, if it is free.
    fn start_next(&mut self, model: &ModelId, at: Timestamp) {
        if self.tasks.holder(model).is_some() {
            return;
        }
        let waiting = self.tasks.tasks.values_mut();
        let next = waiting
            .filter(|task| task.state == TaskState::NotStarted && task.parent.model() == model)
            .min_by_key(|task| task.number);
        let Some(next) = next else {
            return;
        };
        next.state = TaskState::InProgress;
        next.step = "Processing".into();
        next.since = Some(at.max(next.created));
        next.holds = true;
        let instant = next.pacing == Pacing::Instant;
        let id = next.id.clone();
        if instant {
            self.finish(&id, at);
        }
    }

    /// Forgets what has lived its time.
    pub(crate) fn expire(&mut self) {
        self.tasks.expire(self.now);
        self.files.expire(self.now);
        self.dumps.expire(self.now);
        self.drop_dead_sessions();
        self.drop_dead_grants();
        self.drop_dead_reports();
    }

    fn finish(&mut self, id: &TaskId, at: Timestamp) {
        let Some(task) = self.tasks.tasks.get(id).cloned() else {
            return;
        };
        let cancelled = task.state == TaskState::Cancelling;
        let outcome = if cancelled {
            Outcome::Run(cancellation(&task))
        } else {
            self.carry_out(&task)
        };
        let successful = match &outcome {
            Outcome::Alm(outcome) => outcome.failure.is_none(),
            Outcome::Run(result) => result.successful,
        };
        if let Some(task) = self.tasks.tasks.get_mut(id) {
            task.state = match cancelled {
                true => TaskState::Cancelled,
                false => TaskState::Complete,
            };
            task.step = match (cancelled, successful) {
                (true, _) => "Cancelled.",
                (false, true) => "Complete.",
                (false, false) => "Failed.",
            }
            .into();
            task.outcome = Some(outcome);
            task.holds = false;
        }
        if task.held_its_model() {
            self.start_next(task.parent.model(), at);
        }
    }

    fn carry_out(&mut self, task: &TaskRecord) -> Outcome {
        let model = task.parent.model().clone();
        match &task.work {
            Work::Sync {
                source,
                target,
                skips,
            } => Outcome::Alm(self.sync(task, &model, source, target, *skips)),
            Work::Report {
                kind,
                source_model,
                source,
                target,
            } => Outcome::Alm(self.report(*kind, &model, source_model, source, target)),
            Work::Run(parameters) => Outcome::Run(self.run(task, parameters)),
        }
    }
}
