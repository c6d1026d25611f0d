//! The names of the columns.

use std::collections::HashMap;

use crate::{Result, TableError, TableErrorKind};

/// Names of the columns of a table, in order.
///
/// ```
/// use anaplan_table::Header;
///
/// let header = Header::new(["Name", "Code", "Name"]);
/// assert_eq!(header.position("Code")?, 1);
/// assert!(header.position("Name").is_err());
/// assert_eq!(header.names(), ["Name", "Code", "Name"]);
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    names: Vec<String>,
    /// Columns whose name an earlier column has: index of the earlier one and of this one.
    repeated: Vec<(usize, usize)>,
}

impl Header {
    /// Creates a header.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut first = HashMap::with_capacity(names.len());
        let mut repeated = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match first.get(name.as_str()) {
                Some(earlier) => repeated.push((*earlier, index)),
                None => {
                    first.insert(name.as_str(), index);
                }
            }
        }
        Self { names, repeated }
    }

    /// Returns the names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns `true` if there are no columns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns the index of a column, from 0.
    ///
    /// # Errors
    ///
    /// [`MissingColumn`](TableErrorKind::MissingColumn) if there is none of this name,
    /// [`DuplicateColumn`](TableErrorKind::DuplicateColumn) if there are several.
    pub fn position(&self, name: &str) -> Result<usize> {
        self.check_unique(|repeated| repeated == name)?;
        let mut names = self.names.iter();
        names
            .position(|column| column == name)
            .ok_or_else(|| self.missing(name))
    }

    /// Fails if a name that `wanted` selects occurs twice.
    pub(crate) fn check_unique(&self, wanted: impl Fn(&str) -> bool) -> Result<()> {
        for (first, second) in &self.repeated {
            let name = &self.names[*second];
            if wanted(name) {
                return Err(TableError::new(
                    TableErrorKind::DuplicateColumn,
                    format!(
                        "columns {} and {} have the same name; read the rows as sequences to get both values",
                        first + 1,
                        second + 1
                    ),
                )
                .in_column(name));
            }
        }
        Ok(())
    }

    pub(crate) fn missing(&self, name: &str) -> TableError {
        TableError::new(
            TableErrorKind::MissingColumn,
            format!(
                "there is no such column; the header has {}",
                crate::Names(&self.names)
            ),
        )
        .in_column(name)
    }

    /// Name of a column for errors, or its number if it has none.
    pub(crate) fn label(header: Option<&Self>, index: usize) -> String {
        let name = header.and_then(|header| header.names.get(index));
        name.filter(|name| !name.is_empty())
            .cloned()
            .unwrap_or_else(|| (index + 1).to_string())
    }
}
