//! Cutting content into chunks.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anaplan_core::{Bytes, Result};
use bytes::BytesMut;
use futures_core::Stream;

use crate::content::Blocks;

/// Cuts blocks of any size into chunks of one size; the last may be shorter. Nothing at all is one
/// empty chunk, since a file of no chunks is none.
pub(crate) struct Cutter {
    blocks: Blocks,
    size: usize,
    ready: VecDeque<Bytes>,
    ready_len: usize,
    cut: u64,
    ended: bool,
}

impl Cutter {
    pub(crate) fn new(blocks: Blocks, size: usize) -> Self {
        Self {
            blocks,
            size,
            ready: VecDeque::new(),
            ready_len: 0,
            cut: 0,
            ended: false,
        }
    }

    fn take(&mut self) -> Bytes {
        let wanted = self.size.min(self.ready_len);
        self.ready_len -= wanted;
        self.cut += 1;
        match self.ready.front_mut() {
            // Bytes that are in one piece are not copied.
            Some(front) if front.len() > wanted => return front.split_to(wanted),
            Some(front) if front.len() == wanted => {
                return self.ready.pop_front().unwrap_or_default();
            }
            _ => {}
        }
        let mut chunk = BytesMut::with_capacity(wanted);
        while chunk.len() < wanted {
            let Some(mut block) = self.ready.pop_front() else {
                break;
            };
            let part = block.split_to(block.len().min(wanted - chunk.len()));
            chunk.extend_from_slice(&part);
            if !block.is_empty() {
                self.ready.push_front(block);
            }
        }
        chunk.freeze()
    }
}

impl Stream for Cutter {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while this.ready_len < this.size && !this.ended {
            match ready!(this.blocks.as_mut().poll_next(cx)) {
                Some(Ok(block)) if block.is_empty() => {}
                Some(Ok(block)) => {
                    this.ready_len += block.len();
                    this.ready.push_back(block);
                }
                Some(Err(error)) => {
                    this.ended = true;
                    this.ready.clear();
                    this.ready_len = 0;
                    this.cut += 1;
                    return Poll::Ready(Some(Err(error)));
                }
                None => this.ended = true,
            }
        }
        if this.ready_len == 0 && this.cut > 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(this.take())))
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
        let chunks = Cutter::new(Box::pin(blocks), size)
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
}
