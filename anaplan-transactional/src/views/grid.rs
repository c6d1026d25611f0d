//! Cells of a view as a grid.

use anaplan_core::lenient::{or_default, text_lists, texts};
use serde::{Deserialize, Serialize};

/// Cells of a view. Labels are names. [`get_view_info`](crate::Transactional::get_view_info) returns the
/// dimensions of the labels, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewData {
    /// Selected item of each page dimension.
    #[serde(default, deserialize_with = "texts")]
    pub pages: Vec<String>,
    /// Labels of each column: one item of each column dimension.
    #[serde(default, deserialize_with = "text_lists")]
    pub column_coordinates: Vec<Vec<String>>,
    /// Rows.
    #[serde(default, deserialize_with = "or_default")]
    pub rows: Vec<ViewRow>,
}

/// Row of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewRow {
    /// Labels of the row: one item of each row dimension.
    #[serde(default, deserialize_with = "texts")]
    pub row_coordinates: Vec<String>,
    /// Values of the cells, one for each column, as the server writes them. Numbers are strings.
    #[serde(default, deserialize_with = "texts")]
    pub cells: Vec<String>,
}

/// Cell with its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GridCell<'a> {
    /// Labels of its row.
    pub row: &'a [String],
    /// Labels of its column.
    pub column: &'a [String],
    /// Value.
    pub value: &'a str,
}

impl GridCell<'_> {
    /// Returns the value as a number, if it is a finite one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        let number = self.value.trim().parse::<f64>().ok()?;
        number.is_finite().then_some(number)
    }
}

impl ViewData {
    /// Returns all cells with their labels, row by row.
    pub fn cells(&self) -> impl Iterator<Item = GridCell<'_>> {
        self.rows.iter().flat_map(move |row| {
            let columns = self.column_coordinates.iter().map(Vec::as_slice);
            columns.zip(&row.cells).map(|(column, value)| GridCell {
                row: &row.row_coordinates,
                column,
                value,
            })
        })
    }

    /// Returns the cell with exactly these labels.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let data = model.get_view_data(ids.view).await?;
    /// for cell in data.cells() {
    ///     assert_eq!(data.cell(cell.row, cell.column).map(|found| found.value), Some(cell.value));
    /// }
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn cell<R, C>(&self, row: &[R], column: &[C]) -> Option<GridCell<'_>>
    where
        R: AsRef<str>,
        C: AsRef<str>,
    {
        let index = self
            .column_coordinates
            .iter()
            .position(|labels| same(labels, column))?;
        let found = self
            .rows
            .iter()
            .find(|candidate| same(&candidate.row_coordinates, row))?;
        Some(GridCell {
            row: &found.row_coordinates,
            column: &self.column_coordinates[index],
            value: found.cells.get(index)?,
        })
    }
}

fn same<T: AsRef<str>>(labels: &[String], asked: &[T]) -> bool {
    labels
        .iter()
        .map(String::as_str)
        .eq(asked.iter().map(AsRef::as_ref))
}
