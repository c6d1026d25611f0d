//! Grids: tables with page items above and labels on two sides.

use crate::{Layout, Result, TableError};

/// Lines of page items that may stand above the header of an exported grid.
pub(crate) const MOST_PAGE_LINES: usize = 16;

/// Shape of a grid.
///
/// A grid of a view is described by its axes ([`Grid::view`]), a grid of an export by the header that
/// its metadata names ([`Grid::export`]).
///
/// ```
/// use anaplan_table::{Grid, TableFormat, read_rows};
///
/// let csv = "Apple,UK\n,Jan 20,Feb 20\nQuantity,23,22\nCost,12,0\n".as_bytes();
/// let grid = Grid::export(["", "Jan 20", "Feb 20"]);
/// let mut rows = read_rows::<(String, f64, f64), _>(csv, TableFormat::default().with_layout(grid))?;
/// assert_eq!(rows.next().unwrap()?, ("Quantity".to_owned(), 23.0, 22.0));
/// assert_eq!(rows.pages(), ["Apple", "UK"]);
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grid {
    /// `true` if the first line holds the selected page items. Ignored if [`headers`](Self::headers) is
    /// set.
    pub page_line: bool,
    /// Number of columns that hold row labels. 0 if it is not known: the long and wide shapes need it.
    pub label_columns: u16,
    /// Number of lines that hold column labels: one for each column dimension. Ignored if
    /// [`headers`](Self::headers) is set.
    pub header_lines: u16,
    /// Header line to search for. The lines above it hold page items.
    pub headers: Option<Vec<String>>,
    /// `true` if the pages follow one another, each with its own page items and header.
    pub all_pages: bool,
    /// Names of the page dimensions, if they are known.
    pub page_names: Vec<String>,
    /// Names of the row dimensions, if they are known.
    pub row_names: Vec<String>,
    /// Names of the column dimensions, if they are known.
    pub column_names: Vec<String>,
    /// Shape in which the rows are read.
    pub shape: GridShape,
}

/// Shape in which a grid is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum GridShape {
    /// The rows of the grid: row labels, then one value for each column.
    #[default]
    Grid,
    /// One row for each cell: page items, row labels, column labels, and a last column `Value`.
    Long,
    /// One row for each combination of labels, with one column for each line item. The line items must
    /// be a dimension of the columns, named `Line Items`, or the only one.
    Wide,
}

impl Grid {
    /// Creates the grid of a view from the names of the dimensions on its axes.
    ///
    /// A view with page dimensions has one line of page items, then one header line for each column
    /// dimension. Each row begins with one label for each row dimension.
    ///
    /// ```
    /// use anaplan_table::Grid;
    ///
    /// let grid = Grid::view(["Product"], ["Region"], ["Line Items", "Time"]);
    /// assert_eq!((grid.page_line, grid.label_columns, grid.header_lines), (true, 1, 2));
    /// ```
    pub fn view<P, R, C>(
        pages: impl IntoIterator<Item = P>,
        rows: impl IntoIterator<Item = R>,
        columns: impl IntoIterator<Item = C>,
    ) -> Self
    where
        P: Into<String>,
        R: Into<String>,
        C: Into<String>,
    {
        let page_names: Vec<String> = pages.into_iter().map(Into::into).collect();
        let row_names: Vec<String> = rows.into_iter().map(Into::into).collect();
        let column_names: Vec<String> = columns.into_iter().map(Into::into).collect();
        let count = |names: &[String]| u16::try_from(names.len()).unwrap_or(u16::MAX);
        Self {
            page_line: !page_names.is_empty(),
            label_columns: count(&row_names),
            header_lines: count(&column_names),
            headers: None,
            all_pages: false,
            page_names,
            row_names,
            column_names,
            shape: GridShape::Grid,
        }
    }

    /// Creates the grid of an export from the header names of its metadata.
    pub fn export(headers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut grid = Self::view([""; 0], [""; 0], [""; 0]);
        grid.headers = Some(headers.into_iter().map(Into::into).collect());
        grid.header_lines = 1;
        grid
    }

    /// Reads all pages: see [`all_pages`](Self::all_pages).
    #[must_use]
    pub fn with_all_pages(mut self) -> Self {
        self.all_pages = true;
        self
    }

    /// Sets the number of columns that hold row labels.
    #[must_use]
    pub fn with_label_columns(mut self, count: u16) -> Self {
        self.label_columns = count;
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        if self.all_pages {
            "GRID_ALL_PAGES"
        } else {
            "GRID_CURRENT_PAGE"
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let problem = match &self.headers {
            Some(headers) if headers.is_empty() => "its list of header names is empty",
            None if self.header_lines == 0 => "it has no header line",
            Some(headers) if headers.len() < usize::from(self.label_columns) => {
                "it has more label columns than header names"
            }
            _ if self.shape != GridShape::Grid && self.label_columns == 0 => {
                "its number of label columns is not known, which the long and wide shapes need"
            }
            _ if self.shape == GridShape::Wide && self.line_items().is_none() => {
                "none of its column dimensions is 'Line Items': it can be read long, not wide"
            }
            _ => return Ok(()),
        };
        Err(TableError::format(format!(
            "the layout {} cannot be read: {problem}",
            self.name()
        )))
    }

    /// Index of the line items among the column dimensions.
    pub(crate) fn line_items(&self) -> Option<usize> {
        let found = self
            .column_names
            .iter()
            .position(|name| name == "Line Items");
        found.or((self.header_lines == 1).then_some(0))
    }
}

impl From<Grid> for Layout {
    fn from(grid: Grid) -> Self {
        Self::Grid(grid)
    }
}
