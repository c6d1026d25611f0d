//! Cells of a view as rows.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use anaplan_core::{Endpoint, ErrorKind, Pending, Result};
use anaplan_table::{GridShape, TableFormat};
use serde::de::DeserializeOwned;

use super::format::{header_lines, tabular};
use crate::endpoints::GetViewDataCsv;
use crate::{ExportType, ReadPages, Rows, Transactional, ViewId};

impl Transactional {
    /// Reads the cells of a view row by row, each as a `T`. The view is a saved view, a module (its
    /// default view) or a line item.
    ///
    /// Without options, the rows are those of the grid: the row labels under the names of their
    /// dimensions, then one column for each column label. [`long`](ViewRows::long) and
    /// [`wide`](ViewRows::wide) reshape the grid. [`with`](ViewRows::with) selects page items or another
    /// layout. See [`Rows`] for totals rows and empty values.
    ///
    /// Views of more than 1,000,000 cells are read by a read request, which is deleted at the end of the
    /// rows. That is not possible with selected page items or a maximum of rows.
    ///
    /// `GET /models/{modelId}/views/{viewId}`, then `GET /models/{modelId}/views/{viewId}/data`. Read-only:
    /// retried up to the first byte of the cells.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a layout that is not supported, or a shape that the axes of the view do not
    /// allow. `TooLarge` for more than 1,000,000 cells with selected page items. `NotFound`,
    /// `ModelState`, and those of [`create_view_read_request`](Self::create_view_read_request). From the
    /// rows: `Decode` for a row that does not fit `T`, with its row and column.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// use std::collections::BTreeMap;
    ///
    /// let mut rows = model.view_rows::<BTreeMap<String, String>>(ids.view).await?;
    /// while let Some(row) = rows.next_row().await {
    ///     println!("{:?}", row?);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn view_rows<T>(&self, view: impl Into<ViewId>) -> ViewRows<T>
    where
        T: DeserializeOwned + 'static,
    {
        let view = view.into();
        ViewRows {
            query: self.get_view_data_csv(&view).endpoint().clone(),
            model: self.clone(),
            view,
            shape: GridShape::Grid,
            row: PhantomData,
        }
    }
}

/// Read of the rows of a view. Nothing is sent before it is awaited.
#[must_use = "nothing is sent until this is awaited or run"]
pub struct ViewRows<T> {
    model: Transactional,
    view: ViewId,
    query: GetViewDataCsv,
    shape: GridShape,
    row: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + 'static> ViewRows<T> {
    /// Changes the query: page items, layout, module and maximum of rows.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// use anaplan_transactional::ExportType;
    /// use std::collections::BTreeMap;
    ///
    /// let rows = model
    ///     .view_rows::<BTreeMap<String, String>>(ids.view)
    ///     .with(|query| query.export_type(ExportType::TabularMultiColumn).module(ids.module));
    /// let first = rows.await?.next_row().await.unwrap()?;
    /// assert!(!first.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn with(mut self, change: impl FnOnce(GetViewDataCsv) -> GetViewDataCsv) -> Self {
        self.query = change(self.query);
        self
    }

    /// Reads one row for each cell of the grid: page items, row labels, column labels and `Value`. No
    /// effect on tabular layouts.
    pub fn long(mut self) -> Self {
        self.shape = GridShape::Long;
        self
    }

    /// Reads one row for each combination of labels, with one column for each line item. The line items
    /// must be on the columns. No effect on tabular layouts.
    pub fn wide(mut self) -> Self {
        self.shape = GridShape::Wide;
        self
    }

    /// Sends the request and blocks until the response arrives.
    ///
    /// # Errors
    ///
    /// Those of [`Transactional::view_rows`], and `Usage` inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn run(self) -> Result<Rows<T>> {
        self.into_pending().run()
    }

    /// Returns the requests before the first row as one piece of work.
    ///
    /// # Errors
    ///
    /// Those of [`Transactional::view_rows`].
    pub fn into_pending(self) -> Pending<Rows<T>> {
        Pending::new(self.open())
    }

    async fn open(self) -> Result<Rows<T>> {
        self.query.check()?;
        let format = self.format().await?;
        // Before the cells are requested.
        format.check()?;
        let call = self.model.session.call(self.query.clone());
        match call.stream().await {
            Ok(csv) => Ok(Rows::new(csv, format)),
            Err(error) if error.kind() == ErrorKind::TooLarge && self.query.is_whole() => {
                let layout = self.query.layout().cloned();
                let layout = layout.unwrap_or(ExportType::GridCurrentPage);
                let task = self
                    .model
                    .create_view_read_request(&self.view, layout)
                    .await?;
                Ok(self.model.read_pages(task.address()).rows(format))
            }
            Err(error) => Err(error),
        }
    }

    async fn format(&self) -> Result<TableFormat> {
        let layout = self.query.layout();
        if let Some(format) = tabular(layout)? {
            return Ok(format);
        }
        let info = self.model.get_view_info(&self.view).await?;
        let format = info.format_of(layout);
        Ok(match self.shape {
            GridShape::Long => format.long(),
            GridShape::Wide => format.wide(),
            _ => format,
        })
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for ViewRows<T> {
    type Output = Result<Rows<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Rows<T>>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.into_pending().into_future()
    }
}

impl<T> fmt::Debug for ViewRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRows")
            .field("query", &self.query)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl ReadPages {
    /// Reads the rows of all pages, each as a `T`. The header that later pages may repeat is removed.
    ///
    /// For the format of a view see [`ViewInfo::table_format`](crate::ViewInfo::table_format). Lists and
    /// tabular layouts have the default format.
    ///
    /// # Errors
    ///
    /// From the rows: `InvalidInput` for a format that cannot be honoured, before anything is sent,
    /// those of [`read_pages`](Transactional::read_pages), and `Decode` for a row that does not fit `T`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// use anaplan_transactional::TableFormat;
    /// use std::collections::BTreeMap;
    ///
    /// let task = model.create_list_read_request(ids.list).await?;
    /// let pages = model.read_pages(task.address());
    /// let mut rows = pages.rows::<BTreeMap<String, String>>(TableFormat::default());
    /// while let Some(row) = rows.next_row().await {
    ///     println!("{}", row?["name"]);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn rows<T: DeserializeOwned>(self, format: TableFormat) -> Rows<T> {
        Rows::new(self.header_lines(header_lines(&format)), format)
    }
}
