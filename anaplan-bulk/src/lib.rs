#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::field_reassign_with_default, clippy::disallowed_methods)
)]

mod action_ref;
mod actions;
mod chunks;
mod content;
mod cutter;
mod dashboards;
mod delete_models;
mod download;
mod dump;
mod evaluate;
mod exports;
mod files;
mod find;
mod imports;
mod listing;
mod model_ref;
mod models;
mod optimizer;
mod outcome;
mod processes;
mod rows;
mod run;
mod table;
mod tasks;
mod transfer;
mod upload;
mod upload_calls;
mod upload_chunks;
mod upload_limit;
mod upload_state;
mod workspaces;

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod test_server;

use anaplan_core::{ModelId, Namespace, Result, Scope, Session, WorkspaceId};

pub use anaplan_table::{
    Column, ColumnKind, DateFormat, Decimal, Encoding, Grid, GridShape, Header, Layout, LineEnding,
    Ragged, Record, RowWriter, TableError, TableErrorKind, TableFormat, date, number, or_default,
};

pub use action_ref::{ActionId, ActionKind, ActionRef};
pub use actions::{Action, ActionType, GetActionMetadata, GetActions};
pub use chunks::{Chunk, ChunkId, ChunkedFile, GetChunk, GetChunks};
pub use content::Content;
pub use dashboards::{Dashboard, DashboardId, GetDashboards};
pub use delete_models::{DeleteModels, DeleteRefusal, DeletedModels, ModelFailure};
pub use download::{Download, FileStream};
pub use dump::{DumpRow, DumpRows, RowStatus};
pub use exports::{DataType, Export, ExportLayout, ExportMetadata, GetExportMetadata, GetExports};
pub use files::{DeleteFile, File, FileId, GetFiles, PutFile};
pub use imports::{
    GetImportMetadata, GetImports, Import, ImportDataSource, ImportMetadata, ImportSource,
    ImportSourceType, ImportType,
};
pub use model_ref::ModelRef;
pub use models::{ActiveState, CategoryValue, GetModel, GetModels, Model};
pub use optimizer::GetOptimizerLog;
pub use outcome::{ActionOutcome, ActionResult, Detail};
pub use processes::{GetProcessMetadata, GetProcesses, Process, ProcessMetadata, ProcessStep};
pub use rows::Rows;
pub use run::{ConnectorParameter, MappingParameter, RunAction};
pub use tasks::{ActionTask, CancelTask, GetTaskStatus, GetTaskSummaries};
pub use upload::Upload;
pub use upload_calls::{CompleteUpload, PutChunk, SetChunkCount};
pub use upload_state::{UploadError, UploadState, Uploaded};
pub use workspaces::{GetWorkspace, GetWorkspaces, Workspace};

/// Moving data in and out of one model: files, imports, exports, other actions, processes.
///
/// The user needs a role in the model that may see and run what is asked for; a workspace administrator
/// may run everything. The handle needs a model; the workspace is optional, and only
/// [`get_optimizer_log`](Self::get_optimizer_log) cannot do without it.
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
    /// The model that this handle works on.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model.model
    }

    /// The model's workspace, if it was given.
    #[must_use]
    pub fn workspace(&self) -> Option<&WorkspaceId> {
        self.model.workspace.as_ref()
    }

    /// The same for another model, whose workspace can be given with it as a [`ModelRef`]; session,
    /// token and limits are shared.
    #[must_use]
    pub fn with_model(&self, model: impl Into<ModelRef>) -> Self {
        Self {
            session: self.session.clone(),
            model: model.into(),
        }
    }

    /// What lies above models: workspaces and the models in them.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        Tenant::new(self.session.clone())
    }
}

/// Workspaces and models: what there is, and deleting models.
///
/// Needs neither a workspace nor a model id. Cheap to clone.
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
    /// A handle that works through a session.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// A handle on one model, with or without its workspace: [`ModelRef`] says which.
    #[must_use]
    pub fn model(&self, model: impl Into<ModelRef>) -> Bulk {
        Bulk {
            session: self.session.clone(),
            model: model.into(),
        }
    }
}
