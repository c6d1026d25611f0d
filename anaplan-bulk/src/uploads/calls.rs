//! Endpoints of an upload.

use anaplan_core::{
    Bytes, Endpoint, Error, ErrorKind, Evidence, Finding, HeaderMap, HeaderValue, Lookup, Method,
    Path, Reconcile, RequestBody, Response, Result, RetryClass, async_trait, json_body,
};
use serde::{Deserialize, Serialize};

use crate::files::file_path;
use crate::uploads::upload::MAX_CHUNKS;
use crate::{ChunkedFile, File, FileId, GetChunks, ModelRef};

/// Sets the number of chunks of a file and discards its content.
///
/// `POST /models/{modelId}/files/{fileId}`. Must not run twice: a late request would discard the chunks
/// uploaded meanwhile. After a lost response the client checks whether the list of chunks has changed
/// as requested. For an unknown id the server creates a file and returns its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetChunkCount {
    /// The model.
    #[serde(flatten)]
    pub model: ModelRef,
    /// The file.
    #[serde(rename = "fileId")]
    pub file: FileId,
    /// Number of chunks. `None` if it is not known.
    #[serde(rename = "chunkCount")]
    pub count: Option<u32>,
}

impl Endpoint for SetChunkCount {
    const NAME: &'static str = "bulk.set_chunk_count";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Option<File>;

    fn check(&self) -> Result<()> {
        match self.count {
            Some(count) if !(1..=MAX_CHUNKS).contains(&u64::from(count)) => {
                Err(Error::invalid_input("count", "must be from 1 to 1,000"))
            }
            _ => Ok(()),
        }
    }

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            chunk_count: i64,
        }
        json_body(&Body {
            chunk_count: self.count.map_or(-1, i64::from),
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Option<File>>> {
        Some(self)
    }

    /// An announcement of an unknown number of chunks cannot be confirmed by the list of chunks, so the
    /// response must contain the file.
    fn decode(&self, response: Response) -> Result<Option<File>> {
        match self.count {
            Some(_) => response.field_opt("file"),
            None => response.field("file").map(Some),
        }
    }
}

impl SetChunkCount {
    /// Returns the ids of the listed chunks. A file without content has none.
    async fn chunks(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let file = ChunkedFile::File(self.model.clone(), self.file.clone());
        match lookup.list(&GetChunks::new(file)).await {
            Ok(chunks) => Ok(chunks
                .into_iter()
                .map(|chunk| chunk.id.to_string())
                .collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Returns `true` if a file with this number of listed chunks has been announced like this.
    pub(crate) fn is_listed_as(&self, chunks: usize) -> bool {
        chunks == self.count.map_or(0, |count| count as usize)
    }
}

/// Chunks that are listed now and were not before prove the announcement. Chunks that are not listed any
/// more prove nothing: a listing may be incomplete. So an announcement of an unknown number, or of a
/// smaller one, is never confirmed.
#[async_trait]
impl Reconcile<Option<File>> for SetChunkCount {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        self.chunks(lookup).await
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<Option<File>>> {
        let listed = self.chunks(evidence.lookup()).await?;
        let grown = listed.len() > evidence.attempt().baseline().len();
        Ok(match grown && self.is_listed_as(listed.len()) {
            true => Finding::Confirmed(None),
            false => Finding::Nothing,
        })
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
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
    /// Number of the chunk, from 0.
    pub chunk: u32,
    /// Content of the chunk.
    pub body: Bytes,
    /// `true` if the content is compressed with gzip.
    pub gzip: bool,
}

impl Endpoint for PutChunk {
    const NAME: &'static str = "bulk.put_chunk";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = ();

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
            .lit("chunks")
            .seg("chunkId", self.chunk.to_string())
    }

    /// The server recognizes compressed chunks by the content type only.
    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        let kind = if self.gzip {
            "application/x-gzip"
        } else {
            "application/octet-stream"
        };
        headers.insert("content-type", HeaderValue::from_static(kind));
        Ok(())
    }

    fn body(&self) -> Result<RequestBody> {
        Ok(self.body.clone().into())
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.is_empty_body()
    }
}

/// Completes an upload whose number of chunks was not announced.
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
    fn body(&self) -> Result<RequestBody> {
        Ok("{}".into())
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.field::<File>("file").map(|_| ())
    }
}
