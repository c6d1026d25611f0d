//! Chunks of files and dumps.

use anaplan_core::{
    Bytes, Call, Decision, Download, Endpoint, ErrorKind, Method, Page, Paged, PagedCall, Path,
    Refusal, Response, Result, RetryClass, StatusCode, id_type,
};
use serde::{Deserialize, Serialize};

use crate::files::file_path;
use crate::{ActionId, ActionTask, Bulk, FileId, ModelRef};
use anaplan_core::lenient::or_default;

/// File or dump that is read in chunks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChunkedFile {
    /// Content of a file.
    File(ModelRef, FileId),
    /// Rejected rows of a run.
    Dump(ActionTask),
    /// Rejected rows of one step of a process.
    StepDump(ActionTask, ActionId),
}

impl ChunkedFile {
    /// Returns the path of the whole content.
    pub(crate) fn content_path(&self) -> Path {
        match self {
            Self::File(model, file) => file_path(model, file),
            Self::Dump(task) => task.path().lit("dump"),
            Self::StepDump(task, step) => task.path().lit("dumps").seg("objectId", step),
        }
    }

    pub(crate) fn path(&self) -> Path {
        self.content_path().lit("chunks")
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::File(..) => Ok(()),
            Self::Dump(task) | Self::StepDump(task, _) => task.action.check(),
        }
    }

    /// Observed: 400 if there is no dump.
    pub(crate) fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        let none = refusal.status == StatusCode::BAD_REQUEST && !matches!(self, Self::File(..));
        none.then(|| ErrorKind::NotFound.into())
    }

    /// Error message if there is no content.
    pub(crate) fn absence(&self) -> &'static str {
        match self {
            Self::File(..) => {
                "the file has no content for this user: nothing was uploaded or exported, or it was not touched for 48 hours"
            }
            Self::Dump(_) | Self::StepDump(..) => {
                "there is no dump: every row was used, a later run has replaced it, or it was not touched for 48 hours"
            }
        }
    }
}

id_type! {
    /// Number of a chunk, from 0.
    ChunkId
}

/// Chunk of a file or dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chunk {
    /// Number, from 0.
    pub id: ChunkId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

impl Bulk {
    /// Returns the chunks of a file or dump. Empty if there is no content.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks`, or the same below a dump. Reads only: retried
    /// freely.
    ///
    /// # Errors
    ///
    /// `NotFound`, also for a dump that does not exist any more.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content, ChunkedFile, ModelRef};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let file = ChunkedFile::File(ModelRef::new(bulk.model()), ids.source_file.into());
    /// let chunks = bulk.get_chunks(file.clone()).await?;
    /// let first = bulk.get_chunk(file, &chunks[0].id).await?;
    /// assert_eq!(first, ids.good_csv);
    /// # Ok(()) });
    /// ```
    pub fn get_chunks(&self, of: ChunkedFile) -> PagedCall<GetChunks> {
        self.session.paged(GetChunks::new(of))
    }

    /// Returns one chunk of a file or dump. [`get_file`](Self::get_file) and [`get_dump`](Self::get_dump) read
    /// all of them together.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks/{chunkId}`, or the same below a dump. Reads only:
    /// retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such chunk.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content, ChunkedFile, ModelRef};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let file = ChunkedFile::File(ModelRef::new(bulk.model()), ids.source_file.into());
    /// assert_eq!(bulk.get_chunk(file.clone(), "0").await?, ids.good_csv);
    /// assert!(bulk.get_chunk(file, "1").await.unwrap_err().is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_chunk(&self, of: ChunkedFile, chunk: impl Into<ChunkId>) -> Call<GetChunk> {
        self.session.call(GetChunk {
            of,
            chunk: chunk.into(),
        })
    }
}

/// Endpoint of [`Bulk::get_chunks`].
#[derive(Debug, Clone)]
pub struct GetChunks {
    of: ChunkedFile,
}

impl GetChunks {
    /// Creates the endpoint for a file or dump.
    #[must_use]
    pub fn new(of: ChunkedFile) -> Self {
        Self { of }
    }
}

impl Endpoint for GetChunks {
    const NAME: &'static str = "bulk.get_chunks";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = Page<Chunk>;

    fn path(&self) -> Path {
        self.of.path()
    }

    fn check(&self) -> Result<()> {
        self.of.check()
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        self.of.refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Page<Chunk>> {
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Page::new(Vec::new(), None));
        }
        response.page("chunks")
    }
}

impl Paged for GetChunks {
    type Item = Chunk;
}

/// Endpoint of [`Bulk::get_chunk`].
#[derive(Debug, Clone)]
pub struct GetChunk {
    /// File or dump.
    pub of: ChunkedFile,
    /// Number of the chunk, from 0.
    pub chunk: ChunkId,
}

impl Endpoint for GetChunk {
    const NAME: &'static str = "bulk.get_chunk";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "*/*";
    const SUCCESS: &'static [u16] = &[200];
    type Output = Bytes;

    fn path(&self) -> Path {
        self.of.path().seg("chunkId", &self.chunk)
    }
    fn check(&self) -> Result<()> {
        self.of.check()
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        self.of.refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for GetChunk {}

/// Returns the content of a file in one response, which distinguishes an empty file from a missing one.
pub(crate) struct GetWholeFile {
    pub(crate) model: ModelRef,
    pub(crate) file: FileId,
}

impl Endpoint for GetWholeFile {
    const NAME: &'static str = "bulk.get_file";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "*/*";
    const SUCCESS: &'static [u16] = &[200];
    type Output = Bytes;

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
    }
    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}
