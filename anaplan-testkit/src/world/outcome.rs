//! Results of runs.

use std::time::Duration;

use anaplan_core::Timestamp;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) occurrences: u64,
    /// Names and values in turn.
    pub(crate) values: Vec<Option<String>>,
}

pub(crate) fn detail(kind: &str, text: impl Into<String>) -> Detail {
    Detail {
        kind: kind.to_owned(),
        text: text.into(),
        occurrences: 1,
        values: Vec::new(),
    }
}

impl Detail {
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.values.push(Some(name.to_owned()));
        self.values.push(value.map(str::to_owned));
        self
    }
}

/// The result of a finished run.
#[derive(Debug, Clone)]
pub(crate) struct RunResult {
    pub(crate) object: u64,
    pub(crate) name: String,
    pub(crate) successful: bool,
    /// `true` if a dump was written. It may be gone meanwhile.
    pub(crate) dump: bool,
    pub(crate) details: Vec<Detail>,
    pub(crate) nested: Vec<RunResult>,
    pub(crate) started: Timestamp,
    pub(crate) took: Duration,
}
