//! Creating a revision.

use anaplan_core::{
    Age, Call, Endpoint, Error, Evidence, Finding, Lookup, Method, ModelId, Path, Reconcile,
    RequestBody, Response, Result, RetryClass, async_trait, json_body,
};
use anaplan_tenant::endpoints::GetCurrentUser;
use serde::{Deserialize, Serialize};

use crate::Alm;
use crate::revisions::{GetRevisions, Revision, alm_path};

/// The longest name of a revision, in characters.
const MAX_NAME: usize = 60;
/// The longest description of a revision, in characters.
const MAX_DESCRIPTION: usize = 250;

impl Alm {
    /// Creates a revision of the model's present structure. The name has 1 to 60 characters, the
    /// optional [`description`](CreateRevision::description) up to 250.
    ///
    /// `POST /models/{modelId}/alm/revisions`. Must not run twice: never sent again after an unknown
    /// outcome. The client searches the revisions of the model for a new one with this name,
    /// description and creator.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name or description that is too long, before anything is sent. `Rejected`
    /// if the structure has not changed since the last revision. `Ambiguous` if the response was lost
    /// and the revision was not found.
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

/// Endpoint of [`Alm::create_revision`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRevision {
    #[serde(rename = "modelId")]
    model: ModelId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl CreateRevision {
    /// Creates the request. The name has 1 to 60 characters.
    pub fn new(model: impl Into<ModelId>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
            description: None,
        }
    }

    /// Sets the description, up to 250 characters.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Returns `true` if `revision` has the texts of this request. The server may trim them.
    fn matches(&self, revision: &Revision) -> bool {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        revision.name.trim() == self.name.trim()
            && text(&revision.description) == text(&self.description)
    }

    async fn revisions(&self, lookup: &Lookup<'_>) -> Result<Vec<Revision>> {
        lookup.list(&GetRevisions::new(&self.model)).await
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

    fn check(&self) -> Result<()> {
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
        Ok(())
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        struct Body<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
        }
        json_body(&Body {
            name: &self.name,
            description: self.description.as_deref(),
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Revision>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<Revision> {
        response.field("revision")
    }
}

/// The listing exposes name, description, creation time and creator.
#[async_trait]
impl Reconcile<Revision> for CreateRevision {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let revisions = self.revisions(lookup).await?;
        let ids = revisions
            .into_iter()
            .map(|revision| revision.id.to_string());
        Ok(ids.collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<Revision>> {
        let listed = self.revisions(evidence.lookup()).await?;
        let complete = evidence.lists_baseline(listed.iter().map(|revision| revision.id.as_str()));
        let mut candidates = listed;
        candidates.retain(|revision| {
            evidence.is_candidate(revision.id.as_str(), revision.created_on)
                && self.matches(revision)
        });
        if candidates.is_empty() {
            return Ok(Finding::Nothing);
        }
        let user = evidence.lookup().call(&GetCurrentUser).await?.id;
        candidates.retain(|revision| revision.created_by.as_ref().is_none_or(|by| *by == user));
        let Some(revision) = candidates.pop() else {
            return Ok(Finding::Nothing);
        };
        if !candidates.is_empty() {
            let text = "several new revisions have this name";
            return Ok(Finding::Unclear(text.into()));
        }
        let newer = evidence.attempt().age_of(revision.created_on) == Age::Newer;
        let ours = newer && revision.created_by.is_some();
        Ok(if ours && complete {
            Finding::Confirmed(revision)
        } else {
            Finding::Presumed {
                id: revision.id.to_string(),
                output: revision,
                undecided: ours,
            }
        })
    }

    fn id_name(&self) -> &'static str {
        "revisionId"
    }

    fn id(&self, revision: &Revision) -> Option<String> {
        Some(revision.id.to_string())
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
