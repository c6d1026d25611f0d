//! Files, their chunks, and downloads.

pub(crate) mod chunks;
mod download;
mod file;

pub use chunks::{Chunk, ChunkId, ChunkedFile, GetChunk, GetChunks};
pub use download::{Download, FileStream};
pub use file::{DeleteFile, File, FileId, GetFiles, PutFile};

pub(crate) use file::file_path;
