//! The model itself, and the users: short forms of the methods of [`Tenant`].

use anaplan_core::{Call, PagedCall, Pending, PollPolicy, UserId, WorkspaceId};

use crate::{
    CloseModel, GetCurrentUser, GetModel, GetModelStatus, GetUser, GetUsers, GetWorkspaceAdmins,
    GetWorkspaceVisitors, Tenant, Transactional, WakeModel,
};

impl Transactional {
    /// Returns the handle for workspaces, models and users.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        Tenant::new(self.session.clone())
    }

    /// Returns name, workspace, state and size of the model: see [`Tenant::get_model`].
    ///
    /// `GET /models/{modelId}?modelDetails=true`. Read-only: retried.
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
    pub fn get_model_details(&self) -> Call<GetModel> {
        self.tenant().get_model(&self.model)
    }

    /// Returns the current activity of the model: see [`Tenant::get_model_status`].
    ///
    /// `GET /models/{modelId}/status`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let status = model.get_model_status().await?;
    /// println!("{} {:?}", status.current_step, status.progress);
    /// # Ok(()) });
    /// ```
    pub fn get_model_status(&self) -> Call<GetModelStatus> {
        self.tenant().get_model_status(&self.model)
    }

    /// Starts to open the model, and does not wait for it: see [`Tenant::wake_model`].
    ///
    /// `POST /models/{modelId}/open`. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::wake_model`].
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.wake_model().await?;
    /// # Ok(()) });
    /// ```
    #[doc(alias = "open_model")]
    pub fn wake_model(&self) -> Call<WakeModel> {
        self.tenant().wake_model(&self.model)
    }

    /// Closes the model. Its users are signed out of it without a warning: see [`Tenant::close_model`].
    ///
    /// `POST /models/{modelId}/close`. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::close_model`].
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.close_model().await?;
    /// assert!(!model.get_model_status().await?.is_open());
    /// # Ok(()) });
    /// ```
    pub fn close_model(&self) -> Call<CloseModel> {
        self.tenant().close_model(&self.model)
    }

    /// Opens the model if it is closed, and waits until it is open and idle, with the session's poll
    /// policy: see [`Tenant::wait_until_open`].
    ///
    /// `GET /models/{modelId}/status` until the model is open, and `POST /models/{modelId}/open` each time
    /// that it is found closed. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::wait_until_open`].
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.wait_until_open().await?;
    /// # Ok(()) });
    /// ```
    pub fn wait_until_open(&self) -> Pending<()> {
        self.tenant().wait_until_open(&self.model)
    }

    /// Waits like [`wait_until_open`](Self::wait_until_open), with another poll policy than the session's.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::wait_until_open`].
    ///
    /// ```
    /// # use anaplan_core::PollPolicy;
    /// # use anaplan_transactional::Transactional;
    /// # use std::time::Duration;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let patient = PollPolicy::every(Duration::from_secs(30)).with_deadline(Duration::from_secs(3600));
    /// model.wait_until_open_with(patient).await?;
    /// # Ok(()) });
    /// ```
    pub fn wait_until_open_with(&self, policy: PollPolicy) -> Pending<()> {
        let opening = self.tenant().opening(&self.model);
        opening.poll_policy(policy).wait()
    }

    /// Returns the users of the tenant, inactive ones included: see [`Tenant::get_users`].
    ///
    /// `GET /users`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::get_users`].
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
        self.tenant().get_users()
    }

    /// Returns the signed-in user: see [`Tenant::get_current_user`].
    ///
    /// `GET /users/me`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `Unauthorized` if the credential is refused.
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
        self.tenant().get_current_user()
    }

    /// Returns one user of the tenant: see [`Tenant::get_user`].
    ///
    /// `GET /users/{userId}`. Read-only: retried.
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
        self.tenant().get_user(user)
    }

    /// Returns the administrators of a workspace: see [`Tenant::get_workspace_admins`].
    ///
    /// `GET /workspaces/{workspaceId}/admins`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::get_workspace_admins`].
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
        self.tenant().get_workspace_admins(workspace)
    }

    /// Returns the visitors of a workspace: see [`Tenant::get_workspace_visitors`].
    ///
    /// `GET /workspaces/{workspaceId}/visitors`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`Tenant::get_workspace_visitors`].
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
        self.tenant().get_workspace_visitors(workspace)
    }
}
