//! Reading of models and workspaces. The only module that names the crate of the tenant handle.

use anaplan_core::{ModelId, Result, Session};

pub use anaplan_tenant::ActiveState;
pub(crate) use anaplan_tenant::{Model, Tenant};

use crate::plan::ModelSnapshot;

/// Reads one model with its state and workspace.
pub(crate) async fn get_model(session: &Session, model: &ModelId) -> Result<Model> {
    Tenant::new(session.clone()).get_model(model).await
}

/// Returns `true` if users have no access.
pub(crate) fn is_offline(state: Option<&ActiveState>) -> bool {
    matches!(
        state,
        Some(ActiveState::Maintenance | ActiveState::ProductionMaintenance)
    )
}

impl From<&Model> for ModelSnapshot {
    fn from(model: &Model) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            workspace: model.workspace.clone(),
            workspace_name: model.workspace_name.clone(),
            state: model.active_state.clone(),
            latest: None,
        }
    }
}
