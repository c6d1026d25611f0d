//! Access: workspaces and models of a user, users of a workspace and of a model.
//!
//! The API does not document these listings. They have the form of the documented ones.

use anaplan_core::{
    Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Response, Result, RetryClass, UserId,
    WorkspaceId,
};

use crate::models::model_path;
use crate::{Model, Tenant, User, Workspace};

impl Tenant {
    /// Returns the workspaces of a user: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /users/{userId}/workspaces`. Read-only: retried. The API does not document it.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown user, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let me = tenant.get_current_user().await?;
    /// let workspaces = tenant.get_user_workspaces(&me.id).await?;
    /// assert!(workspaces.iter().any(|workspace| workspace.id == ids.workspace));
    /// # Ok(()) });
    /// ```
    pub fn get_user_workspaces(&self, user: impl Into<UserId>) -> PagedCall<GetUserWorkspaces> {
        self.session.paged(GetUserWorkspaces { user: user.into() })
    }

    /// Returns the models of a user: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /users/{userId}/models`. Read-only: retried. The API does not document it.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown user, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let me = tenant.get_current_user().await?;
    /// let models = tenant.get_user_models(&me.id).await?;
    /// assert!(models.iter().any(|model| model.id == ids.dev));
    /// # Ok(()) });
    /// ```
    pub fn get_user_models(&self, user: impl Into<UserId>) -> PagedCall<GetUserModels> {
        self.session.paged(GetUserModels { user: user.into() })
    }

    /// Returns the users of a workspace: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /workspaces/{workspaceId}/users`. Read-only: retried. The API does not document it.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown workspace, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for user in tenant.get_workspace_users(&ids.workspace).await? {
    ///     println!("{}", user.email);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_workspace_users(
        &self,
        workspace: impl Into<WorkspaceId>,
    ) -> PagedCall<GetWorkspaceUsers> {
        self.session.paged(GetWorkspaceUsers {
            workspace: workspace.into(),
        })
    }

    /// Returns the users of a model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/users`. Read-only: retried. The API does not document it.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown model, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for user in tenant.get_model_users(&ids.dev).await? {
    ///     println!("{}", user.email);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_model_users(&self, model: impl Into<ModelId>) -> PagedCall<GetModelUsers> {
        self.session.paged(GetModelUsers {
            model: model.into(),
        })
    }
}

/// Endpoint of [`Tenant::get_user_workspaces`].
#[derive(Debug, Clone)]
pub struct GetUserWorkspaces {
    /// User.
    pub user: UserId,
}

impl Endpoint for GetUserWorkspaces {
    const NAME: &'static str = "tenant.get_user_workspaces";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Workspace>;

    fn path(&self) -> Path {
        user_path(&self.user).lit("workspaces")
    }

    fn decode(&self, response: Response) -> Result<Page<Workspace>> {
        response.page("workspaces")
    }
}

impl Paged for GetUserWorkspaces {
    type Item = Workspace;
}

/// Endpoint of [`Tenant::get_user_models`].
#[derive(Debug, Clone)]
pub struct GetUserModels {
    /// User.
    pub user: UserId,
}

impl Endpoint for GetUserModels {
    const NAME: &'static str = "tenant.get_user_models";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Model>;

    fn path(&self) -> Path {
        user_path(&self.user).lit("models")
    }

    fn decode(&self, response: Response) -> Result<Page<Model>> {
        response.page("models")
    }
}

impl Paged for GetUserModels {
    type Item = Model;
}

/// Endpoint of [`Tenant::get_workspace_users`].
#[derive(Debug, Clone)]
pub struct GetWorkspaceUsers {
    /// Workspace.
    pub workspace: WorkspaceId,
}

impl Endpoint for GetWorkspaceUsers {
    const NAME: &'static str = "tenant.get_workspace_users";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<User>;

    fn path(&self) -> Path {
        let path = Path::integration().lit("workspaces");
        path.seg("workspaceId", &self.workspace).lit("users")
    }

    fn decode(&self, response: Response) -> Result<Page<User>> {
        response.page("users")
    }
}

impl Paged for GetWorkspaceUsers {
    type Item = User;
}

/// Endpoint of [`Tenant::get_model_users`].
#[derive(Debug, Clone)]
pub struct GetModelUsers {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for GetModelUsers {
    const NAME: &'static str = "tenant.get_model_users";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<User>;

    fn path(&self) -> Path {
        model_path(&self.model).lit("users")
    }

    fn decode(&self, response: Response) -> Result<Page<User>> {
        response.page("users")
    }
}

impl Paged for GetModelUsers {
    type Item = User;
}

fn user_path(user: &UserId) -> Path {
    Path::integration().lit("users").seg("userId", user)
}
