//! Promotion: the whole way from "what is new in dev?" to "production has it".

use std::path::Path;

use anaplan_core::{
    Bytes, Endpoint, Error, ErrorKind, ModelId, Pending, Result, Task, TaskId, TaskStatus,
};

use crate::Alm;
use crate::comparison_summary::ComparisonSummary;
use crate::revisions::{AppliedModel, Revision, RevisionId};
use crate::syncs::{Sync, SyncModels};
use crate::tasks::{AlmTaskResult, RevisionPair};

/// What promoting a model would mean.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)]
pub enum Promotion {
    /// There is nothing newer than what the model has.
    UpToDate(Revision),
    /// There is something to promote.
    Ready(PromotionPlan),
}

impl Promotion {
    /// The plan, if there is something to promote.
    #[must_use]
    pub fn ready(self) -> Option<PromotionPlan> {
        match self {
            Self::Ready(plan) => Some(plan),
            Self::UpToDate(_) => None,
        }
    }
}

/// A promotion that has been thought through and not begun.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromotionPlan {
    alm: Alm,
    /// A model that has the newer revisions.
    pub source_model: ModelId,
    /// The revision that the target shall have.
    pub source_revision: Revision,
    /// The latest revision that the target has now.
    pub target_revision: Revision,
    /// Every revision that the target could be brought to, newest first.
    pub candidates: Vec<Revision>,
}

/// A promotion that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PromotionReport {
    /// The sync that did it; `None` when the target had the revision already.
    pub task: Option<TaskId>,
    /// The revision that the target had before.
    pub from: Revision,
    /// The revision that the target has now, as the target itself says.
    pub to: Revision,
}

impl Alm {
    /// Finds out what promoting this model would mean: its own latest revision, the model where that
    /// was created, and the newest revision there that this model can be synced to.
    ///
    /// Where the model of origin is gone, the other models of the family are asked in turn.
    ///
    /// `GET /models/{modelId}/alm/latestRevision`, then `.../revisions/{revisionId}/appliedToModels` and
    /// `.../syncableRevisions` of one model or more. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` when the model has no revision, or none of its family can serve as source;
    /// `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, Promotion};
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// let Promotion::Ready(plan) = production.plan_promotion().await? else { return Ok(()) };
    /// println!("{} -> {}", plan.target_revision.name, plan.source_revision.name);
    /// println!("{}", plan.preview().await?.totals);
    ///
    /// let report = plan.apply().await?;
    /// assert_eq!(report.to.id, plan.source_revision.id);
    /// assert!(production.plan_promotion().await?.ready().is_none());
    /// # Ok(()) });
    /// ```
    pub fn plan_promotion(&self) -> Pending<Promotion> {
        let alm = self.clone();
        Pending::new(async move { alm.plan(None).await })
    }

    /// The same with the source model given.
    ///
    /// `GET /models/{modelId}/alm/latestRevision` and `.../syncableRevisions`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// Those of [`plan_promotion`](Self::plan_promotion), and `Rejected` for a model without common
    /// history.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let test = fake.demo().test;
    /// // Only what has passed the test model goes to production.
    /// if let Some(plan) = production.plan_promotion_from(&test).await?.ready() {
    ///     assert_eq!(plan.source_model, test);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn plan_promotion_from(&self, source_model: impl Into<ModelId>) -> Pending<Promotion> {
        let alm = self.clone();
        let source_model = source_model.into();
        Pending::new(async move { alm.plan(Some(source_model)).await })
    }

    async fn plan(self, source: Option<ModelId>) -> Result<Promotion> {
        let target_revision = self.latest().await?;
        let (source_model, candidates) = match source {
            Some(model) => {
                let candidates = self.get_syncable_revisions(&model).await?;
                (model, candidates)
            }
            None => self.find_source(&target_revision.id).await?,
        };
        Ok(match candidates.first().cloned() {
            None => Promotion::UpToDate(target_revision),
            Some(source_revision) => Promotion::Ready(PromotionPlan {
                alm: self,
                source_model,
                source_revision,
                target_revision,
                candidates,
            }),
        })
    }

    async fn latest(&self) -> Result<Revision> {
        let none = || {
            Error::new(
                ErrorKind::NotFound,
                "the model has no revision, so it belongs to no family",
            )
            .during("alm.plan_promotion")
            .about("modelId", self.model.as_str())
        };
        self.get_latest_revision().await?.ok_or_else(none)
    }

    /// The model where the revision was created, if it answers; otherwise the first of the family that
    /// has something newer.
    async fn find_source(&self, revision: &RevisionId) -> Result<(ModelId, Vec<Revision>)> {
        let mut refusal = None;
        let mut nothing_newer = None;
        let family = self.get_models_for_revision(revision).await?;
        for (index, member) in family.into_iter().enumerate() {
            let AppliedModel {
                model_id,
                model_deleted,
                ..
            } = member;
            let Some(model) = model_id.filter(|model| !model_deleted && *model != self.model)
            else {
                continue;
            };
            match self.get_syncable_revisions(&model).await {
                Ok(candidates) if index == 0 || !candidates.is_empty() => {
                    return Ok((model, candidates));
                }
                Ok(_) => nothing_newer = nothing_newer.or(Some(model)),
                Err(error) if may_be_another_model(error.kind()) => refusal = Some(error),
                Err(error) => return Err(error),
            }
        }
        match (nothing_newer, refusal) {
            (Some(model), _) => Ok((model, Vec::new())),
            (None, Some(error)) => Err(error),
            // The model of origin itself: nothing upstream of it.
            (None, None) => Ok((self.model.clone(), Vec::new())),
        }
    }
}

fn may_be_another_model(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::ModelState | ErrorKind::Rejected
    )
}

impl PromotionPlan {
    /// The revisions that the plan is about.
    #[must_use]
    pub fn revisions(&self) -> RevisionPair {
        RevisionPair::new(
            &self.source_revision.id,
            &self.source_model,
            &self.target_revision.id,
        )
    }

    /// The same plan, up to an older revision of the [`candidates`](Self::candidates).
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the revision is not among them.
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
            Error::invalid_input("revision", "is not one that the model can be brought to")
        })?;
        Ok(self)
    }

    /// How many things the promotion would change. Changes nothing.
    ///
    /// Creates a [summary](Alm::create_comparison_summary), waits for it, and
    /// [fetches](Alm::get_comparison_summary) it. A repeat only costs work: retried freely.
    ///
    /// # Errors
    ///
    /// `TaskFailed` when the server could not compare, `TaskTimeout`, and those of the calls.
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

    /// What the promotion would change in every detail: the comparison report's bytes. Changes nothing.
    ///
    /// Creates a [report](Alm::create_comparison_report), waits for it, and
    /// [fetches](Alm::get_comparison_report) it. A repeat only costs work: retried freely.
    ///
    /// # Errors
    ///
    /// `TaskFailed` when the server could not compare, `TaskTimeout`, and those of the calls.
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

    /// The same into a file, which appears under `path` when it is complete. Gives its size in bytes.
    ///
    /// # Errors
    ///
    /// Those of [`report`](Self::report), and `Io` when the file cannot be written.
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

    /// Starts the sync and gives its handle, for those who want to watch or store it.
    ///
    /// Looks first whether the plan is still right; then
    /// `POST /models/{modelId}/alm/syncTasks`. Never starts two syncs: see
    /// [`sync_models`](Alm::sync_models).
    ///
    /// # Errors
    ///
    /// `Conflict` when the target has changed since the plan was made, and those of
    /// [`sync_models`](Alm::sync_models).
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

    /// Does it: starts the sync, waits for its end, and has the target confirm that it has the revision.
    ///
    /// A plan that has been carried out already, by this program or another one, is a success without
    /// a task. Never syncs twice.
    ///
    /// # Errors
    ///
    /// `Conflict` when the target has changed since the plan was made, `TaskFailed` with the server's
    /// reasons, and those of [`sync_models`](Alm::sync_models).
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let production = alm.with_model(fake.demo().prod);
    /// # let plan = production.plan_promotion().await?.ready().unwrap();
    /// let report = plan.apply().await?;
    /// println!("{} -> {}", report.from.name, report.to.name);
    /// // Once more changes nothing.
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
                return Err(plan.stale("the sync is over, but another revision is its latest"));
            }
            Ok(PromotionReport {
                task,
                from: plan.target_revision,
                to,
            })
        })
    }

    /// Whether the target has the revision already.
    async fn is_done(&self) -> Result<bool> {
        let latest = self.alm.latest().await?;
        if latest.id == self.source_revision.id {
            return Ok(true);
        }
        if latest.id != self.target_revision.id {
            return Err(self.stale("it has got another revision"));
        }
        Ok(false)
    }

    fn stale(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::Conflict,
            "the target has changed since the plan was made",
        )
        .because(why)
        .during(SyncModels::NAME)
        .about("modelId", self.alm.model.as_str())
    }
}
