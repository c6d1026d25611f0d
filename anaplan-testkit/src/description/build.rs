//! From a description to its world.

use std::collections::BTreeMap;

use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};

use super::{
    CardEntry, Description, FormatEntry, InvalidDescription, ItemEntry, LineItemEntry, ListEntry,
    ModelEntry, ModuleEntry, OAuthClientEntry, StateEntry, Step, UserEntry, WholeItem,
};
use crate::demo::{Credentials, Demo};
use crate::world::{Format, ModelState, OpenState, SyncFailure, World};

type Result<T, E = InvalidDescription> = std::result::Result<T, E>;

/// A world in the making, and the ids behind its names.
struct Builder {
    world: World,
    workspaces: BTreeMap<String, WorkspaceId>,
    users: BTreeMap<String, Credentials>,
    models: BTreeMap<String, ModelId>,
}

impl Description {
    pub(super) fn build(self, now: Timestamp) -> Result<(World, Demo)> {
        let mut builder = Builder {
            world: World::new(now),
            workspaces: BTreeMap::new(),
            users: BTreeMap::new(),
            models: BTreeMap::new(),
        };
        for name in &self.workspaces {
            let id = builder.world.add_workspace(name);
            note(&mut builder.workspaces, "workspace", name, id)?;
        }
        for user in &self.users {
            builder
                .user(user)
                .map_err(|error| error.within("user", &user.email))?;
        }
        for model in &self.models {
            builder
                .model(model)
                .map_err(|error| error.within("model", &model.name))?;
        }
        let mut demo = builder
            .card(&self)
            .map_err(|error| error.within("part", "card"))?;
        builder.oauth_clients(&self.oauth_clients, &mut demo);
        Ok((builder.world, demo))
    }
}

impl Builder {
    fn user(&mut self, entry: &UserEntry) -> Result<()> {
        let admin_of = self.all_workspaces(&entry.admin_of)?;
        let visitor_of = self.all_workspaces(&entry.visitor_of)?;
        let mut user = self.world.add_user(&entry.email, &entry.password);
        for workspace in &admin_of {
            user = user.admin_of(workspace);
        }
        for workspace in &visitor_of {
            user = user.visitor_of(workspace);
        }
        if entry.tenant_admin {
            user = user.tenant_admin();
        }
        let credentials = Credentials {
            id: user.active(entry.active.unwrap_or(true)).id(),
            user: entry.email.clone(),
            password: entry.password.clone(),
        };
        note(&mut self.users, "user", &entry.email, credentials)
    }

    fn model(&mut self, entry: &ModelEntry) -> Result<()> {
        let workspace = known(&self.workspaces, "workspace", &entry.workspace)?.clone();
        let id = match &entry.from {
            None => self.world.add_model(&workspace, &entry.name),
            Some(from) => {
                let source = known(&self.models, "model", &from.model)?.clone();
                let revision = self.revision(&source, &from.revision)?;
                let world = &mut self.world;
                world.model_from_revision(&source, &revision, &workspace, &entry.name)
            }
        };
        note(&mut self.models, "model", &entry.name, id.clone())?;
        for step in &entry.steps {
            match step {
                Step::List(list) => self
                    .list(&id, list)
                    .map_err(|error| error.within("list", &list.name))?,
                Step::Module(module) => self
                    .module(&id, module)
                    .map_err(|error| error.within("module", &module.name))?,
                Step::Revision(name) => {
                    if self.revision(&id, name).is_ok() {
                        return Err(InvalidDescription::twice("revision", name));
                    }
                    self.world.add_revision(&id, name);
                }
            }
        }
        for (email, role) in &entry.roles {
            let user = known(&self.users, "user", email)?.id.clone();
            self.world.edit_user(&user).role_in(&id, role);
        }
        if let Some(state) = &entry.state {
            self.world.set_state(&id, state.into());
        }
        if entry.sync_fails {
            self.world.fail_syncs(&id, Some(SyncFailure::no_space()));
        }
        if entry.closed {
            if let Some(model) = self.world.model_mut(&id) {
                model.open = OpenState::Closed;
            }
        }
        Ok(())
    }

    fn list(&mut self, model: &ModelId, entry: &ListEntry) -> Result<()> {
        if self.list_id(model, &entry.name).is_ok() {
            return Err(InvalidDescription::twice("list", &entry.name));
        }
        let parent = match &entry.parent {
            Some(parent) => Some(self.list_id(model, parent)?),
            None => None,
        };
        let mut edit = self.world.edit(model);
        let mut list = edit.list(&entry.name);
        if let Some(code) = &entry.code {
            list = list.code(code);
        }
        if entry.production {
            list = list.production();
        }
        if entry.numbered {
            list = list.numbered();
        }
        if let Some(top_level) = &entry.top_level {
            list = list.top_level(top_level);
        }
        if let Some(parent) = parent {
            list = list.parent(parent);
        }
        let id = list.id();
        for item in &entry.items {
            let whole;
            let item = match item {
                ItemEntry::Whole(item) => item,
                ItemEntry::Name(name) => {
                    whole = WholeItem {
                        name: name.clone(),
                        code: None,
                        parent: None,
                    };
                    &whole
                }
            };
            self.item(model, id, parent, item)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        model: &ModelId,
        list: u64,
        parent_list: Option<u64>,
        entry: &WholeItem,
    ) -> Result<()> {
        let parent = match &entry.parent {
            None => None,
            Some(name) => {
                let items = self.world.model(model).map(|model| &model.items);
                let found = [Some(list), parent_list]
                    .into_iter()
                    .flatten()
                    .find_map(|list| Some(items?.get(&list)?.by_name(name)?.id));
                Some(found.ok_or_else(|| InvalidDescription::unknown("item", name))?)
            }
        };
        let mut edit = self.world.edit(model);
        edit.edit_list(list).item_with(&entry.name, |item| {
            item.code.clone_from(&entry.code);
            item.parent = parent;
        });
        Ok(())
    }

    fn module(&mut self, model: &ModelId, entry: &ModuleEntry) -> Result<()> {
        let dimensions: Vec<u64> = entry
            .dimensions
            .iter()
            .map(|name| self.list_id(model, name))
            .collect::<Result<_>>()?;
        let formats: Vec<Format> = entry
            .line_items
            .iter()
            .map(|line_item| self.format(model, &line_item.format))
            .collect::<Result<_>>()?;
        let mut edit = self.world.edit(model);
        let mut module = edit.module(&entry.name, dimensions);
        for (line_item, format) in entry.line_items.iter().zip(formats) {
            let LineItemEntry {
                name,
                formula,
                code,
                ..
            } = line_item;
            let mut edit = module.add_line_item(name, format);
            if let Some(formula) = formula {
                edit = edit.formula(formula);
            }
            if let Some(code) = code {
                edit.code(code);
            }
        }
        Ok(())
    }

    fn format(&self, model: &ModelId, entry: &FormatEntry) -> Result<Format> {
        Ok(match entry {
            FormatEntry::Number => Format::Number,
            FormatEntry::Boolean => Format::Boolean,
            FormatEntry::Text => Format::Text,
            FormatEntry::Date => Format::Date,
            FormatEntry::None => Format::None,
            FormatEntry::List(name) => Format::List(self.list_id(model, name)?),
        })
    }

    fn card(&self, description: &Description) -> Result<Demo> {
        let CardEntry {
            user,
            second,
            limited,
            outsider,
            models,
        } = &description.card;
        let mut demo = Demo::nothing();
        let is_admin = |user: &UserId| {
            let user = self.world.user(user);
            user.is_some_and(|user| !user.admin_of.is_empty())
        };
        let first = || {
            let mut emails = description.users.iter().map(|user| &user.email);
            emails.find(|email| {
                let user = self.users.get(*email);
                user.is_some_and(|user| is_admin(&user.id))
            })
        };
        for (email, place) in [
            (user.as_ref().or_else(first), &mut demo.admin),
            (second.as_ref(), &mut demo.second),
            (limited.as_ref(), &mut demo.limited),
            (outsider.as_ref(), &mut demo.outsider),
        ] {
            if let Some(email) = email {
                *place = known(&self.users, "user", email)?.clone();
            }
        }
        if let Some(first) = self.world.models().first() {
            demo.dev = first.id.clone();
        }
        for (part, name) in models {
            let id = known(&self.models, "model", name)?.clone();
            *demo
                .model_mut(part)
                .ok_or_else(|| InvalidDescription::unknown("part", part))? = id;
        }
        let workspace = self.world.model(&demo.dev).map(|model| &model.workspace);
        let first = self.world.workspaces().first().map(|first| &first.id);
        if let Some(workspace) = workspace.or(first) {
            demo.workspace = workspace.clone();
        }
        Ok(demo)
    }

    fn oauth_clients(&mut self, entries: &[OAuthClientEntry], demo: &mut Demo) {
        for entry in entries {
            let client = match &entry.redirect_uri {
                Some(uri) => self.world.add_code_client(uri),
                None => self.world.add_device_client(),
            };
            let client = client.rotating(entry.rotating.unwrap_or(true)).client();
            if client.redirect_uri.is_some() {
                demo.code_client.get_or_insert(client);
            } else if demo.device_client.is_none() {
                if self.world.user(&demo.admin.id).is_some() {
                    let token = self.world.issue_refresh_token(&client.id, &demo.admin.id);
                    demo.device_refresh_token = token.into();
                }
                demo.device_client = Some(client);
            }
        }
    }

    fn all_workspaces(&self, names: &[String]) -> Result<Vec<WorkspaceId>> {
        names
            .iter()
            .map(|name| known(&self.workspaces, "workspace", name).cloned())
            .collect()
    }

    fn list_id(&self, model: &ModelId, name: &str) -> Result<u64> {
        self.world
            .model(model)
            .and_then(|model| {
                let mut lists = model.structure.lists.iter();
                lists.find(|list| list.name == name)
            })
            .map(|list| list.id)
            .ok_or_else(|| InvalidDescription::unknown("list", name))
    }

    fn revision(&self, model: &ModelId, name: &str) -> Result<String> {
        self.world
            .model(model)
            .and_then(|model| {
                let mut applied = model.applied.iter();
                applied.find(|applied| {
                    let revision = self.world.revisions.get(&applied.revision);
                    revision.is_some_and(|revision| revision.name == name)
                })
            })
            .map(|applied| applied.revision.clone())
            .ok_or_else(|| InvalidDescription::unknown("revision", name))
    }
}

impl From<&StateEntry> for ModelState {
    fn from(entry: &StateEntry) -> Self {
        match entry {
            StateEntry::Unlocked => Self::Unlocked,
            StateEntry::Production => Self::Production,
            StateEntry::Maintenance => Self::Maintenance,
            StateEntry::ProductionMaintenance => Self::ProductionMaintenance,
            StateEntry::Locked => Self::Locked,
            StateEntry::Archived => Self::Archived,
        }
    }
}

fn known<'a, T>(all: &'a BTreeMap<String, T>, what: &str, name: &str) -> Result<&'a T> {
    all.get(name)
        .ok_or_else(|| InvalidDescription::unknown(what, name))
}

fn note<T>(all: &mut BTreeMap<String, T>, what: &str, name: &str, value: T) -> Result<()> {
    match all.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(InvalidDescription::twice(what, name)),
    }
}

#[cfg(test)]
mod tests;
