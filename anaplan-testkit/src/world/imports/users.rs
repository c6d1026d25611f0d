//! Rows that become users of a model.

use std::collections::{BTreeMap, HashMap};

use anaplan_core::UserId;

use crate::world::csv::{Row, Table};
use crate::world::ids::IdSource;
use crate::world::imports::rows::{
    Applied, Effect, Problem, filled, find_column, malformed, optional_column, problem,
};
use crate::world::imports::{Import, ImportTarget};
use crate::world::items::key;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::people::User;

/// The name of the role without access to a model.
const NO_ACCESS: &str = "no access";

pub(crate) struct UserLoad<'a> {
    table: &'a Table,
    email: usize,
    first_name: Option<usize>,
    last_name: Option<usize>,
    role: Option<usize>,
}

impl<'a> UserLoad<'a> {
    pub(crate) fn new(import: &Import, table: &'a Table) -> Result<Self, Detail> {
        let ImportTarget::Users {
            email,
            first_name,
            last_name,
            role,
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no users."));
        };
        let Some(email) = email else {
            let text = "The import maps no e-mail addresses.";
            return Err(detail("missingFields", text));
        };
        Ok(Self {
            table,
            email: find_column(table, email)?,
            first_name: optional_column(table, first_name.as_ref())?,
            last_name: optional_column(table, last_name.as_ref())?,
            role: optional_column(table, role.as_ref())?,
        })
    }

    pub(crate) fn run(
        &self,
        model: &mut Model,
        users: &mut BTreeMap<UserId, User>,
        ids: &mut IdSource,
    ) -> Applied {
        let mut by_email: HashMap<String, UserId> = users
            .values()
            .map(|user| (key(&user.email), user.id.clone()))
            .collect();
        let mut roles = HashMap::new();
        Applied::each(&self.table.rows, |row| {
            let (email, role) = self.check(model, row, &mut roles)?;
            let known = by_email.get(&key(email)).cloned();
            let id = known.clone().unwrap_or_else(|| {
                let id = UserId::from(ids.lower_hex());
                // Nobody knows the password: an administrator has yet to set one.
                let user = User::new(id.clone(), email.to_owned(), ids.secret());
                by_email.insert(key(email), id.clone());
                users.insert(id.clone(), user);
                id
            });
            let renamed = users
                .get_mut(&id)
                .is_some_and(|user| self.rename(user, row));
            let moved = role.is_some_and(|role| assign(model, &id, role));
            let effect = match known {
                None => Effect::Created,
                Some(_) if renamed || moved => Effect::Updated,
                Some(_) => Effect::Nothing,
            };
            Ok((effect, Vec::new()))
        })
    }

    /// The address, and the role if the row says one: nothing for no access.
    fn check<'r>(
        &self,
        model: &Model,
        row: &'r Row,
        seen: &mut HashMap<String, Option<Option<u64>>>,
    ) -> Result<(&'r str, Option<Option<u64>>), Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let email = row.field(self.email).trim();
        if !is_address(email) {
            let text = format!("Users: '{email}' is not an e-mail address");
            return problem("usersImportInvalidEmail", text);
        }
        let role = self.role.map(|column| find_role(model, row.field(column)));
        let role = role.transpose()?;
        match seen.get(&key(email)) {
            Some(other) if *other != role => problem(
                "usersImportConflictingRoles",
                format!("Users: '{email}' is given two roles"),
            ),
            _ => {
                seen.insert(key(email), role);
                Ok((email, role))
            }
        }
    }

    fn rename(&self, user: &mut User, row: &Row) -> bool {
        let first = filled(row, self.first_name)
            .unwrap_or(&user.first_name)
            .to_owned();
        let last = filled(row, self.last_name)
            .unwrap_or(&user.last_name)
            .to_owned();
        let changed = (&first, &last) != (&user.first_name, &user.last_name);
        (user.first_name, user.last_name) = (first, last);
        changed
    }
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

fn find_role(model: &Model, name: &str) -> Result<Option<u64>, Problem> {
    if name.trim().is_empty() || key(name) == NO_ACCESS {
        return Ok(None);
    }
    let mut roles = model.structure.roles.iter();
    match roles.find(|role| key(&role.name) == key(name)) {
        Some(role) => Ok(Some(role.id)),
        None => problem(
            "usersImportInvalidRole",
            format!("Users: there is no role '{name}'"),
        ),
    }
}

/// Returns a user this role in place of the one before. Whether that is another one.
fn assign(model: &mut Model, user: &UserId, role: Option<u64>) -> bool {
    let before = match role {
        Some(role) => model.users.insert(user.clone(), role),
        None => model.users.remove(user),
    };
    before != role
}
