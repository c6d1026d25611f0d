//! The differences of two revisions.

use serde::{Deserialize, Serialize};

use super::builder::DiffBuilder;
use super::cross_check::mismatches;
use super::impact::impacts;
use super::{ObjectChange, ObjectKind, UnrecognizedSection as Unrecognized};
use crate::report_file::{Line, lines};
use crate::{ComparisonReport, ComparisonSummary};

/// Differences of two revisions.
///
/// Report and summary are two witnesses: each counter of the summary is compared with the rows of the report.
///
/// ```
/// use anaplan_alm::{Certainty, ImpactKind, ModelDiff};
///
/// let file = "=== LINE ITEMS DELETED ===\nModule\tLine Item\nSAL01 Sales\tOld margin\n";
/// let diff = ModelDiff::parse(file.as_bytes(), None);
/// let loss = diff.data_losses().next().unwrap();
/// assert_eq!(loss.subject(), "lineItems: SAL01 Sales / Old margin");
/// assert_eq!(loss.certainty(ImpactKind::DataLoss), Some(Certainty::Certain));
/// assert!(!diff.is_complete(), "without a summary there is one witness only");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelDiff {
    /// Changed objects, in the order of the report.
    #[serde(default)]
    pub changes: Vec<ObjectChange>,
    /// Sections that this version cannot interpret. They may contain any change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecognized: Vec<UnrecognizedSection>,
    /// Kinds for which report and summary disagree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub count_mismatches: Vec<CountMismatch>,
    /// Summary. `None` if the report is the only source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ComparisonSummary>,
}

/// Section of a report that this version cannot interpret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnrecognizedSection {
    /// Title.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// Explanation.
    pub reason: String,
}

/// Number of changes that differs between report and summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CountMismatch {
    /// Kind of the objects.
    pub kind: ObjectKind,
    /// Counter: `created`, `modified` or `deleted`.
    pub counter: String,
    /// Number in the summary.
    pub summary: u64,
    /// Number in the report.
    pub report: u64,
}

impl ModelDiff {
    /// Interprets a report, and compares it with the summary if there is one. Never fails: parts without an
    /// interpretation are listed in [`unrecognized`](Self::unrecognized).
    #[must_use]
    pub fn new(report: &ComparisonReport, summary: Option<&ComparisonSummary>) -> Self {
        let mut builder = DiffBuilder::default();
        for section in &report.sections {
            builder.title(&section.title);
            let columns: Vec<&str> = section.columns.iter().map(String::as_str).collect();
            builder.columns(&columns);
            for row in &section.rows {
                let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
                builder.row(&cells);
            }
        }
        Self::of(builder.finish(), summary)
    }

    /// Interprets the file of a report like [`new`](Self::new), without holding its cells in memory.
    #[must_use]
    pub fn parse(file: &[u8], summary: Option<&ComparisonSummary>) -> Self {
        let text = String::from_utf8_lossy(file);
        let mut builder = DiffBuilder::default();
        let mut cells = Vec::new();
        for line in lines(&text) {
            match line {
                Line::Header(_) => {}
                Line::Title(title) => builder.title(title),
                Line::Columns(line) => builder.columns(&line.split('\t').collect::<Vec<_>>()),
                Line::Row(line) => {
                    cells.clear();
                    cells.extend(line.split('\t'));
                    builder.row(&cells);
                }
            }
        }
        Self::of(builder.finish(), summary)
    }

    fn of(
        (mut changes, unrecognized): (Vec<ObjectChange>, Vec<Unrecognized>),
        summary: Option<&ComparisonSummary>,
    ) -> Self {
        for change in &mut changes {
            change.impacts = impacts(change);
        }
        let count_mismatches = summary.map(|summary| mismatches(&changes, summary));
        Self {
            changes,
            unrecognized,
            count_mismatches: count_mismatches.unwrap_or_default(),
            summary: summary.cloned(),
        }
    }

    /// Returns the changes that lose data of the target, or may do so.
    pub fn data_losses(&self) -> impl Iterator<Item = &ObjectChange> {
        self.changes.iter().filter(|change| change.loses_data())
    }

    /// Returns the deleted objects, also those that are created again.
    pub fn deletions(&self) -> impl Iterator<Item = &ObjectChange> {
        self.changes.iter().filter(|change| change.is_deletion())
    }

    /// Returns `true` if every part of the report has an interpretation and the summary confirms it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.summary.is_some() && self.unrecognized.is_empty() && self.count_mismatches.is_empty()
    }

    /// Returns `true` without any change. A report that is not [complete](Self::is_complete) may have more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.unrecognized.is_empty()
    }
}
