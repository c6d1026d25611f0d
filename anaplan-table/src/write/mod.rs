//! Writing tables.

mod blocks;
mod cells;
mod ser;
mod value;
mod writer;

pub use blocks::{RowBlocks, RowStream};
pub use writer::{RecordWriter, RowWriter};
