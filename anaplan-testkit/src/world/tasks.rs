//! Work that takes time.

use std::collections::BTreeMap;
use std::time::Duration;

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::World;
use crate::world::alm::{AlmOutcome, ReportKind};
use crate::world::rules::Pacing;
use crate::world::tokens::later;

/// How long finished tasks can be asked for.
pub(crate) const RETENTION: Duration = Duration::from_secs(48 * 3600);

/// What a task hangs under: it cannot be found anywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parent {
    Sync(ModelId),
    Report(ReportKind, ModelId),
}

impl Parent {
    pub(crate) fn model(&self) -> &ModelId {
        match self {
            Self::Sync(model) | Self::Report(_, model) => model,
        }
    }
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    InProgress,
    Complete,
}

impl TaskState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
        }
    }
}

/// What there is to do.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Bring the parent's model to a revision.
    Sync {
        source_model: ModelId,
        source: String,
        target: String,
    },
    /// Compare two revisions.
    Report {
        source_model: ModelId,
        source: String,
        target: String,
    },
}

/// What came of the work.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Alm(AlmOutcome),
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

    pub(crate) fn forget_model(&mut self, model: &ModelId) {
        self.tasks.retain(|_, task| task.parent.model() != model);
    }

    fn forget_before(&mut self, moment: Timestamp) {
        self.tasks
            .retain(|_, task| task.state != TaskState::Complete || task.created >= moment);
    }
}

impl World {
    /// Starts a task at the pace of the rules.
    pub(crate) fn begin(&mut self, parent: Parent, by: &UserId, work: Work) -> TaskId {
        let id = TaskId::from(self.ids.upper_hex());
        self.tasks.made += 1;
        let task = TaskRecord {
            id: id.clone(),
            parent,
            by: by.clone(),
            created: self.now,
            state: TaskState::InProgress,
            step: "Processing".into(),
            work,
            outcome: None,
            number: self.tasks.made,
            looks: 0,
            pacing: self.rules.pacing,
        };
        let instant = task.pacing == Pacing::Instant;
        self.tasks.tasks.insert(id.clone(), task);
        if instant {
            self.finish(&id);
        }
        id
    }

    /// Looks at a task, which may be what it was waiting for.
    pub(crate) fn look_at(&mut self, parent: &Parent, id: &TaskId) -> Option<&TaskRecord> {
        let task = self.tasks.tasks.get_mut(id)?;
        if task.parent != *parent {
            return None;
        }
        task.looks += 1;
        let due = matches!(task.pacing, Pacing::Polls(n) if task.looks >= n);
        if due && task.state == TaskState::InProgress {
            self.finish(id);
        }
        self.tasks.get(parent, id)
    }

    /// Does the work whose time has come, in the order of its beginning.
    pub(crate) fn settle(&mut self) {
        let now = self.now;
        let mut due: Vec<(u64, TaskId)> = self
            .tasks
            .tasks
            .values()
            .filter(|task| task.state == TaskState::InProgress)
            .filter(|task| match task.pacing {
                Pacing::Time(takes) => later(task.created, takes) <= now,
                Pacing::Instant | Pacing::Polls(_) => false,
            })
            .map(|task| (task.number, task.id.clone()))
            .collect();
        due.sort_unstable();
        for (_, id) in due {
            self.finish(&id);
        }
    }

    /// Forgets what has lived its time.
    pub(crate) fn expire(&mut self) {
        let Ok(retention) = jiff::SignedDuration::try_from(RETENTION) else {
            return;
        };
        if let Ok(moment) = self.now.checked_sub(retention) {
            self.tasks.forget_before(moment);
        }
        self.drop_dead_sessions();
        self.drop_dead_reports();
    }

    fn finish(&mut self, id: &TaskId) {
        let Some(task) = self.tasks.tasks.get(id).cloned() else {
            return;
        };
        let outcome = self.carry_out(&task);
        let successful = match &outcome {
            Outcome::Alm(outcome) => outcome.failure.is_none(),
        };
        if let Some(task) = self.tasks.tasks.get_mut(id) {
            task.state = TaskState::Complete;
            task.step = if successful { "Complete." } else { "Failed." }.into();
            task.outcome = Some(outcome);
        }
    }

    fn carry_out(&mut self, task: &TaskRecord) -> Outcome {
        let model = task.parent.model().clone();
        match &task.work {
            Work::Sync {
                source_model,
                source,
                target,
            } => Outcome::Alm(self.sync(task, &model, source_model, source, target)),
            Work::Report {
                source_model,
                source,
                target,
            } => {
                let kind = match task.parent {
                    Parent::Report(kind, _) => kind,
                    Parent::Sync(_) => ReportKind::Comparison,
                };
                Outcome::Alm(self.report(kind, &model, source_model, source, target))
            }
        }
    }
}
