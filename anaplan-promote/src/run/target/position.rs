//! The state of a target compared with its plan.

use anaplan_alm::{AlmTaskResult, RevisionId};
use anaplan_core::{Error, Result, TaskId, TaskStatus};

use crate::journal::JournalEvent;
use crate::models::{ActiveState, get_model, is_offline};
use crate::plan::{RevisionRef, SyncStep};
use crate::policy::{Decision, Severity, StartDecision, evaluate_at_start};
use crate::run::context::later;
use crate::run::event::DisplayEvent;
use crate::run::report::TargetStatus;
use crate::run::stop::StopMode;
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};

/// Position of a target on its route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// It has its goal.
    Goal,
    /// This sync is next.
    Next(Box<SyncStep>),
    /// A sync runs that this run did not start.
    Foreign(TaskId),
}

/// Interval at which a sync of another program is polled.
const FOREIGN_INTERVAL: std::time::Duration = std::time::Duration::from_secs(10);

impl TargetRun {
    /// Reads the target and compares it with the plan.
    pub(super) async fn read_position(&self, fallback: bool) -> Result<Position, Exit> {
        self.set_step("inspect");
        let read = self.context.patiently(|| self.read_status()).await;
        let cause = self.cause_of_interruption();
        let status = read.map_err(|error| Exit::error("inspect", &error, cause))?;
        let latest = status.latest.as_ref().map(|latest| &latest.id);
        if latest == Some(&self.goal().id) {
            return Ok(Position::Goal);
        }
        if let Some(ActiveState::Locked | ActiveState::Archived) = status.state {
            return Err(self.state_conflict(&status));
        }
        let is_secured = self.lock().is_secured;
        if let Some(task) = status.running {
            if is_secured {
                return Ok(Position::Foreign(task));
            }
            let text = format!("a sync is running as task {task}");
            return Err(Exit::conflict(text));
        }
        // Offline although this run has not done it, or online although it has.
        let expected = self.planned.model.is_offline() || is_secured;
        let is_ours = self.lock().is_offline && !is_secured;
        if is_offline(status.state.as_ref()) != expected && !is_ours {
            return Err(self.state_conflict(&status));
        }
        let step = latest.and_then(|latest| self.step_from(latest, fallback));
        step.map(Box::new).map(Position::Next).ok_or_else(|| {
            let name = |revision: Option<&RevisionRef>| {
                revision.map_or("none".to_owned(), ToString::to_string)
            };
            let mut text = format!(
                "the latest revision is {}, the plan was made for {}",
                name(status.latest.as_ref()),
                name(self.planned.model.latest.as_ref()),
            );
            if let Some(user) = status
                .latest
                .as_ref()
                .and_then(|latest| latest.applied_by.as_ref())
            {
                text = format!("{text}; applied by user {user}");
            }
            Exit::conflict(text)
        })
    }

    /// Returns the sync that starts from this revision.
    fn step_from(&self, latest: &RevisionId, fallback: bool) -> Option<SyncStep> {
        let (first, second) = match fallback {
            true => (self.planned.fallback(), self.planned.steps()),
            false => (self.planned.steps(), self.planned.fallback()),
        };
        let mut steps = first.iter().chain(second);
        steps
            .find(|step| step.pair.target_revision == *latest)
            .cloned()
    }

    fn state_conflict(&self, status: &TargetStatus) -> Exit {
        let name =
            |state: Option<&ActiveState>| state.map_or("unknown".to_owned(), ToString::to_string);
        let text = format!(
            "the state is {}, the plan was made for {}",
            name(status.state.as_ref()),
            name(self.planned.model.state.as_ref()),
        );
        Exit::conflict(text)
    }

    /// Checks what only matters before the first action.
    pub(super) async fn inspect(&self, step: &SyncStep) -> Result<(), Exit> {
        self.set_step("inspect");
        let source = &step.pair.source_model;
        let offered = || async { self.alm.get_syncable_revisions(source).await };
        let offered = self.context.patiently(offered).await;
        let cause = self.cause_of_interruption();
        let offered = offered.map_err(|error| Exit::error("inspect", &error, cause))?;
        if !offered.iter().any(|revision| revision.id == step.to.id) {
            let text = format!(
                "the source {source} does not offer the revision {}",
                step.to
            );
            return Err(Exit::conflict(text));
        }
        let status = self.context.patiently(|| self.read_status()).await;
        let status = status.map_err(|error| Exit::error("inspect", &error, cause))?;
        self.check_policy(&status).await?;
        self.record(JournalEvent::TargetInspected { status })
    }

    /// Evaluates the rules about the start of a target.
    async fn check_policy(&self, status: &TargetStatus) -> Result<(), Exit> {
        let context = &self.context;
        // The offline state of an earlier process is not the model's.
        let state = match self.lock().is_offline {
            true => self.planned.model.state.clone(),
            false => status.state.clone(),
        };
        let decision = evaluate_at_start(
            &context.promoter,
            &context.plan,
            &context.policies,
            &context.approvals,
            self.wave,
            &self.planned,
            state.as_ref(),
        );
        let cause = self.cause_of_interruption();
        let decision = Box::pin(decision).await;
        let report = match decision.map_err(|error| Exit::error("policy", &error, cause))? {
            StartDecision::Start(_) => return Ok(()),
            StartDecision::Wait { rule, reason } => {
                let reason = format!("the rule '{rule}' does not allow the start yet: {reason}");
                context.pause(&reason);
                return Err(Exit::Stopped(reason));
            }
            StartDecision::Refused(report) => report,
        };
        let open = report
            .findings
            .iter()
            .find(|finding| finding.waived.is_none() && finding.severity != Severity::Warn);
        let message = open.map_or_else(String::new, |finding| {
            format!("{}: {}: {}", finding.rule, finding.subject, finding.message)
        });
        let kind = match report.decision {
            Decision::Denied => "PolicyDenied",
            _ => "ApprovalRequired",
        };
        Err(Exit::failed("policy", kind, message, cause))
    }

    /// Waits for the end of a sync of another program. It is never taken for this run's.
    pub(super) async fn await_foreign(&self, task: &TaskId) -> Result<(), Exit> {
        self.lock().foreign = Some(task.clone());
        let reason = format!("sync {task}, which this run did not start, is in progress");
        loop {
            let now = self.context.now();
            self.context.display(
                Some(self.model()),
                DisplayEvent::Waiting {
                    reason: reason.clone(),
                    until: Some(later(now, FOREIGN_INTERVAL)),
                },
            );
            let slept = self.context.sleep(FOREIGN_INTERVAL, StopMode::Immediate);
            if let Err(interruption) = slept.await {
                let reason = format!("{}; {reason}", interruption.reason());
                return Err(Exit::failed("sync", "Conflict", reason, Cause::Foreign));
            }
            let status = self.context.patiently(|| self.read_status()).await;
            let status = status.map_err(|error| Exit::error("sync", &error, Cause::Foreign))?;
            if status.running.is_some() {
                continue;
            }
            if status
                .latest
                .is_some_and(|latest| latest.id == self.goal().id)
            {
                self.lock().foreign = None;
                return Ok(());
            }
            let text = format!("sync {task}, which this run did not start, ended without success");
            return Err(Exit::failed("sync", "Conflict", text, Cause::Foreign));
        }
    }

    /// Reads state, running sync and latest revision, in this order: a sync that ends in between is seen
    /// by its effect.
    pub(super) async fn read_status(&self) -> Result<TargetStatus> {
        let model = get_model(self.context.session(), self.model()).await?;
        let running = running(&self.alm.get_sync_tasks().await?);
        Ok(TargetStatus {
            state: model.active_state,
            running,
            latest: self.latest().await?,
            as_of: Some(self.context.now()),
        })
    }

    pub(super) async fn latest(&self) -> Result<Option<RevisionRef>> {
        let latest = self.alm.get_latest_revision().await?;
        Ok(latest.as_ref().map(RevisionRef::from))
    }

    /// Reads the state, and returns whether the target is offline.
    pub(super) async fn is_offline_now(&self) -> Result<bool, Error> {
        let model = get_model(self.context.session(), self.model()).await?;
        Ok(is_offline(model.active_state.as_ref()))
    }
}

/// Returns the sync that runs.
pub(super) fn running(tasks: &[TaskStatus<AlmTaskResult>]) -> Option<TaskId> {
    let running = tasks.iter().find(|task| !task.is_finished());
    running.map(|task| task.task_id.clone())
}
