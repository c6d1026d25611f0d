//! The cells of a module as they are shown: input, calculated, summed up.

use std::collections::HashMap;

use crate::world::World;
use crate::world::formula::Formula;
use crate::world::items::key;
use crate::world::members::Members;
use crate::world::model::Model;
use crate::world::structure::{CellValue, Dimension, Format, LineItem, Module, TIME};

/// The longest chain of formulas that refer to each other.
const DEPTH: usize = 32;

/// A module at one moment, with all that its cells depend on; it does not change with the model.
#[derive(Debug)]
pub(crate) struct Cube {
    line_items: Vec<LineItem>,
    module_dimensions: Vec<Dimension>,
    module_name: String,
    dimensions: HashMap<Dimension, Members>,
    cells: HashMap<(u64, Vec<u64>), CellValue>,
    /// The names of items that stand in cells.
    labels: HashMap<u64, String>,
    formulas: HashMap<u64, Formula>,
    by_name: HashMap<String, usize>,
}

/// A place in the cube: for each dimension the position of a member.
pub(crate) type Place<'a> = &'a [(Dimension, usize)];

impl World {
    pub(crate) fn cube(&self, model: &Model, module: &Module) -> Cube {
        let line_items = module.line_items.clone();
        let mut dimensions = HashMap::new();
        let used = line_items.iter().flat_map(|item| item.dimensions(module));
        for dimension in used.chain(&module.dimensions) {
            if !dimensions.contains_key(dimension) {
                let members = self.members(model, Some(module), *dimension);
                dimensions.insert(*dimension, members.unwrap_or_default());
            }
        }
        let formats: HashMap<u64, &Format> = line_items
            .iter()
            .map(|item| (item.id, &item.format))
            .collect();
        let mut labels = HashMap::new();
        let mut cells = HashMap::new();
        for (at, value) in &model.cells {
            let Some(format) = formats.get(&at.0) else {
                continue;
            };
            if let CellValue::Item(item) = value {
                labels
                    .entry(*item)
                    .or_insert_with(|| label(model, format, *item).unwrap_or_default());
            }
            cells.insert(at.clone(), value.clone());
        }
        let formulas = line_items
            .iter()
            .filter_map(|item| Some((item.id, Formula::parse(item.formula.as_deref()?)?)))
            .collect();
        let by_name = line_items
            .iter()
            .enumerate()
            .map(|(index, item)| (key(&item.name), index))
            .collect();
        Cube {
            module_dimensions: module.dimensions.clone(),
            module_name: module.name.clone(),
            line_items,
            dimensions,
            cells,
            labels,
            formulas,
            by_name,
        }
    }
}

/// The name of an item or a period that stands in a cell.
fn label(model: &Model, format: &Format, item: u64) -> Option<String> {
    match format {
        Format::List(list) => Some(model.items.get(list)?.get(item)?.name.clone()),
        Format::TimePeriod(kind) => {
            let kind = crate::world::calendar::PeriodKind::of_text(kind)?;
            let mut periods = model.structure.calendar.periods_of(kind).into_iter();
            Some(periods.find(|period| period.id == item)?.name)
        }
        _ => None,
    }
}

impl Cube {
    pub(crate) fn line_item(&self, id: u64) -> Option<&LineItem> {
        self.line_items.iter().find(|item| item.id == id)
    }

    pub(crate) fn members(&self, dimension: Dimension) -> Option<&Members> {
        self.dimensions.get(&dimension)
    }

    fn dimensions_of<'a>(&'a self, line_item: &'a LineItem) -> &'a [Dimension] {
        line_item
            .applies_to
            .as_deref()
            .unwrap_or(&self.module_dimensions)
    }

    /// Returns the text of a cell. Empty if the line item has no such cell.
    pub(crate) fn text(&self, line_item: &LineItem, place: Place<'_>) -> String {
        let Some(indices) = self.indices(line_item, place) else {
            return String::new();
        };
        if line_item.format == Format::Number {
            return match self.number(line_item, &indices, 0) {
                Some(number) => number_text(number),
                None => String::new(),
            };
        }
        match self.stored(line_item, &indices, 0) {
            Some(CellValue::Boolean(yes)) => yes.to_string(),
            Some(CellValue::Number(number)) => number_text(*number),
            Some(CellValue::Text(text)) => text.clone(),
            Some(CellValue::Item(item)) => self.labels.get(item).cloned().unwrap_or_default(),
            None if line_item.format == Format::Boolean && self.is_leaf(line_item, &indices) => {
                "false".into()
            }
            None => String::new(),
        }
    }

    fn indices(&self, line_item: &LineItem, place: Place<'_>) -> Option<Vec<usize>> {
        self.dimensions_of(line_item)
            .iter()
            .map(|wanted| {
                let found = place.iter().find(|(dimension, _)| dimension == wanted)?;
                Some(found.1)
            })
            .collect()
    }

    fn is_leaf(&self, line_item: &LineItem, indices: &[usize]) -> bool {
        self.total(line_item, indices).is_none()
    }

    /// The first of the dimensions at which the place is a total.
    fn total(&self, line_item: &LineItem, indices: &[usize]) -> Option<usize> {
        let dimensions = self.dimensions_of(line_item);
        dimensions
            .iter()
            .zip(indices)
            .position(|(dimension, index)| {
                let member = self.dimensions.get(dimension).and_then(|m| m.get(*index));
                member.is_none_or(|member| !member.leaf)
            })
    }

    /// The value of a cell that is not a number: input, or the plain mention of another line item.
    fn stored(&self, line_item: &LineItem, indices: &[usize], depth: usize) -> Option<&CellValue> {
        if depth > DEPTH || !self.is_leaf(line_item, indices) {
            return None;
        }
        if line_item.formula.is_some() {
            let Some(Formula::Name(name)) = self.formulas.get(&line_item.id) else {
                return None;
            };
            let other = self.named(name)?;
            let indices = self.carried_over(line_item, indices, other)?;
            return self.stored(other, &indices, depth + 1);
        }
        self.cells
            .get(&(line_item.id, self.ids(line_item, indices)?))
    }

    /// The value of a cell with a number; `None` where it is not shown.
    fn number(&self, line_item: &LineItem, indices: &[usize], depth: usize) -> Option<f64> {
        if depth > DEPTH {
            return Some(0.0);
        }
        let total = self.total(line_item, indices);
        match total {
            Some(position) if line_item.summary.eq_ignore_ascii_case("sum") => {
                return self.sum(line_item, indices, position, depth);
            }
            Some(_) if !line_item.summary.eq_ignore_ascii_case("formula") => return None,
            _ => {}
        }
        if line_item.formula.is_none() {
            let cell = self
                .cells
                .get(&(line_item.id, self.ids(line_item, indices)?));
            return Some(match cell {
                Some(CellValue::Number(number)) => *number,
                _ => 0.0,
            });
        }
        let Some(formula) = self.formulas.get(&line_item.id) else {
            return Some(0.0);
        };
        Some(formula.evaluate(&mut |name| {
            let other = self.named(name);
            other
                .and_then(|other| {
                    let indices = self.carried_over(line_item, indices, other)?;
                    self.number(other, &indices, depth + 1)
                })
                .unwrap_or(0.0)
        }))
    }

    fn sum(
        &self,
        item: &LineItem,
        indices: &[usize],
        position: usize,
        depth: usize,
    ) -> Option<f64> {
        let dimension = self.dimensions_of(item).get(position)?;
        let members = self.dimensions.get(dimension)?;
        let below = members.get(*indices.get(position)?)?.below.clone();
        let mut part = indices.to_vec();
        let mut sum = 0.0;
        for index in below {
            if members.get(index).is_some_and(|member| member.leaf) {
                part[position] = index;
                sum += self.number(item, &part, depth)?;
            }
        }
        Some(sum)
    }

    fn named(&self, name: &str) -> Option<&LineItem> {
        let own = name.strip_prefix(&self.module_name);
        let name = own.and_then(|name| name.strip_prefix('.')).unwrap_or(name);
        self.line_items
            .get(*self.by_name.get(&key(name.trim_matches('\'')))?)
    }

    /// The same place, for another line item.
    fn carried_over(
        &self,
        from: &LineItem,
        indices: &[usize],
        to: &LineItem,
    ) -> Option<Vec<usize>> {
        let dimensions = self.dimensions_of(from).iter().copied();
        let place: Vec<(Dimension, usize)> = dimensions.zip(indices.iter().copied()).collect();
        self.indices(to, &place)
    }

    fn ids(&self, line_item: &LineItem, indices: &[usize]) -> Option<Vec<u64>> {
        let dimensions = self.dimensions_of(line_item).iter().zip(indices);
        dimensions
            .map(|(dimension, index)| Some(self.dimensions.get(dimension)?.get(*index)?.id))
            .collect()
    }

    /// The line items of the module's own grid: those without dimensions of their own, and without
    /// any where the module has none.
    pub(crate) fn in_grid(&self) -> impl Iterator<Item = &LineItem> {
        self.line_items.iter().filter(|item| {
            item.applies_to
                .as_ref()
                .is_none_or(|own| *own == self.module_dimensions)
        })
    }
}

/// `64.6`, `120`, `-0` never.
pub(crate) fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .into();
    }
    number.to_string()
}

/// Returns how often a line item's cells exist, totals included.
pub(crate) fn cell_count(world: &World, model: &Model, module: &Module, item: &LineItem) -> u64 {
    item.dimensions(module)
        .iter()
        .map(|dimension| match *dimension {
            TIME => model.structure.calendar.periods().count() as u64,
            other => world
                .members(model, Some(module), other)
                .map_or(0, |members| members.len() as u64),
        })
        .product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anaplan_core::{ModelId, Timestamp};

    fn world() -> (World, ModelId, u64) {
        let mut world = World::new(Timestamp::UNIX_EPOCH);
        let workspace = world.add_workspace("W");
        let id = world.add_model(&workspace, "M");
        let mut edit = world.edit(&id);
        let mut regions = edit.list("Regions").top_level("World");
        let (north, south) = (regions.item("North"), regions.item("South"));
        let regions = regions.id();
        let mut module = edit.module("Sales", [regions]);
        let number = Format::Number;
        let volume = module.add_line_item("Volume", number.clone()).id();
        let price = module
            .add_line_item("Unit Price", number.clone())
            .summary("None")
            .id();
        module
            .add_line_item("Revenue", number.clone())
            .formula("Volume * 'Unit Price'");
        let ratio = module
            .add_line_item("Ratio", number.clone())
            .formula("Revenue / Volume");
        ratio.summary("Formula");
        module.add_line_item("Loop", number).formula("Loop + 1");
        let module = module.id();
        for (at, amount, each) in [(north, 2.0, 10.0), (south, 3.0, 20.0)] {
            edit.cell(volume, [at], CellValue::Number(amount));
            edit.cell(price, [at], CellValue::Number(each));
        }
        (world, id, module)
    }

    #[test]
    fn cells_are_input_or_calculated_or_summed_up() {
        let (world, id, module) = world();
        let model = world.model(&id).unwrap();
        let module = model.structure.module(module).unwrap();
        let cube = world.cube(model, module);
        let list = module.dimensions[0];
        let column = |name: &str| -> Vec<String> {
            let item = cube.named(name).unwrap();
            (0..3)
                .map(|index| cube.text(item, &[(list, index)]))
                .collect()
        };
        assert_eq!(column("Volume"), ["2", "3", "5"]);
        assert_eq!(column("Unit Price"), ["10", "20", ""]);
        assert_eq!(column("Revenue"), ["20", "60", "80"]);
        assert_eq!(column("Ratio"), ["10", "20", "16"]);
        // A formula that turns in circles comes to an end.
        assert_eq!(column("Loop").len(), 3);
    }
}
