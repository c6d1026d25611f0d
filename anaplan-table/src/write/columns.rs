//! Columns of a table that is being written.

use std::collections::HashMap;

use super::cells::{Cells, WriteError};
use crate::{Header, Names, TableErrorKind};

/// Columns of the table.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) header: Header,
    index: HashMap<String, usize>,
    /// `false` if only the number of the columns is known.
    pub(super) named: bool,
}

impl Columns {
    pub(super) fn new(names: &[String]) -> Self {
        let header = Header::new(names);
        let index = names
            .iter()
            .cloned()
            .enumerate()
            .map(|(index, name)| (name, index));
        Self {
            header,
            index: index.collect(),
            named: true,
        }
    }

    /// Columns without names.
    pub(super) fn unnamed(count: usize) -> Self {
        Self {
            header: Header::new(vec![""; count]),
            index: HashMap::new(),
            named: false,
        }
    }

    pub(super) fn label(&self, index: usize) -> String {
        Header::label(self.named.then_some(&self.header), index)
    }
}

/// The value of each column, `None` if the values are in order.
pub(super) fn order(
    cells: &Cells,
    columns: &Columns,
) -> Result<Option<Vec<Option<usize>>>, WriteError> {
    let names = columns.header.names();
    if cells.names.is_empty() || !columns.named {
        if cells.len() == names.len() {
            return Ok(None);
        }
        return Err(WriteError::new(
            TableErrorKind::Width,
            format!(
                "the row has {} values, the table {} columns",
                cells.len(),
                names.len()
            ),
        ));
    }
    if cells.names.len() == names.len() && cells.names.iter().zip(names).all(|(a, b)| a == b) {
        return Ok(None);
    }
    let mut order = vec![None; names.len()];
    for (value, name) in cells.names.iter().enumerate() {
        let Some(column) = columns.index.get(name.as_ref()) else {
            return Err(WriteError::new(
                TableErrorKind::MissingColumn,
                format!("there is no such column; the header has {}", Names(names)),
            )
            .in_column(name.as_ref()));
        };
        let unique = columns
            .header
            .check_unique(|repeated| repeated == name.as_ref());
        if order[*column].replace(value).is_some() || unique.is_err() {
            return Err(WriteError::new(
                TableErrorKind::DuplicateColumn,
                "two columns or two fields have this name",
            )
            .in_column(name.as_ref()));
        }
    }
    Ok(Some(order))
}
