//! Files that were read or written wrongly, with the values they hold.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use anaplan_table::{
    Column, ColumnKind, FileMetadata, Result, RowWriter, TableErrorKind, TableFormat, read_rows,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = values.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Price {
    #[serde(rename = "Region")]
    region: String,
    #[serde(rename = "Price")]
    price: f64,
}

fn decimal_comma() -> TableFormat {
    let metadata = json(include_str!("data/import-metadata.json"));
    let source = &metadata["importMetadata"]["source"];
    let format = FileMetadata {
        encoding: source["textEncoding"].as_str(),
        separator: source["columnSeparator"].as_str(),
        delimiter: source["textDelimiter"].as_str(),
        decimal_separator: source["decimalSeparator"].as_str(),
        header_row: source["headerRow"].as_i64(),
        first_data_row: source["firstDataRow"].as_i64(),
        ..FileMetadata::default()
    };
    let format = format.table_format().unwrap();
    format.with_columns(texts(&source["headerNames"]))
}

#[test]
fn import_with_decimal_comma_writes_and_reads_commas() {
    let rows = [("North", 1.5), ("South", 1234.25)].map(|(region, price)| Price {
        region: region.to_owned(),
        price,
    });
    let wanted = include_bytes!("data/decimal-comma.csv");
    let mut writer = RowWriter::new(decimal_comma()).unwrap();
    for row in &rows {
        writer.write_row(row).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), &wanted[..]);
    assert_eq!(
        RowWriter::check_rows(decimal_comma(), &rows).unwrap(),
        wanted.len() as u64
    );
    let read: Vec<Price> = read_rows(&wanted[..], decimal_comma())
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(read, rows);
}

#[test]
fn number_with_decimal_point_is_an_error_in_a_table_with_decimal_comma() {
    let text = "Region;Price\nNorth;1.5\n".as_bytes();
    let mut rows = read_rows::<Price, _>(text, decimal_comma()).unwrap();
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::Value);
    assert_eq!((error.row(), error.column()), (Some(2), Some("Price")));
}

#[test]
fn header_and_data_rows_count_blank_lines() {
    let file = json(include_str!("data/report.json"));
    let format = FileMetadata {
        encoding: file["encoding"].as_str(),
        separator: file["separator"].as_str(),
        delimiter: file["delimiter"].as_str(),
        header_row: file["headerRow"].as_i64(),
        first_data_row: file["firstDataRow"].as_i64(),
        ..FileMetadata::default()
    };
    let format = format.table_format().unwrap();
    let wanted = [
        map(&[("A", "1"), ("B", "2")]),
        map(&[("A", "3"), ("B", "4")]),
    ];
    for text in [
        &include_bytes!("data/report.csv")[..],
        include_bytes!("data/report-commas.csv"),
        include_bytes!("data/report-blank-units.csv"),
    ] {
        assert_eq!(maps(text, format.clone()).unwrap(), wanted);
    }
}

#[test]
fn grid_export_has_the_columns_of_its_header_names() {
    let metadata = &json(include_str!("data/grid.json"))["exportMetadata"];
    let headers = texts(&metadata["headerNames"]);
    let lists = texts(&metadata["listNames"]);
    let format = FileMetadata {
        encoding: metadata["encoding"].as_str(),
        separator: metadata["separator"].as_str(),
        delimiter: metadata["delimiter"].as_str(),
        media_type: metadata["exportFormat"].as_str(),
        layout: metadata["layout"].as_str(),
        header_names: &headers,
        list_names: &lists,
        ..FileMetadata::default()
    };
    let format = format.table_format().unwrap();
    let text = &include_bytes!("data/grid.csv")[..];
    let mut rows = read_rows::<Map, _>(text, format.clone()).unwrap();
    let first = rows.next().unwrap().unwrap();
    assert_eq!(rows.header().unwrap().names(), headers);
    assert_eq!(rows.pages(), ["Apple", "UK"]);
    let quarter = [
        ("", "Quantity"),
        ("Jan 20", "23"),
        ("Feb 20", "22"),
        ("Mar 20", "0"),
        ("Q1 FY20", "45"),
    ];
    assert_eq!(first, map(&quarter));
    assert_eq!(rows.next().unwrap().unwrap()["Q1 FY20"], "12");
    assert!(rows.next().is_none());

    type Cell = (String, String, String, String, f64);
    let cells: Vec<Cell> = read_rows(text, format.long())
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(cells.len(), 8);
    let cell = |value: &Cell| (value.2.clone(), value.3.clone(), value.4);
    assert_eq!(cell(&cells[3]), ("Quantity".into(), "Q1 FY20".into(), 45.0));

    let columns = Column::of_export(&headers, texts(&metadata["dataTypes"]), lists);
    assert_eq!(columns[0].list.as_deref(), Some("Line Items"));
    assert_eq!(columns[1].kind, ColumnKind::Mixed);
}

#[test]
fn two_columns_of_one_name_are_an_error_for_maps_and_structs_and_both_values_for_sequences() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Named {
        #[serde(rename = "Name")]
        name: String,
    }
    #[derive(Deserialize)]
    struct Coded {
        #[serde(rename = "Code")]
        code: String,
    }
    let text = &include_bytes!("data/twice.csv")[..];
    let format = TableFormat::default;
    let error = maps(text, format()).unwrap_err();
    assert_eq!(error.kind(), TableErrorKind::DuplicateColumn);
    assert_eq!(error.column(), Some("Name"));
    assert!(error.to_string().contains("columns 1 and 3"), "{error}");
    let mut rows = read_rows::<Named, _>(text, format()).unwrap();
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(error.column(), Some("Name"));
    assert!(rows.next().is_none());
    let mut rows = read_rows::<Vec<String>, _>(text, format()).unwrap();
    assert_eq!(
        rows.next().unwrap().unwrap(),
        ["North", "N", "North region"]
    );
    let mut rows = read_rows::<Coded, _>(text, format()).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().code, "N");
}

#[test]
fn utf_16_with_a_mark_is_read_whatever_was_declared() {
    let text = &include_bytes!("data/sales-utf-16be.txt")[..];
    for label in [
        "UTF-16BE",
        "UTF-16LE",
        "UTF-16",
        "utf-8",
        "UTF8",
        "latin1",
        "windows-1252",
    ] {
        let format = TableFormat::default()
            .with_separator('\t')
            .with_encoding(label);
        let rows = maps(text, format).unwrap();
        let wanted = map(&[
            ("A", "\u{41c}\u{43e}\u{441}\u{43a}\u{432}\u{430}"),
            ("B", "1"),
        ]);
        assert_eq!(rows, [wanted], "{label}");
    }
}

#[test]
fn row_with_values_beyond_the_header_is_an_error_with_its_row() {
    let text = b"A,B,C\n1,2,3\n\n1,2,3,4\n5,6,7\n";
    let mut rows = read_rows::<Vec<String>, _>(&text[..], TableFormat::default()).unwrap();
    assert!(rows.next().unwrap().is_ok());
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.row()),
        (TableErrorKind::Width, Some(4))
    );
    assert_eq!(
        error.to_string(),
        "row 4: the row has 4 values under 3 columns"
    );
    assert_eq!(rows.next().unwrap().unwrap(), ["5", "6", "7"]);
}

#[test]
fn one_column_tables_keep_their_empty_rows() {
    let read = |text: &str, format: TableFormat| -> Vec<String> {
        read_rows(text.as_bytes(), format)
            .unwrap()
            .collect::<Result<_>>()
            .unwrap()
    };
    assert_eq!(
        read("A\nx\n\ny\n\"\"\n", TableFormat::default()),
        ["x", "", "y", ""]
    );
    let bare = TableFormat::default().without_header();
    assert_eq!(read("\n\r\nx\n\n", bare.clone()), ["", "", "x", ""]);
    let two: Vec<(String, String)> = read_rows(&b"\nx,y\n\n"[..], bare)
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(two, [("x".to_owned(), "y".to_owned())]);
}
