//! Adding, changing and deleting the items of lists, as the API does it: the good ones of a request are
//! done, the others are told apart.

use std::collections::{BTreeMap, HashSet};

use anaplan_core::ModelId;

use crate::world::World;
use crate::world::items::{Items, ListItem};
use crate::world::list_rules::{Check, Site, add, delete, update};
use crate::world::model::Model;

/// An item in a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ItemRequest {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) subsets: BTreeMap<String, bool>,
}

/// Why one item or one cell was not written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WriteFailure {
    pub(crate) index: usize,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

/// The outcome of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct WriteOutcome {
    pub(crate) done: usize,
    pub(crate) failures: Vec<WriteFailure>,
}

pub(crate) type Refused = (&'static str, String);

/// Why an index is not reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResetRefusal {
    NotEmpty,
    Deployed,
    Unknown,
}

impl World {
    pub(crate) fn add_items(
        &mut self,
        model: &ModelId,
        list: u64,
        requests: &[ItemRequest],
    ) -> WriteOutcome {
        let (outcome, _) = self.write_items(model, list, requests, add);
        self.books.items_added += outcome.done as u64;
        outcome
    }

    pub(crate) fn update_items(
        &mut self,
        model: &ModelId,
        list: u64,
        requests: &[ItemRequest],
    ) -> WriteOutcome {
        let (outcome, _) = self.write_items(model, list, requests, update);
        self.books.items_updated += outcome.done as u64;
        outcome
    }

    pub(crate) fn delete_items(
        &mut self,
        model: &ModelId,
        list: u64,
        requests: &[ItemRequest],
    ) -> WriteOutcome {
        let (outcome, gone) = self.write_items(model, list, requests, delete);
        self.books.items_deleted += outcome.done as u64;
        if let Some(model) = self.model_mut(model) {
            model.orphan(&gone.into_iter().collect());
            model.drop_orphaned_cells();
        }
        outcome
    }

    fn write_items(
        &mut self,
        model: &ModelId,
        list: u64,
        requests: &[ItemRequest],
        write: fn(&mut Site<'_>, &ItemRequest) -> Result<u64, Refused>,
    ) -> (WriteOutcome, Vec<u64>) {
        let now = self.now;
        let mut outcome = WriteOutcome::default();
        let mut touched = Vec::new();
        let Self { models, ids, .. } = self;
        let model = models.iter_mut().find(|candidate| candidate.id == *model);
        let Some(model) = model else {
            return (outcome, touched);
        };
        let Some(list) = model.structure.list(list).cloned() else {
            return (outcome, touched);
        };
        model.last_modified = now;
        model.serial += 1;
        let formats: BTreeMap<String, Check> = list
            .properties
            .iter()
            .map(|property| (property.name.clone(), Check::of(model, &property.format)))
            .collect();
        let mut site = Site {
            above: list.parent.and_then(|id| model.items.get(&id)).cloned(),
            items: model.items.remove(&list.id).unwrap_or_default(),
            index: model.list_indices.get(&list.id).copied().unwrap_or(0),
            list: &list,
            formats,
            ids,
        };
        for (index, request) in requests.iter().enumerate() {
            match write(&mut site, request) {
                Ok(id) => touched.push(id),
                Err((kind, message)) => outcome.failures.push(WriteFailure {
                    index,
                    kind,
                    message,
                }),
            }
        }
        outcome.done = touched.len();
        let Site { items, index, .. } = site;
        model.list_indices.insert(list.id, index);
        model.items.insert(list.id, items);
        (outcome, touched)
    }

    pub(crate) fn reset_list_index(
        &mut self,
        model: &ModelId,
        list: u64,
    ) -> Result<(), ResetRefusal> {
        let model = self.model_mut(model).ok_or(ResetRefusal::Unknown)?;
        let structure = &model.structure;
        let found = structure.list(list).ok_or(ResetRefusal::Unknown)?;
        if model.state.is_deployed() && !found.production {
            return Err(ResetRefusal::Deployed);
        }
        // Every level below must be empty too.
        let levels = structure.with_lists_below(list);
        let empty = |level: &u64| model.items.get(level).is_none_or(Items::is_empty);
        if !levels.iter().all(empty) {
            return Err(ResetRefusal::NotEmpty);
        }
        model.list_indices.insert(list, 0);
        Ok(())
    }
}

impl Model {
    /// Has items that hang under others which are gone hang under nothing.
    pub(crate) fn orphan(&mut self, gone: &HashSet<u64>) {
        if gone.is_empty() {
            return;
        }
        for items in self.items.values_mut() {
            let orphans: Vec<ListItem> = items
                .iter()
                .filter(|item| item.parent.is_some_and(|parent| gone.contains(&parent)))
                .cloned()
                .collect();
            for mut orphan in orphans {
                orphan.parent = None;
                items.put(orphan);
            }
        }
    }

    /// The index that the next item of a numbered list gets.
    pub(crate) fn next_index(&self, list: u64) -> u64 {
        self.list_indices.get(&list).copied().unwrap_or(0) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::list_rules::{INCOMPLETE, INCORRECT};
    use crate::world::structure::Format;
    use anaplan_core::Timestamp;

    fn item(id: &str, name: &str, code: &str) -> ItemRequest {
        let some = |text: &str| (text != "-").then(|| text.to_owned());
        ItemRequest {
            id: some(id),
            name: some(name),
            code: some(code),
            ..ItemRequest::default()
        }
    }

    fn world(numbered: bool) -> (World, ModelId, u64) {
        let mut world = World::new(Timestamp::UNIX_EPOCH);
        let workspace = world.add_workspace("W");
        let model = world.add_model(&workspace, "M");
        let mut edit = world.edit(&model);
        let list = edit.list("L").property("Size", Format::Number);
        let list = if numbered { list.numbered() } else { list };
        let list = list.id();
        (world, model, list)
    }

    fn kinds(outcome: &WriteOutcome) -> Vec<(usize, &'static str)> {
        outcome.failures.iter().map(|f| (f.index, f.kind)).collect()
    }

    #[test]
    fn names_and_codes_are_unique_in_general_lists() {
        let (mut world, model, list) = world(false);
        let mut wrong = item("-", "n5", "-");
        wrong.properties.insert("Size".into(), "large".into());
        let outcome = world.add_items(
            &model,
            list,
            &[
                item("-", "n1", "c1"),
                item("-", "N1", "-"),
                item("-", "n2", "C1"),
                item("-", "-", "c3"),
                wrong,
            ],
        );
        assert_eq!(outcome.done, 1);
        assert_eq!(
            kinds(&outcome),
            [
                (1, "DUPLICATE_NAME"),
                (2, "DUPLICATE_CODE"),
                (3, INCOMPLETE),
                (4, INCORRECT)
            ]
        );
        assert_eq!(world.books.items_added, 1);
    }

    #[test]
    fn numbered_lists_name_their_items_themselves() {
        let (mut world, model, list) = world(true);
        let requests = [
            item("-", "-", "c1"),
            item("-", "n", "-"),
            item("-", "-", "c1"),
            item("-", "-", "-"),
        ];
        let outcome = world.add_items(&model, list, &requests);
        assert_eq!(
            (outcome.done, kinds(&outcome)),
            (2, vec![(1, INCORRECT), (2, "DUPLICATE_CODE")])
        );
        let found = world.model(&model).unwrap();
        let names: Vec<&str> = found.items[&list]
            .iter()
            .map(|item| item.name.as_str())
            .collect();
        assert_eq!((names, found.next_index(list)), (vec!["#1", "#2"], 3));
    }

    #[test]
    fn updates_follow_the_table() {
        let cases: [(&str, &str, &str, &str, Option<&str>); 10] = [
            // What there is (code), what is sent, and what is refused.
            ("c1", "-", "n2", "c1", None),
            ("c1", "id", "n1", "c2", None),
            ("-", "-", "n1", "c1", None),
            ("c1", "-", "n1", "c2", Some(INCOMPLETE)),
            ("c1", "id", "n1", "", Some(INCOMPLETE)),
            ("c1", "-", "n1", "-", Some(INCOMPLETE)),
            ("-", "-", "n1", "-", None),
            ("c1", "-", "-", "c1", None),
            ("c1", "-", "n9", "-", Some("UNKNOWN_ITEM")),
            ("c1", "-", "-", "-", Some(INCOMPLETE)),
        ];
        for (has, id, name, code, refused) in cases {
            let (mut world, model, list) = world(false);
            world.add_items(&model, list, &[item("-", "n1", has)]);
            let own = world.model(&model).unwrap().items[&list]
                .iter()
                .next()
                .unwrap()
                .id;
            let mut request = item(id, name, code);
            if id == "id" {
                request.id = Some(own.to_string());
            }
            let outcome = world.update_items(&model, list, &[request]);
            let kind = outcome.failures.first().map(|failure| failure.kind);
            assert_eq!(kind, refused, "{has} {id} {name} {code}");
            assert_eq!(outcome.done, usize::from(refused.is_none()));
            let after = world.model(&model).unwrap().items[&list]
                .get(own)
                .unwrap()
                .clone();
            if refused.is_none() && code != "-" {
                assert_eq!(after.code.as_deref(), Some(code));
            }
            if refused.is_none() && name != "-" {
                assert_eq!(after.name, name);
            }
        }
    }

    #[test]
    fn items_are_deleted_by_id_code_or_name_and_once() {
        let (mut world, model, list) = world(false);
        world.add_items(
            &model,
            list,
            &[
                item("-", "n1", "c1"),
                item("-", "n2", "-"),
                item("-", "n3", "-"),
            ],
        );
        let third = world.model(&model).unwrap().items[&list]
            .by_name("n3")
            .unwrap()
            .id;
        let requests = [
            item("-", "-", "c1"),
            item("-", "n2", "-"),
            item(&third.to_string(), "-", "-"),
            item("-", "n2", "-"),
            item("1", "-", "c1"),
        ];
        let outcome = world.delete_items(&model, list, &requests);
        assert_eq!(
            (outcome.done, kinds(&outcome)),
            (3, vec![(3, "UNKNOWN_ITEM"), (4, INCORRECT)])
        );
        assert!(world.model(&model).unwrap().items[&list].is_empty());
    }

    #[test]
    fn a_sorted_list_of_many_items_is_emptied_by_one_request() {
        const COUNT: usize = 250_000;
        let (mut world, model, list) = world(false);
        let requests: Vec<ItemRequest> = (0..COUNT)
            .map(|number| item("-", &format!("Item {number}"), &format!("c{number}")))
            .collect();
        assert_eq!(world.add_items(&model, list, &requests).done, COUNT);
        let items = world.model_mut(&model).unwrap().items.get_mut(&list);
        items.unwrap().sort(|a, b| b.id.cmp(&a.id));
        let codes: Vec<ItemRequest> = (0..COUNT)
            .map(|number| item("-", "-", &format!("c{number}")))
            .collect();
        assert_eq!(world.delete_items(&model, list, &codes).done, COUNT);
        assert!(world.model(&model).unwrap().items[&list].is_empty());
    }
}
