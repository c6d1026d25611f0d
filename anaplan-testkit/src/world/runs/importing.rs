//! Running an import: who may, from what, into what.

use std::collections::BTreeMap;

use crate::world::World;
use crate::world::content::join;
use crate::world::csv::Table;
use crate::world::exports::ExportSource;
use crate::world::files::SourceFile;
use crate::world::imports::{self, Import, ImportSource, ImportTarget};
use crate::world::model::ModelState;
use crate::world::outcome::{Detail, detail};
use crate::world::runs::{Did, Run, role_permits};

impl World {
    pub(super) fn run_import(&mut self, run: &Run<'_>, import: &Import) -> Result<Did, Detail> {
        self.may_write(run, import)?;
        let (table, decimal) = self.source_table(run, import)?;
        let answers: BTreeMap<String, String> = run
            .mapping
            .iter()
            .filter(|answer| {
                let alone = run.inside.is_none() && answer.import.is_none();
                alone || answer.import == Some(import.id)
            })
            .map(|answer| (answer.entity_type.clone(), answer.entity_name.clone()))
            .collect();
        let Self {
            models, users, ids, ..
        } = self;
        let model = models.iter_mut().find(|model| model.id == *run.model);
        let Some(model) = model else {
            return Err(detail(
                "failedToLocateModel",
                "The model is not there any more.",
            ));
        };
        let site = imports::Site { model, users, ids };
        let (applied, details) = imports::apply(site, import, &table, decimal, &answers)?;
        let place = (run.model.clone(), import.id, run.by.clone());
        self.keep_dump(place, run.task, &table, &applied.bad);
        Ok(Did {
            dump: !applied.bad.is_empty(),
            rows: applied.applied(),
            details,
        })
    }

    /// Administrators may write everything; others items of lists, and of cells what their role says.
    fn may_write(&self, run: &Run<'_>, import: &Import) -> Result<(), Detail> {
        let Some(model) = self.model(run.model) else {
            return Ok(());
        };
        if self.is_admin_of(run.by, model) {
            return Ok(());
        }
        match &import.target {
            ImportTarget::None | ImportTarget::List { .. } => Ok(()),
            ImportTarget::Module { module, .. } if role_permits(model, run.by, *module, true) => {
                Ok(())
            }
            ImportTarget::Module { .. } => Err(detail(
                "moduleImportNoWriteAccess",
                format!("{}: no write access to the module.", import.name),
            )),
            ImportTarget::Users { .. }
            | ImportTarget::Versions { .. }
            | ImportTarget::LineItems { .. } => Err(detail(
                "notAuthorised",
                format!("{}: for workspace administrators only.", import.name),
            )),
        }
    }

    fn source_table(&mut self, run: &Run<'_>, import: &Import) -> Result<(Table, char), Detail> {
        match &import.source {
            ImportSource::None => Err(detail(
                "importFailedGeneralError",
                "The import has no source.",
            )),
            ImportSource::File(file) => {
                let gone = || {
                    detail(
                        "uploadedFileNoLongerAvailable",
                        "The uploaded file is no longer available. Please upload it again.",
                    )
                };
                let definition: SourceFile = self
                    .model(run.model)
                    .and_then(|model| model.structure.file(*file))
                    .cloned()
                    .ok_or_else(gone)?;
                let content = self.content(run.model, *file, run.by);
                let pieces = content.and_then(|content| content.pieces());
                let bytes = join(pieces.ok_or_else(gone)?).map_err(|error| {
                    let text = format!("The uploaded file cannot be read: {error}.");
                    detail("internalError", text)
                })?;
                let text = definition.encoding.decode(&bytes);
                // The bytes go before the rows come: both can be large.
                drop(bytes);
                let table = Table::read(&text, &definition);
                Ok((table, definition.decimal_separator))
            }
            ImportSource::Model { model, object } => {
                let source = self.model(model).ok_or_else(|| {
                    detail(
                        "failedToLocateModel",
                        "The source model is not there any more.",
                    )
                })?;
                if source.state == ModelState::Archived {
                    return Err(detail(
                        "sourceModelArchived",
                        "The source model is archived.",
                    ));
                }
                if !self.can_open(run.by, source) {
                    return Err(detail("notAuthorised", "No access to the source model."));
                }
                let list = self.export_table(source, ExportSource::List(*object));
                let table =
                    list.or_else(|| self.export_table(source, ExportSource::Module(*object)));
                let table = table.ok_or_else(|| {
                    detail(
                        "failedToLocateSavedView",
                        "The source is not there any more.",
                    )
                })?;
                Ok((table, '.'))
            }
        }
    }
}
