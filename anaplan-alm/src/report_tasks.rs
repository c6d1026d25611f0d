//! Tasks that compare two revisions: comparison reports and summaries.

use std::fmt;
use std::marker::PhantomData;

use anaplan_core::{
    Decision, Endpoint, LongRunning, Method, ModelId, Path, Refusal, RequestBody, Response, Result,
    RetryClass, Session, Task, TaskId, TaskStatus,
};
use serde::{Deserialize, Serialize};

use crate::revisions::alm_path;
use crate::tasks::{AlmTaskResult, RevisionPair, report_refusal, started, successful};

/// Kind of a comparison of two revisions.
pub trait ReportKind: Clone + fmt::Debug + Send + Sync + 'static {
    /// Name in messages.
    const KIND: &'static str;
    /// Path segment of the tasks.
    const TASKS: &'static str;
    /// Name of the operation that starts a task.
    const CREATE: &'static str;
    /// Name of the operation that reads a task.
    const POLL: &'static str;
}

/// Comparison report: every difference, as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {}

impl ReportKind for Comparison {
    const KIND: &'static str = "comparison report";
    const TASKS: &'static str = "comparisonReportTasks";
    const CREATE: &'static str = "alm.create_comparison_report";
    const POLL: &'static str = "alm.get_comparison_report_task";
}

/// Comparison summary: the number of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Summary {}

impl ReportKind for Summary {
    const KIND: &'static str = "comparison summary";
    const TASKS: &'static str = "summaryReportTasks";
    const CREATE: &'static str = "alm.create_comparison_summary";
    const POLL: &'static str = "alm.get_comparison_summary_task";
}

/// Address of the task of a comparison report. Plain data.
pub type ComparisonReportTask = ReportTask<Comparison>;
/// Address of the task of a comparison summary. Plain data.
pub type ComparisonSummaryTask = ReportTask<Summary>;
/// Endpoint of [`Alm::create_comparison_report`](crate::Alm::create_comparison_report).
pub type CreateComparisonReport = CreateReport<Comparison>;
/// Endpoint of [`Alm::create_comparison_summary`](crate::Alm::create_comparison_summary).
pub type CreateComparisonSummary = CreateReport<Summary>;
/// Endpoint of [`Alm::get_comparison_report_task`](crate::Alm::get_comparison_report_task).
pub type GetComparisonReportTask = GetReportTask<Comparison>;
/// Endpoint of [`Alm::get_comparison_summary_task`](crate::Alm::get_comparison_summary_task).
pub type GetComparisonSummaryTask = GetReportTask<Summary>;

/// Address of a task that compares two revisions. Plain data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
#[non_exhaustive]
pub struct ReportTask<K> {
    /// Target model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// Task.
    #[serde(rename = "taskId")]
    pub task: TaskId,
    /// Compared revisions.
    pub revisions: RevisionPair,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K: ReportKind> ReportTask<K> {
    /// Creates the address of a task that was started earlier, also by another process.
    pub fn new(
        model: impl Into<ModelId>,
        task: impl Into<TaskId>,
        revisions: impl Into<RevisionPair>,
    ) -> Self {
        Self {
            model: model.into(),
            task: task.into(),
            revisions: revisions.into(),
            kind: PhantomData,
        }
    }

    pub(crate) fn resume(self, session: &Session) -> Task<Self> {
        Task::resume(session.clone(), self)
    }
}

impl<K: ReportKind> LongRunning for ReportTask<K> {
    const KIND: &'static str = K::KIND;
    type Result = AlmTaskResult;
    type Outcome = RevisionPair;
    type Poll = GetReportTask<K>;

    fn task_id(&self) -> &TaskId {
        &self.task
    }

    fn poll(&self) -> GetReportTask<K> {
        GetReportTask::new(&self.model, &self.task)
    }

    fn outcome(&self, status: TaskStatus<AlmTaskResult>) -> Result<RevisionPair> {
        successful(K::KIND, status).map(|_| self.revisions.clone())
    }
}

/// Endpoint that starts a task. A repetition only costs work, because the report belongs to the pair
/// of revisions.
#[derive(Debug, Clone)]
pub struct CreateReport<K> {
    /// Target model.
    pub model: ModelId,
    /// Revisions to compare.
    pub revisions: RevisionPair,
    kind: PhantomData<fn() -> K>,
}

impl<K: ReportKind> CreateReport<K> {
    /// Creates the request.
    pub fn new(model: impl Into<ModelId>, revisions: impl Into<RevisionPair>) -> Self {
        Self {
            model: model.into(),
            revisions: revisions.into(),
            kind: PhantomData,
        }
    }
}

impl<K: ReportKind> Endpoint for CreateReport<K> {
    const NAME: &'static str = K::CREATE;
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Repeatable;
    type Output = ReportTask<K>;

    fn check(&self) -> Result<()> {
        self.revisions.check()
    }

    fn path(&self) -> Path {
        alm_path(&self.model).lit(K::TASKS)
    }

    fn body(&self) -> Result<RequestBody> {
        self.revisions.body()
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        report_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<ReportTask<K>> {
        let task = started(&response)?.task_id;
        Ok(ReportTask::new(&self.model, task, &self.revisions))
    }
}

/// Endpoint that reads a task.
#[derive(Debug, Clone)]
pub struct GetReportTask<K> {
    /// Target model.
    pub model: ModelId,
    /// Task.
    pub task: TaskId,
    kind: PhantomData<fn() -> K>,
}

impl<K: ReportKind> GetReportTask<K> {
    /// Creates the request.
    pub fn new(model: impl Into<ModelId>, task: impl Into<TaskId>) -> Self {
        Self {
            model: model.into(),
            task: task.into(),
            kind: PhantomData,
        }
    }
}

impl<K: ReportKind> Endpoint for GetReportTask<K> {
    const NAME: &'static str = K::POLL;
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<AlmTaskResult>;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit(K::TASKS)
            .seg("taskId", &self.task)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        report_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.field("task")
    }
}
