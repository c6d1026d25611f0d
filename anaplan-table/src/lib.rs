#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod de;
mod encoding;
mod error;
mod format;
mod grid;
mod header;
mod metadata;
mod numbers;
mod read;
mod record;
mod serde_helpers;
mod write;

pub mod date;

pub use encoding::{Encoding, LegacyEncoding};
pub(crate) use error::Names;
pub use error::{Result, TableError, TableErrorKind};
pub use format::{DateFormat, Decimal, Layout, LineEnding, Ragged, TableFormat};
pub use grid::{Grid, GridShape};
pub use header::Header;
pub use metadata::{Column, ColumnKind, FileMetadata};
pub use read::{ReadRows, Records, Rows, TableReader, read_rows};
pub use record::{Record, RecordBuf};
pub use serde_helpers::{number, or_default};
pub use write::{RecordWriter, RowBlocks, RowStream, RowWriter};
