//! The format of a table.

use crate::{Encoding, Grid, GridShape, Names, Result, TableError};

/// Format of a table: all that a reader or a writer must know of a file.
///
/// The default is a comma-separated UTF-8 file with a header in row 1. [`FileMetadata`] creates a format
/// from the values that the server returns. Every reader and writer calls [`check`](Self::check) before
/// it reads or writes.
///
/// ```
/// use anaplan_table::{Decimal, Encoding, TableFormat};
///
/// let mut format = TableFormat::default();
/// format.separator = ';';
/// format.decimal = Decimal::Comma;
/// format.encoding = Encoding::from("windows-1252");
/// format.check()?;
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
///
/// [`FileMetadata`]: crate::FileMetadata
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableFormat {
    /// Text encoding. A byte order mark in the text overrides it. Default: UTF-8.
    pub encoding: Encoding,
    /// `true` to write a byte order mark. Reading recognizes one in any case. Default: `false`.
    pub byte_order_mark: bool,
    /// Column separator, an ASCII character. Default: `,`.
    pub separator: char,
    /// Quotation mark (text delimiter), an ASCII character. `None` if values are never quoted.
    /// Default: `"`.
    pub quote: Option<char>,
    /// Decimal sign of numbers. Default: [`Point`](Decimal::Point).
    pub decimal: Decimal,
    /// Row of the header, from 1, blank lines counted. `None` if there is no header. Default: 1.
    pub header_row: Option<u32>,
    /// First row of data, from 1, blank lines counted. Default: 2.
    pub first_data_row: u32,
    /// Line ending that is written. Reading accepts LF, CR LF and CR. Default: [`Lf`](LineEnding::Lf).
    pub line_ending: LineEnding,
    /// Names of the columns.
    ///
    /// Without a header they name the columns. With a header, reading fails unless the header has
    /// exactly these names, and writing puts values into this order. Default: `None`.
    pub columns: Option<Vec<String>>,
    /// Arrangement of the values. Default: [`Table`](Layout::Table).
    pub layout: Layout,
    /// Handling of rows that have fewer or more values than the header. Default:
    /// [`Refuse`](Ragged::Refuse).
    pub ragged: Ragged,
    /// Format of dates. Default: [`Iso`](DateFormat::Iso).
    pub dates: DateFormat,
}

/// Decimal sign of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Decimal {
    /// `1234.5`.
    #[default]
    Point,
    /// `1234,5`.
    Comma,
}

/// Line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LineEnding {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`.
    CrLf,
}

/// Handling of rows that have fewer or more values than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Ragged {
    /// Such a row is an error.
    #[default]
    Refuse,
    /// Short rows are filled with empty values. More values are an error unless they are empty.
    Pad,
}

/// Format of dates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DateFormat {
    /// `2026-01-31`.
    #[default]
    Iso,
    /// A `strptime` pattern of [`jiff`], such as `%d/%m/%Y`.
    Pattern(String),
}

/// Arrangement of the values of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// One header row, then one row of values for each record.
    #[default]
    Table,
    /// A grid, with page items above and labels on two sides. Can be read, not written.
    Grid(Grid),
}

impl Default for TableFormat {
    fn default() -> Self {
        Self {
            encoding: Encoding::Utf8,
            byte_order_mark: false,
            separator: ',',
            quote: Some('"'),
            decimal: Decimal::Point,
            header_row: Some(1),
            first_data_row: 2,
            line_ending: LineEnding::Lf,
            columns: None,
            layout: Layout::Table,
            ragged: Ragged::Refuse,
            dates: DateFormat::Iso,
        }
    }
}

/// Marks of a format as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) separator: u8,
    pub(crate) quote: Option<u8>,
}

impl TableFormat {
    /// Sets the column separator.
    #[must_use]
    pub fn with_separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Sets the text encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: impl Into<Encoding>) -> Self {
        self.encoding = encoding.into();
        self
    }

    /// Sets the decimal sign.
    #[must_use]
    pub fn with_decimal(mut self, decimal: Decimal) -> Self {
        self.decimal = decimal;
        self
    }

    /// Sets the rows of the header and of the first data, from 1, blank lines counted.
    #[must_use]
    pub fn with_rows(mut self, header_row: impl Into<Option<u32>>, first_data_row: u32) -> Self {
        self.header_row = header_row.into();
        self.first_data_row = first_data_row;
        self
    }

    /// Removes the header: data begins in row 1.
    #[must_use]
    pub fn without_header(self) -> Self {
        self.with_rows(None, 1)
    }

    /// Sets the names of the columns.
    #[must_use]
    pub fn with_columns(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Removes the names of the columns: the header of the file decides.
    #[must_use]
    pub fn without_columns(mut self) -> Self {
        self.columns = None;
        self
    }

    /// Sets the arrangement of the values.
    #[must_use]
    pub fn with_layout(mut self, layout: impl Into<Layout>) -> Self {
        self.layout = layout.into();
        self
    }

    /// Sets the handling of rows of the wrong width.
    #[must_use]
    pub fn with_ragged(mut self, ragged: Ragged) -> Self {
        self.ragged = ragged;
        self
    }

    /// Sets the format of dates to a `strptime` pattern of [`jiff`], such as `%d/%m/%Y`.
    #[must_use]
    pub fn with_dates(mut self, pattern: impl Into<String>) -> Self {
        self.dates = DateFormat::Pattern(pattern.into());
        self
    }

    /// Reads a grid as one row per cell: page items, row labels, column labels, value. No effect on
    /// other layouts. See [`GridShape::Long`].
    #[must_use]
    pub fn long(mut self) -> Self {
        if let Layout::Grid(grid) = &mut self.layout {
            grid.shape = GridShape::Long;
        }
        self
    }

    /// Reads a grid as one row per combination of labels, with one column for each line item. No
    /// effect on other layouts. See [`GridShape::Wide`].
    #[must_use]
    pub fn wide(mut self) -> Self {
        if let Layout::Grid(grid) = &mut self.layout {
            grid.shape = GridShape::Wide;
        }
        self
    }

    /// Checks that the format can be honoured.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format), naming the field: an unknown encoding, a separator or
    /// quotation mark that is not one ASCII character or collides with another mark, a first data row
    /// that is not below the header, column names that contradict each other, a date pattern that
    /// cannot write and read a date, a grid without header lines.
    ///
    /// ```
    /// use anaplan_table::TableFormat;
    ///
    /// let error = TableFormat::default().with_separator('"').check().unwrap_err();
    /// assert_eq!(error.to_string(), "the separator and the quotation mark are both '\"'");
    /// ```
    pub fn check(&self) -> Result<()> {
        self.marks().map(drop)
    }

    /// Checks that rows can be written in this format.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), and `Format` for a grid.
    pub fn check_writable(&self) -> Result<()> {
        self.check()?;
        match &self.layout {
            Layout::Table => Ok(()),
            Layout::Grid(grid) => Err(TableError::format(format!(
                "the layout {} cannot be written",
                grid.name()
            ))),
        }
    }

    pub(crate) fn marks(&self) -> Result<Marks> {
        self.encoding.check()?;
        let separator = mark("separator", self.separator)?;
        let quote = self
            .quote
            .map(|quote| mark("quotation mark", quote))
            .transpose()?;
        if quote == Some(separator) {
            return Err(TableError::format(format!(
                "the separator and the quotation mark are both '{}'",
                self.separator
            )));
        }
        if self.decimal == Decimal::Comma && separator == b',' && quote.is_none() {
            return Err(TableError::format(
                "the separator and the decimal sign are both ',', and values are not quoted",
            ));
        }
        if let Layout::Grid(grid) = &self.layout {
            grid.check()?;
        } else {
            self.check_rows()?;
        }
        if let Some(names) = &self.columns {
            if names.is_empty() {
                return Err(TableError::format("the list of column names is empty"));
            }
            if let Layout::Grid(grid) = &self.layout {
                return Err(TableError::format(format!(
                    "the layout {} takes its columns from the grid, not from {}",
                    grid.name(),
                    Names(names)
                )));
            }
        }
        crate::date::check(&self.dates)?;
        Ok(Marks { separator, quote })
    }

    fn check_rows(&self) -> Result<()> {
        let first = self.first_data_row;
        match self.header_row {
            Some(0) => Err(TableError::format("the header row is 0; rows count from 1")),
            _ if first == 0 => Err(TableError::format(
                "the first data row is 0; rows count from 1",
            )),
            Some(header) if first <= header => Err(TableError::format(format!(
                "the first data row, {first}, is not below the header row, {header}"
            ))),
            _ => Ok(()),
        }
    }
}

fn mark(name: &str, c: char) -> Result<u8> {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, 0 | b'\r' | b'\n') => Ok(byte),
        _ => Err(TableError::format(format!(
            "the {name} {c:?} is not an ASCII character that can stand within a line"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TableErrorKind;

    #[test]
    fn check_accepts_usual_formats() {
        for format in [
            TableFormat::default(),
            TableFormat::default().without_header(),
            TableFormat::default()
                .with_separator('\t')
                .with_encoding("UTF-16LE"),
            TableFormat::default()
                .with_separator(';')
                .with_decimal(Decimal::Comma),
            TableFormat::default().with_decimal(Decimal::Comma),
            TableFormat::default().with_rows(3, 5),
            TableFormat::default().with_dates("%d.%m.%Y"),
        ] {
            format.check_writable().unwrap();
        }
    }

    #[test]
    fn check_rejects_formats_that_cannot_be_honoured() {
        let default = TableFormat::default;
        for (format, part) in [
            (default().with_separator('\n'), "separator"),
            (default().with_separator('\0'), "separator"),
            (default().with_separator('\u{20ac}'), "separator"),
            (default().with_separator('"'), "separator"),
            (
                TableFormat {
                    quote: Some('\u{201c}'),
                    ..default()
                },
                "quotation mark",
            ),
            (
                TableFormat {
                    quote: None,
                    ..default()
                }
                .with_decimal(Decimal::Comma),
                "decimal sign",
            ),
            (default().with_rows(1, 1), "first data row"),
            (default().with_rows(None, 0), "first data row"),
            (default().with_rows(0, 1), "header row"),
            (default().with_encoding("X"), "'X'"),
            (default().with_columns(Vec::<String>::new()), "column names"),
            (default().with_dates("%Q"), "date"),
            (default().with_dates("%Y"), "date"),
        ] {
            let error = format.check().unwrap_err();
            assert_eq!(error.kind(), TableErrorKind::Format, "{format:?}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn check_writable_rejects_grids() {
        let format = TableFormat::default().with_layout(Grid::export(["", "Jan"]));
        format.check().unwrap();
        assert!(format.check_writable().is_err());
        assert!(format.with_columns(["A"]).check().is_err());
    }
}
