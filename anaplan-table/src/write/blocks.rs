//! Rows as blocks of bytes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;

use super::RowWriter;
use crate::{Result, TableError, TableFormat};

/// Bytes of a block, unless a row is larger.
const BLOCK: usize = 64 * 1024;

/// Iterator over the blocks of text that rows make. Holds one block.
///
/// Ends after the first error. Use [`RowWriter::check_rows`] to find errors before the first block is
/// sent.
///
/// ```
/// use anaplan_table::{RowBlocks, TableFormat};
///
/// let rows = (0..3).map(|number| (number, f64::from(number) / 4.0));
/// let format = TableFormat::default().with_columns(["number", "quarter"]);
/// let blocks = RowBlocks::new(rows, format)?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(blocks.concat(), b"number,quarter\n0,0\n1,0.25\n2,0.5\n");
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
pub struct RowBlocks<I> {
    rows: I,
    writer: Option<RowWriter>,
}

impl<I: Iterator<Item: Serialize>> RowBlocks<I> {
    /// Creates the iterator.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) if the format cannot be honoured.
    pub fn new(rows: impl IntoIterator<IntoIter = I>, format: TableFormat) -> Result<Self> {
        Ok(Self {
            rows: rows.into_iter(),
            writer: Some(RowWriter::new(format)?),
        })
    }
}

impl<I: Iterator<Item: Serialize>> Iterator for RowBlocks<I> {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Result<Bytes>> {
        let writer = self.writer.as_mut()?;
        for row in self.rows.by_ref() {
            if let Err(error) = writer.write_row(&row) {
                self.writer = None;
                return Some(Err(error));
            }
            if writer.buffered() >= BLOCK {
                return Some(Ok(writer.take()));
            }
        }
        last(self.writer.take()?)
    }
}

fn last(writer: RowWriter) -> Option<Result<Bytes>> {
    let block = writer.finish();
    (!block.as_ref().is_ok_and(Bytes::is_empty)).then_some(block)
}

impl<I> fmt::Debug for RowBlocks<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowBlocks")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

/// Stream of the blocks of text that a stream of rows makes. Holds one block.
///
/// The source yields `Result<T, E>`. Ends after the first error.
///
/// ```
/// use anaplan_table::{RowStream, TableFormat};
/// use futures_util::{TryStreamExt, stream};
///
/// # futures_util::FutureExt::now_or_never(async {
/// let rows = stream::iter([Ok::<_, std::io::Error>(("North", 1.5)), Ok(("South", 2.0))]);
/// let format = TableFormat::default().with_columns(["Region", "Price"]);
/// let blocks: Vec<_> = RowStream::new(rows, format)?.try_collect().await?;
/// assert_eq!(blocks.concat(), b"Region,Price\nNorth,1.5\nSouth,2\n");
/// # Ok::<(), std::io::Error>(()) }).unwrap().unwrap();
/// ```
pub struct RowStream<S> {
    rows: S,
    writer: Option<RowWriter>,
}

impl<S> RowStream<S> {
    /// Creates the stream.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) if the format cannot be honoured.
    pub fn new(rows: S, format: TableFormat) -> Result<Self> {
        Ok(Self {
            rows,
            writer: Some(RowWriter::new(format)?),
        })
    }
}

impl<S, T, E> Stream for RowStream<S>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    T: Serialize,
    E: From<TableError>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Some(writer) = &mut this.writer else {
                return Poll::Ready(None);
            };
            let error = match ready!(Pin::new(&mut this.rows).poll_next(cx)) {
                None => {
                    let block = this.writer.take().and_then(last);
                    return Poll::Ready(block.map(|block| block.map_err(E::from)));
                }
                Some(Err(error)) => error,
                Some(Ok(row)) => match writer.write_row(&row) {
                    Ok(()) if writer.buffered() < BLOCK => continue,
                    Ok(()) => return Poll::Ready(Some(Ok(writer.take()))),
                    Err(error) => error.into(),
                },
            };
            this.writer = None;
            return Poll::Ready(Some(Err(error)));
        }
    }
}

impl<S> fmt::Debug for RowStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
