//! Downloads: many chunks fetched at once, delivered in order.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Bytes, Error, ErrorKind, PartFile, Pending, Result, Session, write_stream};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::io::AsyncWrite;

use crate::files::chunks::GetWholeFile;
use crate::{
    Bulk, Chunk, ChunkId, ChunkedFile, DumpRows, FileId, GetChunk, GetChunks, GetFiles, ModelRef,
    Rows, TableFormat,
};

/// How many chunks are fetched at once unless told otherwise.
const CONCURRENCY: usize = 4;

impl Bulk {
    /// The content of a file, as the user uploaded or exported it.
    ///
    /// Awaiting gives the bytes. `stream()`, `write_to(writer)`, `save_to(path)` and `rows(format)` do
    /// not hold them in memory: chunks are fetched four at a time, or as many as
    /// [`concurrency`](Download::concurrency) says, and delivered in order. A chunk that breaks is
    /// fetched again alone.
    ///
    /// `GET /models/{modelId}/files/{fileId}/chunks` and `.../chunks/{chunkId}`, and `GET .../files` to
    /// see whether the file is complete. Reads only: retried freely.
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

    /// The same as a stream of chunks: short for `get_file(file).stream()`.
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

/// A download that has not begun.
#[must_use = "nothing is sent until the download is awaited, run, streamed or saved"]
pub struct Download {
    session: Session,
    what: ChunkedFile,
    concurrency: usize,
    first: usize,
    /// What has to happen before there is something to download.
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

    /// How many chunks to fetch at once, which is also how many are in memory. Default 4; 0 counts as 1.
    pub fn concurrency(mut self, chunks: usize) -> Self {
        self.concurrency = chunks.max(1);
        self
    }

    /// Goes on from this chunk, counted from 0: what [`FileStream::position`] said when an earlier
    /// download ended.
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

    /// The chunks as a stream. Lazy: nothing is sent before the first is asked for.
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
        FileStream {
            chunks: Box::pin(chunks),
            position: first,
            done: false,
        }
    }

    /// Writes everything to `writer` as it arrives, and gives the number of bytes.
    ///
    /// A failure in the middle leaves what was written so far in the writer.
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

    /// Saves everything to a file, and gives the number of bytes.
    ///
    /// The file is written beside `path` under a temporary name and renamed when it is complete and on
    /// the disk, so that `path` never holds half a download.
    ///
    /// # Errors
    ///
    /// Those of [`Bulk::get_file`], `InvalidInput` when `path` names no file, and `Io` when it cannot be written.
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

    /// The rows of a dump with what is wrong with them, as they arrive.
    ///
    /// # Errors
    ///
    /// From the rows: those of [`Bulk::get_dump`], and `Decode` for what is no dump.
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

    /// Downloads everything and blocks until it is there.
    ///
    /// # Errors
    ///
    /// Those of the download, and [`ErrorKind::Usage`] inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn run(self) -> Result<Bytes> {
        Pending::new(self.collect()).run()
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

enum Part {
    /// A chunk to fetch.
    There(ChunkId),
    /// What a look at a file without chunks has brought already.
    Here(Bytes),
}

/// What there is to fetch, from chunk `first` on. Errors say of what, whoever has found them.
async fn parts(session: &Session, what: &ChunkedFile, first: usize) -> Result<Vec<Part>> {
    listed(session, what, first).await.map_err(|error| {
        let path = what.path();
        let named = error.during("bulk.get_chunks");
        path.values()
            .fold(named, |error, (name, value)| error.about(name, value))
    })
}

async fn listed(session: &Session, what: &ChunkedFile, first: usize) -> Result<Vec<Part>> {
    let absent = |error: Error| match error.kind() {
        ErrorKind::NotFound => error.because(what.absence()),
        _ => error,
    };
    let chunks = session
        .paged(GetChunks::new(what.clone()))
        .await
        .map_err(absent)?;
    let chunks = in_order(chunks)?;
    if chunks.is_empty() {
        return match what {
            ChunkedFile::File(model, file) => {
                let (model, file) = (model.clone(), file.clone());
                let whole = session.call(GetWholeFile { model, file });
                Ok(vec![Part::Here(whole.await.map_err(absent)?)])
            }
            _ => Err(Error::new(ErrorKind::NotFound, what.absence()).during("bulk.get_dump")),
        };
    }
    if let ChunkedFile::File(model, file) = what {
        check_count(session, model, file, chunks.len()).await?;
    }
    if first > chunks.len() {
        return Err(Error::invalid_input(
            "from_chunk",
            format_args!("is {first}, but there are {} chunks", chunks.len()),
        ));
    }
    Ok(chunks.into_iter().skip(first).map(Part::There).collect())
}

/// Compares the listed chunks with the number that the file has.
///
/// An upload of unknown length that has not been completed lists the chunks that have arrived as if
/// they were all. Files of exports are never uploaded.
async fn check_count(
    session: &Session,
    model: &ModelRef,
    file: &FileId,
    listed: usize,
) -> Result<()> {
    let files = session.paged(GetFiles::new(model.clone())).await?;
    let known = files.iter().find(|known| known.id == *file);
    let count = known.and_then(|file| file.chunk_count).unwrap_or(0);
    let written_by_export = file.as_str().starts_with("116");
    if count < 0 && !written_by_export {
        return Err(Error::new(
            ErrorKind::Conflict,
            "an upload of unknown length to the file was begun and not completed: what has arrived is not all of it",
        ));
    }
    match usize::try_from(count) {
        Ok(count) if count > listed => Err(Error::new(
            ErrorKind::Incomplete,
            format!("the file has {count} chunks, but the server lists {listed}"),
        )),
        _ => Ok(()),
    }
}

/// The ids of the chunks in the order of their numbers, which must have no gap: a missing chunk would
/// be a hole in the file.
fn in_order(chunks: Vec<Chunk>) -> Result<Vec<ChunkId>> {
    let broken = |text: String| Error::new(ErrorKind::Decode, text).during("bulk.get_chunks");
    let mut numbered = chunks
        .into_iter()
        .map(|chunk| match chunk.id.as_str().parse::<usize>() {
            Ok(number) => Ok((number, chunk.id)),
            Err(_) => Err(broken("a chunk's id is no number".into())),
        })
        .collect::<Result<Vec<_>>>()?;
    numbered.sort_unstable();
    for (index, (number, _)) in numbered.iter().enumerate() {
        if *number != index {
            return Err(broken(format!(
                "the server lists chunk {number} where {index} was expected"
            )));
        }
    }
    Ok(numbered.into_iter().map(|(_, id)| id).collect())
}

/// The chunks of a file in order. Ends after the first error.
pub struct FileStream {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
    position: usize,
    done: bool,
}

impl FileStream {
    pub(crate) fn from_stream(chunks: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self {
            chunks: Box::pin(chunks),
            position: 0,
            done: false,
        }
    }

    /// The next chunk; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        StreamExt::next(self).await
    }

    /// The number of the chunk that comes next: where [`Download::from_chunk`] has to go on when the
    /// stream has ended with an error.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.done {
            return Poll::Ready(None);
        }
        let polled = self.chunks.as_mut().poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(_))) => self.position += 1,
            Poll::Ready(_) => self.done = true,
            Poll::Pending => {}
        }
        polled
    }
}

#[cfg(feature = "blocking")]
impl Iterator for FileStream {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
