//! States of the items of an insertion with unknown outcome.

use std::collections::{HashMap, HashSet};

use crate::ListItem;
use crate::items::{Key, NewListItem};

/// State of one item of a request after an attempt with unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemState {
    /// It did not exist before, and exists now with every value of the request.
    Added,
    /// Its name or code belongs to an item that existed before, or to another item of the request.
    Refused,
    /// It does not exist, or exists with other values.
    Missing,
}

/// Compares the items of a request with those that exist now.
pub(crate) fn item_states(
    items: &[NewListItem],
    existing: &[ListItem],
    existed: impl Fn(&ListItem) -> bool,
) -> Vec<ItemState> {
    let mut by_key: HashMap<Key, &ListItem> = HashMap::new();
    for item in existing {
        by_key.insert(Key::name(&item.name), item);
        if let Some(code) = &item.code {
            by_key.insert(Key::code(code), item);
        }
    }
    let holders = |item: &NewListItem| -> Vec<&ListItem> {
        let keys = item.keys();
        keys.filter_map(|key| by_key.get(&key).copied()).collect()
    };
    let mut added = HashSet::new();
    let mut states: Vec<_> = items
        .iter()
        .map(|item| {
            let holders = holders(item);
            let is_new = holders.len() == item.keys().count()
                && holders
                    .iter()
                    .all(|holder| is_result(item, holder) && !existed(holder));
            match holders.first() {
                Some(holder) if is_new && added.insert(holder.id.clone()) => ItemState::Added,
                _ => ItemState::Missing,
            }
        })
        .collect();
    for (state, item) in states.iter_mut().zip(items) {
        let taken = |holder: &&ListItem| existed(holder) || added.contains(&holder.id);
        if *state == ItemState::Missing && holders(item).iter().any(taken) {
            *state = ItemState::Refused;
        }
    }
    states
}

/// Returns `true` if `found` has every value that the request sets for the item.
fn is_result(item: &NewListItem, found: &ListItem) -> bool {
    let is_same_key = |wanted: &Option<String>, found: Option<&str>| {
        wanted
            .as_deref()
            .is_none_or(|wanted| found.is_some_and(|found| Key::name(found) == Key::name(wanted)))
    };
    let has_property = |(name, wanted): (&String, &String)| {
        let found = found.properties.get(name).map_or("", String::as_str);
        is_same_value(wanted, found)
    };
    let has_subset = |(name, wanted): (&String, &bool)| {
        found.subsets.get(name).copied().unwrap_or_default() == *wanted
    };
    is_same_key(&item.name, Some(&found.name))
        && is_same_key(&item.code, found.code.as_deref())
        && is_same_key(&item.parent, found.parent.as_deref())
        && item.properties.iter().all(has_property)
        && item.subsets.iter().all(has_subset)
}

/// Compares two values as the server writes them: it stores `3.70` as `3.7` and `TRUE` as `true`.
fn is_same_value(wanted: &str, found: &str) -> bool {
    let (wanted, found) = (wanted.trim(), found.trim());
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match (number(wanted), number(found)) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => wanted.eq_ignore_ascii_case(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ItemState::{Added, Missing, Refused};

    fn found(json: serde_json::Value) -> ListItem {
        serde_json::from_value(json).unwrap()
    }

    fn states(items: &[NewListItem], existing: &[ListItem], before: &[&str]) -> Vec<ItemState> {
        item_states(items, existing, |item| before.contains(&item.id.as_str()))
    }

    #[test]
    fn item_states_confirms_only_items_with_every_value_of_the_request() {
        let item = || NewListItem::named("Oslo").code("O").parent("North");
        let item = item()
            .property("Size", "3.70")
            .property("Open", true)
            .subset("Big", true);
        let exact = serde_json::json!({"id": "1", "name": "Oslo", "code": "O", "parent": "North",
            "properties": {"Size": "3.7", "Open": "true"}, "subsets": {"Big": true}});
        assert_eq!(
            states(std::slice::from_ref(&item), &[found(exact.clone())], &[]),
            [Added]
        );
        for (path, value) in [
            ("/name", "Bergen"),
            ("/code", "P"),
            ("/parent", "South"),
            ("/properties/Size", "3.8"),
            ("/properties/Open", "false"),
        ] {
            let mut other = exact.clone();
            *other.pointer_mut(path).unwrap() = value.into();
            assert_eq!(
                states(std::slice::from_ref(&item), &[found(other)], &[]),
                [Missing],
                "{path}"
            );
        }
        for path in [
            "/code",
            "/parent",
            "/properties",
            "/subsets",
            "/subsets/Big",
        ] {
            let mut other = exact.clone();
            let (parent, key) = path.rsplit_once('/').unwrap();
            other
                .pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(key);
            assert_eq!(
                states(std::slice::from_ref(&item), &[found(other)], &[]),
                [Missing],
                "{path}"
            );
        }
    }

    #[test]
    fn item_states_refuses_items_whose_name_or_code_existed() {
        let old_name = found(serde_json::json!({"id": "1", "name": "A", "code": "z"}));
        let old_code = found(serde_json::json!({"id": "2", "name": "Z", "code": "a"}));
        let item = [NewListItem::named("A").code("a")];
        assert_eq!(
            states(&item, std::slice::from_ref(&old_name), &["1"]),
            [Refused]
        );
        assert_eq!(
            states(&item, std::slice::from_ref(&old_code), &["2"]),
            [Refused]
        );
        // Created by another user after the lookup: the request may still add the item.
        assert_eq!(states(&item, &[old_name], &[]), [Missing]);
        assert_eq!(states(&item, &[old_code], &[]), [Missing]);
    }

    #[test]
    fn item_states_counts_one_of_several_items_with_one_key() {
        let a = found(serde_json::json!({"id": "1", "name": "A", "properties": {"P": "2"}}));
        let item = |value| NewListItem::named("A").property("P", value);
        assert_eq!(
            states(&[item(1), item(2)], std::slice::from_ref(&a), &[]),
            [Refused, Added]
        );
        assert_eq!(
            states(&[item(2), item(2)], std::slice::from_ref(&a), &[]),
            [Added, Refused]
        );
        assert_eq!(states(&[item(1), item(3)], &[a], &[]), [Missing, Missing]);
    }

    #[test]
    fn item_states_rejects_a_name_and_a_code_of_two_items() {
        let name = found(serde_json::json!({"id": "1", "name": "A"}));
        let code = found(serde_json::json!({"id": "2", "name": "B", "code": "a"}));
        assert_eq!(
            states(&[NewListItem::named("A").code("a")], &[name, code], &[]),
            [Missing]
        );
    }
}
