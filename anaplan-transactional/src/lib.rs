#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batches;
mod calendar;
mod cell_writes;
mod cells;
mod current_period;
mod dimensions;
mod formats;
mod grid;
mod ids;
mod insert;
mod item_scanner;
mod item_states;
mod item_stream;
mod item_writes;
mod limits;
mod line_item_dimensions;
mod line_items;
mod list_item_update;
mod list_items;
mod lists;
mod modules;
mod new_list_item;
mod part;
mod read_pages;
mod read_request_task;
mod read_requests;
mod tenant;
mod versions;
mod view_data;
mod views;
mod write_report;

#[cfg(test)]
mod testing;

use anaplan_core::{ModelId, Namespace, Path, Result, Scope, Session};

pub use anaplan_tenant::endpoints::{
    CloseModel, GetCurrentUser, GetModel, GetModelStatus, GetUser, GetUsers, GetWorkspaceAdmins,
    GetWorkspaceVisitors, WakeModel,
};
pub use anaplan_tenant::{
    ActiveState, CategoryValue, Model, ModelStatus, ModelStep, Tenant, User, WorkspaceMember,
};
pub use batches::{Batch, BatchReport, BatchReports, Batches};
pub use calendar::{
    CalendarType, FiscalYear, GetModelCalendar, ModelCalendar, SetCurrentFiscalYear,
    TotalsSelection,
};
pub use cell_writes::UpdateModuleData;
pub use cells::{Cell, CellValue, Coordinate, DimensionRef, ItemRef, LineItemRef};
pub use current_period::{CurrentPeriod, GetCurrentPeriod, SetCurrentPeriod};
pub use dimensions::{
    Dimension, DimensionItem, GetDimensionItems, GetViewDimensionItems, Lookup,
    LookupDimensionItems,
};
pub use formats::{
    FormatMetadata, ListFormat, NumberFormat, PeriodType, TextFormat, TimePeriodFormat,
};
pub use grid::{GridCell, ViewData, ViewRow};
pub use ids::{
    DimensionId, ItemId, LineItemId, ListId, ListItemId, ModuleId, ObjectId, VersionId, ViewId,
};
pub use insert::InsertListItems;
pub use item_stream::ListItems;
pub use item_writes::{DeleteListItems, UpdateListItems};
pub use line_item_dimensions::{GetLineItemDimensionItems, GetLineItemDimensions};
pub use line_items::{GetLineItems, LineItem, ObjectRef};
pub use list_item_update::{ListItemKey, ListItemUpdate};
pub use list_items::{GetListItems, GetListItemsCsv, GetListItemsJson, ListItem};
pub use lists::{
    GetListMetadata, GetLists, List, ListMetadata, ListProperty, PreviewList, ResetListIndex,
};
pub use modules::{GetModules, Module};
pub use new_list_item::NewListItem;
pub use read_pages::ReadPages;
pub use read_request_task::{ReadProgress, ReadRequest, ReadSource};
pub use read_requests::{CreateReadRequest, DeleteReadRequest, GetReadRequest, GetReadRequestPage};
pub use versions::{GetVersions, PeriodDate, SetVersionSwitchover, Version, VersionSwitchover};
pub use view_data::{ExportType, GetViewData, GetViewDataCsv};
pub use views::{GetViewInfo, GetViews, View, ViewInfo};
pub use write_report::{FailureType, WriteFailure, WriteReport};

/// The data of one model: lists, modules, views, cells, dimensions, calendar and versions.
///
/// Anaplan documents most of these operations for workspace administrators; in practice many of them
/// work for any user whose model role reaches the object.
///
/// Calls to a model that is not loaded wait until it is, and calls to a busy one until it is free: both
/// can take minutes. [`wait_until_open`](Self::wait_until_open) waits without holding a connection.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transactional {
    session: Session,
    model: ModelId,
}

impl Namespace for Transactional {
    const NAME: &'static str = "transactional";

    fn bind(session: Session, scope: &Scope) -> Result<Self> {
        let model = scope.model::<Self>()?.clone();
        Ok(Self { session, model })
    }
}

impl Transactional {
    /// The model that this handle works on.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The same for another model; session, token and limits are shared.
    #[must_use]
    pub fn with_model(&self, model: impl Into<ModelId>) -> Self {
        Self {
            session: self.session.clone(),
            model: model.into(),
        }
    }
}

fn model_path(model: &ModelId) -> Path {
    Path::integration().lit("models").seg("modelId", model)
}
