//! Users of the tenant, administrators and visitors of a workspace.

use anaplan_core::{
    Call, Endpoint, Method, Page, Paged, PagedCall, Path, Query, Response, Result, RetryClass,
    Timestamp, UserId, WorkspaceId,
};
use serde::Deserialize;

use crate::Transactional;
use anaplan_core::lenient::{moment_opt, text_opt, texts};

/// A user of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The user.
    pub id: UserId,
    /// `true` if the user may sign in.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub active: bool,
    /// The e-mail address, which is the name to sign in with.
    #[serde(default)]
    pub email: String,
    /// `true` if the user wants e-mails.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub email_opt_in: Option<bool>,
    /// The first name.
    #[serde(default, deserialize_with = "text_opt")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_name: Option<String>,
    /// The tenant.
    #[serde(default, deserialize_with = "text_opt")]
    pub customer_id: Option<String>,
    /// When the user was seen last; `None` if never.
    #[serde(default, deserialize_with = "moment_opt")]
    pub last_login_date: Option<Timestamp>,
}

/// An administrator or a visitor of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkspaceMember {
    /// The first name.
    #[serde(default, deserialize_with = "text_opt")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default, deserialize_with = "text_opt")]
    pub last_name: Option<String>,
    /// The e-mail address.
    #[serde(default, deserialize_with = "text_opt")]
    pub email: Option<String>,
    /// `true` if the user may sign in.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub active: bool,
    /// The names of the user's other workspaces.
    #[serde(default, deserialize_with = "texts")]
    pub other_workspaces: Vec<String>,
}

impl Transactional {
    /// The users of the tenant, inactive ones included: all of them when awaited, or as a stream with
    /// `.items()`. [`sort`](GetUsers::sort) and [`search`](GetUsers::search) narrow it.
    ///
    /// `GET /users`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `Rejected` for a column that cannot be sorted by, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let mut users = model.get_users().with(|query| query.sort("-lastName")).items();
    /// while let Some(user) = users.next_item().await {
    ///     println!("{}", user?.email);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_users")]
    pub fn get_users(&self) -> PagedCall<GetUsers> {
        self.session.paged(GetUsers::default())
    }

    /// The user that the client is signed in as.
    ///
    /// `GET /users/me`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `Unauthorized` when the credential is refused.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let me = model.get_current_user().await?;
    /// assert_eq!(model.get_user(&me.id).await?, me);
    /// # Ok(()) });
    /// ```
    #[doc(alias = "me")]
    pub fn get_current_user(&self) -> Call<GetCurrentUser> {
        self.session.call(GetCurrentUser)
    }

    /// One user of the tenant.
    ///
    /// `GET /users/{userId}`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown user, `Forbidden`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let error = model.get_user("00000000000000000000000000000000").await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_user(&self, user: impl Into<UserId>) -> Call<GetUser> {
        self.session.call(GetUser { user: user.into() })
    }

    /// The administrators of a workspace. Needs the role of a tenant or user administrator.
    ///
    /// `GET /workspaces/{workspaceId}/admins`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown workspace. Without the role the server fails, so that `Server` may mean
    /// no more than that.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let admins = model.get_workspace_admins(ids.workspace).await?;
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

    /// The visitors of a workspace: users of other workspaces who may enter this one. Needs the role of
    /// a tenant or user administrator.
    ///
    /// `GET /workspaces/{workspaceId}/visitors`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// Those of [`get_workspace_admins`](Self::get_workspace_admins).
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for visitor in model.get_workspace_visitors(ids.workspace).await? {
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

/// The endpoint of [`Transactional::get_users`].
#[derive(Debug, Clone, Default)]
pub struct GetUsers {
    sort: Option<String>,
    search: Option<String>,
}

impl GetUsers {
    /// Sorts by `firstName`, `lastName`, `email`, `active` or `lastLoginDate`; with `-` in front,
    /// backwards; several columns with commas between them.
    #[must_use]
    pub fn sort(mut self, columns: &str) -> Self {
        // The server insists on a sign before every column.
        let signed = |column: &str| match column.trim() {
            column if column.starts_with(['+', '-']) => column.to_owned(),
            column => format!("+{column}"),
        };
        let columns: Vec<_> = columns.split(',').map(signed).collect();
        self.sort = Some(columns.join(","));
        self
    }

    /// Only users in whom this text occurs, whatever its case; `%` stands for any text, `_` for one
    /// character. The server's documentation does not mention it.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }
}

impl Endpoint for GetUsers {
    const NAME: &'static str = "transactional.get_users";
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

/// The endpoint of [`Transactional::get_current_user`].
#[derive(Debug, Clone, Copy)]
pub struct GetCurrentUser;

impl Endpoint for GetCurrentUser {
    const NAME: &'static str = "transactional.get_current_user";
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

/// The endpoint of [`Transactional::get_user`].
#[derive(Debug, Clone)]
pub struct GetUser {
    /// The user.
    pub user: UserId,
}

impl Endpoint for GetUser {
    const NAME: &'static str = "transactional.get_user";
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

/// The endpoint of [`Transactional::get_workspace_admins`].
#[derive(Debug, Clone)]
pub struct GetWorkspaceAdmins {
    workspace: WorkspaceId,
}

impl Endpoint for GetWorkspaceAdmins {
    const NAME: &'static str = "transactional.get_workspace_admins";
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

/// The endpoint of [`Transactional::get_workspace_visitors`].
#[derive(Debug, Clone)]
pub struct GetWorkspaceVisitors {
    workspace: WorkspaceId,
}

impl Endpoint for GetWorkspaceVisitors {
    const NAME: &'static str = "transactional.get_workspace_visitors";
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
    fn every_sorted_column_gets_its_sign_and_the_plus_is_encoded() {
        let call = offline()
            .get_users()
            .with(|query| query.sort("email, -lastName").search("a%b"));
        let (line, _) = told(call.page_size(9).into_request());
        assert_eq!(line, "GET /users?sort=%2Bemail%2C-lastName&s=a%25b&limit=9");
    }

    #[test]
    fn a_user_who_was_never_seen_is_read() {
        let user = GetCurrentUser
            .decode(answer(r#"{"user":{"id":"8a","email":"a@b","lastLoginDate":"2024-09-07T08:05:37.000+0000","new":1}}"#))
            .unwrap();
        assert!(user.last_login_date.is_some());
        let user = GetCurrentUser
            .decode(answer(r#"{"user":{"id":"8a"}}"#))
            .unwrap();
        assert_eq!(user.last_login_date, None);
    }
}
