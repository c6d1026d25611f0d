//! Text to records and blank lines.

use csv_core::ReadRecordResult;

use crate::format::Marks;
use crate::record::Fields;
use crate::{Result, TableError, TableErrorKind};

/// Most columns of a record.
const MOST_COLUMNS: usize = 1 << 20;

/// Result of reading some text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// The text is used up.
    More,
    /// A blank line.
    Blank,
    /// A record.
    Record,
}

/// Splits UTF-8 text into records. Unlike `csv_core`, which skips blank lines, reports every line.
pub(crate) struct Splitter {
    csv: csv_core::Reader,
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    limit: usize,
    in_record: bool,
    /// The last line ended with CR: a LF behind it belongs to it.
    after_cr: bool,
    row: u64,
    line: u64,
    next_line: u64,
}

impl Splitter {
    pub(crate) fn new(marks: Marks, limit: usize) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(marks.separator);
        match marks.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut csv = builder.build();
        // At its start the parser drops a byte order mark, if it comes in one piece.
        csv.read_record(b"\n", &mut [0; 1], &mut [0; 1]);
        Self {
            csv,
            text: vec![0; 4096.min(limit.max(1))],
            text_len: 0,
            ends: vec![0; 64],
            ends_len: 0,
            limit: limit.max(1),
            in_record: false,
            after_cr: false,
            row: 0,
            line: 0,
            next_line: 1,
        }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
    }

    /// Number of the last record or blank line.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Row and line of the text that comes next.
    pub(crate) fn next_position(&self) -> (u64, u64) {
        if self.in_record {
            (self.row, self.line)
        } else {
            (self.row + 1, self.next_line)
        }
    }

    /// Consumes text up to the end of a record or a blank line.
    pub(crate) fn split(&mut self, input: &mut &[u8]) -> Result<Split> {
        if !self.in_record {
            if self.after_cr {
                match input.first() {
                    None => return Ok(Split::More),
                    Some(b'\n') => *input = &input[1..],
                    Some(_) => {}
                }
                self.after_cr = false;
            }
            let Some(first) = input.first().copied() else {
                return Ok(Split::More);
            };
            self.row += 1;
            self.line = self.next_line;
            (self.text_len, self.ends_len) = (0, 0);
            if matches!(first, b'\r' | b'\n') {
                *input = &input[1..];
                self.next_line += 1;
                self.after_cr = first == b'\r';
                return Ok(Split::Blank);
            }
            self.in_record = true;
        }
        let Some(last) = self.read(input)? else {
            return Ok(Split::More);
        };
        // The parser counts line feeds only.
        self.next_line += u64::from(last == b'\r');
        self.after_cr = last == b'\r';
        self.in_record = false;
        Ok(Split::Record)
    }

    /// Ends the text.
    pub(crate) fn finish(&mut self) -> Result<Split> {
        if !self.in_record {
            return Ok(Split::More);
        }
        if self.read(&mut &b"\n"[..])?.is_none() {
            return Err(TableError::new(
                TableErrorKind::Quote,
                "a quotation mark is opened and never closed",
            )
            .at(self.row, self.line));
        }
        self.in_record = false;
        Ok(Split::Record)
    }

    /// Reads on in the current record; returns its last byte if it is complete.
    fn read(&mut self, input: &mut &[u8]) -> Result<Option<u8>> {
        while !input.is_empty() {
            let lines = self.csv.line();
            let (result, read, written, ended) = self.csv.read_record(
                input,
                &mut self.text[self.text_len..],
                &mut self.ends[self.ends_len..],
            );
            let last = read.checked_sub(1).and_then(|at| input.get(at).copied());
            *input = &input[read..];
            self.text_len += written;
            self.ends_len += ended;
            self.next_line += self.csv.line() - lines;
            match result {
                ReadRecordResult::Record => return Ok(last),
                ReadRecordResult::OutputFull if self.text.len() < self.limit => {
                    let size = (self.text.len() * 2).min(self.limit);
                    self.text.resize(size, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MOST_COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(self.too_large());
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
        Ok(None)
    }

    fn too_large(&self) -> TableError {
        let what = if self.ends_len >= MOST_COLUMNS {
            format!("the row has more than {MOST_COLUMNS} columns")
        } else {
            format!(
                "the row has more than {} bytes; a quotation mark may never be closed",
                self.limit
            )
        };
        TableError::new(TableErrorKind::TooLarge, what).at(self.row, self.line)
    }

    /// The last record, or the index of the value that is not UTF-8.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, usize> {
        let ends = &self.ends[..self.ends_len];
        let bytes = &self.text[..self.text_len];
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            ends.iter().take_while(|end| **end <= at).count()
        })?;
        // Halves of a character in two values make a whole one in the text.
        if let Some(index) = ends.iter().position(|end| !text.is_char_boundary(*end)) {
            return Err(index);
        }
        Ok(Fields {
            text,
            ends,
            row: self.row,
            line: self.line,
        })
    }

    pub(crate) fn width(&self) -> usize {
        self.ends_len
    }

    /// Makes the last record, or a blank line, `width` values wide.
    pub(crate) fn resize(&mut self, width: usize) {
        if self.ends.len() < width {
            self.ends.resize(width, 0);
        }
        for end in self.ends.iter_mut().take(width).skip(self.ends_len) {
            *end = self.text_len;
        }
        self.ends_len = width;
    }
}
