//! Writing rows.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use anaplan_table::{
    Encoding, LineEnding, Result, RowBlocks, RowWriter, TableErrorKind, TableFormat, read_rows,
};
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    amount: Option<f64>,
    #[serde(with = "anaplan_table::date")]
    day: Date,
    #[serde(with = "anaplan_table::date::option")]
    end: Option<Date>,
    open: bool,
}

fn row(name: &str, amount: impl Into<Option<f64>>) -> Row {
    Row {
        name: name.to_owned(),
        amount: amount.into(),
        day: date(2026, 1, 31),
        end: None,
        open: true,
    }
}

fn write<T: Serialize>(format: TableFormat, rows: &[T]) -> Result<String> {
    let blocks = RowBlocks::new(rows, format)?.collect::<Result<Vec<_>>>()?;
    Ok(String::from_utf8(blocks.concat()).unwrap())
}

#[test]
fn structs_are_written_with_their_field_names() {
    let rows = [row("a, b", 1.5), row("\u{e9} \"x\"", None)];
    let format = TableFormat::default().with_dates("%d/%m/%Y");
    let text = write(format.clone(), &rows).unwrap();
    assert_eq!(
        text,
        "name,amount,day,end,open\n\"a, b\",1.5,31/01/2026,,true\n\"\u{e9} \"\"x\"\"\",,31/01/2026,,true\n"
    );
    let read: Vec<Row> = read_rows(text.as_bytes(), format)
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(read, rows);
}

#[test]
fn values_are_written_under_their_names_whatever_their_order() {
    let map = |pairs: &[(&'static str, i32)]| pairs.iter().copied().collect::<BTreeMap<_, _>>();
    let format = || TableFormat::default().with_columns(["b", "a", "c"]);
    let text = write(
        format(),
        &[map(&[("a", 1), ("b", 2), ("c", 3)]), map(&[("c", 4)])],
    )
    .unwrap();
    assert_eq!(text, "b,a,c\n2,1,3\n,,4\n");
    let error = write(format(), &[map(&[("a", 1)]), map(&[("d", 1)])]).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::MissingColumn);
    assert_eq!((error.row(), error.column()), (Some(2), Some("d")));
    let twice = TableFormat::default().with_columns(["a", "a"]);
    let error = write(twice, &[map(&[("a", 1)])]).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::DuplicateColumn);
}

#[test]
fn skipped_fields_are_columns_with_empty_values() {
    #[derive(Serialize)]
    struct Skipping {
        a: i32,
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<i32>,
    }
    let rows = [Skipping { a: 1, b: None }, Skipping { a: 2, b: Some(3) }];
    assert_eq!(
        write(TableFormat::default(), &rows).unwrap(),
        "a,b\n1,\n2,3\n"
    );
}

#[test]
fn sequences_need_column_names_for_a_header() {
    let rows = [("North", 1.5), ("South", 2.0)];
    let error = write(TableFormat::default(), &rows).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::Header);
    let bare = TableFormat::default().without_header();
    assert_eq!(write(bare.clone(), &rows).unwrap(), "North,1.5\nSouth,2\n");
    let named = TableFormat::default().with_columns(["Region", "Price"]);
    assert_eq!(
        write(named.clone(), &rows).unwrap(),
        "Region,Price\nNorth,1.5\nSouth,2\n"
    );
    let error = write(named, &[("a", 1, 2)]).unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Width, Some(1))
    );
    let error = write(bare, &[vec![1, 2], vec![1]]).unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Width, Some(2))
    );
}

#[test]
fn table_without_rows_has_the_header_that_the_format_names() {
    let rows: [Row; 0] = [];
    assert_eq!(write(TableFormat::default(), &rows).unwrap(), "");
    let named = TableFormat::default().with_columns(["a", "b"]);
    assert_eq!(write(named, &rows).unwrap(), "a,b\n");
}

#[test]
fn rows_above_the_data_are_written_as_rows_of_empty_values() {
    let mut format = TableFormat::default().with_rows(3, 5);
    format.line_ending = LineEnding::CrLf;
    let text = write(format.clone(), &[row("x", 1.0)]).unwrap();
    assert_eq!(
        text,
        ",,,,\r\n,,,,\r\nname,amount,day,end,open\r\n,,,,\r\nx,1,2026-01-31,,true\r\n"
    );
    let read: Vec<Row> = read_rows(text.as_bytes(), format)
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(read, [row("x", 1.0)]);
}

#[test]
fn rows_that_cannot_be_written_are_named_by_row_and_column() {
    let latin = TableFormat::default().with_encoding(Encoding::Iso8859_1);
    let mut unquoted = TableFormat::default();
    unquoted.quote = None;
    for (format, bad, column, kind) in [
        (
            TableFormat::default(),
            row("x", f64::NAN),
            "amount",
            TableErrorKind::Value,
        ),
        (
            TableFormat::default(),
            row("x", f64::INFINITY),
            "amount",
            TableErrorKind::Value,
        ),
        (
            TableFormat::default(),
            row("a\0b", 1.0),
            "name",
            TableErrorKind::Value,
        ),
        (
            latin,
            row("\u{20ac}", 1.0),
            "name",
            TableErrorKind::Encoding,
        ),
        (unquoted, row("a,b", 1.0), "name", TableErrorKind::Value),
    ] {
        let rows = [row("ok", 1.0), bad, row("ok", 2.0)];
        let error = RowWriter::check_rows(format.clone(), &rows).unwrap_err();
        assert_eq!(
            (error.row(), error.column()),
            (Some(2), Some(column)),
            "{error}"
        );
        assert_eq!(error.kind(), kind);
        assert!(error.is_write());
        // The row changes nothing: the others can still be written.
        let mut writer = RowWriter::new(format).unwrap();
        let failed = rows.iter().filter(|row| writer.write_row(row).is_err());
        assert_eq!(failed.count(), 1);
        assert_eq!(writer.rows(), 2);
        assert_eq!(
            writer
                .finish()
                .unwrap()
                .iter()
                .filter(|byte| **byte == b'\n')
                .count(),
            3
        );
    }
}

#[test]
fn first_row_that_cannot_be_written_leaves_no_header() {
    let mut writer = RowWriter::new(TableFormat::default()).unwrap();
    writer.write_row(&row("x", f64::NAN)).unwrap_err();
    writer.write_row(&BTreeMap::from([("k", 1)])).unwrap();
    assert_eq!(writer.finish().unwrap(), "k\n1\n".as_bytes());
}

#[test]
fn types_that_are_no_row_are_rejected() {
    #[derive(Serialize)]
    struct Nested {
        inner: Vec<i32>,
    }
    let error = write(TableFormat::default(), &[Nested { inner: vec![1] }]).unwrap_err();
    assert_eq!(
        (error.kind(), error.column()),
        (TableErrorKind::Type, Some("inner"))
    );
    let error = write(TableFormat::default(), &[Err::<(), i32>(1)]).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::Type);
}

#[test]
fn single_values_are_rows_of_one_column() {
    let format = TableFormat::default().with_columns(["name"]);
    let text = write(format.clone(), &["a", "", "b"]).unwrap();
    assert_eq!(text, "name\na\n\"\"\nb\n");
    let read: Vec<String> = read_rows(text.as_bytes(), format)
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(read, ["a", "", "b"]);
}

#[test]
fn byte_order_mark_is_written_once() {
    let mut format = TableFormat::default().with_columns(["a"]);
    format.byte_order_mark = true;
    assert_eq!(write(format.clone(), &[1, 2]).unwrap(), "\u{feff}a\n1\n2\n");
    format.encoding = Encoding::Utf16;
    let mut writer = RowWriter::new(format).unwrap();
    writer.write_row(&1).unwrap();
    assert_eq!(writer.finish().unwrap(), &b"\xFF\xFEa\0\n\x001\0\n\0"[..]);
}
