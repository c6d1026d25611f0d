//! Models.

mod delete_models;
mod model;
mod model_ref;
mod model_status;
mod opening;

use anaplan_core::{ModelId, Path};

pub use delete_models::{DeleteModels, DeleteRefusal, DeletedModels, ModelFailure};
pub use model::{ActiveState, CategoryValue, GetModel, GetModels, Model};
pub use model_ref::ModelRef;
pub use model_status::{CloseModel, GetModelStatus, ModelStatus, ModelStep, WakeModel};
pub use opening::{GetOpeningStatus, ModelOpening};

/// Returns the path of a model. The form with the workspace is refused with 405.
pub(crate) fn model_path(model: &ModelId) -> Path {
    Path::integration().lit("models").seg("modelId", model)
}
