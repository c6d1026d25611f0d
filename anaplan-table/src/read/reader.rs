//! The reader that all others are built on.

use super::grid_reader::GridReader;
use super::splitter::{Split, Splitter};
use super::width::fit;
use crate::encoding::Decoder;
use crate::record::{Fields, Record, RecordBuf};
use crate::{Header, Layout, Names, Result, TableError, TableErrorKind, TableFormat};

/// Default limit of a record.
const RECORD_LIMIT: usize = 64 << 20;

/// Push reader: takes bytes in pieces of any size, lends records. Does no input or output.
///
/// Holds one record and, for encodings other than UTF-8, 64 KiB of decoded text. Records are limited to
/// 64 MiB, see [`with_record_limit`](Self::with_record_limit). [`Records`](crate::Records) and
/// [`Rows`](crate::Rows) read asynchronous streams with it, [`read_rows`](crate::read_rows) an
/// [`io::Read`](std::io::Read).
///
/// ```
/// use anaplan_table::{TableFormat, TableReader};
///
/// let mut reader = TableReader::new(TableFormat::default())?;
/// let mut names = Vec::new();
/// for mut piece in [&b"name,amo"[..], b"unt\nNorth,1.5\nSo", b"uth,2\n"] {
///     while let Some(record) = reader.read(&mut piece)? {
///         names.push((record.get(0).unwrap().to_owned(), record.number(1)?));
///     }
/// }
/// while let Some(record) = reader.finish()? {
///     names.push((record.get(0).unwrap().to_owned(), record.number(1)?));
/// }
/// assert_eq!(names, [("North".to_owned(), Some(1.5)), ("South".to_owned(), Some(2.0))]);
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
///
/// # Blank lines
///
/// Blank lines count as rows for [`header_row`](TableFormat::header_row) and
/// [`first_data_row`](TableFormat::first_data_row). Among the data of a table with one column a blank
/// line is a record with an empty value; in other tables it is no record.
pub struct TableReader {
    format: TableFormat,
    decoder: Decoder,
    /// Decoded text, read up to `at`.
    decoded: Vec<u8>,
    at: usize,
    /// A fault behind the decoded text.
    fault: Option<TableError>,
    splitter: Splitter,
    header: Option<Header>,
    width: Option<usize>,
    /// Blank lines before the width of the table is known: row and line of the first, and their number.
    blanks: Option<(u64, u64, u64)>,
    grid: Option<Box<GridReader>>,
    current: Current,
    buffer: RecordBuf,
    end: End,
}

/// Place of the current record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Current {
    Splitter,
    /// A blank line in `buffer`. The record behind it waits in the splitter.
    Blank,
    Grid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Decoded,
    Split,
    /// Everything was read, or an error ended the reading.
    Over,
}

impl TableReader {
    /// Creates a reader.
    ///
    /// # Errors
    ///
    /// [`Format`](TableErrorKind::Format) if [`TableFormat::check`] fails.
    pub fn new(format: TableFormat) -> Result<Self> {
        let marks = format.marks()?;
        let grid = match &format.layout {
            Layout::Grid(grid) => Some(Box::new(GridReader::new(grid.clone()))),
            Layout::Table => None,
        };
        let named = format
            .columns
            .as_ref()
            .filter(|_| format.header_row.is_none());
        let header = named.map(Header::new);
        Ok(Self {
            decoder: Decoder::new(format.encoding.clone()),
            decoded: Vec::new(),
            at: 0,
            fault: None,
            splitter: Splitter::new(marks, RECORD_LIMIT),
            width: header.as_ref().map(Header::len),
            header,
            blanks: None,
            grid,
            current: Current::Splitter,
            buffer: RecordBuf::new(),
            end: End::Open,
            format,
        })
    }

    /// Limits records to this many bytes of UTF-8. Default: 64 MiB.
    #[must_use]
    pub fn with_record_limit(mut self, bytes: usize) -> Self {
        self.splitter.set_limit(bytes);
        self
    }

    /// Returns the format.
    #[must_use]
    pub fn format(&self) -> &TableFormat {
        &self.format
    }

    /// Returns the names of the columns, once the header has been read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Returns the page items of the current page of a grid, in order. Empty for other layouts.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        self.grid.as_ref().map_or(&[], |grid| grid.pages())
    }

    /// Consumes bytes from `input` until a record is complete. Returns `None` if `input` is used up.
    ///
    /// # Errors
    ///
    /// Those of the table, with row and column. After an error that is not
    /// [fatal](TableError::is_fatal) reading goes on with the next record, after others it has ended.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Record<'_>>> {
        if self.advance(input, false)? {
            return self.current().map(Some);
        }
        Ok(None)
    }

    /// Ends the input and returns the records that are left, one at each call, then `None`.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), and those of a table that ends too early: within a character,
    /// within a quoted value, before its header.
    pub fn finish(&mut self) -> Result<Option<Record<'_>>> {
        if self.advance(&mut &[][..], true)? {
            return self.current().map(Some);
        }
        Ok(None)
    }

    /// Moves to the next record. Returns `false` if there is none in `input`, or at all if it is the
    /// `last` one.
    pub(crate) fn advance(&mut self, input: &mut &[u8], last: bool) -> Result<bool> {
        let result = self.step(input, last);
        if result.as_ref().is_err_and(TableError::is_fatal) {
            self.end = End::Over;
        }
        if self.end == End::Over {
            *input = &[];
        }
        result
    }

    /// The record that [`advance`](Self::advance) moved to.
    pub(crate) fn current(&self) -> Result<Record<'_>> {
        let fields = match (self.current, &self.grid) {
            (Current::Splitter, _) => self.checked()?,
            (Current::Grid, Some(grid)) => grid.fields(),
            (Current::Blank | Current::Grid, _) => self.buffer.fields(),
        };
        Ok(Record::new(fields, &self.format, self.header.as_ref()))
    }

    fn step(&mut self, input: &mut &[u8], last: bool) -> Result<bool> {
        loop {
            if self.end == End::Over {
                return Ok(false);
            }
            if self.is_pending()? {
                return Ok(true);
            }
            let split = self.split(input, last)?;
            if split == Split::More {
                if !last {
                    return Ok(false);
                }
                return self.conclude();
            }
            let placed = if self.grid.is_some() {
                self.place_in_grid(split)?
            } else {
                self.place(split)?
            };
            if placed {
                return Ok(true);
            }
        }
    }

    /// Returns `true` if a record is ready without more input.
    fn is_pending(&mut self) -> Result<bool> {
        if let Some(grid) = &mut self.grid {
            self.current = Current::Grid;
            return grid.next_shaped();
        }
        if self.current != Current::Blank {
            return Ok(false);
        }
        match &mut self.blanks {
            Some((row, line, count)) if *count > 0 => {
                self.buffer.clear();
                self.buffer.push("");
                self.buffer.set_position(*row, *line);
                (*row, *line, *count) = (*row + 1, *line + 1, *count - 1);
                Ok(true)
            }
            _ => {
                self.blanks = None;
                self.current = Current::Splitter;
                Ok(true)
            }
        }
    }

    fn split(&mut self, input: &mut &[u8], last: bool) -> Result<Split> {
        loop {
            if self.at < self.decoded.len() {
                let mut rest = &self.decoded[self.at..];
                let split = self.splitter.split(&mut rest);
                self.at = self.decoded.len() - rest.len();
                match split? {
                    Split::More => {}
                    found => return Ok(found),
                }
            }
            self.decoded.clear();
            self.at = 0;
            if let Some(fault) = self.fault.take() {
                let (row, line) = self.splitter.next_position();
                return Err(fault.at(row, line));
            }
            if !input.is_empty() && self.decoder.is_passthrough() {
                return self.splitter.split(input);
            } else if !input.is_empty() {
                self.fault = self.decoder.decode(input, &mut self.decoded).err();
            } else if last && self.end == End::Open {
                self.end = End::Decoded;
                self.fault = self.decoder.finish(&mut self.decoded).err();
            } else if last && self.end == End::Decoded {
                self.end = End::Split;
                return self.splitter.finish();
            } else {
                return Ok(Split::More);
            }
        }
    }

    /// Puts a row of a table to its use. Returns `true` if it is a record of data.
    fn place(&mut self, split: Split) -> Result<bool> {
        let row = self.splitter.row();
        if let Some(header) = self.format.header_row.map(u64::from) {
            if row == header {
                self.place_header(split)?;
            }
            if row <= header {
                return Ok(false);
            }
        }
        if row < u64::from(self.format.first_data_row) {
            return Ok(false);
        }
        self.current = Current::Splitter;
        if split == Split::Blank {
            if self.width == Some(1) {
                self.splitter.resize(1);
                return Ok(true);
            }
            if self.width.is_none() {
                let first = (row, self.splitter.line(), 0);
                self.blanks.get_or_insert(first).2 += 1;
            }
            return Ok(false);
        }
        let width = *self.width.get_or_insert(self.splitter.width());
        let found = self.splitter.width();
        if found != width {
            let extra = self.checked()?.extra(width);
            fit(found, width, extra, self.format.ragged)
                .map_err(|error| error.at(row, self.splitter.line()))?;
            self.splitter.resize(width);
        }
        if width == 1 && self.blanks.is_some() {
            self.current = Current::Blank;
            return self.is_pending();
        }
        self.blanks = None;
        Ok(true)
    }

    fn place_header(&mut self, split: Split) -> Result<()> {
        let (row, line) = (self.splitter.row(), self.splitter.line());
        let wrong = |message| TableError::new(TableErrorKind::Header, message).at(row, line);
        if split == Split::Blank {
            return Err(wrong("the line of the header is blank".to_owned()));
        }
        let fields = self.checked()?;
        let header = Header::new(Record::new(fields, &self.format, None).iter());
        if let Some(expected) = &self.format.columns {
            if expected != header.names() {
                return Err(wrong(format!(
                    "the header has {}, expected {}",
                    Names(header.names()),
                    Names(expected)
                )));
            }
        }
        self.width = Some(header.len());
        self.header = Some(header);
        Ok(())
    }

    fn place_in_grid(&mut self, split: Split) -> Result<bool> {
        if split == Split::Blank {
            return Ok(false);
        }
        let fields = self
            .splitter
            .fields()
            .map_err(|index| self.not_text(index))?;
        let Some(grid) = &mut self.grid else {
            return Ok(false);
        };
        if grid.place(fields, &self.format)? {
            self.header = Some(grid.header());
        }
        Ok(false)
    }

    /// The record in the splitter, if all of it is text.
    fn checked(&self) -> Result<Fields<'_>> {
        self.splitter.fields().map_err(|index| self.not_text(index))
    }

    fn not_text(&self, index: usize) -> TableError {
        TableError::new(
            TableErrorKind::Encoding,
            "the value has bytes that are not valid in UTF-8",
        )
        .in_column(Header::label(self.header.as_ref(), index))
        .at(self.splitter.row(), self.splitter.line())
    }

    /// The end of the input.
    fn conclude(&mut self) -> Result<bool> {
        let row = self.splitter.row();
        if let Some(grid) = &mut self.grid {
            if grid.conclude(row, &self.format)? {
                self.current = Current::Grid;
                return Ok(true);
            }
        } else if self.header.is_none() && row > 0 {
            if let Some(header) = self.format.header_row {
                return Err(TableError::new(
                    TableErrorKind::Header,
                    format!("the table ends in row {row}, before its header in row {header}"),
                ));
            }
        }
        self.end = End::Over;
        Ok(false)
    }
}

impl std::fmt::Debug for TableReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableReader")
            .field("format", &self.format)
            .field("header", &self.header)
            .field("row", &self.splitter.row())
            .finish_non_exhaustive()
    }
}
