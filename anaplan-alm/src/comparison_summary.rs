//! Comparison summaries: the number of differences between two revisions.

use std::collections::BTreeMap;

use anaplan_core::{
    Call, Decision, Endpoint, Method, ModelId, Path, Refusal, Response, Result, RetryClass, Task,
    TaskId, or_default,
};
use serde::{Deserialize, Serialize};

use crate::report_tasks::{
    ComparisonSummaryTask, CreateComparisonSummary, GetComparisonSummaryTask,
};
use crate::revisions::alm_path;
use crate::tasks::{RevisionPair, report_refusal};
use crate::{Alm, RevisionId};

/// Number of differences between two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ComparisonSummary {
    /// The target revision.
    pub target_revision_id: Option<RevisionId>,
    /// The source revision.
    pub source_revision_id: Option<RevisionId>,
    /// All kinds of objects together.
    #[serde(deserialize_with = "or_default")]
    pub totals: Differences,
    /// By kind of object, as the server names it: `lists`, `modules`, `lineItems`, `rolesContents`, ...
    /// A kind without differences is left out.
    #[serde(deserialize_with = "or_default")]
    pub differences: BTreeMap<String, Differences>,
}

/// Number of objects that were added, changed and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Differences {
    /// In the source, not in the target.
    #[serde(deserialize_with = "or_default")]
    pub created: u64,
    /// In both, but not the same.
    #[serde(deserialize_with = "or_default")]
    pub modified: u64,
    /// In the target, not in the source.
    #[serde(deserialize_with = "or_default")]
    pub deleted: u64,
}

impl Differences {
    /// Returns their sum.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.created + self.modified + self.deleted
    }
}

impl std::fmt::Display for Differences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} created, {} modified, {} deleted",
            self.created, self.modified, self.deleted
        )
    }
}

impl Alm {
    /// Starts a comparison summary of two revisions and returns the handle of the task. After
    /// [`wait`](Task::wait), [`get_comparison_summary`](Self::get_comparison_summary) returns the numbers.
    ///
    /// `POST /models/{modelId}/alm/summaryReportTasks`. Retried: a second summary does
    /// no harm.
    ///
    /// # Errors
    ///
    /// `Rejected` for revisions that do not match, `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// # let from = dev.get_latest_revision().await?.unwrap();
    /// # let to = production.get_latest_revision().await?.unwrap();
    /// let pair = RevisionPair::new(&from.id, dev.model(), &to.id);
    /// let pair = production.create_comparison_summary(&pair).await?.wait().await?;
    ///
    /// let summary = production.get_comparison_summary(&pair).await?;
    /// println!("{}", summary.totals);
    /// assert!(summary.totals.count() > 0);
    /// # Ok(()) });
    /// ```
    #[doc(alias = "create_summary_report")]
    pub fn create_comparison_summary(
        &self,
        revisions: impl Into<RevisionPair>,
    ) -> Call<CreateComparisonSummary, Task<ComparisonSummaryTask>> {
        self.session
            .start(CreateComparisonSummary::new(&self.model, revisions))
    }

    /// Creates a handle for the task of a comparison summary that was started earlier, also by another
    /// process. Sends nothing.
    pub fn resume_comparison_summary(
        &self,
        task: impl Into<TaskId>,
        revisions: impl Into<RevisionPair>,
    ) -> Task<ComparisonSummaryTask> {
        ComparisonSummaryTask::new(&self.model, task, revisions).resume(&self.session)
    }

    /// Returns the status of the task of a summary.
    ///
    /// `GET /models/{modelId}/alm/summaryReportTasks/{taskId}`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown task, and for a task of another kind.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// # let from = dev.get_latest_revision().await?.unwrap();
    /// # let to = production.get_latest_revision().await?.unwrap();
    /// # let pair = RevisionPair::new(&from.id, dev.model(), &to.id);
    /// let task = production.create_comparison_summary(&pair).await?;
    /// let status = production.get_comparison_summary_task(task.id()).await?;
    /// println!("{} {:?}", status.task_state, status.current_step);
    /// # Ok(()) });
    /// ```
    pub fn get_comparison_summary_task(
        &self,
        task: impl Into<TaskId>,
    ) -> Call<GetComparisonSummaryTask> {
        self.session
            .call(GetComparisonSummaryTask::new(&self.model, task))
    }

    /// Returns the summary of two revisions. The server keeps it for 48 hours after the last read.
    ///
    /// `GET /models/{modelId}/alm/summaryReports/{targetRevisionId}/{sourceRevisionId}`. Reads only:
    /// retried.
    ///
    /// # Errors
    ///
    /// `NotFound` when the summary was not made or has expired, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// # let from = dev.get_latest_revision().await?.unwrap();
    /// # let to = production.get_latest_revision().await?.unwrap();
    /// # let pair = RevisionPair::new(&from.id, dev.model(), &to.id);
    /// production.create_comparison_summary(&pair).await?.wait().await?;
    /// let summary = production.get_comparison_summary(&pair).await?;
    /// for (kind, differences) in &summary.differences {
    ///     println!("{kind}: {differences}");
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_comparison_summary(
        &self,
        revisions: impl Into<RevisionPair>,
    ) -> Call<GetComparisonSummary> {
        self.session.call(GetComparisonSummary {
            model: self.model.clone(),
            revisions: revisions.into(),
        })
    }
}

/// Endpoint of [`Alm::get_comparison_summary`].
#[derive(Debug, Clone)]
pub struct GetComparisonSummary {
    /// The target model.
    pub model: ModelId,
    /// Compared revisions.
    pub revisions: RevisionPair,
}

impl Endpoint for GetComparisonSummary {
    const NAME: &'static str = "alm.get_comparison_summary";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ComparisonSummary;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("summaryReports")
            .seg("targetRevisionId", &self.revisions.target_revision)
            .seg("sourceRevisionId", &self.revisions.source_revision)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        report_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<ComparisonSummary> {
        response.field("summaryReport")
    }
}
