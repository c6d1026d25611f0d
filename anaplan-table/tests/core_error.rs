//! Errors of tables as errors of the SDK.

#![cfg(feature = "core")]
#![allow(clippy::unwrap_used)]

use anaplan_core::{Error, ErrorKind};
use anaplan_table::{RowWriter, TableFormat, TableReader, read_rows};

#[test]
fn table_errors_become_errors_of_the_sdk_with_row_and_column() {
    let format = || TableFormat::default().with_columns(["a"]);
    let written: Error = RowWriter::check_rows(format(), &[f64::NAN])
        .unwrap_err()
        .into();
    assert_eq!(written.kind(), ErrorKind::InvalidInput);
    assert!(
        written.to_string().contains("row 1, column 'a'"),
        "{written}"
    );
    let mut rows = read_rows::<u8, _>(&b"a\nx\n"[..], format()).unwrap();
    let read: Error = rows.next().unwrap().unwrap_err().into();
    assert_eq!(read.kind(), ErrorKind::Decode);
    assert!(read.to_string().contains("row 2, column 'a'"), "{read}");
    let rejected: Error = TableReader::new(format().with_encoding("X"))
        .unwrap_err()
        .into();
    assert_eq!(rejected.kind(), ErrorKind::InvalidInput);
}
