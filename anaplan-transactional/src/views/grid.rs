//! The cells of a view as a grid.

use anaplan_core::lenient::{or_default, text_lists, texts};
use serde::Deserialize;

/// The cells of a view. Labels are names; [`get_view_info`](crate::Transactional::get_view_info) tells the
/// dimensions that they belong to, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewData {
    /// The selected item of each page dimension.
    #[serde(default, deserialize_with = "texts")]
    pub pages: Vec<String>,
    /// The labels of each column: one item of each column dimension.
    #[serde(default, deserialize_with = "text_lists")]
    pub column_coordinates: Vec<Vec<String>>,
    /// The rows.
    #[serde(default, deserialize_with = "or_default")]
    pub rows: Vec<ViewRow>,
}

/// A row of a view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewRow {
    /// The labels of the row: one item of each row dimension.
    #[serde(default, deserialize_with = "texts")]
    pub row_coordinates: Vec<String>,
    /// The cells, one for each column, as the server writes them: numbers are text as well.
    #[serde(default, deserialize_with = "texts")]
    pub cells: Vec<String>,
}

/// A cell with its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GridCell<'a> {
    /// The labels of its row.
    pub row: &'a [String],
    /// The labels of its column.
    pub column: &'a [String],
    /// What is in it.
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
    /// Every cell with its labels, row by row.
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

    /// The cell with exactly these labels.
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
