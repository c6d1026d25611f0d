//! Shared by the suites: every operation as a value, and a fake that is ready for all of them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use anaplan_core::{ModelId, Pending, Result, Settings, UserId, WorkspaceId};
use anaplan_tenant::Tenant;
use anaplan_testkit::{Demo, FakeAnaplan};

/// A fake in which every operation succeeds, seen by one user.
pub struct Environment {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub tenant: Tenant,
    pub workspace: WorkspaceId,
    pub model: ModelId,
    pub closable: ModelId,
    pub user: UserId,
}

impl Environment {
    /// Creates the demo world, seen by its administrator.
    pub fn new() -> Self {
        let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
        fake.world(|world| world.rules.burst = None);
        let demo = fake.demo();
        Self {
            tenant: tenant_of(&fake, &demo.admin.id),
            workspace: demo.workspace.clone(),
            model: demo.dev.clone(),
            closable: demo.closable.clone(),
            user: demo.limited.id.clone(),
            fake,
            demo,
        }
    }

    /// Changes the user.
    pub fn seen_by(mut self, user: &UserId) -> Self {
        self.tenant = tenant_of(&self.fake, user);
        self
    }

    /// Replaces all ids by unknown ones.
    pub fn without_objects(mut self) -> Self {
        self.workspace = "8a00".into();
        self.model = "0123456789ABCDEF0123456789ABCDEF".into();
        self.user = "8a00".into();
        self
    }
}

/// Returns a runtime whose time is paused.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

pub fn tenant_of(fake: &FakeAnaplan, user: &UserId) -> Tenant {
    Tenant::new(fake.session_of(user, Settings::default()).unwrap())
}

/// One operation.
#[derive(Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    pub route: &'static str,
    pub make: fn(&Environment) -> Pending<()>,
    pub kind: Kind,
}

/// Object of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// None, or the signed-in user.
    All,
    /// A user or a workspace.
    One,
    /// A model, which is hidden from users without access.
    Model,
    /// Models to delete: must not run twice.
    Delete,
}

impl Operation {
    pub fn call(&self, environment: &Environment) -> Pending<()> {
        (self.make)(environment)
    }

    pub fn has_object(&self) -> bool {
        self.kind != Kind::All
    }
}

fn quiet<T, F>(work: F) -> Pending<()>
where
    F: std::future::IntoFuture<Output = Result<T>> + Send + 'static,
    F::IntoFuture: Send,
    T: Send,
{
    Pending::new(async move { work.into_future().await.map(drop) })
}

macro_rules! operations {
    ($($name:ident($route:literal, $kind:ident, |$e:ident| $call:expr);)+) => {
        /// All operations.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            route: $route,
            make: |$e| quiet($call),
            kind: Kind::$kind,
        }),+];
    };
}

operations! {
    get_workspaces("GET /2/0/workspaces", All, |e| e.tenant.get_workspaces());
    get_workspace("GET /2/0/workspaces/*", One, |e| e.tenant.get_workspace(&e.workspace));
    get_models("GET /2/0/models", All, |e| e.tenant.get_models());
    get_models_in_workspace("GET /2/0/workspaces/*/models", One, |e| {
        let workspace = e.workspace.clone();
        e.tenant.get_models().with(|query| query.in_workspace(workspace).details())
    });
    get_model("GET /2/0/models/*", Model, |e| e.tenant.get_model(&e.model));
    delete_models("POST /2/0/workspaces/*/bulkDeleteModels", Delete,
        |e| e.tenant.delete_models(&e.workspace, [&e.closable]));
    get_model_status("GET /2/0/models/*/status", Model, |e| e.tenant.get_model_status(&e.model));
    wake_model("POST /2/0/models/*/open", Model, |e| e.tenant.wake_model(&e.model));
    close_model("POST /2/0/models/*/close", Model, |e| e.tenant.close_model(&e.model));
    wait_until_open("GET /2/0/models/*/status", Model, |e| e.tenant.wait_until_open(&e.model));
    get_users("GET /2/0/users", All, |e| e.tenant.get_users());
    get_current_user("GET /2/0/users/me", All, |e| e.tenant.get_current_user());
    get_user("GET /2/0/users/*", One, |e| e.tenant.get_user(&e.user));
    get_workspace_admins("GET /2/0/workspaces/*/admins", One,
        |e| e.tenant.get_workspace_admins(&e.workspace));
    get_workspace_visitors("GET /2/0/workspaces/*/visitors", One,
        |e| e.tenant.get_workspace_visitors(&e.workspace));
    get_user_workspaces("GET /2/0/users/*/workspaces", One,
        |e| e.tenant.get_user_workspaces(&e.user));
    get_user_models("GET /2/0/users/*/models", One, |e| e.tenant.get_user_models(&e.user));
    get_workspace_users("GET /2/0/workspaces/*/users", One,
        |e| e.tenant.get_workspace_users(&e.workspace));
    get_model_users("GET /2/0/models/*/users", Model, |e| e.tenant.get_model_users(&e.model));
}
