//! Rows that become line items of a module.

use crate::world::csv::{Row, Table};
use crate::world::ids::IdSource;
use crate::world::imports::rows::{
    Applied, Effect, Problem, filled, malformed, optional_column, problem,
};
use crate::world::imports::{Import, ImportTarget};
use crate::world::items::key;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::{Format, LineItem, Structure};

pub(crate) struct LineItemLoad<'a> {
    module: u64,
    table: &'a Table,
    name: Option<usize>,
    code: Option<usize>,
    format: Option<usize>,
    formula: Option<usize>,
    notes: Option<usize>,
}

impl<'a> LineItemLoad<'a> {
    pub(crate) fn new(module: u64, import: &Import, table: &'a Table) -> Result<Self, Detail> {
        let ImportTarget::LineItems {
            name,
            code,
            format,
            formula,
            notes,
            ..
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no line items."));
        };
        let load = Self {
            module,
            table,
            name: optional_column(table, name.as_ref())?,
            code: optional_column(table, code.as_ref())?,
            format: optional_column(table, format.as_ref())?,
            formula: optional_column(table, formula.as_ref())?,
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
            let effect = self.row(model, ids, row)?;
            Ok((effect, Vec::new()))
        })
    }

    fn row(&self, model: &mut Model, ids: &mut IdSource, row: &Row) -> Result<Effect, Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let (name, code) = (filled(row, self.name), filled(row, self.code));
        let Some(label) = name.or(code) else {
            let text = "The line item has neither name nor code";
            return problem("moduleImportInvalidLineItemIdentifier", text);
        };
        let format = filled(row, self.format);
        let format = format.map(|text| find_format(&model.structure, text));
        let format = format.transpose()?;
        let modules = &mut model.structure.modules;
        let module = modules.iter_mut().find(|module| module.id == self.module);
        let Some(module) = module else {
            let text = "The module is not there any more";
            return problem("moduleImportInvalidLineItemIdentifier", text);
        };
        let of_code = |item: &LineItem| {
            let own = item.code.as_deref().map(key);
            code.is_some() && own == code.map(key)
        };
        let of_name = |item: &LineItem| name.is_some_and(|name| key(&item.name) == key(name));
        let items = &mut module.line_items;
        let at = items
            .iter()
            .position(of_code)
            .or_else(|| items.iter().position(of_name));
        let taken = |(index, other): (usize, &LineItem)| Some(index) != at && of_name(other);
        if items.iter().enumerate().any(taken) {
            let text = format!("Name '{label}' belongs to another line item");
            return problem("moduleImportInvalidLineItemIdentifier", text);
        }
        let known = at.and_then(|at| items.get_mut(at));
        let before = known.as_deref().cloned();
        let mut item = match &before {
            Some(item) => item.clone(),
            None => LineItem::new(ids.line_item(), label, Format::Number),
        };
        if let Some(name) = name {
            item.name = name.to_owned();
        }
        if let Some(code) = code {
            item.code = Some(code.to_owned());
        }
        if let Some(format) = format {
            item.reformat(format);
        }
        if self.formula.is_some() {
            item.formula = filled(row, self.formula).map(str::to_owned);
        }
        if let Some(notes) = filled(row, self.notes) {
            item.notes = notes.to_owned();
        }
        let id = item.id;
        let reformatted = before
            .as_ref()
            .is_some_and(|before| before.format != item.format);
        let effect = match known {
            None => {
                items.push(item);
                Effect::Created
            }
            Some(_) if before.as_ref() == Some(&item) => Effect::Nothing,
            Some(known) => {
                *known = item;
                Effect::Updated
            }
        };
        if reformatted {
            // What the cells hold does not fit any more.
            model.cells.retain(|(line_item, _), _| *line_item != id);
        }
        Ok(effect)
    }
}

fn find_format(structure: &Structure, text: &str) -> Result<Format, Problem> {
    let fixed = [
        Format::Number,
        Format::Boolean,
        Format::Text,
        Format::Date,
        Format::None,
        Format::TimePeriod("MONTH".into()),
    ];
    let mut fixed = fixed.into_iter();
    if let Some(format) = fixed.find(|format| format.as_str().eq_ignore_ascii_case(text)) {
        return Ok(format);
    }
    let named = |code: &Option<String>| code.as_deref().map(key) == Some(key(text));
    let mut lists = structure.lists.iter();
    match lists.find(|list| key(&list.name) == key(text) || named(&list.code)) {
        Some(list) => Ok(Format::List(list.id)),
        None => problem(
            "moduleImportInvalidListIdentifier",
            format!("'{text}' is neither a format nor a list"),
        ),
    }
}
