//! Which model a call is about, and how its URL begins.

use anaplan_core::{ModelId, Path, WorkspaceId};
use serde::{Deserialize, Serialize};

/// A model, with its workspace where that is known.
///
/// The API has both forms of every path, with and without the workspace; the form with it is used
/// where the workspace is known.
///
/// ```
/// use anaplan_bulk::ModelRef;
///
/// let model = ModelRef::new("D4E5F6").in_workspace("8a81b0");
/// assert_eq!(model.model.as_str(), "D4E5F6");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelRef {
    /// The workspace, where it is known.
    #[serde(
        rename = "workspaceId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub workspace: Option<WorkspaceId>,
    /// The model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
}

impl ModelRef {
    /// A model of a workspace that is not known.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            workspace: None,
            model: model.into(),
        }
    }

    /// The same model, with its workspace.
    #[must_use]
    pub fn in_workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    pub(crate) fn path(&self) -> Path {
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
    fn the_workspace_is_part_of_the_path_where_it_is_known() {
        let url = |model: &ModelRef| model.path().to_url("https://h").unwrap();
        let model = ModelRef::new("M");
        assert_eq!(url(&model), "https://h/2/0/models/M");
        assert_eq!(
            url(&model.in_workspace("w")),
            "https://h/2/0/workspaces/w/models/M"
        );
    }
}
