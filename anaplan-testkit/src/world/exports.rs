//! Exports: from lists and modules to text.

use crate::world::World;
use crate::world::chunk_store::{ChunkStore, Chunker};
use crate::world::csv::{Row, Table, write_row};
use crate::world::encoding::Encoding;
use crate::world::items::ListItem;
use crate::world::model::Model;
use crate::world::structure::{Dimension, Format, LineItem, List, Module};
use crate::world::synthetic_csv::SyntheticCsv;

/// An export.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Export {
    /// 116 and nine digits; also the id of the file that it writes.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The source of the rows.
    pub source: ExportSource,
    /// The character encoding.
    pub encoding: Encoding,
    /// The column separator.
    pub separator: char,
}

/// The source of the rows of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportSource {
    /// A list: a row for each item with its code, parent and properties.
    List(u64),
    /// A module: a row for each combination of items, a column for each line item.
    Module(u64),
    /// Rows of invented transactions, so many bytes in all. They are made while they are read, and take
    /// no memory.
    Bytes(u64),
}

impl Export {
    /// The type on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.source {
            ExportSource::List(_) => "TABULAR_ALL_LINE_ITEMS",
            ExportSource::Module(_) | ExportSource::Bytes(_) => "TABULAR_MULTI_COLUMN",
        }
    }
}

/// The content of a column of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: &'static str,
}

fn column(name: impl Into<String>, data_type: &'static str) -> Column {
    Column {
        name: name.into(),
        data_type,
    }
}

fn data_type(format: &Format) -> &'static str {
    match format {
        Format::Number => "NUMBER",
        Format::Boolean => "BOOLEAN",
        Format::Text => "TEXT",
        Format::Date => "DATE",
        Format::List(_) => "ENTITY",
        Format::TimePeriod(_) => "TIME_ENTITY",
        Format::None => "NONE",
    }
}

impl World {
    /// The columns of an export; `None` when what it exports is not there any more.
    pub(crate) fn export_columns(
        &self,
        model: &Model,
        source: ExportSource,
    ) -> Option<Vec<Column>> {
        match source {
            ExportSource::Bytes(_) => {
                let names = SyntheticCsv::columns().into_iter();
                Some(names.map(|name| column(name, "TEXT")).collect())
            }
            ExportSource::List(list) => {
                let list = model.structure.list(list)?;
                let mut columns = vec![
                    column(&list.name, "ENTITY"),
                    column("Code", "TEXT"),
                    column("Parent", "ENTITY"),
                ];
                let properties = list.properties.iter();
                columns.extend(
                    properties.map(|property| column(&property.name, data_type(&property.format))),
                );
                Some(columns)
            }
            ExportSource::Module(module) => {
                let module = model.structure.module(module)?;
                let dimensions = module.dimensions.iter();
                let mut columns: Vec<Column> = dimensions
                    .map(|id| column(self.dimension_name(model, *id), "ENTITY"))
                    .collect();
                columns.extend(
                    exported(module)
                        .map(|line_item| column(&line_item.name, data_type(&line_item.format))),
                );
                Some(columns)
            }
        }
    }

    /// Returns the number of rows.
    pub(crate) fn export_rows(&self, model: &Model, source: ExportSource) -> u64 {
        match source {
            ExportSource::Bytes(bytes) => SyntheticCsv::new(bytes).rows(),
            ExportSource::List(list) => {
                model.items.get(&list).map_or(0, |items| items.len() as u64)
            }
            ExportSource::Module(module) => model.structure.module(module).map_or(0, |module| {
                let dimensions = module.dimensions.iter();
                dimensions
                    .map(|id| self.leaves(model, module, *id).len() as u64)
                    .product()
            }),
        }
    }

    /// The names of the lists that an export covers.
    pub(crate) fn export_lists(&self, model: &Model, source: ExportSource) -> Vec<String> {
        let dimensions = match source {
            ExportSource::Bytes(_) => Vec::new(),
            ExportSource::List(list) => vec![list],
            ExportSource::Module(module) => model
                .structure
                .module(module)
                .map(|module| module.dimensions.clone())
                .unwrap_or_default(),
        };
        let names = dimensions.into_iter();
        names.map(|id| self.dimension_name(model, id)).collect()
    }

    /// Returns the contents of a list or a module as a table: the leaves, not the totals.
    pub(crate) fn export_table(&self, model: &Model, source: ExportSource) -> Option<Table> {
        let columns = self.export_columns(model, source)?;
        let rows = match source {
            ExportSource::Bytes(_) => Vec::new(),
            ExportSource::List(list) => list_rows(model, model.structure.list(list)?),
            ExportSource::Module(module) => {
                self.module_rows(model, model.structure.module(module)?)
            }
        };
        Some(Table {
            headers: columns.into_iter().map(|column| column.name).collect(),
            rows: rows
                .into_iter()
                .zip(2..)
                .map(|(fields, line)| Row {
                    line,
                    fields,
                    fault: None,
                })
                .collect(),
        })
    }

    /// The text that an export writes, in chunks; `None` when what it exports is not there any more.
    pub(crate) fn export_text(&self, model: &Model, export: &Export) -> Option<ChunkStore> {
        let table = self.export_table(model, export.source)?;
        let (mut chunker, mut line) = (Chunker::default(), String::new());
        let rows = std::iter::once(&table.headers).chain(table.rows.iter().map(|row| &row.fields));
        for row in rows {
            line.clear();
            write_row(&mut line, export.separator, row.iter().map(String::as_str));
            chunker.write(&export.encoding.encode(&line));
        }
        Some(chunker.finish())
    }

    fn module_rows(&self, model: &Model, module: &Module) -> Vec<Vec<String>> {
        let cube = self.cube(model, module);
        let mut places: Vec<Vec<(Dimension, usize)>> = vec![Vec::new()];
        for dimension in &module.dimensions {
            let leaves = self.leaves(model, module, *dimension);
            places = places
                .iter()
                .flat_map(|place| {
                    leaves.iter().map(|(index, _)| {
                        let mut place = place.clone();
                        place.push((*dimension, *index));
                        place
                    })
                })
                .collect();
        }
        let name = |(dimension, index): &(Dimension, usize)| {
            let member = cube.members(*dimension).and_then(|all| all.get(*index));
            member.map_or_else(String::new, |member| member.name.clone())
        };
        places
            .iter()
            .map(|place| {
                let mut fields: Vec<String> = place.iter().map(name).collect();
                fields.extend(exported(module).map(|line_item| cube.text(line_item, place)));
                fields
            })
            .collect()
    }

    /// The members of a dimension that hold cells: where they stand, and their names.
    fn leaves(&self, model: &Model, module: &Module, id: Dimension) -> Vec<(usize, String)> {
        let members = self.members(model, Some(module), id).unwrap_or_default();
        let all = members.all().iter().enumerate();
        all.filter(|(_, member)| member.leaf)
            .map(|(index, member)| (index, member.name.clone()))
            .collect()
    }
}

fn list_rows(model: &Model, list: &List) -> Vec<Vec<String>> {
    let items = model.items.get(&list.id);
    let above = list.parent.and_then(|parent| model.items.get(&parent));
    let parent_of = |item: &ListItem| {
        let id = item.parent?;
        let parent = above
            .into_iter()
            .chain(items)
            .find_map(|items| items.get(id))?;
        Some(parent.name.clone())
    };
    let all = items.into_iter().flat_map(|items| items.iter());
    all.map(|item| {
        let parent = parent_of(item).or_else(|| list.top_level.clone());
        let mut fields = vec![
            item.name.clone(),
            item.code.clone().unwrap_or_default(),
            parent.unwrap_or_default(),
        ];
        fields.extend(list.properties.iter().map(|property| {
            let value = item.properties.get(&property.name);
            value.cloned().unwrap_or_default()
        }));
        fields
    })
    .collect()
}

/// The line items that stand in the columns: those with the module's own dimensions.
fn exported(module: &Module) -> impl Iterator<Item = &LineItem> {
    module.line_items.iter().filter(|line_item| {
        line_item.format != Format::None && *line_item.dimensions(module) == *module.dimensions
    })
}
