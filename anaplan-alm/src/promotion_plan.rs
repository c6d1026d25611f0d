//! Preview and execution of a promotion.

use std::path::Path;

use anaplan_core::{Bytes, Endpoint, Error, ErrorKind, Pending, Result, Task, TaskStatus};

use crate::comparison_summary::ComparisonSummary;
use crate::diff::ModelDiff;
use crate::promotion::{PromotionPlan, PromotionReport};
use crate::revisions::RevisionId;
use crate::sync_start::SyncModels;
use crate::syncs::Sync;
use crate::tasks::{AlmTaskResult, RevisionPair};

impl PromotionPlan {
    /// Returns the revisions of the plan.
    #[must_use]
    pub fn revisions(&self) -> RevisionPair {
        RevisionPair::new(
            &self.source_revision.id,
            &self.source_model,
            &self.target_revision.id,
        )
    }

    /// Limits the plan to an older revision of the [`candidates`](Self::candidates).
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the revision is not among them.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let oldest = plan.candidates.last().unwrap().id.clone();
    /// let one_step = plan.up_to(oldest)?;
    /// assert_eq!(one_step.apply().await?.to.id, one_step.source_revision.id);
    /// # Ok(()) });
    /// ```
    pub fn up_to(mut self, revision: impl Into<RevisionId>) -> Result<Self> {
        let revision = revision.into();
        let found = self
            .candidates
            .iter()
            .find(|candidate| candidate.id == revision);
        self.source_revision = found.cloned().ok_or_else(|| {
            Error::invalid_input(
                "revision",
                "is not among the revisions that the model can be synced to",
            )
        })?;
        Ok(self)
    }

    /// Returns the number of changes. Changes nothing.
    ///
    /// Creates a [summary](crate::Alm::create_comparison_summary), waits for it, and
    /// [fetches](crate::Alm::get_comparison_summary) it. Retried.
    ///
    /// # Errors
    ///
    /// `TaskFailed` if the comparison fails, `TaskTimeout`, and those of the calls.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let summary = plan.preview().await?;
    /// println!("{}", summary.totals);
    /// # Ok(()) });
    /// ```
    pub fn preview(&self) -> Pending<ComparisonSummary> {
        let (alm, pair) = (self.alm.clone(), self.revisions());
        Pending::new(async move {
            let pair = alm.create_comparison_summary(pair).await?.wait().await?;
            alm.get_comparison_summary(pair).await
        })
    }

    /// Returns the comparison report: every change. Changes nothing.
    ///
    /// Creates a [report](crate::Alm::create_comparison_report), waits for it, and
    /// [fetches](crate::Alm::get_comparison_report) it. Retried.
    ///
    /// # Errors
    ///
    /// `TaskFailed` if the comparison fails, `TaskTimeout`, and those of the calls.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, ComparisonReport};
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let report = ComparisonReport::parse(&plan.report().await?);
    /// for section in &report.sections {
    ///     println!("{}: {}", section.title, section.rows.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn report(&self) -> Pending<Bytes> {
        let (alm, pair) = (self.alm.clone(), self.revisions());
        Pending::new(async move {
            let pair = alm.create_comparison_report(pair).await?.wait().await?;
            alm.get_comparison_report(pair).await
        })
    }

    /// Returns the typed differences: report and summary, compared with each other. Changes nothing.
    ///
    /// Creates both, waits for them and fetches them. Retried.
    ///
    /// # Errors
    ///
    /// Those of [`report`](Self::report) and [`preview`](Self::preview).
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let diff = plan.diff().await?;
    /// assert!(diff.is_complete());
    /// for change in diff.data_losses() {
    ///     println!("{} is {}", change.subject(), change.change);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn diff(&self) -> Pending<ModelDiff> {
        let plan = self.clone();
        Pending::new(async move {
            let summary = plan.preview().await?;
            let report = plan.report().await?;
            Ok(ModelDiff::parse(&report, Some(&summary)))
        })
    }

    /// Saves the comparison report and returns its size in bytes. The file appears under `path` when it is
    /// complete.
    ///
    /// # Errors
    ///
    /// Those of [`report`](Self::report), and `Io` if the file cannot be written.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let path = std::env::temp_dir().join(format!("plan-{}.tsv", std::process::id()));
    /// let size = plan.save_report(&path).await?;
    /// assert_eq!(std::fs::metadata(&path)?.len(), size);
    /// # std::fs::remove_file(path)?;
    /// # Ok(()) });
    /// ```
    pub fn save_report(&self, path: impl AsRef<Path>) -> Pending<u64> {
        let (alm, pair) = (self.alm.clone(), self.revisions());
        let path = path.as_ref().to_owned();
        Pending::new(async move {
            let pair = alm.create_comparison_report(pair).await?.wait().await?;
            alm.get_comparison_report(pair).save_to(path).await
        })
    }

    /// Starts the sync and returns the handle of its task.
    ///
    /// Reads the latest revision of the target first, then sends
    /// `POST /models/{modelId}/alm/syncTasks`. Must not run twice: see
    /// [`sync_models`](crate::Alm::sync_models).
    ///
    /// # Errors
    ///
    /// `Conflict` if the target has changed since the plan was created, and those of
    /// [`sync_models`](crate::Alm::sync_models).
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let task = plan.start().await?;
    /// println!("running as {}", task.id());
    /// task.wait().await?;
    /// # Ok(()) });
    /// ```
    pub fn start(&self) -> Pending<Task<Sync>> {
        let plan = self.clone();
        Pending::new(async move {
            if plan.is_done().await? {
                return Err(plan.stale("it has the revision already"));
            }
            plan.alm.sync_models(plan.revisions()).await
        })
    }

    /// Starts the sync, waits for its end, and reads the latest revision of the target.
    ///
    /// If the target has the revision already, the result has no task. Dropping the future after the sync
    /// has started does not stop it.
    ///
    /// # Errors
    ///
    /// `Conflict` if the target has changed since the plan was created, `TaskFailed` with the server's
    /// reasons, and those of [`sync_models`](crate::Alm::sync_models).
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let report = plan.apply().await?;
    /// println!("{} -> {}", report.from.name, report.to.name);
    /// // The target has the revision now.
    /// assert_eq!(plan.apply().await?.task, None);
    /// # Ok(()) });
    /// ```
    pub fn apply(&self) -> Pending<PromotionReport> {
        self.apply_with(|_| {})
    }

    /// Like [`apply`](Self::apply), and calls `watch` with each status of the sync.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply).
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// plan.apply_with(|status| println!("{:?}", status.current_step)).await?;
    /// # Ok(()) });
    /// ```
    pub fn apply_with<F>(&self, watch: F) -> Pending<PromotionReport>
    where
        F: FnMut(&TaskStatus<AlmTaskResult>) + Send + 'static,
    {
        let plan = self.clone();
        Pending::new(async move {
            let task = if plan.is_done().await? {
                None
            } else {
                let task = plan.alm.sync_models(plan.revisions()).await?;
                task.wait_with(watch).await?;
                Some(task.id().clone())
            };
            let to = plan.alm.latest().await?;
            if to.id != plan.source_revision.id {
                return Err(plan.stale("the sync is finished, but another revision is its latest"));
            }
            Ok(PromotionReport {
                task,
                from: plan.target_revision,
                to,
            })
        })
    }

    /// Returns `true` if the target has the revision already.
    async fn is_done(&self) -> Result<bool> {
        let latest = self.alm.latest().await?;
        if latest.id == self.source_revision.id {
            return Ok(true);
        }
        if latest.id != self.target_revision.id {
            return Err(self.stale("it has another revision"));
        }
        Ok(false)
    }

    fn stale(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::Conflict,
            "the target has changed since the plan was created",
        )
        .because(why)
        .during(SyncModels::NAME)
        .about("modelId", self.alm.model.as_str())
    }
}
