//! Uploads: content, chunks, and the calls that they consist of.

mod calls;
mod chunker;
mod content;
mod limit;
mod send;
mod state;
mod upload;

pub use calls::{CompleteUpload, PutChunk, SetChunkCount};
pub use content::Content;
pub use state::{UploadError, UploadState, Uploaded};
pub use upload::Upload;
