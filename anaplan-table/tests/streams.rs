//! Asynchronous streams of chunks and rows.

#![allow(clippy::unwrap_used)]

use std::io;

use anaplan_table::{Records, RowStream, Rows, TableError, TableErrorKind, TableFormat};
use futures_util::{FutureExt, StreamExt, stream};

fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("no test stream is pending")
}

/// One byte in each chunk.
fn bytes(text: &str) -> impl futures_util::Stream<Item = io::Result<Vec<u8>>> + Unpin {
    stream::iter(text.bytes().map(|byte| Ok(vec![byte])).collect::<Vec<_>>())
}

fn table_error(error: io::Error) -> TableError {
    *error.into_inner().unwrap().downcast().unwrap()
}

#[test]
fn records_are_lent_one_at_a_time() {
    let mut records = Records::new(bytes("A,B\n1,x\n\n2,y"), TableFormat::default()).unwrap();
    assert!(records.header().is_none());
    let mut all = Vec::new();
    while let Some(record) = ready(records.next_record()) {
        let record = record.unwrap();
        all.push((
            record.row(),
            record.integer(0).unwrap(),
            record.get(1).unwrap().to_owned(),
        ));
    }
    assert_eq!(
        all,
        [(2, Some(1), "x".to_owned()), (4, Some(2), "y".to_owned())]
    );
    assert_eq!(records.header().unwrap().names(), ["A", "B"]);
    assert!(ready(records.next_record()).is_none());
}

#[test]
fn rows_go_on_after_a_row_that_does_not_fit_and_end_after_a_fatal_error() {
    let mut rows: Rows<(u32, bool), _, _> = Rows::new(
        bytes("A,B\n1,true\nx,true\n2\n3,false\n4,\"t"),
        TableFormat::default(),
    )
    .unwrap();
    assert_eq!(ready(rows.next_row()).unwrap().unwrap(), (1, true));
    for (row, kind) in [(3, TableErrorKind::Value), (4, TableErrorKind::Width)] {
        let error = table_error(ready(rows.next_row()).unwrap().unwrap_err());
        assert_eq!((error.row(), error.kind()), (Some(row), kind));
    }
    assert_eq!(ready(rows.next_row()).unwrap().unwrap(), (3, false));
    let error = table_error(ready(rows.next_row()).unwrap().unwrap_err());
    assert_eq!(error.kind(), TableErrorKind::Quote);
    assert!(ready(rows.next_row()).is_none());
}

#[test]
fn error_of_the_source_ends_the_rows_and_keeps_those_before_it() {
    let chunks = stream::iter([
        Ok("A\n1\n2"),
        Err(io::Error::other("the connection broke")),
        Ok("3\n"),
    ]);
    let rows: Rows<u32, _, _> = Rows::new(chunks, TableFormat::default()).unwrap();
    let rows: Vec<_> = ready(rows.collect());
    assert_eq!(rows.len(), 2);
    assert_eq!(*rows[0].as_ref().unwrap(), 1);
    assert_eq!(
        rows[1].as_ref().unwrap_err().to_string(),
        "the connection broke"
    );
}

#[test]
fn format_that_cannot_be_honoured_is_rejected_before_the_source_is_polled() {
    let format = TableFormat::default().with_encoding("UTF-7");
    let chunks = stream::poll_fn(|_| -> std::task::Poll<Option<io::Result<Vec<u8>>>> {
        panic!("polled");
    });
    assert!(Records::new(chunks, format.clone()).is_err());
    assert!(RowStream::new(stream::empty::<io::Result<i32>>(), format).is_err());
}

#[test]
fn stream_of_rows_ends_after_an_error_of_either_side() {
    let format = || TableFormat::default().with_columns(["a"]);
    let rows = stream::iter([Ok::<_, io::Error>(1.5), Ok(f64::NAN), Ok(2.0)]);
    let blocks: Vec<_> = ready(RowStream::new(rows, format()).unwrap().collect());
    assert_eq!(blocks.len(), 1);
    let error = table_error(blocks.into_iter().next().unwrap().unwrap_err());
    assert_eq!((error.row(), error.column()), (Some(2), Some("a")));
    let rows = stream::iter([Ok(1.5), Err(io::Error::other("gone"))]);
    let blocks: Vec<_> = ready(RowStream::new(rows, format()).unwrap().collect());
    assert_eq!(blocks[0].as_ref().unwrap_err().to_string(), "gone");
}

/// Peak memory of the process in KiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_number_of_rows() {
    let rows = (0..300_000_u32).map(|number| Ok::<_, io::Error>((number, "a row of some text")));
    let format = TableFormat::default().with_columns(["number", "text"]);
    let text = RowStream::new(stream::iter(rows), format.clone()).unwrap();
    let before = peak();
    let mut rows: Rows<(u32, String), _, _> = Rows::new(text, format).unwrap();
    let mut count = 0;
    while let Some(row) = ready(rows.next_row()) {
        assert_eq!(row.unwrap().0, count);
        count += 1;
    }
    assert_eq!(count, 300_000);
    assert!(peak() - before < 4096, "{} KiB", peak() - before);
}
