//! Properties of actions and processes.

use jiff::civil::Date;

use crate::world::actions::{Act, Process, Selection, SortKey};
use crate::world::model::Model;

/// Describes an action.
#[derive(Debug)]
pub struct ActionEdit<'m> {
    pub(super) model: &'m mut Model,
    pub(super) id: u64,
}

impl ActionEdit<'_> {
    /// The action's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Has it delete the chosen items of a list.
    pub fn deletes(self, list: u64, selection: Selection) -> Self {
        self.act(Act::DeleteBySelection { list, selection })
    }

    /// Has it put the items of a list in order.
    pub fn sorts(self, list: u64, by: SortKey) -> Self {
        let descending = false;
        self.act(Act::OrderHierarchy {
            list,
            by,
            descending,
        })
    }

    /// Has it put the items of a list in order, the last first.
    pub fn sorts_descending(self, list: u64, by: SortKey) -> Self {
        let descending = true;
        self.act(Act::OrderHierarchy {
            list,
            by,
            descending,
        })
    }

    /// Has it copy the cells of one item to another one.
    pub fn copies(self, list: u64, from: u64, to: u64) -> Self {
        self.act(Act::BulkCopy { list, from, to })
    }

    /// Has it add an item to a list, under a name that the server makes.
    pub fn creates(self, list: u64) -> Self {
        self.act(Act::SimpleCreate { list })
    }

    /// Has it delete an item of a list and all that hang under it.
    pub fn deletes_branch(self, list: u64, item: u64) -> Self {
        self.act(Act::DeleteBranch { list, item })
    }

    /// Has it copy an item of a list and all that hang under it, with their cells.
    pub fn copies_branch(self, list: u64, item: u64) -> Self {
        self.act(Act::CopyBranch { list, item })
    }

    /// Has it hang the chosen items of a list under another parent.
    pub fn assigns(self, list: u64, selection: Selection, parent: u64) -> Self {
        self.act(Act::Assign {
            list,
            selection,
            parent,
        })
    }

    /// Has it copy the items of a list into a numbered list, which has some of them already.
    pub fn numbers(self, from: u64, to: u64) -> Self {
        self.act(Act::CopyToNumberedList { from, to })
    }

    /// Has it set the current period: to that of a day, or to the one after.
    pub fn sets_current_period(self, day: Option<Date>) -> Self {
        self.act(Act::UpdateCurrentPeriod { day })
    }

    /// Has it run the optimizer.
    pub fn optimizes(self) -> Self {
        self.act(Act::Optimizer)
    }

    fn act(self, act: Act) -> Self {
        let actions = &mut self.model.structure.actions;
        if let Some(action) = actions.iter_mut().find(|action| action.id == self.id) {
            action.act = act;
        }
        self
    }
}

/// Describes a process.
#[derive(Debug)]
pub struct ProcessEdit<'m> {
    pub(super) model: &'m mut Model,
    pub(super) id: u64,
}

impl ProcessEdit<'_> {
    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Adds an import, export or action at its end.
    pub fn step(self, object: u64) -> Self {
        self.change(|process| process.steps.push(object))
    }

    /// Has it leave out the steps after a failed one.
    pub fn stops_on_failure(self) -> Self {
        self.change(|process| process.stops_on_failure = true)
    }

    fn change(self, change: impl FnOnce(&mut Process)) -> Self {
        let processes = &mut self.model.structure.processes;
        if let Some(process) = processes.iter_mut().find(|process| process.id == self.id) {
            change(process);
        }
        self
    }
}
