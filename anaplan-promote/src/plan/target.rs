//! Waves, targets and comparisons of a plan.

use anaplan_alm::{ModelDiff, RevisionId, RevisionPair};
use anaplan_core::ModelId;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::plan::{ModelSnapshot, RevisionRef};
use crate::policy::PolicyReport;
use crate::release::Gate;

/// A wave of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedWave {
    /// Name.
    pub name: String,
    /// Source of the syncs of this wave.
    pub source: ModelId,
    /// Condition for the start.
    pub gate: Gate,
    /// Minimum time after the end of the previous wave.
    pub soak: Option<SignedDuration>,
    /// Targets, in the order of the release.
    pub targets: Vec<PlannedTarget>,
}

/// A target of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedTarget {
    /// The model. Its latest revision is the base of the first sync.
    pub model: ModelSnapshot,
    /// Syncs.
    pub action: Action,
    /// Findings that concern this target.
    pub policy: PolicyReport,
}

/// Syncs of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
#[non_exhaustive]
pub enum Action {
    /// The target has the goal already.
    UpToDate,
    /// One sync or more.
    Sync {
        /// Syncs, in order.
        steps: Vec<SyncStep>,
        /// Syncs of each revision, for use if the direct sync fails.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback: Option<Vec<SyncStep>>,
    },
    /// The target cannot be promoted.
    Blocked {
        /// Explanation.
        reason: String,
    },
}

/// One sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncStep {
    /// Revisions and source model of the sync.
    pub pair: RevisionPair,
    /// Revision that the target has afterwards.
    pub to: RevisionRef,
    /// Index of the differences in [`Plan::comparisons`](crate::Plan::comparisons). `None` if they could not
    /// be read when the plan was made.
    pub comparison: Option<usize>,
}

/// Differences of two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Comparison {
    /// Revision before the sync.
    pub from: RevisionId,
    /// Revision after the sync.
    pub to: RevisionId,
    /// Differences.
    pub diff: ModelDiff,
    /// SHA-256 of the comparison report, 64 hexadecimal digits.
    pub report_sha256: String,
    /// Size of the comparison report.
    pub report_bytes: u64,
    /// Path of the comparison report, relative to the plan file. `None` if it is not stored.
    pub report_file: Option<String>,
}

impl PlannedTarget {
    /// Returns the syncs. Empty for targets that are up to date or blocked.
    #[must_use]
    pub fn steps(&self) -> &[SyncStep] {
        match &self.action {
            Action::Sync { steps, .. } => steps,
            Action::UpToDate | Action::Blocked { .. } => &[],
        }
    }

    /// Returns the syncs of the fallback route. Empty if there is none.
    #[must_use]
    pub fn fallback(&self) -> &[SyncStep] {
        match &self.action {
            Action::Sync {
                fallback: Some(steps),
                ..
            } => steps,
            _ => &[],
        }
    }
}
