//! State, result and error of an upload.

use std::collections::BTreeMap;
use std::fmt;

use anaplan_core::Error;
use serde::{Deserialize, Serialize};

use crate::{FileId, ModelRef};

/// Progress of an upload. Plain data: store it, and any process can continue with
/// [`resume_upload`](crate::Bulk::resume_upload).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadState {
    /// The model.
    #[serde(flatten)]
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
    /// Bytes of each chunk before compression. The last one may have fewer.
    pub chunk_size: usize,
    /// Total number of bytes, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Chunks that have arrived, by number.
    pub(crate) sent: BTreeMap<u32, SentChunk>,
}

/// Chunk that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentChunk {
    pub(crate) bytes: u64,
    /// Checksum by which a resumed upload recognizes the same content.
    pub(crate) crc: u32,
}

impl UploadState {
    /// Returns the number of bytes that have arrived, before compression.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.sent.values().map(|chunk| chunk.bytes).sum()
    }

    /// Returns the numbers of the chunks that have arrived, in order, from 0.
    #[must_use]
    pub fn sent_chunks(&self) -> Vec<u32> {
        self.sent.keys().copied().collect()
    }

    /// Returns the total number of chunks, if it is known.
    #[must_use]
    pub fn total_chunks(&self) -> Option<u32> {
        let size = self.chunk_size.max(1) as u64;
        let chunks = self.total_bytes?.div_ceil(size).max(1);
        u32::try_from(chunks).ok()
    }

    /// Returns the numbers of the missing chunks, if the total is known.
    #[must_use]
    pub fn missing_chunks(&self) -> Option<Vec<u32>> {
        let all = 0..self.total_chunks()?;
        Some(all.filter(|n| !self.sent.contains_key(n)).collect())
    }
}

/// Completed upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Uploaded {
    /// The file.
    pub file: FileId,
    /// Number of bytes before compression.
    pub bytes: u64,
    /// Number of chunks.
    pub chunks: u32,
}

/// Failed upload, with the state from which it can be resumed.
///
/// With `?` it becomes an [`Error`] where one is expected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadError {
    /// First error.
    pub error: Error,
    /// Chunks that failed, with their errors.
    pub failed_chunks: Vec<(u32, Error)>,
    /// State of the upload. `None` if it had not started: the old content still exists, unless
    /// the error is `Ambiguous`.
    pub state: Option<UploadState>,
}

impl UploadError {
    pub(crate) fn before_begin(error: Error) -> Self {
        Self {
            error: error.during("bulk.upload_file"),
            failed_chunks: Vec::new(),
            state: None,
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(state) = &self.state {
            write!(f, "; {} chunks had arrived", state.sent.len())?;
            if let Some(total) = state.total_chunks() {
                write!(f, " of {total}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl From<Error> for UploadError {
    fn from(error: Error) -> Self {
        Self::before_begin(error)
    }
}

impl From<UploadError> for Error {
    fn from(failed: UploadError) -> Self {
        let sent = failed.state.map(|state| state.sent.len().to_string());
        match sent {
            Some(sent) => failed.error.about("chunksSent", sent),
            None => failed.error,
        }
    }
}
