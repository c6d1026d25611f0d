//! The ways in which the run of a target ends.

use anaplan_core::{Error, TaskId};

use crate::run::context::kind_of;
use crate::run::report::{ServerMessage, TargetOutcome};
use crate::run::target::TargetRun;

/// The way in which the run of a target ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exit {
    /// The target has its goal.
    Done(Box<TargetOutcome>),
    Failed(Box<Failure>),
    /// Ended before a sync or between two syncs, for this reason.
    Stopped(String),
    /// A sync continues.
    InProgress(TaskId),
    /// It is not known whether a sync was started.
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) step: String,
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) server: Option<ServerMessage>,
    pub(super) cause: Cause,
}

/// Cause of a failure, by which the guard decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Before the first sync of the target.
    Before,
    /// The target differs from the plan.
    Conflict,
    /// The server rejected the start of a sync.
    Rejected,
    /// A sync failed, or its outcome cannot be read.
    Sync,
    /// A sync that this run may not have started failed.
    Foreign,
    /// A sync succeeded, and the target does not show it.
    Verify,
    /// A check.
    Check,
    /// The guard itself, after its decision.
    Restore,
}

impl Exit {
    pub(super) fn failed(step: &str, kind: &str, message: impl Into<String>, cause: Cause) -> Self {
        Self::Failed(Box::new(Failure {
            step: step.to_owned(),
            kind: kind.to_owned(),
            message: message.into(),
            server: None,
            cause,
        }))
    }

    pub(super) fn error(step: &str, error: &Error, cause: Cause) -> Self {
        Self::failed(step, &kind_of(error), error.to_string(), cause)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::failed("inspect", "Conflict", message, Cause::Conflict)
    }

    pub(super) fn with_server(mut self, message: Option<ServerMessage>) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.server = message;
        }
        self
    }

    /// Returns the exit of a target that is offline although the exit allows access. A failure stays as it is.
    pub(super) fn left_offline(self, reason: &str) -> Self {
        match self {
            Self::Done(_) | Self::Stopped(_) => {
                Self::failed("restore", "LeftOffline", reason, Cause::Restore)
            }
            exit => exit,
        }
    }

    /// Returns `true` if a sync was executed and failed.
    pub(super) fn is_failed_sync(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.cause == Cause::Sync && failure.kind == "TaskFailed")
    }
}

impl TargetRun {
    /// Returns the exit after a panic, which is most likely one of a check.
    pub(super) fn panicked(&self, error: &tokio::task::JoinError) -> Exit {
        let (step, is_promoted, last_sync) = {
            let progress = self.lock();
            let last_sync = progress.last_sync.is_some();
            (progress.step, progress.is_promoted, last_sync)
        };
        let cause = match (step, is_promoted, last_sync) {
            ("check", true, _) => Cause::Check,
            (_, _, true) => Cause::Sync,
            (_, _, false) => Cause::Before,
        };
        tracing::error!(target: "anaplan::promote", model = %self.model(), step, "panic");
        let text = if error.is_panic() {
            "a panic ended the target"
        } else {
            "the task of the target was cancelled"
        };
        Exit::failed(step, "Panic", text, cause)
    }
}
