//! Throughput of readers and writers: `cargo bench -p anaplan-table`.
//!
//! The text is like an export with several columns: four dimensions, seven numbers, a boolean, a date, a
//! list item and two texts. The `csv` crate stands beside for comparison.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use anaplan_table::{RowWriter, TableFormat, TableReader, read_rows};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde::{Deserialize, Serialize};

fn main() {
    divan::main();
}

const ROWS: u32 = 60_000;
/// Bytes that arrive at once.
const PIECE: usize = 256 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    region: String,
    product: String,
    version: String,
    month: String,
    n1: f64,
    n2: f64,
    n3: f64,
    n4: f64,
    n5: f64,
    n6: f64,
    n7: f64,
    open: bool,
    day: String,
    item: String,
    note: String,
    remark: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Borrowed<'a> {
    region: &'a str,
    n1: f64,
    note: &'a str,
}

fn text() -> String {
    let names = "region,product,version,month,n1,n2,n3,n4,n5,n6,n7,open,day,item,note,remark\r\n";
    let mut text = names.to_owned();
    for row in 0..ROWS {
        let number = |factor: f64| f64::from(row) * factor;
        let _ = write!(
            text,
            "Region {},Product {},Actual,Jan {},{},{},{},{:.2},{},0,{},{},2026-01-{:02},Item {row},\"a note, quoted\",remark of row {row}\r\n",
            row % 40,
            row % 900,
            row % 12,
            number(0.1),
            number(1.0 / 3.0),
            row,
            number(1.25),
            number(17.0 / 7.0),
            number(1e-3),
            row % 2 == 0,
            row % 28 + 1,
        );
    }
    text
}

fn count_records(mut reader: TableReader, text: &[u8]) -> usize {
    let mut count = 0;
    for mut piece in text.chunks(PIECE) {
        while let Some(record) = reader.read(&mut piece).unwrap() {
            count += black_box(record).len();
        }
    }
    while let Some(record) = reader.finish().unwrap() {
        count += record.len();
    }
    count
}

#[divan::bench]
fn records(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        count_records(
            TableReader::new(TableFormat::default()).unwrap(),
            text.as_bytes(),
        )
    });
}

#[divan::bench]
fn records_utf_16(bencher: Bencher<'_, '_>) {
    let text: Vec<u8> = text().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let format = TableFormat::default().with_encoding("UTF-16LE");
    bencher
        .counter(BytesCount::of_slice(&text))
        .bench(|| count_records(TableReader::new(format.clone()).unwrap(), &text));
}

#[divan::bench]
fn csv_crate_records(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut count = 0;
        while reader.read_record(&mut record).unwrap() {
            count += record.len();
        }
        count
    });
}

#[divan::bench]
fn structs(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let rows = read_rows::<Row, _>(text.as_bytes(), TableFormat::default()).unwrap();
        rows.map(|row| row.unwrap().n1).sum::<f64>()
    });
}

#[divan::bench]
fn csv_crate_structs(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader
            .deserialize()
            .map(|row| row.map(|row: Row| row.n1).unwrap())
            .sum::<f64>()
    });
}

#[divan::bench]
fn borrowed_structs_of_three_columns(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut reader = TableReader::new(TableFormat::default()).unwrap();
        let mut sum = 0.0;
        for mut piece in text.as_bytes().chunks(PIECE) {
            while let Some(record) = reader.read(&mut piece).unwrap() {
                let row: Borrowed<'_> = record.deserialize().unwrap();
                sum += row.n1;
                black_box(row);
            }
        }
        sum
    });
}

fn parsed(text: &str) -> Vec<Row> {
    let rows = read_rows(text.as_bytes(), TableFormat::default()).unwrap();
    rows.map(Result::unwrap).collect()
}

#[divan::bench]
fn written_structs(bencher: Bencher<'_, '_>) {
    let text = text();
    let rows = parsed(&text);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut writer = RowWriter::new(TableFormat::default()).unwrap();
        let mut length = 0;
        for row in &rows {
            writer.write_row(row).unwrap();
            if writer.buffered() > 64 * 1024 {
                length += writer.take().len();
            }
        }
        length
    });
}

#[divan::bench]
fn csv_crate_written_structs(bencher: Bencher<'_, '_>) {
    let text = text();
    let rows = parsed(&text);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut writer = csv::Writer::from_writer(std::io::sink());
        for row in &rows {
            writer.serialize(row).unwrap();
        }
    });
}
