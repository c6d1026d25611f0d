//! Downloads: several chunks are fetched at once and delivered in order.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;

use anaplan_core::{Bytes, ErrorKind, PartFile, Pending, Result, Session, write_stream};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::io::AsyncWrite;

use crate::files::parts::{Part, parts};
use crate::{Bulk, ChunkedFile, DumpRows, FileId, FileStream, GetChunk, Rows, TableFormat};

/// Default number of chunks that are fetched at once.
const CONCURRENCY: usize = 4;

impl Bulk {
    /// Returns a download of the content of a file, as the user uploaded or exported it.
    ///
    /// Awaiting it returns the bytes. `stream()`, `write_to(writer)`, `save_to(path)` and `rows(format)`
    /// hold only a few chunks in memory. Four chunks, or [`concurrency`](Download::concurrency), are
    /// fetched at a time and delivered in order. A chunk that fails is fetched again alone.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks` and `.../chunks/{chunkId}`, and `GET .../files` to
    /// see whether the file is complete. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown file, for one without content, and for a chunk that was announced and
    /// has not been uploaded. `Conflict` while an upload of unknown length is not complete.
    /// `Incomplete` if the server lists fewer chunks than the file has.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// assert_eq!(bulk.get_file(ids.source_file).await?, ids.good_csv);
    ///
    /// let mut stream = bulk.get_file(ids.source_file).concurrency(2).stream();
    /// while let Some(chunk) = stream.chunk().await {
    ///     println!("{} bytes", chunk?.len());
    /// }
    /// assert!(bulk.get_file(ids.empty_file).await.unwrap_err().is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_file(&self, file: impl Into<FileId>) -> Download {
        let what = ChunkedFile::File(self.model.clone(), file.into());
        Download::new(self.session.clone(), what)
    }

    /// Returns the content of a file as a stream of chunks. Short for `get_file(file).stream()`.
    ///
    /// # Errors
    ///
    /// Those of [`get_file`](Self::get_file), from the stream.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let mut chunks = bulk.get_file_stream(ids.source_file);
    /// while let Some(chunk) = chunks.chunk().await {
    ///     println!("{} bytes", chunk?.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_file_stream(&self, file: impl Into<FileId>) -> FileStream {
        self.get_file(file).stream()
    }
}

/// Download that has not started.
#[must_use = "nothing is sent until the download is awaited, run, streamed or saved"]
pub struct Download {
    session: Session,
    what: ChunkedFile,
    concurrency: usize,
    first: usize,
    /// Work that creates the content.
    before: Option<Pending<()>>,
}

impl Download {
    pub(crate) fn new(session: Session, what: ChunkedFile) -> Self {
        Self {
            session,
            what,
            concurrency: CONCURRENCY,
            first: 0,
            before: None,
        }
    }

    pub(crate) fn after(mut self, before: Pending<()>) -> Self {
        self.before = Some(before);
        self
    }

    /// Sets the number of chunks that are fetched at once and held in memory. Default: 4. 0 counts as 1.
    pub fn concurrency(mut self, chunks: usize) -> Self {
        self.concurrency = chunks.max(1);
        self
    }

    /// Starts at a chunk, counted from 0. Continues an earlier download at its
    /// [`FileStream::position`].
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let mut chunks = bulk.get_file(ids.source_file).stream();
    /// let first = chunks.chunk().await.transpose()?;
    /// // Later, or in another process:
    /// let rest = bulk.get_file(ids.source_file).from_chunk(chunks.position()).await?;
    /// assert_eq!((first.unwrap().len(), rest.len()), (ids.good_csv.len(), 0));
    /// # Ok(()) });
    /// ```
    pub fn from_chunk(mut self, chunk: usize) -> Self {
        self.first = chunk;
        self
    }

    /// Returns the chunks as a stream. Nothing is sent before the first chunk is requested.
    #[must_use]
    pub fn stream(self) -> FileStream {
        let (session, what) = (self.session, self.what);
        let (first, concurrency) = (self.first, self.concurrency);
        let list = {
            let (session, what, before) = (session.clone(), what.clone(), self.before);
            async move {
                if let Some(before) = before {
                    before.await?;
                }
                parts(&session, &what, first).await
            }
        };
        let fetch = move |part: Part| {
            let (session, what) = (session.clone(), what.clone());
            async move {
                let chunk = match part {
                    Part::Here(bytes) => return Ok(bytes),
                    Part::There(chunk) => chunk,
                };
                let call = session.call(GetChunk { of: what, chunk });
                call.await.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => {
                        error.because("the chunk was there when the download began")
                    }
                    _ => error,
                })
            }
        };
        let chunks = stream::once(list)
            .map_ok(move |parts| stream::iter(parts).map(fetch.clone()).buffered(concurrency))
            .try_flatten();
        FileStream::starting_at(first, chunks)
    }

    /// Writes the content to `writer` as it arrives, and returns the number of bytes.
    ///
    /// After a failure the writer has received a part of the content.
    ///
    /// # Errors
    ///
    /// Those of [`Bulk::get_file`], and `Io` when writing fails.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let written = bulk.get_file(ids.source_file).write_to(tokio::io::sink()).await?;
    /// assert_eq!(written, ids.good_csv.len() as u64);
    /// # Ok(()) });
    /// ```
    pub fn write_to<W>(self, mut writer: W) -> Pending<u64>
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Pending::new(async move { write_stream(&mut self.stream(), &mut writer).await })
    }

    /// Saves the content to a file, and returns the number of bytes.
    ///
    /// The file is written beside `path` under a temporary name and renamed when it is complete, so that
    /// `path` never holds a part of the content.
    ///
    /// # Errors
    ///
    /// Those of [`Bulk::get_file`], `InvalidInput` if `path` names no file, and
    /// `Io` if it cannot be written.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("regions.csv");
    /// bulk.get_file(ids.source_file).save_to(&path).await?;
    /// assert_eq!(std::fs::read_to_string(path)?, ids.good_csv);
    /// # Ok(()) });
    /// ```
    pub fn save_to(self, path: impl AsRef<Path>) -> Pending<u64> {
        let path = path.as_ref().to_owned();
        Pending::new(async move {
            let part = PartFile::beside(&path)?;
            let written = part.fill(&mut self.stream()).await?;
            part.keep()?;
            Ok(written)
        })
    }

    /// Reads the rows of a table, each as a `T`, as they arrive.
    ///
    /// The columns of the header are matched with the names of `T`'s fields. Without a header, the
    /// values are matched by position.
    ///
    /// # Errors
    ///
    /// From the rows: those of [`Bulk::get_file`], `InvalidInput` for a format that cannot be honoured,
    /// before anything is sent, and `Decode` for a row that does not fit `T`, with its row and column.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content, TableFormat};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let mut rows = bulk
    ///     .get_file(ids.source_file)
    ///     .rows::<Vec<String>>(TableFormat::default());
    /// while let Some(row) = rows.next_row().await {
    ///     println!("{:?}", row?);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn rows<T: DeserializeOwned>(self, format: TableFormat) -> Rows<T> {
        Rows::new(self.stream(), format)
    }

    /// Reads the rows of a dump with their errors, as they arrive.
    ///
    /// # Errors
    ///
    /// From the rows: those of [`Bulk::get_dump`], and `Decode` for a text that is not a dump.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk
    ///     .upload_and_import(ids.bad_source_file, Content::text(ids.bad_csv.clone()), ids.bad_import)
    ///     .await?;
    /// let mut rows = bulk.get_dump(&outcome.task).dump_rows();
    /// while let Some(row) = rows.next_row().await {
    ///     let row = row?;
    ///     println!("line {:?}: {:?}", row.line, row.errors);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn dump_rows(self) -> DumpRows {
        DumpRows::new(self.stream())
    }

    async fn collect(self) -> Result<Bytes> {
        let mut stream = self.stream();
        let Some(first) = stream.chunk().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let Some(second) = stream.chunk().await.transpose()? else {
            return Ok(first);
        };
        let mut all = Vec::with_capacity(first.len() + second.len());
        all.extend_from_slice(&first);
        drop(first);
        all.extend_from_slice(&second);
        drop(second);
        while let Some(chunk) = stream.chunk().await {
            let chunk = chunk?;
            // Growth by a factor would hold up to twice the content.
            all.reserve_exact(chunk.len().max(all.len() / 32));
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }

    /// Downloads the content on the calling thread.
    ///
    /// # Errors
    ///
    /// Those of the download, and [`ErrorKind::Usage`] inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn run(self) -> Result<Bytes> {
        anaplan_core::blocking::Blocking::run(self)
    }
}

impl IntoFuture for Download {
    type Output = Result<Bytes>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Bytes>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("what", &self.what)
            .field("concurrency", &self.concurrency)
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
