//! What a number of programs went through.

use std::collections::BTreeMap;
use std::fmt;

/// How often things happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Programs that were run.
    pub programs: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// Deeds, by their names.
    pub deeds: BTreeMap<String, u64>,
    /// What calls came to: success, dropped, or the kind of the error.
    pub outcomes: BTreeMap<String, u64>,
    /// Faults that happened to requests, by their kinds.
    pub faults: BTreeMap<&'static str, u64>,
    /// Work that was found again, or checks that were made, by their names.
    pub marks: BTreeMap<&'static str, u64>,
}

impl Coverage {
    /// Adds what others went through.
    pub fn merge(&mut self, other: Self) {
        self.programs += other.programs;
        self.requests += other.requests;
        add(&mut self.deeds, other.deeds);
        add(&mut self.outcomes, other.outcomes);
        add(&mut self.faults, other.faults);
        add(&mut self.marks, other.marks);
    }

    pub(crate) fn mark(&mut self, name: &'static str) {
        *self.marks.entry(name).or_default() += 1;
    }

    /// How often calls ended like this.
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
        table("deeds", owned(&self.deeds))?;
        table("outcomes", owned(&self.outcomes))?;
        table("faults", texts(&self.faults))?;
        table("marks", texts(&self.marks))
    }
}
