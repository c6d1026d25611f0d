//! The items of lists.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// An item of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ListItem {
    /// The id.
    pub id: u64,
    /// The name; `#` and the id's index on numbered lists.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The item that it rolls up to: of the parent list, or of the same list.
    pub parent: Option<u64>,
    /// The values of its properties, as text.
    pub properties: BTreeMap<String, String>,
    /// The subsets that it is in.
    pub subsets: BTreeSet<u64>,
}

impl ListItem {
    /// An item of this id and name.
    #[must_use]
    pub fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            code: None,
            parent: None,
            properties: BTreeMap::new(),
            subsets: BTreeSet::new(),
        }
    }
}

/// The items of a list, found by id, name and code.
///
/// A clone costs nothing until one of the two is changed.
#[derive(Debug, Clone, Default)]
pub struct Items(Arc<Shelves>);

#[derive(Debug, Clone, Default)]
struct Shelves {
    by_id: BTreeMap<u64, ListItem>,
    by_name: HashMap<String, u64>,
    by_code: HashMap<String, u64>,
    order: Order,
}

/// The order that items were put in; nothing for that of their making. Taking one out costs the same
/// however many there are.
#[derive(Debug, Clone, Default)]
struct Order {
    by_place: BTreeMap<u64, u64>,
    places: HashMap<u64, u64>,
}

impl Order {
    fn of(ids: &[u64]) -> Self {
        let numbered = || (0..).zip(ids.iter().copied());
        Self {
            by_place: numbered().collect(),
            places: numbered().map(|(place, id)| (id, place)).collect(),
        }
    }

    fn is_that_of_making(&self) -> bool {
        self.by_place.is_empty()
    }

    fn append(&mut self, id: u64) {
        let last = self.by_place.last_key_value();
        let place = last.map_or(0, |(place, _)| place + 1);
        self.by_place.insert(place, id);
        self.places.insert(id, place);
    }

    fn remove(&mut self, id: u64) {
        if let Some(place) = self.places.remove(&id) {
            self.by_place.remove(&place);
        }
    }
}

impl PartialEq for Items {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl Items {
    /// Returns the number of there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.by_id.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.by_id.is_empty()
    }

    /// The items in their order, which is that of their making until they are sorted.
    pub fn iter(&self) -> impl Iterator<Item = &ListItem> {
        let order = &self.0.order;
        let unsorted = if order.is_that_of_making() {
            self.len()
        } else {
            0
        };
        order
            .by_place
            .values()
            .filter_map(|id| self.0.by_id.get(id))
            .chain(self.0.by_id.values().take(unsorted))
    }

    /// Reorders the items. Returns the number of items that have moved.
    pub(crate) fn sort(&mut self, compare: impl Fn(&ListItem, &ListItem) -> Ordering) -> u64 {
        let before: Vec<u64> = self.iter().map(|item| item.id).collect();
        let mut items: Vec<&ListItem> = self.iter().collect();
        items.sort_by(|a, b| compare(a, b));
        let after: Vec<u64> = items.into_iter().map(|item| item.id).collect();
        let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        Arc::make_mut(&mut self.0).order = if after.is_sorted() {
            Order::default()
        } else {
            Order::of(&after)
        };
        moved as u64
    }

    /// The item of this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&ListItem> {
        self.0.by_id.get(&id)
    }

    /// The item of this name. Case does not matter.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&ListItem> {
        self.get(*self.0.by_name.get(&key(name))?)
    }

    /// The item of this code. Case does not matter.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&ListItem> {
        self.get(*self.0.by_code.get(&key(code))?)
    }

    /// Puts an item in, in place of the one of the same id if there is one.
    pub fn put(&mut self, item: ListItem) {
        let known = self.take(item.id).is_some();
        let shelves = Arc::make_mut(&mut self.0);
        if !known && !shelves.order.is_that_of_making() {
            shelves.order.append(item.id);
        }
        shelves.by_name.insert(key(&item.name), item.id);
        if let Some(code) = &item.code {
            shelves.by_code.insert(key(code), item.id);
        }
        shelves.by_id.insert(item.id, item);
    }

    /// Takes an item out.
    pub fn remove(&mut self, id: u64) -> Option<ListItem> {
        let item = self.take(id)?;
        Arc::make_mut(&mut self.0).order.remove(id);
        Some(item)
    }

    /// Takes an item out, but keeps its place.
    fn take(&mut self, id: u64) -> Option<ListItem> {
        if !self.0.by_id.contains_key(&id) {
            return None;
        }
        let shelves = Arc::make_mut(&mut self.0);
        let item = shelves.by_id.remove(&id)?;
        forget(&mut shelves.by_name, &item.name, id);
        if let Some(code) = &item.code {
            forget(&mut shelves.by_code, code, id);
        }
        Some(item)
    }
}

/// Forgets what an item was found by, unless another one is found by it.
fn forget(ids: &mut HashMap<String, u64>, text: &str, id: u64) {
    let key = key(text);
    if ids.get(&key) == Some(&id) {
        ids.remove(&key);
    }
}

/// Returns the key by which names and codes are compared.
pub(crate) fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(items: &Items) -> Vec<&str> {
        items.iter().map(|item| item.name.as_str()).collect()
    }

    #[test]
    fn what_is_taken_out_of_a_sorted_list_leaves_no_place_behind() {
        let mut items = Items::default();
        for (id, name) in [(1, "c"), (2, "a"), (3, "b")] {
            items.put(ListItem::new(id, name));
        }
        assert_eq!(items.sort(|a, b| a.name.cmp(&b.name)), 3);
        let sorted = items.clone();
        assert_eq!(items.remove(3).unwrap().name, "b");
        assert!(items.remove(3).is_none());
        items.put(ListItem::new(3, "b"));
        assert_eq!(names(&items), ["a", "c", "b"]);
        items.put(ListItem::new(2, "A"));
        assert_eq!(names(&items), ["A", "c", "b"], "a change keeps the place");
        assert_eq!(names(&sorted), ["a", "b", "c"], "a clone is not touched");
        assert!(items != sorted && items == items.clone());
    }

    #[test]
    fn of_two_items_of_one_name_the_other_is_still_found() {
        let mut items = Items::default();
        items.put(ListItem::new(1, "a"));
        items.put(ListItem::new(2, "a"));
        items.remove(1);
        assert_eq!(items.by_name("A").unwrap().id, 2);
    }
}
