//! Reading: limits, damaged tables, errors with their row and column.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use anaplan_table::{Result, TableErrorKind, TableFormat, TableReader, read_rows};
use serde::Deserialize;

type Map = BTreeMap<String, String>;

fn map(pairs: &[(&str, &str)]) -> Map {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn maps(text: &[u8], format: TableFormat) -> Result<Vec<Map>> {
    read_rows(text, format)?.collect()
}

#[test]
fn record_beyond_the_limit_is_an_error() {
    for (start, piece) in [("", "x"), ("", ","), ("\"", "a\n"), ("A\n\"", "\"\"")] {
        let reader = TableReader::new(TableFormat::default()).unwrap();
        let mut reader = reader.with_record_limit(1 << 20);
        assert!(reader.read(&mut start.as_bytes()).unwrap().is_none());
        let piece = piece.repeat(1 << 16);
        let error = (0..100)
            .find_map(|_| reader.read(&mut piece.as_bytes()).map(drop).err())
            .unwrap();
        assert_eq!(
            error.kind(),
            TableErrorKind::TooLarge,
            "{start}{}",
            &piece[..2]
        );
        assert!(reader.read(&mut &b"A\n1\n"[..]).unwrap().is_none());
    }
}

#[test]
fn quotation_mark_that_is_never_closed_is_an_error_with_its_row() {
    let text = b"A,B\n1,2\n3,\"4\n5,6\n";
    let mut rows = read_rows::<Vec<String>, _>(&text[..], TableFormat::default()).unwrap();
    assert!(rows.next().unwrap().is_ok());
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Quote, Some(3))
    );
    assert!(rows.next().is_none());
}

#[test]
fn table_that_ends_before_its_header_is_an_error_and_an_empty_file_has_no_rows() {
    let format = TableFormat::default().with_rows(3, 4);
    let error = maps(b"title\n\n", format.clone()).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::Header);
    let error = maps(b"title\n\n\nA\n", format.clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Header, Some(3))
    );
    assert!(maps(b"", format).unwrap().is_empty());
    let format = TableFormat::default().with_columns(["A", "B"]);
    let error = maps(b"A,C\n1,2\n", format).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1: the header has 'A', 'C', expected 'A', 'B'"
    );
}

#[test]
fn padded_tables_fill_short_rows_and_accept_only_empty_values_beyond_the_header() {
    let format = TableFormat::default().with_ragged(anaplan_table::Ragged::Pad);
    let text = b"A,B\n1\n2,3,,\n4,5,6\n";
    let rows: Vec<_> = read_rows::<Vec<String>, _>(&text[..], format)
        .unwrap()
        .collect();
    assert_eq!(rows[0].as_ref().unwrap(), &["1", ""]);
    assert_eq!(rows[1].as_ref().unwrap(), &["2", "3"]);
    assert_eq!(rows[2].as_ref().unwrap_err().row(), Some(4));
}

#[test]
fn rows_after_values_with_line_breaks_have_their_own_line() {
    let text = b"A,B\r\n\"x\r\ny\",1\r\n\r\nz,n\r\n";
    let mut rows = read_rows::<(String, u32), _>(&text[..], TableFormat::default()).unwrap();
    assert_eq!(rows.next().unwrap().unwrap(), ("x\r\ny".to_owned(), 1));
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(
        (error.row(), error.line(), error.column()),
        (Some(4), Some(5), Some("B"))
    );
}

#[test]
fn bytes_that_are_not_valid_are_an_error_with_their_row() {
    let text = b"A,B\n1,2\n3,\xff\n5,6\n";
    let rows: Vec<_> = read_rows::<Vec<String>, _>(&text[..], TableFormat::default())
        .unwrap()
        .collect();
    let error = rows[1].as_ref().unwrap_err();
    assert_eq!((error.row(), error.column()), (Some(3), Some("B")));
    assert_eq!(rows[2].as_ref().unwrap(), &["5", "6"]);
    let format = TableFormat::default().with_encoding("Shift_JIS");
    let rows: Vec<_> = read_rows::<Vec<String>, _>(&text[..], format)
        .unwrap()
        .collect();
    assert_eq!(rows[0].as_ref().unwrap(), &["1", "2"]);
    let error = rows[1].as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Encoding, Some(3))
    );
    assert_eq!(rows.len(), 2);
}

#[test]
fn deserialize_reports_missing_columns_empty_values_and_wrong_types() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Row {
        name: String,
        open: bool,
        kind: Option<Kind>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Small,
        Large,
    }
    let rows =
        |text: &'static str| read_rows::<Row, _>(text.as_bytes(), TableFormat::default()).unwrap();
    let error = |text| rows(text).next().unwrap().unwrap_err();
    let missing = error("name,opened\nA,true\n");
    assert_eq!(missing.kind(), TableErrorKind::MissingColumn);
    assert_eq!(
        missing.to_string(),
        "row 2, column 'open': there is no such column; the header has 'name', 'opened'"
    );
    let empty = error("name,open\nTotal,\n");
    assert_eq!(
        empty.to_string(),
        "row 2, column 'open': the value is empty; use an Option or anaplan_table::or_default"
    );
    let kind = error("name,open,kind\nA,TRUE,Huge\n");
    assert_eq!(
        kind.to_string(),
        "row 2, column 'kind': the value is none of Small, Large"
    );
    let row = rows("name,open,kind\nA,TRUE,Large\n")
        .next()
        .unwrap()
        .unwrap();
    assert_eq!((row.open, row.kind), (true, Some(Kind::Large)));

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Nested {
        name: Vec<String>,
    }
    let mut rows = read_rows::<Nested, _>(&b"name\nA\n"[..], TableFormat::default()).unwrap();
    assert_eq!(
        rows.next().unwrap().unwrap_err().kind(),
        TableErrorKind::Type
    );
    assert!(rows.next().is_none());
}

#[test]
fn flattened_rest_columns_are_text() {
    #[derive(Deserialize)]
    struct Row {
        price: f64,
        #[serde(flatten)]
        rest: Map,
    }
    let text = b"code,price,size\n007,1.5,3\n";
    let mut rows = read_rows::<Row, _>(&text[..], TableFormat::default()).unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(
        (row.price, row.rest),
        (1.5, map(&[("code", "007"), ("size", "3")]))
    );
}
