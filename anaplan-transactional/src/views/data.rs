//! Cells of a view, as a grid or as CSV.

use crate::limits::read_refusal;
use crate::views::ViewData;
use crate::views::view_path;
use crate::{DimensionId, ItemId, ModuleId, Transactional, ViewId};
use anaplan_core::{
    Bytes, Call, Decision, Download, Endpoint, Error, HeaderMap, HeaderValue, Method, ModelId,
    Path, Query, Refusal, Response, Result, RetryClass, open_enum,
};

open_enum! {
    /// Layout of the cells of a view in CSV.
    pub enum ExportType {
        /// A grid of the selected page.
        GridCurrentPage = "GRID_CURRENT_PAGE",
        /// A grid of all pages.
        GridAllPages = "GRID_ALL_PAGES",
        /// One row for each cell.
        TabularSingleColumn = "TABULAR_SINGLE_COLUMN",
        /// One row for each combination of items, one column for each line item.
        TabularMultiColumn = "TABULAR_MULTI_COLUMN",
    }
}

impl Transactional {
    /// Returns the cells of a view as a grid: up to 1,000,000. The view is a saved view, a module (its
    /// default view) or a line item. [`page`](GetViewData::page) selects the items of its page
    /// dimensions.
    ///
    /// `GET /models/{modelId}/views/{viewId}/data?format=v1`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `TooLarge` for more than 1,000,000 cells: see
    /// [`create_view_read_request`](Self::create_view_read_request). `Rejected` if a selected
    /// dimension is not on the page axis, `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let data = model.get_view_data(ids.view).await?;
    /// for cell in data.cells() {
    ///     println!("{:?} {:?} = {}", cell.row, cell.column, cell.value);
    /// }
    /// assert_eq!(data.rows[0].cells.len(), data.column_coordinates.len());
    /// # Ok(()) });
    /// ```
    #[doc(alias = "get_view_data_json")]
    pub fn get_view_data(&self, view: impl Into<ViewId>) -> Call<GetViewData> {
        self.session.call(GetViewData {
            model: self.model.clone(),
            view: view.into(),
            pages: Vec::new(),
        })
    }

    /// Returns the cells of a view as CSV: up to 1,000,000.
    ///
    /// Awaiting returns the bytes; `stream()`, `write_to(writer)` and `save_to(path)` do not hold them in
    /// memory. If the view has page dimensions, the first line has the selected pages. One header line
    /// for each column dimension follows, then the rows, each with its labels first.
    ///
    /// `GET /models/{modelId}/views/{viewId}/data`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a tabular layout without a module. Those of
    /// [`get_view_data`](Self::get_view_data).
    ///
    /// ```
    /// # use anaplan_transactional::{ExportType, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let csv = model.get_view_data_csv(ids.view).await?;
    /// assert!(!csv.is_empty());
    ///
    /// let tabular = model
    ///     .get_view_data_csv(ids.view)
    ///     .with(|query| query.export_type(ExportType::TabularSingleColumn).module(ids.module).max_rows(10));
    /// let mut stream = tabular.stream().await?;
    /// while let Some(chunk) = stream.chunk().await {
    ///     println!("{} bytes", chunk?.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_view_data_csv(&self, view: impl Into<ViewId>) -> Call<GetViewDataCsv> {
        self.session.call(GetViewDataCsv {
            model: self.model.clone(),
            view: view.into(),
            pages: Vec::new(),
            export_type: None,
            module: None,
            max_rows: None,
            escaped: false,
        })
    }
}

/// Endpoint of [`Transactional::get_view_data`].
#[derive(Debug, Clone)]
pub struct GetViewData {
    model: ModelId,
    view: ViewId,
    pages: Vec<(DimensionId, ItemId)>,
}

impl GetViewData {
    /// Selects the item of a dimension on the page axis. Without a selection the server uses the default
    /// item.
    #[must_use]
    pub fn page(mut self, dimension: impl Into<DimensionId>, item: impl Into<ItemId>) -> Self {
        self.pages.push((dimension.into(), item.into()));
        self
    }
}

impl Endpoint for GetViewData {
    const NAME: &'static str = "transactional.get_view_data";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ViewData;

    fn path(&self) -> Path {
        view_path(&self.model, &self.view).lit("data")
    }

    fn query(&self, query: &mut Query) {
        query.push("format", "v1");
        select(query, &self.pages);
    }

    fn check(&self) -> Result<()> {
        check_pages(&self.pages)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<ViewData> {
        response.json()
    }
}

/// Endpoint of [`Transactional::get_view_data_csv`].
#[derive(Debug, Clone)]
pub struct GetViewDataCsv {
    model: ModelId,
    view: ViewId,
    pages: Vec<(DimensionId, ItemId)>,
    export_type: Option<ExportType>,
    module: Option<ModuleId>,
    max_rows: Option<u32>,
    escaped: bool,
}

impl GetViewDataCsv {
    /// Selects the item of a dimension on the page axis. Without a selection the server uses the default
    /// item.
    #[must_use]
    pub fn page(mut self, dimension: impl Into<DimensionId>, item: impl Into<ItemId>) -> Self {
        self.pages.push((dimension.into(), item.into()));
        self
    }

    /// Sets the layout. Tabular layouts need [`module`](Self::module) as well.
    #[must_use]
    pub fn export_type(mut self, export_type: ExportType) -> Self {
        self.export_type = Some(export_type);
        self
    }

    /// Sets the module of the view, for tabular layouts.
    #[must_use]
    pub fn module(mut self, module: impl Into<ModuleId>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// Limits the number of rows, header lines not counted.
    #[must_use]
    pub fn max_rows(mut self, rows: u32) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// Requests quotes around values that spreadsheets read as formulas. Required by certain tenants.
    #[must_use]
    pub fn escaped(mut self) -> Self {
        self.escaped = true;
        self
    }
}

impl GetViewDataCsv {
    pub(crate) fn layout(&self) -> Option<&ExportType> {
        self.export_type.as_ref()
    }

    /// Returns `true` if the query restricts neither pages nor rows.
    pub(crate) fn is_whole(&self) -> bool {
        self.pages.is_empty() && self.max_rows.is_none()
    }
}

impl Endpoint for GetViewDataCsv {
    const NAME: &'static str = "transactional.get_view_data_csv";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "text/csv";
    type Output = Bytes;

    fn path(&self) -> Path {
        view_path(&self.model, &self.view).lit("data")
    }

    fn query(&self, query: &mut Query) {
        select(query, &self.pages);
        query.push_some("exportType", self.export_type.as_ref());
        query.push_some("moduleId", self.module.as_ref());
        query.push_some("maxRows", self.max_rows);
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        if self.escaped {
            let accept = HeaderValue::from_static("text/csv;escaped=true");
            headers.insert("accept", accept);
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let tabular = matches!(
            self.export_type,
            Some(ExportType::TabularSingleColumn | ExportType::TabularMultiColumn)
        );
        if tabular && self.module.is_none() {
            return Err(Error::invalid_input(
                "moduleId",
                "must be given for a tabular layout",
            ));
        }
        check_pages(&self.pages)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for GetViewDataCsv {}

fn select(query: &mut Query, pages: &[(DimensionId, ItemId)]) {
    for (dimension, item) in pages {
        query.push("pages", format!("{dimension}:{item}"));
    }
}

/// Rejects an id that contains a separator.
fn check_pages(pages: &[(DimensionId, ItemId)]) -> Result<()> {
    let ids = pages
        .iter()
        .flat_map(|(dimension, item)| [dimension.as_str(), item.as_str()]);
    for id in ids {
        if id.is_empty() || id.contains([':', ',']) {
            return Err(Error::invalid_input(
                "pages",
                "must be selected by ids, which have no ':' and no ','",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, answer, offline, scripted, told};
    use anaplan_core::ErrorKind;

    #[test]
    fn the_grid_is_read_and_its_cells_are_found_by_their_labels() {
        let body = r#"{"columnCoordinates":[["Jan 25","Actual"],["Feb 25","Actual"]],
            "rows":[{"rowCoordinates":["Berlin"],"cells":["64.6",57.5]},{"rowCoordinates":["Rome"],"cells":["true"]}]}"#;
        let endpoint = offline().get_view_data(1).endpoint().clone();
        let data = endpoint.decode(answer(body)).unwrap();
        assert!(data.pages.is_empty());
        let cell = data.cell(&["Berlin"], &["Feb 25", "Actual"]).unwrap();
        assert_eq!((cell.value, cell.number()), ("57.5", Some(57.5)));
        assert_eq!(data.cells().count(), 3);
        assert!(data.cell(&["Rome"], &["Feb 25", "Actual"]).is_none());
        assert!(data.cell(&["Berlin"], &["Feb 25"]).is_none());
    }

    #[test]
    fn json_and_csv_are_asked_for_as_the_server_wants() {
        let model = offline();
        let request = model
            .get_view_data(5)
            .with(|query| query.page(101, 2).page(102, 3))
            .into_request()
            .unwrap();
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(
            told(Ok(request)).0,
            "GET /models/M/views/5/data?format=v1&pages=101%3A2&pages=102%3A3"
        );
        let call = model.get_view_data_csv(5).with(|query| {
            query
                .export_type(ExportType::TabularMultiColumn)
                .module(7)
                .max_rows(3)
                .escaped()
        });
        let request = call.into_request().unwrap();
        assert_eq!(request.headers()["accept"], "text/csv;escaped=true");
        assert_eq!(
            told(Ok(request)).0,
            "GET /models/M/views/5/data?exportType=TABULAR_MULTI_COLUMN&moduleId=7&maxRows=3"
        );
    }

    #[test]
    fn what_cannot_work_is_refused_before_sending() {
        let model = offline();
        let tabular = |query: GetViewDataCsv| query.export_type(ExportType::TabularSingleColumn);
        for request in [
            model.get_view_data_csv(5).with(tabular).into_request(),
            model
                .get_view_data(5)
                .with(|query| query.page("1,2", 3))
                .into_request(),
            model
                .get_view_data(5)
                .with(|query| query.page(1, "2:3"))
                .into_request(),
        ] {
            assert_eq!(request.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_cells_are_an_error_of_their_own() {
        for (text, kind) in [
            (
                r#"{"status":{"code":400,"message":"View exceeds the 1,000,000 cell limit"}}"#,
                ErrorKind::TooLarge,
            ),
            (
                r#"{"status":{"code":400,"message":"The requested view contains more than 1000000 cells."}}"#,
                ErrorKind::TooLarge,
            ),
            (
                r#"{"status":{"code":400,"message":"Number of cells exceeds the maximum"}}"#,
                ErrorKind::TooLarge,
            ),
            (
                r#"{"status":{"code":400,"message":"Invalid page selector [101000000001]"}}"#,
                ErrorKind::Rejected,
            ),
        ] {
            let (model, _) = scripted([Reply::Body(400, text)]);
            let error = model.get_view_data(1).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
        }
    }
}
