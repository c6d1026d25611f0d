//! Formats and columns from the values that the server returns.

use crate::error::Short;
use crate::{Decimal, Encoding, Grid, Layout, Result, TableError, TableFormat};

/// Values that the server returns about a file, an import source or an export.
///
/// Every field may be missing. Values that cannot be honoured make
/// [`table_format`](Self::table_format) fail.
///
/// ```
/// use anaplan_table::{Decimal, FileMetadata};
///
/// let format = FileMetadata {
///     separator: Some(";"),
///     delimiter: Some("\""),
///     decimal_separator: Some(","),
///     header_row: Some(3),
///     first_data_row: Some(5),
///     ..FileMetadata::default()
/// }
/// .table_format()?;
/// assert_eq!((format.separator, format.decimal), (';', Decimal::Comma));
/// assert_eq!((format.header_row, format.first_data_row), (Some(3), 5));
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FileMetadata<'a> {
    /// `encoding` or `textEncoding`: a label.
    pub encoding: Option<&'a str>,
    /// `separator` or `columnSeparator`. Empty for the default.
    pub separator: Option<&'a str>,
    /// `delimiter` or `textDelimiter`: the quotation mark. Empty if values are not quoted.
    pub delimiter: Option<&'a str>,
    /// `decimalSeparator`: `.` or `,`.
    pub decimal_separator: Option<&'a str>,
    /// `headerRow`, from 1. 0 or less if it is not set.
    pub header_row: Option<i64>,
    /// `firstDataRow`, from 1. 0 or less if it is not set.
    pub first_data_row: Option<i64>,
    /// `exportFormat`: a media type. `None` if the file is text.
    pub media_type: Option<&'a str>,
    /// `layout` or `exportType`, such as `GRID_CURRENT_PAGE`.
    pub layout: Option<&'a str>,
    /// `headerNames`. Needed for grids.
    pub header_names: &'a [String],
    /// `listNames`, one for each column. Empty if it is not known.
    pub list_names: &'a [String],
}

impl FileMetadata<'_> {
    /// Returns the format that the values describe.
    ///
    /// The header names become the columns of a grid. They do not restrict the header of a table: use
    /// [`TableFormat::with_columns`] for that.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) for a value that cannot be honoured: a separator of
    /// several characters, a decimal sign other than `.` and `,`, an unknown encoding, a media type
    /// that is not text, an unknown layout, a grid without header names, and all that
    /// [`TableFormat::check`] rejects.
    pub fn table_format(&self) -> Result<TableFormat> {
        if let Some(media_type) = self.media_type {
            if !(media_type.is_empty() || media_type.starts_with("text/")) {
                return Err(TableError::format(format!(
                    "the file is {}, not text: its rows cannot be read",
                    Short(media_type)
                )));
            }
        }
        let mut format = TableFormat::default();
        if let Some(separator) = self.separator {
            format.separator = one("separator", separator)?.unwrap_or(format.separator);
        }
        if let Some(delimiter) = self.delimiter {
            format.quote = one("quotation mark", delimiter)?;
        }
        if let Some(encoding) = self.encoding.filter(|label| !label.is_empty()) {
            format.encoding = Encoding::from(encoding);
        }
        format.decimal = match self.decimal_separator {
            None => Decimal::Point,
            Some(sign) => decimal(sign)?,
        };
        self.rows(&mut format)?;
        format.layout = self.layout()?;
        format.check()?;
        Ok(format)
    }

    fn rows(&self, format: &mut TableFormat) -> Result<()> {
        let row = |name: &str, row: Option<i64>| match row.filter(|row| *row > 0) {
            None => Ok(None),
            Some(row) => u32::try_from(row).map(Some).map_err(|_| {
                TableError::format(format!("the {name} {row} is larger than any file"))
            }),
        };
        let header = row("header row", self.header_row)?;
        let first = row("first data row", self.first_data_row)?;
        match (header, first) {
            (None, None) => {}
            (None, Some(first)) => {
                format.header_row = None;
                format.first_data_row = first;
            }
            (Some(header), first) => {
                format.header_row = Some(header);
                format.first_data_row = first.unwrap_or(header.saturating_add(1));
            }
        }
        Ok(())
    }

    fn layout(&self) -> Result<Layout> {
        let name = match self.layout {
            None | Some("" | "AUDIT_LOG") => return Ok(Layout::Table),
            Some(name) if name.starts_with("TABULAR_") => return Ok(Layout::Table),
            Some(name) => name,
        };
        if !matches!(name, "GRID_CURRENT_PAGE" | "GRID_ALL_PAGES") {
            return Err(TableError::format(format!(
                "the layout {} is not known",
                Short(name)
            )));
        }
        if self.header_names.is_empty() {
            return Err(TableError::format(format!(
                "the layout {name} can only be read with the header names of the export"
            )));
        }
        let mut grid = Grid::export(self.header_names);
        grid.all_pages = name == "GRID_ALL_PAGES";
        let labels = self.list_names.iter().take_while(|list| !list.is_empty());
        grid.label_columns = u16::try_from(labels.count()).unwrap_or(u16::MAX);
        Ok(Layout::Grid(grid))
    }
}

/// The single character of a text, `None` for an empty one.
fn one(name: &str, text: &str) -> Result<Option<char>> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (c, None) => Ok(c),
        _ => match text.to_ascii_lowercase().as_str() {
            "\\t" | "tab" => Ok(Some('\t')),
            "comma" => Ok(Some(',')),
            "semicolon" => Ok(Some(';')),
            "pipe" => Ok(Some('|')),
            "double_quote" => Ok(Some('"')),
            _ => Err(TableError::format(format!(
                "the {name} '{}' is longer than one character",
                Short(text)
            ))),
        },
    }
}

fn decimal(sign: &str) -> Result<Decimal> {
    match sign.to_ascii_uppercase().as_str() {
        "" | "." | "FULL_STOP" | "POINT" => Ok(Decimal::Point),
        "," | "COMMA" => Ok(Decimal::Comma),
        _ => Err(TableError::format(format!(
            "the decimal sign '{}' is neither '.' nor ','",
            Short(sign)
        ))),
    }
}

/// Kind of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Text, and all that has no kind of its own.
    Text,
    /// Numbers.
    Number,
    /// Booleans.
    Boolean,
    /// Dates.
    Date,
    /// Items of a list.
    Item,
    /// Time periods.
    Period,
    /// Values of several kinds.
    Mixed,
}

impl ColumnKind {
    /// Returns the kind for a `dataType` of an export or the `format` of a line item.
    ///
    /// ```
    /// use anaplan_table::ColumnKind;
    ///
    /// assert_eq!(ColumnKind::from_data_type("ENTITY"), ColumnKind::Item);
    /// assert_eq!(ColumnKind::from_data_type("TIME PERIOD"), ColumnKind::Period);
    /// ```
    #[must_use]
    pub fn from_data_type(name: &str) -> Self {
        match name {
            "NUMBER" => Self::Number,
            "BOOLEAN" => Self::Boolean,
            "DATE" => Self::Date,
            "ENTITY" | "LIST" => Self::Item,
            "TIME_ENTITY" | "TIME PERIOD" => Self::Period,
            "MIXED" => Self::Mixed,
            _ => Self::Text,
        }
    }
}

/// Column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Name in the header.
    pub name: String,
    /// Kind of the values.
    pub kind: ColumnKind,
    /// List that the items belong to, if it is known.
    pub list: Option<String>,
}

impl Column {
    /// Creates a column.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            name: name.into(),
            kind,
            list: None,
        }
    }

    /// Returns the columns of an export, from `headerNames`, `dataTypes` and `listNames` of its
    /// metadata. Columns without a data type are text.
    ///
    /// ```
    /// use anaplan_table::{Column, ColumnKind};
    ///
    /// let columns = Column::of_export(["Region", "Price"], ["ENTITY", "NUMBER"], ["Regions", ""]);
    /// assert_eq!(columns[0].list.as_deref(), Some("Regions"));
    /// assert_eq!(columns[1].kind, ColumnKind::Number);
    /// ```
    pub fn of_export<N, D, L>(
        header_names: impl IntoIterator<Item = N>,
        data_types: impl IntoIterator<Item = D>,
        list_names: impl IntoIterator<Item = L>,
    ) -> Vec<Self>
    where
        N: Into<String>,
        D: AsRef<str>,
        L: Into<String>,
    {
        let mut kinds = data_types.into_iter();
        let mut lists = list_names.into_iter();
        let names = header_names.into_iter();
        names
            .map(|name| Self {
                name: name.into(),
                kind: kinds.next().map_or(ColumnKind::Text, |kind| {
                    ColumnKind::from_data_type(kind.as_ref())
                }),
                list: lists.next().map(Into::into).filter(|list| !list.is_empty()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_the_default() {
        let format = FileMetadata {
            header_row: Some(-1),
            first_data_row: Some(0),
            separator: Some(""),
            encoding: Some(""),
            ..FileMetadata::default()
        };
        assert_eq!(format.table_format().unwrap(), TableFormat::default());
        let format = FileMetadata {
            delimiter: Some(""),
            header_row: Some(0),
            first_data_row: Some(1),
            ..FileMetadata::default()
        };
        let format = format.table_format().unwrap();
        assert_eq!(
            (format.quote, format.header_row, format.first_data_row),
            (None, None, 1)
        );
    }

    #[test]
    fn values_that_cannot_be_honoured_are_rejected() {
        let default = FileMetadata::default();
        for (metadata, part) in [
            (
                FileMetadata {
                    separator: Some("||"),
                    ..default
                },
                "separator '||'",
            ),
            (
                FileMetadata {
                    delimiter: Some("''"),
                    ..default
                },
                "quotation mark",
            ),
            (
                FileMetadata {
                    decimal_separator: Some(":"),
                    ..default
                },
                "decimal sign ':'",
            ),
            (
                FileMetadata {
                    encoding: Some("UTF-7"),
                    ..default
                },
                "UTF-7",
            ),
            (
                FileMetadata {
                    header_row: Some(5),
                    first_data_row: Some(5),
                    ..default
                },
                "header row",
            ),
            (
                FileMetadata {
                    header_row: Some(1 << 40),
                    ..default
                },
                "header row",
            ),
            (
                FileMetadata {
                    media_type: Some("application/pdf"),
                    ..default
                },
                "application/pdf",
            ),
            (
                FileMetadata {
                    layout: Some("PIVOT"),
                    ..default
                },
                "PIVOT",
            ),
            (
                FileMetadata {
                    layout: Some("GRID_ALL_PAGES"),
                    ..default
                },
                "GRID_ALL_PAGES",
            ),
        ] {
            let error = metadata.table_format().unwrap_err();
            assert_eq!(error.kind(), crate::TableErrorKind::Format);
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn layouts_are_read_from_their_names() {
        for name in [
            "TABULAR_MULTI_COLUMN",
            "TABULAR_SINGLE_COLUMN",
            "AUDIT_LOG",
            "",
        ] {
            let metadata = FileMetadata {
                layout: Some(name),
                ..FileMetadata::default()
            };
            assert_eq!(metadata.table_format().unwrap().layout, Layout::Table);
        }
    }
}
