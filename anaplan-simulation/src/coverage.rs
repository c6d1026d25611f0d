//! Counters over a number of programs.

use std::collections::BTreeMap;
use std::fmt;

/// Counters of actions, outcomes and faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Number of programs.
    pub programs: u64,
    /// Number of requests.
    pub requests: u64,
    /// Actions by name.
    pub actions: BTreeMap<String, u64>,
    /// Outcomes of calls: success, dropped, or the kind of the error.
    pub outcomes: BTreeMap<String, u64>,
    /// Faulty requests by kind of fault.
    pub faults: BTreeMap<&'static str, u64>,
    /// Checks by name.
    pub checks: BTreeMap<&'static str, u64>,
}

impl Coverage {
    /// Adds the counters of other programs.
    pub fn merge(&mut self, other: Self) {
        self.programs += other.programs;
        self.requests += other.requests;
        add(&mut self.actions, other.actions);
        add(&mut self.outcomes, other.outcomes);
        add(&mut self.faults, other.faults);
        add(&mut self.checks, other.checks);
    }

    pub(crate) fn count(&mut self, name: &'static str) {
        *self.checks.entry(name).or_default() += 1;
    }

    /// Returns the number of calls with this outcome.
    #[must_use]
    pub fn outcome(&self, name: &str) -> u64 {
        self.outcomes.get(name).copied().unwrap_or(0)
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} programs, {} requests", self.programs, self.requests)?;
        let mut table = |title: &str, rows: Vec<(String, u64)>| {
            write!(f, "{title:<9}")?;
            for (name, count) in rows {
                write!(f, " {name} {count},")?;
            }
            writeln!(f)
        };
        let texts = |map: &BTreeMap<&'static str, u64>| {
            map.iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect()
        };
        let owned = |map: &BTreeMap<String, u64>| {
            map.iter()
                .map(|(name, count)| (name.clone(), *count))
                .collect()
        };
        table("actions", owned(&self.actions))?;
        table("outcomes", owned(&self.outcomes))?;
        table("faults", texts(&self.faults))?;
        table("checks", texts(&self.checks))
    }
}
