//! What the users asked for and what they were told: the judge compares it with the world.

use std::collections::BTreeMap;

use anaplan_core::{ModelId, TaskId};
use bytes::Bytes;

use crate::program::USERS;

/// What became of a call, as its user sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was done.
    Done,
    /// Nobody knows: the call was dropped, or ended ambiguously.
    Maybe,
    /// It was not done.
    Not,
}

/// What a user knows of one thing that the user alone writes: every value that it can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    possible: Vec<Value>,
    /// What may still be written by requests that nobody waits for any more.
    pending: Vec<Value>,
}

pub(crate) type Value = Option<Bytes>;

impl Slot {
    pub(crate) fn new(value: Value) -> Self {
        Self {
            possible: vec![value],
            pending: Vec::new(),
        }
    }

    /// A write that was told to have happened. With `late`, an earlier attempt of it may happen yet.
    pub(crate) fn done(&mut self, value: Value, late: bool) {
        if late {
            add(&mut self.pending, value.clone());
        }
        self.possible.clone_from(&self.pending);
        add(&mut self.possible, value);
    }

    /// A write that may have happened, or may happen yet.
    pub(crate) fn maybe(&mut self, value: Value) {
        add(&mut self.possible, value.clone());
        add(&mut self.pending, value);
    }

    pub(crate) fn allows(&self, value: &Value) -> bool {
        self.possible.contains(value)
    }

    /// The one value that it has, if that is certain.
    pub(crate) fn certain(&self) -> Option<&Value> {
        match (&self.possible[..], &self.pending[..]) {
            ([value], []) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn possible(&self) -> &[Value] {
        &self.possible
    }

    /// Time has passed: nothing is on its way any more.
    pub(crate) fn settle(&mut self) {
        self.pending.clear();
    }
}

fn add(values: &mut Vec<Value>, value: Value) {
    if !values.contains(&value) {
        values.push(value);
    }
}

/// A piece of work that must not be done twice.
#[derive(Debug, Clone)]
pub(crate) struct Asked<K> {
    pub(crate) step: usize,
    pub(crate) what: K,
    pub(crate) told: Told,
    /// The id that the user was told.
    pub(crate) id: Option<String>,
    /// What waiting for it said.
    pub(crate) end: Option<End>,
}

/// What a user was told of the end of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    Cancelled,
}

/// Everything that one user has for itself.
#[derive(Debug)]
pub(crate) struct Own {
    /// The notes of the items of the user's list, by their codes.
    pub(crate) items: BTreeMap<String, Slot>,
    /// The amounts of the items of the numbered list.
    pub(crate) unnamed: Vec<(usize, u64, Told)>,
    /// By place and line item.
    pub(crate) cells: BTreeMap<(usize, usize), Slot>,
    pub(crate) file: Slot,
    /// The rows of every content that the file may have had.
    pub(crate) contents: Vec<(Bytes, Vec<(String, String)>)>,
    pub(crate) online: Slot,
    pub(crate) period: Slot,
}

/// What all of them did.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) own: [Own; USERS],
    /// By name.
    pub(crate) revisions: Vec<Asked<String>>,
    /// By target.
    pub(crate) syncs: Vec<Asked<ModelId>>,
    /// By object.
    pub(crate) runs: Vec<Asked<u64>>,
    pub(crate) read_requests: Vec<Asked<()>>,
    /// With the number of models that were told to be deleted.
    pub(crate) deletions: Vec<(Told, u64)>,
}

impl Ledger {
    pub(crate) fn settle(&mut self) {
        for own in &mut self.own {
            let cells = own.cells.values_mut();
            for slot in own.items.values_mut().chain(cells) {
                slot.settle();
            }
            own.file.settle();
            own.online.settle();
            own.period.settle();
        }
    }

    /// Whether a run of this object may be under way that nobody waits for.
    pub(crate) fn has_loose_runs(&self, object: u64) -> bool {
        self.runs
            .iter()
            .any(|run| run.what == object && run.told != Told::Not && run.end.is_none())
    }
}

impl<K> Asked<K> {
    pub(crate) fn new(step: usize, what: K, told: Told) -> Self {
        Self {
            step,
            what,
            told,
            id: None,
            end: None,
        }
    }

    pub(crate) fn with_id(mut self, id: &TaskId) -> Self {
        self.id = Some(id.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_knows_every_value_that_it_can_have() {
        let value = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
        let mut slot = Slot::new(None);
        slot.maybe(value("a"));
        assert!(slot.allows(&None) && slot.allows(&value("a")) && slot.certain().is_none());
        slot.done(value("b"), false);
        // The lost write may come after the one that was told.
        assert!(!slot.allows(&None) && slot.allows(&value("a")) && slot.allows(&value("b")));
        slot.settle();
        slot.done(value("c"), false);
        assert_eq!(slot.certain(), Some(&value("c")));
        slot.done(value("d"), true);
        slot.done(value("e"), true);
        assert!(slot.allows(&value("d")));
    }
}
