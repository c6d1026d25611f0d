//! Application lifecycle management: revisions, syncs, reports.

mod published_report;
mod report_text;
mod reports;
mod revisions;
mod syncs;

use anaplan_core::ModelId;

use crate::world::World;
use crate::world::model::SyncFailure;

pub(crate) use reports::{Report, ReportKind};
pub(crate) use revisions::RevisionQuery;
pub use revisions::{Applied, Revision};

/// The result of a finished task.
#[derive(Debug, Clone)]
pub(crate) struct AlmOutcome {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) failure: Option<SyncFailure>,
}

/// Why ALM refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AlmRefusal {
    /// 400 with a message.
    Rule(String),
    /// 404.
    Unknown,
}

fn rule<T>(message: impl Into<String>) -> Result<T, AlmRefusal> {
    Err(AlmRefusal::Rule(message.into()))
}

impl World {
    /// Checks the two revisions. With `any_target`, the target model need not have the target revision.
    fn check_pair(
        &self,
        any_target: bool,
        target: &ModelId,
        source_model: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> Result<(), AlmRefusal> {
        if !self.rules.alm_enabled {
            return rule("The tenant is not enabled for ALM.");
        }
        let target = self.model(target).ok_or(AlmRefusal::Unknown)?;
        let source_model = self.model(source_model).ok_or(AlmRefusal::Unknown)?;
        if !source_model.has_revision(source) {
            return rule("The source revision id is not valid for the source model.");
        }
        let known = any_target && self.revisions.contains_key(target_revision);
        if !known && !target.has_revision(target_revision) {
            return rule("The target revision id is not valid for the target model.");
        }
        Ok(())
    }
}
