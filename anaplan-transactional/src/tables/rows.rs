//! Rows of a table as Rust types.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Bytes, Error, Result};
use anaplan_table::TableFormat;
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::item_rows::ItemRows;

type Source = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;
type TableRows<T> = anaplan_table::Rows<T, Source, Bytes>;

/// Rows of a view, a list or any CSV, each as a `T`.
///
/// A row that does not fit `T`, or has the wrong number of values, is an error with its row and
/// column, and the next row follows. After every other error the rows end.
///
/// # Totals rows
///
/// Views return the totals of their dimensions as rows among the others. In them, and in cells without
/// a value, numbers, dates and booleans can be empty. An `Option` reads an empty value as `None`, and
/// [`or_default`](anaplan_table::or_default) as the default value. To skip totals rows, filter the rows
/// by their label, or skip the rows that are errors.
///
/// ```
/// # use anaplan_transactional::Transactional;
/// # anaplan_testkit::story(async |fake| {
/// # let model: Transactional = fake.namespace()?;
/// # let ids = fake.demo();
/// #[derive(serde::Deserialize)]
/// struct Cell {
///     #[serde(rename = "Value")]
///     value: Option<f64>,
/// }
///
/// let mut rows = model.view_rows::<Cell>(ids.view).long().await?;
/// let mut total = 0.0;
/// while let Some(row) = rows.next_row().await {
///     // Text and booleans do not fit the type: their rows are skipped.
///     total += row.ok().and_then(|row| row.value).unwrap_or_default();
/// }
/// assert!(total > 0.0);
/// # Ok(()) });
/// ```
#[must_use = "nothing is read before the first row is requested"]
pub struct Rows<T> {
    inner: Inner<T>,
}

enum Inner<T> {
    Table(Box<TableRows<T>>),
    Items(Box<ItemRows>),
    Failed(Option<Error>),
}

impl<T: DeserializeOwned> Rows<T> {
    /// Reads rows from a stream of CSV, such as that of
    /// [`get_list_items_csv`](crate::Transactional::get_list_items_csv).
    ///
    /// # Errors
    ///
    /// From the rows: `InvalidInput` for a format that cannot be honoured, before the stream is polled,
    /// the errors of the stream, and `Decode` for a row that does not fit `T`, with its row and column.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// use anaplan_transactional::{Rows, TableFormat};
    /// use std::collections::BTreeMap;
    ///
    /// let csv = model.get_list_items_csv(ids.list).stream().await?;
    /// let mut rows: Rows<BTreeMap<String, String>> = Rows::new(csv, TableFormat::default());
    /// while let Some(row) = rows.next_row().await {
    ///     println!("{}", row?["name"]);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn new(
        source: impl Stream<Item = Result<Bytes>> + Send + 'static,
        format: TableFormat,
    ) -> Self {
        let source: Source = Box::pin(source);
        Self {
            inner: match TableRows::new(source, format) {
                Ok(rows) => Inner::Table(Box::new(rows)),
                Err(error) => Inner::Failed(Some(error.into())),
            },
        }
    }

    pub(super) fn of_items(items: ItemRows) -> Self {
        Self {
            inner: Inner::Items(Box::new(items)),
        }
    }

    /// Returns the next row, `None` at the end.
    pub async fn next_row(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Rows<T> {
    /// Returns the names of the columns, once the first row has been read.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<&str>> {
        let header = match &self.inner {
            Inner::Table(rows) => rows.header()?,
            Inner::Items(items) => items.header(),
            Inner::Failed(_) => return None,
        };
        Some(header.names().iter().map(String::as_str).collect())
    }

    /// Returns the page items of the current page of a grid. Empty for tables.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        match &self.inner {
            Inner::Table(rows) => rows.pages(),
            Inner::Items(_) | Inner::Failed(_) => &[],
        }
    }
}

impl<T: DeserializeOwned> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.get_mut().inner {
            Inner::Table(rows) => Pin::new(&mut **rows).poll_next(cx),
            Inner::Items(items) => items.poll_row(cx),
            Inner::Failed(error) => Poll::Ready(error.take().map(Err)),
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
