//! Carrying actions out.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::world::actions::{Act, Action, Selection, SortKey, branches};
use crate::world::ids::IdSource;
use crate::world::items::ListItem;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::{CellValue, List};

/// Runs an action on a model. Returns the number of changed items or cells, and the details that there are to
/// say about it.
pub(crate) fn perform(
    model: &mut Model,
    ids: &mut IdSource,
    action: &Action,
) -> Result<(u64, Vec<Detail>), Detail> {
    let changed = match &action.act {
        Act::OpenDashboard | Act::Optimizer => 0,
        Act::DeleteBySelection { list, selection } => return delete(model, *list, selection),
        Act::OrderHierarchy {
            list,
            by,
            descending,
        } => order(model, *list, by, *descending)?,
        Act::BulkCopy { list, from, to } => branches::copy_cells(model, *list, *from, *to)?,
        Act::SimpleCreate { list } => create(model, ids, *list)?,
        Act::DeleteBranch { list, item } => branches::delete(model, *list, *item)?,
        Act::CopyBranch { list, item } => branches::copy(model, ids, *list, *item)?,
        Act::Assign {
            list,
            selection,
            parent,
        } => assign(model, *list, selection, *parent)?,
        Act::CopyToNumberedList { from, to } => number(model, ids, *from, *to)?,
        Act::UpdateCurrentPeriod { day } => set_period(model, *day)?,
    };
    let done = detail("taskElementSucceeded", format!("{}: done", action.name));
    Ok((changed, vec![done]))
}

/// A list whose items may change; otherwise a failure of this kind.
pub(super) fn changeable_list(model: &Model, list: u64, failure: &str) -> Result<List, Detail> {
    let list = model.structure.list(list).ok_or_else(|| {
        detail(
            "failedToLocateHierarchy",
            "The list of the action is not there any more.",
        )
    })?;
    if model.state.is_deployed() && !list.production {
        let name = &list.name;
        let text = format!("{name}: the model is deployed, and the list is not production data.");
        return Err(detail(failure, text));
    }
    Ok(list.clone())
}

/// The name of an item to come: the next number of a numbered list, or else one that is free.
pub(super) fn new_name(model: &mut Model, list: &List, wanted: &str) -> String {
    let items = model.items.get(&list.id);
    let taken = |name: &str| items.is_some_and(|items| items.by_name(name).is_some());
    let mut index = model.next_index(list.id);
    let name = if list.numbered {
        while taken(&format!("#{index}")) {
            index += 1;
        }
        format!("#{index}")
    } else {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while taken(&name) {
            number += 1;
            name = format!("{wanted} {number}");
        }
        name
    };
    model.list_indices.insert(list.id, index);
    name
}

fn create(model: &mut Model, ids: &mut IdSource, list: u64) -> Result<u64, Detail> {
    let list = changeable_list(model, list, "actionFailed")?;
    let name = new_name(model, &list, "New item");
    let item = ListItem::new(ids.item(), name);
    model.items.entry(list.id).or_default().put(item);
    Ok(1)
}

/// The items of a list that are chosen.
fn chosen(model: &Model, list: u64, selection: &Selection) -> Vec<u64> {
    let is_chosen = |item: &&ListItem| match selection {
        Selection::LineItem(line_item) => {
            let cell = model.cells.get(&(*line_item, vec![item.id]));
            cell == Some(&CellValue::Boolean(true))
        }
        Selection::Property(property) => item
            .properties
            .get(property)
            .is_some_and(|value| value.eq_ignore_ascii_case("true")),
    };
    let items = model.items.get(&list).into_iter();
    let items = items.flat_map(|items| items.iter());
    items.filter(is_chosen).map(|item| item.id).collect()
}

fn delete(
    model: &mut Model,
    list: u64,
    selection: &Selection,
) -> Result<(u64, Vec<Detail>), Detail> {
    let name = changeable_list(model, list, "deleteFromSelectionFailed")?.name;
    let doomed = chosen(model, list, selection);
    let items = model.items.entry(list).or_default();
    for id in &doomed {
        items.remove(*id);
    }
    model.orphan(&doomed.iter().copied().collect());
    model.drop_orphaned_cells();
    let count = doomed.len() as u64;
    let text = format!("{name}: {count} items deleted");
    let detail = detail("deleteFromSelectionSucceeded", text)
        .with("hierarchyName", Some(&name))
        .with("hierarchyCode", None)
        .with("successRowCount", Some(&count.to_string()));
    Ok((count, vec![detail]))
}

fn order(model: &mut Model, list: u64, by: &SortKey, descending: bool) -> Result<u64, Detail> {
    changeable_list(model, list, "actionFailed")?;
    let cells = &model.cells;
    let key = |item: &ListItem| -> (f64, String) {
        let text = match by {
            SortKey::Name => item.name.to_lowercase(),
            SortKey::Code => item.code.clone().unwrap_or_default().to_lowercase(),
            SortKey::Property(name) => item.properties.get(name).cloned().unwrap_or_default(),
            SortKey::LineItem(line_item) => match cells.get(&(*line_item, vec![item.id])) {
                Some(CellValue::Number(number)) => return (*number, String::new()),
                Some(CellValue::Boolean(yes)) => return (f64::from(*yes), String::new()),
                Some(CellValue::Text(text)) => text.to_lowercase(),
                Some(CellValue::Item(id)) => id.to_string(),
                None => String::new(),
            },
        };
        (0.0, text)
    };
    let items = model.items.entry(list).or_default();
    let keys: HashMap<u64, (f64, String)> = items.iter().map(|item| (item.id, key(item))).collect();
    Ok(items.sort(|a, b| {
        let (Some(a), Some(b)) = (keys.get(&a.id), keys.get(&b.id)) else {
            return std::cmp::Ordering::Equal;
        };
        let order = a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1));
        if descending { order.reverse() } else { order }
    }))
}

fn assign(model: &mut Model, list: u64, selection: &Selection, parent: u64) -> Result<u64, Detail> {
    let list = changeable_list(model, list, "actionFailed")?;
    let mut above = [list.parent, Some(list.id)].into_iter().flatten();
    let there = above.any(|list| {
        let items = model.items.get(&list);
        items.is_some_and(|items| items.get(parent).is_some())
    });
    if !there {
        return Err(missing_item());
    }
    let chosen = chosen(model, list.id, selection);
    let items = model.items.entry(list.id).or_default();
    let mut moved = 0;
    for id in chosen.into_iter().filter(|id| *id != parent) {
        let Some(mut item) = items.get(id).cloned() else {
            continue;
        };
        if item.parent != Some(parent) {
            item.parent = Some(parent);
            items.put(item);
            moved += 1;
        }
    }
    Ok(moved)
}

fn number(model: &mut Model, ids: &mut IdSource, from: u64, to: u64) -> Result<u64, Detail> {
    let to = changeable_list(model, to, "actionFailed")?;
    if !to.numbered {
        let text = format!("{}: the list is not numbered.", to.name);
        return Err(detail("actionFailed", text));
    }
    if model.structure.list(from).is_none() {
        let text = "The list of the action is not there any more.";
        return Err(detail("failedToLocateHierarchy", text));
    }
    let items = model.items.get(&from).cloned().unwrap_or_default();
    let mut added = 0;
    for item in items.iter() {
        let code = item.code.as_ref().unwrap_or(&item.name);
        let there = model.items.get(&to.id);
        if there.is_some_and(|there| there.by_code(code).is_some()) {
            continue;
        }
        let mut copy = ListItem::new(ids.item(), new_name(model, &to, ""));
        copy.code = Some(code.clone());
        let known = to.properties.iter().filter_map(|property| {
            let value = item.properties.get(&property.name)?;
            Some((property.name.clone(), value.clone()))
        });
        copy.properties.extend(known);
        model.items.entry(to.id).or_default().put(copy);
        added += 1;
    }
    Ok(added)
}

fn set_period(model: &mut Model, day: Option<Date>) -> Result<u64, Detail> {
    let calendar = &model.structure.calendar;
    let current = model.current_period;
    let day = match (day, current.and_then(|day| calendar.period_at(day))) {
        (Some(day), _) => Some(day),
        (None, Some(period)) => period.last.checked_add(1.day()).ok(),
        (None, None) => Some(calendar.range().0),
    };
    match day.filter(|day| calendar.contains(*day)) {
        Some(day) => {
            model.current_period = Some(day);
            Ok(u64::from(current != Some(day)))
        }
        None => {
            let text = "The period is outside the timescale of the model.";
            Err(detail("actionFailed", text))
        }
    }
}

pub(super) fn missing_item() -> Detail {
    detail(
        "failedToLocateEntity",
        "An item of the action is not there any more.",
    )
}
