//! Writing tables.

mod blocks;
mod cells;
mod columns;
mod record;
mod ser;
mod value;
mod writer;

pub use blocks::{RowBlocks, RowStream};
pub use record::RecordWriter;
pub use writer::RowWriter;
