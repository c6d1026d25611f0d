//! Users of the tenant, administrators and visitors of a workspace.

use anaplan_core::{
    Call, Endpoint, Method, Page, Paged, PagedCall, Path, Query, Response, Result, RetryClass,
    Timestamp, UserId, WorkspaceId,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::sort::signed;
use anaplan_core::lenient::{moment_opt, text_opt, texts};

/// User of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// Id.
    pub id: UserId,
    /// `true` if the user can sign in.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub active: bool,
    /// E-mail address, which is the user name for signing in.
    #[serde(default)]
    pub email: String,
    /// `true` if the user agreed to receive e-mails.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub email_opt_in: Option<bool>,
    /// First name.
    #[serde(default, deserialize_with = "text_opt")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_name: Option<String>,
    /// Id of the tenant.
    #[serde(default, deserialize_with = "text_opt")]
    pub customer_id: Option<String>,
    /// Time of the last sign-in. `None` if the user never signed in.
    #[serde(rename = "lastLoginDate", default, deserialize_with = "moment_opt")]
    pub last_login_at: Option<Timestamp>,
}

/// Administrator or visitor of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkspaceMember {
    /// First name.
    #[serde(default, deserialize_with = "text_opt")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default, deserialize_with = "text_opt")]
    pub email: Option<String>,
    /// `true` if the user can sign in.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub active: bool,
    /// Names of the user's other workspaces.
    #[serde(default, deserialize_with = "texts")]
    pub other_workspaces: Vec<String>,
}

impl Tenant {
    /// Returns the users of the tenant, inactive ones included: all of them when awaited, or as a stream
    /// with `.items()`. [`sort`](GetUsers::sort) orders and [`search`](GetUsers::search) filters them.
    ///
    /// `GET /users`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `Rejected` for a column that cannot be sorted by, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// let mut users = tenant.get_users().with(|query| query.sort("-lastName")).items();
    /// while let Some(user) = users.next_item().await {
    ///     println!("{}", user?.email);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_users")]
    pub fn get_users(&self) -> PagedCall<GetUsers> {
        self.session.paged(GetUsers::default())
    }

    /// Returns the signed-in user.
    ///
    /// `GET /users/me`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `Unauthorized` if the credential is refused.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// let me = tenant.get_current_user().await?;
    /// assert_eq!(tenant.get_user(&me.id).await?, me);
    /// # Ok(()) });
    /// ```
    #[doc(alias = "me")]
    #[doc(alias = "who_am_i")]
    pub fn get_current_user(&self) -> Call<GetCurrentUser> {
        self.session.call(GetCurrentUser)
    }

    /// Returns one user of the tenant.
    ///
    /// `GET /users/{userId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown user, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// let error = tenant.get_user("00000000000000000000000000000000").await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_user(&self, user: impl Into<UserId>) -> Call<GetUser> {
        self.session.call(GetUser { user: user.into() })
    }

    /// Returns the administrators of a workspace. Requires the role of a tenant or user administrator.
    ///
    /// `GET /workspaces/{workspaceId}/admins`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown workspace. `Server` without the role, because the server fails then.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let admins = tenant.get_workspace_admins(ids.workspace).await?;
    /// assert!(!admins.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn get_workspace_admins(
        &self,
        workspace: impl Into<WorkspaceId>,
    ) -> PagedCall<GetWorkspaceAdmins> {
        self.session.paged(GetWorkspaceAdmins {
            workspace: workspace.into(),
        })
    }

    /// Returns the visitors of a workspace: users of other workspaces who can enter this one. Requires the
    /// role of a tenant or user administrator.
    ///
    /// `GET /workspaces/{workspaceId}/visitors`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`get_workspace_admins`](Self::get_workspace_admins).
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for visitor in tenant.get_workspace_visitors(ids.workspace).await? {
    ///     println!("{:?} of {:?}", visitor.email, visitor.other_workspaces);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_workspace_visitors(
        &self,
        workspace: impl Into<WorkspaceId>,
    ) -> PagedCall<GetWorkspaceVisitors> {
        self.session.paged(GetWorkspaceVisitors {
            workspace: workspace.into(),
        })
    }
}

/// Endpoint of [`Tenant::get_users`].
#[derive(Debug, Clone, Default)]
pub struct GetUsers {
    sort: Option<String>,
    search: Option<String>,
}

impl GetUsers {
    /// Sorts by `firstName`, `lastName`, `email`, `active` or `lastLoginDate`. A leading `-` reverses the
    /// order. Commas separate several columns.
    #[must_use]
    pub fn sort(mut self, columns: &str) -> Self {
        // The server insists on a sign before every column.
        self.sort = Some(signed(columns));
        self
    }

    /// Filters by a string that occurs in a user, in any case. `%` stands for any string, `_` for any
    /// character. The API does not document it.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }
}

impl Endpoint for GetUsers {
    const NAME: &'static str = "tenant.get_users";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<User>;

    fn path(&self) -> Path {
        Path::integration().lit("users")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("sort", self.sort.as_ref());
        query.push_some("s", self.search.as_ref());
    }

    fn decode(&self, response: Response) -> Result<Page<User>> {
        response.page("users")
    }
}

impl Paged for GetUsers {
    type Item = User;
}

/// Endpoint of [`Tenant::get_current_user`].
#[derive(Debug, Clone, Copy)]
pub struct GetCurrentUser;

impl Endpoint for GetCurrentUser {
    const NAME: &'static str = "tenant.get_current_user";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = User;

    fn path(&self) -> Path {
        Path::integration().lit("users").lit("me")
    }

    fn decode(&self, response: Response) -> Result<User> {
        response.field("user")
    }
}

/// Endpoint of [`Tenant::get_user`].
#[derive(Debug, Clone)]
pub struct GetUser {
    /// User.
    pub user: UserId,
}

impl Endpoint for GetUser {
    const NAME: &'static str = "tenant.get_user";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = User;

    fn path(&self) -> Path {
        Path::integration().lit("users").seg("userId", &self.user)
    }

    fn decode(&self, response: Response) -> Result<User> {
        response.field("user")
    }
}

/// Endpoint of [`Tenant::get_workspace_admins`].
#[derive(Debug, Clone)]
pub struct GetWorkspaceAdmins {
    workspace: WorkspaceId,
}

impl Endpoint for GetWorkspaceAdmins {
    const NAME: &'static str = "tenant.get_workspace_admins";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<WorkspaceMember>;

    fn path(&self) -> Path {
        workspace_path(&self.workspace).lit("admins")
    }

    fn decode(&self, response: Response) -> Result<Page<WorkspaceMember>> {
        response.page("admins")
    }
}

impl Paged for GetWorkspaceAdmins {
    type Item = WorkspaceMember;
}

/// Endpoint of [`Tenant::get_workspace_visitors`].
#[derive(Debug, Clone)]
pub struct GetWorkspaceVisitors {
    workspace: WorkspaceId,
}

impl Endpoint for GetWorkspaceVisitors {
    const NAME: &'static str = "tenant.get_workspace_visitors";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<WorkspaceMember>;

    fn path(&self) -> Path {
        workspace_path(&self.workspace).lit("visitors")
    }

    fn decode(&self, response: Response) -> Result<Page<WorkspaceMember>> {
        response.page("visitors")
    }
}

impl Paged for GetWorkspaceVisitors {
    type Item = WorkspaceMember;
}

fn workspace_path(workspace: &WorkspaceId) -> Path {
    Path::integration()
        .lit("workspaces")
        .seg("workspaceId", workspace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn sort_adds_a_sign_to_each_column_and_encodes_it() {
        let call = offline()
            .get_users()
            .with(|query| query.sort("email, -lastName").search("a%b"));
        let (line, _) = told(call.page_size(9).into_request());
        assert_eq!(line, "GET /users?sort=%2Bemail%2C-lastName&s=a%25b&limit=9");
    }

    #[test]
    fn user_without_a_sign_in_is_read() {
        let user = GetCurrentUser
            .decode(answer(r#"{"user":{"id":"8a","email":"a@b","lastLoginDate":"2024-09-07T08:05:37.000+0000","new":1}}"#))
            .unwrap();
        assert!(user.last_login_at.is_some());
        let user = GetCurrentUser
            .decode(answer(r#"{"user":{"id":"8a"}}"#))
            .unwrap();
        assert_eq!(user.last_login_at, None);
    }
}
