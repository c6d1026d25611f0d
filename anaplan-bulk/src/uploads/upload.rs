//! Uploads in chunks.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use anaplan_core::{Bytes, Error, ErrorKind, Result, Session};
use futures_core::Stream;

use crate::files::content_key;
use crate::uploads::chunker::Chunker;
use crate::{
    Bulk, ChunkedFile, CompleteUpload, Content, FileId, GetChunks, GetFiles, SetChunkCount,
    UploadError, UploadState, Uploaded,
};

/// Maximum number of chunks of a file.
pub(crate) const MAX_CHUNKS: u64 = 1000;
/// Minimum and maximum size of a chunk, in bytes.
const CHUNK_SIZES: std::ops::RangeInclusive<usize> = 1_000_000..=50_000_000;
/// Default size of a chunk. Larger if the content needs more than 1,000.
const CHUNK_SIZE: usize = 10_000_000;
/// Default number of chunks that are sent at once.
const CONCURRENCY: usize = 4;
/// Default compression level.
const GZIP_LEVEL: u32 = 6;

impl Bulk {
    /// Replaces the content of a file: with bytes or text that are here, a file on this machine, or
    /// whatever [`Content`] is made of.
    ///
    /// The content is cut into chunks of 10 MB (larger ones if it would be more than 1,000), each of
    /// which is compressed and sent by itself, four at a time, and repeated by itself when it fails. No
    /// more than that is in memory, however large the content is. A content of unknown length is
    /// always cut at [`chunk_size`](Upload::chunk_size), so that 10 GB are the most unless that is set.
    ///
    /// No one may import from the file meanwhile: the server does not guard against it.
    ///
    /// `POST /models/{modelId}/files/{fileId}`, `PUT .../chunks/{chunkId}` and, where the length is not
    /// known beforehand, `POST .../complete`. Chunks and completion can be repeated without harm: retried
    /// freely. The first call, which throws the old content away, is sent again only when the server
    /// cannot be at work on it any more.
    ///
    /// # Errors
    ///
    /// Awaiting returns an [`UploadError`], which says which chunks have arrived and can be
    /// [resumed](Self::resume_upload): `InvalidInput` for limits that are broken, `Io` when the content
    /// cannot be read, `NotFound` for a file that does not exist, `Ambiguous` when the server did not
    /// answer the first call in time: what it may still throw away is not sent. The server creates a file for an
    /// unknown id: an id that does not begin with 113 is therefore looked up before, and for others
    /// the error names what was created.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let done = bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// assert_eq!(done.bytes, ids.good_csv.len() as u64);
    ///
    /// let lines = (1..=1000).map(|n| format!("{n},{n}\n"));
    /// bulk.upload_file(ids.source_file, Content::iter(lines))
    ///     .gzip_level(1)
    ///     .on_progress(|state| println!("{} bytes", state.sent_bytes()))
    ///     .await?;
    /// assert!(bulk.get_file(ids.source_file).await?.ends_with(b"1000,1000\n"));
    /// # Ok(()) });
    /// ```
    pub fn upload_file(&self, file: impl Into<FileId>, content: impl Into<Content>) -> Upload {
        let state = UploadState {
            model: self.model.clone(),
            file: file.into(),
            chunk_size: CHUNK_SIZE,
            total_bytes: None,
            sent: std::collections::BTreeMap::new(),
        };
        Upload::new(self.session.clone(), state, content.into(), false)
    }

    /// The same with a stream: short for `upload_file(file, Content::stream(stream))`.
    ///
    /// # Errors
    ///
    /// Those of [`upload_file`](Self::upload_file); an error of the stream is one of the kind `Io`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let lines = futures_util::stream::iter(["Region,Code\n", "Central,C\n"]);
    /// let lines = futures_util::StreamExt::map(lines, std::io::Result::Ok);
    /// let done = bulk.upload_file_stream(ids.source_file, lines).await?;
    /// assert_eq!(done.bytes, 22);
    /// # Ok(()) });
    /// ```
    pub fn upload_file_stream<S, B, E>(&self, file: impl Into<FileId>, stream: S) -> Upload
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        self.upload_file(file, Content::stream(stream))
    }

    /// Goes on with an upload that was interrupted, here or in another process. `content` is the same
    /// content again, from its beginning: the chunks that have arrived are read and compared, and not
    /// sent again. The number of chunks is not announced again, which would throw them away.
    ///
    /// # Errors
    ///
    /// Those of [`upload_file`](Self::upload_file), and `InvalidInput` when the content is another one.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let upload = bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone()));
    /// if let Err(failed) = upload.await {
    ///     let Some(state) = failed.state else { return Err(failed.error.into()) };
    ///     println!("missing: {:?}", state.missing_chunks());
    ///     bulk.resume_upload(state, Content::text(ids.good_csv.clone())).await?;
    /// }
    /// # Ok(()) });
    /// ```
    pub fn resume_upload(&self, state: UploadState, content: impl Into<Content>) -> Upload {
        Upload::new(self.session.clone(), state, content.into(), true)
    }
}

type Watch = Box<dyn FnMut(&UploadState) + Send>;

/// Upload that has not started.
#[must_use = "nothing is sent until the upload is awaited or run"]
pub struct Upload {
    pub(crate) session: Session,
    pub(crate) state: UploadState,
    content: Content,
    resumed: bool,
    chunk_size: Option<usize>,
    pub(crate) concurrency: usize,
    pub(crate) gzip: Option<u32>,
    pub(crate) watch: Watch,
}

impl Upload {
    fn new(session: Session, state: UploadState, content: Content, resumed: bool) -> Self {
        Self {
            session,
            state,
            content,
            resumed,
            chunk_size: None,
            concurrency: CONCURRENCY,
            gzip: Some(GZIP_LEVEL),
            watch: Box::new(|_| {}),
        }
    }

    /// Number of bytes each chunk has before compression: 1,000,000 to 50,000,000. A resumed upload
    /// keeps the size that it began with.
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.chunk_size = Some(bytes);
        self
    }

    /// Number of chunks to send at once, which is also how many are in memory. Default 4; 0 counts as 1.
    pub fn concurrency(mut self, chunks: usize) -> Self {
        self.concurrency = chunks.max(1);
        self
    }

    /// Sets the compression level, from 0 (none) to 9 (maximum). Default: 6.
    pub fn gzip_level(mut self, level: u32) -> Self {
        self.gzip = Some(level);
        self
    }

    /// Disables compression.
    pub fn without_gzip(mut self) -> Self {
        self.gzip = None;
        self
    }

    /// Calls `watch` whenever a chunk has arrived. What it is given can be stored, to go on from
    /// there should this process end.
    pub fn on_progress(mut self, watch: impl FnMut(&UploadState) + Send + 'static) -> Self {
        self.watch = Box::new(watch);
        self
    }

    /// Uploads the content on the calling thread.
    ///
    /// # Errors
    ///
    /// Those of the upload, and [`ErrorKind::Usage`] inside an async runtime.
    #[cfg(feature = "blocking")]
    #[allow(clippy::result_large_err)] // The state is worth its size, and failing is rare.
    pub fn run(self) -> Result<Uploaded, UploadError> {
        anaplan_core::blocking::Blocking::run(self)
    }

    async fn upload(mut self) -> Result<Uploaded, UploadError> {
        let content = std::mem::replace(&mut self.content, Content::from(Bytes::new()));
        let (length, blocks) = content.open().await?;
        self.plan(length)?;
        // Interleaved chunks of two uploads would be a file that neither caller wrote.
        let UploadState { model, file, .. } = &self.state;
        let key = content_key(model, file);
        let _exclusive = self.session.exclusive(&key).await;
        let mut blocks = Chunker::new(blocks, self.state.chunk_size);
        if !self.resumed {
            check_first_chunks(&mut blocks, &self.state, self.concurrency).await?;
            begin(&self.session, &self.state).await?;
        }
        let outcome = match self.send(blocks).await {
            Ok(()) => finish(&self.session, &self.state)
                .await
                .map_err(|error| (error, Vec::new())),
            failed => failed,
        };
        match outcome {
            Ok(()) => Ok(Uploaded {
                bytes: self.state.sent_bytes(),
                chunks: self.state.sent.len().try_into().unwrap_or(u32::MAX),
                file: self.state.file,
            }),
            Err((error, failed_chunks)) => Err(UploadError {
                error: error
                    .during("bulk.upload_file")
                    .about("fileId", self.state.file.as_str()),
                failed_chunks,
                state: Some(self.state),
            }),
        }
    }

    /// Checks all limits before anything is sent.
    fn plan(&mut self, length: Option<u64>) -> Result<()> {
        if self.gzip.is_some_and(|level| level > 9) {
            return Err(Error::invalid_input("gzip_level", "must be from 0 to 9"));
        }
        if self.resumed {
            let same = self
                .chunk_size
                .is_none_or(|size| size == self.state.chunk_size);
            if !same || self.state.chunk_size == 0 {
                return Err(Error::invalid_input(
                    "chunk_size",
                    "must be the one that the upload began with",
                ));
            }
            let known = length.is_none() || self.state.total_bytes.is_none();
            if !known && length != self.state.total_bytes {
                return Err(Error::invalid_input(
                    "content",
                    "is longer or shorter than the one that the upload began with",
                ));
            }
            return Ok(());
        }
        let needed = length.map_or(0, |length| length.div_ceil(MAX_CHUNKS));
        let size = match self.chunk_size {
            Some(size) => size,
            None => usize::try_from(needed)
                .unwrap_or(usize::MAX)
                .max(CHUNK_SIZE),
        };
        if self
            .chunk_size
            .is_some_and(|size| !CHUNK_SIZES.contains(&size))
        {
            return Err(Error::invalid_input(
                "chunk_size",
                "must be from 1,000,000 to 50,000,000 bytes",
            ));
        }
        if size > *CHUNK_SIZES.end() || needed > size as u64 {
            return Err(Error::invalid_input(
                "content",
                format_args!(
                    "needs more than {MAX_CHUNKS} chunks of {} bytes",
                    size.min(*CHUNK_SIZES.end())
                ),
            ));
        }
        self.state.chunk_size = size;
        self.state.total_bytes = length;
        Ok(())
    }
}

/// Reads the first chunks and compares them with the announced length, while the old content still
/// exists.
async fn check_first_chunks(
    chunks: &mut Chunker,
    state: &UploadState,
    concurrency: usize,
) -> Result<()> {
    let Some(total) = state.total_bytes else {
        chunks.read_ahead(1).await?;
        return Ok(());
    };
    let announced = state.total_chunks().unwrap_or(u32::MAX) as usize;
    // No more than will be in memory anyway, and one more chunk to see the end of a short content.
    let count = announced.saturating_add(1).min(concurrency.max(2));
    let lengths = chunks.read_ahead(count).await?;
    let read: u64 = lengths.iter().map(|length| *length as u64).sum();
    let ended = lengths.len() < count;
    if read > total || ended && read < total {
        return Err(Error::invalid_input(
            "content",
            format_args!(
                "is {} than its length of {total} bytes",
                match ended {
                    true => "shorter",
                    false => "longer",
                }
            ),
        ));
    }
    Ok(())
}

/// Announces the chunks, which discards the old content.
async fn begin(session: &Session, state: &UploadState) -> Result<()> {
    let UploadState { model, file, .. } = state;
    let missing =
        |text: String| Error::new(ErrorKind::NotFound, text).about("fileId", file.as_str());
    if !file.as_str().starts_with("113") {
        let files = session.paged(GetFiles::new(model.clone())).await?;
        if !files.iter().any(|known| known.id == *file) {
            return Err(missing("the model has no such file".into()));
        }
    }
    let set = SetChunkCount {
        model: model.clone(),
        file: file.clone(),
        count: state.total_chunks(),
    };
    let announced = session.call(set.clone()).await?;
    if let Some(other) = announced.filter(|other| other.id != *file) {
        return Err(missing(format!(
            "the model has no such file; the server created {} instead, which nothing uses",
            other.id
        )));
    }
    let chunks = ChunkedFile::File(model.clone(), file.clone());
    let listed = session.paged(GetChunks::new(chunks)).await;
    let listed = match listed {
        Ok(listed) => listed.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    if set.is_listed_as(listed) {
        return Ok(());
    }
    let text = format!(
        "the server accepted the number of chunks, but lists {listed} chunks: the old content may remain"
    );
    Err(Error::new(ErrorKind::Ambiguous, text).about("fileId", file.as_str()))
}

/// Completes an upload whose number of chunks was not announced.
async fn finish(session: &Session, state: &UploadState) -> Result<()> {
    if state.total_bytes.is_some() {
        return Ok(());
    }
    let complete = CompleteUpload {
        model: state.model.clone(),
        file: state.file.clone(),
    };
    session.call(complete).await
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded, UploadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.upload())
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("file", &self.state.file)
            .field("content", &self.content)
            .field("resumed", &self.resumed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
