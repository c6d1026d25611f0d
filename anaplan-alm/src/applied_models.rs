//! Models that a revision is applied to.

use anaplan_core::{
    Endpoint, Method, ModelId, Path, Response, Result, RetryClass, Timestamp, UserId, WorkspaceId,
};
use serde::{Deserialize, Serialize};

use crate::revisions::alm_path;
use crate::{AppliedMethod, RevisionId};

/// A model that a revision is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppliedModel {
    /// Model. Not every server returns it for deleted models.
    #[serde(default)]
    pub model_id: Option<ModelId>,
    /// Name of the model. Absent for deleted models and for models that the user cannot open.
    #[serde(default)]
    pub model_name: Option<String>,
    /// Workspace of the model. Absent for deleted models.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// User who applied the revision.
    #[serde(default)]
    pub applied_by: Option<UserId>,
    /// Time at which it was applied.
    #[serde(default)]
    pub applied_on: Option<Timestamp>,
    /// Method by which it was applied.
    #[serde(default)]
    pub applied_method: Option<AppliedMethod>,
    /// `true` if the model is deleted.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub model_deleted: bool,
}

/// Endpoint of [`Alm::get_models_for_revision`](crate::Alm::get_models_for_revision).
#[derive(Debug, Clone)]
pub struct GetModelsForRevision {
    /// A model that has the revision.
    pub model: ModelId,
    /// The revision.
    pub revision: RevisionId,
}

impl Endpoint for GetModelsForRevision {
    const NAME: &'static str = "alm.get_models_for_revision";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<AppliedModel>;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("revisions")
            .seg("revisionId", &self.revision)
            .lit("appliedToModels")
    }

    fn decode(&self, response: Response) -> Result<Vec<AppliedModel>> {
        response.list("appliedToModels")
    }
}
