//! Rows of files, exports and dumps.

mod dump;
mod format;
mod rows;

#[cfg(test)]
mod table_tests;

pub use dump::{DumpRow, DumpRows, RowStatus};
pub use rows::Rows;
