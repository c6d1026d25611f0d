//! Models.

use anaplan_core::{
    Call, Endpoint, Error, Method, ModelId, Named, Page, Paged, PagedCall, Path, Pending, Query,
    Response, Result, RetryClass, Timestamp, UserId, WorkspaceId, open_enum,
};
use serde::{Deserialize, Serialize};

use crate::tenant::workspace::check_sort;
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
    #[serde(rename = "currentWorkspaceName", default)]
    pub workspace_name: Option<String>,
    /// URL in the user interface.
    #[serde(default)]
    pub model_url: Option<String>,
    /// Categories. Usually empty.
    #[serde(default, deserialize_with = "or_default")]
    pub category_values: Vec<CategoryValue>,
    /// Creation time. Set with details only, like the fields below.
    #[serde(default, deserialize_with = "moment_opt")]
    pub iso_creation_date: Option<Timestamp>,
    /// Time of the last change.
    #[serde(default, deserialize_with = "moment_opt")]
    pub last_modified: Option<Timestamp>,
    /// User of the last change.
    #[serde(
        rename = "lastModifiedByUserGuid",
        default,
        deserialize_with = "id_opt"
    )]
    pub last_modified_by: Option<UserId>,
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
        /// In standard mode.
        Unlocked = "UNLOCKED",
        /// In deployed mode: its structure is protected.
        Production = "PRODUCTION",
        /// Offline.
        Maintenance = "MAINTENANCE",
        /// In deployed mode, and offline.
        ProductionMaintenance = "PRODUCTION_MAINTENANCE",
        /// Locked against changes.
        Locked = "LOCKED",
        /// Archived.
        Archived = "ARCHIVED",
    }
}

/// Category of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct CategoryValue {
    /// The id of the value.
    pub id: Option<String>,
    /// The value.
    pub attribute: Option<String>,
    /// The id of the category.
    pub category_id: Option<String>,
    /// The name of the category.
    pub category_name: Option<String>,
    /// The customer that the category belongs to.
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
    /// # use anaplan_bulk::Tenant;
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

    /// One model with all its details, which also works without access to its content.
    ///
    /// `GET /models/{modelId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    ///
    /// ```
    /// # use anaplan_bulk::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let model = tenant.get_model(&ids.dev).await?;
    /// assert_eq!(model.workspace, Some(ids.workspace));
    /// let bulk = tenant.model(&model);
    /// assert_eq!(bulk.model(), &ids.dev);
    /// # Ok(()) });
    /// ```
    pub fn get_model(&self, model: impl Into<ModelId>) -> Call<GetModel> {
        self.session.call(GetModel {
            model: model.into(),
        })
    }

    /// The model of this name, in any workspace.
    ///
    /// `GET /models`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Tenant;
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
    /// Only those of a workspace. The server cannot search or sort these.
    #[must_use]
    pub fn in_workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// Tells dates, sizes and more as well.
    #[must_use]
    pub fn details(mut self) -> Self {
        self.details = true;
        self
    }

    /// Only those whose name or id contains this text in any case; `%` stands for any text, `_` for any
    /// character. Needs the role of a tenant administrator: for others the server ignores it and lists
    /// everything. The API does not document it.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Sorts by `name` or `activeState`; `+` or `-` in front is a must. Commas separate several.
    #[must_use]
    pub fn sort(mut self, columns: impl Into<String>) -> Self {
        self.sort = Some(columns.into());
        self
    }
}

impl Endpoint for GetModels {
    const NAME: &'static str = "bulk.get_models";
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
    /// The model.
    pub model: ModelId,
}

impl Endpoint for GetModel {
    const NAME: &'static str = "bulk.get_model";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Model;

    /// The form with the workspace is answered with 405.
    fn path(&self) -> Path {
        Path::integration()
            .lit("models")
            .seg("modelId", &self.model)
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
    use crate::test_server::{TestServer, answer};

    #[test]
    fn a_workspace_changes_the_path_and_forbids_sorting() {
        let tenant = TestServer::default().tenant();
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
    fn details_are_read_in_every_form() {
        let body = r#"{"model":{"id":"AB","name":"M","activeState":"ACTIVE","lastSavedSerialNumber":17,
            "isoCreationDate":"2024-12-04T18:18:48.000+0000","memoryUsage":99,"categoryValues":null,"new":[]}}"#;
        let endpoint = GetModel { model: "AB".into() };
        let model = endpoint.decode(answer(200, body)).unwrap();
        assert_eq!(
            model.active_state,
            Some(ActiveState::Unknown("ACTIVE".into()))
        );
        assert_eq!(model.last_saved_serial_number.as_deref(), Some("17"));
        assert_eq!(
            model.iso_creation_date.unwrap().to_string(),
            "2024-12-04T18:18:48Z"
        );
        assert_eq!(ModelRef::from(&model), ModelRef::new("AB"));
    }
}
