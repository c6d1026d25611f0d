//! Rows of an asynchronous stream as Rust types.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::Records;
use crate::{Header, Result, TableError, TableFormat};

/// Rows of a stream of byte chunks, each as a `T`. A stream itself.
///
/// Goes on after an error that concerns one row only, such as a value that does not fit its type: a
/// caller may skip totals rows and other surprises. Ends after an error of the stream and after a
/// [fatal](TableError::is_fatal) error of the table. See [`Record::deserialize`] for the mapping of
/// columns to fields.
///
/// ```
/// use anaplan_table::{Rows, TableFormat};
/// use futures_util::{TryStreamExt, stream};
///
/// #[derive(serde::Deserialize)]
/// struct Price {
///     #[serde(rename = "Region")]
///     region: String,
///     #[serde(rename = "Price")]
///     price: Option<f64>,
/// }
///
/// # futures_util::FutureExt::now_or_never(async {
/// let chunks = stream::iter([Ok::<_, std::io::Error>("Region,Price\nNorth,1.5\nTo"), Ok("tal,\n")]);
/// let rows: Rows<Price, _, _> = Rows::new(chunks, TableFormat::default())?;
/// let rows: Vec<Price> = rows.try_collect().await?;
/// assert_eq!((rows[0].price, rows[1].price), (Some(1.5), None));
/// # Ok::<(), std::io::Error>(()) }).unwrap().unwrap();
/// ```
///
/// [`Record::deserialize`]: crate::Record::deserialize
pub struct Rows<T, S, B> {
    records: Records<S, B>,
    row: PhantomData<fn() -> T>,
}

impl<T, S, B, E> Rows<T, S, B>
where
    T: DeserializeOwned,
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    E: From<TableError>,
{
    /// Creates a reader of rows. Nothing is polled before the first row is requested.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) if the format cannot be honoured.
    pub fn new(source: S, format: TableFormat) -> Result<Self> {
        Ok(Self {
            records: Records::new(source, format)?,
            row: PhantomData,
        })
    }

    /// Returns the next row, `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the stream and of the table, with row and column.
    pub async fn next_row(&mut self) -> Option<Result<T, E>> {
        poll_fn(|cx| self.poll_row(cx)).await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, E>>> {
        match ready!(self.records.poll_advance(cx)) {
            Ok(false) => return Poll::Ready(None),
            Ok(true) => {}
            Err(error) => return Poll::Ready(Some(Err(error))),
        }
        let record = self.records.current();
        let row = record.and_then(|record| record.deserialize());
        if row.as_ref().is_err_and(TableError::is_fatal) {
            self.records.end();
        }
        Poll::Ready(Some(row.map_err(E::from)))
    }
}

impl<T, S, B> Rows<T, S, B> {
    /// Limits records to this many bytes. Default: 64 MiB.
    #[must_use]
    pub fn with_record_limit(mut self, bytes: usize) -> Self {
        self.records = self.records.with_record_limit(bytes);
        self
    }

    /// Returns the names of the columns, once the header has been read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.records.header()
    }

    /// Returns the page items of the current page of a grid. Empty for other layouts.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        self.records.pages()
    }
}

impl<T, S, B, E> Stream for Rows<T, S, B>
where
    T: DeserializeOwned,
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]> + Unpin,
    E: From<TableError>,
{
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx)
    }
}

impl<T, S, B> fmt::Debug for Rows<T, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}
