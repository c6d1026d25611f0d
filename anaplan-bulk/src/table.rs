//! How the rows of a file are written: separator, quotation mark, encoding, header.

use anaplan_core::{Error, Result};

use crate::{Encoding, ExportMetadata, File, ImportSource};

/// How the rows of a file are written. The default is what most files are: commas, `"`, UTF-8, the names
/// of the columns in the first row.
///
/// [`File::table_format`], [`ImportSource::table_format`] and [`ExportMetadata::table_format`] take it
/// from what Anaplan says.
///
/// ```
/// use anaplan_bulk::{Encoding, TableFormat};
///
/// let mut format = TableFormat::default();
/// format.separator = '\t';
/// format.encoding = Encoding::Utf16Le;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableFormat {
    /// What separates columns: an ASCII character.
    pub separator: char,
    /// The quotation mark, an ASCII character; `None` when there is none.
    pub quote: Option<char>,
    /// How the text is encoded.
    pub encoding: Encoding,
    /// The row, from 1, that names the columns; `None` when there is none.
    pub header_row: Option<u32>,
    /// The row, from 1, in which the data begins.
    pub first_data_row: u32,
}

impl Default for TableFormat {
    fn default() -> Self {
        Self {
            separator: ',',
            quote: Some('"'),
            encoding: Encoding::Utf8,
            header_row: Some(1),
            first_data_row: 2,
        }
    }
}

impl TableFormat {
    /// The same without a row that names the columns.
    #[must_use]
    pub fn without_header(mut self) -> Self {
        self.header_row = None;
        self.first_data_row = 1;
        self
    }

    /// Checks that rows can be read this way, and gives separator and quotation mark.
    pub(crate) fn marks(&self) -> Result<(u8, Option<u8>)> {
        self.encoding.check()?;
        let ascii = |name, c: char| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() && !matches!(byte, b'\r' | b'\n') => Ok(byte),
            _ => Err(Error::invalid_input(name, "must be one ASCII character")),
        };
        let separator = ascii("separator", self.separator)?;
        let quote = self.quote.map(|quote| ascii("quote", quote)).transpose()?;
        if quote == Some(separator) {
            return Err(Error::invalid_input("quote", "must not be the separator"));
        }
        if self.first_data_row <= self.header_row.unwrap_or(0) {
            return Err(Error::invalid_input(
                "first_data_row",
                "must be behind the header",
            ));
        }
        Ok((separator, quote))
    }

    /// Rows before the header (or the data), and rows between header and data.
    pub(crate) fn skips(&self) -> (u32, u32) {
        match self.header_row {
            Some(header) => (
                header.saturating_sub(1),
                self.first_data_row.saturating_sub(header + 1),
            ),
            None => (self.first_data_row.saturating_sub(1), 0),
        }
    }

    fn from_texts(
        separator: Option<&String>,
        quote: Option<&String>,
        encoding: Option<&Encoding>,
    ) -> Result<Self> {
        let one = |name, text: &String| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (c, None) => Ok(c),
                _ => Err(Error::invalid_input(
                    name,
                    format_args!("'{text}' is longer than one character"),
                )),
            }
        };
        let mut format = Self::default();
        if let Some(separator) = separator {
            format.separator = one("separator", separator)?.unwrap_or(format.separator);
        }
        if let Some(quote) = quote {
            format.quote = one("delimiter", quote)?;
        }
        if let Some(encoding) = encoding {
            format.encoding = encoding.clone();
        }
        Ok(format)
    }

    /// Rows as the server counts them: from 1, with 0 or less for what is not set.
    fn with_rows(mut self, header: Option<i64>, first: Option<i64>) -> Self {
        let row = |row: Option<i64>| {
            row.and_then(|row| u32::try_from(row).ok())
                .filter(|row| *row > 0)
        };
        match (row(header), row(first)) {
            (None, None) => {}
            (None, Some(1)) => self = self.without_header(),
            (None, Some(first)) => {
                self.header_row = None;
                self.first_data_row = first;
            }
            (Some(header), first) => {
                self.header_row = Some(header);
                self.first_data_row = first.unwrap_or(header + 1);
            }
        }
        self
    }
}

impl File {
    /// How the rows of the file are written, as far as the server tells.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a separator or quotation mark of several characters.
    pub fn table_format(&self) -> Result<TableFormat> {
        let format = TableFormat::from_texts(
            self.separator.as_ref(),
            self.delimiter.as_ref(),
            self.encoding.as_ref(),
        )?;
        Ok(format.with_rows(self.header_row, self.first_data_row))
    }
}

impl ImportSource {
    /// How the rows of the import's file must be written.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a separator or quotation mark of several characters.
    pub fn table_format(&self) -> Result<TableFormat> {
        let format = TableFormat::from_texts(
            self.column_separator.as_ref(),
            self.text_delimiter.as_ref(),
            self.text_encoding.as_ref(),
        )?;
        Ok(format.with_rows(self.header_row, self.first_data_row))
    }
}

impl ExportMetadata {
    /// How the rows of the export's file are written. A table has its header in the first row; a grid
    /// of pages can have more above it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the file is not text, or has a separator or quotation mark of several
    /// characters.
    pub fn table_format(&self) -> Result<TableFormat> {
        if let Some(format) = self.export_format.as_deref() {
            if !format.starts_with("text/") {
                return Err(Error::invalid_input(
                    "the export",
                    format_args!("writes {format}, not text: its rows cannot be read"),
                ));
            }
        }
        TableFormat::from_texts(
            self.separator.as_ref(),
            self.delimiter.as_ref(),
            self.encoding.as_ref(),
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
    fn what_the_server_does_not_say_is_as_usual() {
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
    fn rows_are_taken_as_the_server_counts_them() {
        let format = file(
            r#"{"id":"1","headerRow":3,"firstDataRow":5,"separator":"\t","encoding":"UTF-16LE"}"#,
        )
        .table_format()
        .unwrap();
        assert_eq!(format.skips(), (2, 1));
        assert_eq!(format.marks().unwrap(), (b'\t', Some(b'"')));
        let format = file(r#"{"id":"1","headerRow":0,"firstDataRow":1}"#)
            .table_format()
            .unwrap();
        assert_eq!((format.header_row, format.skips()), (None, (0, 0)));
    }

    #[test]
    fn impossible_formats_are_refused() {
        assert!(
            file(r#"{"id":"1","separator":"||"}"#)
                .table_format()
                .is_err()
        );
        for change in [
            |format: &mut TableFormat| format.separator = '\n',
            |format: &mut TableFormat| format.separator = '\u{20ac}',
            |format: &mut TableFormat| format.quote = Some(','),
            |format: &mut TableFormat| format.first_data_row = 1,
            |format: &mut TableFormat| format.encoding = Encoding::from("X"),
        ] {
            let mut format = TableFormat::default();
            change(&mut format);
            assert!(format.marks().is_err(), "{format:?}");
        }
    }
}
