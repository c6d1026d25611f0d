//! Properties of exports.

use crate::world::encoding::Encoding;
use crate::world::exports::{Export, ExportSource};
use crate::world::model::Model;

/// Describes an export.
#[derive(Debug)]
pub struct ExportEdit<'m> {
    pub(super) model: &'m mut Model,
    pub(super) id: u64,
}

impl ExportEdit<'_> {
    /// The export's id, which is also that of the file that it writes.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Has it write the items of a list.
    pub fn of_list(self, list: u64) -> Self {
        self.change(|export| export.source = ExportSource::List(list))
    }

    /// Has it write the cells of a module.
    pub fn of_module(self, module: u64) -> Self {
        self.change(|export| export.source = ExportSource::Module(module))
    }

    /// Has it write so many bytes of invented rows, which take no memory however many they are.
    pub fn of_bytes(self, bytes: u64) -> Self {
        self.change(|export| export.source = ExportSource::Bytes(bytes))
    }

    /// Says how the text is written.
    pub fn encoding(self, encoding: Encoding) -> Self {
        self.change(|export| export.encoding = encoding)
    }

    /// Says what stands between columns.
    pub fn separator(self, separator: char) -> Self {
        self.change(|export| export.separator = separator)
    }

    fn change(self, change: impl FnOnce(&mut Export)) -> Self {
        let exports = &mut self.model.structure.exports;
        if let Some(export) = exports.iter_mut().find(|export| export.id == self.id) {
            change(export);
        }
        self
    }
}
