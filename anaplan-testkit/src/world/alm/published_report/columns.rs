//! The published columns of lists, modules and line items.

use super::or_dash;
use crate::world::structure::{Format, Structure, TIME, VERSIONS};

/// Columns of `LISTS ADDED` after the name.
pub(super) const LIST_COLUMNS: [&str; 9] = [
    "Position",
    "Relative To",
    "Has Workflow",
    "Is Numbered List",
    "Is Organisation",
    "Notes",
    "Is Production Data",
    "Has Selective Access",
    "Use Top Level As Default Page",
];

/// Columns of `MODULES ADDED` after the name.
pub(super) const MODULE_COLUMNS: [&str; 11] = [
    "Position",
    "Relative To",
    "Applies To",
    "Breakback",
    "Time Scale",
    "Notes",
    "Read Access Driver",
    "Read/Write Access Driver",
    "Time Range",
    "Users List Option",
    "Versions",
];

/// Columns of `LINE ITEMS ADDED` after module and name. There is none for the formula.
pub(super) const LINE_ITEM_COLUMNS: [&str; 18] = [
    "Position",
    "Relative To",
    "Data Type",
    "Applies To",
    "Tags",
    "Formula Scope",
    "Include Brought Forward",
    "Is Breakback Enabled",
    "Is Section Break",
    "Is Summary Line Item",
    "Time Scale",
    "Notes",
    "Read Access Driver",
    "Read/Write Access Driver",
    "Style",
    "Time Range",
    "Use Switchover",
    "Versions",
];

/// Returns the published name of an attribute.
pub(super) fn property_name(attribute: &str) -> &str {
    match attribute {
        "Numbered" => "Is Numbered List",
        "Production Data" => "Is Production Data",
        "Format" => "Data Type",
        other => other,
    }
}

pub(super) fn list(structure: &Structure, id: u64) -> Option<Vec<String>> {
    let list = structure.list(id)?;
    let names = structure.lists.iter().map(|list| (list.id, &*list.name));
    let [position, relative] = position(names, id);
    Some(vec![
        position,
        relative,
        flag(false),
        flag(list.numbered),
        flag(false),
        "-".into(),
        flag(list.production),
        flag(false),
        flag(false),
    ])
}

pub(super) fn module(structure: &Structure, id: u64) -> Option<Vec<String>> {
    let module = structure.module(id)?;
    let names = structure.modules.iter();
    let [position, relative] = position(names.map(|module| (module.id, &*module.name)), id);
    Some(vec![
        position,
        relative,
        lists(structure, &module.dimensions),
        flag(false),
        time_scale(&module.dimensions),
        "-".into(),
        "-".into(),
        "-".into(),
        "-".into(),
        "-".into(),
        versions(&module.dimensions),
    ])
}

pub(super) fn line_item(structure: &Structure, id: u64) -> Option<Vec<String>> {
    let (module, item) = structure.line_item(id)?;
    let names = module.line_items.iter();
    let [position, relative] = position(names.map(|item| (item.id, &*item.name)), id);
    let dimensions = item.dimensions(module);
    Some(vec![
        position,
        relative,
        data_type(structure, &item.format),
        lists(structure, dimensions),
        "-".into(),
        "All Versions".into(),
        flag(false),
        flag(false),
        flag(false),
        flag(false),
        time_scale(dimensions),
        or_dash(&item.notes),
        "-".into(),
        "-".into(),
        "-".into(),
        "-".into(),
        flag(false),
        versions(dimensions),
    ])
}

/// The columns `Position` and `Relative To`.
fn position<'a>(objects: impl Iterator<Item = (u64, &'a str)>, id: u64) -> [String; 2] {
    let mut before = None;
    for (object, name) in objects {
        if object == id {
            break;
        }
        before = Some(name);
    }
    match before {
        Some(name) => ["After".into(), name.into()],
        None => ["First".into(), "-".into()],
    }
}

fn flag(flag: bool) -> String {
    flag.to_string()
}

/// The names of the lists among the dimensions.
fn lists(structure: &Structure, dimensions: &[u64]) -> String {
    let lists = dimensions.iter().filter_map(|id| structure.list(*id));
    let names: Vec<&str> = lists.map(|list| list.name.as_str()).collect();
    or_dash(&names.join(", "))
}

fn time_scale(dimensions: &[u64]) -> String {
    let scale = match dimensions.contains(&TIME) {
        true => "Month",
        false => "Not Applicable",
    };
    scale.into()
}

fn versions(dimensions: &[u64]) -> String {
    let versions = match dimensions.contains(&VERSIONS) {
        true => "All",
        false => "Not Applicable",
    };
    versions.into()
}

fn data_type(structure: &Structure, format: &Format) -> String {
    match format {
        Format::Number => "Number".into(),
        Format::Text => "Text".into(),
        Format::Boolean => "Boolean".into(),
        Format::Date => "Date".into(),
        Format::List(list) => structure
            .list(*list)
            .map_or_else(|| "-".into(), |list| list.name.clone()),
        other => format!("{other:?}"),
    }
}
