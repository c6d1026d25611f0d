//! The rules by which the items of a list are added, changed and deleted, one at a time.

use std::collections::{BTreeMap, HashSet};

use crate::world::calendar::PeriodKind;
use crate::world::cells::read_date;
use crate::world::ids::IdSource;
use crate::world::items::{Items, ListItem};
use crate::world::lists::{ItemRequest, Refused};
use crate::world::model::Model;
use crate::world::structure::{Format, List};

pub(crate) const INCOMPLETE: &str = "INCOMPLETE_DATA";
pub(crate) const INCORRECT: &str = "INCORRECT_FORMAT";

fn refuse<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Refused> {
    Err((kind, message.into()))
}

/// A list under work.
pub(crate) struct Site<'a> {
    pub(crate) list: &'a List,
    pub(crate) items: Items,
    pub(crate) above: Option<Items>,
    pub(crate) index: u64,
    pub(crate) formats: BTreeMap<String, Check>,
    pub(crate) ids: &'a mut IdSource,
}

/// The rules for a property's value.
pub(crate) enum Check {
    Number,
    Boolean,
    Date,
    Item(Items),
    Period(HashSet<String>),
    Nothing,
}

impl Check {
    pub(crate) fn of(model: &Model, format: &Format) -> Self {
        match format {
            Format::Number => Self::Number,
            Format::Boolean => Self::Boolean,
            Format::Date => Self::Date,
            Format::List(list) => Self::Item(model.items.get(list).cloned().unwrap_or_default()),
            Format::TimePeriod(kind) => {
                let kind = PeriodKind::of_text(kind);
                let periods = kind.map(|kind| model.structure.calendar.periods_of(kind));
                let names = periods.into_iter().flatten().map(|period| period.name);
                Self::Period(names.collect())
            }
            Format::Text | Format::None => Self::Nothing,
        }
    }

    fn admits(&self, value: &str) -> bool {
        value.is_empty()
            || match self {
                Self::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
                Self::Boolean => matches!(value, "true" | "false"),
                Self::Date => read_date(value).is_some(),
                Self::Item(items) => {
                    items.by_name(value).is_some() || items.by_code(value).is_some()
                }
                Self::Period(names) => names.contains(value),
                Self::Nothing => true,
            }
    }
}

impl Site<'_> {
    /// Checks and takes over everything but name and code.
    fn describe(&self, request: &ItemRequest, item: &mut ListItem) -> Result<(), Refused> {
        if let Some(parent) = &request.parent {
            item.parent = self.parent(parent, item.id)?;
        }
        for (name, value) in &request.properties {
            match self.formats.get(name) {
                None => return refuse(INCORRECT, format!("There is no property '{name}'")),
                Some(check) if !check.admits(value) => {
                    let message = format!("'{value}' is not a value of the property '{name}'");
                    return refuse(INCORRECT, message);
                }
                Some(_) if value.is_empty() => {
                    item.properties.remove(name);
                }
                Some(_) => {
                    item.properties.insert(name.clone(), value.clone());
                }
            }
        }
        for (name, within) in &request.subsets {
            let subset = self.list.subsets.iter().find(|subset| subset.name == *name);
            let Some(subset) = subset else {
                return refuse(INCORRECT, format!("There is no subset '{name}'"));
            };
            if *within {
                item.subsets.insert(subset.id);
            } else {
                item.subsets.remove(&subset.id);
            }
        }
        Ok(())
    }

    fn parent(&self, name: &str, child: u64) -> Result<Option<u64>, Refused> {
        if name.is_empty() || self.list.top_level.as_deref() == Some(name) {
            return Ok(None);
        }
        let above = self.above.iter().chain([&self.items]);
        let found = above
            .filter_map(|items| items.by_name(name).or_else(|| items.by_code(name)))
            .find(|parent| parent.id != child);
        match found {
            Some(parent) => Ok(Some(parent.id)),
            None => refuse(INCORRECT, format!("There is no parent '{name}'")),
        }
    }

    fn free_name(&self, name: &str, own: u64) -> Result<(), Refused> {
        let top = self.list.top_level.as_deref();
        let taken = self.items.by_name(name).is_some_and(|item| item.id != own)
            || top.is_some_and(|top| top.eq_ignore_ascii_case(name));
        if taken {
            return refuse(
                "DUPLICATE_NAME",
                format!("The name '{name}' exists already"),
            );
        }
        Ok(())
    }

    fn free_code(&self, code: &str, own: u64) -> Result<(), Refused> {
        if self.items.by_code(code).is_some_and(|item| item.id != own) {
            return refuse(
                "DUPLICATE_CODE",
                format!("The code '{code}' exists already"),
            );
        }
        Ok(())
    }

    fn of_id(&self, id: &str) -> Option<ListItem> {
        self.items.get(id.parse().ok()?).cloned()
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

pub(crate) fn add(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
    let (name, code) = (given(&request.name), given(&request.code));
    match (site.list.numbered, name) {
        (true, Some(_)) => {
            return refuse(INCORRECT, "Items of a numbered list are given no name");
        }
        (false, None) => return refuse(INCOMPLETE, "An item must have a name"),
        (false, Some(name)) => site.free_name(name, 0)?,
        (true, None) => {}
    }
    if let Some(code) = code {
        site.free_code(code, 0)?;
    }
    let mut item = ListItem::new(0, name.unwrap_or_default());
    item.code = code.map(str::to_owned);
    site.describe(request, &mut item)?;
    // Only what is really added takes up an id and an index.
    item.id = site.ids.item();
    site.index += 1;
    if site.list.numbered {
        while site.items.by_name(&format!("#{}", site.index)).is_some() {
            site.index += 1;
        }
        item.name = format!("#{}", site.index);
    }
    let id = item.id;
    site.items.put(item);
    Ok(id)
}

pub(crate) fn update(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
    let (name, code) = (given(&request.name), given(&request.code));
    if site.list.numbered && name.is_some() {
        return refuse(INCORRECT, "Items of a numbered list are given no name");
    }
    let mut item = match (given(&request.id), code, name) {
        (Some(id), ..) => match site.of_id(id) {
            Some(item) => item,
            None => return refuse("UNKNOWN_ITEM", format!("There is no item of id '{id}'")),
        },
        (None, None, None) => {
            return refuse(INCOMPLETE, "An item must be told by its id, code or name");
        }
        (None, code, name) => {
            let by_code = code.and_then(|code| site.items.by_code(code));
            let by_name = name.and_then(|name| site.items.by_name(name));
            match (by_code, by_name) {
                (Some(item), _) => item.clone(),
                (None, Some(item)) if item.code.is_some() => {
                    let message = "The item has a code, and must be told by it or by its id";
                    return refuse(INCOMPLETE, message);
                }
                (None, Some(item)) => item.clone(),
                (None, None) => return refuse("UNKNOWN_ITEM", "There is no such item"),
            }
        }
    };
    if item.code.is_some() && request.code.is_some() && code.is_none() {
        return refuse(INCOMPLETE, "A code cannot be removed");
    }
    if let Some(name) = name {
        site.free_name(name, item.id)?;
        item.name = name.to_owned();
    }
    if let Some(code) = code {
        site.free_code(code, item.id)?;
        item.code = Some(code.to_owned());
    }
    site.describe(request, &mut item)?;
    let id = item.id;
    site.items.put(item);
    Ok(id)
}

pub(crate) fn delete(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
    let (id, code, name) = (
        given(&request.id),
        given(&request.code),
        given(&request.name),
    );
    let item = match (id, code, name) {
        (Some(_), Some(_), _) => {
            return refuse(
                INCORRECT,
                "An item is told by its id or by its code, not by both",
            );
        }
        (Some(id), ..) => site.of_id(id),
        (None, Some(code), _) => site.items.by_code(code).cloned(),
        (None, None, Some(name)) => site.items.by_name(name).cloned(),
        (None, None, None) => {
            return refuse(INCOMPLETE, "An item must be told by its id or code");
        }
    };
    match item.and_then(|item| site.items.remove(item.id)) {
        Some(item) => Ok(item.id),
        None => refuse("UNKNOWN_ITEM", "There is no such item"),
    }
}
