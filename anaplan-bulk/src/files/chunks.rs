//! The chunks that files and dumps are read in.

use anaplan_core::{
    Bytes, Call, Decision, Download, Endpoint, ErrorKind, Method, Page, Paged, PagedCall, Path,
    Refusal, Response, Result, RetryClass, StatusCode, id_type,
};
use serde::{Deserialize, Serialize};

use crate::files::file_path;
use crate::{ActionId, ActionTask, Bulk, FileId, ModelRef};
use anaplan_core::lenient::or_default;

/// What is read in chunks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChunkedFile {
    /// The content of a file.
    File(ModelRef, FileId),
    /// The rows that a run could not use.
    Dump(ActionTask),
    /// The rows that one step of a process could not use.
    StepDump(ActionTask, ActionId),
}

impl ChunkedFile {
    pub(crate) fn path(&self) -> Path {
        match self {
            Self::File(model, file) => file_path(model, file),
            Self::Dump(task) => task.path().lit("dump"),
            Self::StepDump(task, step) => task.path().lit("dumps").seg("objectId", step),
        }
        .lit("chunks")
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::File(..) => Ok(()),
            Self::Dump(task) | Self::StepDump(task, _) => task.action.check(),
        }
    }

    /// The server was seen to answer 400 where there is no dump.
    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        let none = refusal.status == StatusCode::BAD_REQUEST && !matches!(self, Self::File(..));
        none.then(|| ErrorKind::NotFound.into())
    }

    /// How a message calls it when there is none.
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
    /// The number of a chunk, from 0.
    ChunkId
}

/// One part of a file or dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chunk {
    /// Its number, from 0.
    pub id: ChunkId,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

impl Bulk {
    /// The chunks of a file or dump; none where there is no content.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks`, or the same below a dump. Reads only: retried
    /// freely.
    ///
    /// # Errors
    ///
    /// `NotFound`, also for a dump that is gone.
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

    /// One chunk of a file or dump. [`get_file`](Self::get_file) and [`get_dump`](Self::get_dump) put
    /// all of them together.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks/{chunkId}`, or the same below a dump. Reads only:
    /// retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such chunk.
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

/// The endpoint of [`Bulk::get_chunks`].
#[derive(Debug, Clone)]
pub struct GetChunks {
    of: ChunkedFile,
}

impl GetChunks {
    /// All chunks of a file or dump.
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

/// The endpoint of [`Bulk::get_chunk`].
#[derive(Debug, Clone)]
pub struct GetChunk {
    /// The file or dump.
    pub of: ChunkedFile,
    /// The number of the chunk, from 0.
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

/// The content of a file in one answer: the only way to tell an empty file from none.
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
