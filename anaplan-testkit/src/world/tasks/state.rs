//! Parents and states of tasks.

use anaplan_core::ModelId;

use crate::world::alm::ReportKind;
use crate::world::runs::RunKind;

/// The parent of a task. A task is found under its parent only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parent {
    Sync(ModelId),
    Report(ReportKind, ModelId),
    /// An import, export, action or process.
    Run(RunKind, ModelId, u64),
}

impl Parent {
    pub(crate) fn model(&self) -> &ModelId {
        match self {
            Self::Sync(model) | Self::Report(_, model) | Self::Run(_, model, _) => model,
        }
    }

    /// Returns whether a model runs one task of this kind at a time.
    pub(super) fn queues(&self) -> bool {
        matches!(self, Self::Run(..))
    }
}

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    NotStarted,
    InProgress,
    Complete,
    Cancelling,
    Cancelled,
}

impl TaskState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT_STARTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled)
    }
}
