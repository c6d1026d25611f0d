//! Differences between two structures.

mod kinds;
mod things;

use crate::world::structure::Snapshot;
use things::things;

pub use kinds::{Change, ObjectKind};

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The kind of object.
    pub kind: ObjectKind,
    /// The change.
    pub change: Change,
    /// Its id, where it has one.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// The name of the object that it is part of.
    pub owner: Option<String>,
    /// The attributes that differ: name, before, after. For new and removed objects, all there is.
    pub attributes: Vec<(&'static str, String, String)>,
}

/// Everything that is not the same in two structures, seen as what would turn `target` into `source`.
pub(crate) fn differences(target: &Snapshot, source: &Snapshot) -> Vec<Difference> {
    let (before, after) = (things(target), things(source));
    let mut all = Vec::new();
    for (key, new) in &after {
        match before.get(key) {
            None => all.push(new.difference(Change::Created, &new.attributes, &[])),
            // The name of the owner is no attribute: a renamed list does not change its subsets.
            Some(old) if old.attributes != new.attributes => {
                all.push(new.difference(Change::Modified, &new.attributes, &old.attributes));
            }
            Some(_) => {}
        }
    }
    for (key, old) in &before {
        if !after.contains_key(key) {
            all.push(old.difference(Change::Deleted, &[], &old.attributes));
        }
    }
    all.sort_by_key(|difference| (difference.kind, difference.change));
    all
}

type Attributes = Vec<(&'static str, String)>;

/// An object, flattened so that any two of a kind can be compared.
#[derive(Debug)]
struct Thing {
    kind: ObjectKind,
    id: Option<u64>,
    name: String,
    owner: Option<String>,
    attributes: Attributes,
}

impl Thing {
    fn difference(
        &self,
        change: Change,
        after: &[(&'static str, String)],
        before: &[(&'static str, String)],
    ) -> Difference {
        let value = |side: &[(&'static str, String)], name: &str| {
            side.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let attributes = self
            .attributes
            .iter()
            .map(|(name, _)| (*name, value(before, name), value(after, name)))
            .filter(|(_, before, after)| change != Change::Modified || before != after)
            .collect();
        Difference {
            kind: self.kind,
            change,
            id: self.id,
            name: self.name.clone(),
            owner: self.owner.clone(),
            attributes,
        }
    }
}
