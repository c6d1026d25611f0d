//! Rows of typed values.

use jiff::civil::Date;

use super::RowWriter;
use super::cells::WriteError;
use super::value::not_finite;
use crate::{Result, date, numbers};

/// Row of typed values, by position. Created by [`RowWriter::record`].
///
/// ```
/// use anaplan_table::{RowWriter, TableFormat};
///
/// let mut writer = RowWriter::new(TableFormat::default().with_columns(["Region", "Price"]))?;
/// writer.record().text("North").number(1e16)?.end()?;
/// assert_eq!(writer.finish()?, "Region,Price\nNorth,10000000000000000\n".as_bytes());
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[must_use = "nothing is written before `end`"]
#[derive(Debug)]
pub struct RecordWriter<'a>(&'a mut RowWriter);

impl<'a> RecordWriter<'a> {
    pub(super) fn new(writer: &'a mut RowWriter) -> Self {
        Self(writer)
    }

    /// Appends text, as it is.
    pub fn text(self, value: &str) -> Self {
        self.0.cells.push(value);
        self
    }

    /// Appends an empty value.
    pub fn empty(self) -> Self {
        self.text("")
    }

    /// Appends a boolean: `true` or `false`.
    pub fn boolean(self, value: bool) -> Self {
        self.text(if value { "true" } else { "false" })
    }

    /// Appends a whole number.
    pub fn integer(self, value: i64) -> Self {
        self.text(&value.to_string())
    }

    /// Appends a number.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::TableErrorKind::Value) if it is not finite.
    pub fn number(self, value: f64) -> Result<Self> {
        let decimal = self.0.format.decimal;
        let written = numbers::write_f64(value, decimal, &mut self.0.cells.text);
        self.ended(written.map_err(not_finite))
    }

    /// Appends a number that is written with `.` as decimal sign, such as an exact decimal.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::TableErrorKind::Value) if it is not a finite number.
    pub fn decimal(self, value: &str) -> Result<Self> {
        let decimal = self.0.format.decimal;
        let written = self.0.cells.number_text(value, decimal);
        self.ended(written)
    }

    /// Appends a date in the format of the table.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::TableErrorKind::Value) if it does not fit the pattern.
    pub fn date(self, value: Date) -> Result<Self> {
        let written = date::write(value, &self.0.format.dates, &mut self.0.cells.text);
        self.ended(
            written.map_err(|()| WriteError::value("the date does not fit the date pattern")),
        )
    }

    /// Writes the row.
    ///
    /// # Errors
    ///
    /// Those of [`RowWriter::write_row`].
    pub fn end(self) -> Result<()> {
        self.0.write_cells()
    }

    fn ended(self, written: Result<(), WriteError>) -> Result<Self> {
        match written {
            Ok(()) => {
                self.0.cells.end();
                Ok(self)
            }
            Err(error) => {
                let column = (self.0.cells.len() + 1).to_string();
                let error = self.0.named(error.in_column(column));
                Err(error.in_row(self.0.rows + 1))
            }
        }
    }
}
