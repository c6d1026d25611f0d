//! The three calls that an upload is made of.

use anaplan_core::{
    Answer, Bytes, Endpoint, Error, Found, HeaderMap, HeaderValue, Method, Path, Reconcile, Result,
    RetryClass, Session, async_trait, json_body,
};
use serde::Serialize;

use crate::files::file_path;
use crate::upload::MAX_CHUNKS;
use crate::{File, FileId, ModelRef};

/// Announces how many chunks a file will have, and throws its old content away.
///
/// `POST /models/{modelId}/files/{fileId}`. Sent again after a failure unless the server may still be at
/// work on the lost attempt, as after a timeout: carried out late, that would throw away what has been
/// uploaded meanwhile. For an unknown id the server creates a file and answers with its id.
#[derive(Debug, Clone)]
pub struct SetChunkCount {
    /// The model.
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
    /// How many chunks; `None` when that is not known.
    pub count: Option<u32>,
}

impl Endpoint for SetChunkCount {
    const NAME: &'static str = "bulk.set_chunk_count";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Option<File>;

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
    }

    fn body(&self) -> Result<Bytes> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            chunk_count: i64,
        }
        match self.count {
            Some(count) if !(1..=MAX_CHUNKS).contains(&u64::from(count)) => {
                Err(Error::invalid_input("count", "must be from 1 to 1,000"))
            }
            count => json_body(&Body {
                chunk_count: count.map_or(-1, i64::from),
            }),
        }
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Option<File>>> {
        Some(self)
    }

    fn decode(&self, answer: Answer) -> Result<Option<File>> {
        answer.field_opt("file")
    }
}

/// There is nothing to look for: an attempt that is over can be repeated, whatever became of it.
#[async_trait]
impl Reconcile<Option<File>> for SetChunkCount {
    async fn existing(&self, _session: &Session) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn find(&self, _session: &Session, _: &[String]) -> Result<Found<Option<File>>> {
        Ok(Found::Nothing)
    }
}

/// Sends one chunk.
///
/// `PUT /models/{modelId}/files/{fileId}/chunks/{chunkId}`. Repeating it leads to the same state:
/// retried freely.
#[derive(Debug, Clone)]
pub struct PutChunk {
    /// The model.
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
    /// The number of the chunk, from 0.
    pub chunk: u32,
    /// What it holds.
    pub body: Bytes,
    /// Whether that is compressed.
    pub gzip: bool,
}

impl Endpoint for PutChunk {
    const NAME: &'static str = "bulk.put_chunk";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = ();

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
            .lit("chunks")
            .seg("chunkId", self.chunk.to_string())
    }

    /// The server knows compressed chunks by their type, and by nothing else.
    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        let kind = if self.gzip {
            "application/x-gzip"
        } else {
            "application/octet-stream"
        };
        headers.insert("content-type", HeaderValue::from_static(kind));
        Ok(())
    }

    fn body(&self) -> Result<Bytes> {
        Ok(self.body.clone())
    }

    fn decode(&self, _answer: Answer) -> Result<()> {
        Ok(())
    }
}

/// Says that all chunks of a file are in, where their number was not announced.
///
/// `POST /models/{modelId}/files/{fileId}/complete`. Repeating it leads to the same state: retried
/// freely.
#[derive(Debug, Clone)]
pub struct CompleteUpload {
    /// The model.
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
}

impl Endpoint for CompleteUpload {
    const NAME: &'static str = "bulk.complete_upload";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = ();

    fn path(&self) -> Path {
        file_path(&self.model, &self.file).lit("complete")
    }

    /// Without any body the server answers 500.
    fn body(&self) -> Result<Bytes> {
        Ok(Bytes::from_static(b"{}"))
    }

    fn decode(&self, _answer: Answer) -> Result<()> {
        Ok(())
    }
}
