//! Properties of files.

use bytes::Bytes;

use crate::world::encoding::Encoding;
use crate::world::files::{DefaultFile, SourceFile};
use crate::world::model::Model;

/// Describes a file.
#[derive(Debug)]
pub struct FileEdit<'m> {
    pub(super) model: &'m mut Model,
    pub(super) id: u64,
}

impl FileEdit<'_> {
    /// The file's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Says which columns it has.
    pub fn columns<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.change(|file| file.columns = names)
    }

    /// Says how its text is written.
    pub fn encoding(self, encoding: Encoding) -> Self {
        self.change(|file| file.encoding = encoding)
    }

    /// Says what stands between columns.
    pub fn separator(self, separator: char) -> Self {
        self.change(|file| file.separator = separator)
    }

    /// Says what stands around texts.
    pub fn delimiter(self, delimiter: char) -> Self {
        self.change(|file| file.delimiter = delimiter)
    }

    /// Says what stands before the digits that are less than one.
    pub fn decimal_separator(self, separator: char) -> Self {
        self.change(|file| file.decimal_separator = separator)
    }

    /// Says in which row the headers stand, from 1, and with which row the data begin. Without a row
    /// of headers (0) the columns are those that were described.
    pub fn rows(self, header: i64, first_data: i64) -> Self {
        self.change(|file| {
            file.header_row = header;
            file.first_data_row = first_data;
        })
    }

    /// Returns it content for those who have uploaded nothing: for administrators, or for everyone.
    /// Default content is data of this one model.
    pub fn default_content(self, content: impl Into<Bytes>, everyone: bool) -> Self {
        let content = content.into();
        let default = DefaultFile { content, everyone };
        self.model.default_files.insert(self.id, default);
        self
    }

    fn change(self, change: impl FnOnce(&mut SourceFile)) -> Self {
        let files = &mut self.model.structure.files;
        if let Some(file) = files.iter_mut().find(|file| file.id == self.id) {
            change(file);
        }
        self
    }
}
