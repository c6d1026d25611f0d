//! Files: what a model knows of them, and what each user has put into them.

use std::collections::BTreeMap;
use std::time::Duration;

use anaplan_core::{ModelId, Timestamp, UserId};
use bytes::Bytes;

use crate::world::World;
use crate::world::books::FileCompleted;
use crate::world::made_rows::MadeRows;
use crate::world::model::Model;
use crate::world::tokens::later;

/// How long private content is kept after the last access.
pub(crate) const LIFE: Duration = Duration::from_secs(48 * 3600);
/// The largest chunk that is given, in bytes.
pub(crate) const CHUNK: usize = 10_000_000;

/// How the text of a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// ISO-8859-1.
    Latin1,
}

impl Encoding {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Latin1 => "ISO-8859-1",
        }
    }

    /// Reads text; what is no text becomes the replacement character. A byte order mark is no text.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        let text = match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Self::Utf16Le => {
                let units = bytes
                    .chunks_exact(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                char::decode_utf16(units)
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
        };
        match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }
    }

    /// Writes text; what the encoding has no sign for becomes a question mark.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Latin1 => text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

/// A file that imports read, as the model knows it: not its content, but how to read it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SourceFile {
    /// 113 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// How the text is written.
    pub encoding: Encoding,
    /// What stands between columns.
    pub separator: char,
    /// What stands around texts.
    pub delimiter: char,
    /// The row of the headers, from 1; -1 for a file that nobody has described.
    pub header_row: i64,
    /// The first row of data, from 1; -1 for a file that nobody has described.
    pub first_data_row: i64,
    /// What stands before the digits that are less than one.
    pub decimal_separator: char,
    /// The columns, as they were when the file was described.
    pub columns: Vec<String>,
}

impl SourceFile {
    pub(crate) fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            code: None,
            encoding: Encoding::Utf8,
            separator: ',',
            delimiter: '"',
            header_row: 1,
            first_data_row: 2,
            decimal_separator: '.',
            columns: Vec::new(),
        }
    }

    /// A file that was created by an upload to an id that nobody knows.
    fn undescribed(id: u64, name: impl Into<String>) -> Self {
        Self {
            separator: '\t',
            header_row: -1,
            first_data_row: -1,
            ..Self::new(id, name)
        }
    }
}

/// What a file has for those who have uploaded nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultFile {
    /// The content.
    pub content: Bytes,
    /// Whether it is there for others than administrators.
    pub everyone: bool,
}

/// What one user has in one file.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    chunks: Chunks,
    /// How many chunks there will be, where that was said.
    declared: Option<usize>,
    completed: bool,
    touched: Timestamp,
}

#[derive(Debug, Clone)]
enum Chunks {
    Held(BTreeMap<usize, Bytes>),
    Made(MadeRows),
}

impl Content {
    fn announced(declared: Option<usize>, now: Timestamp) -> Self {
        Self {
            chunks: Chunks::Held(BTreeMap::new()),
            declared,
            completed: false,
            touched: now,
        }
    }

    pub(crate) fn whole(chunks: Vec<Bytes>, now: Timestamp) -> Self {
        Self {
            declared: Some(chunks.len()),
            chunks: Chunks::Held(chunks.into_iter().enumerate().collect()),
            completed: true,
            touched: now,
        }
    }

    pub(crate) fn made(rows: MadeRows, now: Timestamp) -> Self {
        Self {
            declared: Some(rows.chunks()),
            chunks: Chunks::Made(rows),
            completed: true,
            touched: now,
        }
    }

    /// Whether all of it is there.
    pub(crate) fn is_ready(&self) -> bool {
        match (&self.chunks, self.declared) {
            (Chunks::Made(_), _) => true,
            (Chunks::Held(held), Some(declared)) => held.len() == declared,
            (Chunks::Held(_), None) => self.completed,
        }
    }

    /// The `chunkCount` that is shown.
    pub(crate) fn chunk_count(&self) -> i64 {
        self.declared
            .map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The numbers of the chunks that are listed: the announced ones, or those that have come.
    pub(crate) fn listed(&self) -> Vec<usize> {
        match (&self.chunks, self.declared) {
            (_, Some(declared)) => (0..declared).collect(),
            (Chunks::Held(held), None) => held.keys().copied().collect(),
            (Chunks::Made(rows), None) => (0..rows.chunks()).collect(),
        }
    }

    /// The bytes of one chunk, piece by piece.
    pub(crate) fn chunk(&self, number: usize) -> Option<Pieces> {
        match &self.chunks {
            Chunks::Held(held) => Some(Box::new(std::iter::once(held.get(&number)?.clone()))),
            Chunks::Made(rows) => {
                (number < rows.chunks()).then(|| Box::new(rows.chunk(number)) as Pieces)
            }
        }
    }

    /// All bytes, piece by piece, once all are there. `None` also when there are none.
    pub(crate) fn pieces(&self) -> Option<Pieces> {
        if !self.is_ready() || self.listed().is_empty() {
            return None;
        }
        Some(match &self.chunks {
            Chunks::Held(held) => Box::new(held.values().cloned().collect::<Vec<_>>().into_iter()),
            Chunks::Made(rows) => Box::new(rows.all()),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        match &self.chunks {
            Chunks::Held(held) => held.values().map(|chunk| chunk.len() as u64).sum(),
            Chunks::Made(rows) => rows.len(),
        }
    }
}

pub(crate) type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// By model, file and user.
type Place = (ModelId, u64, UserId);

/// The private content of every user.
#[derive(Debug, Default)]
pub(crate) struct FileStore {
    contents: BTreeMap<Place, Content>,
    /// The count that lists go on showing for content that was deleted.
    stale: BTreeMap<Place, i64>,
}

impl FileStore {
    pub(crate) fn forget_model(&mut self, model: &ModelId) {
        self.contents.retain(|(of, _, _), _| of != model);
        self.stale.retain(|(of, _, _), _| of != model);
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.contents
            .retain(|_, content| later(content.touched, LIFE) > now);
    }
}

/// Why a file is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileRefusal {
    /// No such file, or no such chunk.
    Unknown,
    /// Chunks are missing.
    Incomplete,
}

/// A file of a model, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileOf<'m> {
    Source(&'m SourceFile),
    /// What an export writes: id and name.
    Output(u64, &'m str, Encoding),
}

impl FileOf<'_> {
    pub(crate) fn id(&self) -> u64 {
        match self {
            Self::Source(file) => file.id,
            Self::Output(id, ..) => *id,
        }
    }
}

impl Model {
    /// The files that can be asked for: sources of imports, what uploads have created, and what
    /// exports write.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileOf<'_>> {
        let sources = self.structure.files.iter().chain(&self.created_files);
        let outputs = self.structure.exports.iter();
        sources
            .map(FileOf::Source)
            .chain(outputs.map(|export| FileOf::Output(export.id, &export.name, export.encoding)))
    }

    /// The file of this id.
    pub(crate) fn file(&self, id: u64) -> Option<FileOf<'_>> {
        self.files().find(|file| file.id() == id)
    }
}

impl World {
    /// Puts content into a file for one user, as if they had uploaded it.
    pub fn put_file(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
        content: impl Into<Bytes>,
    ) {
        let content = Content::whole(vec![content.into()], self.now);
        self.files
            .contents
            .insert((model.clone(), file, user.clone()), content);
    }

    /// What a user has in a file, all of it; `None` when it is not complete or there is nothing.
    #[must_use]
    pub fn file_content(&self, model: &ModelId, file: u64, user: &UserId) -> Option<Bytes> {
        let place = (model.clone(), file, user.clone());
        Some(join(self.files.contents.get(&place)?.pieces()?))
    }

    pub(crate) fn write_output(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
        content: Content,
    ) {
        self.files
            .contents
            .insert((model.clone(), file, user.clone()), content);
    }

    /// Begins an upload: what the user had before is gone. `None` for an unknown number of chunks.
    pub(crate) fn announce(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
        count: Option<usize>,
    ) {
        let place = (model.clone(), file, user.clone());
        self.files.stale.remove(&place);
        let content = Content::announced(count, self.now);
        self.files.contents.insert(place, content);
    }

    /// Creates a file that no import reads.
    pub(crate) fn create_file(&mut self, model: &ModelId, name: String) -> Option<u64> {
        let id = self.ids.object(113);
        let model = self.model_mut(model)?;
        model.created_files.push(SourceFile::undescribed(id, name));
        Some(id)
    }

    pub(crate) fn put_chunk(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
        number: usize,
        bytes: Bytes,
    ) -> Result<(), FileRefusal> {
        let now = self.now;
        let has_default = self
            .model(model)
            .is_some_and(|model| model.default_files.contains_key(&file));
        let place = (model.clone(), file, user.clone());
        let content = match self.files.contents.get_mut(&place) {
            Some(content) => content,
            // Where there is a default file, the count comes first.
            None if has_default => return Err(FileRefusal::Unknown),
            None => {
                let fresh = Content::announced(None, now);
                self.files.contents.entry(place.clone()).or_insert(fresh)
            }
        };
        if content.declared.is_some_and(|declared| number >= declared) {
            return Err(FileRefusal::Unknown);
        }
        content.touched = now;
        let before = content.is_ready();
        if let Chunks::Made(_) = content.chunks {
            content.chunks = Chunks::Held(BTreeMap::new());
        }
        if let Chunks::Held(held) = &mut content.chunks {
            held.insert(number, bytes);
        }
        if !before && content.is_ready() {
            self.note_completed(&place);
        }
        Ok(())
    }

    /// Says that every chunk of an upload of unknown length is in.
    pub(crate) fn complete(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
    ) -> Result<(), FileRefusal> {
        let now = self.now;
        let place = (model.clone(), file, user.clone());
        let content = self
            .files
            .contents
            .get_mut(&place)
            .ok_or(FileRefusal::Unknown)?;
        content.touched = now;
        if content.is_ready() {
            return Ok(());
        }
        let Chunks::Held(held) = &content.chunks else {
            return Ok(());
        };
        let whole = held.keys().copied().eq(0..held.len());
        if content.declared.is_some() || !whole {
            return Err(FileRefusal::Incomplete);
        }
        content.declared = Some(held.len());
        content.completed = true;
        self.note_completed(&place);
        Ok(())
    }

    pub(crate) fn replace_content(
        &mut self,
        model: &ModelId,
        file: u64,
        user: &UserId,
        bytes: Bytes,
    ) {
        let place = (model.clone(), file, user.clone());
        self.files.stale.remove(&place);
        let content = Content::whole(vec![bytes], self.now);
        self.files.contents.insert(place.clone(), content);
        self.note_completed(&place);
    }

    pub(crate) fn delete_content(&mut self, model: &ModelId, file: u64, user: &UserId) {
        let place = (model.clone(), file, user.clone());
        if let Some(content) = self.files.contents.remove(&place) {
            self.files.stale.insert(place, content.chunk_count());
        }
    }

    /// What a user finds in a file: their own content, or else the default. Looking keeps it alive.
    pub(crate) fn content(&mut self, model: &ModelId, file: u64, user: &UserId) -> Option<Content> {
        let now = self.now;
        let place = (model.clone(), file, user.clone());
        if let Some(content) = self.files.contents.get_mut(&place) {
            content.touched = now;
            return Some(content.clone());
        }
        self.default_content(self.model(model)?, file, user)
    }

    fn default_content(&self, model: &Model, file: u64, user: &UserId) -> Option<Content> {
        let default = model.default_files.get(&file)?;
        let permitted = default.everyone || self.is_admin_of(user, model);
        permitted.then(|| Content::whole(vec![default.content.clone()], self.now))
    }

    /// The `chunkCount` that a user is shown. It may be out of date.
    pub(crate) fn shown_count(&self, model: &Model, file: u64, user: &UserId) -> i64 {
        let place = (model.id.clone(), file, user.clone());
        let held = self.files.contents.get(&place).map(Content::chunk_count);
        held.or_else(|| {
            let default = self.default_content(model, file, user)?;
            Some(default.chunk_count())
        })
        .or_else(|| self.files.stale.get(&place).copied())
        .unwrap_or(0)
    }

    fn note_completed(&mut self, place: &Place) {
        if let Some(content) = self.files.contents.get(place) {
            let (model, file, user) = place.clone();
            self.books.files_completed.push(FileCompleted {
                model,
                file,
                user,
                bytes: content.len(),
                chunks: content.listed().len(),
            });
        }
    }
}

/// Puts pieces together, without copying where there is only one.
pub(crate) fn join(mut pieces: Pieces) -> Bytes {
    let Some(first) = pieces.next() else {
        return Bytes::new();
    };
    let Some(second) = pieces.next() else {
        return first;
    };
    let mut all = Vec::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    all.into()
}

/// Cuts bytes into chunks of the largest size.
pub(crate) fn cut(mut bytes: Bytes) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while !bytes.is_empty() {
        chunks.push(bytes.split_to(CHUNK.min(bytes.len())));
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_reads_what_it_writes() {
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Latin1] {
            let text = "Zürich;1,5\r\n";
            assert_eq!(encoding.decode(&encoding.encode(text)), text);
        }
        assert_eq!(Encoding::Utf8.decode("\u{feff}a".as_bytes()), "a");
        assert_eq!(Encoding::Latin1.encode("日"), b"?");
    }

    #[test]
    fn content_is_ready_when_every_announced_chunk_is_there() {
        let mut content = Content::announced(Some(2), Timestamp::UNIX_EPOCH);
        assert_eq!((content.is_ready(), content.listed()), (false, vec![0, 1]));
        content.chunks = Chunks::Held([(0, "a".into()), (1, "b".into())].into());
        assert_eq!(content.pieces().map(join).unwrap(), "ab");
        let streaming = Content::announced(None, Timestamp::UNIX_EPOCH);
        assert_eq!((streaming.is_ready(), streaming.chunk_count()), (false, -1));
    }
}
