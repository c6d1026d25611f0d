//! Rows of an [`io::Read`](std::io::Read).

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::TableReader;
use crate::{Header, Result, TableError, TableFormat};

/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// Reads the rows of a file or of a byte slice. See [`Rows`](crate::Rows) for asynchronous streams.
///
/// # Errors
///
/// [`Format`](crate::TableErrorKind::Format) if the format cannot be honoured.
///
/// ```
/// use anaplan_table::{TableFormat, read_rows};
/// use std::collections::BTreeMap;
///
/// let csv = "Region,Price\nNorth,1.5\n".as_bytes();
/// let rows: Vec<BTreeMap<String, String>> =
///     read_rows(csv, TableFormat::default())?.collect::<Result<_, _>>()?;
/// assert_eq!(rows[0]["Price"], "1.5");
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
pub fn read_rows<T, R>(source: R, format: TableFormat) -> Result<ReadRows<R, T>>
where
    T: DeserializeOwned,
    R: Read,
{
    Ok(ReadRows {
        reader: TableReader::new(format)?,
        source,
        buffer: vec![0; BUFFER],
        range: 0..0,
        ended: false,
        over: false,
        row: PhantomData,
    })
}

/// Iterator over the rows of an [`io::Read`](std::io::Read). Created by [`read_rows`].
///
/// Goes on after an error that concerns one row only; ends after a
/// [fatal](TableError::is_fatal) one.
pub struct ReadRows<R, T> {
    reader: TableReader,
    source: R,
    buffer: Vec<u8>,
    range: std::ops::Range<usize>,
    ended: bool,
    over: bool,
    row: PhantomData<fn() -> T>,
}

impl<R: Read, T: DeserializeOwned> ReadRows<R, T> {
    /// Limits records to this many bytes. Default: 64 MiB.
    #[must_use]
    pub fn with_record_limit(mut self, bytes: usize) -> Self {
        self.reader = self.reader.with_record_limit(bytes);
        self
    }

    fn next_row(&mut self) -> Result<Option<T>> {
        loop {
            let mut input = &self.buffer[self.range.clone()];
            let found = self.reader.advance(&mut input, self.ended);
            self.range.start = self.range.end - input.len();
            if found? {
                return self.reader.current()?.deserialize().map(Some);
            }
            if self.ended {
                return Ok(None);
            }
            let count = loop {
                match self.source.read(&mut self.buffer) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other.map_err(TableError::io)?,
                }
            };
            self.range = 0..count;
            self.ended = count == 0;
        }
    }
}

impl<R, T> ReadRows<R, T> {
    /// Returns the names of the columns, once the header has been read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.reader.header()
    }

    /// Returns the page items of the current page of a grid. Empty for other layouts.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        self.reader.pages()
    }
}

impl<R: Read, T: DeserializeOwned> Iterator for ReadRows<R, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let row = self.next_row();
        self.over = match &row {
            Ok(row) => row.is_none(),
            Err(error) => error.is_fatal(),
        };
        row.transpose()
    }
}

impl<R, T> fmt::Debug for ReadRows<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRows")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
