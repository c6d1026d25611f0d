//! The plan of a release: the base and goal revision of each target, with differences and findings.

mod file;
mod id;
mod reports;
mod snapshot;
mod target;
mod validation;

use anaplan_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::policy::PolicyReport;
use crate::release::Release;

pub(crate) use file::SCHEMA;
pub use id::PlanId;
pub(crate) use reports::Reports;
pub use snapshot::{ModelSnapshot, RevisionRef};
pub use target::{Action, Comparison, PlannedTarget, PlannedWave, SyncStep};
pub use validation::{Conflict, ConflictKind, Validation};

/// A plan of a release.
///
/// Contains names of model objects, and neither credentials nor cell values.
///
/// The id is a hash of the content. It detects corruption and accidental edits, not a forger: pass the id
/// through a channel of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// Name and version of the format: `anaplan.plan/1`.
    pub schema: String,
    /// Hash of the other fields.
    pub id: PlanId,
    /// Origin.
    pub made: Made,
    /// Release, as it was read.
    pub release: Release,
    /// Source.
    pub source: ModelSnapshot,
    /// Goal of all targets.
    pub revision: RevisionRef,
    /// Waves, in order.
    pub waves: Vec<PlannedWave>,
    /// Differences of the pairs of revisions. [`SyncStep::comparison`] is an index of it.
    pub comparisons: Vec<Comparison>,
    /// Findings that concern the whole release, and the decision for the plan.
    pub policy: PolicyReport,
    /// Remarks without effect on the run.
    pub notes: Vec<String>,
    /// Comparison reports.
    #[serde(skip)]
    pub(crate) reports: Reports,
}

/// Origin of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Made {
    /// Time.
    pub at: Timestamp,
    /// Signed-in user, if it could be read.
    pub by: Option<UserId>,
    /// URL of the API.
    pub api: String,
    /// Program and version.
    pub tool: String,
}

impl Plan {
    /// Returns the targets of all waves, in order.
    pub fn targets(&self) -> impl Iterator<Item = &PlannedTarget> {
        self.waves.iter().flat_map(|wave| &wave.targets)
    }

    /// Returns `true` if no target needs a sync.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self
            .targets()
            .any(|target| matches!(target.action, Action::Sync { .. }))
    }
}
