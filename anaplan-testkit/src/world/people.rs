//! Users, their roles, and workspaces.

use std::collections::BTreeSet;
use std::fmt;

use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};

use crate::world::World;

/// A workspace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Workspace {
    /// 32 hexadecimal digits in lower case.
    pub id: WorkspaceId,
    /// The name.
    pub name: String,
    /// `true` if it is in use.
    pub active: bool,
    /// The number of bytes its models may take.
    pub size_allowance: u64,
}

/// A user of the tenant.
#[derive(Clone)]
#[non_exhaustive]
pub struct User {
    /// 32 hexadecimal digits in lower case.
    pub id: UserId,
    /// The e-mail address, with which they sign in.
    pub email: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// `true` if they may sign in.
    pub active: bool,
    /// When they last signed in.
    pub last_login: Option<Timestamp>,
    /// The workspaces that they administer.
    pub admin_of: BTreeSet<WorkspaceId>,
    /// `true` if they administer the tenant.
    pub tenant_admin: bool,
    /// The workspaces in which they are visitors.
    pub visitor_of: BTreeSet<WorkspaceId>,
    pub(crate) password: String,
}

impl User {
    pub(crate) fn new(id: UserId, email: String, password: String) -> Self {
        let local = email.split('@').next().unwrap_or_default();
        let mut names = local.split('.').map(capitalised);
        let first_name = names.next().unwrap_or_default();
        let last_name = names.next().unwrap_or_else(|| "User".into());
        Self {
            id,
            first_name,
            last_name,
            email,
            active: true,
            last_login: None,
            admin_of: BTreeSet::new(),
            tenant_admin: false,
            visitor_of: BTreeSet::new(),
            password,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("email", &self.email)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Returns a user roles.
#[derive(Debug)]
pub struct UserEdit<'w> {
    world: &'w mut World,
    id: UserId,
}

impl<'w> UserEdit<'w> {
    pub(crate) fn new(world: &'w mut World, id: UserId) -> Self {
        Self { world, id }
    }

    /// The user's id.
    pub fn id(&self) -> UserId {
        self.id.clone()
    }

    /// Makes them an administrator of a workspace.
    pub fn admin_of(self, workspace: &WorkspaceId) -> Self {
        let workspace = workspace.clone();
        self.change(|user| {
            user.admin_of.insert(workspace);
        })
    }

    /// Makes them an administrator of the tenant.
    pub fn tenant_admin(self) -> Self {
        self.change(|user| user.tenant_admin = true)
    }

    /// Makes them a visitor of a workspace.
    pub fn visitor_of(self, workspace: &WorkspaceId) -> Self {
        let workspace = workspace.clone();
        self.change(|user| {
            user.visitor_of.insert(workspace);
        })
    }

    /// Returns them a name.
    pub fn named(self, first: impl Into<String>, last: impl Into<String>) -> Self {
        let (first, last) = (first.into(), last.into());
        self.change(|user| {
            user.first_name = first;
            user.last_name = last;
        })
    }

    /// Shuts them out, or lets them in again.
    pub fn active(self, active: bool) -> Self {
        self.change(|user| user.active = active)
    }

    /// Returns them a role in a model, made if it is not there: they can open it then.
    pub fn role_in(self, model: &ModelId, role: &str) -> Self {
        let role_id = self.world.edit(model).role(role);
        let id = self.id.clone();
        if let Some(model) = self.world.model_mut(model) {
            model.users.insert(id, role_id);
        }
        self
    }

    fn change(self, change: impl FnOnce(&mut User)) -> Self {
        if let Some(user) = self.world.users.get_mut(&self.id) {
            change(user);
        }
        self
    }
}
