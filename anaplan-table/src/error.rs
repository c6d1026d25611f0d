//! The error of this crate.

use std::fmt;

/// Result with a [`TableError`].
pub type Result<T, E = TableError> = std::result::Result<T, E>;

/// Kind of a [`TableError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// The format cannot be honoured. Returned before anything is read or written.
    Format,
    /// Bytes that are not valid in the encoding, or a character that the encoding lacks.
    Encoding,
    /// The header is missing, blank or not the expected one.
    Header,
    /// Two columns have the requested name.
    DuplicateColumn,
    /// A column that the row type needs is missing, or a column is not in the header.
    MissingColumn,
    /// A row has more or fewer values than the header.
    Width,
    /// A value does not fit the requested type, or cannot be written.
    Value,
    /// A quoted value is never closed.
    Quote,
    /// A record is larger than the limit.
    TooLarge,
    /// The Rust type is not the type of a row or of a value.
    Type,
    /// The underlying reader failed.
    Io,
}

/// Error of reading or writing a table.
///
/// Names row, line and column where they are known. The text never contains the value of a cell.
///
/// ```
/// use anaplan_table::{TableErrorKind, TableFormat, read_rows};
///
/// let csv = "Region,Price\nNorth,n/a\n".as_bytes();
/// let mut rows = read_rows::<(String, f64), _>(csv, TableFormat::default())?;
/// let error = rows.next().unwrap().unwrap_err();
/// assert_eq!(error.kind(), TableErrorKind::Value);
/// assert_eq!((error.row(), error.column()), (Some(2), Some("Price")));
/// assert_eq!(error.to_string(), "row 2, column 'Price': the value is not a number, expected f64");
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
pub struct TableError(Box<Inner>);

struct Inner {
    kind: TableErrorKind,
    row: Option<u64>,
    line: Option<u64>,
    column: Option<String>,
    message: String,
    writing: bool,
    source: Option<std::io::Error>,
}

impl TableError {
    pub(crate) fn new(kind: TableErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            row: None,
            line: None,
            column: None,
            message: message.into(),
            writing: false,
            source: None,
        }))
    }

    pub(crate) fn format(message: impl Into<String>) -> Self {
        Self::new(TableErrorKind::Format, message)
    }

    pub(crate) fn io(error: std::io::Error) -> Self {
        let mut this = Self::new(TableErrorKind::Io, "reading the table failed");
        this.0.source = Some(error);
        this
    }

    pub(crate) fn at(mut self, row: u64, line: u64) -> Self {
        self.0.row.get_or_insert(row);
        self.0.line.get_or_insert(line);
        self
    }

    pub(crate) fn in_column(mut self, name: impl Into<String>) -> Self {
        self.0.column.get_or_insert_with(|| name.into());
        self
    }

    pub(crate) fn writing_row(mut self, row: u64) -> Self {
        self.0.writing = true;
        self.0.row.get_or_insert(row);
        self
    }

    pub(crate) fn writing(mut self) -> Self {
        self.0.writing = true;
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> TableErrorKind {
        self.0.kind
    }

    /// Returns the number of the row, from 1.
    ///
    /// Reading counts as the server does: every record and every blank line is a row, the header
    /// included. Writing counts the rows that were passed in, the header not included.
    #[must_use]
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }

    /// Returns the line in the text, from 1. Differs from [`row`](Self::row) after a value with line
    /// breaks. `None` for errors of writing.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// Returns the name of the column, or its number from 1 if it has no name.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// Returns `true` if a row cannot be written, `false` for errors of reading.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.0.writing
    }

    /// Returns `true` if reading cannot go on after this error.
    ///
    /// A row of the wrong width and a value that does not fit its type or is not UTF-8 end only that
    /// row: the rows behind it are still read.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self.0.kind {
            TableErrorKind::Width | TableErrorKind::Value => false,
            TableErrorKind::Encoding => self.0.column.is_none(),
            _ => true,
        }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(row) = inner.row {
            write!(f, "row {row}")?;
            if let Some(line) = inner.line.filter(|line| *line != row) {
                write!(f, " (line {line})")?;
            }
        }
        if let Some(column) = &inner.column {
            let comma = if inner.row.is_some() { ", " } else { "" };
            write!(f, "{comma}column '{}'", Short(column))?;
        }
        if inner.row.is_some() || inner.column.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)
    }
}

impl fmt::Debug for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableError")
            .field("kind", &self.0.kind)
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for TableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|error| error as _)
    }
}

impl From<TableError> for std::io::Error {
    fn from(mut error: TableError) -> Self {
        if let Some(source) = error.0.source.take() {
            return source;
        }
        let kind = if error.is_write() || error.kind() == TableErrorKind::Format {
            std::io::ErrorKind::InvalidInput
        } else {
            std::io::ErrorKind::InvalidData
        };
        Self::new(kind, error)
    }
}

#[cfg(feature = "core")]
impl From<TableError> for anaplan_core::Error {
    fn from(error: TableError) -> Self {
        use anaplan_core::ErrorKind;
        let kind = match error.kind() {
            TableErrorKind::Io => ErrorKind::Io,
            TableErrorKind::TooLarge => ErrorKind::TooLarge,
            TableErrorKind::Format => ErrorKind::InvalidInput,
            _ if error.is_write() => ErrorKind::InvalidInput,
            _ => ErrorKind::Decode,
        };
        let message = match &error.0.source {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self::new(kind, message)
    }
}

/// A name in an error, cut after 80 characters, without line breaks.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(80) {
            f.write_char(if c.is_control() { ' ' } else { c })?;
        }
        if chars.next().is_some() {
            f.write_str("...")?;
        }
        Ok(())
    }
}

/// Column names in an error, at most 20 of them.
pub(crate) struct Names<'a>(pub(crate) &'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no columns");
        }
        for (index, name) in self.0.iter().take(20).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}'{}'", Short(name))?;
        }
        match self.0.len() {
            0..=20 => Ok(()),
            more => write!(f, " and {} more", more - 20),
        }
    }
}
