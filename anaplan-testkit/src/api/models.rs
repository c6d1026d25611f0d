//! Models: lists of them, one of them, and whether it is open.

use std::time::Duration;

use anaplan_core::{ModelId, WorkspaceId};
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure, json_response};
use crate::api::router::{Route, get, post};
use crate::api::users::{self, long_date};
use crate::api::{Call, Reply, query, workspaces};
use crate::http::Response;
use crate::world::{Model, ModelState, OpenState, TaskRecord, User, later};

/// The number of times a model may be asked to open within ten minutes.
const FAIR_OPENINGS: usize = 5;

pub(crate) const ROUTES: &[Route] = &[
    get("/models", |call, _| list(call)),
    get("/models/{model}", |call, at| one(call, &at.model())).while_busy(),
];

/// Rows below a model that belong to no namespace.
pub(crate) const OF_MODEL: &[Route] = &[
    get("/status", |call, at| {
        let status = request_status(call, &at.model())?;
        let body = json!({ "requestStatus": status });
        Ok(json_response(StatusCode::OK, &body))
    })
    .while_busy(),
    // Unlike the answer to GET, this one has an envelope.
    post("/status", |call, at| {
        let status = request_status(call, &at.model())?;
        Ok(Envelope::of("requestStatus")
            .with("requestStatus", status)
            .into())
    })
    .while_busy(),
    get("/users", |call, at| users_of(call, &at.model())),
    post("/open", |call, at| open(call, &at.model())),
    post("/close", |call, at| close(call, &at.model())),
];

fn list(call: &mut Call<'_>) -> Reply {
    let tenant_admin = call
        .world
        .user(&call.user)
        .is_some_and(|user| user.tenant_admin);
    // For everybody else the search is ignored.
    let search = call.request.param("s").filter(|_| tenant_admin);
    let models = call
        .world
        .models()
        .iter()
        .filter(|model| visible(call, model) && wanted(call, model))
        .filter(|model| search.is_none_or(|text| query::matches(text, &model.name)));
    let mut models: Vec<Value> = models.map(|model| describe(call, model)).collect();
    query::sort_strictly(call.request, &mut models, &["name", "activeState"])?;
    respond(call, models)
}

pub(crate) fn list_in(call: &Call<'_>, workspace: &WorkspaceId) -> Reply {
    call.world.workspace(workspace).ok_or(Failure::NotFound)?;
    let models = call
        .world
        .models()
        .iter()
        .filter(|model| {
            model.workspace == *workspace && visible(call, model) && wanted(call, model)
        })
        .map(|model| describe(call, model))
        .collect();
    respond(call, models)
}

/// Those that a user sees, with a role in them or not.
pub(crate) fn list_of(call: &Call<'_>, user: &User) -> Reply {
    let models = call.world.models().iter();
    let models = models
        .filter(|model| workspaces::is_seen_by(call, user, &model.workspace))
        .map(|model| describe(call, model));
    respond(call, models.collect())
}

/// Those who have a role in a model.
fn users_of(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = call.world.model(id).ok_or(Failure::NotFound)?;
    if !visible(call, model) {
        return Err(Failure::NotFound);
    }
    users::respond(call, |user| model.users.contains_key(&user.id))
}

fn respond(call: &Call<'_>, models: Vec<Value>) -> Reply {
    let (models, paging) = query::page(call, models);
    Ok(Envelope::of("model")
        .paged(paging)
        .with("models", models)
        .into())
}

/// Works without access to the model's contents too.
fn one(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let model = call.world.model(id).ok_or(Failure::NotFound)?;
    if !visible(call, model) {
        return Err(Failure::NotFound);
    }
    let mut value = describe(call, model);
    if call.request.flag("modelDetails") {
        value["modelTransactionRunning"] = call.world.tasks.is_busy(id).into();
    }
    Ok(Envelope::of("model").with("model", value).into())
}

/// A model without a role in it is listed all the same, to those who see its workspace.
fn visible(call: &Call<'_>, model: &Model) -> bool {
    let user = call.world.user(&call.user);
    user.is_some_and(|user| workspaces::is_seen_by(call, user, &model.workspace))
}

/// Lists leave archived models out when they are asked to.
fn wanted(call: &Call<'_>, model: &Model) -> bool {
    let without = call
        .request
        .param("archived")
        .is_some_and(|value| value.eq_ignore_ascii_case("false"));
    !(without && model.state == ModelState::Archived)
}

fn describe(call: &Call<'_>, model: &Model) -> Value {
    let workspace = call.world.workspace(&model.workspace);
    let archived = model.state == ModelState::Archived;
    let mut value = json!({
        "id": model.id.as_str(),
        "name": model.name,
        "activeState": model.state.as_str(),
        "currentWorkspaceId": model.workspace.as_str(),
        "currentWorkspaceName": workspace.map(|workspace| workspace.name.as_str()),
        "modelUrl": format!(
            "https://us1a.app.anaplan.com/core3/anaplan/framework.jsp?selectedWorkspaceId={}&selectedModelId={}",
            model.workspace, model.id
        ),
        "categoryValues": [],
    });
    if call.request.flag("modelDetails") {
        value["isoCreationDate"] = long_date(model.created).into();
        value["lastModified"] = long_date(model.last_modified).into();
        value["lastModifiedByUserGuid"] = call.user.as_str().into();
        value["lastSavedSerialNumber"] = model.serial.into();
        if !archived {
            value["memoryUsage"] = model.memory().into();
        }
    }
    value
}

/// The runtime state of a model.
fn request_status(call: &Call<'_>, id: &ModelId) -> Result<Value, Failure> {
    let model = call.model(id)?;
    let work = call.world.tasks.work_of(id);
    let step = match model.open {
        OpenState::Open if work.is_some() => "Processing ...",
        OpenState::Open => "Open",
        OpenState::Closed => "Closed",
        OpenState::Opening(_) => "Processing ...",
        OpenState::Closing(_) => "Closing",
    };
    let progress = match model.open {
        OpenState::Open => work.map_or(-1.0, |work| work.progress(call.world.now)),
        OpenState::Closed => -1.0,
        OpenState::Opening(_) | OpenState::Closing(_) => 0.5,
    };
    Ok(json!({
        "tooltip": work.map(|work| tooltip(call, work)),
        "progress": progress,
        "currentStep": step,
        "exportTaskType": null,
        "creationTime": call.world.now.as_millisecond(),
        "taskId": work.map(|work| work.id.as_str()),
        "peakMemoryUsageEstimate": null,
        "peakMemoryUsageTime": null,
    }))
}

/// Who keeps the model busy, and since when.
fn tooltip(call: &Call<'_>, work: &TaskRecord) -> String {
    let user = call.world.user(&work.by);
    let name = user.map_or_else(String::new, |user| {
        format!("{} {}", user.first_name, user.last_name)
    });
    format!(
        "Started by {name}\nStarted at {}",
        work.created.strftime("%H:%M:%S")
    )
}

fn open(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let model = call.model(id)?;
    if !call.is_admin(id) {
        return Err(Failure::NotFound);
    }
    if model.state.is_offline() {
        return Err(Failure::new(
            StatusCode::FAILED_DEPENDENCY,
            "Model is Offline",
        ));
    }
    let now = call.world.now;
    let ready = later(now, Duration::from_secs(5));
    let Some(model) = call.world.model_mut(id) else {
        return Err(Failure::NotFound);
    };
    model
        .opened
        .retain(|at| later(*at, Duration::from_secs(600)) > now);
    model.opened.push(now);
    // Too eager a caller is told that there is no such model.
    if model.opened.len() > FAIR_OPENINGS {
        return Err(Failure::NotFound);
    }
    match model.open {
        OpenState::Open => Ok(Response::empty(StatusCode::OK)),
        OpenState::Opening(_) => Ok(Response::empty(StatusCode::ACCEPTED)),
        OpenState::Closed | OpenState::Closing(_) => {
            model.open = OpenState::Opening(ready);
            Ok(Response::empty(StatusCode::ACCEPTED))
        }
    }
}

fn close(call: &mut Call<'_>, id: &ModelId) -> Reply {
    call.model(id)?;
    if !call.is_admin(id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    let gone = later(call.world.now, Duration::from_secs(3));
    if let Some(model) = call.world.model_mut(id) {
        if model.open != OpenState::Closed {
            model.open = OpenState::Closing(gone);
        }
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
