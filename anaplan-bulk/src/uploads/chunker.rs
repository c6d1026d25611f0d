//! Division of content into chunks.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use anaplan_core::{Bytes, Result};
use bytes::{Buf, BytesMut};
use futures_core::Stream;

use crate::uploads::content::Blocks;

/// Cuts blocks of any size into chunks of one size; the last may be shorter. Nothing at all is one
/// empty chunk, since a file of no chunks is none.
///
/// Holds no more than one chunk and one block: small blocks are put together as they come. Bytes that are
/// in one piece are not copied.
pub(crate) struct Chunker {
    blocks: Blocks,
    size: usize,
    /// The chunk that is being put together.
    filling: BytesMut,
    /// Bytes that were read and are in no chunk yet.
    block: Bytes,
    spare: Spare,
    cut: u64,
    ended: bool,
    /// Chunks that were read before the upload began.
    ahead: VecDeque<Bytes>,
}

/// The memory of chunks that are done with, for those to come. Chunks are so large that allocators
/// scatter them: without this the memory of a long upload grows to several times what it holds.
#[derive(Clone, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<BytesMut>>>);

impl Spare {
    /// Takes a chunk back, unless another user still holds it.
    pub(crate) fn give_back(&self, chunk: Bytes) {
        if let Ok(mut chunk) = chunk.try_into_mut() {
            chunk.clear();
            self.lock().push(chunk);
        }
    }

    /// Memory for a chunk of this size.
    fn take(&self, size: usize) -> BytesMut {
        let mut spare = self.lock();
        // Others are no chunks that were put together here, but parts of the caller's own bytes.
        spare.retain(|chunk| chunk.capacity() == size);
        let taken = spare.pop();
        taken.unwrap_or_else(|| BytesMut::with_capacity(size))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<BytesMut>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chunker {
    pub(crate) fn new(blocks: Blocks, size: usize) -> Self {
        Self {
            blocks,
            size,
            filling: BytesMut::new(),
            block: Bytes::new(),
            spare: Spare::default(),
            cut: 0,
            ended: false,
            ahead: VecDeque::new(),
        }
    }

    /// Reads up to `count` chunks before they are needed, and returns their lengths. Fewer: the content
    /// has no more.
    pub(crate) async fn read_ahead(&mut self, count: usize) -> Result<Vec<usize>> {
        while self.ahead.len() < count {
            let chunk = std::future::poll_fn(|cx| self.poll_chunk(cx)).await;
            match chunk.transpose()? {
                Some(chunk) => self.ahead.push_back(chunk),
                None => break,
            }
        }
        Ok(self.ahead.iter().map(Bytes::len).collect())
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            if let Some(chunk) = self.take() {
                return Poll::Ready(Some(Ok(chunk)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(self.blocks.as_mut().poll_next(cx)) {
                Some(Ok(block)) if block.is_empty() => {}
                Some(Ok(block)) => {
                    if !self.block.is_empty() {
                        self.fill();
                    }
                    self.block = block;
                }
                Some(Err(error)) => {
                    self.fail();
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.ended = true,
            }
        }
    }

    /// Returns the pool for chunks that have been sent.
    pub(crate) fn spare(&self) -> Spare {
        self.spare.clone()
    }

    /// A whole chunk, or at the end what is left, if that much is here.
    fn take(&mut self) -> Option<Bytes> {
        let here = self.filling.len() + self.block.len();
        if here < self.size && !(self.ended && (here > 0 || self.cut == 0)) {
            return None;
        }
        self.cut += 1;
        if self.filling.is_empty() {
            return Some(self.block.split_to(here.min(self.size)));
        }
        self.fill();
        Some(std::mem::take(&mut self.filling).freeze())
    }

    /// Moves as much of the block into the chunk as it takes.
    fn fill(&mut self) {
        let part = self.block.len().min(self.size - self.filling.len());
        if self.filling.is_empty() {
            self.filling = self.spare.take(self.size);
        }
        self.filling.extend_from_slice(&self.block[..part]);
        self.block.advance(part);
    }

    fn fail(&mut self) {
        self.ended = true;
        self.cut += 1;
        self.filling = BytesMut::new();
        self.block = Bytes::new();
    }
}

impl Stream for Chunker {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match this.ahead.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None => this.poll_chunk(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};
    use proptest::prelude::*;

    fn cut(blocks: Vec<Vec<u8>>, size: usize) -> Vec<Bytes> {
        let blocks = stream::iter(blocks.into_iter().map(|block| Ok(Bytes::from(block))));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let chunks = Chunker::new(Box::pin(blocks), size)
            .map(Result::unwrap)
            .collect();
        runtime.block_on(chunks)
    }

    proptest! {
        #[test]
        fn chunks_joined_are_the_content_and_all_but_the_last_are_full(
            blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..10),
            size in 1_usize..30,
        ) {
            let whole = blocks.concat();
            let chunks = cut(blocks, size);
            prop_assert_eq!(chunks.concat(), &whole[..]);
            prop_assert_eq!(chunks.len(), whole.len().div_ceil(size).max(1));
            let (last, full) = chunks.split_last().unwrap();
            prop_assert!(full.iter().all(|chunk| chunk.len() == size));
            prop_assert!(last.len() <= size);
        }
    }

    #[tokio::test]
    async fn the_memory_of_chunks_that_are_done_with_is_used_again() {
        let blocks = stream::iter((0..40_u8).map(|n| Ok(Bytes::from(vec![n; 3]))));
        let mut cutter = Chunker::new(Box::pin(blocks), 10);
        let spare = cutter.spare();
        let held = cutter.next().await.unwrap().unwrap();
        spare.give_back(held.clone());
        let second = cutter.next().await.unwrap().unwrap();
        assert_ne!(second.as_ptr(), held.as_ptr());
        let place = second.as_ptr();
        spare.give_back(second);
        let third = cutter.next().await.unwrap().unwrap();
        assert_eq!(third.as_ptr(), place);
        assert_eq!((&held[..2], &third[8..]), (&[0, 0][..], &[9, 9][..]));
    }
}
