//! Reading tables.

mod grid_reader;
mod io;
mod reader;
mod records;
mod rows;
mod shape;
mod splitter;
mod width;

pub use io::{ReadRows, read_rows};
pub use reader::TableReader;
pub use records::Records;
pub use rows::Rows;
