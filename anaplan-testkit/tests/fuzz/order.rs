//! What holds in every world after every request.

use std::collections::{BTreeMap, HashSet};

use anaplan_testkit::World;
use anaplan_testkit::world::Books;

/// The world as it was, for comparing.
#[derive(Debug)]
pub(crate) struct Order {
    books: Books,
    items: usize,
    /// How far each task was that was looked at.
    tasks: BTreeMap<String, String>,
}

/// What a request may have done, as far as the kind of the request tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Effect {
    /// Items that the answer says were added.
    pub(crate) added: u64,
    /// Items that the answer says were deleted.
    pub(crate) deleted: u64,
    /// Whether tasks may have been worked off meanwhile.
    pub(crate) runs: bool,
}

impl Order {
    pub(crate) fn of(world: &World) -> Self {
        Self {
            books: world.books().clone(),
            items: items(world),
            tasks: BTreeMap::new(),
        }
    }

    /// Compares the world with what it was before the request.
    pub(crate) fn check(&mut self, world: &World, effect: Effect) {
        ids_are_unique(world);
        let books = world.books();
        grew(&self.books, books);
        balance(books);
        assert_eq!(books.items_added - self.books.items_added, effect.added);
        assert_eq!(
            books.items_deleted - self.books.items_deleted,
            effect.deleted
        );
        let now = items(world);
        if !effect.runs {
            let expected = self.items as u64 + effect.added - effect.deleted;
            assert_eq!(now as u64, expected, "items come from nowhere");
        }
        self.items = now;
        self.books = books.clone();
    }

    /// Takes down the state of a task that an answer told: it only moves on.
    pub(crate) fn saw(&mut self, task: &str, state: &str) {
        let before = self.tasks.insert(task.to_owned(), state.to_owned());
        let Some(before) = before else {
            return;
        };
        let rank = |state: &str| match state {
            "NOT_STARTED" => 0,
            "IN_PROGRESS" => 1,
            "CANCELLING" => 2,
            "COMPLETE" | "CANCELLED" => 3,
            other => panic!("the state {other}"),
        };
        let over = rank(&before) == 3;
        assert!(
            rank(state) > rank(&before) || state == before && (over || rank(state) < 3),
            "{task} went from {before} to {state}"
        );
    }
}

fn items(world: &World) -> usize {
    let models = world.models().iter();
    models
        .map(|model| {
            model
                .items
                .values()
                .map(anaplan_testkit::world::Items::len)
                .sum::<usize>()
        })
        .sum()
}

/// Within a model no two objects have one id, and no two items; names and codes of a list are unique.
fn ids_are_unique(world: &World) {
    let mut models = HashSet::new();
    for model in world.models() {
        assert!(models.insert(&model.id));
        let structure = &model.structure;
        let mut objects: Vec<u64> = Vec::new();
        objects.extend(structure.lists.iter().map(|list| list.id));
        objects.extend(structure.modules.iter().map(|module| module.id));
        let line_items = structure
            .modules
            .iter()
            .flat_map(|module| &module.line_items);
        objects.extend(line_items.map(|line_item| line_item.id));
        objects.extend(structure.files.iter().map(|file| file.id));
        objects.extend(model.created_files.iter().map(|file| file.id));
        objects.extend(structure.imports.iter().map(|import| import.id));
        objects.extend(structure.exports.iter().map(|export| export.id));
        objects.extend(structure.actions.iter().map(|action| action.id));
        objects.extend(structure.processes.iter().map(|process| process.id));
        let mut ids = HashSet::new();
        for id in objects {
            assert!(ids.insert(id), "two objects have the id {id}");
        }
        let mut ids = HashSet::new();
        for (list, items) in &model.items {
            let (mut names, mut codes) = (HashSet::new(), HashSet::new());
            assert_eq!(items.iter().count(), items.len(), "the shelves of {list}");
            for item in items.iter() {
                assert!(ids.insert(item.id), "two items have the id {}", item.id);
                assert_eq!(items.get(item.id), Some(item));
                let name = item.name.trim().to_lowercase();
                assert!(names.insert(name), "two items are called {}", item.name);
                assert_eq!(items.by_name(&item.name), Some(item));
                if let Some(code) = &item.code {
                    assert!(
                        codes.insert(code.trim().to_lowercase()),
                        "two items have {code}"
                    );
                    assert_eq!(items.by_code(code), Some(item));
                }
            }
        }
        let mut revisions = HashSet::new();
        for applied in &model.applied {
            assert!(
                revisions.insert(&applied.revision),
                "a revision is applied twice"
            );
        }
    }
}

/// What has happened has happened.
fn grew(before: &Books, after: &Books) {
    macro_rules! grew {
        ($($field:ident),*) => {$(
            assert!(after.$field.starts_with(&before.$field), stringify!($field));
        )*};
    }
    grew!(
        revisions_created,
        syncs_started,
        syncs_applied,
        runs_started,
        runs_done
    );
    grew!(files_completed, read_requests_made);
    assert!(after.cells_written >= before.cells_written);
    assert!(after.items_updated >= before.items_updated);
}

/// Nothing is done that was not started, and nothing twice.
fn balance(books: &Books) {
    let mut ids = HashSet::new();
    for run in &books.runs_started {
        assert!(ids.insert(run.task.to_string()), "two tasks of one id");
    }
    let mut done = HashSet::new();
    for run in &books.runs_done {
        assert!(ids.contains(run.task.as_str()), "a run that nobody started");
        if run.process.is_none() {
            assert!(done.insert(run.task.as_str()), "{} was run twice", run.task);
        }
    }
    let mut syncs = HashSet::new();
    for (_, task, _) in &books.syncs_started {
        assert!(syncs.insert(task.as_str()) && !ids.contains(task.as_str()));
    }
    let mut applied = HashSet::new();
    for (_, task, _) in &books.syncs_applied {
        assert!(syncs.contains(task.as_str()) && applied.insert(task.as_str()));
    }
}
