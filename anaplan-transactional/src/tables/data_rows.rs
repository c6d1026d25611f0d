//! Cells of a view, read as JSON, as rows.

use std::io::Cursor;

use anaplan_core::Result;
use anaplan_table::{Layout, RowWriter, TableFormat, read_rows};
use serde::de::DeserializeOwned;

use crate::ViewData;

impl ViewData {
    /// Returns the rows, each as a `T`, in a format of [`ViewInfo`](crate::ViewInfo).
    ///
    /// The rows equal those of [`view_rows`](crate::Transactional::view_rows). See
    /// [`Rows`](crate::Rows) for totals rows and empty values.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a shape that the axes of the view do not allow. From the rows: `Decode` for a
    /// row that does not fit `T`, with its row and column.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let info = model.get_view_info(ids.view).await?;
    /// let data = model.get_view_data(ids.view).await?;
    /// for cell in data.rows::<(String, String, String)>(info.table_format().long())? {
    ///     let (row, column, value) = cell?;
    ///     println!("{row} {column} {value}");
    /// }
    /// # Ok(()) });
    /// ```
    pub fn rows<T: DeserializeOwned>(
        &self,
        format: TableFormat,
    ) -> Result<impl Iterator<Item = Result<T>> + use<T>> {
        let mut format = format;
        if let Layout::Grid(grid) = &mut format.layout {
            // JSON may lack the selected items.
            grid.page_line = !self.pages.is_empty();
            if self.pages.is_empty() {
                grid.page_names.clear();
            }
        }
        let csv = self.csv(&format)?;
        let rows = read_rows(Cursor::new(csv), format)?;
        Ok(rows.map(|row| Ok(row?)))
    }

    /// Writes the grid as the server writes it in CSV.
    fn csv(&self, format: &TableFormat) -> Result<Vec<u8>> {
        let mut csv = Vec::new();
        let skipped = format.header_row.is_none() && format.first_data_row > 1;
        if !self.pages.is_empty() || skipped {
            let mut writer = RowWriter::new(plain())?;
            match self.pages.is_empty() {
                true => writer.write_record(["-"])?,
                false => writer.write_record(&self.pages)?,
            }
            csv.extend_from_slice(&writer.finish()?);
        }
        let labels = self.rows.first().map_or(0, |row| row.row_coordinates.len());
        let levels = self.column_coordinates.iter().map(Vec::len).max();
        if let Layout::Grid(grid) = &format.layout {
            let labels = labels.max(usize::from(grid.label_columns));
            for level in 0..levels.unwrap_or_default() {
                let columns = self.column_coordinates.iter();
                let columns = columns.map(|labels| labels.get(level).map_or("", String::as_str));
                let mut writer = RowWriter::new(plain())?;
                writer.write_record(std::iter::repeat_n("", labels).chain(columns))?;
                csv.extend_from_slice(&writer.finish()?);
            }
        }
        let mut widths = 0;
        let mut writer = RowWriter::new(plain())?;
        for row in &self.rows {
            let width = row.row_coordinates.len() + row.cells.len();
            if width != widths {
                // A row of another width is an error of the reader, with its number.
                widths = width;
                let finished = std::mem::replace(&mut writer, RowWriter::new(plain())?);
                csv.extend_from_slice(&finished.finish()?);
            }
            writer.write_record(row.row_coordinates.iter().chain(&row.cells))?;
        }
        csv.extend_from_slice(&writer.finish()?);
        Ok(csv)
    }
}

fn plain() -> TableFormat {
    TableFormat::default().without_header()
}
