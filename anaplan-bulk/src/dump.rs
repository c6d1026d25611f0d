//! Dumps: the rows that an import could not use, and why.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anaplan_core::{Bytes, Error, ErrorKind, Result, open_enum};
use csv::StringRecord;
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::records::{RecordStream, Records};
use crate::{ActionId, ActionTask, Bulk, ChunkedFile, Download, FileStream, TableFormat};

const STATUS: &str = "_Status_";
const LINE: &str = "_Line_";
const ERROR: &str = "_Error_";

impl Bulk {
    /// The rows that an import could not use, as a text file or, with
    /// [`dump_rows`](Download::dump_rows), row by row with their errors. Only the dump of the last run
    /// is kept, for 48 hours after the last access.
    ///
    /// `GET /models/{modelId}/imports/{importId}/tasks/{taskId}/dump/chunks` and
    /// `.../chunks/{chunkId}`. Reads only: retried freely, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no dump, or none any more.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.bad_source_file, Content::text(ids.bad_csv.clone())).await?;
    /// let task = bulk.run_import(ids.bad_import).await?;
    /// let dump = match task.wait().await {
    ///     Ok(outcome) => outcome.failure_dump_available(),
    ///     Err(error) => error.task_failure().is_some_and(|failure| failure.failure_dump_available),
    /// };
    /// assert!(dump);
    /// let mut rows = bulk.get_dump(task.address()).dump_rows();
    /// while let Some(row) = rows.next_row().await {
    ///     let row = row?;
    ///     println!("line {:?}: {}", row.line, row.errors.join("; "));
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "get_import_error_dump")]
    pub fn get_dump(&self, task: impl Into<ActionTask>) -> Download {
        Download::new(self.session.clone(), ChunkedFile::Dump(task.into()))
    }

    /// The rows that one step of a process could not use: see [`get_dump`](Self::get_dump). Which steps
    /// have a dump is told by [`steps_with_dump`](crate::ActionOutcome::steps_with_dump).
    ///
    /// `GET /models/{modelId}/processes/{processId}/tasks/{taskId}/dumps/{objectId}/chunks` and
    /// `.../chunks/{chunkId}`. Reads only: retried freely, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no dump, or none any more.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk.run_process(ids.process).await?.wait().await?;
    /// for step in outcome.steps_with_dump() {
    ///     let dump = bulk.get_process_dump(&outcome.task, &step).await?;
    ///     println!("{step}: {} bytes of rows that were not used", dump.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_process_dump(
        &self,
        task: impl Into<ActionTask>,
        step: impl Into<ActionId>,
    ) -> Download {
        let what = ChunkedFile::StepDump(task.into(), step.into());
        Download::new(self.session.clone(), what)
    }
}

open_enum! {
    /// How bad it is.
    pub enum RowStatus {
        /// The row was used, but not all of it.
        Warning = "W",
        /// The row was not used.
        Error = "E",
    }
}

/// A row that an import could not use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DumpRow {
    /// How bad it is.
    pub status: RowStatus,
    /// The row as it was in the source: column and value.
    pub columns: Vec<(String, String)>,
    /// Its line in the source.
    pub line: Option<u64>,
    /// What is wrong with it.
    pub errors: Vec<String>,
}

impl DumpRow {
    /// Reads a whole dump.
    ///
    /// # Errors
    ///
    /// `Decode` when it is no dump.
    ///
    /// ```
    /// use anaplan_bulk::{DumpRow, RowStatus};
    ///
    /// let rows = DumpRow::parse(b"_Status_,Code,Amount,_Line_,_Error_1_\nE,A1,x,2,\"not a number\"\n")?;
    /// assert_eq!(rows[0].status, RowStatus::Error);
    /// assert_eq!((rows[0].value("Amount"), rows[0].line), (Some("x"), Some(2)));
    /// assert_eq!(rows[0].errors, ["not a number"]);
    /// # Ok::<(), anaplan_core::Error>(())
    /// ```
    pub fn parse(dump: &[u8]) -> Result<Vec<Self>> {
        let mut records = Records::new(&sniff(dump))?;
        records.feed(dump)?;
        records.finish()?;
        let Some(header) = records.record()? else {
            return Ok(Vec::new());
        };
        let layout = Layout::of(&header)?;
        let mut rows = Vec::new();
        while let Some(record) = records.record()? {
            rows.push(layout.row(&header, &record));
        }
        Ok(rows)
    }

    /// The value of a column of the source.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        let mut columns = self.columns.iter();
        columns
            .find(|(name, _)| name == column)
            .map(|(_, value)| value.as_str())
    }
}

/// The dump is separated as its source was: the header's first column tells by what.
fn sniff(dump: &[u8]) -> TableFormat {
    let mut format = TableFormat::default();
    let bare = dump.strip_prefix(b"\xef\xbb\xbf").unwrap_or(dump);
    let quoted = format!("\"{STATUS}\"");
    let rest = bare
        .strip_prefix(STATUS.as_bytes())
        .or_else(|| bare.strip_prefix(quoted.as_bytes()));
    if let Some(separator) = rest.and_then(<[u8]>::first) {
        let usual = format.separator;
        if separator.is_ascii_punctuation() || *separator == b'\t' {
            format.separator = char::from(*separator);
        }
        // Such as a quotation mark, which no dump is separated by.
        if format.marks().is_err() {
            format.separator = usual;
        }
    }
    format
}

/// Where the columns of a dump that are not the source's own stand.
struct Layout {
    line: Option<usize>,
    /// Where the source's columns end.
    end: usize,
}

impl Layout {
    fn of(header: &StringRecord) -> Result<Self> {
        if header.get(0) != Some(STATUS) {
            return Err(Error::new(
                ErrorKind::Decode,
                "the text is no dump: its first column is not _Status_",
            ));
        }
        // The last one, should the source have a column of that name.
        let line = header.iter().rposition_of(LINE);
        let end = line.unwrap_or_else(|| {
            let own = header.iter().take_while(|name| !name.starts_with(ERROR));
            own.count()
        });
        Ok(Self { line, end })
    }

    fn row(&self, header: &StringRecord, record: &StringRecord) -> DumpRow {
        let text = |index| record.get(index).unwrap_or_default();
        let after = self.line.map_or(self.end, |line| line + 1);
        DumpRow {
            status: RowStatus::from(text(0)),
            columns: (1..self.end)
                .map(|index| {
                    let name = header.get(index).unwrap_or_default();
                    (name.to_owned(), text(index).to_owned())
                })
                .collect(),
            line: self.line.and_then(|line| text(line).trim().parse().ok()),
            errors: (after..record.len())
                .map(text)
                .filter(|error| !error.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

trait LastPosition {
    fn rposition_of(self, name: &str) -> Option<usize>;
}

impl<'a, I: Iterator<Item = &'a str>> LastPosition for I {
    fn rposition_of(self, name: &str) -> Option<usize> {
        self.enumerate()
            .filter(|(_, other)| *other == name)
            .map(|(index, _)| index)
            .last()
    }
}

/// The rows of a dump, as it arrives. Ends after the first error.
#[must_use = "nothing is sent before the first row is asked for"]
pub struct DumpRows {
    state: State,
    layout: Option<Layout>,
}

enum State {
    /// The first chunk has to come before the format is known.
    Unopened(Option<FileStream>),
    Reading(Box<RecordStream>),
    Over,
}

impl DumpRows {
    pub(crate) fn new(file: FileStream) -> Self {
        Self {
            state: State::Unopened(Some(file)),
            layout: None,
        }
    }

    /// The next row; `None` at the end.
    pub async fn next_row(&mut self) -> Option<Result<DumpRow>> {
        StreamExt::next(self).await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<DumpRow>>> {
        loop {
            match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::Unopened(file) => {
                    let first = match file.as_mut() {
                        Some(file) => ready!(Pin::new(file).poll_next(cx)).transpose()?,
                        None => None,
                    };
                    let (Some(first), Some(file)) = (first, file.take()) else {
                        return Poll::Ready(None);
                    };
                    self.state = State::Reading(Box::new(reopened(first, file)));
                }
                State::Reading(records) => {
                    let Some(record) = ready!(records.poll_record(cx)).transpose()? else {
                        return Poll::Ready(None);
                    };
                    let Some(header) = records.header() else {
                        return Poll::Ready(None);
                    };
                    let layout = match &mut self.layout {
                        Some(layout) => layout,
                        none => none.insert(Layout::of(header)?),
                    };
                    return Poll::Ready(Some(Ok(layout.row(header, &record))));
                }
            }
        }
    }
}

/// The records of a file whose first chunk has been taken already.
fn reopened(first: Bytes, rest: FileStream) -> RecordStream {
    let format = sniff(&first);
    let whole = stream::once(std::future::ready(Ok(first))).chain(rest);
    RecordStream::new(FileStream::from_stream(whole), format)
}

impl Stream for DumpRows {
    type Item = Result<DumpRow>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let polled = this.poll_row(cx);
        if let Poll::Ready(None | Some(Err(_))) = &polled {
            this.state = State::Over;
        }
        polled
    }
}

#[cfg(feature = "blocking")]
impl Iterator for DumpRows {
    type Item = Result<DumpRow>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for DumpRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpRows").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_separator_is_the_one_of_the_source() {
        let rows = DumpRow::parse(
            b"\"_Status_\"\tA\t_Line_\t_Error_1_\t_Error_2_\nW\tx\t7\tfirst\tsecond\nE\ty\t\tone\n",
        )
        .unwrap();
        assert_eq!(rows[0].status, RowStatus::Warning);
        assert_eq!(rows[0].errors, ["first", "second"]);
        assert_eq!(rows[0].columns, [("A".to_owned(), "x".to_owned())]);
        assert_eq!((rows[1].line, rows[1].errors.len()), (None, 1));
    }

    #[test]
    fn a_column_of_the_source_may_be_called_like_one_of_the_dump() {
        let rows = DumpRow::parse(b"_Status_,_Line_,B,_Line_,_Error_1_\nE,mine,b,3,bad\n").unwrap();
        assert_eq!(
            (rows[0].value("_Line_"), rows[0].line),
            (Some("mine"), Some(3))
        );
        let rows = DumpRow::parse(b"_Status_,B,_Error_1_\nE,b,bad\n").unwrap();
        assert_eq!((rows[0].columns.len(), rows[0].errors.len()), (1, 1));
    }

    #[test]
    fn other_text_is_no_dump() {
        assert!(DumpRow::parse(b"").unwrap().is_empty());
        assert_eq!(
            DumpRow::parse(b"A,B\n1,2\n").unwrap_err().kind(),
            ErrorKind::Decode
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(rest: Vec<u8>) {
            let _ = DumpRow::parse(&[b"_Status_", &rest[..]].concat());
        }
    }
}
