#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod calendar;
mod cells;
mod dimensions;
mod find;
mod ids;
mod items;
mod limits;
mod lists;
mod modules;
mod read_requests;
mod tables;
mod tenant;
mod views;
mod writes;

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod testing;

use anaplan_core::{ModelId, Namespace, Path, Result, Scope, Session};

#[allow(unused_imports)] // Modules name them without their folder.
pub(crate) use endpoints::*;

pub use anaplan_table::{
    Column, ColumnKind, DateFormat, Decimal, Grid, GridShape, Layout, Ragged, TableError,
    TableErrorKind, TableFormat, date, number, or_default,
};

pub use anaplan_tenant::{
    ActiveState, CategoryValue, Model, ModelStatus, ModelStep, Tenant, User, WorkspaceMember,
};
pub use calendar::{
    CalendarType, CurrentPeriod, FiscalYear, ModelCalendar, PeriodDate, TotalsSelection, Version,
    VersionSwitchover,
};
pub use cells::{Cell, CellValue, Coordinate, DimensionRef, ItemRef, LineItemRef};
pub use dimensions::{Dimension, DimensionItem, Lookup};
pub use ids::{
    DimensionId, ItemId, LineItemId, ListId, ListItemId, ModuleId, ObjectId, VersionId, ViewId,
};
pub use items::{ListItem, ListItemKey, ListItemUpdate, ListItems, NewListItem};
pub use lists::{List, ListMetadata, ListProperty};
pub use modules::{
    FormatMetadata, LineItem, ListFormat, Module, NumberFormat, ObjectRef, PeriodType, TextFormat,
    TimePeriodFormat,
};
pub use read_requests::{ReadPages, ReadProgress, ReadRequest, ReadSource};
pub use tables::{Rows, ViewRows};
pub use views::{ExportType, GridCell, View, ViewData, ViewInfo, ViewRow};
pub use writes::{
    Batch, BatchReport, BatchReports, Batches, FailureType, WriteFailure, WriteReport,
};

/// Endpoints of the operations, for `session.call(..)` and for setters in `with(..)`.
pub mod endpoints {
    pub use crate::calendar::{
        GetCurrentPeriod, GetModelCalendar, GetVersions, SetCurrentFiscalYear, SetCurrentPeriod,
        SetVersionSwitchover,
    };
    pub use crate::cells::UpdateModuleData;
    pub use crate::dimensions::{
        GetDimensionItems, GetLineItemDimensionItems, GetLineItemDimensions, GetViewDimensionItems,
        LookupDimensionItems,
    };
    pub use crate::items::{
        DeleteListItems, GetListItems, GetListItemsCsv, GetListItemsJson, InsertListItems,
        UpdateListItems,
    };
    pub use crate::lists::{GetListMetadata, GetLists, PreviewList, ResetListIndex};
    pub use crate::modules::{GetLineItems, GetModules};
    pub use crate::read_requests::{
        CreateReadRequest, DeleteReadRequest, GetReadRequest, GetReadRequestPage,
    };
    pub use crate::views::{GetViewData, GetViewDataCsv, GetViewInfo, GetViews};
    pub use anaplan_tenant::endpoints::{
        CloseModel, GetCurrentUser, GetModel, GetModelStatus, GetUser, GetUsers,
        GetWorkspaceAdmins, GetWorkspaceVisitors, WakeModel,
    };
}

/// Data of one model: lists, modules, views, cells, dimensions, calendar and versions.
///
/// Anaplan documents most of these operations for workspace administrators. In practice many of them
/// work for any user whose model role has access to the object.
///
/// A call to a model that is not loaded waits for it to load, and a call to a busy model waits until it
/// is free. Both can take minutes. [`wait_until_open`](Self::wait_until_open) waits without holding a
/// connection.
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
    /// Returns the model of this handle.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// Returns a handle for another model. Session, token and limits are shared.
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
