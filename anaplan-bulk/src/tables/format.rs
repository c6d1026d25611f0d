//! Table formats of files, imports and exports.

use anaplan_core::Result;
use anaplan_table::{Column, Encoding, FileMetadata, TableFormat};

use crate::{DataType, ExportMetadata, File, ImportSource};

impl File {
    /// Returns the format of the rows, as far as the server exposes it.
    ///
    /// Files do not have a decimal sign of their own: see [`ImportSource::table_format`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a value that cannot be honoured, such as a separator of several characters.
    pub fn table_format(&self) -> Result<TableFormat> {
        let metadata = FileMetadata {
            encoding: self.encoding.as_ref().map(Encoding::as_str),
            separator: self.separator.as_deref(),
            delimiter: self.delimiter.as_deref(),
            header_row: self.header_row,
            first_data_row: self.first_data_row,
            ..FileMetadata::default()
        };
        Ok(metadata.table_format()?)
    }
}

impl ImportSource {
    /// Returns the format that the import's file must have: encoding, separators, decimal sign, rows
    /// and columns.
    ///
    /// Fields of structs and maps are written under the import's columns by name, in the import's
    /// order. A field that the import does not have is an error.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a value that cannot be honoured, such as an unknown decimal sign.
    ///
    /// ```
    /// use anaplan_bulk::{Content, ImportSource};
    ///
    /// let source: ImportSource = serde_json::from_str(
    ///     r#"{"columnSeparator": ";", "decimalSeparator": ",", "headerNames": ["Region", "Price"]}"#,
    /// )?;
    /// let rows = vec![("North", 1.5)];
    /// // Region;Price
    /// // North;1,5
    /// let content = Content::rows(rows, source.table_format()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table_format(&self) -> Result<TableFormat> {
        let metadata = FileMetadata {
            encoding: self.text_encoding.as_ref().map(Encoding::as_str),
            separator: self.column_separator.as_deref(),
            delimiter: self.text_delimiter.as_deref(),
            decimal_separator: self.decimal_separator.as_deref(),
            header_row: self.header_row,
            first_data_row: self.first_data_row,
            ..FileMetadata::default()
        };
        let format = metadata.table_format()?;
        Ok(match self.header_names.is_empty() {
            true => format,
            false => format.with_columns(&self.header_names),
        })
    }
}

impl ExportMetadata {
    /// Returns the format of the export's file.
    ///
    /// The header of a table is its first row. Grids have the columns of `header_names`, and a line of
    /// page items above them.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the file is not text, and for a value that cannot be honoured.
    pub fn table_format(&self) -> Result<TableFormat> {
        let metadata = FileMetadata {
            encoding: self.encoding.as_ref().map(Encoding::as_str),
            separator: self.separator.as_deref(),
            delimiter: self.delimiter.as_deref(),
            media_type: self.export_format.as_deref(),
            layout: self.layout.as_ref().map(|layout| layout.as_str()),
            header_names: &self.header_names,
            list_names: &self.list_names,
            ..FileMetadata::default()
        };
        Ok(metadata.table_format()?)
    }

    /// Returns the columns with the kind of their values.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        Column::of_export(
            self.header_names.iter().cloned(),
            self.data_types.iter().map(DataType::as_str),
            self.list_names.iter().cloned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: &str) -> File {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn missing_file_metadata_is_the_default_format() {
        let format = file(r#"{"id":"1","headerRow":-1,"firstDataRow":-1}"#)
            .table_format()
            .unwrap();
        assert_eq!(format, TableFormat::default());
        let format = file(r#"{"id":"1","separator":"","delimiter":""}"#)
            .table_format()
            .unwrap();
        assert_eq!((format.separator, format.quote), (',', None));
    }

    #[test]
    fn rows_of_the_file_are_counted_from_one() {
        let format = file(
            r#"{"id":"1","headerRow":3,"firstDataRow":5,"separator":"\t","encoding":"UTF-16LE"}"#,
        )
        .table_format()
        .unwrap();
        assert_eq!((format.header_row, format.first_data_row), (Some(3), 5));
        assert_eq!((format.separator, format.quote), ('\t', Some('"')));
        assert_eq!(format.encoding, Encoding::Utf16Le);
        let format = file(r#"{"id":"1","headerRow":0,"firstDataRow":1}"#)
            .table_format()
            .unwrap();
        assert_eq!((format.header_row, format.first_data_row), (None, 1));
    }

    #[test]
    fn impossible_file_metadata_is_rejected() {
        for json in [
            r#"{"id":"1","separator":"||"}"#,
            r#"{"id":"1","separator":"\n"}"#,
            r#"{"id":"1","separator":"\u20ac"}"#,
            r#"{"id":"1","delimiter":","}"#,
            r#"{"id":"1","headerRow":2,"firstDataRow":2}"#,
            r#"{"id":"1","encoding":"X"}"#,
        ] {
            let error = file(json).table_format().unwrap_err();
            assert_eq!(
                error.kind(),
                anaplan_core::ErrorKind::InvalidInput,
                "{json}"
            );
        }
    }

    #[test]
    fn import_format_has_the_decimal_sign_and_the_columns() {
        let source = |sign: &str| -> ImportSource {
            let json = format!(r#"{{"decimalSeparator":"{sign}","headerNames":["A"]}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let format = source(",").table_format().unwrap();
        assert_eq!(format.decimal, anaplan_table::Decimal::Comma);
        assert_eq!(format.columns.as_deref(), Some(&["A".to_owned()][..]));
        assert!(source("'").table_format().is_err());
    }

    #[test]
    fn export_metadata_that_is_not_text_is_rejected() {
        let metadata: ExportMetadata = serde_json::from_str(
            r#"{"exportFormat":"application/vnd.ms-excel","headerNames":["A"],"dataTypes":["NUMBER"]}"#,
        )
        .unwrap();
        assert!(metadata.table_format().is_err());
        assert_eq!(
            metadata.columns(),
            [Column::new("A", anaplan_table::ColumnKind::Number)]
        );
    }
}
