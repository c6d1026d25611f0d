//! Views and list items as typed rows.

mod data_rows;
mod format;
mod item_rows;
mod rows;
mod view_rows;

#[cfg(test)]
mod table_tests;

pub use rows::Rows;
pub use view_rows::ViewRows;

pub(crate) use format::header_length;
