//! Reference to a model, and the beginning of its URL.

use anaplan_core::{ModelId, Path, WorkspaceId};
use serde::{Deserialize, Serialize};

/// Reference to a model, with its workspace if known.
///
/// The bulk API has two forms of every path. The form with the workspace is used if the workspace is known.
///
/// ```
/// use anaplan_tenant::ModelRef;
///
/// let model = ModelRef::new("D4E5F6").in_workspace("8a81b0");
/// assert_eq!(model.model.as_str(), "D4E5F6");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelRef {
    /// Workspace, if known.
    #[serde(
        rename = "workspaceId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub workspace: Option<WorkspaceId>,
    /// Model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
}

impl ModelRef {
    /// Creates a reference without a workspace.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            workspace: None,
            model: model.into(),
        }
    }

    /// Sets the workspace.
    #[must_use]
    pub fn in_workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// Returns the path of the model, to which endpoints add theirs.
    #[must_use]
    pub fn path(&self) -> Path {
        let root = Path::integration();
        let root = match &self.workspace {
            Some(workspace) => root.lit("workspaces").seg("workspaceId", workspace),
            None => root,
        };
        root.lit("models").seg("modelId", &self.model)
    }
}

impl<T: Into<ModelId>> From<T> for ModelRef {
    fn from(model: T) -> Self {
        Self::new(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_contains_the_workspace_if_it_is_known() {
        let url = |model: &ModelRef| model.path().to_url("https://h").unwrap();
        let model = ModelRef::new("M");
        assert_eq!(url(&model), "https://h/2/0/models/M");
        assert_eq!(
            url(&model.in_workspace("w")),
            "https://h/2/0/workspaces/w/models/M"
        );
    }
}
