//! Workspace and model of a client.

use crate::data::ids::{ModelId, WorkspaceId};

/// Workspace and model of a client, if they were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Workspace.
    pub workspace: Option<WorkspaceId>,
    /// Model.
    pub model: Option<ModelId>,
}

impl Scope {
    /// Creates a scope.
    #[must_use]
    pub fn new(workspace: Option<WorkspaceId>, model: Option<ModelId>) -> Self {
        Self { workspace, model }
    }
}
