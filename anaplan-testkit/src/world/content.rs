//! Private content of files: uploaded chunks, or chunks that are generated while they are read.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use anaplan_core::{ModelId, Timestamp, UserId};
use bytes::Bytes;

use crate::http::Pieces;
use crate::world::chunk_store::ChunkStore;
use crate::world::synthetic_csv::SyntheticCsv;
use crate::world::tokens::later;

/// The time private content is kept after the last access.
pub(crate) const LIFE: Duration = Duration::from_secs(48 * 3600);
/// The largest chunk that is given, in bytes.
pub(crate) const CHUNK: usize = 10_000_000;

/// The content of one file for one user.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) chunks: Chunks,
    /// The number of chunks, where that was said.
    pub(crate) declared: Option<usize>,
    pub(crate) completed: bool,
    pub(crate) touched: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) enum Chunks {
    Held(ChunkStore),
    Made(SyntheticCsv),
}

impl Content {
    pub(crate) fn announced(declared: Option<usize>, now: Timestamp) -> Self {
        Self {
            chunks: Chunks::Held(ChunkStore::default()),
            declared,
            completed: false,
            touched: now,
        }
    }

    pub(crate) fn whole(chunks: ChunkStore, now: Timestamp) -> Self {
        Self {
            declared: Some(chunks.count()),
            chunks: Chunks::Held(chunks),
            completed: true,
            touched: now,
        }
    }

    pub(crate) fn made(rows: SyntheticCsv, now: Timestamp) -> Self {
        Self {
            declared: Some(rows.chunks()),
            chunks: Chunks::Made(rows),
            completed: true,
            touched: now,
        }
    }

    /// Returns whether all of it is there.
    pub(crate) fn is_ready(&self) -> bool {
        match (&self.chunks, self.declared) {
            (Chunks::Made(_), _) => true,
            (Chunks::Held(held), Some(declared)) => held.count() == declared,
            (Chunks::Held(_), None) => self.completed,
        }
    }

    /// The `chunkCount` that is shown.
    pub(crate) fn chunk_count(&self) -> i64 {
        self.declared
            .map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The numbers of the chunks that are listed: the announced ones, or those that have come.
    pub(crate) fn listed(&self) -> Vec<usize> {
        match (&self.chunks, self.declared) {
            (_, Some(declared)) => (0..declared).collect(),
            (Chunks::Held(held), None) => held.numbers().collect(),
            (Chunks::Made(rows), None) => (0..rows.chunks()).collect(),
        }
    }

    /// The bytes of one chunk, piece by piece.
    pub(crate) fn chunk(&self, number: usize) -> Option<Pieces> {
        match &self.chunks {
            Chunks::Held(held) => Some(Box::new(held.chunk(number)?)),
            Chunks::Made(rows) => {
                (number < rows.chunks()).then(|| Box::new(rows.chunk(number).map(Ok)) as Pieces)
            }
        }
    }

    /// All bytes, piece by piece, once all are there. `None` also when there are none.
    pub(crate) fn pieces(&self) -> Option<Pieces> {
        if !self.is_ready() || self.listed().is_empty() {
            return None;
        }
        Some(match &self.chunks {
            Chunks::Held(held) => Box::new(held.all()),
            Chunks::Made(rows) => Box::new(rows.all().map(Ok)),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        match &self.chunks {
            Chunks::Held(held) => held.len(),
            Chunks::Made(rows) => rows.len(),
        }
    }
}

/// By model, file and user.
pub(crate) type Place = (ModelId, u64, UserId);

/// The private content of every user.
#[derive(Debug, Default)]
pub(crate) struct FileStore {
    pub(crate) contents: BTreeMap<Place, Content>,
    /// The count that lists go on showing for content that was deleted.
    pub(crate) stale: BTreeMap<Place, i64>,
}

impl FileStore {
    pub(crate) fn forget_model(&mut self, model: &ModelId) {
        self.contents.retain(|(of, _, _), _| of != model);
        self.stale.retain(|(of, _, _), _| of != model);
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.contents
            .retain(|_, content| later(content.touched, LIFE) > now);
    }
}

/// Puts pieces together, without copying where there is only one.
pub(crate) fn join(mut pieces: Pieces) -> io::Result<Bytes> {
    let Some(first) = pieces.next().transpose()? else {
        return Ok(Bytes::new());
    };
    let Some(second) = pieces.next().transpose()? else {
        return Ok(first);
    };
    let mut all = Vec::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    for piece in pieces {
        all.extend_from_slice(&piece?);
    }
    Ok(all.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_ready_when_every_announced_chunk_is_there() {
        let mut content = Content::announced(Some(2), Timestamp::UNIX_EPOCH);
        assert_eq!((content.is_ready(), content.listed()), (false, vec![0, 1]));
        content.chunks = Chunks::Held(ChunkStore::of(["a".into(), "b".into()]));
        assert_eq!(content.pieces().map(join).unwrap().unwrap(), "ab");
        let streaming = Content::announced(None, Timestamp::UNIX_EPOCH);
        assert_eq!((streaming.is_ready(), streaming.chunk_count()), (false, -1));
    }
}
