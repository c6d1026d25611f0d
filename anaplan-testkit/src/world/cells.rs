//! Writing cells, as the API does it.

use std::collections::HashMap;

use anaplan_core::ModelId;
use jiff::civil::Date;

use crate::world::World;
use crate::world::calendar::PeriodKind;
use crate::world::items::key;
use crate::world::lists::{Refused, WriteFailure, WriteOutcome};
use crate::world::members::{Members, top_level_id};
use crate::world::model::Model;
use crate::world::structure::{
    CellValue, Dimension, Format, LineItem, Module, TIME, USERS, VERSIONS,
};

/// A cell in a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellRequest {
    pub(crate) line_item: Named,
    pub(crate) dimensions: Vec<(Named, Named)>,
    pub(crate) value: Given,
}

/// A reference by id, name or code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Named {
    Id(String),
    Name(String),
    Code(String),
}

/// The value in a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl Given {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(yes) => yes.to_string(),
        }
    }
}

/// `2025-03-31`.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

impl World {
    /// Writes cells of a module. Those that cannot be written are told apart.
    pub(crate) fn write_cells(
        &mut self,
        model: &ModelId,
        module: u64,
        requests: &[CellRequest],
    ) -> WriteOutcome {
        let mut outcome = WriteOutcome::default();
        let mut values = Vec::new();
        if let Some((model, module)) = self
            .model(model)
            .and_then(|model| Some((model, model.structure.module(module)?)))
        {
            let mut desk = Desk::new(self, model, module);
            for (index, request) in requests.iter().enumerate() {
                match desk.check(request) {
                    Ok(cell) => values.push(cell),
                    Err((kind, message)) => outcome.failures.push(WriteFailure {
                        index,
                        kind,
                        message,
                    }),
                }
            }
        }
        outcome.done = values.len();
        self.books.cells_written += values.len() as u64;
        let now = self.now;
        if let Some(model) = self.model_mut(model) {
            model.last_modified = now;
            model.serial += 1;
            for (at, value) in values {
                match value {
                    Some(value) => model.cells.insert(at, value),
                    None => model.cells.remove(&at),
                };
            }
        }
        outcome
    }
}

/// Looks cells up, and remembers what it has looked up.
struct Desk<'a> {
    model: &'a Model,
    module: &'a Module,
    line_items: HashMap<String, &'a LineItem>,
    /// Of the dimensions that are no lists.
    members: HashMap<Dimension, (Members, HashMap<String, usize>)>,
    periods: HashMap<String, HashMap<String, u64>>,
    names: HashMap<Dimension, String>,
}

type Write = ((u64, Vec<u64>), Option<CellValue>);

fn refuse<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Refused> {
    Err((kind, message.into()))
}

impl<'a> Desk<'a> {
    fn new(world: &World, model: &'a Model, module: &'a Module) -> Self {
        let mut line_items = HashMap::new();
        let (mut members, mut names) = (HashMap::new(), HashMap::new());
        for line_item in &module.line_items {
            line_items.insert(key(&line_item.name), line_item);
            line_items.insert(line_item.id.to_string(), line_item);
            for dimension in line_item.dimensions(module) {
                names
                    .entry(*dimension)
                    .or_insert_with(|| key(&world.dimension_name(model, *dimension)));
                if !matches!(*dimension, TIME | VERSIONS | USERS) || members.contains_key(dimension)
                {
                    continue;
                }
                let all = world.members(model, Some(module), *dimension);
                let all = all.unwrap_or_default();
                let indices = all.all().iter().enumerate();
                let by_name = indices.map(|(index, m)| (key(&m.name), index)).collect();
                members.insert(*dimension, (all, by_name));
            }
        }
        Self {
            model,
            module,
            line_items,
            members,
            periods: HashMap::new(),
            names,
        }
    }

    fn check(&mut self, request: &CellRequest) -> Result<Write, Refused> {
        let found = match &request.line_item {
            Named::Id(id) => self
                .line_items
                .get(id)
                .filter(|item| item.id.to_string() == *id),
            Named::Name(name) | Named::Code(name) => self
                .line_items
                .get(&key(name))
                .filter(|item| key(&item.name) == key(name)),
        };
        let Some(line_item) = found.copied() else {
            return refuse("invalidLineItem", "The line item is not one of the module");
        };
        if line_item.format == Format::None {
            return refuse("invalidLineItem", "The line item has no data");
        }
        if line_item.formula.is_some() {
            return refuse("cellIsCalculated", "The cell is calculated by a formula");
        }
        let coordinates = self.coordinates(line_item, &request.dimensions)?;
        let value = self.value(&line_item.format, &request.value)?;
        Ok(((line_item.id, coordinates), value))
    }

    fn coordinates(
        &self,
        line_item: &LineItem,
        given: &[(Named, Named)],
    ) -> Result<Vec<u64>, Refused> {
        let dimensions = line_item.dimensions(self.module);
        let mut items: Vec<Option<u64>> = vec![None; dimensions.len()];
        for (dimension, item) in given {
            let position = dimensions.iter().position(|candidate| match dimension {
                Named::Id(id) => candidate.to_string() == *id,
                Named::Name(name) | Named::Code(name) => self
                    .names
                    .get(candidate)
                    .is_some_and(|own| *own == key(name)),
            });
            let Some(position) = position else {
                return refuse("invalidDimension", "The line item has no such dimension");
            };
            if items[position].is_some() {
                return refuse("invalidDimension", "A dimension is named twice");
            }
            items[position] = Some(self.item(dimensions[position], item)?);
        }
        let all: Option<Vec<u64>> = items.into_iter().collect();
        match all {
            Some(all) => Ok(all),
            None => refuse(
                "invalidDimension",
                "A dimension of the line item is missing",
            ),
        }
    }

    fn item(&self, dimension: Dimension, item: &Named) -> Result<u64, Refused> {
        const UNKNOWN: &str = "invalidDimensionItem";
        const AGGREGATE: &str = "cellIsAggregate";
        if let Some((members, by_name)) = self.members.get(&dimension) {
            let index = match item {
                Named::Id(id) => id.parse().ok().and_then(|id| members.position(id)),
                Named::Name(name) => by_name.get(&key(name)).copied(),
                Named::Code(code) => {
                    let same = |own: &str| key(own) == key(code);
                    let mut all = members.all().iter();
                    all.position(|member| member.code.as_deref().is_some_and(same))
                }
            };
            let Some(member) = index.and_then(|index| members.get(index)) else {
                return refuse(UNKNOWN, "The dimension has no such item");
            };
            if !member.leaf {
                return refuse(AGGREGATE, "Totals take no input");
            }
            return Ok(member.id);
        }
        let structure = &self.model.structure;
        let Some(list) = structure.list_behind(dimension) else {
            return refuse(UNKNOWN, "The dimension has no such item");
        };
        let find = |items: &crate::world::items::Items| match item {
            Named::Id(id) => id
                .parse()
                .ok()
                .and_then(|id| items.get(id))
                .map(|item| item.id),
            Named::Name(name) => items.by_name(name).map(|item| item.id),
            Named::Code(code) => items.by_code(code).map(|item| item.id),
        };
        let items = self.model.items.get(&list.id);
        if let Some((items, id)) = items.and_then(|items| Some((items, find(items)?))) {
            let is_member = list.id == dimension
                || items
                    .get(id)
                    .is_some_and(|item| item.subsets.contains(&dimension));
            if !is_member {
                return refuse(UNKNOWN, "The item is not in the subset");
            }
            return Ok(id);
        }
        let above = crate::world::members::chain(structure, list);
        let is_total = above.iter().any(|list| {
            let is_top = list.top_level.as_deref().is_some_and(|top| match item {
                Named::Id(id) => *id == top_level_id(list.id).to_string(),
                Named::Name(name) => key(name) == key(top),
                Named::Code(_) => false,
            });
            is_top || self.model.items.get(&list.id).and_then(find).is_some()
        });
        if is_total {
            return refuse(AGGREGATE, "Totals take no input");
        }
        refuse(UNKNOWN, "The dimension has no such item")
    }

    /// The value to be kept; nothing for the one that an empty cell has anyway.
    fn value(&mut self, format: &Format, given: &Given) -> Result<Option<CellValue>, Refused> {
        let invalid = || {
            Err((
                "invalidValue",
                "The value does not fit the format".to_owned(),
            ))
        };
        let text = match given {
            Given::Text(text) => text.trim(),
            _ => "",
        };
        let cleared = matches!(given, Given::Text(_)) && text.is_empty();
        if cleared {
            return Ok(None);
        }
        Ok(match (format, given) {
            (Format::Number, Given::Number(number)) => {
                (*number != 0.0).then_some(CellValue::Number(*number))
            }
            (Format::Number, Given::Text(_)) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    (number != 0.0).then_some(CellValue::Number(number))
                }
                _ => return invalid(),
            },
            (Format::Boolean, Given::Boolean(yes)) => yes.then_some(CellValue::Boolean(true)),
            (Format::Boolean, Given::Text(_)) if text.eq_ignore_ascii_case("true") => {
                Some(CellValue::Boolean(true))
            }
            (Format::Boolean, Given::Text(_)) if text.eq_ignore_ascii_case("false") => None,
            (Format::Text, given) => Some(CellValue::Text(given.text())),
            (Format::Date, Given::Text(_)) if read_date(text).is_some() => {
                Some(CellValue::Text(text.to_owned()))
            }
            (Format::List(list), Given::Text(_)) => {
                let items = self.model.items.get(list);
                let found = items.and_then(|items| {
                    let by_id = || items.get(text.parse().ok()?);
                    items
                        .by_name(text)
                        .or_else(|| items.by_code(text))
                        .or_else(by_id)
                });
                match found {
                    Some(item) => Some(CellValue::Item(item.id)),
                    None => return invalid(),
                }
            }
            (Format::TimePeriod(kind), Given::Text(_)) => match self.period(kind, text) {
                Some(id) => Some(CellValue::Item(id)),
                None => return invalid(),
            },
            _ => return invalid(),
        })
    }

    fn period(&mut self, kind: &str, text: &str) -> Option<u64> {
        let calendar = &self.model.structure.calendar;
        let periods = self.periods.entry(kind.to_owned()).or_insert_with(|| {
            let all = PeriodKind::of_text(kind).map(|kind| calendar.periods_of(kind));
            let all = all.into_iter().flatten();
            all.flat_map(|period| {
                [
                    (key(&period.name), period.id),
                    (period.id.to_string(), period.id),
                ]
            })
            .collect()
        });
        periods.get(&key(text)).copied()
    }
}
