//! Comparison reports: every difference between two revisions, as a file.

use anaplan_core::{
    Answer, Bytes, Call, Download, Endpoint, ErrorKind, HeaderMap, HeaderValue, LongRunning,
    Method, ModelId, Path, Refusal, Result, RetryClass, Task, TaskId, TaskStatus,
};
use serde::{Deserialize, Serialize};

use crate::Alm;
use crate::revisions::alm_path;
use crate::tasks::{AlmTaskResult, RevisionPair, report_refusal, started, successful};

impl Alm {
    /// Has the server compare two revisions in every detail. Gives a handle; when its
    /// [`wait`](Task::wait) is over, [`get_comparison_report`](Self::get_comparison_report) fetches the
    /// file.
    ///
    /// `POST /models/{modelId}/alm/comparisonReportTasks`. A repeat only costs work, since the report
    /// belongs to the pair of revisions: retried freely.
    ///
    /// # Errors
    ///
    /// `Rejected` for revisions that do not fit, `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, ComparisonReport, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// # let from = dev.get_latest_revision().await?.unwrap();
    /// # let to = production.get_latest_revision().await?.unwrap();
    /// let pair = RevisionPair::new(&from.id, dev.model(), &to.id);
    /// production.create_comparison_report(&pair).await?.wait().await?;
    ///
    /// let file = production.get_comparison_report(&pair).await?;
    /// let report = ComparisonReport::parse(&file);
    /// for section in &report.sections {
    ///     println!("{}: {} rows", section.title, section.rows.len());
    /// }
    /// assert!(!report.sections.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn create_comparison_report(
        &self,
        revisions: impl Into<RevisionPair>,
    ) -> Call<CreateComparisonReport> {
        self.session.call(CreateComparisonReport {
            model: self.model.clone(),
            revisions: revisions.into(),
        })
    }

    /// How far the work on a comparison report is.
    ///
    /// `GET /models/{modelId}/alm/comparisonReportTasks/{taskId}`. Reads only: retried freely.
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
    /// let task = production.create_comparison_report(&pair).await?;
    /// let status = production.get_comparison_report_task(task.id()).await?;
    /// println!("{} {:?}", status.task_state, status.current_step);
    /// # Ok(()) });
    /// ```
    pub fn get_comparison_report_task(
        &self,
        task: impl Into<TaskId>,
    ) -> Call<GetComparisonReportTask> {
        self.session.call(GetComparisonReportTask {
            model: self.model.clone(),
            task: task.into(),
        })
    }

    /// The comparison report of two revisions: tab-separated text, kept for 48 hours after its making.
    ///
    /// Awaiting gives the bytes. It can be far larger than a few hundred kilobytes: `stream()`,
    /// `write_to(writer)` and `save_to(path)` do not hold it in memory, and
    /// [`ComparisonReport::parse`](crate::ComparisonReport::parse) reads it.
    ///
    /// `GET /models/{modelId}/alm/comparisonReports/{targetRevisionId}/{sourceRevisionId}`. Reads only:
    /// retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` when the report was not made or has expired, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// # let from = dev.get_latest_revision().await?.unwrap();
    /// # let to = production.get_latest_revision().await?.unwrap();
    /// # let pair = RevisionPair::new(&from.id, dev.model(), &to.id);
    /// # let path = std::env::temp_dir().join(format!("report-{}.tsv", std::process::id()));
    /// production.create_comparison_report(&pair).await?.wait().await?;
    /// let size = production.get_comparison_report(&pair).save_to(&path).await?;
    /// assert_eq!(std::fs::metadata(&path)?.len(), size);
    /// # std::fs::remove_file(path)?;
    /// # Ok(()) });
    /// ```
    pub fn get_comparison_report(
        &self,
        revisions: impl Into<RevisionPair>,
    ) -> Call<GetComparisonReport> {
        self.session.call(GetComparisonReport {
            model: self.model.clone(),
            revisions: revisions.into(),
        })
    }
}

/// Where the work on a comparison report can be found again: the address of a [`Task`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ComparisonReportTask {
    /// The target model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// The task.
    #[serde(rename = "taskId")]
    pub task: TaskId,
    /// What is compared.
    pub revisions: RevisionPair,
}

impl LongRunning for ComparisonReportTask {
    const KIND: &'static str = "comparison report";
    type Result = AlmTaskResult;
    /// What was compared, and the key to fetch the report with.
    type Outcome = RevisionPair;
    type Poll = GetComparisonReportTask;

    fn task_id(&self) -> &TaskId {
        &self.task
    }

    fn poll(&self) -> GetComparisonReportTask {
        GetComparisonReportTask {
            model: self.model.clone(),
            task: self.task.clone(),
        }
    }

    fn outcome(&self, status: TaskStatus<AlmTaskResult>) -> Result<RevisionPair> {
        successful(Self::KIND, status).map(|_| self.revisions.clone())
    }
}

/// The endpoint of [`Alm::create_comparison_report`].
#[derive(Debug, Clone)]
pub struct CreateComparisonReport {
    /// The target model.
    pub model: ModelId,
    /// What to compare.
    pub revisions: RevisionPair,
}

impl Endpoint for CreateComparisonReport {
    const NAME: &'static str = "alm.create_comparison_report";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Conditional;
    type Output = Task<ComparisonReportTask>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("comparisonReportTasks")
    }

    fn body(&self) -> Result<Bytes> {
        self.revisions.body()
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<ErrorKind> {
        report_refusal(refusal)
    }

    fn decode(&self, answer: Answer) -> Result<Self::Output> {
        let address = ComparisonReportTask {
            model: self.model.clone(),
            task: started(&answer)?.task_id,
            revisions: self.revisions.clone(),
        };
        Ok(Task::resume(answer.session().clone(), address))
    }
}

/// The endpoint of [`Alm::get_comparison_report_task`].
#[derive(Debug, Clone)]
pub struct GetComparisonReportTask {
    /// The target model.
    pub model: ModelId,
    /// The task.
    pub task: TaskId,
}

impl Endpoint for GetComparisonReportTask {
    const NAME: &'static str = "alm.get_comparison_report_task";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<AlmTaskResult>;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("comparisonReportTasks")
            .seg("taskId", &self.task)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<ErrorKind> {
        report_refusal(refusal)
    }

    fn decode(&self, answer: Answer) -> Result<Self::Output> {
        answer.field("task")
    }
}

/// The endpoint of [`Alm::get_comparison_report`].
#[derive(Debug, Clone)]
pub struct GetComparisonReport {
    /// The target model.
    pub model: ModelId,
    /// What was compared.
    pub revisions: RevisionPair,
}

impl Endpoint for GetComparisonReport {
    const NAME: &'static str = "alm.get_comparison_report";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Bytes;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("comparisonReports")
            .seg("targetRevisionId", &self.revisions.target_revision)
            .seg("sourceRevisionId", &self.revisions.source_revision)
    }

    /// Anything more specific that is not this type is answered with 406.
    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(
            "accept",
            HeaderValue::from_static("application/octet-stream"),
        );
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<ErrorKind> {
        report_refusal(refusal)
    }

    fn decode(&self, answer: Answer) -> Result<Bytes> {
        Ok(answer.into_body())
    }
}

impl Download for GetComparisonReport {}
