//! The reports of targets that did not start, and that of the run.

use crate::journal::JournalEvent;
use crate::plan::{PlannedTarget, PlannedWave};
use crate::run::context::{Mode, kind_of};
use crate::run::engine::{Engine, Halt};
use crate::run::report::{NextStep, Report, RunStatus, TargetOutcome, TargetReport, TargetStatus};

impl Engine {
    /// Returns the report of a target that this process has not touched.
    pub(super) fn unstarted(&self, wave: &PlannedWave, target: &PlannedTarget) -> TargetReport {
        let history = self.history.target(&target.model.id);
        let is_selected = self.context.is_selected(&target.model.id);
        let outcome = match (&self.halt, history.outcome) {
            (_, Some(outcome)) if outcome.is_success() || self.context.mode == Mode::Recover => {
                outcome
            }
            _ if !is_selected => TargetOutcome::Skipped {
                reason: "the run is limited to other targets".to_owned(),
            },
            (Some(halt), _) => TargetOutcome::Skipped {
                reason: halt.reason().to_owned(),
            },
            (None, _) => TargetOutcome::Skipped {
                reason: "the target was not started".to_owned(),
            },
        };
        // Only a recovery without a journal leaves such a target as it is.
        let undecided = match (&outcome, self.context.mode) {
            (TargetOutcome::Unknown { reason }, Mode::Recover) => Some(reason.clone()),
            _ => None,
        };
        let next_step = match (&self.halt, outcome.is_success() || !is_selected) {
            (_, true) => NextStep::None,
            (_, false) if undecided.is_some() => NextStep::Manual {
                instructions: format!(
                    "{}. Check the model, and bring it online if the run left it offline",
                    undecided.unwrap_or_default()
                ),
            },
            (Some(halt), false) => halt.next_step(),
            (None, false) => NextStep::Resume,
        };
        TargetReport {
            model: target.model.id.clone(),
            name: target.model.name.clone(),
            wave: wave.name.clone(),
            outcome,
            status: TargetStatus::default(),
            next_step,
            syncs: history.syncs,
        }
    }

    pub(super) fn finish(self) -> Report {
        let (status, reason) = self.status();
        let event = JournalEvent::RunEnded {
            status,
            reason: reason.clone(),
        };
        let _ = self.context.record(None, event);
        Report {
            run: self.history.started.run,
            plan: self.context.plan.id.clone(),
            status,
            reason,
            targets: self.reports,
        }
    }

    /// Returns `true` if a target that a killed process left behind is still offline or has failed.
    fn is_unrecovered(&self, report: &TargetReport) -> bool {
        let model = &report.model;
        let is_offline = || {
            let history = self.context.journal.history();
            history.is_ok_and(|history| history.target(model).is_offline)
        };
        self.history.target(model).needs_recovery() && (is_failure(&report.outcome) || is_offline())
    }

    fn status(&self) -> (RunStatus, Option<String>) {
        let counts = |report: &&TargetReport| {
            self.context.is_selected(&report.model) || self.is_unrecovered(report)
        };
        let mut counted = self.reports.iter().filter(counts);
        let Some(open) = counted.find(|report| !report.outcome.is_success()) else {
            return (RunStatus::Finished, None);
        };
        if let Some(reason) = self.context.pause_reason() {
            return (RunStatus::Paused, Some(reason));
        }
        match &self.halt {
            Some(Halt::Paused { reason, .. }) => (RunStatus::Paused, Some(reason.clone())),
            Some(Halt::Stopped(reason)) => (RunStatus::Stopped, Some(reason.clone())),
            Some(Halt::Failed(reason)) => (RunStatus::Failed, Some(reason.clone())),
            None if self.context.mode == Mode::Recover => {
                let mut reports = self.reports.iter();
                let is_unknown = |report: &&TargetReport| {
                    matches!(report.outcome, TargetOutcome::Unknown { .. })
                };
                if let Some(unknown) = reports.find(is_unknown) {
                    let text = format!("it is not known how to recover '{}'", unknown.name);
                    return (RunStatus::Failed, Some(text));
                }
                let text = "the run is recovered, and continues with `resume`";
                (RunStatus::Stopped, Some(text.to_owned()))
            }
            None => {
                let text = format!("'{}' was not promoted", open.name);
                (RunStatus::Failed, Some(text))
            }
        }
    }
}

pub(super) fn is_failure(outcome: &TargetOutcome) -> bool {
    matches!(
        outcome,
        TargetOutcome::Failed { .. }
            | TargetOutcome::Unknown { .. }
            | TargetOutcome::InProgress { .. }
    )
}

pub(super) fn failed_to_start(
    wave: &PlannedWave,
    target: &PlannedTarget,
    error: &anaplan_core::Error,
) -> TargetReport {
    TargetReport {
        model: target.model.id.clone(),
        name: target.model.name.clone(),
        wave: wave.name.clone(),
        outcome: TargetOutcome::Failed {
            step: "run".to_owned(),
            kind: kind_of(error),
            message: error.to_string(),
            server: None,
        },
        status: TargetStatus::default(),
        next_step: NextStep::Resume,
        syncs: Vec::new(),
    }
}
