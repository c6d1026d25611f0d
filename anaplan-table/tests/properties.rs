//! Properties of readers and writers.

#![allow(clippy::unwrap_used)]

use anaplan_table::{
    Decimal, Encoding, Grid, LineEnding, Ragged, RecordBuf, Result, RowBlocks, RowWriter,
    TableFormat, TableReader, read_rows,
};
use proptest::prelude::*;

/// All records of a text that arrives in pieces.
fn read(format: &TableFormat, text: &[u8], pieces: &[usize]) -> Result<Vec<Vec<String>>> {
    let mut reader = TableReader::new(format.clone())?.with_record_limit(1 << 16);
    let mut all = Vec::new();
    let mut rest = text;
    let mut sizes = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        let mut piece = &rest[..size];
        rest = &rest[size..];
        while let Some(record) = reader.read(&mut piece)? {
            all.push(record.iter().map(str::to_owned).collect());
        }
    }
    while let Some(record) = reader.finish()? {
        all.push(record.iter().map(str::to_owned).collect());
    }
    Ok(all)
}

fn described(result: &Result<Vec<Vec<String>>>) -> std::result::Result<&[Vec<String>], String> {
    result.as_deref().map_err(ToString::to_string)
}

fn formats() -> impl Strategy<Value = TableFormat> {
    let marks = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|')];
    let quotes = prop_oneof![Just(Some('"')), Just(Some('\'')), Just(None)];
    let labels = prop_oneof![
        Just("UTF-8"),
        Just("UTF-16"),
        Just("UTF-16LE"),
        Just("UTF-16BE"),
        Just("ISO-8859-1"),
        Just("windows-1252"),
        Just("Shift_JIS"),
        Just("GB18030"),
    ];
    let rows = prop_oneof![
        Just((Some(1), 2)),
        Just((None, 1)),
        Just((Some(3), 5)),
        Just((None, 3)),
    ];
    (marks, quotes, labels, rows, any::<(bool, bool)>()).prop_map(
        |(separator, quote, label, (header, first), (crlf, mark))| {
            let mut format = TableFormat::default()
                .with_separator(separator)
                .with_encoding(label)
                .with_rows(header, first);
            format.quote = quote;
            format.byte_order_mark = mark;
            if crlf {
                format.line_ending = LineEnding::CrLf;
            }
            format
        },
    )
}

const VALUE: &str =
    "[a-c0-9\",;'|\t \r\n\u{e9}\u{df}\u{ff}\u{fe}\u{ef}\u{bb}\u{bf}\u{feff}\u{3042}\u{1f600}]{0,6}";

fn tables() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    (1_usize..5).prop_flat_map(|width| {
        let row = || proptest::collection::vec(VALUE, width);
        (row(), proptest::collection::vec(row(), 1..6))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_read_as_they_were_written(
        format in formats(),
        (names, rows) in tables(),
        pieces in proptest::collection::vec(1_usize..12, 1..4),
    ) {
        let named = format.clone().with_columns(names);
        let mut writer = RowWriter::new(named.clone()).unwrap();
        let mut written = Vec::new();
        for row in &rows {
            // Values that the format cannot hold are refused, and change nothing.
            match writer.write_record(row) {
                Ok(()) => written.push(row.clone()),
                Err(error) => prop_assert!(error.row().is_some() && error.is_write()),
            }
        }
        if writer.rows() == 0 {
            return Ok(());
        }
        let text = writer.finish().unwrap();
        prop_assert_eq!(&read(&named, &text, &pieces).unwrap(), &written);
        let header = format.header_row.is_some();
        if header || written[0].len() > 1 || written.iter().any(|row| !row[0].is_empty()) {
            prop_assert_eq!(read(&format, &text, &pieces).unwrap(), written);
        }
    }

    #[test]
    fn any_text_reads_the_same_whatever_its_pieces(
        format in formats(),
        text in "[a,;\"'\t|\r\n\u{e9}\u{feff}]{0,60}",
        bytes: Vec<u8>,
        pieces in proptest::collection::vec(1_usize..9, 1..4),
        pad: bool,
    ) {
        let mut format = format;
        format.ragged = if pad { Ragged::Pad } else { Ragged::Refuse };
        for text in [text.as_bytes(), &bytes] {
            let (whole, cut) = (read(&format, text, &[usize::MAX]), read(&format, text, &pieces));
            prop_assert_eq!(described(&whole), described(&cut));
        }
    }

    #[test]
    fn any_grid_reads_the_same_whatever_its_pieces(
        text in "(([ab]?,){1,3}[ab1]?\n|h,1,2\n|p\n){0,10}",
        pieces in proptest::collection::vec(1_usize..9, 1..4),
        all_pages: bool,
        shape in 0_u8..3,
        export: bool,
    ) {
        let mut grid = if export {
            Grid::export(["h", "1", "2"]).with_label_columns(1)
        } else {
            Grid::view(["P"], ["R"], ["Line Items"])
        };
        grid.all_pages = all_pages;
        let format = TableFormat::default().with_layout(grid);
        let format = match shape {
            0 => format,
            1 => format.long(),
            _ => format.wide(),
        };
        let (whole, cut) = (read(&format, text.as_bytes(), &[usize::MAX]), read(&format, text.as_bytes(), &pieces));
        prop_assert_eq!(described(&whole), described(&cut));
    }

    #[test]
    fn records_equal_those_of_the_csv_crate(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z\",\n\r \u{e9}\u{1f600}]{0,12}", 3), 0..8),
        pieces in proptest::collection::vec(1_usize..20, 1..4),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let format = TableFormat::default().without_header();
        prop_assert_eq!(read(&format, &text, &pieces).unwrap(), rows);
    }

    #[test]
    fn numbers_are_read_as_they_were_written(numbers in proptest::collection::vec(any::<(f64, f32, i64)>(), 1..5), comma: bool) {
        let mut format = TableFormat::default().with_columns(["a", "b", "c"]);
        if comma {
            format = format.with_decimal(Decimal::Comma);
        }
        let finite = |(a, b, _): &&(f64, f32, i64)| a.is_finite() && b.is_finite();
        let numbers: Vec<_> = numbers.iter().filter(finite).copied().collect();
        let blocks = RowBlocks::new(numbers.clone(), format.clone()).unwrap();
        let text = blocks.collect::<Result<Vec<_>>>().unwrap().concat();
        prop_assert!(!text.contains(&b'e'));
        let read: Vec<(f64, f32, i64)> = read_rows(&text[..], format).unwrap().collect::<Result<_>>().unwrap();
        prop_assert_eq!(read, numbers);
    }

    #[test]
    fn errors_never_contain_the_value(value in "[A-Z0-9]{6,12}") {
        let format = TableFormat::default();
        let row = RecordBuf::from_iter([&value]);
        let record = row.as_record(&format, None);
        for error in [
            record.deserialize::<(bool,)>().unwrap_err(),
            record.deserialize::<(char,)>().unwrap_err(),
            record.deserialize::<((),)>().unwrap_err(),
            record.deserialize::<(std::net::IpAddr,)>().unwrap_err(),
            record.deserialize::<(Verbose,)>().unwrap_err(),
        ] {
            prop_assert!(!error.to_string().contains(&value), "{}", error);
            prop_assert_eq!(error.column(), Some("1"));
        }
    }
}

/// A type whose error repeats what it was given.
#[derive(Debug)]
struct Verbose;

impl<'de> serde::Deserialize<'de> for Verbose {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Err(serde::de::Error::custom(format!(
            "{text} is no colour: {text:?}"
        )))
    }
}

#[test]
fn unknown_encoding_is_rejected_before_reading_and_writing() {
    let format = TableFormat::default().with_encoding(Encoding::from("UTF-7"));
    assert!(TableReader::new(format.clone()).is_err());
    assert!(RowWriter::new(format).is_err());
}
