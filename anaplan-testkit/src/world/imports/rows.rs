//! The outcomes of single rows, and their details.

use std::collections::BTreeMap;

use crate::world::csv::{Row, RowFault, Table};
use crate::world::outcome::{Detail, detail};

/// The problem of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

pub(crate) fn problem<T>(code: &'static str, text: impl Into<String>) -> Result<T, Problem> {
    Err(Problem {
        code,
        text: text.into(),
    })
}

/// A row with something wrong.
#[derive(Debug, Clone)]
pub(crate) struct BadRow {
    /// Its place among the rows of the table.
    pub(crate) row: usize,
    /// `true` if nothing of it was used.
    pub(crate) lost: bool,
    pub(crate) problems: Vec<Problem>,
}

/// The outcome of all rows.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) ignored: u64,
    pub(crate) bad: Vec<BadRow>,
}

impl Applied {
    /// Returns the number of rows had an effect.
    pub(crate) fn applied(&self) -> u64 {
        self.created + self.updated
    }

    fn failed(&self) -> u64 {
        self.bad.iter().filter(|row| row.lost).count() as u64
    }

    /// Does something with each row of a table.
    pub(crate) fn each<R>(
        rows: &[R],
        mut load: impl FnMut(&R) -> Result<(Effect, Vec<Problem>), Problem>,
    ) -> Self {
        let mut applied = Self::default();
        for (index, row) in rows.iter().enumerate() {
            match load(row) {
                Ok((effect, problems)) => applied.count(index, effect, problems),
                Err(problem) => applied.count(index, Effect::Nothing, vec![problem]),
            }
        }
        applied
    }

    fn count(&mut self, row: usize, outcome: Effect, problems: Vec<Problem>) {
        match outcome {
            Effect::Created => self.created += 1,
            Effect::Updated => self.updated += 1,
            Effect::Nothing if problems.is_empty() => self.ignored += 1,
            Effect::Nothing => {}
        }
        if !problems.is_empty() {
            self.bad.push(BadRow {
                row,
                lost: outcome == Effect::Nothing,
                problems,
            });
        }
    }

    /// The details of a result: the counts first, then each kind of problem with how often it occurred.
    pub(crate) fn details(
        &self,
        subject: &str,
        what: &str,
        name: &str,
        code: Option<&str>,
    ) -> Vec<Detail> {
        let suffix = if self.bad.is_empty() {
            ""
        } else {
            "WithFailures"
        };
        let kind = if what == "hierarchy" && self.applied() == 0 && self.bad.is_empty() {
            "hierarchyNoChanges".to_owned()
        } else {
            format!("{what}RowsProcessed{suffix}")
        };
        let mut counts = vec![
            (format!("{subject}Name"), Some(name.to_owned())),
            (format!("{subject}Code"), code.map(str::to_owned)),
        ];
        counts.extend(self.counts());
        self.told(kind, name, counts)
    }

    /// The same for what has neither name nor code.
    pub(crate) fn plain_details(&self, kind: &str, what: &str) -> Vec<Detail> {
        self.told(kind.to_owned(), what, self.counts().to_vec())
    }

    fn counts(&self) -> [(String, Option<String>); 5] {
        [
            ("successRowCount", self.applied()),
            ("successCreateCount", self.created),
            ("successUpdateCount", self.updated),
            ("failedCount", self.failed()),
            ("ignoredCount", self.ignored),
        ]
        .map(|(name, count)| (name.to_owned(), Some(count.to_string())))
    }

    fn told(&self, kind: String, name: &str, counts: Vec<(String, Option<String>)>) -> Vec<Detail> {
        let (good, failed) = (self.applied(), self.failed());
        let text = format!(
            "{name}: {good} ({}/{}) rows successful, {failed} failed, {} ignored",
            self.created, self.updated, self.ignored
        );
        let mut details = vec![Detail {
            kind,
            text,
            occurrences: 0,
            values: counts
                .into_iter()
                .flat_map(|(key, value)| [Some(key), value])
                .collect(),
        }];
        let mut kinds: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for problem in self.bad.iter().flat_map(|row| &row.problems) {
            kinds.entry(problem.code).or_insert((0, &problem.text)).0 += 1;
        }
        details.extend(kinds.into_iter().map(|(kind, (occurrences, text))| Detail {
            kind: kind.to_owned(),
            text: text.to_owned(),
            occurrences,
            values: Vec::new(),
        }));
        details
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Created,
    Updated,
    Nothing,
}

/// The column of an optional part of a target.
pub(crate) fn optional_column(
    table: &Table,
    name: Option<&String>,
) -> Result<Option<usize>, Detail> {
    name.map(|name| find_column(table, name)).transpose()
}

/// The field of an optional column, unless it is empty.
pub(crate) fn filled(row: &Row, column: Option<usize>) -> Option<&str> {
    let field = row.field(column?).trim();
    (!field.is_empty()).then_some(field)
}

pub(crate) fn find_column(table: &Table, name: &str) -> Result<usize, Detail> {
    table.column(name).ok_or_else(|| {
        detail(
            "missingFields",
            format!("The source has no column '{name}'."),
        )
    })
}

pub(crate) fn malformed(row: &Row) -> Option<Problem> {
    let (code, text) = match row.fault? {
        RowFault::SeparatorExpected => (
            "columnSeparatorExpected",
            "A column separator was expected after a text delimiter.",
        ),
        RowFault::UnmatchedDelimiter => {
            ("unmatchedTextDelimiter", "A text delimiter is not closed.")
        }
    };
    Some(Problem {
        code,
        text: text.to_owned(),
    })
}
