#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::field_reassign_with_default, clippy::disallowed_methods)
)]

mod actions;
mod files;
mod listing;
mod runs;
mod tables;
mod uploads;

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod test_server;

use anaplan_core::{ModelId, Namespace, Result, Scope, Session, WorkspaceId};

#[allow(unused_imports)] // Modules name them without their folder.
pub(crate) use endpoints::*;

pub use anaplan_table::{
    Column, ColumnKind, DateFormat, Decimal, Encoding, Grid, GridShape, Header, Layout, LineEnding,
    Ragged, Record, RowWriter, TableError, TableErrorKind, TableFormat, date, number, or_default,
};

pub use anaplan_tenant::{
    ActiveState, CategoryValue, DeleteRefusal, DeletedModels, Model, ModelFailure, ModelRef,
    Tenant, Workspace,
};

pub use actions::{
    Action, ActionId, ActionKind, ActionRef, ActionType, Dashboard, DashboardId, DataType, Export,
    ExportLayout, ExportMetadata, Import, ImportDataSource, ImportMetadata, ImportSource,
    ImportSourceType, ImportType, Process, ProcessMetadata, ProcessStep,
};
pub use files::{Chunk, ChunkId, ChunkedFile, Download, File, FileId, FileStream};
pub use runs::{
    ActionOutcome, ActionResult, ActionTask, ConnectorParameter, Detail, MappingParameter,
};
pub use tables::{DumpRow, DumpRows, RowStatus, Rows};
pub use uploads::{Content, Upload, UploadError, UploadState, Uploaded};

/// Endpoints of the operations, for `session.call(..)` and for setters in `with(..)`.
pub mod endpoints {
    pub use anaplan_tenant::endpoints::{
        DeleteModels, GetModel, GetModels, GetWorkspace, GetWorkspaces,
    };

    pub use crate::actions::{
        GetActionMetadata, GetActions, GetDashboards, GetExportMetadata, GetExports,
        GetImportMetadata, GetImports, GetOptimizerLog, GetProcessMetadata, GetProcesses,
    };
    pub use crate::files::{DeleteFile, GetChunk, GetChunks, GetFiles, PutFile};
    pub use crate::runs::{CancelTask, GetTaskStatus, GetTaskSummaries, RunAction};
    pub use crate::tables::GetWholeDump;
    pub use crate::uploads::{CompleteUpload, PutChunk, SetChunkCount};
}

/// Files, imports, exports, other actions and processes of one model.
///
/// The user needs a role in the model that can see and run the objects. A workspace administrator can
/// run everything. The handle needs a model. The workspace is optional, except for
/// [`get_optimizer_log`](Self::get_optimizer_log).
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bulk {
    session: Session,
    model: ModelRef,
}

impl Namespace for Bulk {
    const NAME: &'static str = "bulk";

    fn bind(session: Session, scope: &Scope) -> Result<Self> {
        let mut model = ModelRef::new(scope.model::<Self>()?);
        model.workspace = scope.workspace.clone();
        Ok(Self { session, model })
    }
}

impl Bulk {
    /// Creates a handle for a model, with or without its workspace.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # use anaplan_core::Settings;
    /// # anaplan_testkit::story(async |fake| {
    /// # let ids = fake.demo();
    /// # let session = fake.session_of(&ids.admin.id, Settings::default())?;
    /// # let tenant = anaplan_bulk::Tenant::new(session.clone());
    /// let model = tenant.get_model(&ids.dev).await?;
    /// let bulk = Bulk::new(session, &model);
    /// assert_eq!(bulk.model(), &ids.dev);
    /// assert_eq!(bulk.workspace(), Some(&ids.workspace));
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn new(session: Session, model: impl Into<ModelRef>) -> Self {
        Self {
            session,
            model: model.into(),
        }
    }

    /// Returns the model of this handle.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model.model
    }

    /// Returns the workspace of the model, if it is set.
    #[must_use]
    pub fn workspace(&self) -> Option<&WorkspaceId> {
        self.model.workspace.as_ref()
    }

    /// Returns a handle for another model, with or without its workspace. Session, token and limits are
    /// shared.
    #[must_use]
    pub fn with_model(&self, model: impl Into<ModelRef>) -> Self {
        Self::new(self.session.clone(), model)
    }

    /// Returns the handle for workspaces, models and users.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        Tenant::new(self.session.clone())
    }
}
