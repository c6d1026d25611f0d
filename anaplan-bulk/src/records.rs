//! Records of a table, read from bytes that arrive in pieces.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anaplan_core::{Error, ErrorKind, Result};
use csv::StringRecord;
use csv_core::ReadRecordResult;
use futures_core::Stream;

use crate::encoding::Decoder;
use crate::{FileStream, TableFormat};

/// The most bytes of one record: a quotation mark that is never closed must not fill the memory.
const LARGEST_RECORD: usize = 64 << 20;
/// The most columns.
const MOST_COLUMNS: usize = 1 << 20;

/// Cuts pieces of bytes into records.
pub(crate) struct Records {
    decoder: Decoder,
    csv: csv_core::Reader,
    /// Decoded text that has not been read yet, from `at` on.
    input: Vec<u8>,
    at: usize,
    ended: bool,
    fields: Vec<u8>,
    fields_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
}

impl Records {
    pub(crate) fn new(format: &TableFormat) -> Result<Self> {
        let (separator, quote) = format.marks()?;
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(separator);
        match quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        Ok(Self {
            decoder: Decoder::new(format.encoding.clone()),
            csv: builder.build(),
            input: Vec::new(),
            at: 0,
            ended: false,
            fields: vec![0; 4096],
            fields_len: 0,
            ends: vec![0; 64],
            ends_len: 0,
        })
    }

    /// Adds a piece. All records of the pieces before should have been taken.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.drain(..self.at);
        self.at = 0;
        self.decoder.decode(bytes, &mut self.input)
    }

    /// Says that nothing more will come.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.ended = true;
        self.decoder.finish()
    }

    /// The next record; `None` when more pieces are needed, or at the end.
    pub(crate) fn record(&mut self) -> Result<Option<StringRecord>> {
        loop {
            // No input means the end to the parser.
            if self.at == self.input.len() && !self.ended {
                return Ok(None);
            }
            let (result, read, written, ended) = self.csv.read_record(
                &self.input[self.at..],
                &mut self.fields[self.fields_len..],
                &mut self.ends[self.ends_len..],
            );
            self.at += read;
            self.fields_len += written;
            self.ends_len += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() < LARGEST_RECORD => {
                    self.fields.resize(self.fields.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MOST_COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(Error::new(
                        ErrorKind::TooLarge,
                        "a row has no end: it is larger than a row could be",
                    ));
                }
                ReadRecordResult::Record => return self.take().map(Some),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn take(&mut self) -> Result<StringRecord> {
        let mut record = StringRecord::with_capacity(self.fields_len, self.ends_len);
        let mut start = 0;
        for end in &self.ends[..self.ends_len] {
            let field = std::str::from_utf8(&self.fields[start..*end]).map_err(|_| {
                Error::new(ErrorKind::Decode, "a separator stands inside a character")
            })?;
            record.push_field(field);
            start = *end;
        }
        self.fields_len = 0;
        self.ends_len = 0;
        Ok(record)
    }
}

/// Where the reading of a table stands.
enum Stage {
    /// Rows that say nothing, before the header.
    Before(u32),
    Header,
    /// Rows that say nothing, between header and data.
    Between(u32),
    Data,
    Over,
}

/// The data records of a table, as the file arrives.
pub(crate) struct RecordStream {
    file: FileStream,
    format: TableFormat,
    records: Option<Records>,
    stage: Stage,
    header: Option<StringRecord>,
    row: u64,
}

impl RecordStream {
    pub(crate) fn new(file: FileStream, format: TableFormat) -> Self {
        let (before, _) = format.skips();
        Self {
            file,
            format,
            records: None,
            stage: Stage::Before(before),
            header: None,
            row: 0,
        }
    }

    pub(crate) fn header(&self) -> Option<&StringRecord> {
        self.header.as_ref()
    }

    /// The number of the last record, from 1, blank rows not counted.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    pub(crate) fn poll_record(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<StringRecord>>> {
        if matches!(self.stage, Stage::Over) {
            return Poll::Ready(None);
        }
        let result = ready!(self.poll_inner(cx));
        if !matches!(result, Ok(Some(_))) {
            self.stage = Stage::Over;
        }
        Poll::Ready(result.transpose())
    }

    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<StringRecord>>> {
        if self.records.is_none() {
            // Before anything is sent, so that a format which cannot work costs nothing.
            self.records = Some(Records::new(&self.format)?);
        }
        loop {
            let Some(records) = &mut self.records else {
                return Poll::Ready(Ok(None));
            };
            if let Some(record) = records.record()? {
                self.row += 1;
                if let Some(record) = self.place(record) {
                    return Poll::Ready(Ok(Some(record)));
                }
                continue;
            }
            if records.ended {
                return Poll::Ready(Ok(None));
            }
            match ready!(Pin::new(&mut self.file).poll_next(cx)) {
                Some(bytes) => records.feed(&bytes?)?,
                None => records.finish()?,
            }
        }
    }

    /// Puts a record to its use; gives it back when it is data.
    fn place(&mut self, record: StringRecord) -> Option<StringRecord> {
        loop {
            match self.stage {
                Stage::Before(0) if self.format.header_row.is_some() => self.stage = Stage::Header,
                Stage::Before(0) | Stage::Between(0) => self.stage = Stage::Data,
                Stage::Before(left) => {
                    self.stage = Stage::Before(left - 1);
                    return None;
                }
                Stage::Header => {
                    self.header = Some(record);
                    self.stage = Stage::Between(self.format.skips().1);
                    return None;
                }
                Stage::Between(left) => {
                    self.stage = Stage::Between(left - 1);
                    return None;
                }
                Stage::Data => return Some(record),
                Stage::Over => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(format: &TableFormat, bytes: &[u8], piece: usize) -> Result<Vec<Vec<String>>> {
        let mut records = Records::new(format)?;
        let mut all = Vec::new();
        let mut drain = |records: &mut Records| -> Result<()> {
            while let Some(record) = records.record()? {
                all.push(record.iter().map(str::to_owned).collect());
            }
            Ok(())
        };
        for piece in bytes.chunks(piece) {
            records.feed(piece)?;
            drain(&mut records)?;
        }
        records.finish()?;
        drain(&mut records)?;
        Ok(all)
    }

    proptest! {
        #[test]
        fn records_survive_every_cut(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z\",\n\r \u{e9}\u{1f600}]{0,12}", 2..5), 0..8),
            piece in 1_usize..20,
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(read(&TableFormat::default(), &bytes, piece).unwrap(), rows);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, piece in 1_usize..20) {
            let _ = read(&TableFormat::default(), &bytes, piece);
        }
    }

    #[test]
    fn a_record_without_end_does_not_fill_the_memory() {
        for piece in [vec![b'x'; 1 << 20], vec![b','; 1 << 20]] {
            let mut records = Records::new(&TableFormat::default()).unwrap();
            let error = (0..80).find_map(|_| {
                records.feed(&piece).unwrap();
                records.record().err()
            });
            assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge);
        }
    }

    #[test]
    fn long_fields_and_many_columns_fit() {
        let row = format!("{}\t{}\n", "x".repeat(10_000), "y\t".repeat(200));
        let mut format = TableFormat::default();
        format.separator = '\t';
        let rows = read(&format, row.as_bytes(), 777).unwrap();
        assert_eq!((rows[0].len(), rows[0][0].len()), (202, 10_000));
    }
}
