//! Writes of cells.

use anaplan_core::{
    Bytes, Call, Endpoint, Error, Method, ModelId, Path, RequestBody, Response, Result, RetryClass,
    json_body,
};

use crate::limits::{BYTES_PER_WRITE, CELLS_PER_WRITE};
use crate::writes::Part;
use crate::writes::WriteReport;
use crate::writes::{Batch, Batches};
use crate::{Cell, ModuleId, Transactional, model_path};

impl Transactional {
    /// Writes cells of a module in one request: up to 100,000 cells and 15 MB of JSON.
    ///
    /// The server writes the valid cells and refuses the others: see the [report](WriteReport) for the
    /// refused cells and the reasons. The response arrives after all dependent cells have been
    /// calculated, which can take minutes. Totals cannot be written.
    ///
    /// `POST /models/{modelId}/modules/{moduleId}/data`. Writing the same values again leads to the same
    /// state: retried. A late repetition can overwrite a later change by another user: see
    /// [`Call::send_once`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no cells, too many cells, too many bytes, or a number that is not finite;
    /// nothing is sent then. `NotFound` for an unknown module, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{Cell, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let mut cell = Cell::new(ids.line_item, 64.5);
    /// for (dimension, item) in ids.cell_dimensions {
    ///     cell = cell.at(dimension, item);
    /// }
    /// let cells = vec![cell, Cell::named("no such line item", 1)];
    /// let report = model.update_module_data(ids.module, cells.clone()).await?;
    /// assert_eq!(report.written, 1);
    /// for (cell, failure) in report.refused(&cells) {
    ///     println!("{cell:?}: {}", failure.failure_type);
    /// }
    /// assert!(report.complete().is_err());
    /// # Ok(()) });
    /// ```
    #[doc(alias = "write_cells")]
    pub fn update_module_data(
        &self,
        module: impl Into<ModuleId>,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Call<UpdateModuleData> {
        self.session
            .call(UpdateModuleData::new(&self.model, module, cells))
    }

    /// Writes any number of cells, in requests within the limits of
    /// [`update_module_data`](Self::update_module_data). The failures carry the indices of the caller's
    /// cells. See [`Batches`] for progress, concurrency and the reports of the single requests.
    ///
    /// The model is calculated after each request. Other users see the cells that are written so far.
    ///
    /// # Errors
    ///
    /// Those of [`update_module_data`](Self::update_module_data). An error of a later request has the
    /// index of its first cell as the id `requestIndex`.
    ///
    /// ```
    /// # use anaplan_transactional::{Cell, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # let cell = |value: i32| ids.cell_dimensions.iter().fold(Cell::new(ids.line_item, value), |cell, (dimension, item)| cell.at(*dimension, *item));
    /// let report = model.update_module_data_in_batches(ids.module, [cell(1), cell(2)]).await?;
    /// assert_eq!(report.complete()?.sent, 2);
    /// # Ok(()) });
    /// ```
    pub fn update_module_data_in_batches(
        &self,
        module: impl Into<ModuleId>,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Batches<UpdateModuleData> {
        let whole = UpdateModuleData::new(&self.model, module, cells);
        Batches::new(self.session.clone(), whole.split(BYTES_PER_WRITE))
    }
}

/// Endpoint of [`Transactional::update_module_data`].
#[derive(Debug, Clone)]
pub struct UpdateModuleData {
    model: ModelId,
    module: ModuleId,
    cells: Part<Cell>,
}

impl UpdateModuleData {
    /// Creates the endpoint for cells of one module.
    pub fn new(
        model: impl Into<ModelId>,
        module: impl Into<ModuleId>,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Self {
        Self {
            model: model.into(),
            module: module.into(),
            cells: Part::whole(cells.into_iter().collect()),
        }
    }

    /// Returns the cells.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        self.cells.as_slice()
    }

    fn split(self, room: usize) -> Result<Vec<Self>> {
        // Two brackets around the cells, and a comma after each.
        let size = |cell: &Cell| {
            cell.check()?;
            let size = size_of_body(&json_body(cell)?) + 1;
            if size > room - 2 {
                return Err(Error::invalid_input(
                    "cell",
                    "is larger than a request may be",
                ));
            }
            Ok(size)
        };
        let mut index = self.cells.first();
        let parts = self.cells.split(CELLS_PER_WRITE, room - 2, |cell| {
            let size = size(cell).map_err(|error| error.about("requestIndex", index.to_string()));
            index += 1;
            size
        })?;
        Ok(parts
            .into_iter()
            .map(|cells| Self {
                model: self.model.clone(),
                module: self.module.clone(),
                cells,
            })
            .collect())
    }
}

impl Endpoint for UpdateModuleData {
    const NAME: &'static str = "transactional.update_module_data";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = WriteReport;

    fn path(&self) -> Path {
        model_path(&self.model)
            .lit("modules")
            .seg("moduleId", &self.module)
            .lit("data")
    }

    fn body(&self) -> Result<RequestBody> {
        let cells = self.cells.as_slice();
        if cells.is_empty() {
            return Err(Error::invalid_input("cells", "must not be empty"));
        }
        if cells.len() > CELLS_PER_WRITE {
            return Err(Error::invalid_input(
                "cells",
                "must be 100,000 or fewer in one request",
            ));
        }
        for (index, cell) in cells.iter().enumerate() {
            let index = self.cells.first() + index;
            cell.check()
                .map_err(|error| error.about("requestIndex", index.to_string()))?;
        }
        let body = json_body(&self.cells)?;
        if size_of_body(&body) > BYTES_PER_WRITE {
            return Err(Error::invalid_input(
                "cells",
                "must be 15 MB of JSON or less in one request",
            ));
        }
        Ok(body)
    }

    fn decode(&self, response: Response) -> Result<WriteReport> {
        WriteReport::read(
            &response,
            "numberOfCellsChanged",
            self.cells.first(),
            self.cells.as_slice().len(),
        )
    }
}

fn size_of_body(body: &RequestBody) -> usize {
    body.as_bytes().map_or(0, Bytes::len)
}

impl Batch for UpdateModuleData {
    fn first(&self) -> usize {
        self.cells.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, offline, scripted, told};
    use anaplan_core::{ErrorKind, TransportErrorKind};

    fn cells(count: usize) -> Vec<Cell> {
        (0..count)
            .map(|index| Cell::new(206, index as i64))
            .collect()
    }

    #[test]
    fn too_much_for_one_request_is_refused_before_sending() {
        let model = offline();
        let huge = Cell::new(206, "x".repeat(BYTES_PER_WRITE));
        for cells in [
            vec![],
            cells(100_001),
            vec![huge.clone()],
            vec![Cell::new(1, f64::NAN)],
        ] {
            let error = model
                .update_module_data(102, cells)
                .into_request()
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        for wrong in [huge, Cell::new(1, f64::NAN)] {
            let cells = [Cell::new(206, 1), wrong, Cell::new(206, 2)];
            let batches = model.update_module_data_in_batches(102, cells);
            let error = batches.into_calls().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.id("requestIndex"), Some("1"));
        }
        let (line, body) = told(model.update_module_data(102, cells(1)).into_request());
        assert_eq!(line, "POST /models/M/modules/102/data");
        assert_eq!(body, r#"[{"lineItemId":"206","value":0}]"#);
    }

    #[test]
    fn batches_keep_to_both_limits_and_lose_nothing() {
        let whole = UpdateModuleData::new("M", 102, cells(100_003));
        let parts = whole.split(BYTES_PER_WRITE).unwrap();
        assert_eq!(
            parts
                .iter()
                .map(|part| part.cells().len())
                .collect::<Vec<_>>(),
            [100_000, 3]
        );
        let parts = UpdateModuleData::new("M", 102, cells(500))
            .split(1_000)
            .unwrap();
        let mut joined = Vec::new();
        for part in parts {
            assert!(size_of_body(&part.body().unwrap()) <= 1_000);
            assert_eq!(part.first(), joined.len());
            joined.extend_from_slice(part.cells());
        }
        assert_eq!(joined, cells(500));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_later_batches_point_at_the_callers_cells() {
        let (model, script) = scripted([
            Reply::Body(200, r#"{"numberOfCellsChanged":100000}"#),
            Reply::Body(
                200,
                r#"{"numberOfCellsChanged":1,"failures":[{"requestIndex":1,"failureType":"cellIsCalculated","failureMessageDetails":"no"}]}"#,
            ),
        ]);
        let all = cells(100_002);
        let report = model
            .update_module_data_in_batches(102, all.clone())
            .await
            .unwrap();
        assert_eq!((report.written, report.sent), (100_001, 100_002));
        let refused: Vec<_> = report
            .refused(&all)
            .map(|(cell, failure)| (cell.value().clone(), failure.request_index))
            .collect();
        assert_eq!(refused, [(100_001.into(), 100_001)]);
        assert_eq!(script.asked().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_a_later_batch_tells_where_it_stands() {
        let (model, _) = scripted([
            Reply::Body(200, r#"{"numberOfCellsChanged":100000}"#),
            Reply::Body(403, ""),
        ]);
        let error = model
            .update_module_data_in_batches(102, cells(100_001))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.id("requestIndex")),
            (ErrorKind::Forbidden, Some("100000"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_contested_write_is_sent_once() {
        let lost = || Reply::Lost(TransportErrorKind::Interrupted);
        let done = || Reply::Body(200, r#"{"numberOfCellsChanged":1}"#);
        let (model, script) = scripted([lost(), done()]);
        assert_eq!(
            model
                .update_module_data(102, cells(1))
                .await
                .unwrap()
                .written,
            1
        );
        assert_eq!(script.left(), 0);
        let (model, script) = scripted([lost(), done()]);
        let error = model
            .update_module_data(102, cells(1))
            .send_once()
            .await
            .unwrap_err();
        assert!(error.is_ambiguous());
        assert_eq!(script.left(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_to_write_sends_nothing() {
        let report = offline()
            .update_module_data_in_batches(102, [])
            .await
            .unwrap();
        assert!(report.is_complete());
    }
}
