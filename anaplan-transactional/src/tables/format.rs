//! Table formats of views and of their CSV.

use anaplan_core::Result;
use anaplan_table::{FileMetadata, Grid, Layout, TableFormat, TableReader};

use crate::{Dimension, ExportType, ViewInfo};

impl ViewInfo {
    /// Returns the grid of the view: the dimensions of its pages, rows and columns.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let grid = model.get_view_info(ids.view).await?.grid();
    /// assert_eq!((grid.page_line, grid.label_columns, grid.header_lines), (false, 1, 1));
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn grid(&self) -> Grid {
        Grid::view(names(&self.pages), names(&self.rows), names(&self.columns))
    }

    /// Returns the format of the view's CSV: a grid of the current page. A view without dimensions on
    /// its columns is a table with the columns of its row labels and a last column `Value`.
    ///
    /// [`TableFormat::long`] and [`TableFormat::wide`] select the shape in which the grid is read.
    #[must_use]
    pub fn table_format(&self) -> TableFormat {
        if self.columns.is_empty() {
            let page_lines = u32::from(!self.pages.is_empty());
            return without_columns(names(&self.rows), page_lines);
        }
        TableFormat::default().with_layout(self.grid())
    }

    /// Returns the format of the view's CSV in a layout.
    pub(super) fn format_of(&self, layout: Option<&ExportType>) -> TableFormat {
        if layout != Some(&ExportType::GridAllPages) {
            return self.table_format();
        }
        if self.columns.is_empty() {
            return without_columns(names(&self.pages).chain(names(&self.rows)), 0);
        }
        TableFormat::default().with_layout(self.grid().with_all_pages())
    }
}

/// Returns the format of a layout that does not depend on the axes, `None` for a grid.
pub(super) fn tabular(layout: Option<&ExportType>) -> Result<Option<TableFormat>> {
    match layout {
        None | Some(ExportType::GridCurrentPage | ExportType::GridAllPages) => Ok(None),
        Some(layout) => {
            let metadata = FileMetadata {
                layout: Some(layout.as_str()),
                ..FileMetadata::default()
            };
            Ok(Some(metadata.table_format()?))
        }
    }
}

fn names(dimensions: &[Dimension]) -> impl Iterator<Item = &str> {
    dimensions.iter().map(|dimension| dimension.name.as_str())
}

fn without_columns<'a>(labels: impl Iterator<Item = &'a str>, page_lines: u32) -> TableFormat {
    TableFormat::default()
        .with_columns(labels.chain(["Value"]))
        .with_rows(None, page_lines + 1)
}

/// Returns the number of lines above the rows of a format.
pub(super) fn header_lines(format: &TableFormat) -> usize {
    match &format.layout {
        Layout::Grid(grid) => usize::from(grid.page_line) + usize::from(grid.header_lines),
        _ => usize::try_from(format.first_data_row.saturating_sub(1)).unwrap_or_default(),
    }
}

/// Returns the length of the first `lines` records of CSV with their line endings.
pub(crate) fn header_length(csv: &[u8], lines: usize) -> usize {
    // The reader inspects the first bytes for an encoding before it splits anything: they are this line.
    let mut start = &b"xxx\n"[..];
    let format = TableFormat::default().with_rows(None, 2);
    let Ok(mut reader) = TableReader::new(format) else {
        return 0;
    };
    if reader.read(&mut start).is_err() {
        return 0;
    }
    let mut rest = csv;
    for _ in 0..lines {
        // Lines of a header may differ in width, which is an error that does not end the reading.
        if let Ok(None) = reader.read(&mut rest) {
            return csv.len();
        }
        // The line feed of CR LF is left for the next record.
        let read = csv.len() - rest.len();
        if csv[..read].ends_with(b"\r") {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
    }
    csv.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anaplan_table::GridShape;

    fn info(json: &str) -> ViewInfo {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn header_length_counts_records_with_their_line_endings() {
        for (csv, lines, length) in [
            ("a,b\n1,2\n", 1, 4),
            ("a,b\r\n1,2\r\n", 1, 5),
            ("\"a\nb\",c\n1,2\n", 1, 8),
            ("\"a\"\"\nb\"\r\n1\r\n", 1, 9),
            ("A\n1\n", 1, 2),
            ("EU\n,Jan,Feb\nA,1,2\n", 2, 12),
            ("a,b", 1, 3),
            ("a,b\n", 2, 4),
            ("", 1, 0),
            ("a,b\n1,2\n", 0, 0),
        ] {
            assert_eq!(header_length(csv.as_bytes(), lines), length, "{csv:?}");
        }
    }

    #[test]
    fn table_format_of_a_view_has_the_counts_of_its_axes() {
        let view = info(
            r#"{"viewId":"1","rows":[{"id":"1","name":"R"},{"id":"2","name":"S"}],
            "columns":[{"id":"3","name":"Line Items"},{"id":"4","name":"Time"}],"pages":[{"id":"5","name":"P"}]}"#,
        );
        let grid = view.grid();
        assert_eq!(
            (grid.page_line, grid.label_columns, grid.header_lines),
            (true, 2, 2)
        );
        assert_eq!(header_lines(&view.table_format()), 3);
        let Layout::Grid(long) = view.table_format().long().layout else {
            unreachable!()
        };
        assert_eq!(long.shape, GridShape::Long);
        let Layout::Grid(all) = view.format_of(Some(&ExportType::GridAllPages)).layout else {
            unreachable!()
        };
        assert!(all.all_pages);
    }

    #[test]
    fn table_format_of_a_view_without_columns_names_the_values() {
        let view = info(
            r#"{"viewId":"1","rows":[{"id":"1","name":"R"}],"pages":[{"id":"5","name":"P"}]}"#,
        );
        let format = view.table_format();
        assert_eq!(format.columns, Some(vec!["R".into(), "Value".into()]));
        assert_eq!((format.header_row, format.first_data_row), (None, 2));
        let all = view.format_of(Some(&ExportType::GridAllPages));
        assert_eq!(all.columns.unwrap(), ["P", "R", "Value"]);
        assert_eq!(all.first_data_row, 1);
    }

    #[test]
    fn layouts_without_a_grid_have_no_format_of_a_view() {
        assert_eq!(tabular(None).unwrap(), None);
        let multi = tabular(Some(&ExportType::TabularMultiColumn)).unwrap();
        assert_eq!(multi, Some(TableFormat::default()));
        let error = tabular(Some(&ExportType::Unknown("PIVOT".into()))).unwrap_err();
        assert_eq!(error.kind(), anaplan_core::ErrorKind::InvalidInput);
    }
}
