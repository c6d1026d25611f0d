//! Files, their chunks, and downloads.

pub(crate) mod chunks;
mod download;
mod file;
mod file_stream;
mod parts;

pub use chunks::{Chunk, ChunkId, ChunkedFile, GetChunk, GetChunks};
pub use download::Download;
pub use file::{DeleteFile, File, FileId, GetFiles, PutFile};
pub use file_stream::FileStream;

pub(crate) use file::{content_key, file_path};
