//! Imports: from rows of text to items of lists, cells of modules, users, versions and line items.

mod line_items;
mod list;
mod module;
mod rows;
mod users;
mod values;
mod versions;

use std::collections::BTreeMap;

use anaplan_core::{ModelId, UserId};

use crate::world::csv::Table;
use crate::world::ids::IdSource;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::people::User;
use crate::world::structure::{Dimension, Module};

use line_items::LineItemLoad;
use list::ListLoad;
use module::ModuleLoad;
use users::UserLoad;
use versions::VersionLoad;

pub(crate) use rows::{Applied, BadRow};

/// An import.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// 112 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The source of the rows.
    pub source: ImportSource,
    /// The target.
    pub target: ImportTarget,
}

/// The source of an import.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImportSource {
    /// Nowhere yet.
    None,
    /// A file of the model, of which each user has their own content.
    File(u64),
    /// A list or a module of another model, or of the same.
    Model {
        /// The model.
        model: ModelId,
        /// The list or module in it.
        object: u64,
    },
}

/// The target of an import.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImportTarget {
    /// Nothing yet.
    None,
    /// The items of a list.
    List {
        /// The list.
        list: u64,
        /// The column of the names.
        name: Option<String>,
        /// The column of the codes.
        code: Option<String>,
        /// The column of the parents, by name or code.
        parent: Option<String>,
        /// Columns, and the properties that they fill.
        properties: Vec<(String, String)>,
    },
    /// The cells of a module.
    Module {
        /// The module.
        module: u64,
        /// The source of the item of each dimension.
        dimensions: Vec<(Dimension, Coordinate)>,
        /// Columns, and the line items that they fill.
        line_items: Vec<(String, u64)>,
    },
    /// The users of the model.
    Users {
        /// The column of the e-mail addresses.
        email: Option<String>,
        /// The column of the first names.
        first_name: Option<String>,
        /// The column of the last names.
        last_name: Option<String>,
        /// The column of the roles.
        role: Option<String>,
    },
    /// The versions.
    Versions {
        /// The column of the names.
        name: Option<String>,
        /// The column of the codes.
        code: Option<String>,
        /// The column of the notes.
        notes: Option<String>,
    },
    /// The line items of a module, but for their cells.
    LineItems {
        /// The module.
        module: u64,
        /// The column of the names.
        name: Option<String>,
        /// The column of the codes.
        code: Option<String>,
        /// The column of the formats.
        format: Option<String>,
        /// The column of the formulas.
        formula: Option<String>,
        /// The column of the notes.
        notes: Option<String>,
    },
}

/// The source of the item of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coordinate {
    /// From this column, by name or code.
    Column(String),
    /// From who runs it: the `entityName` of a mapping parameter whose `entityType` is this.
    Asked(String),
}

impl Import {
    /// The type on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.target {
            ImportTarget::None | ImportTarget::List { .. } => "HIERARCHY_DATA",
            ImportTarget::Module { .. } => "MODULE_DATA",
            ImportTarget::Users { .. } => "USERS",
            ImportTarget::Versions { .. } => "VERSIONS",
            ImportTarget::LineItems { .. } => "LINE_ITEM_DEFINITION",
        }
    }
}

/// A kind of target.
pub(crate) struct Site<'w> {
    pub(crate) model: &'w mut Model,
    pub(crate) users: &'w mut BTreeMap<UserId, User>,
    pub(crate) ids: &'w mut IdSource,
}

/// Writes the rows of a table into the target of an import. An import that cannot begin returns the
/// detail of its failure.
pub(crate) fn apply(
    site: Site<'_>,
    import: &Import,
    table: &Table,
    decimal: char,
    answers: &BTreeMap<String, String>,
) -> Result<(Applied, Vec<Detail>), Detail> {
    let Site { model, users, ids } = site;
    match &import.target {
        ImportTarget::None => Err(detail(
            "importFailedGeneralError",
            "The import has no target.",
        )),
        ImportTarget::List { list, .. } => {
            let Some(list) = model.structure.list(*list).cloned() else {
                return Err(detail(
                    "failedToLocateHierarchy",
                    "The list of the import is not there any more.",
                ));
            };
            if model.state.is_deployed() && !list.production {
                let text = format!(
                    "{}: the model is deployed, and the list is not production data.",
                    list.name
                );
                return Err(detail("hierarchyImportFailed", text));
            }
            let load = ListLoad::new(&list, import, table, decimal)?;
            let applied = load.run(model, ids);
            let details =
                applied.details("hierarchy", "hierarchy", &list.name, list.code.as_deref());
            Ok((applied, details))
        }
        ImportTarget::Module { module, .. } => {
            let module = find_module(model, *module)?;
            let load = ModuleLoad::new(model, import, table, decimal, answers)?;
            let applied = load.run(model);
            let details =
                applied.details("module", "lineItem", &module.name, module.code.as_deref());
            Ok((applied, details))
        }
        ImportTarget::Users { .. } => {
            let applied = UserLoad::new(import, table)?.run(model, users, ids);
            let details = applied.plain_details("usersRowsProcessed", "Users");
            Ok((applied, details))
        }
        ImportTarget::Versions { .. } => {
            structural(model, "importFailedGeneralError")?;
            let applied = VersionLoad::new(import, table)?.run(model, ids);
            let details = applied.plain_details("versionsRowsProcessed", "Versions");
            Ok((applied, details))
        }
        ImportTarget::LineItems { module, .. } => {
            structural(model, "moduleImportFailed")?;
            let module = find_module(model, *module)?;
            let applied = LineItemLoad::new(module.id, import, table)?.run(model, ids);
            let details =
                applied.details("module", "lineItem", &module.name, module.code.as_deref());
            Ok((applied, details))
        }
    }
}

fn find_module(model: &Model, module: u64) -> Result<Module, Detail> {
    model.structure.module(module).cloned().ok_or_else(|| {
        detail(
            "failedToLocateModule",
            "The module of the import is not there any more.",
        )
    })
}

/// The refusal of a deployed model, whose structure comes by syncs only.
fn structural(model: &Model, failure: &str) -> Result<(), Detail> {
    if model.state.is_deployed() {
        let text = "The model is deployed, and its structure cannot be changed.";
        return Err(detail(failure, text));
    }
    Ok(())
}
