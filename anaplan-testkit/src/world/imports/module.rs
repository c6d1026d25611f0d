//! Rows that become cells of a module.

use std::collections::BTreeMap;

use crate::world::csv::{Row, Table};
use crate::world::imports::rows::{Applied, Effect, Problem, find_column, malformed, problem};
use crate::world::imports::values::{find_item, parse, value_code};
use crate::world::imports::{Coordinate, Import, ImportTarget};
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::{Dimension, Format};

pub(crate) struct ModuleLoad<'a> {
    table: &'a Table,
    decimal: char,
    /// Dimensions, and where their items come from.
    dimensions: Vec<(Dimension, String, Place)>,
    line_items: Vec<Filled>,
}

enum Place {
    Column(usize),
    Item(u64),
}

/// A line item that is filled from a column.
struct Filled {
    column: usize,
    id: u64,
    name: String,
    format: Format,
    /// The places of its dimensions among the mapped ones.
    coordinates: Vec<usize>,
}

impl<'a> ModuleLoad<'a> {
    pub(crate) fn new(
        model: &Model,
        import: &Import,
        table: &'a Table,
        decimal: char,
        answers: &BTreeMap<String, String>,
    ) -> Result<Self, Detail> {
        let ImportTarget::Module {
            dimensions,
            line_items,
            ..
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no module."));
        };
        let mut mapped = Vec::new();
        for (dimension, coordinate) in dimensions {
            let (name, place) = match coordinate {
                Coordinate::Column(name) => {
                    (name.clone(), Place::Column(find_column(table, name)?))
                }
                Coordinate::Asked(kind) => {
                    let answer = answers.get(kind).map_or("", String::as_str);
                    let item = find_item(model, *dimension, answer).ok_or_else(|| {
                        let text = format!("{kind} '{answer}' was not found.");
                        detail("failedToLocateEntity", text)
                    })?;
                    (kind.clone(), Place::Item(item))
                }
            };
            mapped.push((*dimension, name, place));
        }
        let mut filled = Vec::new();
        for (column, id) in line_items {
            let Some((module, line_item)) = model.structure.line_item(*id) else {
                let text = format!("The line item of column '{column}' is not there any more.");
                return Err(detail("moduleImportInvalidLineItemIdentifier", text));
            };
            if line_item.formula.is_some() {
                let text = format!("{}: the line item is calculated.", line_item.name);
                return Err(detail("moduleImportFailed", text));
            }
            let coordinates = line_item
                .dimensions(module)
                .iter()
                .map(|wanted| {
                    mapped
                        .iter()
                        .position(|(dimension, ..)| dimension == wanted)
                })
                .collect::<Option<Vec<usize>>>()
                .ok_or_else(|| {
                    let text = format!("{}: not every dimension is mapped.", line_item.name);
                    detail("moduleImportFailed", text)
                })?;
            filled.push(Filled {
                column: find_column(table, column)?,
                id: *id,
                name: line_item.name.clone(),
                format: line_item.format.clone(),
                coordinates,
            });
        }
        Ok(Self {
            table,
            decimal,
            dimensions: mapped,
            line_items: filled,
        })
    }

    pub(crate) fn run(&self, model: &mut Model) -> Applied {
        Applied::each(&self.table.rows, |row| self.row(model, row))
    }

    fn row(&self, model: &mut Model, row: &Row) -> Result<(Effect, Vec<Problem>), Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let mut items = Vec::new();
        for (dimension, name, place) in &self.dimensions {
            items.push(match place {
                Place::Item(item) => *item,
                Place::Column(column) => {
                    let text = row.field(*column);
                    match find_item(model, *dimension, text) {
                        Some(item) => item,
                        None => {
                            return problem(
                                "moduleImportInvalidListIdentifier",
                                format!("{name}: '{text}' is not an item"),
                            );
                        }
                    }
                }
            });
        }
        let mut problems = Vec::new();
        let mut effect = Effect::Nothing;
        for filled in &self.line_items {
            let text = row.field(filled.column);
            match parse(model, &filled.format, text, self.decimal) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let cell: Vec<u64> = filled.coordinates.iter().map(|at| items[*at]).collect();
                    let before = model.cells.insert((filled.id, cell), value.clone());
                    if before != Some(value) {
                        effect = Effect::Updated;
                    }
                }
                Err(reason) => problems.push(Problem {
                    code: value_code(&filled.format),
                    text: format!("{}: {reason}", filled.name),
                }),
            }
        }
        Ok((effect, problems))
    }
}
