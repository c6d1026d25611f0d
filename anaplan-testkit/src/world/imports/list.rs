//! Rows that become items of a list.

use crate::world::csv::{Row, Table};
use crate::world::ids::IdSource;
use crate::world::imports::rows::{Applied, Effect, Problem, find_column, malformed, problem};
use crate::world::imports::values::{find_item, parse, value_code};
use crate::world::imports::{Import, ImportTarget};
use crate::world::items::{ListItem, key};
use crate::world::members::chain;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::{Format, List};

pub(crate) struct ListLoad<'a> {
    list: &'a List,
    table: &'a Table,
    name: Option<usize>,
    code: Option<usize>,
    parent: Option<usize>,
    properties: Vec<(usize, &'a str, Format)>,
    decimal: char,
}

impl<'a> ListLoad<'a> {
    pub(crate) fn new(
        list: &'a List,
        import: &'a Import,
        table: &'a Table,
        decimal: char,
    ) -> Result<Self, Detail> {
        let ImportTarget::List {
            name,
            code,
            parent,
            properties,
            ..
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no list."));
        };
        let column = |name: &Option<String>| match name {
            Some(name) => find_column(table, name).map(Some),
            None => Ok(None),
        };
        let mut found = Vec::new();
        for (header, property) in properties {
            let format = list
                .properties
                .iter()
                .find(|known| known.name == *property)
                .map(|known| known.format.clone());
            let format = format.ok_or_else(|| {
                let text = format!("{}: there is no property '{property}'.", list.name);
                detail("hierarchyImportFailed", text)
            })?;
            found.push((find_column(table, header)?, property.as_str(), format));
        }
        let load = Self {
            list,
            table,
            name: column(name)?,
            code: column(code)?,
            parent: column(parent)?,
            properties: found,
            decimal,
        };
        if load.name.is_none() && load.code.is_none() && !list.numbered {
            return Err(detail(
                "missingFields",
                "The import maps neither names nor codes.",
            ));
        }
        Ok(load)
    }

    pub(crate) fn run(&self, model: &mut Model, ids: &mut IdSource) -> Applied {
        Applied::each(&self.table.rows, |row| self.row(model, ids, row))
    }

    fn row(
        &self,
        model: &mut Model,
        ids: &mut IdSource,
        row: &Row,
    ) -> Result<(Effect, Vec<Problem>), Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let text = |column: Option<usize>| {
            column
                .map(|column| row.field(column))
                .filter(|field| !field.is_empty())
        };
        let name = text(self.name).filter(|_| !self.list.numbered);
        let code = text(self.code);
        self.check_key(name, code)?;
        let parent = match text(self.parent) {
            Some(parent) => self.find_parent(model, parent)?,
            None => None,
        };
        let found = self.find(model, name, code)?;
        let known = found.is_some();
        let mut item = match &found {
            Some(item) => item.clone(),
            None => ListItem::new(ids.item(), name.or(code).unwrap_or_default()),
        };
        if !known && self.list.numbered {
            let index = model.next_index(self.list.id);
            model.list_indices.insert(self.list.id, index);
            item.name = format!("#{index}");
        }
        if let (Some(name), false) = (name, self.list.numbered) {
            item.name = name.to_owned();
        }
        if let Some(code) = code {
            item.code = Some(code.to_owned());
        }
        if parent.is_some() {
            item.parent = parent;
        }
        let mut problems = Vec::new();
        for (column, property, format) in &self.properties {
            let field = row.field(*column);
            match parse(model, format, field, self.decimal) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    let text = match format {
                        Format::Boolean => field.to_lowercase(),
                        _ => field.to_owned(),
                    };
                    item.properties.insert((*property).to_owned(), text);
                }
                Err(reason) => problems.push(Problem {
                    code: value_code(format),
                    text: format!("{property}: {reason}"),
                }),
            }
        }
        let effect = match &found {
            None => Effect::Created,
            Some(before) if *before == item && problems.is_empty() => Effect::Nothing,
            Some(_) => Effect::Updated,
        };
        model.items.entry(self.list.id).or_default().put(item);
        Ok((effect, problems))
    }

    fn check_key(&self, name: Option<&str>, code: Option<&str>) -> Result<(), Problem> {
        let keyed = if self.code.is_some() { code } else { name };
        if keyed.is_none() && !self.list.numbered {
            let column = if self.code.is_some() { "Code" } else { "Name" };
            return problem(
                "hierarchyImportEmptyKey",
                format!("{}: {column} is empty", self.list.name),
            );
        }
        let too_long = |text: Option<&str>| text.is_some_and(|text| text.chars().count() > 60);
        if too_long(name) {
            return problem(
                "hierarchyImportInvalidName",
                format!("{}: Name is longer than 60 characters", self.list.name),
            );
        }
        if too_long(code) {
            return problem(
                "hierarchyImportInvalidCode",
                format!("{}: Code is longer than 60 characters", self.list.name),
            );
        }
        Ok(())
    }

    /// The item that a row means: by its code, or else by its name.
    fn find(
        &self,
        model: &Model,
        name: Option<&str>,
        code: Option<&str>,
    ) -> Result<Option<ListItem>, Problem> {
        let items = model.items.get(&self.list.id);
        let by_code = code.and_then(|code| items?.by_code(code));
        let by_name = name.and_then(|name| items?.by_name(name));
        match (by_code, by_name) {
            (Some(item), Some(other)) if item.id != other.id => problem(
                "hierarchyImportNameOrCodeExists",
                format!(
                    "{}: Name '{}' belongs to another item",
                    self.list.name, other.name
                ),
            ),
            (None, Some(other)) if code.is_some() && other.code.is_some() => problem(
                "hierarchyImportNameOrCodeExists",
                format!("{}: Name '{}' has another code", self.list.name, other.name),
            ),
            (by_code, by_name) => Ok(by_code.or(by_name).cloned()),
        }
    }

    fn find_parent(&self, model: &Model, parent: &str) -> Result<Option<u64>, Problem> {
        let mut above_all = chain(&model.structure, self.list)
            .into_iter()
            .filter_map(|list| list.top_level.as_deref());
        if above_all.any(|top| key(top) == key(parent)) {
            return Ok(None);
        }
        let above = [self.list.parent, Some(self.list.id)];
        let found = above
            .into_iter()
            .flatten()
            .find_map(|list| find_item(model, list, parent));
        match found {
            Some(id) => Ok(Some(id)),
            None => problem(
                "hierarchyImportInvalidParent",
                format!("{}: Parent '{parent}' does not exist", self.list.name),
            ),
        }
    }
}
