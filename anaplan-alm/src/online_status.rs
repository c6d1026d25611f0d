//! Taking a model offline and bringing it back online.

use anaplan_core::{
    Call, Endpoint, Error, ErrorKind, Evidence, Finding, Lookup, Method, ModelId, Path, Reconcile,
    RequestBody, Response, Result, RetryClass, async_trait, json_body, open_enum,
};
use anaplan_tenant::ActiveState;
use anaplan_tenant::endpoints::GetModel;
use serde::{Deserialize, Serialize};

use crate::Alm;

open_enum! {
    /// Availability of a model.
    pub enum OnlineStatus {
        /// Available to its users.
        Online = "online",
        /// In maintenance: available to workspace administrators only.
        Offline = "offline",
    }
}

impl Alm {
    /// Takes the model offline or brings it back online. Only a standard or deployed model can be
    /// changed. Setting the present status is not an error.
    ///
    /// `PUT /models/{modelId}/onlineStatus`. Never sent again after an unknown outcome, because a late
    /// request could undo a later one. The client reads the state of the model before each attempt, and
    /// again after a lost response.
    ///
    /// # Errors
    ///
    /// `Rejected` for a locked model, `ModelState` for an archived one, `Forbidden` without the role.
    /// `Ambiguous` if the response was lost and the model has not changed, or had the status before.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, OnlineStatus};
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// alm.change_model_status(OnlineStatus::Offline).await?;
    /// alm.change_model_status(OnlineStatus::Online).await?;
    /// # Ok(()) });
    /// ```
    pub fn change_model_status(&self, status: OnlineStatus) -> Call<ChangeModelStatus> {
        self.session.call(ChangeModelStatus {
            model: self.model.clone(),
            status,
        })
    }
}

/// Endpoint of [`Alm::change_model_status`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeModelStatus {
    /// Model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// New status.
    pub status: OnlineStatus,
}

impl Endpoint for ChangeModelStatus {
    const NAME: &'static str = "alm.change_model_status";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    const SUCCESS: &'static [u16] = &[];
    type Output = ();

    fn path(&self) -> Path {
        model_path(&self.model).lit("onlineStatus")
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        struct Body<'a> {
            status: &'a OnlineStatus,
        }
        json_body(&Body {
            status: &self.status,
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<()>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

/// A change of state shows that the request took effect. The baseline holds the state before it.
#[async_trait]
impl Reconcile<()> for ChangeModelStatus {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let state = self.state(lookup).await?;
        Ok(vec![state.to_string()])
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<()>> {
        let mut before = evidence.attempt().baseline().iter();
        if before.any(|state| self.is_reached(&ActiveState::from(state.as_str()))) {
            let text = format!(
                "the model was {} before, so its state proves nothing",
                self.status
            );
            return Ok(Finding::Unclear(text));
        }
        let state = self.state(evidence.lookup()).await?;
        Ok(if self.is_reached(&state) {
            Finding::Confirmed(())
        } else {
            Finding::Nothing
        })
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl ChangeModelStatus {
    /// Reads the state of the model.
    async fn state(&self, lookup: &Lookup<'_>) -> Result<ActiveState> {
        let model = self.model.clone();
        let model = lookup.call(&GetModel { model }).await?;
        model.active_state.ok_or_else(|| {
            let text = "the model has no activeState";
            Error::new(ErrorKind::Decode, text).during(GetModel::NAME)
        })
    }

    /// Returns `true` if `state` belongs to the new status.
    fn is_reached(&self, state: &ActiveState) -> bool {
        match (&self.status, state) {
            (
                OnlineStatus::Offline,
                ActiveState::Maintenance | ActiveState::ProductionMaintenance,
            )
            | (OnlineStatus::Online, ActiveState::Unlocked | ActiveState::Production) => true,
            (OnlineStatus::Online, state) => state.as_str() == "ACTIVE",
            _ => false,
        }
    }
}

fn model_path(model: &ModelId) -> Path {
    Path::integration().lit("models").seg("modelId", model)
}
