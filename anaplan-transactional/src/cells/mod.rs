//! Cells and their updates.

mod cell;
mod update;

pub use cell::{Cell, CellValue, Coordinate, DimensionRef, ItemRef, LineItemRef};
pub use update::UpdateModuleData;
