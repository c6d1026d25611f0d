//! Writes of many cells or items, and their reports.

mod batches;
mod part;
mod report;

pub use batches::{Batch, BatchReport, BatchReports, Batches};
pub use report::{FailureType, WriteFailure, WriteReport};

pub(crate) use part::Part;
