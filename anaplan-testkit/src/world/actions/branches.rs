//! Items with all that hangs under them.

use std::collections::{HashMap, HashSet};

use crate::world::actions::perform::{changeable_list, missing_item, new_name};
use crate::world::ids::IdSource;
use crate::world::model::Model;
use crate::world::outcome::Detail;

/// An item and all below it, each with its list, parents before their children.
fn branch(model: &Model, list: u64, item: u64) -> Result<Vec<(u64, u64)>, Detail> {
    if model
        .items
        .get(&list)
        .and_then(|items| items.get(item))
        .is_none()
    {
        return Err(missing_item());
    }
    let lists = model.structure.with_lists_below(list);
    let mut all = vec![(list, item)];
    let mut seen = HashSet::from([item]);
    let mut parents = seen.clone();
    while !parents.is_empty() {
        let mut children = HashSet::new();
        for list in &lists {
            let items = model
                .items
                .get(list)
                .into_iter()
                .flat_map(|items| items.iter());
            for item in items {
                let hangs = item.parent.is_some_and(|parent| parents.contains(&parent));
                if hangs && seen.insert(item.id) {
                    all.push((*list, item.id));
                    children.insert(item.id);
                }
            }
        }
        parents = children;
    }
    for (list, _) in &all {
        changeable_list(model, *list, "actionFailed")?;
    }
    Ok(all)
}

pub(super) fn delete(model: &mut Model, list: u64, item: u64) -> Result<u64, Detail> {
    let doomed = branch(model, list, item)?;
    for (list, item) in &doomed {
        model.items.entry(*list).or_default().remove(*item);
    }
    model.drop_orphaned_cells();
    Ok(doomed.len() as u64)
}

pub(super) fn copy(
    model: &mut Model,
    ids: &mut IdSource,
    list: u64,
    item: u64,
) -> Result<u64, Detail> {
    let originals = branch(model, list, item)?;
    let mut copies: HashMap<u64, u64> = HashMap::new();
    for (list, original) in &originals {
        let list = changeable_list(model, *list, "actionFailed")?;
        let found = model
            .items
            .get(&list.id)
            .and_then(|items| items.get(*original));
        let Some(mut item) = found.cloned() else {
            continue;
        };
        item.id = ids.item();
        item.name = new_name(model, &list, &item.name);
        // Codes are the originals' alone.
        item.code = None;
        item.parent = item
            .parent
            .map(|parent| copies.get(&parent).copied().unwrap_or(parent));
        copies.insert(*original, item.id);
        model.items.entry(list.id).or_default().put(item);
    }
    let cells: Vec<_> = model
        .cells
        .iter()
        .filter(|((_, cell), _)| cell.iter().any(|item| copies.contains_key(item)))
        .map(|((line_item, cell), value)| {
            let copy = |item: &u64| copies.get(item).copied().unwrap_or(*item);
            ((*line_item, cell.iter().map(copy).collect()), value.clone())
        })
        .collect();
    model.cells.extend(cells);
    Ok(copies.len() as u64)
}

/// Copies every cell of an item of a list to another one.
pub(super) fn copy_cells(model: &mut Model, list: u64, from: u64, to: u64) -> Result<u64, Detail> {
    let items = model.items.get(&list);
    let both = [from, to].map(|id| items.is_some_and(|items| items.get(id).is_some()));
    if both != [true, true] {
        return Err(missing_item());
    }
    let mut copies = Vec::new();
    for module in &model.structure.modules {
        for line_item in &module.line_items {
            let dimensions = line_item.dimensions(module);
            let Some(at) = dimensions.iter().position(|dimension| *dimension == list) else {
                continue;
            };
            for ((id, cell), value) in &model.cells {
                if *id == line_item.id && cell.get(at) == Some(&from) {
                    let mut cell = cell.clone();
                    cell[at] = to;
                    copies.push(((*id, cell), value.clone()));
                }
            }
        }
    }
    let count = copies.len() as u64;
    model.cells.extend(copies);
    Ok(count)
}
