#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod applied_models;
mod comparison_report;
mod comparison_summary;
mod create_revision;
mod diff;
mod evaluate;
mod online_status;
mod promotion;
mod promotion_plan;
mod report_file;
mod report_tasks;
mod revision_sort_key;
mod revisions;
mod sync_start;
mod syncs;
mod tasks;

use anaplan_core::{ModelId, Namespace, Result, Scope, Session};

#[allow(unused_imports)] // Modules name them without their folder.
pub(crate) use endpoints::*;

pub use applied_models::AppliedModel;
pub use comparison_summary::{ComparisonSummary, Differences};
pub use diff::{
    Certainty, ChangeKind, CountMismatch, Impact, ImpactKind, ModelDiff, ObjectChange, ObjectKind,
    PropertyChange, UnrecognizedSection,
};
pub use online_status::OnlineStatus;
pub use promotion::{Promotion, PromotionPlan, PromotionReport};
pub use report_file::{Change, ComparisonReport, Row, Section};
pub use report_tasks::{
    Comparison, ComparisonReportTask, ComparisonSummaryTask, ReportKind, ReportTask, Summary,
};
pub use revision_sort_key::RevisionSortKey;
pub use revisions::{AppliedMethod, CreationMethod, Revision, RevisionId, RevisionType};
pub use syncs::{Sync, SyncOutcome};
pub use tasks::{AlmTaskResult, RevisionPair, TaskError};

/// Endpoints of the operations, for `session.call(..)` and for setters in `with(..)`.
pub mod endpoints {
    pub use crate::applied_models::GetModelsForRevision;
    pub use crate::comparison_report::GetComparisonReport;
    pub use crate::comparison_summary::GetComparisonSummary;
    pub use crate::create_revision::CreateRevision;
    pub use crate::online_status::ChangeModelStatus;
    pub use crate::report_tasks::{
        CreateComparisonReport, CreateComparisonSummary, CreateReport, GetComparisonReportTask,
        GetComparisonSummaryTask, GetReportTask,
    };
    pub use crate::revisions::{GetLatestRevision, GetRevisions, GetSyncableRevisions};
    pub use crate::sync_start::SyncModels;
    pub use crate::syncs::{GetSyncTask, GetSyncTasks};
}

/// Application lifecycle management of one model.
///
/// Every operation requires the role of a workspace administrator, in the workspaces of both models if a
/// call names two. The model that the handle is bound to is the **target** of syncs and comparisons.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alm {
    session: Session,
    model: ModelId,
}

impl Namespace for Alm {
    const NAME: &'static str = "alm";

    fn bind(session: Session, scope: &Scope) -> Result<Self> {
        let model = scope.model::<Self>()?.clone();
        Ok(Self { session, model })
    }
}

impl Alm {
    /// Returns the model that the handle is bound to.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// Returns a handle for another model, which shares session, token and limits.
    #[must_use]
    pub fn with_model(&self, model: impl Into<ModelId>) -> Self {
        Self {
            session: self.session.clone(),
            model: model.into(),
        }
    }
}
