//! Comparison reports: every difference between two revisions, as a file.

use anaplan_core::{
    Bytes, Call, Decision, Download, Endpoint, Method, ModelId, Path, Refusal, Response, Result,
    RetryClass, Task, TaskId,
};

use crate::Alm;
use crate::report_tasks::{ComparisonReportTask, CreateComparisonReport, GetComparisonReportTask};
use crate::revisions::alm_path;
use crate::tasks::{RevisionPair, report_refusal};

impl Alm {
    /// Starts a comparison report of two revisions and returns the handle of the task. After
    /// [`wait`](Task::wait), [`get_comparison_report`](Self::get_comparison_report) returns the file.
    ///
    /// `POST /models/{modelId}/alm/comparisonReportTasks`. Retried: a
    /// second report of the same revisions does no harm.
    ///
    /// # Errors
    ///
    /// `Rejected` for revisions that do not match, `NotFound`, `Forbidden`, `ModelState`.
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
    ) -> Call<CreateComparisonReport, Task<ComparisonReportTask>> {
        self.session
            .start(CreateComparisonReport::new(&self.model, revisions))
    }

    /// Creates a handle for the task of a comparison report that was started earlier, also by another
    /// process. Sends nothing.
    pub fn resume_comparison_report(
        &self,
        task: impl Into<TaskId>,
        revisions: impl Into<RevisionPair>,
    ) -> Task<ComparisonReportTask> {
        ComparisonReportTask::new(&self.model, task, revisions).resume(&self.session)
    }

    /// Returns the status of the task of a comparison report.
    ///
    /// `GET /models/{modelId}/alm/comparisonReportTasks/{taskId}`. Reads only: retried.
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
        self.session
            .call(GetComparisonReportTask::new(&self.model, task))
    }

    /// Returns the comparison report of two revisions as tab-separated text. The server keeps it for 48
    /// hours.
    ///
    /// Awaiting holds the whole file in memory. `stream()`, `write_to(writer)` and `save_to(path)` do not.
    /// [`ComparisonReport::parse`](crate::ComparisonReport::parse) reads the file.
    ///
    /// `GET /models/{modelId}/alm/comparisonReports/{targetRevisionId}/{sourceRevisionId}`. Reads only:
    /// retried.
    ///
    /// # Errors
    ///
    /// `NotFound` if the report was not created or has expired, `Forbidden`, `ModelState`.
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

/// Endpoint of [`Alm::get_comparison_report`].
#[derive(Debug, Clone)]
pub struct GetComparisonReport {
    /// The target model.
    pub model: ModelId,
    /// Compared revisions.
    pub revisions: RevisionPair,
}

impl Endpoint for GetComparisonReport {
    const NAME: &'static str = "alm.get_comparison_report";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "application/octet-stream";
    type Output = Bytes;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("comparisonReports")
            .seg("targetRevisionId", &self.revisions.target_revision)
            .seg("sourceRevisionId", &self.revisions.source_revision)
    }
    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        report_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for GetComparisonReport {}
