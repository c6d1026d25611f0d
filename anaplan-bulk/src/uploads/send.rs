//! Sending the chunks of an upload: several at once, each compressed and retried alone.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use anaplan_core::{Bytes, Error, ErrorKind, Result};
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::uploads::chunker::Chunker;
use crate::uploads::limit::ConcurrencyLimit;
use crate::uploads::state::SentChunk;
use crate::uploads::upload::MAX_CHUNKS;
use crate::{PutChunk, Upload};

impl Upload {
    /// Sends every missing chunk. After a failure no new chunk is sent, but those in flight
    /// are awaited, so that the state is exact.
    pub(crate) async fn send(
        &mut self,
        mut chunks: Chunker,
    ) -> Result<(), (Error, Vec<(u32, Error)>)> {
        let stop = Arc::new(AtomicBool::new(false));
        let most = self.state.total_chunks().map_or(MAX_CHUNKS, u64::from);
        let limit = Arc::new(ConcurrencyLimit::new(self.concurrency));
        let known = self.state.total_chunks().is_some();
        let spare = chunks.spare();
        let chunks = stream::poll_fn({
            let stop = Arc::clone(&stop);
            move |cx| match stop.load(Ordering::Relaxed) {
                true => Poll::Ready(None),
                false => Pin::new(&mut chunks).poll_next(cx),
            }
        });
        let (session, gzip) = (self.session.clone(), self.gzip);
        let (model, file) = (self.state.model.clone(), self.state.file.clone());
        let before = self.state.sent.clone();
        let mut on_their_way = std::pin::pin!(
            chunks
                .enumerate()
                .map(move |(index, raw)| {
                    let number = u32::try_from(index).unwrap_or(u32::MAX);
                    let (session, model, file) = (session.clone(), model.clone(), file.clone());
                    let (arrived, spare) = (before.get(&number).copied(), spare.clone());
                    let limit = Arc::clone(&limit);
                    async move {
                        let put = async {
                            let raw = raw?;
                            if u64::from(number) >= most {
                                return Err(too_long(known, most));
                            }
                            let bytes = raw.len() as u64;
                            let level = if arrived.is_some() { None } else { gzip };
                            let pack = move || {
                                let packed = pack(&raw, level);
                                spare.give_back(raw);
                                packed
                            };
                            let (body, crc) = off_thread(pack).await??;
                            let sent = SentChunk { bytes, crc };
                            match arrived {
                                Some(before) if before == sent => return Ok(sent),
                                Some(_) => return Err(another_content(number)),
                                None => {}
                            }
                            let put = PutChunk {
                                model,
                                file,
                                chunk: number,
                                body,
                                gzip: gzip.is_some(),
                            };
                            limit.send(&session, put).await.map(|()| sent)
                        };
                        (number, put.await)
                    }
                })
                .buffer_unordered(self.concurrency)
        );
        let mut failures = Vec::new();
        let mut count = 0;
        let mut bytes = 0;
        while let Some((number, result)) = on_their_way.next().await {
            match result {
                Ok(sent) => {
                    count += 1;
                    bytes += sent.bytes;
                    if self.state.sent.insert(number, sent).is_none() {
                        (self.watch)(&self.state);
                    }
                }
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failures.push((number, error));
                }
            }
        }
        if let Some((_, first)) = failures.first() {
            return Err((first.clone(), failures));
        }
        let whole = count == self.state.sent.len()
            && self.state.total_bytes.is_none_or(|total| total == bytes);
        if !whole {
            let problem = format!("ended after {bytes} bytes, earlier than was said");
            return Err((Error::invalid_input("content", problem), failures));
        }
        Ok(())
    }
}

fn too_long(known: bool, limit: u64) -> Error {
    if known {
        return Error::invalid_input("content", "is longer than was said");
    }
    Error::new(
        ErrorKind::TooLarge,
        format!(
            "the content has more than {limit} chunks: begin again with a larger `chunk_size`, or say the length"
        ),
    )
}

fn another_content(chunk: u32) -> Error {
    Error::invalid_input(
        "content",
        format_args!("is not what the upload began with: chunk {chunk} differs"),
    )
}

/// Compresses a chunk, if asked to, and sums it up.
fn pack(raw: &Bytes, level: Option<u32>) -> Result<(Bytes, u32)> {
    let mut crc = Crc::new();
    crc.update(raw);
    let body = match level {
        None => raw.clone(),
        Some(level) => {
            // Most tables shrink to less. Growing bit by bit would leave holes in the memory of every
            // thread that compresses.
            let packed = Vec::with_capacity(raw.len() / 2);
            let mut encoder = GzEncoder::new(packed, Compression::new(level));
            let packed = encoder.write_all(raw).and_then(|()| encoder.finish());
            let mut packed = packed.map_err(|error| {
                Error::new(ErrorKind::Io, "compressing a chunk failed").caused_by(error)
            })?;
            packed.shrink_to_fit();
            packed.into()
        }
    };
    Ok((body, crc.sum()))
}

/// Computing must not hold up what else the thread has to do.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Io, "the work on a chunk was cut off").caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_makes_smaller_and_loses_nothing() {
        let text: Vec<u8> = (0..1_000_000).map(|n| (n * 7 % 251) as u8).collect();
        let raw = Bytes::from(text);
        let (packed, crc) = pack(&raw, Some(6)).unwrap();
        assert!(packed.len() < raw.len() / 10);
        let mut back = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut back)
            .unwrap();
        assert!(back == raw);
        assert_eq!(pack(&raw, None).unwrap(), (raw, crc));
    }
}
