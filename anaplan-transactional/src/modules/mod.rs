//! Modules, their line items, and the formats of line items.

mod format;
mod line_item;
mod module;

pub use format::{
    FormatMetadata, ListFormat, NumberFormat, PeriodType, TextFormat, TimePeriodFormat,
};
pub use line_item::{GetLineItems, LineItem, ObjectRef};
pub use module::{GetModules, Module};

pub(crate) use line_item::line_item_path;
