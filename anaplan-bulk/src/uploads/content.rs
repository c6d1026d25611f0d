//! Content of an upload.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use anaplan_core::{Bytes, Error, ErrorKind, Result};
use anaplan_table::{RowBlocks, TableFormat};
use bytes::BytesMut;
use futures_core::Stream;
use futures_util::{TryStreamExt, stream};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;

/// Bytes of a content, in blocks of any size.
pub(crate) type Blocks = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Content of an upload: bytes in memory, a local file, or a source that is read during the upload.
///
/// Bytes and paths convert with `into()`. Strings do not, since a string could be text or a path: see
/// [`text`](Self::text) and [`file`](Self::file).
///
/// ```
/// use anaplan_bulk::Content;
///
/// let text = Content::text("name,amount\nA,1\n");
/// let file = Content::file("staff.csv");
/// let lines = Content::iter((1..=1000).map(|n| format!("{n},{n}\n")));
/// let reader = Content::blocking_reader(std::io::Cursor::new(b"a,b\n"));
/// ```
#[must_use = "it has to be uploaded"]
pub struct Content {
    source: Source,
    length: Option<u64>,
}

enum Source {
    Bytes(Bytes),
    File(PathBuf),
    Blocks(Blocks),
}

impl Content {
    /// Creates a content from a string. It is uploaded as UTF-8.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(Bytes::from(text.into()))
    }

    /// Creates a content from a local file. A directory is an error before anything is sent.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self {
            source: Source::File(path.as_ref().to_owned()),
            length: None,
        }
    }

    /// Creates a content from an async reader.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self {
            source: Source::Blocks(read_blocks(reader)),
            length: None,
        }
    }

    /// Creates a content from a stream. An error of the stream is the source of the upload's error.
    pub fn stream<S, B, E>(source: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        Self::blocks(source.map_ok(Into::into).map_err(unreadable))
    }

    /// Creates a content from an iterator. It may block: it runs on the threads for blocking work.
    pub fn iter<I>(source: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Bytes>,
        I::IntoIter: Send + 'static,
    {
        let mut source = source.into_iter();
        Self::pulled(move || {
            let first = source.next()?.into();
            if first.len() >= BLOCK {
                return Some(Ok(first));
            }
            let mut block = BytesMut::with_capacity(BLOCK + first.len());
            block.extend_from_slice(&first);
            while block.len() < BLOCK {
                let Some(next) = source.next() else { break };
                block.extend_from_slice(&next.into());
            }
            Some(Ok(block.freeze()))
        })
    }

    /// Creates a content from a blocking reader, which runs on the threads for blocking work.
    pub fn blocking_reader(mut reader: impl Read + Send + 'static) -> Self {
        Self::pulled(move || {
            let mut block = vec![0; BLOCK];
            loop {
                match reader.read(&mut block) {
                    Ok(0) => return None,
                    Ok(read) => {
                        block.truncate(read);
                        return Some(Ok(block.into()));
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Some(Err(unreadable(error))),
                }
            }
        })
    }

    /// Creates a content of rows in a format. The iterator may block: it runs on the threads for
    /// blocking work.
    ///
    /// The fields of a struct, or the columns of the format, become the header. The first chunk is
    /// written before the old content of the file is discarded, so that a format or a row that cannot
    /// be written is found in time. Check all rows of a larger slice with [`RowWriter::check_rows`].
    ///
    /// [`RowWriter::check_rows`]: crate::RowWriter::check_rows
    ///
    /// ```
    /// use anaplan_bulk::{Content, TableFormat};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Row {
    ///     #[serde(rename = "Employee")]
    ///     employee: String,
    ///     #[serde(rename = "Salary")]
    ///     salary: f64,
    /// }
    /// # let rows: Vec<Row> = Vec::new();
    /// let content = Content::rows(rows, TableFormat::default());
    /// ```
    pub fn rows<I>(rows: I, format: TableFormat) -> Self
    where
        I: IntoIterator,
        I::Item: Serialize,
        I::IntoIter: Send + 'static,
    {
        let mut blocks = RowBlocks::new(rows, format).map_err(|error| Some(error.into()));
        Self::pulled(move || match &mut blocks {
            Ok(blocks) => blocks.next().map(|block| block.map_err(Error::from)),
            Err(error) => error.take().map(Err),
        })
    }

    /// Sets the length in bytes, for sources that do not have one of their own.
    ///
    /// The upload then announces the number of chunks, and fails if there are more or fewer bytes. For
    /// bytes, files, and sources that fit into the first chunks, it fails before anything is sent.
    pub fn with_length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    fn blocks(blocks: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self {
            source: Source::Blocks(Box::pin(blocks)),
            length: None,
        }
    }

    /// Reads one block after the other from a blocking source. No thread is held between two blocks.
    fn pulled<F>(source: F) -> Self
    where
        F: FnMut() -> Option<Result<Bytes>> + Send + 'static,
    {
        Self::blocks(stream::try_unfold(source, |mut source| async move {
            let pull = tokio::task::spawn_blocking(move || (source(), source));
            // A source that panicked has not come to its end.
            let (block, source) = pull.await.map_err(unreadable)?;
            Ok(block.transpose()?.map(|block| (block, source)))
        }))
    }

    /// Returns the length, if it is known, and the bytes.
    pub(crate) async fn open(self) -> Result<(Option<u64>, Blocks)> {
        match self.source {
            Source::Bytes(bytes) => {
                let length = known_length(self.length, bytes.len() as u64)?;
                let blocks = stream::once(std::future::ready(Ok(bytes)));
                Ok((Some(length), Box::pin(blocks)))
            }
            Source::Blocks(blocks) => Ok((self.length, blocks)),
            Source::File(path) => {
                let failed = |error| {
                    let text = format!("opening {} failed", path.display());
                    Error::new(ErrorKind::Io, text).caused_by(error)
                };
                let file = tokio::fs::File::open(&path).await.map_err(failed)?;
                let metadata = file.metadata().await.map_err(failed)?;
                if metadata.is_dir() {
                    return Err(Error::new(
                        ErrorKind::Io,
                        format!("{} is a directory, not a file", path.display()),
                    ));
                }
                // A pipe has no reliable length.
                let length = match metadata.is_file() {
                    true => Some(known_length(self.length, metadata.len())?),
                    false => self.length,
                };
                Ok((length, read_blocks(file)))
            }
        }
    }
}

fn read_blocks(reader: impl AsyncRead + Send + 'static) -> Blocks {
    let reader = Box::pin(reader);
    Box::pin(stream::try_unfold(reader, |mut reader| async move {
        let mut block = BytesMut::with_capacity(BLOCK);
        let read = reader.read_buf(&mut block).await.map_err(unreadable)?;
        Ok((read > 0).then(|| (block.freeze(), reader)))
    }))
}

/// Compares the length that the caller set with the actual one.
fn known_length(set: Option<u64>, actual: u64) -> Result<u64> {
    match set {
        Some(set) if set != actual => Err(Error::invalid_input(
            "with_length",
            format_args!("is {set}, but the content has {actual} bytes"),
        )),
        _ => Ok(actual),
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Io, "reading what is to be uploaded failed").caused_by(error)
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self {
            source: Source::Bytes(bytes),
            length: None,
        }
    }
}

macro_rules! from_bytes {
    ($($from:ty: $bytes:ident => $into:expr,)+) => {
        $(impl From<$from> for Content {
            fn from($bytes: $from) -> Self {
                Self::from(Bytes::from($into))
            }
        })+
    };
}

from_bytes! {
    Vec<u8>: bytes => bytes,
    &[u8]: bytes => bytes.to_vec(),
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Bytes(_) => "bytes",
            Source::File(_) => "file",
            Source::Blocks(_) => "blocks",
        };
        f.debug_struct("Content")
            .field("source", &source)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content: Content) -> Result<Vec<u8>> {
        let (_, blocks) = content.open().await?;
        Ok(blocks.try_collect::<Vec<_>>().await?.concat())
    }

    #[tokio::test]
    async fn every_source_gives_its_bytes() {
        let text = "x".repeat(200_000);
        let reader = std::io::Cursor::new(text.clone().into_bytes());
        let sources = [
            Content::text(&text),
            Content::reader(std::io::Cursor::new(text.clone())),
            Content::blocking_reader(reader),
            Content::iter(vec![text[..7].to_owned(), text[7..].to_owned()]),
            Content::stream(stream::iter([Ok::<_, std::io::Error>(text.clone())])),
        ];
        for source in sources {
            let name = format!("{source:?}");
            assert_eq!(read(source).await.unwrap(), text.as_bytes(), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, &text).unwrap();
        let (length, _) = Content::file(&path).open().await.unwrap();
        assert_eq!(length, Some(200_000));
        assert_eq!(
            read(Content::from(path.as_path())).await.unwrap(),
            text.as_bytes()
        );
        let error = read(Content::file(folder.path().join("none")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let error = read(Content::file(folder.path())).await.unwrap_err();
        assert!(error.to_string().contains("is a directory"), "{error}");
        for content in [Content::file(&path), Content::text(&text)] {
            let error = read(content.with_length(7)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[tokio::test]
    async fn a_source_that_breaks_is_no_source_that_ends() {
        let items = [Ok("a"), Err(std::io::Error::other("boom"))];
        assert!(read(Content::stream(stream::iter(items))).await.is_err());
        let panics = (0..3).map(|n| if n < 2 { "a" } else { panic!("boom") });
        assert!(read(Content::iter(panics)).await.is_err());
    }
}
