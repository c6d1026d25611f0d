//! The client: a session and a scope.

use anaplan_auth::WhoAmI;
use anaplan_core::{
    Call, Endpoint, Evaluation, ModelId, Namespace, Paged, PagedCall, Pending,
    ReconciliationRecord, Result, Scope, Session, WorkspaceId,
};

use crate::builder::ClientBuilder;
use crate::reconcile::reconcile;

/// A client: returns the namespaces, bound to its workspace and model.
///
/// Cheap to clone, safe to share between tasks and threads. All clones and their namespaces share one
/// token, one rate limit, one retry budget and one pool of connections: build one client for a tenant, not
/// one for a call.
///
/// ```
/// # anaplan_testkit::story(async |fake| {
/// # let admin = fake.admin();
/// use anaplan::Client;
///
/// let client = Client::builder()
///     .connection(fake.connection())
///     .model_id(fake.demo().dev)
///     .basic(&admin.user, admin.password.as_str())
///     .build()?;
/// # #[cfg(feature = "alm")]
/// println!("{:?}", client.alm()?.get_latest_revision().await?);
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    session: Session,
    scope: Scope,
}

impl Client {
    /// Returns a builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Creates a client from [environment variables](ClientBuilder::from_env) alone. Sends nothing.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::from_env`] and [`ClientBuilder::build`].
    ///
    /// ```no_run
    /// let client = anaplan::Client::from_env()?;
    /// # Ok::<(), anaplan::Error>(())
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::builder().from_env()?.build()
    }

    pub(crate) fn new(session: Session, scope: Scope) -> Self {
        Self { session, scope }
    }

    /// Returns the handle for application lifecycle management of the client's model: revisions, syncs,
    /// reports, promotion.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`](crate::ErrorKind::MissingScope) when the client has no model.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// if let Some(revision) = client.alm()?.get_latest_revision().await? {
    ///     println!("{}", revision.name);
    /// }
    /// # Ok(()) });
    /// ```
    #[cfg(feature = "alm")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alm")))]
    pub fn alm(&self) -> Result<anaplan_alm::Alm> {
        self.namespace()
    }

    /// Returns the handle for bulk data of the client's model: files, imports, exports, other actions,
    /// processes.
    ///
    /// The client's workspace, if it has one, becomes part of the paths.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`](crate::ErrorKind::MissingScope) when the client has no model.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// let csv = client.bulk()?.export_and_download(ids.export).await?;
    /// assert!(csv.len() > 100);
    /// # Ok(()) });
    /// ```
    #[cfg(feature = "bulk")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bulk")))]
    pub fn bulk(&self) -> Result<anaplan_bulk::Bulk> {
        self.namespace()
    }

    /// Returns the handle for workspaces, models and users of the tenant. Needs neither a workspace nor a model.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let admin = fake.admin();
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).build()?;
    /// for workspace in client.tenant().get_workspaces().await? {
    ///     println!("{} {:?}", workspace.id, workspace.name);
    /// }
    /// # Ok(()) });
    /// ```
    #[cfg(feature = "tenant")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tenant")))]
    #[must_use]
    pub fn tenant(&self) -> anaplan_tenant::Tenant {
        anaplan_tenant::Tenant::new(self.session.clone())
    }

    /// Returns the handle for data of the client's model: lists, modules, views, cells, dimensions, calendar, versions.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`](crate::ErrorKind::MissingScope) when the client has no model.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// for item in client.transactional()?.get_list_items(ids.list).await? {
    ///     println!("{} {:?}", item.id, item.name);
    /// }
    /// # Ok(()) });
    /// ```
    #[cfg(feature = "transactional")]
    #[cfg_attr(docsrs, doc(cfg(feature = "transactional")))]
    pub fn transactional(&self) -> Result<anaplan_transactional::Transactional> {
        self.namespace()
    }

    /// Returns the handle for promotions to many models. Needs neither a workspace nor a model.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let admin = fake.admin();
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).build()?;
    /// use anaplan::promote::{Release, Wave};
    ///
    /// let release = Release::new("November", "Sales Planning DEV")
    ///     .wave(Wave::new("production", ["Sales Planning PROD"]));
    /// let plan = client.promoter()?.plan(&release).await?;
    /// println!("{}: {}", plan.id, plan.policy.decision);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    ///
    /// None in this release.
    #[cfg(feature = "promote")]
    #[cfg_attr(docsrs, doc(cfg(feature = "promote")))]
    pub fn promoter(&self) -> Result<anaplan_promote::Promoter> {
        self.namespace()
    }

    /// Returns a namespace of another crate, bound to this client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`](crate::ErrorKind::MissingScope) when the client lacks the workspace
    /// or the model that the namespace needs.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let admin = fake.admin();
    /// use anaplan::ext::{Namespace, Session};
    /// use anaplan::{Client, Result, Scope};
    ///
    /// #[derive(Debug, Clone)]
    /// struct Audit {
    ///     session: Session,
    /// }
    ///
    /// impl Namespace for Audit {
    ///     const NAME: &'static str = "audit";
    ///
    ///     fn bind(session: Session, _: &Scope) -> Result<Self> {
    ///         Ok(Self { session })
    ///     }
    /// }
    ///
    /// # let client = Client::builder()
    /// #     .connection(fake.connection()).basic(&admin.user, admin.password.as_str()).build()?;
    /// let audit: Audit = client.namespace()?;
    /// # Ok(()) });
    /// ```
    pub fn namespace<N: Namespace>(&self) -> Result<N> {
        N::bind(self.session.clone(), &self.scope)
    }

    /// Returns a call of any endpoint, for operations that no namespace covers. Sends nothing. See
    /// [`Endpoint`](crate::ext::Endpoint) and the guide to [custom endpoints](crate::guide::custom_endpoints).
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// use anaplan::ext::{Response, Endpoint, Method, Path, RetryClass};
    /// use anaplan::Result;
    ///
    /// struct ModelName(String);
    ///
    /// impl Endpoint for ModelName {
    ///     const NAME: &'static str = "custom.model_name";
    ///     const METHOD: Method = Method::GET;
    ///     const RETRY: RetryClass = RetryClass::ReadOnly;
    ///     type Output = serde_json::Value;
    ///
    ///     fn path(&self) -> Path {
    ///         Path::integration().lit("models").seg("modelId", &self.0)
    ///     }
    ///
    ///     fn decode(&self, response: Response) -> Result<Self::Output> {
    ///         response.field("model")
    ///     }
    /// }
    ///
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// let model = client.call(ModelName(ids.dev.to_string())).await?;
    /// println!("{}", model["name"]);
    /// # Ok(()) });
    /// ```
    pub fn call<E: Endpoint>(&self, endpoint: E) -> Call<E> {
        self.session.call(endpoint)
    }

    /// Returns a call for a whole collection of any paged endpoint. Sends nothing.
    pub fn paged<E: Paged>(&self, endpoint: E) -> PagedCall<E> {
        self.session.paged(endpoint)
    }

    /// Evaluates the record of a call with unknown outcome, by this or another process.
    ///
    /// Returns the id of what the call created, if it was executed and created something with an id: a
    /// task or a revision. Reads only; never sends the recorded request. The functions of the namespaces,
    /// such as `Alm::evaluate_sync`, return handles instead of ids. See
    /// the guide to [retry safety](crate::guide::retry_safety).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for the record of an operation without
    /// evaluation, and the errors of the lookups.
    ///
    /// ```
    /// # #[cfg(not(feature = "alm"))] fn main() {}
    /// # #[cfg(feature = "alm")]
    /// # fn main() {
    /// # anaplan_testkit::story(async |fake| {
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// # fake.inject(anaplan_testkit::Fault::drop_before().on("POST /2/0/models/*/alm/revisions"));
    /// use anaplan::Evaluation;
    ///
    /// let error = client.alm()?.create_revision("Release 7").await.unwrap_err();
    /// let record = error.record().expect("an ambiguous error has a record").clone();
    /// match client.reconcile(record).await? {
    ///     Evaluation::Confirmed(id) => println!("created {id:?}"),
    ///     Evaluation::Presumed { id, .. } => println!("{id} may be it"),
    ///     Evaluation::NotExecuted(reason) => println!("safe to send again: {reason}"),
    ///     other => println!("still unknown: {other:?}"),
    /// }
    /// # Ok(()) });
    /// # }
    /// ```
    pub fn reconcile(&self, record: ReconciliationRecord) -> Pending<Evaluation<Option<String>>> {
        Pending::new(reconcile(self.session.clone(), record))
    }

    /// Returns the same client for another model. Session, token, limits and connections are shared.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let (admin, ids) = (fake.admin(), fake.demo());
    /// # let client = anaplan::Client::builder().connection(fake.connection())
    /// #     .basic(&admin.user, admin.password.as_str()).model_id(&ids.dev).build()?;
    /// let production = client.with_model(&ids.prod);
    /// assert_eq!(production.scope().model, Some(ids.prod));
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn with_model(&self, model: impl Into<ModelId>) -> Self {
        let scope = Scope::new(self.scope.workspace.clone(), Some(model.into()));
        Self::new(self.session.clone(), scope)
    }

    /// Returns the same client for another workspace and the same model. Session, token, limits and
    /// connections are shared.
    #[must_use]
    pub fn with_workspace(&self, workspace: impl Into<WorkspaceId>) -> Self {
        let scope = Scope::new(Some(workspace.into()), self.scope.model.clone());
        Self::new(self.session.clone(), scope)
    }

    /// Returns the workspace and the model of the client, as far as they are set.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the session, which all clones of this client share.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the signed-in user, read from the token service. Signs in first if necessary. A quick check of
    /// the credentials.
    ///
    /// `GET /token/validate`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`](crate::ErrorKind::Authentication) if the sign-in fails or the token is
    /// rejected, and the errors of the network.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let admin = fake.admin();
    /// # let client = anaplan::Client::builder()
    /// #     .connection(fake.connection()).basic(&admin.user, admin.password.as_str()).build()?;
    /// let who = client.who_am_i().await?;
    /// assert_eq!(who.email, Some(admin.user));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "validate")]
    pub fn who_am_i(&self) -> Call<WhoAmI> {
        self.session.call(WhoAmI)
    }

    /// Ends the session on the server immediately, for all programs that use its token. A later call signs in
    /// again, unless the client was built with a [`token`](ClientBuilder::token).
    ///
    /// `POST /token/logout`. Not required: a token that no one uses expires after 35 minutes.
    ///
    /// # Errors
    ///
    /// The errors of the network. A session that has ended already is no error.
    #[doc(alias = "logout")]
    #[doc(alias = "log_out")]
    pub fn sign_out(&self) -> Pending<()> {
        self.session.sign_out()
    }
}
