//! Records: rows of text.

use jiff::civil::Date;
use serde::de::Deserialize;

use crate::numbers::{self, Whole};
use crate::{Header, Result, TableError, TableErrorKind, TableFormat, date, de};

/// Row of a table, lent by its reader.
///
/// An empty value is `""` as text and `None` as a number, a boolean or a date.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    text: &'a str,
    ends: &'a [usize],
    row: u64,
    line: u64,
    format: &'a TableFormat,
    header: Option<&'a Header>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(
        fields: Fields<'a>,
        format: &'a TableFormat,
        header: Option<&'a Header>,
    ) -> Self {
        Self {
            text: fields.text,
            ends: fields.ends,
            row: fields.row,
            line: fields.line,
            format,
            header,
        }
    }

    /// Returns the number of the row, from 1. Blank lines, header and records are counted.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }

    /// Returns the line in the text, from 1, in which the record begins.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns `true` if the record has no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the value of a column, from 0.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before],
            None => 0,
        };
        self.text.get(start..end)
    }

    /// Returns the values in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let this = *self;
        (0..this.len()).filter_map(move |index| this.get(index))
    }

    /// Returns the names of the columns, if they are known.
    #[must_use]
    pub fn header(&self) -> Option<&'a Header> {
        self.header
    }

    /// Returns the number in a column, from 0. `None` if the value is empty or missing.
    ///
    /// # Errors
    ///
    /// [`Value`](TableErrorKind::Value) if it is not a finite number with the table's decimal sign.
    pub fn number(&self, index: usize) -> Result<Option<f64>> {
        self.parsed(index, "a number", |text| {
            numbers::parse(text, self.format.decimal)
        })
    }

    /// Returns the whole number in a column, from 0. `None` if the value is empty or missing.
    ///
    /// # Errors
    ///
    /// [`Value`](TableErrorKind::Value) if it is not a whole number of 64 bits.
    pub fn integer(&self, index: usize) -> Result<Option<i64>> {
        self.parsed(
            index,
            "a whole number of 64 bits",
            |text| match numbers::parse_whole(text, self.format.decimal) {
                Whole::Value(value) => Some(value),
                _ => None,
            },
        )
    }

    /// Returns the boolean in a column, from 0: `true` or `false` in any case. `None` if the value is
    /// empty or missing, as in totals rows.
    ///
    /// # Errors
    ///
    /// [`Value`](TableErrorKind::Value) for any other value.
    pub fn boolean(&self, index: usize) -> Result<Option<bool>> {
        self.parsed(index, "a boolean", de::parse_bool)
    }

    /// Returns the date in a column, from 0. `None` if the value is empty or missing.
    ///
    /// # Errors
    ///
    /// [`Value`](TableErrorKind::Value) if it is not a date in the table's format.
    pub fn date(&self, index: usize) -> Result<Option<Date>> {
        self.parsed(index, "a date", |text| {
            date::parse(text, &self.format.dates)
        })
    }

    fn parsed<T>(
        &self,
        index: usize,
        what: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let text = self.get(index).unwrap_or_default().trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        let value = parse(text).ok_or_else(|| {
            TableError::new(TableErrorKind::Value, format!("the value is not {what}"))
                .in_column(Header::label(self.header, index))
                .at(self.row, self.line)
        })?;
        Ok(Some(value))
    }

    /// Deserializes the record into a row type.
    ///
    /// Structs and maps are read by the names of the header, sequences and tuples by position. Without
    /// a header, structs are read by position as well. Text is never interpreted: numbers, booleans and
    /// dates are parsed only if the type asks for one. An empty value is `None` for an `Option`, and an
    /// error for a number or a boolean that is not optional.
    ///
    /// # Errors
    ///
    /// [`Value`](TableErrorKind::Value), [`MissingColumn`](TableErrorKind::MissingColumn),
    /// [`DuplicateColumn`](TableErrorKind::DuplicateColumn), [`Width`](TableErrorKind::Width) or
    /// [`Type`](TableErrorKind::Type), with row and column.
    pub fn deserialize<T: Deserialize<'a>>(&self) -> Result<T> {
        de::deserialize(self)
    }

    /// The value from byte `start` on, and where it ends.
    #[inline]
    pub(crate) fn slice(&self, start: usize, index: usize) -> (&'a str, usize) {
        let end = self.ends.get(index).copied().unwrap_or(start);
        (self.text.get(start..end).unwrap_or_default(), end)
    }

    #[inline]
    pub(crate) fn format(&self) -> &'a TableFormat {
        self.format
    }
}

/// Values of a row with their place in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) text: &'a str,
    pub(crate) ends: &'a [usize],
    pub(crate) row: u64,
    pub(crate) line: u64,
}

/// Owned row, for values that do not come from a file, such as list items or the JSON of a view.
///
/// ```
/// use anaplan_table::{Header, RecordBuf, TableFormat};
///
/// #[derive(serde::Deserialize)]
/// struct Item {
///     name: String,
///     size: Option<u32>,
/// }
///
/// let header = Header::new(["name", "size"]);
/// let values = RecordBuf::from_iter(["Berlin", ""]);
/// let item: Item = values.as_record(&TableFormat::default(), Some(&header)).deserialize()?;
/// assert_eq!((item.name.as_str(), item.size), ("Berlin", None));
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordBuf {
    text: String,
    ends: Vec<usize>,
    row: u64,
    line: u64,
}

impl RecordBuf {
    /// Creates an empty row.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a value.
    pub fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    /// Removes all values. Keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Sets the number of the row and its line, for errors.
    pub fn set_position(&mut self, row: u64, line: u64) {
        (self.row, self.line) = (row, line);
    }

    /// Returns the row with a format, by which numbers and dates are read, and names of its columns.
    #[must_use]
    pub fn as_record<'a>(
        &'a self,
        format: &'a TableFormat,
        header: Option<&'a Header>,
    ) -> Record<'a> {
        Record::new(self.fields(), format, header)
    }

    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            text: &self.text,
            ends: &self.ends,
            row: self.row,
            line: self.line,
        }
    }

    pub(crate) fn copy_from(&mut self, fields: Fields<'_>) {
        self.clear();
        self.text.push_str(fields.text);
        self.ends.extend_from_slice(fields.ends);
        self.set_position(fields.row, fields.line);
    }

    /// Appends empty values up to `width`.
    pub(crate) fn pad(&mut self, width: usize) {
        if self.ends.len() < width {
            self.ends.resize(width, self.text.len());
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for RecordBuf {
    fn from_iter<I: IntoIterator<Item = S>>(values: I) -> Self {
        let mut row = Self::new();
        for value in values {
            row.push(value.as_ref());
        }
        row
    }
}
