//! Workspaces and models.

mod delete_models;
mod model;
mod model_ref;
mod workspace;

use anaplan_core::{Namespace, Result, Scope, Session};

use crate::Bulk;

pub use delete_models::{DeleteModels, DeleteRefusal, DeletedModels, ModelFailure};
pub use model::{ActiveState, CategoryValue, GetModel, GetModels, Model};
pub use model_ref::ModelRef;
pub use workspace::{GetWorkspace, GetWorkspaces, Workspace};

/// Workspaces and models of the tenant.
///
/// Needs neither a workspace id nor a model id. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub(crate) session: Session,
}

impl Namespace for Tenant {
    const NAME: &'static str = "tenant";

    fn bind(session: Session, _scope: &Scope) -> Result<Self> {
        Ok(Self::new(session))
    }
}

impl Tenant {
    /// Creates a handle.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// Returns the handle for one model, with or without its workspace.
    #[must_use]
    pub fn model(&self, model: impl Into<ModelRef>) -> Bulk {
        Bulk {
            session: self.session.clone(),
            model: model.into(),
        }
    }
}
