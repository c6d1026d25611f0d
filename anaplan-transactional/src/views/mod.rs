//! Views, their axes and their cells.

mod data;
mod grid;
mod view;

pub use data::{ExportType, GetViewData, GetViewDataCsv};
pub use grid::{GridCell, ViewData, ViewRow};
pub use view::{GetViewInfo, GetViews, View, ViewInfo};

pub(crate) use view::view_path;
