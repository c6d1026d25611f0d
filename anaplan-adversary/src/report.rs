//! The table that the command prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::case::Op;
use crate::run::Ran;
use crate::verdict::Violation;

/// Figures of one operation.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Cases that ran.
    pub cases: usize,
    /// Cases without a violation.
    pub passes: usize,
    /// Cases with a violation of each kind.
    pub violations: BTreeMap<Violation, usize>,
    /// Repeated executions that do no harm.
    pub orphans: usize,
}

/// Figures of all operations.
#[must_use]
pub fn rows(ran: &[Ran]) -> BTreeMap<Op, Row> {
    let mut rows: BTreeMap<Op, Row> = BTreeMap::new();
    for one in ran {
        let row = rows.entry(one.case.op).or_default();
        row.cases += 1;
        row.passes += usize::from(one.verdict.violations.is_empty());
        row.orphans += one.verdict.orphans;
        let mut kinds: Vec<_> = one
            .verdict
            .violations
            .iter()
            .map(|(kind, _)| *kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            *row.violations.entry(kind).or_default() += 1;
        }
    }
    rows
}

/// The cases with a violation.
pub fn violating(ran: &[Ran]) -> impl Iterator<Item = &Ran> {
    ran.iter().filter(|one| !one.verdict.violations.is_empty())
}

/// The table as text.
#[must_use]
pub fn table(ran: &[Ran]) -> String {
    let mut text = format!("{:<18}{:>8}{:>8}", "operation", "cases", "passes");
    for kind in Violation::ALL {
        let _ = write!(text, "{kind:>10}");
    }
    let _ = writeln!(text, "{:>10}", "orphans");
    let mut total = Row::default();
    for (op, row) in rows(ran) {
        line(&mut text, op.name(), &row);
        total.cases += row.cases;
        total.passes += row.passes;
        total.orphans += row.orphans;
        for (kind, count) in row.violations {
            *total.violations.entry(kind).or_default() += count;
        }
    }
    line(&mut text, "total", &total);
    text
}

fn line(text: &mut String, name: &str, row: &Row) {
    let _ = write!(text, "{name:<18}{:>8}{:>8}", row.cases, row.passes);
    for kind in Violation::ALL {
        let count = row.violations.get(&kind).copied().unwrap_or(0);
        let _ = write!(text, "{count:>10}");
    }
    let _ = writeln!(text, "{:>10}", row.orphans);
}

/// The cases with a violation, each with its id, its requests and the reason.
#[must_use]
pub fn details(ran: &[Ran]) -> String {
    let mut text = String::new();
    for one in violating(ran) {
        let _ = writeln!(text, "{}", one.case);
        for (kind, reason) in &one.verdict.violations {
            let reason: String = reason.chars().take(400).collect();
            let _ = writeln!(text, "  {kind}: {reason}");
        }
        text.push_str(&one.story);
    }
    text
}
