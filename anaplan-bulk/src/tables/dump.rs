//! Dumps: rejected rows of an import with their errors.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Bytes, Error, ErrorKind, Result, open_enum};
use anaplan_table::{Header, Ragged, Record, Records, TableFormat, TableReader};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::{ActionId, ActionTask, Bulk, ChunkedFile, Download, FileStream};

const STATUS: &str = "_Status_";
const LINE: &str = "_Line_";
const ERROR: &str = "_Error_";

impl Bulk {
    /// Returns a download of the rejected rows of an import, as text or, with
    /// [`dump_rows`](Download::dump_rows), as rows with their errors. Only the dump of the last run
    /// is kept, for 48 hours after the last access.
    ///
    /// `GET /models/{modelId}/imports/{importId}/tasks/{taskId}/dump/chunks` and
    /// `.../chunks/{chunkId}`. Read-only: retried, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no dump, or none any more.
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

    /// Returns a download of the rejected rows of one step of a process: see [`get_dump`](Self::get_dump).
    /// [`steps_with_dump`](crate::ActionOutcome::steps_with_dump) lists the steps that have one.
    ///
    /// `GET /models/{modelId}/processes/{processId}/tasks/{taskId}/dumps/{objectId}/chunks` and
    /// `.../chunks/{chunkId}`. Read-only: retried, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no dump, or none any more.
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
    /// Severity.
    pub enum RowStatus {
        /// The row was used, but not all of it.
        Warning = "W",
        /// The row was not used.
        Error = "E",
    }
}

/// Rejected row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DumpRow {
    /// Severity.
    pub status: RowStatus,
    /// Columns and values of the source.
    pub columns: Vec<(String, String)>,
    /// Line in the source.
    pub line: Option<u64>,
    /// Error messages.
    pub errors: Vec<String>,
}

impl DumpRow {
    /// Parses a dump.
    ///
    /// # Errors
    ///
    /// `Decode` if the text is not a dump.
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
        let mut reader = TableReader::new(sniff(dump))?;
        let mut layout = None;
        let mut rows = Vec::new();
        let mut input = dump;
        while let Some(record) = reader.read(&mut input)? {
            rows.push(Layout::row(&mut layout, &record)?);
        }
        while let Some(record) = reader.finish()? {
            rows.push(Layout::row(&mut layout, &record)?);
        }
        if let (None, Some(header)) = (layout, reader.header()) {
            Layout::of(header.names())?;
        }
        Ok(rows)
    }

    /// Returns the value of a column of the source.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        let mut columns = self.columns.iter();
        columns
            .find(|(name, _)| name == column)
            .map(|(_, value)| value.as_str())
    }
}

/// Returns the format of a dump. The separator is that of the source, and follows the first column name.
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
        if format.check().is_err() {
            format.separator = usual;
        }
    }
    // A row has as many columns for errors as it needs.
    format.with_ragged(Ragged::Pad)
}

/// Positions of the columns that the dump adds to those of the source.
struct Layout {
    line: Option<usize>,
    /// End of the source's columns.
    end: usize,
}

impl Layout {
    fn of(header: &[String]) -> Result<Self> {
        if header.first().map(String::as_str) != Some(STATUS) {
            return Err(Error::new(
                ErrorKind::Decode,
                "the text is no dump: its first column is not _Status_",
            ));
        }
        // The last one, if the source has a column of that name.
        let line = header.iter().rposition(|name| name == LINE);
        let end = line.unwrap_or_else(|| {
            let own = header.iter().take_while(|name| !name.starts_with(ERROR));
            own.count()
        });
        Ok(Self { line, end })
    }

    /// Reads one row. Determines the layout with the first one.
    fn row(layout: &mut Option<Self>, record: &Record<'_>) -> Result<DumpRow> {
        let names = record.header().map_or(&[][..], Header::names);
        let layout = match layout {
            Some(layout) => layout,
            none => none.insert(Self::of(names)?),
        };
        let text = |index| record.get(index).unwrap_or_default();
        let after = layout.line.map_or(layout.end, |line| line + 1);
        Ok(DumpRow {
            status: RowStatus::from(text(0)),
            columns: (1..layout.end)
                .map(|index| {
                    let name = names.get(index).cloned().unwrap_or_default();
                    (name, text(index).to_owned())
                })
                .collect(),
            line: layout.line.and_then(|line| text(line).trim().parse().ok()),
            errors: (after..record.len())
                .map(text)
                .filter(|error| !error.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// Rows of a dump, as it arrives. Ends after the first error.
#[must_use = "nothing is sent before the first row is requested"]
pub struct DumpRows {
    rows: Pin<Box<dyn Stream<Item = Result<DumpRow>> + Send>>,
}

impl DumpRows {
    pub(crate) fn new(file: FileStream) -> Self {
        Self {
            rows: Box::pin(stream::try_unfold(State::Unopened(file), State::next)),
        }
    }

    /// Returns the next row, `None` at the end.
    pub async fn next_row(&mut self) -> Option<Result<DumpRow>> {
        StreamExt::next(self).await
    }
}

/// State of reading a dump.
enum State {
    /// The format is not known before the first chunk.
    Unopened(FileStream),
    Open(Box<(Records<FileStream, Bytes>, Option<Layout>)>),
}

impl State {
    async fn next(self) -> Result<Option<(DumpRow, Self)>> {
        let mut open = match self {
            Self::Open(open) => open,
            Self::Unopened(mut file) => {
                let Some(first) = file.chunk().await.transpose()? else {
                    return Ok(None);
                };
                let format = sniff(&first);
                let whole = stream::once(std::future::ready(Ok(first))).chain(file);
                let whole = FileStream::from_stream(whole);
                Box::new((Records::new(whole, format)?, None))
            }
        };
        let (records, layout) = &mut *open;
        let row = match records.next_record().await.transpose()? {
            Some(record) => Some(Layout::row(layout, &record)?),
            None => None,
        };
        if let (None, None, Some(header)) = (&row, &layout, records.header()) {
            Layout::of(header.names())?;
        }
        Ok(row.map(|row| (row, Self::Open(open))))
    }
}

impl Stream for DumpRows {
    type Item = Result<DumpRow>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.as_mut().poll_next(cx)
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
