//! Records of an asynchronous stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::TableReader;
use crate::{Header, Record, Result, TableError, TableFormat};

/// Records of a stream of byte chunks, lent one at a time: no allocation per row.
///
/// The chunks may be cut anywhere. `E` is the error of the stream; errors of the table are converted
/// into it. `std::io::Error` and, with the feature `core`, `anaplan_core::Error` can be converted.
///
/// ```
/// use anaplan_table::{Records, TableFormat};
/// use futures_util::stream;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let chunks = stream::iter([Ok::<_, std::io::Error>("Region,Pr"), Ok("ice\nNorth,1.5\n")]);
/// let mut records = Records::new(chunks, TableFormat::default())?;
/// while let Some(record) = records.next_record().await {
///     let record = record?;
///     assert_eq!((record.get(0), record.number(1)?), (Some("North"), Some(1.5)));
/// }
/// assert_eq!(records.header().unwrap().names(), ["Region", "Price"]);
/// # Ok::<(), std::io::Error>(()) }).unwrap().unwrap();
/// ```
pub struct Records<S, B> {
    reader: TableReader,
    source: S,
    chunk: Option<B>,
    at: usize,
    ended: bool,
    over: bool,
}

impl<S, B, E> Records<S, B>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    E: From<TableError>,
{
    /// Creates a reader of records. Nothing is polled before the first record is requested.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) if the format cannot be honoured.
    pub fn new(source: S, format: TableFormat) -> Result<Self> {
        Ok(Self {
            reader: TableReader::new(format)?,
            source,
            chunk: None,
            at: 0,
            ended: false,
            over: false,
        })
    }

    /// Returns the next record, `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the stream and of the table. Ends after an error of the stream and after a
    /// [fatal](TableError::is_fatal) one of the table.
    pub async fn next_record(&mut self) -> Option<Result<Record<'_>, E>> {
        match poll_fn(|cx| self.poll_advance(cx)).await {
            Ok(true) => Some(self.current().map_err(E::from)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Moves to the next record.
    pub(super) fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, E>> {
        if self.over {
            return Poll::Ready(Ok(false));
        }
        loop {
            let bytes = self.chunk.as_ref().map_or(&[][..], AsRef::as_ref);
            let mut input = &bytes[self.at..];
            let found = self.reader.advance(&mut input, self.ended);
            self.at = bytes.len() - input.len();
            match found {
                Ok(true) => return Poll::Ready(Ok(true)),
                Ok(false) if self.ended => return Poll::Ready(Ok(self.end())),
                Ok(false) => {}
                Err(error) => {
                    self.over = error.is_fatal();
                    return Poll::Ready(Err(error.into()));
                }
            }
            self.at = 0;
            self.chunk = match ready!(Pin::new(&mut self.source).poll_next(cx)) {
                Some(Ok(chunk)) => Some(chunk),
                Some(Err(error)) => {
                    self.end();
                    return Poll::Ready(Err(error));
                }
                None => {
                    self.ended = true;
                    None
                }
            };
        }
    }
}

impl<S, B> Records<S, B> {
    pub(super) fn end(&mut self) -> bool {
        self.over = true;
        self.chunk = None;
        self.at = 0;
        false
    }

    /// Limits records to this many bytes. Default: 64 MiB.
    #[must_use]
    pub fn with_record_limit(mut self, bytes: usize) -> Self {
        self.reader = self.reader.with_record_limit(bytes);
        self
    }

    pub(super) fn current(&self) -> Result<Record<'_>> {
        self.reader.current()
    }

    /// Returns the names of the columns, once the header has been read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.reader.header()
    }

    /// Returns the page items of the current page of a grid. Empty for other layouts.
    #[must_use]
    pub fn pages(&self) -> &[String] {
        self.reader.pages()
    }
}

impl<S, B> fmt::Debug for Records<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
