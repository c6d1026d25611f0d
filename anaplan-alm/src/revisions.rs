//! Revisions: named states of a model's structure.

use anaplan_core::{
    Call, Endpoint, Error, Method, ModelId, Page, Paged, PagedCall, Path, Query, Response, Result,
    RetryClass, Timestamp, UserId, WorkspaceId, id_type, open_enum, or_default,
};
use jiff::civil::Date;
use serde::Deserialize;

use crate::Alm;

id_type! {
    /// A revision: 32 hexadecimal digits in upper case. It is the same in every model that has it.
    RevisionId
}

/// A named state of a model's structure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Revision {
    /// The same in every model that the revision is applied to.
    pub id: RevisionId,
    /// 1 to 60 characters.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Up to 250 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was created.
    #[serde(default)]
    pub created_on: Option<Timestamp>,
    /// Who created it.
    #[serde(default)]
    pub created_by: Option<UserId>,
    /// How it came to be.
    #[serde(default)]
    pub creation_method: Option<CreationMethod>,
    /// When it was applied to this model, where the server tells.
    #[serde(default)]
    pub applied_on: Option<Timestamp>,
    /// Who applied it to this model, where the server tells.
    #[serde(default)]
    pub applied_by: Option<UserId>,
    /// What it covers, where the server tells.
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
    /// How a revision came to be.
    pub enum CreationMethod {
        /// Somebody added it in the user interface.
        UserAdded = "User added revision",
        /// A program added it.
        Api = "User added revision via API",
        /// Copying a model made it.
        ModelCopied = "Model copied",
    }
}

open_enum! {
    /// How a revision came to a model.
    pub enum AppliedMethod {
        /// It was created there, in the user interface.
        UserAdded = "User added revision",
        /// It was created there by a program.
        Api = "User added revision via API",
        /// A sync brought it.
        Synchronized = "Revision synchronized",
        /// Copying a model brought it.
        ModelCopied = "Model copied",
    }
}

open_enum! {
    /// What a revision covers.
    pub enum RevisionType {
        /// Everything.
        Full = "FULL",
        /// A part.
        Partial = "PARTIAL",
        /// The server does not say.
        Unspecified = "UNKNOWN",
    }
}

/// A model that a revision is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppliedModel {
    /// The model. Some servers leave it out for deleted models.
    #[serde(default)]
    pub model_id: Option<ModelId>,
    /// Its name; absent for deleted models and for those that the user cannot open.
    #[serde(default)]
    pub model_name: Option<String>,
    /// Its workspace; absent for deleted models.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// Who applied the revision.
    #[serde(default)]
    pub applied_by: Option<UserId>,
    /// When it was applied.
    #[serde(default)]
    pub applied_on: Option<Timestamp>,
    /// How it came to the model.
    #[serde(default)]
    pub applied_method: Option<AppliedMethod>,
    /// Whether the model is gone.
    #[serde(default, deserialize_with = "or_default")]
    pub model_deleted: bool,
}

impl Alm {
    /// The revisions of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// The order is the server's (oldest first where it was seen); [`sort`](GetRevisions::sort)
    /// asks for another one. `GET /models/{modelId}/alm/revisions`. Reads only: retried freely.
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
    /// `GET /models/{modelId}/alm/latestRevision`. Reads only: retried freely.
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

    /// The revisions of `source_model` that the model can be synced to, newest first; empty when there
    /// is nothing to sync.
    ///
    /// `GET /models/{modelId}/alm/syncableRevisions`. Reads only: retried freely.
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

    /// The models that a revision of this model is applied to. The first is the one that it was created
    /// in; any of them can be the source of a sync.
    ///
    /// `GET /models/{modelId}/alm/revisions/{revisionId}/appliedToModels`. Reads only: retried freely.
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

/// The endpoint of [`Alm::get_revisions`].
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

/// The endpoint of [`Alm::get_latest_revision`].
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

/// The endpoint of [`Alm::get_syncable_revisions`].
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

    /// The order is documented but was seen otherwise, and "newest" decides what gets synced.
    fn decode(&self, response: Response) -> Result<Vec<Revision>> {
        let mut revisions: Vec<Revision> = response.list("revisions")?;
        revisions.sort_by_key(|revision| std::cmp::Reverse(revision.created_on));
        Ok(revisions)
    }
}

/// The endpoint of [`Alm::get_models_for_revision`].
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
