//! Comparison of a plan with the present state of the tenant.

use std::fmt;

use anaplan_core::{ModelId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::models::ActiveState;
use crate::plan::RevisionRef;

/// Result of the comparison of a plan with the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Validation {
    /// Differences that make the plan stale.
    pub conflicts: Vec<Conflict>,
    /// Differences without effect on the run.
    pub notes: Vec<String>,
}

/// Difference that makes a plan stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Conflict {
    /// Model. `None` if the conflict concerns the whole plan.
    pub model: Option<ModelId>,
    /// Name of the model, `Workspace/Name`.
    pub name: String,
    /// Kind.
    #[serde(flatten)]
    pub kind: ConflictKind,
}

/// Kind of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    tag = "conflict"
)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)]
pub enum ConflictKind {
    /// The latest revision is neither the base nor a planned step.
    RevisionChanged {
        /// Revision at the time of planning.
        planned: Option<RevisionRef>,
        /// Present revision, with time and user if the server returns them.
        actual: Option<RevisionRef>,
    },
    /// The model was online and is offline, or was opened, locked or archived.
    StateChanged {
        /// State at the time of planning.
        planned: Option<ActiveState>,
        /// Present state.
        actual: Option<ActiveState>,
    },
    /// A sync of the model runs.
    SyncInProgress {
        /// Task of the sync.
        task: TaskId,
    },
    /// The source does not offer the revision to the model any more.
    SourceUnavailable {
        /// Explanation.
        reason: String,
    },
    /// The model is missing, or the user has no access.
    ModelNotFound,
    /// The session belongs to another API or tenant.
    TenantMismatch {
        /// URL at the time of planning.
        planned: String,
        /// Present URL.
        actual: String,
    },
    /// The plan is older than the policy allows.
    PlanExpired {
        /// Time at which the plan expired.
        at: Timestamp,
    },
}

impl Validation {
    /// Returns `true` without conflicts.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.conflicts.is_empty()
    }

    /// Returns the conflicts of a model, and those of the whole plan.
    pub fn conflicts_of(&self, model: &ModelId) -> impl Iterator<Item = &Conflict> {
        let concerns =
            move |conflict: &&Conflict| conflict.model.as_ref().is_none_or(|id| id == model);
        self.conflicts.iter().filter(concerns)
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.kind)
    }
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RevisionChanged { planned, actual } => {
                let name = |revision: &Option<RevisionRef>| match revision {
                    Some(revision) => revision.to_string(),
                    None => "none".to_owned(),
                };
                let (planned, now) = (name(planned), name(actual));
                write!(
                    f,
                    "the latest revision is {now}, the plan was made for {planned}"
                )?;
                let Some(actual) = actual else { return Ok(()) };
                if let Some(user) = actual.applied_by.as_ref().or(actual.created_by.as_ref()) {
                    write!(f, ", applied by user {user}")?;
                }
                match actual.applied_on.or(actual.created_on) {
                    Some(time) => write!(f, " at {time}"),
                    None => Ok(()),
                }
            }
            Self::StateChanged { planned, actual } => {
                let name = |state: &Option<ActiveState>| match state {
                    Some(state) => state.to_string(),
                    None => "unknown".to_owned(),
                };
                let (planned, now) = (name(planned), name(actual));
                write!(f, "the state is {now}, the plan was made for {planned}")
            }
            Self::SyncInProgress { task } => write!(f, "a sync is running as task {task}"),
            Self::SourceUnavailable { reason } => {
                write!(f, "the source does not offer the revision: {reason}")
            }
            Self::ModelNotFound => f.write_str("the model is missing, or the user has no access"),
            Self::TenantMismatch { planned, actual } => {
                write!(
                    f,
                    "the plan was made for {planned}, the session uses {actual}"
                )
            }
            Self::PlanExpired { at } => write!(f, "the plan expired at {at}"),
        }
    }
}
