//! Tables as Rust types, both ways.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anaplan_core::{Bytes, Error, ErrorKind, Result};
use csv::QuoteStyle;
use futures_core::Stream;
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TableFormat;
use crate::records::RecordStream;

/// How many bytes of rows are handed on at once.
const BLOCK: usize = 64 * 1024;

/// The rows of a table, each as a `T`. Ends after the first error.
#[must_use = "nothing is sent before the first row is asked for"]
pub struct Rows<T> {
    records: RecordStream,
    row: PhantomData<fn() -> T>,
}

impl<T> Rows<T> {
    pub(crate) fn new(records: RecordStream) -> Self {
        Self {
            records,
            row: PhantomData,
        }
    }

    /// The names of the columns, once the first row has been read.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<&str>> {
        Some(self.records.header()?.iter().collect())
    }
}

impl<T: DeserializeOwned> Rows<T> {
    /// The next row; `None` at the end.
    pub async fn next_row(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }
}

impl<T: DeserializeOwned> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let record = match ready!(this.records.poll_record(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(record)) => record,
        };
        let row = record.deserialize(this.records.header());
        Poll::Ready(Some(row.map_err(|error| {
            misfit(this.records.row(), this.records.header(), &error)
        })))
    }
}

/// Names row and column of a value that does not fit, and never the value.
fn misfit(row: u64, header: Option<&csv::StringRecord>, error: &csv::Error) -> Error {
    let column = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.field(),
        _ => None,
    };
    let column = column.map(|index| {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match header.and_then(|header| header.get(index)) {
            Some(name) => format!(", column '{name}'"),
            None => format!(", column {}", index.saturating_add(1)),
        }
    });
    Error::new(
        ErrorKind::Decode,
        format!(
            "row {row}{} does not fit the type of the rows",
            column.unwrap_or_default()
        ),
    )
}

#[cfg(feature = "blocking")]
impl<T: DeserializeOwned> Iterator for Rows<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("row", &self.records.row())
            .finish_non_exhaustive()
    }
}

/// Writes rows as blocks of encoded text.
pub(crate) struct RowWriter {
    format: TableFormat,
    separator: u8,
    quote: Option<u8>,
    first: bool,
}

impl RowWriter {
    pub(crate) fn new(format: TableFormat) -> Result<Self> {
        let (separator, quote) = format.marks()?;
        if !matches!(
            (format.header_row, format.first_data_row),
            (Some(1), 2) | (None, 1)
        ) {
            return Err(Error::invalid_input(
                "the format",
                "has rows besides header and data, which cannot be written",
            ));
        }
        Ok(Self {
            format,
            separator,
            quote,
            first: true,
        })
    }

    /// Takes rows until a block is full; `None` when there are none left.
    pub(crate) fn block<T: Serialize>(
        &mut self,
        rows: &mut dyn Iterator<Item = T>,
    ) -> Option<Result<Bytes>> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.separator)
            .quote(self.quote.unwrap_or(b'"'))
            .quote_style(QuoteStyle::Necessary)
            .has_headers(self.first && self.format.header_row.is_some())
            .from_writer(Vec::new());
        let mut empty = true;
        for row in rows {
            empty = false;
            if let Err(error) = writer.serialize(row).and_then(|()| Ok(writer.flush()?)) {
                return Some(Err(unwritable(error)));
            }
            if writer.get_ref().len() >= BLOCK {
                break;
            }
        }
        if empty {
            return None;
        }
        self.first = false;
        Some(self.encode(writer))
    }

    fn encode(&self, writer: csv::Writer<Vec<u8>>) -> Result<Bytes> {
        let text = writer
            .into_inner()
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Error::invalid_input("a row", "is not text"))?;
        if self.quote.is_none() && text.contains('"') {
            return Err(Error::invalid_input(
                "a row",
                "has a value that needs quotation marks, which the file does not have",
            ));
        }
        self.format.encoding.encode(text).map(Bytes::from)
    }
}

fn unwritable(error: csv::Error) -> Error {
    Error::invalid_input("a row", "cannot be written as a row of text").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        amount: Option<f64>,
    }

    const ROWS: [Row; 2] = [
        Row {
            name: "a, b",
            amount: Some(1.5),
        },
        Row {
            name: "\u{e9}",
            amount: None,
        },
    ];

    fn write(format: TableFormat) -> Result<Vec<u8>> {
        let mut writer = RowWriter::new(format)?;
        let mut rows = ROWS.into_iter();
        let mut all = Vec::new();
        while let Some(block) = writer.block(&mut rows) {
            all.extend_from_slice(&block?);
        }
        Ok(all)
    }

    #[test]
    fn rows_are_written_as_the_format_says() {
        let text = String::from_utf8(write(TableFormat::default()).unwrap()).unwrap();
        assert_eq!(text, "name,amount\n\"a, b\",1.5\n\u{e9},\n");
        let mut format = TableFormat::default().without_header();
        format.separator = '\t';
        format.encoding = Encoding::Iso8859_1;
        assert_eq!(write(format).unwrap(), b"a, b\t1.5\n\xe9\t\n");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let mut format = TableFormat::default();
        format.quote = None;
        assert_eq!(write(format).unwrap_err().kind(), ErrorKind::InvalidInput);
        let mut format = TableFormat::default();
        format.first_data_row = 3;
        assert!(write(format).is_err());
    }

    #[test]
    fn the_header_is_written_once_however_many_blocks_there_are() {
        let row = || Row {
            name: "a row with some text",
            amount: Some(2.0),
        };
        let mut rows = std::iter::repeat_with(row).take(10_000);
        let mut writer = RowWriter::new(TableFormat::default()).unwrap();
        let mut text = String::new();
        let mut blocks = 0;
        while let Some(block) = writer.block(&mut rows) {
            text.push_str(std::str::from_utf8(&block.unwrap()).unwrap());
            blocks += 1;
        }
        assert!(blocks > 2);
        assert_eq!(text.matches("name,amount").count(), 1);
        assert_eq!(text.lines().count(), 10_001);
    }
}
