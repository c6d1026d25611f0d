//! Adding, changing and deleting the items of lists, as the API does it: the good ones of a request are
//! done, the others are told apart.

use std::collections::{BTreeMap, HashSet};

use anaplan_core::ModelId;

use crate::world::World;
use crate::world::cells::read_date;
use crate::world::ids::IdSource;
use crate::world::model::Model;
use crate::world::structure::{Format, Items, List, ListItem};

/// What a request says about one item.
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

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct WriteOutcome {
    pub(crate) done: usize,
    pub(crate) failures: Vec<WriteFailure>,
}

pub(crate) type Refused = (&'static str, String);

fn refuse<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Refused> {
    Err((kind, message.into()))
}

const INCOMPLETE: &str = "INCOMPLETE_DATA";
const INCORRECT: &str = "INCORRECT_FORMAT";

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
        let mut levels = vec![list];
        let mut next = 0;
        while let Some(level) = levels.get(next).copied() {
            let below = structure
                .lists
                .iter()
                .filter(|list| list.parent == Some(level));
            let below: Vec<u64> = below
                .map(|list| list.id)
                .filter(|id| !levels.contains(id))
                .collect();
            levels.extend(below);
            next += 1;
        }
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
    fn orphan(&mut self, gone: &HashSet<u64>) {
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

/// A list under work.
struct Site<'a> {
    list: &'a List,
    items: Items,
    above: Option<Items>,
    index: u64,
    formats: BTreeMap<String, Check>,
    ids: &'a mut IdSource,
}

/// What a property's value is held against.
enum Check {
    Number,
    Boolean,
    Date,
    Item(Items),
    Period(HashSet<String>),
    Nothing,
}

impl Check {
    fn of(model: &Model, format: &Format) -> Self {
        match format {
            Format::Number => Self::Number,
            Format::Boolean => Self::Boolean,
            Format::Date => Self::Date,
            Format::List(list) => Self::Item(model.items.get(list).cloned().unwrap_or_default()),
            Format::TimePeriod(kind) => {
                let kind = crate::world::calendar::PeriodKind::of_text(kind);
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

fn add(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
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

fn update(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
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

fn delete(site: &mut Site<'_>, request: &ItemRequest) -> Result<u64, Refused> {
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

#[cfg(test)]
mod tests {
    use super::*;
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
}
