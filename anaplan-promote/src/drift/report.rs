//! Result of a comparison of models.

use anaplan_alm::RevisionId;
use anaplan_core::{ModelId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::plan::{ModelSnapshot, RevisionRef};

/// Result of [`Promoter::drift`](crate::Promoter::drift).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DriftReport {
    /// Name and version of the format: `anaplan.drift/1`.
    pub schema: String,
    /// Time of the reading.
    pub as_of: Timestamp,
    /// Models with common revisions.
    pub families: Vec<Family>,
    /// Models that have no revision in common with another model of the report.
    pub without_family: Vec<ModelSnapshot>,
    /// Models that could not be read.
    pub unreadable: Vec<UnreadableModel>,
}

/// Models with common revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Family {
    /// Model with the most revisions, to which the others are compared.
    pub reference: ModelId,
    /// Revisions of the reference, oldest first.
    pub revisions: Vec<RevisionRef>,
    /// Models, the reference first.
    pub models: Vec<ModelDrift>,
}

/// One model of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelDrift {
    /// Model. [`Lineage`](crate::DriftScope::Lineage) does not read state and name of the workspace.
    pub model: ModelSnapshot,
    /// Whether the model lists each of [`Family::revisions`]. A revision that a direct sync skipped may not be
    /// listed.
    pub has: Vec<bool>,
    /// Difference from the reference.
    pub lag: RevisionLag,
}

/// Difference of a model from the reference of its family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "lag",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum RevisionLag {
    /// The model has the latest revision of the reference, and no other ones.
    UpToDate,
    /// The latest revision of the model is an older one of the reference.
    Behind {
        /// Number of revisions of the reference after it.
        revisions: u32,
        /// Creation time of the first of them.
        since: Option<Timestamp>,
    },
    /// The model has revisions that the reference does not have.
    Diverged {
        /// Latest common revision.
        common: Option<RevisionId>,
        /// Number of revisions that only the model has.
        own: u32,
        /// Number of revisions of the reference after the common one.
        missing: u32,
    },
    /// The difference could not be determined.
    Unknown {
        /// Explanation.
        reason: String,
    },
}

/// A model that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnreadableModel {
    /// Model.
    pub model: ModelId,
    /// Name of the model, or its id if the name is not known.
    pub name: String,
    /// Explanation.
    pub reason: String,
}

impl RevisionLag {
    /// Returns the lag of a model that has these revisions of the reference, and no others.
    pub(super) fn of(revisions: &[RevisionRef], has: &[bool]) -> Self {
        let Some(latest) = has.iter().rposition(|has| *has) else {
            return Self::Unknown {
                reason: "the model lists none of the revisions".to_owned(),
            };
        };
        match revisions.get(latest + 1) {
            None => Self::UpToDate,
            Some(first) => Self::Behind {
                revisions: number(revisions.len() - latest - 1),
                since: first.created_on,
            },
        }
    }

    /// Returns `true` if the model has the latest revision of the reference, and no other ones.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        *self == Self::UpToDate
    }
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
