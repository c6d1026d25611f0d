//! The differences of two revisions.

use serde::{Deserialize, Serialize};

use super::{ObjectChange, ObjectKind};
use crate::ComparisonSummary;

/// Differences of two revisions.
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
