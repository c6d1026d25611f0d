//! Content of a file as a stream of chunks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Bytes, Result};
use futures_core::Stream;
use futures_util::StreamExt;

/// Stream of the chunks of a file, in order. Ends after the first error.
pub struct FileStream {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
    position: usize,
    done: bool,
}

impl FileStream {
    pub(crate) fn from_stream(chunks: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self::starting_at(0, chunks)
    }

    pub(super) fn starting_at(
        position: usize,
        chunks: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self {
            chunks: Box::pin(chunks),
            position,
            done: false,
        }
    }

    /// Returns the next chunk, `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        StreamExt::next(self).await
    }

    /// Returns the number of the next chunk. Pass it to [`Download::from_chunk`] to continue after an
    /// error.
    ///
    /// [`Download::from_chunk`]: crate::Download::from_chunk
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.done {
            return Poll::Ready(None);
        }
        let polled = self.chunks.as_mut().poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(_))) => self.position += 1,
            Poll::Ready(_) => self.done = true,
            Poll::Pending => {}
        }
        polled
    }
}

#[cfg(feature = "blocking")]
impl Iterator for FileStream {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
