//! Bytes by the numbers of their chunks, without keeping all of them in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::world::content::CHUNK;

/// The number of bytes of one content stay in memory.
const IN_MEMORY: usize = 8 * 1024 * 1024;
/// The size of the pieces in which spooled bytes are read, in bytes.
const PIECE: u64 = 256 * 1024;

/// Chunks by their numbers. The first few MiB stay in memory; what comes after them lies in a temporary
/// file without a name, which goes with the last clone that knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChunkStore {
    chunks: BTreeMap<usize, Stored>,
    in_memory: usize,
    spool: Option<Arc<Spool>>,
}

/// Bytes on their way to a shelf, where they are cut into chunks of the largest size.
#[derive(Debug, Default)]
pub(crate) struct Chunker {
    shelf: ChunkStore,
    rest: BytesMut,
}

impl Chunker {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while self.rest.len() >= CHUNK {
            let chunk = self.rest.split_to(CHUNK).freeze();
            self.shelf.put(self.shelf.count(), chunk);
        }
    }

    pub(crate) fn finish(mut self) -> ChunkStore {
        if !self.rest.is_empty() {
            self.shelf.put(self.shelf.count(), self.rest.freeze());
        }
        self.shelf
    }
}

#[derive(Debug, Clone)]
enum Stored {
    Held(Bytes),
    Spooled {
        spool: Arc<Spool>,
        at: u64,
        len: u64,
    },
}

impl ChunkStore {
    pub(crate) fn of(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let mut shelf = Self::default();
        for (number, chunk) in chunks.into_iter().enumerate() {
            shelf.put(number, chunk);
        }
        shelf
    }

    /// One chunk that is kept in memory elsewhere anyway.
    pub(crate) fn lent(bytes: Bytes) -> Self {
        Self {
            in_memory: bytes.len(),
            chunks: [(0, Stored::Held(bytes))].into(),
            spool: None,
        }
    }

    /// Puts a chunk in, in place of the one of the same number.
    pub(crate) fn put(&mut self, number: usize, bytes: Bytes) {
        if let Some(Stored::Held(before)) = self.chunks.remove(&number) {
            self.in_memory -= before.len();
        }
        let stored = self.store(bytes);
        self.chunks.insert(number, stored);
    }

    fn store(&mut self, bytes: Bytes) -> Stored {
        let fits = self.in_memory + bytes.len() <= IN_MEMORY;
        // Without room on the disk it stays in memory rather than being lost.
        match if fits { None } else { self.spool(&bytes).ok() } {
            Some(stored) => stored,
            None => {
                self.in_memory += bytes.len();
                Stored::Held(bytes)
            }
        }
    }

    fn spool(&mut self, bytes: &[u8]) -> io::Result<Stored> {
        let spool = match &self.spool {
            Some(spool) => Arc::clone(spool),
            None => {
                let spool = Arc::new(Spool::new()?);
                self.spool = Some(Arc::clone(&spool));
                spool
            }
        };
        let at = spool.append(bytes)?;
        let len = bytes.len() as u64;
        Ok(Stored::Spooled { spool, at, len })
    }

    /// Returns the number of chunks.
    pub(crate) fn count(&self) -> usize {
        self.chunks.len()
    }

    /// The numbers of the chunks, in their order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.chunks.keys().copied()
    }

    /// Returns the number of bytes.
    pub(crate) fn len(&self) -> u64 {
        self.chunks.values().map(Stored::len).sum()
    }

    /// The bytes of one chunk, piece by piece.
    pub(crate) fn chunk(
        &self,
        number: usize,
    ) -> Option<impl Iterator<Item = io::Result<Bytes>> + Send + use<>> {
        Some(self.chunks.get(&number)?.pieces())
    }

    /// All bytes in the order of their chunks, piece by piece.
    pub(crate) fn all(&self) -> impl Iterator<Item = io::Result<Bytes>> + Send + use<> {
        let chunks: Vec<Stored> = self.chunks.values().cloned().collect();
        chunks.into_iter().flat_map(|chunk| chunk.pieces())
    }
}

impl Stored {
    fn len(&self) -> u64 {
        match self {
            Self::Held(bytes) => bytes.len() as u64,
            Self::Spooled { len, .. } => *len,
        }
    }

    /// After an error, of a disk that cannot be read any more, there are no further pieces.
    fn pieces(&self) -> impl Iterator<Item = io::Result<Bytes>> + Send + use<> {
        let stored = self.clone();
        let mut done = 0;
        std::iter::from_fn(move || match &stored {
            Stored::Held(bytes) => {
                let first = std::mem::replace(&mut done, 1) == 0;
                first.then(|| Ok(bytes.clone()))
            }
            Stored::Spooled { spool, at, len } => {
                let size = PIECE.min(len - done);
                let piece = (size > 0).then(|| spool.read(at + done, size))?;
                done = if piece.is_ok() { done + size } else { *len };
                Some(piece)
            }
        })
    }
}

/// A temporary file that only grows: what has been written never changes.
#[derive(Debug)]
struct Spool(Mutex<Tape>);

#[derive(Debug)]
struct Tape {
    file: File,
    end: u64,
}

impl Spool {
    fn new() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self(Mutex::new(Tape { file, end: 0 })))
    }

    /// Writes bytes at the end, and returns the place of the first.
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut tape = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = tape.end;
        tape.file.seek(SeekFrom::Start(at))?;
        tape.file.write_all(bytes)?;
        tape.end += bytes.len() as u64;
        Ok(at)
    }

    fn read(&self, at: u64, len: u64) -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        let mut tape = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tape.file.seek(SeekFrom::Start(at))?;
        tape.file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 3 * 1024 * 1024;

    fn chunk(letter: u8) -> Bytes {
        vec![letter; SIZE].into()
    }

    fn joined(pieces: impl Iterator<Item = io::Result<Bytes>>) -> Vec<u8> {
        pieces.flat_map(Result::unwrap).collect()
    }

    #[test]
    fn what_does_not_fit_into_memory_is_spooled_and_read_back() {
        let mut shelf = ChunkStore::of((b'a'..=b'f').map(chunk));
        assert_eq!((shelf.count(), shelf.len()), (6, 6 * SIZE as u64));
        assert_eq!(shelf.in_memory, 2 * SIZE);
        for (number, letter) in (b'a'..=b'f').enumerate() {
            assert!(joined(shelf.chunk(number).unwrap()) == chunk(letter));
        }
        assert!(shelf.chunk(6).is_none());
        let whole: Vec<u8> = (b'a'..=b'f').flat_map(chunk).collect();
        assert!(joined(shelf.all()) == whole);

        // A reader who has begun sees what was there when they began.
        let before = shelf.all();
        shelf.put(0, chunk(b'x'));
        shelf.put(5, chunk(b'y'));
        assert_eq!(shelf.in_memory, 2 * SIZE);
        assert!(joined(before) == whole);
        assert!(joined(shelf.chunk(0).unwrap()) == chunk(b'x'));
        assert!(joined(shelf.chunk(5).unwrap()) == chunk(b'y'));
        assert_eq!(shelf.numbers().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_single_chunk_that_is_too_large_is_spooled_too() {
        let shelf = ChunkStore::of([Bytes::from(vec![7; IN_MEMORY + 1])]);
        assert_eq!(shelf.in_memory, 0);
        assert!(joined(shelf.all()) == vec![7; IN_MEMORY + 1]);
        assert!(joined(ChunkStore::of([Bytes::new()]).all()).is_empty());
    }

    #[test]
    fn what_the_disk_has_lost_is_an_error_and_no_end() {
        let shelf = ChunkStore::of((b'a'..=b'f').map(chunk));
        let tape = shelf.spool.as_ref().unwrap().0.lock().unwrap();
        tape.file.set_len(PIECE + 1).unwrap();
        drop(tape);
        let mut pieces = shelf.chunk(2).unwrap();
        assert!(pieces.next().unwrap().is_ok());
        assert!(pieces.next().unwrap().is_err());
        assert!(pieces.next().is_none());
        assert!(shelf.all().any(|piece| piece.is_err()));
        assert!(joined(shelf.chunk(1).unwrap()) == chunk(b'b'));
    }

    #[test]
    fn chunks_are_cut_at_the_largest_size() {
        let mut chunker = Chunker::default();
        let half = vec![1; CHUNK / 2];
        for bytes in [&half[..], &half, &half, b"end"] {
            chunker.write(bytes);
        }
        let shelf = chunker.finish();
        let sizes: Vec<usize> = (0..2)
            .map(|number| joined(shelf.chunk(number).unwrap()).len())
            .collect();
        assert_eq!(sizes, [CHUNK, CHUNK / 2 + 3]);
        assert_eq!(Chunker::default().finish().count(), 0);
    }
}
