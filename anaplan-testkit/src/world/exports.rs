//! Exports: from lists and modules to text.

use bytes::Bytes;

use crate::world::csv::{Row, Table, write_row};
use crate::world::files::{Encoding, cut};
use crate::world::made_rows::MadeRows;
use crate::world::model::Model;
use crate::world::structure::{CellValue, Dimension, Format, Module};

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
    /// What it writes.
    pub source: ExportSource,
    /// How the text is written.
    pub encoding: Encoding,
    /// What stands between columns.
    pub separator: char,
}

/// What an export writes.
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

/// What a column of an export holds.
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

impl Model {
    /// The columns of an export; `None` when what it exports is not there any more.
    pub(crate) fn export_columns(&self, source: ExportSource) -> Option<Vec<Column>> {
        match source {
            ExportSource::Bytes(_) => Some(
                MadeRows::columns()
                    .into_iter()
                    .map(|name| column(name, "TEXT"))
                    .collect(),
            ),
            ExportSource::List(list) => {
                let list = self.structure.list(list)?;
                let mut columns = vec![
                    column(&list.name, "ENTITY"),
                    column("Code", "TEXT"),
                    column("Parent", "ENTITY"),
                ];
                columns.extend(
                    list.properties
                        .iter()
                        .map(|property| column(&property.name, data_type(&property.format))),
                );
                Some(columns)
            }
            ExportSource::Module(module) => {
                let module = self.structure.module(module)?;
                let dimensions = module.dimensions.iter();
                let mut columns: Vec<Column> = dimensions
                    .map(|dimension| column(self.dimension_name(*dimension), "ENTITY"))
                    .collect();
                columns.extend(
                    exported_line_items(module)
                        .map(|line_item| column(&line_item.name, data_type(&line_item.format))),
                );
                Some(columns)
            }
        }
    }

    /// How many rows there will be.
    pub(crate) fn export_rows(&self, source: ExportSource) -> u64 {
        match source {
            ExportSource::Bytes(bytes) => MadeRows::new(bytes).rows(),
            ExportSource::List(list) => self.members(list).len() as u64,
            ExportSource::Module(module) => self.structure.module(module).map_or(0, |module| {
                let dimensions = module.dimensions.iter();
                dimensions
                    .map(|dimension| self.members(*dimension).len() as u64)
                    .product()
            }),
        }
    }

    /// The names of the lists that an export covers.
    pub(crate) fn export_lists(&self, source: ExportSource) -> Vec<String> {
        match source {
            ExportSource::Bytes(_) => Vec::new(),
            ExportSource::List(list) => vec![self.dimension_name(list)],
            ExportSource::Module(module) => {
                let module = self.structure.module(module);
                let dimensions = module.into_iter().flat_map(|module| &module.dimensions);
                dimensions.map(|id| self.dimension_name(*id)).collect()
            }
        }
    }

    /// What a list or a module holds, as a table.
    pub(crate) fn export_table(&self, source: ExportSource) -> Option<Table> {
        let headers = self.export_columns(source)?;
        let mut rows = Vec::new();
        match source {
            ExportSource::Bytes(_) => {}
            ExportSource::List(id) => {
                let list = self.structure.list(id)?;
                for item in self
                    .items
                    .get(&id)
                    .into_iter()
                    .flat_map(|items| items.iter())
                {
                    let parent = item
                        .parent
                        .and_then(|parent| self.item_name(list.parent, id, parent));
                    let mut fields = vec![
                        item.name.clone(),
                        item.code.clone().unwrap_or_default(),
                        parent
                            .or_else(|| list.top_level.clone())
                            .unwrap_or_default(),
                    ];
                    fields.extend(list.properties.iter().map(|property| {
                        let value = item.properties.get(&property.name);
                        value.cloned().unwrap_or_default()
                    }));
                    rows.push(fields);
                }
            }
            ExportSource::Module(id) => {
                let module = self.structure.module(id)?;
                let mut cells = vec![Vec::new()];
                for dimension in &module.dimensions {
                    let members = self.members(*dimension);
                    cells = cells
                        .iter()
                        .flat_map(|cell: &Vec<(u64, String)>| {
                            members.iter().map(|member| {
                                let mut cell = cell.clone();
                                cell.push(member.clone());
                                cell
                            })
                        })
                        .collect();
                }
                for cell in cells {
                    let (ids, mut fields): (Vec<u64>, Vec<String>) = cell.into_iter().unzip();
                    fields.extend(exported_line_items(module).map(|line_item| {
                        let value = self.cells.get(&(line_item.id, ids.clone()));
                        self.text_of(&line_item.format, value)
                    }));
                    rows.push(fields);
                }
            }
        }
        Some(Table {
            headers: headers.into_iter().map(|column| column.name).collect(),
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
    pub(crate) fn export_text(&self, export: &Export) -> Option<Vec<Bytes>> {
        let table = self.export_table(export.source)?;
        let mut text = String::new();
        let lines = std::iter::once(&table.headers).chain(table.rows.iter().map(|row| &row.fields));
        for line in lines {
            write_row(&mut text, export.separator, line.iter().map(String::as_str));
        }
        Some(cut(export.encoding.encode(&text).into()))
    }

    fn dimension_name(&self, dimension: Dimension) -> String {
        let lists = &self.structure.lists;
        let list = lists.iter().find(|list| list.id == dimension);
        let subset = lists
            .iter()
            .flat_map(|list| &list.subsets)
            .find(|subset| subset.id == dimension);
        list.map(|list| list.name.clone())
            .or_else(|| subset.map(|subset| subset.name.clone()))
            .unwrap_or_else(|| dimension.to_string())
    }

    /// The items of a list or subset, in their order.
    fn members(&self, dimension: Dimension) -> Vec<(u64, String)> {
        let lists = &self.structure.lists;
        let subset_of = lists
            .iter()
            .find(|list| list.subsets.iter().any(|subset| subset.id == dimension));
        let list = subset_of.map_or(dimension, |list| list.id);
        let items = self
            .items
            .get(&list)
            .into_iter()
            .flat_map(|items| items.iter());
        items
            .filter(|item| subset_of.is_none() || item.subsets.contains(&dimension))
            .map(|item| (item.id, item.name.clone()))
            .collect()
    }

    fn item_name(&self, parent_list: Option<u64>, list: u64, item: u64) -> Option<String> {
        let lists = parent_list.into_iter().chain([list]);
        lists
            .filter_map(|list| self.items.get(&list))
            .find_map(|items| items.get(item))
            .map(|item| item.name.clone())
    }

    fn text_of(&self, format: &Format, value: Option<&CellValue>) -> String {
        match (value, format) {
            (Some(CellValue::Number(number)), _) => number.to_string(),
            (Some(CellValue::Boolean(flag)), _) => flag.to_string(),
            (Some(CellValue::Text(text)), _) => text.clone(),
            (Some(CellValue::Item(item)), Format::List(list)) => {
                self.item_name(None, *list, *item).unwrap_or_default()
            }
            (Some(CellValue::Item(item)), _) => item.to_string(),
            (None, Format::Number) => "0".into(),
            (None, Format::Boolean) => "false".into(),
            (None, _) => String::new(),
        }
    }
}

/// The line items that stand in the columns: those with the module's own dimensions.
fn exported_line_items(module: &Module) -> impl Iterator<Item = &crate::world::LineItem> {
    module
        .line_items
        .iter()
        .filter(|line_item| line_item.applies_to.is_none() && line_item.format != Format::None)
}
