//! Results of a run.

use crate::models::ActiveState;
use anaplan_alm::RevisionPair;
use anaplan_core::{ModelId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::plan::{PlanId, RevisionRef};

/// Result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Id of the run.
    pub run: String,
    /// Id of the plan.
    pub plan: PlanId,
    /// Status.
    pub status: RunStatus,
    /// Reason, unless all targets were promoted.
    pub reason: Option<String>,
    /// Targets, in the order of the plan.
    pub targets: Vec<TargetReport>,
}

/// Status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RunStatus {
    /// All targets have reached their goal.
    Finished,
    /// At least one target failed, or its outcome is not known.
    Failed,
    /// The run waits for an approval, a time or a decision.
    Paused,
    /// The run was stopped.
    Stopped,
}

/// Result of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TargetReport {
    /// Model.
    pub model: ModelId,
    /// Name of the model.
    pub name: String,
    /// Name of the wave.
    pub wave: String,
    /// Outcome.
    pub outcome: TargetOutcome,
    /// State of the model afterwards.
    pub status: TargetStatus,
    /// Recommendation.
    pub next_step: NextStep,
    /// Syncs, in order.
    pub syncs: Vec<SyncReport>,
}

/// Outcome of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "outcome",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum TargetOutcome {
    /// The run has brought the target to its goal.
    Succeeded,
    /// The target has its goal by a sync of another program or user.
    AppliedElsewhere,
    /// The target had its goal when the plan was made.
    UpToDate,
    /// The target failed.
    Failed {
        /// Step: `inspect`, `policy`, `check`, `take-offline`, `sync`, `verify`, `restore`,
        /// `journal` or `run`.
        step: String,
        /// Kind of the error.
        kind: String,
        /// Explanation.
        message: String,
        /// Message of the server, if a sync failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<ServerMessage>,
    },
    /// A sync continues.
    InProgress {
        /// Task.
        task: TaskId,
    },
    /// The target was not started, or was stopped between two syncs.
    Skipped {
        /// Reason.
        reason: String,
    },
    /// It is not known whether a sync was started.
    Unknown {
        /// Explanation.
        reason: String,
    },
}

impl TargetOutcome {
    /// Returns `true` if the target has reached its goal.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::AppliedElsewhere | Self::UpToDate
        )
    }
}

/// State of a target. Fields that could not be read are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TargetStatus {
    /// Latest revision.
    pub latest: Option<RevisionRef>,
    /// State.
    pub state: Option<ActiveState>,
    /// Sync that runs.
    pub running: Option<TaskId>,
    /// Time of the reading. `None` if nothing was read.
    pub as_of: Option<Timestamp>,
}

/// Recommendation for a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "nextStep",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum NextStep {
    /// Nothing to do.
    None,
    /// Resume the run.
    Resume,
    /// Recover the access to the model.
    Recover,
    /// Make a new plan.
    Replan,
    /// Approve, then resume.
    Approve {
        /// Rule or gate.
        what: String,
    },
    /// Work outside of the SDK.
    Manual {
        /// Instructions.
        instructions: String,
    },
}

/// Message of the server about a failed sync.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerMessage {
    /// Title.
    pub title: Option<String>,
    /// Message.
    pub message: Option<String>,
    /// Subtitle.
    pub subtitle: Option<String>,
}

impl std::fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [&self.title, &self.message, &self.subtitle];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        f.write_str(&parts.join("; "))
    }
}

/// One sync of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncReport {
    /// Revisions.
    pub pair: RevisionPair,
    /// Task.
    pub task: TaskId,
    /// Time at which the start was recorded.
    pub started: Timestamp,
    /// Time at which the end was recorded.
    pub finished: Option<Timestamp>,
    /// Whether it succeeded, once it has ended.
    pub successful: Option<bool>,
    /// Message of the server, if it failed.
    pub server: Option<ServerMessage>,
}

impl SyncReport {
    pub(crate) fn started(pair: RevisionPair, task: TaskId, at: Timestamp) -> Self {
        Self {
            pair,
            task,
            started: at,
            finished: None,
            successful: None,
            server: None,
        }
    }

    pub(crate) fn finish(
        &mut self,
        at: Timestamp,
        successful: bool,
        server: Option<ServerMessage>,
    ) {
        self.finished = Some(at);
        self.successful = Some(successful);
        self.server = server;
    }
}
