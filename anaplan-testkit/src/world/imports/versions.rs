//! Rows that become versions.

use crate::world::calendar::Version;
use crate::world::csv::{Row, Table};
use crate::world::ids::IdSource;
use crate::world::imports::rows::{
    Applied, Effect, Problem, filled, malformed, optional_column, problem,
};
use crate::world::imports::{Import, ImportTarget};
use crate::world::items::key;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};

pub(crate) struct VersionLoad<'a> {
    table: &'a Table,
    name: Option<usize>,
    code: Option<usize>,
    notes: Option<usize>,
}

impl<'a> VersionLoad<'a> {
    pub(crate) fn new(import: &Import, table: &'a Table) -> Result<Self, Detail> {
        let ImportTarget::Versions { name, code, notes } = &import.target else {
            return Err(detail("internalError", "The import writes no versions."));
        };
        let load = Self {
            table,
            name: optional_column(table, name.as_ref())?,
            code: optional_column(table, code.as_ref())?,
            notes: optional_column(table, notes.as_ref())?,
        };
        if load.name.is_none() && load.code.is_none() {
            let text = "The import maps neither names nor codes.";
            return Err(detail("missingFields", text));
        }
        Ok(load)
    }

    pub(crate) fn run(&self, model: &mut Model, ids: &mut IdSource) -> Applied {
        Applied::each(&self.table.rows, |row| {
            let effect = self.row(&mut model.structure.versions, ids, row)?;
            Ok((effect, Vec::new()))
        })
    }

    fn row(
        &self,
        versions: &mut Vec<Version>,
        ids: &mut IdSource,
        row: &Row,
    ) -> Result<Effect, Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let (name, code) = (filled(row, self.name), filled(row, self.code));
        let Some(label) = name.or(code) else {
            return problem("hierarchyImportEmptyKey", "Versions: Name is empty");
        };
        let of_code = |version: &Version| {
            let own = version.code.as_deref().map(key);
            code.is_some() && own == code.map(key)
        };
        let of_name = |version: &Version| name.is_some_and(|name| key(&version.name) == key(name));
        let at = versions
            .iter()
            .position(of_code)
            .or_else(|| versions.iter().position(of_name));
        let taken = |(index, other): (usize, &Version)| Some(index) != at && of_name(other);
        if versions.iter().enumerate().any(taken) {
            let text = format!("Versions: Name '{label}' belongs to another version");
            return problem("hierarchyImportNameOrCodeExists", text);
        }
        let known = at.and_then(|at| versions.get_mut(at));
        let before = known.as_deref().cloned();
        let mut version = match &before {
            Some(version) => version.clone(),
            None => Version::new(ids.object(107), label),
        };
        if let Some(name) = name {
            version.name = name.to_owned();
        }
        if let Some(code) = code {
            version.code = Some(code.to_owned());
        }
        if let Some(notes) = filled(row, self.notes) {
            version.notes = notes.to_owned();
        }
        Ok(match known {
            None => {
                versions.push(version);
                Effect::Created
            }
            Some(_) if before.as_ref() == Some(&version) => Effect::Nothing,
            Some(known) => {
                *known = version;
                Effect::Updated
            }
        })
    }
}
