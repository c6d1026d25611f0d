//! Rows of a table as Rust types.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Bytes, Error, Result};
use anaplan_table::TableFormat;
use futures_core::Stream;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::FileStream;

type TableRows<T> = anaplan_table::Rows<T, FileStream, Bytes>;

/// Rows of a table, each as a `T`.
///
/// A row that does not fit `T`, or has the wrong number of values, is an error with its row and
/// column, and the next row follows. After every other error the rows end.
#[must_use = "nothing is sent before the first row is requested"]
pub struct Rows<T> {
    rows: Result<TableRows<T>, Option<Error>>,
}

impl<T: DeserializeOwned> Rows<T> {
    pub(crate) fn new(file: FileStream, format: TableFormat) -> Self {
        let rows = TableRows::new(file, format);
        Self {
            rows: rows.map_err(|error| Some(error.into())),
        }
    }

    /// Returns the next row, `None` at the end.
    pub async fn next_row(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }
}

impl<T> Rows<T> {
    /// Returns the names of the columns, once the first row has been read.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<&str>> {
        let header = self.rows.as_ref().ok()?.header()?;
        Some(header.names().iter().map(String::as_str).collect())
    }

    /// Returns the page items of the current page of a grid. Empty for tables.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        self.rows.as_ref().map_or(&[], |rows| rows.pages())
    }
}

impl<T: DeserializeOwned> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.get_mut().rows {
            Ok(rows) => Pin::new(rows).poll_next(cx),
            Err(error) => Poll::Ready(error.take().map(Err)),
        }
    }
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
            .field("columns", &self.columns())
            .finish_non_exhaustive()
    }
}
