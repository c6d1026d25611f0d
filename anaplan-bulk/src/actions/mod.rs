//! Imports, exports, processes, other actions and dashboards of a model.

mod action;
mod action_ref;
mod dashboard;
mod export;
mod import;
mod optimizer;
mod process;

pub use action::{Action, ActionType, GetActionMetadata, GetActions};
pub use action_ref::{ActionId, ActionKind, ActionRef};
pub use dashboard::{Dashboard, DashboardId, GetDashboards};
pub use export::{DataType, Export, ExportLayout, ExportMetadata, GetExportMetadata, GetExports};
pub use import::{
    GetImportMetadata, GetImports, Import, ImportDataSource, ImportMetadata, ImportSource,
    ImportSourceType, ImportType,
};
pub use optimizer::GetOptimizerLog;
pub use process::{GetProcessMetadata, GetProcesses, Process, ProcessMetadata, ProcessStep};
