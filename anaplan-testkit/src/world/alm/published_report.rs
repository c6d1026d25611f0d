//! The comparison report in the published layout: names instead of ids, list items counted.

mod columns;

use std::collections::BTreeMap;

use crate::world::diff::{Change, Difference, ObjectKind};
use crate::world::rules::ReportLayout;
use crate::world::structure::Snapshot;
use columns::{LINE_ITEM_COLUMNS, LIST_COLUMNS, MODULE_COLUMNS, property_name};

/// One table of the report.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// Columns of `CHANGES WITHIN LISTS`.
const WITHIN_LISTS: [&str; 8] = [
    "List",
    "Items Added/Moved",
    "Items Deleted",
    "Items Changed",
    "Properties Added",
    "Properties Moved",
    "Properties Deleted",
    "Properties Changed",
];

/// Returns the sections that have rows, in the order of the published sample.
pub(super) fn sections(
    target: &Snapshot,
    source: &Snapshot,
    differences: &[Difference],
    layout: ReportLayout,
) -> Vec<Section> {
    use ObjectKind as Kind;
    let tables = Tables {
        target,
        source,
        differences,
        layout,
    };
    let mut all = Vec::new();
    all.extend(tables.objects(Kind::List));
    all.extend(tables.objects(Kind::Module));
    all.extend(tables.objects(Kind::Role));
    all.push(tables.changes_within_lists());
    all.extend(tables.objects(Kind::LineItem));
    for kind in [
        Kind::ListSubset,
        Kind::SavedView,
        Kind::ImportDataSource,
        Kind::Import,
        Kind::Export,
        Kind::Action,
        Kind::Process,
        Kind::Dashboard,
        Kind::ModelCalendar,
        Kind::Version,
    ] {
        all.extend(tables.objects(kind));
    }
    all.retain(|section| !section.rows.is_empty());
    all
}

struct Tables<'a> {
    target: &'a Snapshot,
    source: &'a Snapshot,
    differences: &'a [Difference],
    layout: ReportLayout,
}

impl Tables<'_> {
    /// The sections `... ADDED`, `... CHANGED` and `... DELETED` of a kind.
    fn objects(&self, kind: ObjectKind) -> [Section; 3] {
        [Change::Created, Change::Modified, Change::Deleted].map(|change| {
            let of = self.differences.iter();
            let of = of.filter(|found| found.kind == kind && found.change == change);
            if change == Change::Modified && kind == ObjectKind::Role {
                return self.changed_roles();
            }
            let mut section = Section {
                title: kind.section(change),
                columns: texts(name_columns(kind)),
                rows: Vec::new(),
            };
            let by_property = change == Change::Modified && self.layout == ReportLayout::Published;
            let names_only = change == Change::Deleted && self.layout != ReportLayout::Published;
            if by_property {
                section
                    .columns
                    .extend(texts(&["Property", "Target", "Source"]));
            } else if !names_only {
                section.columns.extend(texts(&value_columns(kind)));
            }
            for difference in of {
                let names = names(difference);
                if by_property {
                    for (property, before, after) in &difference.attributes {
                        let mut row = names.clone();
                        row.extend([
                            property_name(property).to_owned(),
                            or_dash(before),
                            or_dash(after),
                        ]);
                        section.rows.push(row);
                    }
                    continue;
                }
                let mut row = names;
                if !names_only {
                    row.extend(self.values(difference));
                }
                section.rows.push(row);
            }
            section
        })
    }

    /// The values of an object, by [`value_columns`].
    fn values(&self, difference: &Difference) -> Vec<String> {
        let deleted = difference.change == Change::Deleted;
        let snapshot = if deleted { self.target } else { self.source };
        let structure = &snapshot.structure;
        let id = difference.id.unwrap_or_default();
        let known = match difference.kind {
            ObjectKind::List => columns::list(structure, id),
            ObjectKind::Module => columns::module(structure, id),
            ObjectKind::LineItem => columns::line_item(structure, id),
            _ => None,
        };
        known.unwrap_or_else(|| {
            let attributes = difference.attributes.iter();
            let attributes = attributes.filter(|(name, ..)| *name != "Name");
            attributes
                .map(|(_, before, after)| or_dash(if deleted { before } else { after }))
                .collect()
        })
    }

    /// `ROLES CHANGED`: the number of changes of each role.
    fn changed_roles(&self) -> Section {
        let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
        let new = |name: &str| {
            let mut all = self.differences.iter();
            all.any(|found| {
                found.kind == ObjectKind::Role
                    && found.change != Change::Modified
                    && found.name == name
            })
        };
        for found in self.differences {
            let counts = match found.kind {
                ObjectKind::Role => found.change == Change::Modified,
                ObjectKind::RoleContents => !new(&found.name),
                _ => false,
            };
            if counts {
                *roles.entry(&found.name).or_default() += found.attributes.len();
            }
        }
        let rows = roles.into_iter();
        Section {
            title: ObjectKind::Role.section(Change::Modified),
            columns: texts(&["Name", "Changes"]),
            rows: rows
                .map(|(name, changes)| vec![name.to_owned(), changes.to_string()])
                .collect(),
        }
    }

    /// `CHANGES WITHIN LISTS`: items and properties are counted, not named.
    fn changes_within_lists(&self) -> Section {
        let mut lists: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
        for found in self.differences {
            let column = match (found.kind, found.change) {
                (ObjectKind::ListItem, Change::Created) => 0,
                (ObjectKind::ListItem, Change::Deleted) => 1,
                (ObjectKind::ListItem, Change::Modified) => 2,
                (ObjectKind::ListProperty, Change::Created) => 3,
                (ObjectKind::ListProperty, Change::Deleted) => 5,
                (ObjectKind::ListProperty, Change::Modified) => 6,
                _ => continue,
            };
            let list = found.owner.as_deref().unwrap_or_default();
            lists.entry(list).or_default()[column] += 1;
        }
        let rows = lists.into_iter().map(|(list, counts)| {
            let mut row = vec![list.to_owned()];
            row.extend(counts.iter().map(usize::to_string));
            row
        });
        Section {
            title: "CHANGES WITHIN LISTS".into(),
            columns: texts(&WITHIN_LISTS),
            rows: rows.collect(),
        }
    }
}

fn name_columns(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::LineItem => &["Module", "Line Item"],
        ObjectKind::SavedView => &["Module", "Name"],
        ObjectKind::ListSubset => &["List", "Name"],
        _ => &["Name"],
    }
}

fn names(difference: &Difference) -> Vec<String> {
    let mut names: Vec<String> = difference
        .owner
        .iter()
        .map(|owner| or_dash(owner))
        .collect();
    names.push(or_dash(&difference.name));
    names
}

/// The columns of `... ADDED` after the names. Those of lists, modules and line items are published.
fn value_columns(kind: ObjectKind) -> Vec<&'static str> {
    match kind {
        ObjectKind::List => LIST_COLUMNS.to_vec(),
        ObjectKind::Module => MODULE_COLUMNS.to_vec(),
        ObjectKind::LineItem => LINE_ITEM_COLUMNS.to_vec(),
        ObjectKind::SavedView => vec!["Rows", "Columns", "Pages"],
        ObjectKind::ImportDataSource
        | ObjectKind::Import
        | ObjectKind::Export
        | ObjectKind::Action
        | ObjectKind::Process
        | ObjectKind::Dashboard => vec!["Code", "Definition"],
        ObjectKind::Version => vec!["Code", "Current", "Actual", "Formula", "Notes"],
        _ => Vec::new(),
    }
}

fn texts(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}

fn or_dash(text: &str) -> String {
    let text = if text.is_empty() { "-" } else { text };
    text.to_owned()
}
