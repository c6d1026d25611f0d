//! Lines of a journal.

use anaplan_alm::RevisionPair;
use anaplan_core::{ModelId, TaskId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::plan::{Plan, PlanId, RevisionRef};
use crate::policy::{Approval, Policy};
use crate::run::{CheckResult, NextStep, RunStatus, ServerMessage, TargetOutcome, TargetStatus};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JournalLine {
    /// Number of the line, from 1.
    pub n: u64,
    /// Time, by the local clock.
    pub at: Timestamp,
    /// Target. `None` if the line concerns the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ModelId>,
    /// Hash of the line before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    /// Event.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// Event of a run. Events in `-ing` announce an action, and are on disk before it is executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum JournalEvent {
    /// A run has started.
    RunStarted(Box<RunStarted>),
    /// Another process continues the run.
    RunResumed {
        /// Host, if known.
        host: Option<String>,
        /// Process id.
        pid: u32,
        /// Approvals that were added.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvals: Vec<Approval>,
    },
    /// Another process restores the access to the models.
    RecoveryStarted {
        /// Host, if known.
        host: Option<String>,
        /// Process id.
        pid: u32,
    },
    /// A wave has started.
    WaveStarted {
        /// Name.
        wave: String,
    },
    /// All targets of a wave have ended.
    WaveEnded {
        /// Name.
        wave: String,
    },
    /// The run has ended.
    RunEnded {
        /// Status.
        status: RunStatus,
        /// Reason, unless all targets were promoted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The target agrees with the plan.
    TargetInspected {
        /// State.
        status: TargetStatus,
    },
    /// A check has prepared its comparison.
    CheckPrepared {
        /// Name.
        check: String,
        /// Value for the comparison.
        value: serde_json::Value,
    },
    /// The target is about to be taken offline.
    TakingOffline,
    /// The target is offline.
    TookOffline,
    /// A sync is about to be started.
    StartingSync(StartingSync),
    /// The server has accepted the sync.
    SyncStarted {
        /// Revisions.
        pair: RevisionPair,
        /// Task.
        task: TaskId,
    },
    /// The server has rejected the sync, or it was not sent.
    SyncRejected {
        /// Explanation.
        message: String,
    },
    /// The start with unknown outcome is abandoned, because the caller asked for another one.
    StartAbandoned {
        /// Explanation.
        reason: String,
    },
    /// The sync has ended.
    SyncFinished {
        /// Revisions.
        pair: RevisionPair,
        /// Task.
        task: TaskId,
        /// `true` if it succeeded.
        successful: bool,
        /// Message of the server, if the sync failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<ServerMessage>,
    },
    /// The target has the revision.
    Verified {
        /// Revision.
        revision: RevisionRef,
    },
    /// A check has compared the target.
    CheckFinished {
        /// Name.
        check: String,
        /// Result.
        result: CheckResult,
    },
    /// The target is about to be brought online.
    BringingOnline,
    /// The target is online.
    BroughtOnline,
    /// The target stays offline.
    LeftOffline {
        /// Reason.
        reason: String,
    },
    /// The target is done in this run.
    TargetEnded {
        /// Outcome.
        outcome: TargetOutcome,
        /// Recommendation.
        next_step: NextStep,
    },
}

/// The first line of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunStarted {
    /// Name and version of the format: `anaplan.journal/1`.
    pub schema: String,
    /// Id of the run.
    pub run: String,
    /// Id of the plan.
    pub plan_id: PlanId,
    /// Host, if known.
    pub host: Option<String>,
    /// Process id.
    pub pid: u32,
    /// Targets to which the run is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<ModelId>>,
    /// Approvals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Policy of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Plan without its differences.
    pub plan: Plan,
}

/// A sync that is about to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StartingSync {
    /// Revisions.
    pub pair: RevisionPair,
    /// Syncs that the server listed before.
    pub existing: Vec<TaskId>,
    /// Server time minus local time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset: Option<SignedDuration>,
}
