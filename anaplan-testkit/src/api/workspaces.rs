//! Workspaces, and the models in them.

use anaplan_core::{ModelId, WorkspaceId};
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::router::{Params, Route, get, no_method, post};
use crate::api::{Call, Reply, models, query, users};
use crate::world::{OpenState, User, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    get("/workspaces", |call, _| list(call)),
    get("/workspaces/{workspace}", |call, at| one(call, &id(at))),
    get("/workspaces/{workspace}/users", |call, at| {
        users_of(call, &id(at))
    }),
    get("/workspaces/{workspace}/admins", |call, at| {
        let id = id(at);
        people(call, &id, "admins", |user| user.admin_of.contains(&id))
    }),
    get("/workspaces/{workspace}/visitors", |call, at| {
        let id = id(at);
        people(call, &id, "visitors", |user| user.visitor_of.contains(&id))
    }),
    get("/workspaces/{workspace}/models", |call, at| {
        models::list_in(call, &id(at))
    }),
    // The model itself is found at `/models/{model}` only.
    no_method("/workspaces/{workspace}/models/{model}"),
    post("/workspaces/{workspace}/bulkDeleteModels", |call, at| {
        bulk_delete(call, &id(at))
    }),
];

fn id(at: &Params<'_>) -> WorkspaceId {
    WorkspaceId::from(at.get("workspace"))
}

/// Returns whether a user sees a workspace at all.
pub(crate) fn is_seen_by(call: &Call<'_>, user: &User, workspace: &WorkspaceId) -> bool {
    user.tenant_admin || belongs_to(call, user, workspace)
}

fn belongs_to(call: &Call<'_>, user: &User, workspace: &WorkspaceId) -> bool {
    let mut models = call.world.models().iter();
    user.admin_of.contains(workspace)
        || user.visitor_of.contains(workspace)
        || models.any(|model| model.workspace == *workspace && model.users.contains_key(&user.id))
}

fn users_of(call: &Call<'_>, id: &WorkspaceId) -> Reply {
    administered(call, id)?;
    users::respond(call, |user| belongs_to(call, user, id))
}

fn list(call: &Call<'_>) -> Reply {
    let user = call.world.user(&call.user).ok_or(Failure::NotFound)?;
    list_of(call, user)
}

/// Those that a user sees.
pub(crate) fn list_of(call: &Call<'_>, user: &User) -> Reply {
    let mut workspaces: Vec<Value> = call
        .world
        .workspaces()
        .iter()
        .filter(|workspace| is_seen_by(call, user, &workspace.id))
        .filter(|workspace| {
            let search = call.request.param("s");
            search.is_none_or(|text| query::matches(text, &workspace.name))
        })
        .map(|workspace| describe(call, workspace))
        .collect();
    query::sort_strictly(call.request, &mut workspaces, &["name", "sizeAllowance"])?;
    let (workspaces, paging) = query::page(call, workspaces);
    let envelope = Envelope::of("workspace").paged(paging);
    Ok(envelope.with("workspaces", workspaces).into())
}

/// Only administrators get it, whatever the list shows.
fn one(call: &Call<'_>, id: &WorkspaceId) -> Reply {
    let workspace = administered(call, id)?;
    let value = describe(call, workspace);
    Ok(Envelope::of("workspace").with("workspace", value).into())
}

fn administered<'a>(call: &'a Call<'_>, id: &WorkspaceId) -> Result<&'a Workspace, Failure> {
    let admin = call
        .world
        .user(&call.user)
        .is_some_and(|user| user.admin_of.contains(id));
    let workspace = call.world.workspace(id).filter(|_| admin);
    workspace.ok_or(Failure::NotFound)
}

fn describe(call: &Call<'_>, workspace: &Workspace) -> Value {
    let mut value = json!({
        "id": workspace.id.as_str(),
        "name": workspace.name,
        "active": workspace.active,
    });
    if call.request.flag("tenantDetails") {
        let size: u64 = call
            .world
            .models()
            .iter()
            .filter(|model| model.workspace == workspace.id)
            .map(crate::world::Model::memory)
            .sum();
        value["sizeAllowance"] = workspace.size_allowance.into();
        value["currentSize"] = size.into();
    }
    value
}

/// A missing role is a server error here, on real hosts too.
fn people(
    call: &Call<'_>,
    workspace: &WorkspaceId,
    key: &str,
    is_one: impl Fn(&User) -> bool,
) -> Reply {
    let asker = call.world.user(&call.user);
    if !asker.is_some_and(|user| user.tenant_admin) {
        return Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
        ));
    }
    call.world.workspace(workspace).ok_or(Failure::NotFound)?;
    let others = |user: &User| -> Vec<&str> {
        call.world
            .workspaces()
            .iter()
            .filter(|other| other.id != *workspace)
            .filter(|other| {
                user.admin_of.contains(&other.id) || user.visitor_of.contains(&other.id)
            })
            .map(|other| other.name.as_str())
            .collect()
    };
    let people: Vec<Value> = call
        .world
        .users
        .values()
        .filter(|user| is_one(user))
        .map(|user| {
            json!({
                "firstName": user.first_name,
                "lastName": user.last_name,
                "email": user.email,
                "active": user.active,
                "otherWorkspaces": others(user),
            })
        })
        .collect();
    let (people, paging) = query::page(call, people);
    Ok(Envelope::of(key.trim_end_matches('s'))
        .paged(paging)
        .with(key, people)
        .into())
}

fn bulk_delete(call: &mut Call<'_>, workspace: &WorkspaceId) -> Reply {
    let body = query::object(call.request, &["modelIdsToDelete"])?;
    administered(call, workspace)?;
    let ids: Vec<ModelId> = body
        .get("modelIdsToDelete")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ModelId::from)
        .collect();
    if ids.is_empty() {
        return Err(Failure::bad(
            "Expected mandatory field 'modelIdsToDelete' to be present and not empty.",
        ));
    }
    let mut deleted = 0;
    let mut failures = Vec::new();
    for id in ids {
        let model = call.world.model(&id);
        let problem = match model.filter(|model| model.workspace == *workspace) {
            None => Some("Model ID does not exist."),
            Some(model) if model.open != OpenState::Closed => {
                Some("Model is open. Please close the model before trying again.")
            }
            Some(_) => None,
        };
        match problem {
            Some(message) => {
                failures.push(json!({ "modelId": id.as_str(), "message": message }));
            }
            None => {
                call.world.delete_model(&id);
                deleted += 1;
            }
        }
    }
    Ok(Envelope::of("bulkDeleteModels")
        .with("modelsDeleted", deleted)
        .with_some("bulkDeleteModelsFailures", failures)
        .into())
}
