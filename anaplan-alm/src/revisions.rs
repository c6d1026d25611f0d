//! Revisions: named states of a model's structure.

use anaplan_core::{
    Call, Endpoint, Error, Method, ModelId, Page, Paged, PagedCall, Path, Query, Response, Result,
    RetryClass, Timestamp, UserId, WorkspaceId, id_type, open_enum, or_default,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Alm;

id_type! {
    /// A revision: 32 hexadecimal digits in upper case. It is the same in every model that has it.
    RevisionId
}

/// A named state of a model's structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Revision {
    /// Id, the same in every model that has the revision.
    pub id: RevisionId,
    /// Name, 1 to 60 characters.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description, up to 250 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Time of its creation.
    #[serde(default)]
    pub created_on: Option<Timestamp>,
    /// User who created it.
    #[serde(default)]
    pub created_by: Option<UserId>,
    /// Method of its creation.
    #[serde(default)]
    pub creation_method: Option<CreationMethod>,
    /// Time at which it was applied to this model. Not every server returns it.
    #[serde(default)]
    pub applied_on: Option<Timestamp>,
    /// User who applied it to this model. Not every server returns it.
    #[serde(default)]
    pub applied_by: Option<UserId>,
    /// Type. Not every server returns it.
    #[serde(default)]
    pub revision_type: Option<RevisionType>,
}

impl Revision {
    /// Returns `true` if both times are known and the model has this revision later than `other`.
    pub(crate) fn is_applied_after(&self, other: &Self) -> bool {
        matches!((self.applied_on, other.applied_on), (Some(own), Some(other)) if own > other)
    }
}

open_enum! {
    /// Method by which a revision was created.
    pub enum CreationMethod {
        /// Added in the user interface.
        UserAdded = "User added revision",
        /// Added through the API.
        Api = "User added revision via API",
        /// Created by the copy of a model.
        ModelCopied = "Model copied",
    }
}

open_enum! {
    /// Method by which a revision was applied to a model.
    pub enum AppliedMethod {
        /// Created in the model, in the user interface.
        UserAdded = "User added revision",
        /// Created in the model, through the API.
        Api = "User added revision via API",
        /// Applied by a sync.
        Synchronized = "Revision synchronized",
        /// Applied by the copy of a model.
        ModelCopied = "Model copied",
    }
}

open_enum! {
    /// Type of a revision.
    pub enum RevisionType {
        /// The whole structure.
        Full = "FULL",
        /// Part of the structure.
        Partial = "PARTIAL",
        /// Not specified by the server.
        Unspecified = "UNKNOWN",
    }
}

/// A model that a revision is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppliedModel {
    /// Model. Not every server returns it for deleted models.
    #[serde(default)]
    pub model_id: Option<ModelId>,
    /// Name of the model. Absent for deleted models and for models that the user cannot open.
    #[serde(default)]
    pub model_name: Option<String>,
    /// Workspace of the model. Absent for deleted models.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// User who applied the revision.
    #[serde(default)]
    pub applied_by: Option<UserId>,
    /// Time at which it was applied.
    #[serde(default)]
    pub applied_on: Option<Timestamp>,
    /// Method by which it was applied.
    #[serde(default)]
    pub applied_method: Option<AppliedMethod>,
    /// `true` if the model is deleted.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub model_deleted: bool,
}

impl Alm {
    /// Returns the revisions of the model, or a stream of them with `.items()`.
    ///
    /// The order is the server's, usually oldest first; [`sort`](GetRevisions::sort) sets another one.
    /// `GET /models/{modelId}/alm/revisions`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the first date is not before the second, `NotFound`, `Forbidden`,
    /// `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, GetRevisions};
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// let all = alm.get_revisions().await?;
    /// assert!(all.len() >= 3);
    ///
    /// let mut newest_first = alm.get_revisions().with(|query| query.sort("-createdOn")).page_size(2).items();
    /// while let Some(revision) = newest_first.next_item().await {
    ///     println!("{}", revision?.name);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_revisions")]
    pub fn get_revisions(&self) -> PagedCall<GetRevisions> {
        self.session.paged(GetRevisions::new(&self.model))
    }

    /// The latest revision of the model; `None` when it has none.
    ///
    /// `GET /models/{modelId}/alm/latestRevision`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// if let Some(revision) = alm.get_latest_revision().await? {
    ///     println!("{} of {:?}", revision.name, revision.created_on);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_latest_revision(&self) -> Call<GetLatestRevision> {
        self.session.call(GetLatestRevision {
            model: self.model.clone(),
        })
    }

    /// Returns the revisions of `source_model` that the model can be synced to, newest first. Empty if
    /// there is nothing to sync.
    ///
    /// `GET /models/{modelId}/alm/syncableRevisions`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `Rejected` for models without a common history, `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let production = alm.with_model(ids.prod);
    /// let waiting = production.get_syncable_revisions(ids.dev).await?;
    /// assert!(!waiting.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn get_syncable_revisions(
        &self,
        source_model: impl Into<ModelId>,
    ) -> Call<GetSyncableRevisions> {
        self.session.call(GetSyncableRevisions {
            model: self.model.clone(),
            source_model: source_model.into(),
        })
    }

    /// Returns the models that have a revision of this model. The revision was created in the first; any of
    /// them can be the source of a sync.
    ///
    /// `GET /models/{modelId}/alm/revisions/{revisionId}/appliedToModels`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` when the revision is not applied to this model, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// # let first = alm.get_revisions().await?.remove(0);
    /// let models = alm.get_models_for_revision(&first.id).await?;
    /// assert_eq!(models[0].model_id.as_ref(), Some(alm.model()));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "appliedToModels")]
    pub fn get_models_for_revision(
        &self,
        revision: impl Into<RevisionId>,
    ) -> Call<GetModelsForRevision> {
        self.session.call(GetModelsForRevision {
            model: self.model.clone(),
            revision: revision.into(),
        })
    }
}

/// Endpoint of [`Alm::get_revisions`].
#[derive(Debug, Clone)]
pub struct GetRevisions {
    model: ModelId,
    applied_after: Option<Date>,
    applied_before: Option<Date>,
    sort: Option<String>,
}

impl GetRevisions {
    /// All revisions of a model.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            applied_after: None,
            applied_before: None,
            sort: None,
        }
    }

    /// Only those that were applied on this day or later.
    #[must_use]
    pub fn applied_after(mut self, day: Date) -> Self {
        self.applied_after = Some(day);
        self
    }

    /// Only those that were applied on this day or earlier.
    #[must_use]
    pub fn applied_before(mut self, day: Date) -> Self {
        self.applied_before = Some(day);
        self
    }

    /// Sorts by a property of the revision, as the API names it; with `-` in front, backwards.
    #[must_use]
    pub fn sort(mut self, property: impl Into<String>) -> Self {
        self.sort = Some(property.into());
        self
    }
}

impl Endpoint for GetRevisions {
    const NAME: &'static str = "alm.get_revisions";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Revision>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("revisions")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("appliedAfter", self.applied_after);
        query.push_some("appliedBefore", self.applied_before);
        query.push_some("sort", self.sort.as_ref());
    }

    fn check(&self) -> Result<()> {
        match (self.applied_after, self.applied_before) {
            (Some(after), Some(before)) if after >= before => Err(Error::invalid_input(
                "appliedAfter",
                "must be an earlier date than appliedBefore",
            )),
            _ => Ok(()),
        }
    }

    fn decode(&self, response: Response) -> Result<Page<Revision>> {
        response.page("revisions")
    }
}

impl Paged for GetRevisions {
    type Item = Revision;
}

/// Endpoint of [`Alm::get_latest_revision`].
#[derive(Debug, Clone)]
pub struct GetLatestRevision {
    /// The model.
    pub model: ModelId,
}

impl Endpoint for GetLatestRevision {
    const NAME: &'static str = "alm.get_latest_revision";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Option<Revision>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("latestRevision")
    }

    fn decode(&self, response: Response) -> Result<Option<Revision>> {
        Ok(response.list("revisions")?.into_iter().next())
    }
}

/// Endpoint of [`Alm::get_syncable_revisions`].
#[derive(Debug, Clone)]
pub struct GetSyncableRevisions {
    /// The model that would be synced.
    pub model: ModelId,
    /// The model that has the revisions.
    pub source_model: ModelId,
}

impl Endpoint for GetSyncableRevisions {
    const NAME: &'static str = "alm.get_syncable_revisions";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<Revision>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("syncableRevisions")
    }

    fn query(&self, query: &mut Query) {
        query.push("sourceModelId", &self.source_model);
    }

    /// The documented order is not always kept, and the newest revision is the one to sync.
    fn decode(&self, response: Response) -> Result<Vec<Revision>> {
        let mut revisions: Vec<Revision> = response.list("revisions")?;
        revisions.sort_by_key(|revision| std::cmp::Reverse(revision.created_on));
        Ok(revisions)
    }
}

/// Endpoint of [`Alm::get_models_for_revision`].
#[derive(Debug, Clone)]
pub struct GetModelsForRevision {
    /// A model that has the revision.
    pub model: ModelId,
    /// The revision.
    pub revision: RevisionId,
}

impl Endpoint for GetModelsForRevision {
    const NAME: &'static str = "alm.get_models_for_revision";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<AppliedModel>;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("revisions")
            .seg("revisionId", &self.revision)
            .lit("appliedToModels")
    }

    fn decode(&self, response: Response) -> Result<Vec<AppliedModel>> {
        response.list("appliedToModels")
    }
}

pub(crate) fn alm_path(model: &ModelId) -> Path {
    Path::integration()
        .lit("models")
        .seg("modelId", model)
        .lit("alm")
}
