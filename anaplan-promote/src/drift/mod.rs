//! Revisions of models compared with each other.

mod families;
mod lineage;
mod report;

use anaplan_core::{ErrorKind, ModelId, Pending, Result, WorkspaceId};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::Promoter;
use crate::drift::families::{ModelRevisions, families};
use crate::models::{ActiveState, Model, Tenant, get_model};
use crate::plan::{ModelSnapshot, RevisionRef};
use crate::planner::alm;
use crate::release::ModelName;
use crate::resolve::Resolver;

pub use report::{DriftReport, Family, ModelDrift, RevisionLag, UnreadableModel};

/// Name and version of the format of drift reports.
const SCHEMA: &str = "anaplan.drift/1";
/// Number of models or revisions that are read at a time.
const CONCURRENCY: usize = 4;

/// Models of a drift report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriftScope {
    /// The models that have revisions of this one, as this one lists them. No other model is read or loaded.
    /// Revisions that this model does not have are not seen.
    Lineage {
        /// Model that has the newest revisions, usually the development model.
        of: ModelName,
    },
    /// These models.
    Models(Vec<ModelName>),
    /// The models of a workspace that the user can see, except archived ones.
    Workspace(WorkspaceId),
    /// The models of the tenant that the user can see, except archived ones.
    Tenant,
}

/// Result of the read of one model.
enum Read {
    Model(Box<ModelRevisions>),
    Unreadable(UnreadableModel),
}

impl Promoter {
    /// Compares the revisions of models: which model lacks which revisions, and since when.
    ///
    /// Reads only: retried. [`Lineage`](DriftScope::Lineage) sends
    /// `GET /models/{modelId}/alm/revisions` and one `GET .../appliedToModels` per revision, all to one
    /// model. The other scopes send `GET .../alm/revisions` to each model, which may load it. A model that
    /// cannot be read is part of the report.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Conflict` for a name that no model or several models have, and the errors of the reads.
    ///
    /// ```
    /// # use anaplan_promote::{DriftScope, Promoter, RevisionLag};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// let of = "Sales Planning DEV".into();
    /// let report = promoter.drift(DriftScope::Lineage { of }).await?;
    /// for model in &report.families[0].models {
    ///     if let RevisionLag::Behind { revisions, .. } = &model.lag {
    ///         println!("{} lacks {revisions} revisions", model.model.name);
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    pub fn drift(&self, scope: DriftScope) -> Pending<DriftReport> {
        let promoter = self.clone();
        Pending::new(async move {
            match scope {
                DriftScope::Lineage { of } => promoter.lineage(&of).await,
                DriftScope::Models(names) => {
                    let mut resolver = Resolver::default();
                    let mut models = Vec::new();
                    for name in &names {
                        let id = resolver.resolve(&promoter.session, name).await?;
                        if !models.contains(&id) {
                            models.push(id);
                        }
                    }
                    promoter.named(models).await
                }
                DriftScope::Workspace(workspace) => {
                    let tenant = Tenant::new(promoter.session.clone());
                    let models = tenant.get_models();
                    let models = models.with(|query| query.in_workspace(workspace)).await?;
                    promoter.listed(models).await
                }
                DriftScope::Tenant => {
                    let models = Tenant::new(promoter.session.clone()).get_models().await?;
                    promoter.listed(models).await
                }
            }
        })
    }

    async fn named(&self, models: Vec<ModelId>) -> Result<DriftReport> {
        let reads = models.into_iter().map(|id| async move {
            match get_model(&self.session, &id).await {
                Ok(model) => self.read_revisions(ModelSnapshot::from(&model)).await,
                Err(error) if is_of_the_model(error.kind()) => {
                    Ok(Read::Unreadable(UnreadableModel {
                        name: id.to_string(),
                        model: id,
                        reason: error.to_string(),
                    }))
                }
                Err(error) => Err(error),
            }
        });
        let reads: Vec<_> = reads.collect();
        let reads = stream::iter(reads).buffered(CONCURRENCY).try_collect();
        Ok(self.report(reads.await?))
    }

    async fn listed(&self, models: Vec<Model>) -> Result<DriftReport> {
        let is_live = |model: &Model| model.active_state != Some(ActiveState::Archived);
        let models = models.into_iter().filter(is_live);
        let reads: Vec<_> = models
            .map(|model| self.read_revisions(ModelSnapshot::from(&model)))
            .collect();
        let reads = stream::iter(reads).buffered(CONCURRENCY).try_collect();
        Ok(self.report(reads.await?))
    }

    async fn read_revisions(&self, mut model: ModelSnapshot) -> Result<Read> {
        match alm(&self.session, &model.id)?.get_revisions().await {
            Ok(revisions) => {
                let revisions = in_order(revisions.iter().map(RevisionRef::from).collect());
                model.latest = revisions.last().cloned();
                let model = ModelRevisions { model, revisions };
                Ok(Read::Model(Box::new(model)))
            }
            Err(error) if is_of_the_model(error.kind()) => Ok(Read::Unreadable(UnreadableModel {
                name: model.full_name(),
                model: model.id,
                reason: error.to_string(),
            })),
            Err(error) => Err(error),
        }
    }

    fn report(&self, reads: Vec<Read>) -> DriftReport {
        let (mut models, mut unreadable) = (Vec::new(), Vec::new());
        for read in reads {
            match read {
                Read::Model(model) => models.push(*model),
                Read::Unreadable(model) => unreadable.push(model),
            }
        }
        let (families, without_family) = families(models);
        DriftReport {
            schema: SCHEMA.to_owned(),
            as_of: self.session.clock().now(),
            families,
            without_family,
            unreadable,
        }
    }
}

/// Returns `true` for errors about one model, after which the others are read nevertheless.
fn is_of_the_model(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::ModelState | ErrorKind::Rejected
    )
}

/// Sorts revisions by the time of their application, or of their creation if the server does not return it.
fn in_order(mut revisions: Vec<RevisionRef>) -> Vec<RevisionRef> {
    let is_known = revisions
        .iter()
        .all(|revision| revision.applied_on.is_some());
    revisions.sort_by_key(|revision| match is_known {
        true => (revision.applied_on, revision.created_on),
        false => (revision.created_on, None),
    });
    revisions
}
