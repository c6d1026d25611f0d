//! What of an upload has arrived, and how an interrupted one is told.

use std::collections::BTreeMap;
use std::fmt;

use anaplan_core::Error;
use serde::{Deserialize, Serialize};

use crate::{FileId, ModelRef};

/// What of an upload has arrived. Plain data: store it, and any process can go on with
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
    /// How many bytes each chunk has, before compression; the last may have fewer.
    pub chunk_size: usize,
    /// How many bytes there are in all, where that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// What has arrived, by the number of the chunk.
    pub(crate) sent: BTreeMap<u32, SentChunk>,
}

/// A chunk that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentChunk {
    pub(crate) bytes: u64,
    /// By which a resumed upload tells that it was given the same content again.
    pub(crate) crc: u32,
}

impl UploadState {
    /// How many bytes have arrived, counted before compression.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.sent.values().map(|chunk| chunk.bytes).sum()
    }

    /// The numbers of the chunks that have arrived, in order, from 0.
    #[must_use]
    pub fn sent_chunks(&self) -> Vec<u32> {
        self.sent.keys().copied().collect()
    }

    /// How many chunks there are in all, where that was known.
    #[must_use]
    pub fn total_chunks(&self) -> Option<u32> {
        let size = self.chunk_size.max(1) as u64;
        let chunks = self.total_bytes?.div_ceil(size).max(1);
        u32::try_from(chunks).ok()
    }

    /// The numbers of the chunks that are missing, where it is known how many there are.
    #[must_use]
    pub fn missing_chunks(&self) -> Option<Vec<u32>> {
        let all = 0..self.total_chunks()?;
        Some(all.filter(|n| !self.sent.contains_key(n)).collect())
    }
}

/// An upload that is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Uploaded {
    /// The file.
    pub file: FileId,
    /// How many bytes it has, counted before compression.
    pub bytes: u64,
    /// How many chunks it has.
    pub chunks: u32,
}

/// An upload that failed, with what of it has arrived.
///
/// With `?` it becomes an [`Error`] where one is expected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadError {
    /// What went wrong first.
    pub error: Error,
    /// What else went wrong: the number of the chunk, and why it did not arrive.
    pub failed_chunks: Vec<(u32, Error)>,
    /// What has arrived; `None` when the upload had not begun. The old content is still there then, unless
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
