//! Taking a model offline and bringing it back.

use anaplan_core::{
    Answer, Bytes, Call, Endpoint, Method, ModelId, Path, Result, RetryClass, json_body, open_enum,
};
use serde::Serialize;

use crate::Alm;

open_enum! {
    /// Whether a model serves its users or is in maintenance.
    pub enum OnlineStatus {
        /// It serves its users.
        Online = "online",
        /// It is in maintenance: only administrators reach it.
        Offline = "offline",
    }
}

impl Alm {
    /// Takes the model offline or brings it back. Only a standard or deployed model can be changed;
    /// setting the status that it has already is no error.
    ///
    /// `PUT /models/{modelId}/onlineStatus`. Repeating it leads to the same state: retried freely.
    ///
    /// # Errors
    ///
    /// `Rejected` for a locked model, `ModelState` for an archived one, `Forbidden` without the role.
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

/// The endpoint of [`Alm::change_model_status`].
#[derive(Debug, Clone)]
pub struct ChangeModelStatus {
    /// The model.
    pub model: ModelId,
    /// What it shall be.
    pub status: OnlineStatus,
}

impl Endpoint for ChangeModelStatus {
    const NAME: &'static str = "alm.change_model_status";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = ();

    fn path(&self) -> Path {
        Path::integration()
            .lit("models")
            .seg("modelId", &self.model)
            .lit("onlineStatus")
    }

    fn body(&self) -> Result<Bytes> {
        #[derive(Serialize)]
        struct Body<'a> {
            status: &'a OnlineStatus,
        }
        json_body(&Body {
            status: &self.status,
        })
    }

    fn decode(&self, _answer: Answer) -> Result<()> {
        Ok(())
    }
}
