//! Row types: what fits a row, both ways.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use anaplan_table::{Decimal, Header, RecordBuf, Result, RowBlocks, TableFormat, read_rows};
use serde::{Deserialize, Serialize};

fn write<T: Serialize>(format: TableFormat, rows: &[T]) -> Vec<u8> {
    let blocks = RowBlocks::new(rows, format).unwrap();
    blocks.collect::<Result<Vec<_>>>().unwrap().concat()
}

fn read<T: serde::de::DeserializeOwned>(format: TableFormat, text: &[u8]) -> Vec<T> {
    read_rows(text, format)
        .unwrap()
        .collect::<Result<_>>()
        .unwrap()
}

/// A decimal that serializes as text, as the decimal crates do.
#[derive(Debug, Clone, PartialEq)]
struct Exact(String);

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Exact {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        text.parse::<f64>().map(|_| Self(text.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "small one")]
    Small,
    Large,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    #[serde(with = "anaplan_table::number")]
    exact: Exact,
    id: Newtype,
    kind: Kind,
    letter: char,
    ratio: f32,
    big: i128,
    missing: Option<u8>,
    nothing: (),
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[test]
fn every_kind_of_field_is_read_as_it_was_written() {
    let rest = HashMap::from([
        ("x".to_owned(), "1,5".to_owned()),
        ("y".to_owned(), String::new()),
    ]);
    let row = Row {
        exact: Exact("12345678901234567890.125".to_owned()),
        id: Newtype(u64::MAX),
        kind: Kind::Small,
        letter: ';',
        ratio: 0.1,
        big: i128::MIN,
        missing: None,
        nothing: (),
        rest,
    };
    let rows = [
        row.clone(),
        Row {
            kind: Kind::Large,
            missing: Some(7),
            ..row
        },
    ];
    let format = TableFormat::default()
        .with_separator(';')
        .with_decimal(Decimal::Comma);
    let text = write(format.clone(), &rows);
    assert!(String::from_utf8_lossy(&text).contains("12345678901234567890,125"));
    assert_eq!(read::<Row>(format, &text), rows);
}

#[test]
fn structs_are_read_by_position_without_a_header_and_by_name_with_columns() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        name: String,
        size: u8,
    }
    let bare = TableFormat::default().without_header();
    let wanted = [Pair {
        name: "a".to_owned(),
        size: 1,
    }];
    assert_eq!(read::<Pair>(bare.clone(), b"a,1\n"), wanted);
    let named = bare.clone().with_columns(["size", "name", "other"]);
    assert_eq!(read::<Pair>(named, b"1,a,x\n"), wanted);
    assert!(
        read_rows::<Pair, _>(&b"a,1,x\n"[..], bare)
            .unwrap()
            .next()
            .unwrap()
            .is_err()
    );
}

#[test]
fn list_items_and_other_values_are_rows_through_a_record_buf() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Item<'a> {
        name: &'a str,
        code: Option<&'a str>,
        #[serde(rename = "Head Count", deserialize_with = "anaplan_table::or_default")]
        heads: u32,
        #[serde(rename = "Open")]
        open: Option<bool>,
    }
    let header = Header::new(["name", "code", "Head Count", "Open"]);
    let format = TableFormat::default();
    let mut row = RecordBuf::new();
    let mut items = Vec::new();
    for values in [["Berlin", "B", "12", "true"], ["Total", "", "", ""]] {
        row.clear();
        values.iter().for_each(|value| row.push(value));
        let item: Item<'_> = row.as_record(&format, Some(&header)).deserialize().unwrap();
        items.push((
            item.name.to_owned(),
            item.code.is_some(),
            item.heads,
            item.open,
        ));
    }
    assert_eq!(items[0], ("Berlin".to_owned(), true, 12, Some(true)));
    assert_eq!(items[1], ("Total".to_owned(), false, 0, None));
}
