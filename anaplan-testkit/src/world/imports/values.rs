//! Values of fields.

use crate::world::items::key;
use crate::world::model::Model;
use crate::world::structure::{CellValue, Dimension, Format, TIME, VERSIONS};

/// The item of a dimension, by code or name. Totals are no items here: nothing can be written to them.
pub(crate) fn find_item(model: &Model, dimension: Dimension, text: &str) -> Option<u64> {
    match dimension {
        TIME => {
            let calendar = &model.structure.calendar;
            let mut periods = calendar.periods_of(calendar.base()).into_iter();
            Some(periods.find(|period| key(&period.name) == key(text))?.id)
        }
        VERSIONS => {
            let mut versions = model.structure.versions.iter();
            let named = |code: &Option<String>| code.as_deref().map(key) == Some(key(text));
            let is_it = |name: &str, code| key(name) == key(text) || named(code);
            let version = versions.find(|version| is_it(&version.name, &version.code))?;
            Some(version.id)
        }
        id => {
            let list = model.structure.list_behind(id)?;
            let items = model.items.get(&list.id)?;
            let item = items.by_code(text).or_else(|| items.by_name(text))?;
            let inside = list.id == id || item.subsets.contains(&id);
            inside.then_some(item.id)
        }
    }
}

pub(crate) fn value_code(format: &Format) -> &'static str {
    match format {
        Format::Boolean => "moduleImportBooleanFormat",
        Format::Date => "moduleImportDateFormat",
        Format::List(_) => "moduleImportInvalidListIdentifier",
        Format::TimePeriod(_) => "moduleImportInvalidTimeEntityIdentifier",
        Format::Number | Format::Text | Format::None => "moduleImportNumberFormat",
    }
}

/// Reads a value; nothing is `None`.
pub(crate) fn parse(
    model: &Model,
    format: &Format,
    text: &str,
    decimal: char,
) -> Result<Option<CellValue>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = match format {
        Format::Number => {
            let group = if decimal == ',' { '.' } else { ',' };
            let plain: String = text
                .chars()
                .filter(|c| *c != group)
                .map(|c| if c == decimal { '.' } else { c })
                .collect();
            let number = plain
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite());
            number.map(CellValue::Number).ok_or("a number")
        }
        Format::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(CellValue::Boolean(true)),
            "false" | "no" | "0" => Ok(CellValue::Boolean(false)),
            _ => Err("a boolean"),
        },
        Format::Date => match text.parse::<jiff::civil::Date>() {
            Ok(date) => Ok(CellValue::Text(date.to_string())),
            Err(_) => Err("a date"),
        },
        Format::List(list) => find_item(model, *list, text)
            .map(CellValue::Item)
            .ok_or("an item of the list"),
        Format::Text => Ok(CellValue::Text(text.to_owned())),
        Format::TimePeriod(_) => Err("a period"),
        Format::None => Err("anything that a heading can hold"),
    };
    value
        .map(Some)
        .map_err(|wanted| format!("'{text}' is not {wanted}"))
}
