//! Reader of the rows of a comparison report. Holds the changes, not the cells.

use std::collections::HashMap;

use crate::diff::section::{Counter, Layout, Objects};
use crate::diff::{ChangeKind, ObjectChange, ObjectKind, PropertyChange, UnrecognizedSection};

#[derive(Debug, Default)]
pub(super) struct DiffBuilder {
    changes: Vec<ObjectChange>,
    unrecognized: Vec<UnrecognizedSection>,
    section: Option<OpenSection>,
}

/// The section that is being read.
#[derive(Debug)]
struct OpenSection {
    title: String,
    columns: Vec<String>,
    layout: Layout,
    /// Rows without interpretation, by the reason.
    rejected: Vec<(String, u64)>,
    /// Changed objects of this section, with their indexes, for rows of further properties.
    changed: HashMap<(Option<String>, String), usize>,
}

impl DiffBuilder {
    /// Begins a section, without its columns.
    pub(super) fn title(&mut self, title: &str) {
        self.end_section();
        self.section = Some(OpenSection {
            title: title.to_owned(),
            columns: Vec::new(),
            layout: Layout::Unrecognized("no columns".into()),
            rejected: Vec::new(),
            changed: HashMap::new(),
        });
    }

    pub(super) fn columns(&mut self, columns: &[&str]) {
        if let Some(section) = &mut self.section {
            section.layout = Layout::new(&section.title, columns);
            section.columns = columns.iter().map(|&column| column.to_owned()).collect();
        }
    }

    pub(super) fn row(&mut self, cells: &[&str]) {
        let Some(section) = &mut self.section else {
            return;
        };
        let result = if cells.len() > section.columns.len() {
            Err("more cells than columns".to_owned())
        } else {
            match &section.layout {
                Layout::Unrecognized(reason) => Err(reason.clone()),
                Layout::WithinLists(counters) => {
                    counted(counters, &section.title, cells).map(|new| self.changes.extend(new))
                }
                Layout::Objects(objects) => {
                    let (changes, changed) = (&mut self.changes, &mut section.changed);
                    object_row(objects, &section.title, cells, changes, changed)
                }
            }
        };
        if let Err(reason) = result {
            match section
                .rejected
                .iter_mut()
                .find(|(known, _)| *known == reason)
            {
                Some((_, rows)) => *rows += 1,
                None => section.rejected.push((reason, 1)),
            }
        }
    }

    fn end_section(&mut self) {
        let Some(section) = self.section.take() else {
            return;
        };
        let (title, columns) = (&section.title, &section.columns);
        let sections = section
            .rejected
            .into_iter()
            .map(|(reason, rows)| UnrecognizedSection {
                title: title.clone(),
                columns: columns.clone(),
                rows,
                reason,
            });
        self.unrecognized.extend(sections);
    }

    /// Returns the changes and the parts without interpretation.
    pub(super) fn finish(mut self) -> (Vec<ObjectChange>, Vec<UnrecognizedSection>) {
        self.end_section();
        merge_recreated(&mut self.changes);
        (self.changes, self.unrecognized)
    }
}

/// Returns the value of a cell. The report writes nothing as `-`, `null` or an empty cell.
fn value<'a>(cells: &[&'a str], index: usize) -> Option<&'a str> {
    let cell = cells.get(index)?.trim();
    (!matches!(cell, "" | "-" | "null")).then_some(cell)
}

fn object_row(
    objects: &Objects,
    title: &str,
    cells: &[&str],
    changes: &mut Vec<ObjectChange>,
    changed: &mut HashMap<(Option<String>, String), usize>,
) -> Result<(), String> {
    let owned = |index: usize| value(cells, index).map(str::to_owned);
    let name = owned(objects.name).ok_or("no name")?;
    let parent = match objects.parent {
        Some(index) => Some(owned(index).ok_or("no parent")?),
        None => None,
    };
    let mut change = ObjectChange {
        kind: objects.kind.clone(),
        change: objects.change.clone(),
        name: Some(name.clone()),
        count: 1,
        parent: parent.clone(),
        id: objects.id.and_then(owned),
        properties: Vec::new(),
        impacts: Vec::new(),
        section: title.to_owned(),
    };
    if let Some([property, target, source]) = objects.property {
        let property = PropertyChange {
            name: owned(property).ok_or("no property")?,
            from: owned(target),
            to: owned(source),
        };
        let index = *changed.entry((parent, name)).or_insert(changes.len());
        if index == changes.len() {
            changes.push(change);
        }
        add_property(&mut changes[index], property);
        return Ok(());
    }
    // `ROLES CHANGED` has the number of changes.
    if objects.kind == ObjectKind::Role && objects.change == ChangeKind::Changed {
        let count = cells
            .iter()
            .enumerate()
            .find(|(index, cell)| *index != objects.name && cell.trim().parse::<u64>().is_ok());
        change
            .properties
            .extend(count.map(|(_, count)| PropertyChange {
                name: "Changes".into(),
                from: None,
                to: Some(count.trim().to_owned()),
            }));
    }
    changes.push(change);
    Ok(())
}

/// Adds a property. A row for the name states both names of a renamed object.
fn add_property(change: &mut ObjectChange, property: PropertyChange) {
    if property.name == "Name" {
        if let (Some(from), Some(to)) = (&property.from, &property.to) {
            change.change = ChangeKind::Renamed { from: from.clone() };
            change.name = Some(to.clone());
        }
    }
    change.properties.push(property);
}

fn counted(counters: &[Counter], title: &str, cells: &[&str]) -> Result<Vec<ObjectChange>, String> {
    let list = counters
        .iter()
        .position(|counter| *counter == Counter::List);
    let list = list
        .and_then(|index| value(cells, index))
        .ok_or("no list")?;
    let mut changes = Vec::new();
    for (index, counter) in counters.iter().enumerate() {
        if *counter == Counter::List {
            continue;
        }
        let count = match value(cells, index) {
            Some(number) => number
                .parse::<u64>()
                .map_err(|_| "a counter is not a number")?,
            None => 0,
        };
        match counter {
            _ if count == 0 => {}
            Counter::Unknown(column) => return Err(format!("unknown column {column}")),
            Counter::Of(kind, change) => changes.push(ObjectChange {
                kind: kind.clone(),
                change: change.clone(),
                name: None,
                count,
                parent: Some(list.to_owned()),
                id: None,
                properties: Vec::new(),
                impacts: Vec::new(),
                section: title.to_owned(),
            }),
            Counter::List => {}
        }
    }
    Ok(changes)
}

/// Turns a deletion and an addition under the same name into one re-created object.
fn merge_recreated(changes: &mut Vec<ObjectChange>) {
    type Key = (ObjectKind, Option<String>, String);
    let key = |change: &ObjectChange| -> Option<Key> {
        let name = change.name.clone()?;
        Some((change.kind.clone(), change.parent.clone(), name))
    };
    let mut deleted: HashMap<Key, Vec<usize>> = HashMap::new();
    for (index, change) in changes.iter().enumerate() {
        if change.change == ChangeKind::Deleted {
            if let Some(key) = key(change) {
                deleted.entry(key).or_default().push(index);
            }
        }
    }
    if deleted.is_empty() {
        return;
    }
    let mut recreated = Vec::new();
    let mut added = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if change.change != ChangeKind::Added {
            continue;
        }
        let found = key(change).and_then(|key| deleted.get_mut(&key)?.pop());
        if let Some(deletion) = found {
            recreated.push(deletion);
            added.push(index);
        }
    }
    for index in recreated {
        changes[index].change = ChangeKind::Recreated;
    }
    let mut index = 0;
    changes.retain(|_| {
        index += 1;
        added.binary_search(&(index - 1)).is_err()
    });
}
