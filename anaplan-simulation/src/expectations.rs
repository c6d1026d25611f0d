//! Expectations: the results that were reported to the users. The checker compares them with the effects.

use std::collections::BTreeMap;

use anaplan_core::{LongRunning, ModelId, Origin, Task, TaskId};
use bytes::Bytes;

use crate::program::USERS;
use crate::records::StoredRecord;

/// The report of a call about work that must not run twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    /// The work was done.
    Done,
    /// The outcome is unknown: the call was dropped or failed ambiguously.
    Unknown,
    /// The work was not done.
    NotDone,
}

/// The possible values of an object that only one user writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    possible: Vec<Value>,
    /// Values of writes that may still take effect.
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

    /// Records a write that was reported as done. With `late`, an earlier attempt of it may still take effect.
    pub(crate) fn done(&mut self, value: Value, late: bool) {
        if late {
            add(&mut self.pending, value.clone());
        }
        self.possible.clone_from(&self.pending);
        add(&mut self.possible, value);
    }

    /// Records a write that may have taken effect or may still do so.
    pub(crate) fn maybe(&mut self, value: Value) {
        add(&mut self.possible, value.clone());
        add(&mut self.pending, value);
    }

    pub(crate) fn allows(&self, value: &Value) -> bool {
        self.possible.contains(value)
    }

    /// Returns the value if it is certain.
    pub(crate) fn certain(&self) -> Option<&Value> {
        match (&self.possible[..], &self.pending[..]) {
            ([value], []) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn possible(&self) -> &[Value] {
        &self.possible
    }

    /// Records that no earlier write can take effect any more.
    pub(crate) fn settle(&mut self) {
        self.pending.clear();
    }
}

fn add(values: &mut Vec<Value>, value: Value) {
    if !values.contains(&value) {
        values.push(value);
    }
}

/// A request for work that must not run twice.
#[derive(Debug, Clone)]
pub(crate) struct Requested<K> {
    pub(crate) step: usize,
    pub(crate) what: K,
    pub(crate) reported: Reported,
    /// The reported id.
    pub(crate) id: Option<String>,
    /// `true` if the API does not prove that the task is the caller's.
    pub(crate) presumed: bool,
    /// The reported result of the task.
    pub(crate) end: Option<End>,
}

/// The reported result of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    Cancelled,
}

/// The objects that only one user writes to.
#[derive(Debug)]
pub(crate) struct Own {
    /// The notes of the items of the user's list, by code.
    pub(crate) items: BTreeMap<String, Slot>,
    /// The amounts of the items of the numbered list.
    pub(crate) unnamed: Vec<(usize, u64, Reported)>,
    /// By place and line item.
    pub(crate) cells: BTreeMap<(usize, usize), Slot>,
    pub(crate) file: Slot,
    /// The rows of every content that the file may have had.
    pub(crate) contents: Vec<(Bytes, Vec<(String, String)>)>,
    pub(crate) online: Slot,
    pub(crate) period: Slot,
}

/// The expectations of all users.
#[derive(Debug)]
pub(crate) struct Expectations {
    pub(crate) own: [Own; USERS],
    /// By name.
    pub(crate) revisions: Vec<Requested<String>>,
    /// By target.
    pub(crate) syncs: Vec<Requested<ModelId>>,
    /// By object.
    pub(crate) runs: Vec<Requested<u64>>,
    pub(crate) read_requests: Vec<Requested<()>>,
    /// With the reported number of deleted models.
    pub(crate) deletions: Vec<(Reported, u64)>,
    /// Attempts whose outcome their callers did not learn.
    pub(crate) records: Vec<StoredRecord>,
}

impl Expectations {
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

    /// Returns whether a run of this object may be active without a caller that waits for it.
    pub(crate) fn has_loose_runs(&self, object: u64) -> bool {
        self.runs
            .iter()
            .any(|run| run.what == object && run.reported != Reported::NotDone && run.end.is_none())
    }
}

impl<K> Requested<K> {
    pub(crate) fn new(step: usize, what: K, reported: Reported) -> Self {
        Self {
            step,
            what,
            reported,
            id: None,
            presumed: false,
            end: None,
        }
    }

    pub(crate) fn with_id(mut self, id: &TaskId) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// Records the returned handle. The call itself may have run as another task than a presumed one.
    pub(crate) fn with_task<L: LongRunning>(mut self, task: &Task<L>) -> Self {
        self.presumed = task.origin() == Origin::Presumed;
        if self.presumed {
            self.reported = Reported::Unknown;
        }
        self.with_id(task.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_allows_every_value_that_may_have_been_written() {
        let value = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
        let mut slot = Slot::new(None);
        slot.maybe(value("a"));
        assert!(slot.allows(&None) && slot.allows(&value("a")) && slot.certain().is_none());
        slot.done(value("b"), false);
        // The lost write may take effect after the reported one.
        assert!(!slot.allows(&None) && slot.allows(&value("a")) && slot.allows(&value("b")));
        slot.settle();
        slot.done(value("c"), false);
        assert_eq!(slot.certain(), Some(&value("c")));
        slot.done(value("d"), true);
        slot.done(value("e"), true);
        assert!(slot.allows(&value("d")));
    }
}
