//! Rows of files, exports and dumps.

mod dump;
mod format;
mod rows;
mod whole_dump;

#[cfg(test)]
mod table_tests;

pub use dump::{DumpRow, DumpRows, RowStatus};
pub use rows::Rows;
pub use whole_dump::GetWholeDump;
