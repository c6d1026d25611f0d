#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod access;
mod models;
mod sort;
mod users;
mod workspaces;

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod testing;

use anaplan_core::{Namespace, Result, Scope, Session};

pub use models::{
    ActiveState, CategoryValue, DeleteRefusal, DeletedModels, Model, ModelFailure, ModelOpening,
    ModelRef, ModelStatus, ModelStep,
};
pub use users::{User, WorkspaceMember};
pub use workspaces::Workspace;

/// Endpoints of the operations, for `session.call(..)` and for setters in `with(..)`.
pub mod endpoints {
    pub use crate::access::{GetModelUsers, GetUserModels, GetUserWorkspaces, GetWorkspaceUsers};
    pub use crate::models::{
        CloseModel, DeleteModels, GetModel, GetModelStatus, GetModels, GetOpeningStatus, WakeModel,
    };
    pub use crate::users::{
        GetCurrentUser, GetUser, GetUsers, GetWorkspaceAdmins, GetWorkspaceVisitors,
    };
    pub use crate::workspaces::{GetWorkspace, GetWorkspaces};
}

/// Workspaces, models and users of the tenant.
///
/// Needs neither a workspace id nor a model id. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tenant {
    session: Session,
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
}
