//! Interpretation of one section of a comparison report: its kind of objects and its columns.

use crate::diff::{ChangeKind, ObjectKind};
use crate::report_file::{Change, classify};

/// Interpretation of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// One row for each object, or for each changed property of an object.
    Objects(Objects),
    /// One row for each list, with counters of items and properties.
    WithinLists(Vec<Counter>),
    /// No interpretation, with the reason.
    Unrecognized(String),
}

/// Columns of a section with objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objects {
    pub(super) kind: ObjectKind,
    pub(super) change: ChangeKind,
    pub(super) id: Option<usize>,
    pub(super) name: usize,
    pub(super) parent: Option<usize>,
    /// Property, value in the target, value in the source.
    pub(super) property: Option<[usize; 3]>,
}

/// Column of `CHANGES WITHIN LISTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counter {
    /// Name of the list.
    List,
    /// Number of changes.
    Of(ObjectKind, ChangeKind),
    /// Unknown column with its name. Must be zero.
    Unknown(String),
}

const PROPERTY: [&str; 2] = ["Property", "Attribute"];
const TARGET: [&str; 4] = ["Target", "Target Value", "Old Value", "From"];
const SOURCE: [&str; 4] = ["Source", "Source Value", "New Value", "To"];

impl Layout {
    pub(super) fn new(title: &str, columns: &[&str]) -> Self {
        let (change, subject) = classify(title);
        let change = match (change, subject) {
            (Change::Within, "LISTS") => return within_lists(columns),
            (Change::Within, "ROLES") => ChangeKind::Changed,
            (Change::Added, _) => ChangeKind::Added,
            (Change::Changed, _) => ChangeKind::Changed,
            (Change::Deleted, _) => ChangeKind::Deleted,
            _ => return Self::Unrecognized("unknown title".into()),
        };
        let kind = match subject {
            "ROLES" if title.starts_with("CHANGES WITHIN") => ObjectKind::RoleContents,
            _ => kind(subject),
        };
        if let ObjectKind::Unknown(_) = kind {
            return Self::Unrecognized("unknown kind of objects".into());
        }
        match Objects::new(kind, change, columns) {
            Ok(objects) => Self::Objects(objects),
            Err(reason) => Self::Unrecognized(reason),
        }
    }
}

impl Objects {
    fn new(kind: ObjectKind, change: ChangeKind, columns: &[&str]) -> Result<Self, String> {
        let find = |names: &[&str]| {
            let found = |column: &&str| names.iter().any(|name| column.eq_ignore_ascii_case(name));
            columns.iter().position(found)
        };
        let required = |names: &[&str]| find(names).ok_or(format!("no column {}", names[0]));
        let name = match kind {
            ObjectKind::LineItem => required(&["Line Item", "Name"])?,
            ObjectKind::ListProperty => required(&["Name", "List Property"])?,
            ObjectKind::ListItem => required(&["Name", "Item"])?,
            _ => required(&["Name"])?,
        };
        let parent = match parent_column(&kind) {
            Some(column) => Some(required(&[column])?),
            None => None,
        };
        let property = match (find(&PROPERTY), find(&TARGET), find(&SOURCE)) {
            (Some(name), Some(target), Some(source)) => Some([name, target, source]),
            _ => None,
        };
        Ok(Self {
            kind,
            id: find(&["Id"]),
            name,
            parent,
            property: property.filter(|_| change == ChangeKind::Changed),
            change,
        })
    }
}

/// Returns the kind of the objects of a title, such as `LINE ITEMS`.
fn kind(subject: &str) -> ObjectKind {
    let mut key = String::with_capacity(subject.len());
    for (index, word) in subject.split_whitespace().enumerate() {
        let lower = word.to_lowercase();
        let mut characters = lower.chars();
        match characters.next() {
            Some(first) if index > 0 => key.extend(first.to_uppercase()),
            Some(first) => key.push(first),
            None => {}
        }
        key.push_str(characters.as_str());
    }
    match key.as_str() {
        "roleContents" => ObjectKind::RoleContents,
        "modelCalendars" => ObjectKind::ModelCalendar,
        key => ObjectKind::from(key),
    }
}

/// Returns the column with the name of the parent object.
fn parent_column(kind: &ObjectKind) -> Option<&'static str> {
    match kind {
        ObjectKind::LineItem | ObjectKind::SavedView => Some("Module"),
        ObjectKind::ListItem | ObjectKind::ListProperty | ObjectKind::ListSubset => Some("List"),
        _ => None,
    }
}

fn within_lists(columns: &[&str]) -> Layout {
    use ChangeKind as Change;
    use ObjectKind::{ListItem, ListProperty};
    let counters = columns.iter().map(|&column| match column {
        "List" => Counter::List,
        "Items Added/Moved" => Counter::Of(ListItem, Change::Added),
        "Items Deleted" => Counter::Of(ListItem, Change::Deleted),
        "Items Changed" => Counter::Of(ListItem, Change::Changed),
        "Properties Added" => Counter::Of(ListProperty, Change::Added),
        "Properties Moved" => Counter::Of(ListProperty, Change::Within),
        "Properties Deleted" => Counter::Of(ListProperty, Change::Deleted),
        "Properties Changed" => Counter::Of(ListProperty, Change::Changed),
        other => Counter::Unknown(other.to_owned()),
    });
    let counters: Vec<Counter> = counters.collect();
    match counters.contains(&Counter::List) {
        true => Layout::WithinLists(counters),
        false => Layout::Unrecognized("no column List".into()),
    }
}
