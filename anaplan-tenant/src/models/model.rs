//! Models.

use anaplan_core::{
    Call, Endpoint, Error, Method, ModelId, Named, Page, Paged, PagedCall, Path, Pending, Query,
    Response, Result, RetryClass, Timestamp, UserId, WorkspaceId, open_enum,
};
use serde::{Deserialize, Serialize};

use crate::models::model_path;
use crate::sort::check_sort;
use crate::{ModelRef, Tenant};
use anaplan_core::lenient::{count_opt, id_opt, moment_opt, or_default, text_opt};

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Model {
    /// Id.
    pub id: ModelId,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// State of the model.
    #[serde(default)]
    pub active_state: Option<ActiveState>,
    /// Workspace of the model.
    #[serde(rename = "currentWorkspaceId", default, deserialize_with = "id_opt")]
    pub workspace: Option<WorkspaceId>,
    /// Name of the workspace.
    #[serde(
        rename = "currentWorkspaceName",
        default,
        deserialize_with = "text_opt"
    )]
    pub workspace_name: Option<String>,
    /// URL in the user interface.
    #[serde(default)]
    pub model_url: Option<String>,
    /// Categories. Usually empty.
    #[serde(default, deserialize_with = "or_default")]
    pub category_values: Vec<CategoryValue>,
    /// Creation time. Set with details only, like the fields below.
    #[serde(rename = "isoCreationDate", default, deserialize_with = "moment_opt")]
    pub created_at: Option<Timestamp>,
    /// Time of the last change.
    #[serde(rename = "lastModified", default, deserialize_with = "moment_opt")]
    pub modified_at: Option<Timestamp>,
    /// User of the last change.
    #[serde(
        rename = "lastModifiedByUserGuid",
        default,
        deserialize_with = "id_opt"
    )]
    pub modified_by: Option<UserId>,
    /// Serial number of the last saved state.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_saved_serial_number: Option<String>,
    /// Size in bytes. Not set for archived models.
    #[serde(default, deserialize_with = "count_opt")]
    pub memory_usage: Option<u64>,
    /// `true` if a transaction is running. Set for a single model only.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub model_transaction_running: Option<bool>,
}

open_enum! {
    /// State of a model.
    pub enum ActiveState {
        /// Standard mode: data and structure can be changed.
        Unlocked = "UNLOCKED",
        /// Deployed mode: only data can be changed.
        Production = "PRODUCTION",
        /// Offline: only workspace administrators have access.
        Maintenance = "MAINTENANCE",
        /// Deployed mode, and offline.
        ProductionMaintenance = "PRODUCTION_MAINTENANCE",
        /// Locked against changes.
        Locked = "LOCKED",
        /// Archived: the server refuses nearly every call.
        Archived = "ARCHIVED",
    }
}

/// Category of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct CategoryValue {
    /// Id of the value.
    #[serde(deserialize_with = "text_opt")]
    pub id: Option<String>,
    /// Value.
    #[serde(deserialize_with = "text_opt")]
    pub attribute: Option<String>,
    /// Id of the category.
    #[serde(deserialize_with = "text_opt")]
    pub category_id: Option<String>,
    /// Name of the category.
    #[serde(deserialize_with = "text_opt")]
    pub category_name: Option<String>,
    /// Id of the tenant of the category.
    #[serde(deserialize_with = "text_opt")]
    pub customer_id: Option<String>,
}

impl From<&Model> for ModelRef {
    fn from(model: &Model) -> Self {
        Self {
            workspace: model.workspace.clone(),
            model: model.id.clone(),
        }
    }
}

impl Named for Model {
    const NOUN: &'static str = "model";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Tenant {
    /// Returns the models that the user can see, archived ones included: all of them when awaited, or as a
    /// stream with `.items()`.
    ///
    /// `GET /models`, or `GET /workspaces/{workspaceId}/models` with
    /// [`in_workspace`](GetModels::in_workspace). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a sort order without `+` or `-`, and for searching or sorting in a workspace.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let models = tenant.get_models().with(|query| query.in_workspace(&ids.workspace).details()).await?;
    /// for model in &models {
    ///     println!("{} {:?} {:?}", model.name, model.active_state, model.memory_usage);
    /// }
    /// assert!(models.iter().any(|model| model.id == ids.dev));
    /// # Ok(()) });
    /// ```
    pub fn get_models(&self) -> PagedCall<GetModels> {
        self.session.paged(GetModels::default())
    }

    /// Returns one model with all its details. Requires no role in the model.
    ///
    /// `GET /models/{modelId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let model = tenant.get_model(&ids.dev).await?;
    /// assert_eq!(model.workspace, Some(ids.workspace));
    /// # Ok(()) });
    /// ```
    pub fn get_model(&self, model: impl Into<ModelId>) -> Call<GetModel> {
        self.session.call(GetModel {
            model: model.into(),
        })
    }

    /// Returns the model with a name, in any workspace.
    ///
    /// `GET /models`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let known = tenant.get_models().await?.remove(0).name;
    /// let model = tenant.find_model(&known).await?;
    /// let error = tenant.find_model(format!("{}x", model.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_model(&self, name: impl Into<String>) -> Pending<Model> {
        self.get_models().find_by_name(name)
    }
}

/// Endpoint of [`Tenant::get_models`].
#[derive(Debug, Clone, Default)]
pub struct GetModels {
    workspace: Option<WorkspaceId>,
    details: bool,
    search: Option<String>,
    sort: Option<String>,
}

impl GetModels {
    /// Lists the models of one workspace, which the server can neither search nor sort.
    #[must_use]
    pub fn in_workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// Adds dates, sizes and more.
    #[must_use]
    pub fn details(mut self) -> Self {
        self.details = true;
        self
    }

    /// Filters by a string that occurs in the name or id, in any case. `%` stands for any string, `_` for
    /// any character. Requires the role of a tenant administrator: for others the server ignores it and
    /// lists everything. The API does not document it.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Sorts by `name` or `activeState`, each with a leading `+` or `-`. Commas separate several columns.
    #[must_use]
    pub fn sort(mut self, columns: impl Into<String>) -> Self {
        self.sort = Some(columns.into());
        self
    }
}

impl Endpoint for GetModels {
    const NAME: &'static str = "tenant.get_models";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Model>;

    fn path(&self) -> Path {
        let root = Path::integration();
        match &self.workspace {
            Some(workspace) => root.lit("workspaces").seg("workspaceId", workspace),
            None => root,
        }
        .lit("models")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("modelDetails", self.details.then_some("true"));
        query.push_some("s", self.search.as_ref());
        query.push_some("sort", self.sort.as_ref());
    }

    fn check(&self) -> Result<()> {
        if self.workspace.is_some() && (self.sort.is_some() || self.search.is_some()) {
            return Err(Error::invalid_input(
                "in_workspace",
                "cannot be combined with searching or sorting",
            ));
        }
        check_sort(self.sort.as_deref())
    }

    fn decode(&self, response: Response) -> Result<Page<Model>> {
        response.page("models")
    }
}

impl Paged for GetModels {
    type Item = Model;
}

/// Endpoint of [`Tenant::get_model`].
#[derive(Debug, Clone)]
pub struct GetModel {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for GetModel {
    const NAME: &'static str = "tenant.get_model";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Model;

    fn path(&self) -> Path {
        model_path(&self.model)
    }

    fn query(&self, query: &mut Query) {
        query.push("modelDetails", "true");
    }

    fn decode(&self, response: Response) -> Result<Model> {
        response.field("model")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn get_models_of_a_workspace_has_its_path_and_rejects_sorting() {
        let tenant = offline();
        let call = tenant
            .get_models()
            .with(|query| query.in_workspace("8a").details())
            .page_size(10)
            .offset(20);
        let uri = call.into_request().unwrap().uri().to_string();
        assert!(
            uri.ends_with("/2/0/workspaces/8a/models?modelDetails=true&limit=10&offset=20"),
            "{uri}"
        );
        let sorted = tenant
            .get_models()
            .with(|query| query.in_workspace("8a").sort("+name"));
        assert!(sorted.into_request().is_err());
    }

    #[test]
    fn serial_numbers_dates_and_states_are_read_in_every_form() {
        let endpoint = GetModel { model: "AB".into() };
        for serial in ["17", "\"17\""] {
            for (state, date) in [
                ("ACTIVE", "2024-12-04T18:18:48.000+0000"),
                ("HIBERNATING", "2024-12-04T18:18:48Z"),
            ] {
                let body = format!(
                    r#"{{"model":{{"id":"AB","name":"M","activeState":"{state}","lastSavedSerialNumber":{serial},
                    "isoCreationDate":"{date}","lastModified":"{date}","memoryUsage":99,"categoryValues":null,
                    "new":[]}}}}"#
                );
                let model = endpoint.decode(answer(body)).unwrap();
                assert_eq!(model.active_state, Some(ActiveState::Unknown(state.into())));
                assert_eq!(model.last_saved_serial_number.as_deref(), Some("17"));
                assert_eq!(
                    model.created_at.unwrap().to_string(),
                    "2024-12-04T18:18:48Z"
                );
                assert_eq!(model.modified_at.unwrap().as_second(), 1_733_336_328);
                assert_eq!(ModelRef::from(&model), ModelRef::new("AB"));
            }
        }
        let request = offline().get_model("M").into_request();
        assert_eq!(told(request).0, "GET /models/M?modelDetails=true");
    }
}
