//! Creating a revision, once.

use anaplan_core::{
    Answer, Bytes, Call, Endpoint, Error, Found, Method, ModelId, Path, Reconcile, Result,
    RetryClass, Session, async_trait, json_body,
};
use serde::Serialize;

use crate::Alm;
use crate::revisions::{GetLatestRevision, Revision, alm_path};

/// The longest name of a revision, in characters.
const MAX_NAME: usize = 60;
/// The longest description of a revision, in characters.
const MAX_DESCRIPTION: usize = 250;

impl Alm {
    /// Creates a revision of the model's structure as it is now: a name of 1 to 60 characters and, with
    /// [`description`](CreateRevision::description), up to 250 more.
    ///
    /// `POST /models/{modelId}/alm/revisions`. Must not run twice: when the answer gets lost, the client
    /// looks whether the model's latest revision has become this one, and sends the request again only
    /// if it has not.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name or description out of bounds, before anything is sent. `Rejected` when
    /// the structure has not changed since the last revision. `Ambiguous` when nobody can know.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// let revision = alm.create_revision("2025-06").with(|new| new.description("headcount by region")).await?;
    /// assert_eq!(alm.get_latest_revision().await?.unwrap().id, revision.id);
    /// # Ok(()) });
    /// ```
    pub fn create_revision(&self, name: impl Into<String>) -> Call<CreateRevision> {
        self.session.call(CreateRevision::new(&self.model, name))
    }
}

/// The endpoint of [`Alm::create_revision`].
#[derive(Debug, Clone, Serialize)]
pub struct CreateRevision {
    #[serde(skip)]
    model: ModelId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl CreateRevision {
    /// A revision of this model, by this name: 1 to 60 characters.
    pub fn new(model: impl Into<ModelId>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
            description: None,
        }
    }

    /// Says more about it: up to 250 characters.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether `revision` is what this request would have created. The server may trim the texts.
    fn made(&self, revision: &Revision) -> bool {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        revision.name.trim() == self.name.trim()
            && text(&revision.description) == text(&self.description)
    }

    async fn latest(&self, session: &Session) -> Result<Option<Revision>> {
        let model = self.model.clone();
        session.call(GetLatestRevision { model }).await
    }
}

impl Endpoint for CreateRevision {
    const NAME: &'static str = "alm.create_revision";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Revision;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("revisions")
    }

    fn body(&self) -> Result<Bytes> {
        let too_long = |text: &str, limit| text.chars().count() > limit;
        if self.name.trim().is_empty() {
            return Err(Error::invalid_input("name", "must not be empty"));
        }
        if too_long(&self.name, MAX_NAME) {
            return Err(Error::invalid_input(
                "name",
                "must be 60 characters or fewer",
            ));
        }
        if self
            .description
            .as_ref()
            .is_some_and(|text| too_long(text, MAX_DESCRIPTION))
        {
            return Err(Error::invalid_input(
                "description",
                "must be 250 characters or fewer",
            ));
        }
        json_body(self)
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Revision>> {
        Some(self)
    }

    fn decode(&self, answer: Answer) -> Result<Revision> {
        answer.field("revision")
    }
}

/// The latest revision tells: it was another one before, and now it is ours.
#[async_trait]
impl Reconcile<Revision> for CreateRevision {
    async fn existing(&self, session: &Session) -> Result<Vec<String>> {
        let latest = self.latest(session).await?;
        Ok(latest
            .into_iter()
            .map(|revision| revision.id.to_string())
            .collect())
    }

    async fn find(&self, session: &Session, existing: &[String]) -> Result<Found<Revision>> {
        Ok(match self.latest(session).await? {
            Some(latest) if existing.iter().any(|id| latest.id == **id) => Found::Nothing,
            Some(latest) if self.made(&latest) => Found::Own(latest),
            Some(latest) => Found::Unclear(format!(
                "the model has got the revision {} meanwhile, under another name",
                latest.id
            )),
            None => Found::Nothing,
        })
    }
}
