//! The report of a target: outcome, present state, recommendation.

use std::time::Duration;

use anaplan_core::clock::within;

use crate::journal::JournalEvent;
use crate::run::instructions::instructions;
use crate::run::report::{NextStep, TargetOutcome, TargetReport, TargetStatus};
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};

/// Longest time for reading the state of a target after its end.
const STATUS_LIMIT: Duration = Duration::from_secs(60);

impl TargetRun {
    /// Reads the state of the target, and writes and returns the report.
    pub(super) async fn end(&self, exit: Exit, left_offline: Option<String>) -> TargetReport {
        let clock = self.context.session().clock();
        let read = within(clock, STATUS_LIMIT, self.read_status()).await;
        let status = read.and_then(Result::ok).unwrap_or(TargetStatus {
            latest: None,
            state: None,
            running: None,
            as_of: None,
        });
        let next_step = self.next_step(&exit, left_offline.as_deref());
        let outcome = outcome(exit);
        self.note(JournalEvent::TargetEnded {
            outcome: outcome.clone(),
            next_step: next_step.clone(),
        });
        TargetReport {
            model: self.model().clone(),
            name: self.planned.model.name.clone(),
            wave: self.context.plan.waves[self.wave].name.clone(),
            outcome,
            status,
            next_step,
            syncs: self.lock().syncs.clone(),
        }
    }

    fn next_step(&self, exit: &Exit, left_offline: Option<&str>) -> NextStep {
        let offline = |reason: &str| NextStep::Manual {
            instructions: format!(
                "{} is offline: {reason}. Check the model, then bring it online or recover the run",
                self.name()
            ),
        };
        match (exit, left_offline) {
            (Exit::InProgress(_), _) => NextStep::Resume,
            (Exit::Failed(failure), None) if failure.kind == "ApprovalRequired" => {
                let what = failure.message.split(':').next().unwrap_or_default();
                NextStep::Approve {
                    what: format!("the findings of the rule '{what}'"),
                }
            }
            (Exit::Failed(failure), left_offline) => {
                let server = failure.server.as_ref();
                let text = match server {
                    Some(server) => format!("{} {server}", failure.message),
                    None => failure.message.clone(),
                };
                match (instructions(&failure.kind, &text), left_offline) {
                    (Some(instructions), Some(reason)) => NextStep::Manual {
                        instructions: format!(
                            "{instructions}. {} is offline: {reason}",
                            self.name()
                        ),
                    },
                    (Some(instructions), None) => NextStep::Manual { instructions },
                    (None, Some(reason)) => offline(reason),
                    (None, None) if failure.cause == Cause::Conflict => NextStep::Replan,
                    (None, None) => NextStep::Resume,
                }
            }
            (_, Some(reason)) => offline(reason),
            (Exit::Done(_), None) => NextStep::None,
            (Exit::Stopped(_), None) => NextStep::Resume,
            (Exit::Unknown(_), None) => NextStep::Manual {
                instructions: format!(
                    "check the syncs of {} in Anaplan; if none was started, resume the run with `resend_unknown`",
                    self.name()
                ),
            },
        }
    }
}

fn outcome(exit: Exit) -> TargetOutcome {
    match exit {
        Exit::Done(outcome) => *outcome,
        Exit::Failed(failure) => TargetOutcome::Failed {
            step: failure.step,
            kind: failure.kind,
            message: failure.message,
            server: failure.server,
        },
        Exit::Stopped(reason) => TargetOutcome::Skipped { reason },
        Exit::InProgress(task) => TargetOutcome::InProgress { task },
        Exit::Unknown(reason) => TargetOutcome::Unknown { reason },
    }
}
