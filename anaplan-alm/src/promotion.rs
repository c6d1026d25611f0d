//! Promotion of a model to the newest revision of its family.

use anaplan_core::{Error, ErrorKind, ModelId, Pending, Result, TaskId};
use serde::{Deserialize, Serialize};

use crate::Alm;
use crate::applied_models::AppliedModel;
use crate::revisions::{Revision, RevisionId};

/// Result of [`Alm::plan_promotion`].
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)]
pub enum Promotion {
    /// The model has the newest revision.
    UpToDate(Revision),
    /// A newer revision exists.
    Ready(PromotionPlan),
}

impl Promotion {
    /// Returns the plan, if a newer revision exists.
    #[must_use]
    pub fn ready(self) -> Option<PromotionPlan> {
        match self {
            Self::Ready(plan) => Some(plan),
            Self::UpToDate(_) => None,
        }
    }
}

/// Plan of a promotion. Nothing has been changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromotionPlan {
    pub(crate) alm: Alm,
    /// Model that has the newer revisions.
    pub source_model: ModelId,
    /// Revision to apply to the target.
    pub source_revision: Revision,
    /// Latest revision of the target.
    pub target_revision: Revision,
    /// Revisions that the target can be synced to, newest first.
    pub candidates: Vec<Revision>,
}

/// Result of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromotionReport {
    /// Sync. `None` if the target had the revision already.
    pub task: Option<TaskId>,
    /// Latest revision of the target before.
    pub from: Revision,
    /// Latest revision of the target now, as read from the target.
    pub to: Revision,
}

impl Alm {
    /// Plans a promotion of this model: reads its latest revision, the model in which that was created, and
    /// the newest revision there that this model can be synced to.
    ///
    /// If the model of origin is not accessible, the other models of the family are read in turn.
    ///
    /// `GET /models/{modelId}/alm/latestRevision`, then `.../revisions/{revisionId}/appliedToModels` and
    /// `.../syncableRevisions` of one model or more. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` if the model has no revision or no model of its family can be the source, `Forbidden`,
    /// `ModelState`.
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

    /// Plans a promotion like [`plan_promotion`](Self::plan_promotion), from this source model.
    ///
    /// `GET /models/{modelId}/alm/latestRevision` and `.../syncableRevisions`. Reads only: retried.
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
    /// // Only revisions of the test model.
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

    pub(crate) async fn latest(&self) -> Result<Revision> {
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

    /// Returns the model in which the revision was created, if it is accessible, otherwise the first of the
    /// family with newer revisions.
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
            // The model is the origin of the family.
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
