//! Models and revisions, as they were when the plan was made.

use anaplan_alm::{Revision, RevisionId};
use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::models::ActiveState;
/// State of a model at the time of planning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelSnapshot {
    /// Id.
    pub id: ModelId,
    /// Name.
    pub name: String,
    /// Workspace.
    pub workspace: Option<WorkspaceId>,
    /// Name of the workspace.
    pub workspace_name: Option<String>,
    /// State.
    pub state: Option<ActiveState>,
    /// Latest revision.
    pub latest: Option<RevisionRef>,
}

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RevisionRef {
    /// Id, the same in every model.
    pub id: RevisionId,
    /// Name.
    pub name: String,
    /// Creation time.
    pub created_on: Option<Timestamp>,
    /// User who created it.
    pub created_by: Option<UserId>,
    /// Time at which it was applied to the model. Not every server returns it.
    pub applied_on: Option<Timestamp>,
    /// User who applied it to the model. Not every server returns it.
    pub applied_by: Option<UserId>,
}

impl ModelSnapshot {
    /// Returns the name with the workspace: `Workspace/Name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.workspace_name {
            Some(workspace) => format!("{workspace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Returns `true` if users have no access at the moment.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        crate::models::is_offline(self.state.as_ref())
    }
}

impl From<&Revision> for RevisionRef {
    fn from(revision: &Revision) -> Self {
        Self {
            id: revision.id.clone(),
            name: revision.name.clone(),
            created_on: revision.created_on,
            created_by: revision.created_by.clone(),
            applied_on: revision.applied_on,
            applied_by: revision.applied_by.clone(),
        }
    }
}

impl std::fmt::Display for RevisionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}' ({})", self.name, self.id)
    }
}
