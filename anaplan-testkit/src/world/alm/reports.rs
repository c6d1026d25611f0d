//! Comparison and summary reports: making, keeping and reading them.

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::World;
use crate::world::alm::{AlmOutcome, AlmRefusal};
use crate::world::diff::{Difference, differences};
use crate::world::tasks::{Parent, RETENTION, Work};
use crate::world::tokens::later;

/// Which of the two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReportKind {
    Comparison,
    Summary,
}

/// A report that was made.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) kept_until: Timestamp,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) differences: Vec<Difference>,
    /// The comparison report's text; empty for summaries.
    pub(crate) text: String,
}

impl World {
    /// The changes that turn one revision into the other.
    #[must_use]
    pub fn compare(&self, target: &str, source: &str) -> Vec<Difference> {
        match (self.revisions.get(target), self.revisions.get(source)) {
            (Some(target), Some(source)) => differences(&target.snapshot, &source.snapshot),
            _ => Vec::new(),
        }
    }

    pub(crate) fn start_report(
        &mut self,
        kind: ReportKind,
        target: &ModelId,
        by: &UserId,
        source_model: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> Result<TaskId, AlmRefusal> {
        let any_target = self.rules.compare_any_pair;
        self.check_pair(any_target, target, source_model, source, target_revision)?;
        let work = Work::Report {
            kind,
            source_model: source_model.clone(),
            source: source.to_owned(),
            target: target_revision.to_owned(),
        };
        Ok(self.begin(Parent::Report(kind, target.clone()), by, work))
    }

    pub(crate) fn report(
        &mut self,
        kind: ReportKind,
        target_model: &ModelId,
        source_model: &ModelId,
        source: &str,
        target: &str,
    ) -> AlmOutcome {
        let differences = self.compare(target, source);
        let text = match kind {
            ReportKind::Comparison => {
                self.report_text(target_model, source_model, source, target, &differences)
            }
            ReportKind::Summary => String::new(),
        };
        let report = Report {
            kept_until: later(self.now, RETENTION),
            source: source.to_owned(),
            target: target.to_owned(),
            differences,
            text,
        };
        let key = (
            kind,
            target_model.clone(),
            target.to_owned(),
            source.to_owned(),
        );
        self.reports.insert(key, report);
        AlmOutcome {
            source: source.to_owned(),
            target: target.to_owned(),
            failure: None,
        }
    }

    /// A report that was made and has not expired. Reading a summary prolongs its life.
    pub(crate) fn read_report(
        &mut self,
        kind: ReportKind,
        model: &ModelId,
        target: &str,
        source: &str,
    ) -> Option<Report> {
        let key = (kind, model.clone(), target.to_owned(), source.to_owned());
        let until = later(self.now, RETENTION);
        let report = self.reports.get_mut(&key)?;
        if kind == ReportKind::Summary {
            report.kept_until = until;
        }
        Some(report.clone())
    }

    pub(crate) fn drop_dead_reports(&mut self) {
        let now = self.now;
        self.reports.retain(|_, report| now < report.kept_until);
    }
}
