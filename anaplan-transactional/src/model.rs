//! What the model is: name, workspace, state, size.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, Path, Query, Response, Result, RetryClass, Timestamp, UserId,
    WorkspaceId, open_enum,
};
use serde::Deserialize;

use crate::{Transactional, model_path};
use anaplan_core::lenient::{count_opt, moment_opt, or_default, text_opt};

open_enum! {
    /// What may be done with a model.
    pub enum ActiveState {
        /// Standard mode: data and structure may be changed.
        Unlocked = "UNLOCKED",
        /// Deployed mode: only data may be changed.
        Production = "PRODUCTION",
        /// Offline: only administrators reach it.
        Maintenance = "MAINTENANCE",
        /// Deployed and offline.
        ProductionMaintenance = "PRODUCTION_MAINTENANCE",
        /// Nothing may be changed.
        Locked = "LOCKED",
        /// Put away: nearly every call is refused.
        Archived = "ARCHIVED",
    }
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelDetails {
    /// The model.
    pub id: ModelId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What may be done with it.
    #[serde(default)]
    pub active_state: Option<ActiveState>,
    /// Its workspace.
    #[serde(default)]
    pub current_workspace_id: Option<WorkspaceId>,
    /// The name of its workspace.
    #[serde(default)]
    pub current_workspace_name: Option<String>,
    /// Where it opens in a browser.
    #[serde(default)]
    pub model_url: Option<String>,
    /// Its categories, where there are any.
    #[serde(default, deserialize_with = "or_default")]
    pub category_values: Vec<CategoryValue>,
    /// When it was created.
    #[serde(default, deserialize_with = "moment_opt")]
    pub iso_creation_date: Option<Timestamp>,
    /// When it was changed last.
    #[serde(default, deserialize_with = "moment_opt")]
    pub last_modified: Option<Timestamp>,
    /// Who changed it last.
    #[serde(default)]
    pub last_modified_by_user_guid: Option<UserId>,
    /// The serial number of the last saved change.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_saved_serial_number: Option<String>,
    /// Its size in bytes; unknown for an archived model.
    #[serde(default, deserialize_with = "count_opt")]
    pub memory_usage: Option<u64>,
    /// `true` if a transaction is running in it now.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub model_transaction_running: Option<bool>,
}

/// A category that a model was put in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CategoryValue {
    /// The value.
    #[serde(default, deserialize_with = "text_opt")]
    pub id: Option<String>,
    /// What it says.
    #[serde(default, deserialize_with = "text_opt")]
    pub attribute: Option<String>,
    /// The category.
    #[serde(default, deserialize_with = "text_opt")]
    pub category_id: Option<String>,
    /// The name of the category.
    #[serde(default, deserialize_with = "text_opt")]
    pub category_name: Option<String>,
}

impl Transactional {
    /// Name, workspace, state and size of the model.
    ///
    /// `GET /models/{modelId}?modelDetails=true`. Answers even for a model in which the user has no
    /// role. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown model.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let details = model.get_model_details().await?;
    /// println!("{}: {:?}, {:?} bytes", details.name, details.active_state, details.memory_usage);
    /// assert_eq!(details.id, *model.model());
    /// # Ok(()) });
    /// ```
    #[doc(alias = "get_model")]
    pub fn get_model_details(&self) -> Call<GetModelDetails> {
        self.session.call(GetModelDetails {
            model: self.model.clone(),
        })
    }
}

/// The endpoint of [`Transactional::get_model_details`].
#[derive(Debug, Clone)]
pub struct GetModelDetails {
    /// The model.
    pub model: ModelId,
}

impl Endpoint for GetModelDetails {
    const NAME: &'static str = "transactional.get_model_details";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ModelDetails;

    fn path(&self) -> Path {
        model_path(&self.model)
    }

    fn query(&self, query: &mut Query) {
        query.push("modelDetails", true);
    }

    fn decode(&self, response: Response) -> Result<ModelDetails> {
        response.field("model")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn serial_numbers_and_dates_are_read_in_every_form() {
        let endpoint = GetModelDetails { model: "M".into() };
        for serial in ["17", "\"17\""] {
            let body = format!(
                r#"{{"model":{{"id":"AB","activeState":"HIBERNATING","lastSavedSerialNumber":{serial},
                "lastModified":"2024-12-04T18:18:48.000+0000","categoryValues":null}}}}"#
            );
            let model = endpoint.decode(answer(body)).unwrap();
            assert_eq!(model.last_saved_serial_number.as_deref(), Some("17"));
            assert_eq!(model.last_modified.unwrap().as_second(), 1_733_336_328);
            assert_eq!(
                model.active_state,
                Some(ActiveState::Unknown("HIBERNATING".into()))
            );
        }
        let request = offline().get_model_details().into_request();
        assert_eq!(told(request).0, "GET /models/M?modelDetails=true");
    }
}
