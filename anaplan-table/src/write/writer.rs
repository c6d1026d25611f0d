//! The writer that all others are built on.

use bytes::Bytes;
use serde::Serialize;

use super::RecordWriter;
use super::cells::{Cells, Renderer, WriteError};
use super::columns::{Columns, order};
use super::ser::Row;
use crate::encoding::Encoder;
use crate::{Names, Result, TableError, TableErrorKind, TableFormat};

/// Writes rows as encoded text into a buffer, which the caller takes whenever it likes.
///
/// The names of the columns come from [`TableFormat::columns`], otherwise from the fields of the first
/// row. Structs and maps are written by name, whatever the order of their fields. Sequences and tuples
/// are written by position; under a header they need the names of the format. Rows above the data that
/// are not the header are written as rows of empty values.
///
/// Numbers are written in full, with the decimal sign of the format and never with an exponent. Text is
/// written as it is: see [`number`](crate::number) for number types that serialize as text.
///
/// ```
/// use anaplan_table::{Decimal, RowWriter, TableFormat};
///
/// #[derive(serde::Serialize)]
/// struct Price {
///     region: &'static str,
///     price: f64,
/// }
///
/// let format = TableFormat::default().with_separator(';').with_decimal(Decimal::Comma);
/// let mut writer = RowWriter::new(format)?;
/// writer.write_row(&Price { region: "North", price: 1.5 })?;
/// let error = writer.write_row(&Price { region: "South", price: f64::NAN }).unwrap_err();
/// assert_eq!((error.row(), error.column()), (Some(2), Some("price")));
/// assert_eq!(writer.finish()?, "region;price\nNorth;1,5\n".as_bytes());
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[derive(Debug)]
pub struct RowWriter {
    pub(super) format: TableFormat,
    renderer: Renderer,
    encoder: Encoder,
    columns: Option<Columns>,
    started: bool,
    pub(super) rows: u64,
    pub(super) cells: Cells,
    line: String,
    out: Vec<u8>,
}

impl RowWriter {
    /// Creates a writer.
    ///
    /// # Errors
    ///
    /// [`Format`](TableErrorKind::Format) if [`TableFormat::check_writable`] fails.
    pub fn new(format: TableFormat) -> Result<Self> {
        format.check_writable()?;
        Ok(Self {
            renderer: Renderer::new(&format),
            encoder: Encoder::new(format.encoding.clone())?,
            columns: format.columns.as_deref().map(Columns::new),
            started: false,
            rows: 0,
            cells: Cells::default(),
            line: String::new(),
            out: Vec::new(),
            format,
        })
    }

    /// Checks that all rows can be written, without keeping them. Returns the length of the text in
    /// bytes.
    ///
    /// Call it before the old content of a file is replaced.
    ///
    /// # Errors
    ///
    /// Those of [`write_row`](Self::write_row), for the first row that cannot be written.
    ///
    /// ```
    /// use anaplan_table::{RowWriter, TableFormat};
    ///
    /// let format = TableFormat::default().with_columns(["name"]).with_encoding("latin1");
    /// let error = RowWriter::check_rows(format, &[["Z\u{fc}rich"], ["\u{20ac}"]]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "row 2, column 'name': the value has a character that ISO-8859-1 lacks",
    /// );
    /// # Ok::<(), anaplan_table::TableError>(())
    /// ```
    pub fn check_rows<'a, T: Serialize + 'a>(
        format: TableFormat,
        rows: impl IntoIterator<Item = &'a T>,
    ) -> Result<u64> {
        let mut writer = Self::new(format)?;
        let mut length = 0_u64;
        for row in rows {
            writer.write_row(row)?;
            length += writer.out.len() as u64;
            writer.out.clear();
        }
        Ok(length + writer.finish()?.len() as u64)
    }

    /// Writes a row. A row that cannot be written changes nothing.
    ///
    /// # Errors
    ///
    /// With the number of the row and the column: [`Value`](TableErrorKind::Value) for a number that is
    /// not finite and a value that cannot be quoted, [`Encoding`](TableErrorKind::Encoding) for a
    /// character that the encoding lacks, [`MissingColumn`](TableErrorKind::MissingColumn) for a field
    /// that is not in the header, [`Width`](TableErrorKind::Width) for a sequence of another length,
    /// [`Header`](TableErrorKind::Header) for sequences under a header without names,
    /// [`Type`](TableErrorKind::Type) for nested structs, maps and sequences.
    pub fn write_row<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<()> {
        self.cells.clear();
        let serializer = Row {
            cells: &mut self.cells,
            format: &self.format,
        };
        let number = self.rows + 1;
        if let Err(error) = row.serialize(serializer) {
            return Err(self.named(error).in_row(number));
        }
        self.write_cells()
    }

    /// Writes a row of text values, as they are, by position.
    ///
    /// # Errors
    ///
    /// Those of [`write_row`](Self::write_row).
    pub fn write_record(
        &mut self,
        values: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<()> {
        self.cells.clear();
        for value in values {
            self.cells.push(value.as_ref());
        }
        self.write_cells()
    }

    /// Starts a row of typed values, by position. Nothing is written before
    /// [`RecordWriter::end`].
    pub fn record(&mut self) -> RecordWriter<'_> {
        self.cells.clear();
        RecordWriter::new(self)
    }

    /// Returns the number of bytes in the buffer.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.out.len()
    }

    /// Returns the number of rows that were written, the header not included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the bytes that were written so far out of the buffer.
    pub fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.out))
    }

    /// Ends the table and returns the bytes that were not taken. A table without rows has a header if
    /// the format names its columns.
    ///
    /// # Errors
    ///
    /// Those of writing the header.
    pub fn finish(mut self) -> Result<Bytes> {
        if !self.started && self.columns.is_some() {
            self.start().map_err(TableError::writing)?;
        }
        Ok(self.take())
    }

    /// Writes the values in `cells`.
    pub(super) fn write_cells(&mut self) -> Result<()> {
        let number = self.rows + 1;
        let before = self.out.len();
        let (started, fixed) = (self.started, self.columns.is_some());
        let result = self.try_write();
        match result {
            Ok(()) => {
                self.rows = number;
                Ok(())
            }
            Err(error) => {
                self.out.truncate(before);
                self.started = started;
                if !fixed {
                    self.columns = None;
                }
                Err(error.in_row(number))
            }
        }
    }

    fn try_write(&mut self) -> Result<(), WriteError> {
        if self.columns.is_none() {
            self.columns = Some(self.derived()?);
        }
        if !self.started {
            self.start()
                .map_err(|error| WriteError::new(error.kind(), error.to_string()))?;
        }
        let Some(columns) = &self.columns else {
            return Ok(());
        };
        let order = order(&self.cells, columns)?;
        let values = (0..columns.header.len()).map(|column| match &order {
            None => self.cells.get(column),
            Some(order) => order[column].map_or("", |index| self.cells.get(index)),
        });
        let first = self.rows == 0 && self.out.is_empty();
        self.line.clear();
        self.renderer
            .line(values.clone(), false, &mut self.line)
            .map_err(|(index, message)| {
                WriteError::value(message).in_column(columns.label(index))
            })?;
        let before = self.out.len();
        if self.encoder.encode(&self.line, &mut self.out).is_err() {
            let encoding = &self.format.encoding;
            let lacking = values
                .enumerate()
                .find(|(_, value)| self.encoder.encode(value, &mut Vec::new()).is_err());
            return Err(WriteError::new(
                TableErrorKind::Encoding,
                format!("the value has a character that {encoding} lacks"),
            )
            .in_column(columns.label(lacking.map_or(0, |(index, _)| index))));
        }
        if first && self.encoder.is_misleading(&self.out[before..]) {
            // Quoted, the first character is not at the start of the text.
            self.out.truncate(before);
            self.line.clear();
            self.renderer
                .line(values, true, &mut self.line)
                .map_err(|(index, message)| {
                    WriteError::value(message).in_column(columns.label(index))
                })?;
            let _ = self.encoder.encode(&self.line, &mut self.out);
        }
        Ok(())
    }

    /// Columns of the first row.
    fn derived(&self) -> Result<Columns, WriteError> {
        if !self.cells.names.is_empty() {
            let names: Vec<String> = self
                .cells
                .names
                .iter()
                .map(|name| name.as_ref().to_owned())
                .collect();
            return Ok(Columns::new(&names));
        }
        if self.cells.len() == 0 {
            return Err(WriteError::new(
                TableErrorKind::Width,
                "the row has no values",
            ));
        }
        if self.format.header_row.is_some() {
            return Err(WriteError::new(
                TableErrorKind::Header,
                "the row has no column names for the header; set the columns of the format",
            ));
        }
        Ok(Columns::unnamed(self.cells.len()))
    }

    /// Writes the byte order mark and all rows above the data.
    fn start(&mut self) -> Result<()> {
        self.started = true;
        if self.format.byte_order_mark || self.format.encoding == crate::Encoding::Utf16 {
            self.encoder.mark(&mut self.out);
        }
        let marked = !self.out.is_empty();
        let Some(columns) = &self.columns else {
            return Ok(());
        };
        let names = columns.header.names();
        let blank = vec![String::new(); names.len()];
        for row in 1..self.format.first_data_row {
            let is_header = self.format.header_row == Some(row);
            if is_header && self.format.quote.is_none() && names == [""] {
                return Err(TableError::new(
                    TableErrorKind::Header,
                    "the only column has no name, and the format has no quotation marks: the header would be a blank line",
                ));
            }
            let values = if is_header { names } else { &blank };
            let mut force = false;
            loop {
                self.line.clear();
                let before = self.out.len();
                let values = values.iter().map(String::as_str);
                self.renderer
                    .line(values, force, &mut self.line)
                    .map_err(|(index, message)| {
                        TableError::new(TableErrorKind::Value, format!("header: {message}"))
                            .in_column(columns.label(index))
                    })?;
                self.encoder
                    .encode(&self.line, &mut self.out)
                    .map_err(|_| {
                        TableError::new(
                            TableErrorKind::Encoding,
                            format!(
                                "the header, {}, has a character that {} lacks",
                                Names(names),
                                self.format.encoding
                            ),
                        )
                    })?;
                if row > 1 || force || marked || !self.encoder.is_misleading(&self.out[before..]) {
                    break;
                }
                self.out.truncate(before);
                force = true;
            }
        }
        Ok(())
    }

    /// Names the column of an error by position.
    pub(super) fn named(&self, mut error: WriteError) -> WriteError {
        let (Some(columns), Some(column)) = (&self.columns, &error.0.column) else {
            return error;
        };
        if !self.cells.names.is_empty() || !columns.named {
            return error;
        }
        if column.parse() == Ok(self.cells.len() + 1) {
            error.0.column = Some(columns.label(self.cells.len()));
        }
        error
    }
}
