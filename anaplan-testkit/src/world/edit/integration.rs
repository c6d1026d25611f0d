//! Files, imports, exports, actions, processes and dashboards of a model.

use bytes::Bytes;

use crate::world::actions::{Act, Action, Dashboard, Process, Selection, SortKey};
use crate::world::edit::ModelEdit;
use crate::world::encoding::Encoding;
use crate::world::exports::{Export, ExportSource};
use crate::world::files::{DefaultFile, SourceFile};
use crate::world::ids::IdSource;
use crate::world::imports::{Coordinate, Import, ImportSource, ImportTarget};
use crate::world::model::Model;
use crate::world::structure::Dimension;

impl ModelEdit<'_> {
    /// Adds a file for imports to read: CSV in UTF-8, with headers in its first row. It has no content.
    ///
    /// ```
    /// use anaplan_testkit::World;
    ///
    /// let (mut world, demo) = World::demo("2025-01-31T12:00:00Z".parse()?);
    /// let mut edit = world.edit(&demo.dev);
    /// let file = edit.file("regions.csv").columns(["Region", "Code"]).id();
    /// let import = edit
    ///     .import("Load regions")
    ///     .from_file(file)
    ///     .into_list(demo.list)
    ///     .name_from("Region")
    ///     .code_from("Code")
    ///     .id();
    /// let export = edit.export("Regions").of_list(demo.list).id();
    /// edit.process("Nightly").step(import).step(export).stops_on_failure();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file(&mut self, name: impl Into<String>) -> FileEdit<'_> {
        let id = self.ids.object(113);
        let file = SourceFile::new(id, name);
        self.model.structure.files.push(file);
        FileEdit {
            model: self.model,
            id,
        }
    }

    /// Adds an import, which has neither a source nor a target yet.
    pub fn import(&mut self, name: impl Into<String>) -> ImportEdit<'_> {
        let id = self.ids.object(112);
        self.model.structure.imports.push(Import {
            id,
            name: name.into(),
            code: None,
            source: ImportSource::None,
            target: ImportTarget::None,
        });
        ImportEdit {
            model: self.model,
            id,
        }
    }

    /// Adds an export, of a single invented row until it is told what it exports.
    pub fn export(&mut self, name: impl Into<String>) -> ExportEdit<'_> {
        let id = self.ids.object(116);
        self.model.structure.exports.push(Export {
            id,
            name: name.into(),
            code: None,
            source: ExportSource::Bytes(0),
            encoding: Encoding::Utf8,
            separator: ',',
        });
        ExportEdit {
            model: self.model,
            id,
        }
    }

    /// Adds an action, which opens a dashboard until it is told what it does.
    pub fn action(&mut self, name: impl Into<String>) -> ActionEdit<'_> {
        let id = self.ids.object(117);
        self.model.structure.actions.push(Action {
            id,
            name: name.into(),
            code: None,
            act: Act::OpenDashboard,
        });
        ActionEdit {
            model: self.model,
            id,
        }
    }

    /// Adds a process without steps. It goes on after a step that failed, unless told otherwise.
    pub fn process(&mut self, name: impl Into<String>) -> ProcessEdit<'_> {
        let id = self.ids.object(118);
        self.model.structure.processes.push(Process {
            id,
            name: name.into(),
            code: None,
            steps: Vec::new(),
            stops_on_failure: false,
        });
        ProcessEdit {
            model: self.model,
            id,
        }
    }

    /// Adds a dashboard, and gives its id.
    pub fn dashboard(&mut self, name: impl Into<String>) -> u64 {
        let Self { model, ids } = self;
        let ids: &mut IdSource = ids;
        let id = ids.object(115);
        model.structure.dashboards.push(Dashboard {
            id,
            name: name.into(),
            code: None,
        });
        id
    }

    /// Takes a file, import, export, action, process or dashboard away. Processes go on naming it.
    pub fn remove_object(&mut self, id: u64) {
        let structure = &mut self.model.structure;
        structure.files.retain(|object| object.id != id);
        structure.imports.retain(|object| object.id != id);
        structure.exports.retain(|object| object.id != id);
        structure.actions.retain(|object| object.id != id);
        structure.processes.retain(|object| object.id != id);
        structure.dashboards.retain(|object| object.id != id);
        self.model.default_files.remove(&id);
    }
}

/// Describes a file.
#[derive(Debug)]
pub struct FileEdit<'m> {
    model: &'m mut Model,
    id: u64,
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

    /// Gives it content for those who have uploaded nothing: for administrators, or for everyone.
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

/// Describes an import.
#[derive(Debug)]
pub struct ImportEdit<'m> {
    model: &'m mut Model,
    id: u64,
}

impl ImportEdit<'_> {
    /// The import's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Gives it a code.
    pub fn code(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.change(|import| import.code = Some(text))
    }

    /// Has it read a file.
    pub fn from_file(self, file: u64) -> Self {
        self.change(|import| import.source = ImportSource::File(file))
    }

    /// Has it read a list or a module of a model, as an export of it would write it.
    pub fn from_model(self, model: &anaplan_core::ModelId, object: u64) -> Self {
        let model = model.clone();
        self.change(|import| import.source = ImportSource::Model { model, object })
    }

    /// Has it write the items of a list: say at least where names or codes come from.
    pub fn into_list(self, list: u64) -> Self {
        self.change(|import| {
            import.target = ImportTarget::List {
                list,
                name: None,
                code: None,
                parent: None,
                properties: Vec::new(),
            };
        })
    }

    /// The column of the items' names.
    pub fn name_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { name, .. } = &mut import.target {
                *name = Some(column);
            }
        })
    }

    /// The column of the items' codes, which are then what items are found by.
    pub fn code_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { code, .. } = &mut import.target {
                *code = Some(column);
            }
        })
    }

    /// The column of the items' parents, by name or code.
    pub fn parent_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { parent, .. } = &mut import.target {
                *parent = Some(column);
            }
        })
    }

    /// The column of a property.
    pub fn property_from(self, column: impl Into<String>, property: impl Into<String>) -> Self {
        let pair = (column.into(), property.into());
        self.change(|import| {
            if let ImportTarget::List { properties, .. } = &mut import.target {
                properties.push(pair);
            }
        })
    }

    /// Has it write the cells of a module: say where every dimension and the values come from.
    pub fn into_module(self, module: u64) -> Self {
        self.change(|import| {
            import.target = ImportTarget::Module {
                module,
                dimensions: Vec::new(),
                line_items: Vec::new(),
            };
        })
    }

    /// The column of the items of a dimension, by name or code.
    pub fn dimension_from(self, dimension: Dimension, column: impl Into<String>) -> Self {
        self.coordinate(dimension, Coordinate::Column(column.into()))
    }

    /// Has whoever runs it say the item of a dimension, in a mapping parameter of this `entityType`.
    pub fn dimension_asked(self, dimension: Dimension, entity_type: impl Into<String>) -> Self {
        self.coordinate(dimension, Coordinate::Asked(entity_type.into()))
    }

    /// The column of the values of a line item.
    pub fn line_item_from(self, column: impl Into<String>, line_item: u64) -> Self {
        let pair = (column.into(), line_item);
        self.change(|import| {
            if let ImportTarget::Module { line_items, .. } = &mut import.target {
                line_items.push(pair);
            }
        })
    }

    fn coordinate(self, dimension: Dimension, coordinate: Coordinate) -> Self {
        self.change(|import| {
            if let ImportTarget::Module { dimensions, .. } = &mut import.target {
                dimensions.push((dimension, coordinate));
            }
        })
    }

    fn change(self, change: impl FnOnce(&mut Import)) -> Self {
        let imports = &mut self.model.structure.imports;
        if let Some(import) = imports.iter_mut().find(|import| import.id == self.id) {
            change(import);
        }
        self
    }
}

/// Describes an export.
#[derive(Debug)]
pub struct ExportEdit<'m> {
    model: &'m mut Model,
    id: u64,
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

/// Describes an action.
#[derive(Debug)]
pub struct ActionEdit<'m> {
    model: &'m mut Model,
    id: u64,
}

impl ActionEdit<'_> {
    /// The action's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Has it delete the chosen items of a list.
    pub fn deletes(self, list: u64, selection: Selection) -> Self {
        self.act(Act::DeleteBySelection { list, selection })
    }

    /// Has it put the items of a list in order.
    pub fn sorts(self, list: u64, by: SortKey) -> Self {
        let descending = false;
        self.act(Act::OrderHierarchy {
            list,
            by,
            descending,
        })
    }

    /// Has it put the items of a list in order, the last first.
    pub fn sorts_descending(self, list: u64, by: SortKey) -> Self {
        let descending = true;
        self.act(Act::OrderHierarchy {
            list,
            by,
            descending,
        })
    }

    /// Has it copy the cells of one item to another one.
    pub fn copies(self, list: u64, from: u64, to: u64) -> Self {
        self.act(Act::BulkCopy { list, from, to })
    }

    /// Has it run the optimizer.
    pub fn optimizes(self) -> Self {
        self.act(Act::Optimizer)
    }

    fn act(self, act: Act) -> Self {
        let actions = &mut self.model.structure.actions;
        if let Some(action) = actions.iter_mut().find(|action| action.id == self.id) {
            action.act = act;
        }
        self
    }
}

/// Describes a process.
#[derive(Debug)]
pub struct ProcessEdit<'m> {
    model: &'m mut Model,
    id: u64,
}

impl ProcessEdit<'_> {
    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Adds an import, export or action at its end.
    pub fn step(self, object: u64) -> Self {
        self.change(|process| process.steps.push(object))
    }

    /// Has it leave out the steps after a failed one.
    pub fn stops_on_failure(self) -> Self {
        self.change(|process| process.stops_on_failure = true)
    }

    fn change(self, change: impl FnOnce(&mut Process)) -> Self {
        let processes = &mut self.model.structure.processes;
        if let Some(process) = processes.iter_mut().find(|process| process.id == self.id) {
            change(process);
        }
        self
    }
}
