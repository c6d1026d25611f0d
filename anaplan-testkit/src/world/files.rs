//! Files: what a model knows of them, and what users do with their content.

use anaplan_core::{ModelId, UserId};
use bytes::Bytes;

use crate::world::World;
use crate::world::books::FileCompleted;
use crate::world::chunk_store::ChunkStore;
use crate::world::content::{Chunks, Content, Place, join};
use crate::world::encoding::Encoding;
use crate::world::model::Model;

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
    /// The character encoding.
    pub encoding: Encoding,
    /// The column separator.
    pub separator: char,
    /// The text delimiter.
    pub delimiter: char,
    /// The row of the headers, from 1; -1 for a file without a description.
    pub header_row: i64,
    /// The first row of data, from 1; -1 for a file without a description.
    pub first_data_row: i64,
    /// The decimal separator.
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

    /// A file that was created by an upload to an id that is not known.
    fn undescribed(id: u64, name: impl Into<String>) -> Self {
        Self {
            separator: '\t',
            header_row: -1,
            first_data_row: -1,
            ..Self::new(id, name)
        }
    }
}

/// The default content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultFile {
    /// The content.
    pub content: Bytes,
    /// `true` if it is there for others than administrators.
    pub everyone: bool,
}

/// A file of a model, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileOf<'m> {
    Source(&'m SourceFile),
    /// The output of an export: id and name.
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

/// Why a file is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileRefusal {
    /// No such file, or no such chunk.
    Unknown,
    /// Chunks are missing.
    Incomplete,
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
        let content = Content::whole(ChunkStore::of([content.into()]), self.now);
        self.files
            .contents
            .insert((model.clone(), file, user.clone()), content);
    }

    /// Returns the whole content of a file for a user; `None` when it is not complete or there is nothing, and when
    /// the disk that large files lie on cannot be read.
    #[must_use]
    pub fn file_content(&self, model: &ModelId, file: u64, user: &UserId) -> Option<Bytes> {
        let place = (model.clone(), file, user.clone());
        join(self.files.contents.get(&place)?.pieces()?).ok()
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
            content.chunks = Chunks::Held(ChunkStore::default());
        }
        if let Chunks::Held(held) = &mut content.chunks {
            held.put(number, bytes);
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
        let whole = held.numbers().eq(0..held.count());
        if content.declared.is_some() || !whole {
            return Err(FileRefusal::Incomplete);
        }
        content.declared = Some(held.count());
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
        let content = Content::whole(ChunkStore::of([bytes]), self.now);
        self.files.contents.insert(place.clone(), content);
        self.note_completed(&place);
    }

    pub(crate) fn delete_content(&mut self, model: &ModelId, file: u64, user: &UserId) {
        let place = (model.clone(), file, user.clone());
        if let Some(content) = self.files.contents.remove(&place) {
            self.files.stale.insert(place, content.chunk_count());
        }
    }

    /// Returns the private content of a file, or else the default. An access keeps it alive.
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
        permitted.then(|| Content::whole(ChunkStore::lent(default.content.clone()), self.now))
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
