//! The members of a dimension: its items in their order, and the parts of their totals.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::world::World;
use crate::world::items::{Items, ListItem};
use crate::world::model::Model;
use crate::world::people::User;
use crate::world::structure::{
    Dimension, LINE_ITEMS, List, Module, Structure, TIME, USERS, VERSIONS,
};

/// An item of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    /// `true` if cells are held here, rather than summed up.
    pub(crate) leaf: bool,
    /// The positions of the members that it sums up.
    pub(crate) below: Range<usize>,
}

/// The items of a dimension in their order: totals come after what they sum up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    all: Vec<Member>,
    by_id: HashMap<u64, usize>,
}

impl Members {
    pub(crate) fn all(&self) -> &[Member] {
        &self.all
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Member> {
        self.all.get(index)
    }

    pub(crate) fn position(&self, id: u64) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    fn push(&mut self, id: u64, name: String, code: Option<String>, leaf: bool, from: usize) {
        let index = self.all.len();
        self.by_id.insert(id, index);
        self.all.push(Member {
            id,
            name,
            code,
            leaf,
            below: from..index,
        });
    }

    fn push_leaf(&mut self, id: u64, name: impl Into<String>, code: Option<String>) {
        self.push(id, name.into(), code, true, self.all.len());
    }
}

/// The id of the item above all others of a list.
pub(crate) fn top_level_id(list: u64) -> u64 {
    100_000_000_000 + list
}

/// The id that a user has as an item.
pub(crate) fn user_item_id(user: &User) -> u64 {
    let hash = user
        .id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    208_000_000_000 + hash % 1_000_000_000
}

impl World {
    /// The users of a model: those with a role in it, and the administrators of its workspace.
    pub(crate) fn users_of<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = &'a User> {
        self.users
            .values()
            .filter(|user| self.can_open(&user.id, model))
    }

    /// Returns the members of a dimension of a module, with its totals.
    pub(crate) fn members(
        &self,
        model: &Model,
        module: Option<&Module>,
        dimension: Dimension,
    ) -> Option<Members> {
        let mut members = Members::default();
        match dimension {
            TIME => {
                let calendar = &model.structure.calendar;
                let periods: Vec<_> = calendar.periods().collect();
                for period in &periods {
                    let from = periods
                        .iter()
                        .position(|part| part.first >= period.first)
                        .unwrap_or_default();
                    let leaf = period.kind == calendar.base();
                    let from = if leaf { members.len() } else { from };
                    members.push(period.id, period.name.clone(), None, leaf, from);
                }
            }
            VERSIONS => {
                for version in &model.structure.versions {
                    members.push_leaf(version.id, &version.name, version.code.clone());
                }
            }
            USERS => {
                for user in self.users_of(model) {
                    members.push_leaf(user_item_id(user), &user.email, None);
                }
            }
            LINE_ITEMS => {
                for line_item in &module?.line_items {
                    members.push_leaf(line_item.id, &line_item.name, line_item.code.clone());
                }
            }
            id => {
                let list = model.structure.list_behind(id)?;
                if list.id == id {
                    hierarchy(model, list, &mut members);
                } else {
                    let items = model.items.get(&list.id)?;
                    for item in items.iter().filter(|item| item.subsets.contains(&id)) {
                        members.push_leaf(item.id, &item.name, item.code.clone());
                    }
                }
            }
        }
        Some(members)
    }
}

/// The lists from this one upwards.
pub(crate) fn chain<'a>(structure: &'a Structure, list: &'a List) -> Vec<&'a List> {
    let mut chain = vec![list];
    while let Some(next) = chain
        .last()
        .and_then(|last| structure.list(last.parent?))
        .filter(|next| chain.iter().all(|seen| seen.id != next.id))
    {
        chain.push(next);
    }
    chain
}

fn hierarchy(model: &Model, list: &List, members: &mut Members) {
    let chain = chain(&model.structure, list);
    let levels: Vec<&Items> = chain
        .iter()
        .filter_map(|list| model.items.get(&list.id))
        .collect();
    let find = |id: u64| levels.iter().find_map(|items| items.get(id));
    let mut children: HashMap<u64, Vec<&ListItem>> = HashMap::new();
    let mut roots: Vec<&ListItem> = Vec::new();
    for items in levels.iter().rev() {
        for item in items.iter() {
            match item.parent.filter(|parent| find(*parent).is_some()) {
                Some(parent) => children.entry(parent).or_default().push(item),
                None => roots.push(item),
            }
        }
    }
    let own = model.items.get(&list.id);
    let mut seen = HashSet::new();
    // What is on the stack with its start has had its children laid out.
    let mut stack: Vec<(&ListItem, Option<usize>)> =
        roots.into_iter().rev().map(|item| (item, None)).collect();
    while let Some((item, start)) = stack.pop() {
        let below = children.get(&item.id);
        match start {
            Some(start) => {
                let leaf = below.is_none() && own.is_some_and(|own| own.get(item.id).is_some());
                let (name, code) = (item.name.clone(), item.code.clone());
                members.push(item.id, name, code, leaf, start);
            }
            None if seen.insert(item.id) => {
                stack.push((item, Some(members.len())));
                let below = below.into_iter().flatten().rev();
                stack.extend(below.map(|child| (*child, None)));
            }
            None => {}
        }
    }
    let top = chain
        .iter()
        .find_map(|list| Some((list.id, list.top_level.clone()?)));
    if let Some((list, name)) = top {
        members.push(top_level_id(list), name, None, false, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anaplan_core::Timestamp;

    #[test]
    fn a_hierarchy_is_laid_out_with_its_totals_after_their_parts() {
        let mut world = World::new(Timestamp::UNIX_EPOCH);
        let workspace = world.add_workspace("W");
        let id = world.add_model(&workspace, "M");
        let mut edit = world.edit(&id);
        let mut countries = edit.list("Countries").top_level("World");
        let (france, spain) = (countries.item("France"), countries.item("Spain"));
        let countries = countries.id();
        let mut cities = edit.list("Cities").parent(countries);
        cities.item_with("Madrid", |item| item.parent = Some(spain));
        cities.item_with("Paris", |item| item.parent = Some(france));
        cities.item_with("Lyon", |item| item.parent = Some(france));
        cities.item("Atlantis");
        let cities = cities.id();
        let model = world.model(&id).unwrap();
        let members = world.members(model, None, cities).unwrap();
        let names: Vec<&str> = members.all().iter().map(|m| m.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Paris", "Lyon", "France", "Madrid", "Spain", "Atlantis", "World"
            ]
        );
        let leaves: Vec<bool> = members.all().iter().map(|m| m.leaf).collect();
        assert_eq!(leaves, [true, true, false, true, false, true, false]);
        assert_eq!(members.all()[2].below, 0..2);
        assert_eq!(members.all()[6].below, 0..6);
    }

    #[test]
    fn time_totals_sum_up_their_months() {
        let mut world = World::new(Timestamp::UNIX_EPOCH);
        let workspace = world.add_workspace("W");
        let id = world.add_model(&workspace, "M");
        let model = world.model(&id).unwrap();
        let members = world.members(model, None, TIME).unwrap();
        let year = members.all().iter().find(|m| m.name == "FY25").unwrap();
        let months = &members.all()[year.below.clone()];
        assert_eq!(months.iter().filter(|m| m.leaf).count(), 12);
        assert_eq!(months[0].name, "Jan 25");
    }
}
