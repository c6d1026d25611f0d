//! Users of the tenant.

use anaplan_core::UserId;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::router::{Route, get};
use crate::api::{Call, Reply, models, query, workspaces};
use crate::world::User;

pub(crate) const ROUTES: &[Route] = &[
    get("/users", |call, _| list(call)),
    get("/users/me", |call, _| one(call, &call.user.clone())),
    get("/users/{user}", |call, at| {
        one(call, &UserId::from(at.get("user")))
    }),
    get("/users/{user}/workspaces", |call, at| {
        workspaces::list_of(call, seen(call, at.get("user"))?)
    }),
    get("/users/{user}/models", |call, at| {
        models::list_of(call, seen(call, at.get("user"))?)
    }),
];

fn list(call: &Call<'_>) -> Reply {
    let wanted = |user: &User| {
        call.request.param("s").is_none_or(|text| {
            [&user.email, &user.first_name, &user.last_name]
                .iter()
                .any(|field| query::matches(text, field))
        })
    };
    respond(call, wanted)
}

/// The users who fit, sorted and paged.
pub(crate) fn respond(call: &Call<'_>, fits: impl Fn(&User) -> bool) -> Reply {
    let users = call.world.users.values().filter(|user| fits(user));
    let mut users: Vec<Value> = users.map(|user| describe(call, user)).collect();
    let fields = ["firstName", "lastName", "email", "active", "lastLoginDate"];
    query::sort_strictly(call.request, &mut users, &fields)?;
    let (users, paging) = query::page(call, users);
    Ok(Envelope::of("user")
        .paged(paging)
        .with("users", users)
        .into())
}

/// Returns the user, for an operation on another user's access. Only tenant administrators may see it.
fn seen<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a User, Failure> {
    let asker = call.world.user(&call.user).ok_or(Failure::NotFound)?;
    let user = call.world.user(&UserId::from(id));
    let user = user.filter(|user| asker.tenant_admin || user.id == asker.id);
    user.ok_or(Failure::NotFound)
}

fn one(call: &Call<'_>, id: &UserId) -> Reply {
    let user = call.world.user(id).ok_or(Failure::NotFound)?;
    Ok(Envelope::of("user")
        .with("user", describe(call, user))
        .into())
}

fn describe(call: &Call<'_>, user: &User) -> Value {
    let mut value = json!({
        "id": user.id.as_str(),
        "active": user.active,
        "email": user.email,
        "emailOptIn": true,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "customerId": call.world.customer,
    });
    if let Some(at) = user.last_login {
        value["lastLoginDate"] = long_date(at).into();
    }
    value
}

/// `2024-12-04T18:18:48.000+0000`.
pub(crate) fn long_date(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}
