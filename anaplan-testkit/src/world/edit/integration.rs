//! Files, imports, exports, actions, processes and dashboards of a model.

use crate::world::actions::{Act, Action, Dashboard, Process};
use crate::world::edit::{ActionEdit, ExportEdit, FileEdit, ImportEdit, ModelEdit, ProcessEdit};
use crate::world::encoding::Encoding;
use crate::world::exports::{Export, ExportSource};
use crate::world::files::SourceFile;
use crate::world::ids::IdSource;
use crate::world::imports::{Import, ImportSource, ImportTarget};

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

    /// Adds a dashboard, and returns its id.
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
