//! Tables of text: reading what imports are given, writing what exports and dumps give.

use crate::world::files::SourceFile;

/// A table with headers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) headers: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    /// The line of its beginning, from 1.
    pub(crate) line: u64,
    pub(crate) fields: Vec<String>,
    /// The problem with its form.
    pub(crate) fault: Option<RowFault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// Something stands between the end of a delimited text and the next separator.
    SeparatorExpected,
    /// A delimited text does not end.
    UnmatchedDelimiter,
}

impl Table {
    /// Reads the text of a file as the model's description of it says.
    pub(crate) fn read(text: &str, file: &SourceFile) -> Self {
        let mut rows = split(text, file.separator, file.delimiter);
        let first = usize::try_from(file.first_data_row.max(1) - 1).unwrap_or(0);
        let headers = match usize::try_from(file.header_row) {
            Ok(row @ 1..) => rows.get(row - 1).map(|row| row.fields.clone()),
            _ => Some(file.columns.clone()),
        };
        rows.drain(..first.min(rows.len()));
        rows.retain(|row| row.fields.iter().any(|field| !field.is_empty()));
        Self {
            headers: headers.unwrap_or_default(),
            rows,
        }
    }

    /// The position of a column. Case does not matter.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.headers
            .iter()
            .position(|header| header.trim().eq_ignore_ascii_case(name.trim()))
    }
}

impl Row {
    pub(crate) fn field(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field.trim())
    }
}

fn split(text: &str, separator: char, delimiter: char) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    while chars.peek().is_some() {
        let mut row = Row {
            line,
            ..Row::default()
        };
        loop {
            let mut field = String::new();
            if chars.peek() == Some(&delimiter) {
                chars.next();
                let mut closed = false;
                while let Some(c) = chars.next() {
                    if c == delimiter {
                        if chars.peek() != Some(&delimiter) {
                            closed = true;
                            break;
                        }
                        chars.next();
                    }
                    line += u64::from(c == '\n');
                    field.push(c);
                }
                let clean = matches!(chars.peek(), None | Some('\r' | '\n'))
                    || chars.peek() == Some(&separator);
                if !closed {
                    row.fault = Some(RowFault::UnmatchedDelimiter);
                } else if !clean {
                    row.fault = Some(RowFault::SeparatorExpected);
                }
            }
            while let Some(c) = chars.next_if(|c| *c != separator && *c != '\n') {
                field.push(c);
            }
            let ended = chars.next() != Some(separator);
            if ended && field.ends_with('\r') {
                field.pop();
            }
            row.fields.push(field);
            if ended {
                break;
            }
        }
        line += 1;
        rows.push(row);
    }
    rows
}

/// Adds a row to a text.
pub(crate) fn write_row<'f>(
    out: &mut String,
    separator: char,
    fields: impl IntoIterator<Item = &'f str>,
) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        let risky = |c: char| c == separator || matches!(c, '"' | '\r' | '\n');
        if field.contains(risky) || field.trim().len() != field.len() {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Table {
        Table::read(text, &SourceFile::new(1, "a.csv"))
    }

    #[test]
    fn delimited_texts_may_hold_everything() {
        let table = read("Name,Note\r\n\"a, \"\"b\"\"\n c\",x\r\ny,\n\nz\n");
        assert_eq!(table.headers, ["Name", "Note"]);
        assert_eq!(table.rows[0].fields, ["a, \"b\"\n c", "x"]);
        assert_eq!((table.rows[1].line, table.rows[1].field(1)), (4, ""));
        assert_eq!(table.rows[2].line, 6);
        assert_eq!(table.column(" note"), Some(1));
    }

    #[test]
    fn rows_that_are_no_rows_are_told() {
        let table = read("a,b\n\"x\"y,1\n\"z,2\n");
        assert_eq!(table.rows[0].fault, Some(RowFault::SeparatorExpected));
        assert_eq!(table.rows[1].fault, Some(RowFault::UnmatchedDelimiter));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(
            prop::collection::vec("[a-z,\"\r\n ]{0,6}", 3), 1..6))
        {
            let mut text = String::from("a,b,c\r\n");
            for row in &rows {
                write_row(&mut text, ',', row.iter().map(String::as_str));
            }
            let table = read(&text);
            let kept: Vec<_> = rows
                .iter()
                .filter(|row| row.iter().any(|field| !field.is_empty()))
                .collect();
            prop_assert_eq!(table.rows.len(), kept.len());
            for (read, written) in table.rows.iter().zip(kept) {
                prop_assert_eq!(&read.fields, written);
            }
        }

        #[test]
        fn nothing_makes_reading_fail(text in "\\PC*") {
            let _ = read(&text);
        }
    }
}
