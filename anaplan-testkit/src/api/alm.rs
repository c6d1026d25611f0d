//! Application lifecycle management.

use anaplan_core::{ModelId, TaskId};
use http::{Method, StatusCode};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply, query};
use crate::http::Response;
use crate::world::{
    Applied, Change, Difference, Model, ModelState, Outcome, Parent, ReportKind, Revision,
    RevisionQuery, TaskRecord, TaskState,
};

const PAIR: [&str; 3] = ["sourceRevisionId", "sourceModelId", "targetRevisionId"];

pub(crate) fn route(call: &mut Call<'_>, model: &ModelId, rest: &[&str]) -> Reply {
    let method = call.request.method().clone();
    match (rest, &method) {
        (["syncableRevisions"], &Method::GET) => syncable_revisions(call, model),
        (["latestRevision"], &Method::GET) => latest_revision(call, model),
        (["revisions"], &Method::GET) => revisions(call, model),
        (["revisions"], &Method::POST) => create_revision(call, model),
        (["revisions", revision, "appliedToModels"], &Method::GET) => {
            applied_to_models(call, model, revision)
        }
        (["syncTasks"], &Method::GET) => sync_tasks(call, model),
        (["syncTasks"], &Method::POST) => start_sync(call, model),
        (["syncTasks", task], &Method::GET) => {
            administered(call, model)?;
            one_task(call, &Parent::Sync(model.clone()), task)
        }
        (["comparisonReportTasks"], &Method::POST) => {
            start_report(call, ReportKind::Comparison, model)
        }
        (["summaryReportTasks"], &Method::POST) => start_report(call, ReportKind::Summary, model),
        (["comparisonReportTasks", task], &Method::GET) => {
            report_task(call, ReportKind::Comparison, model, task)
        }
        (["summaryReportTasks", task], &Method::GET) => {
            report_task(call, ReportKind::Summary, model, task)
        }
        (["comparisonReports", target, source], &Method::GET) => {
            comparison_report(call, model, target, source)
        }
        (["summaryReports", target, source], &Method::GET) => {
            summary_report(call, model, target, source)
        }
        (
            [
                "syncableRevisions"
                | "latestRevision"
                | "revisions"
                | "syncTasks"
                | "comparisonReportTasks"
                | "summaryReportTasks",
            ]
            | ["revisions", _, "appliedToModels"]
            | [
                "syncTasks" | "comparisonReportTasks" | "summaryReportTasks",
                _,
            ]
            | ["comparisonReports" | "summaryReports", _, _],
            _,
        ) => Err(Failure::method()),
        _ => Err(Failure::NotFound),
    }
}

/// The model, for the ten operations that tell a missing role by 403.
fn administered<'a>(call: &'a Call<'_>, id: &ModelId) -> Result<&'a Model, Failure> {
    let model = call.model(id)?;
    if !call.is_admin(id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if model.state.is_offline() && !call.world.rules.alm_while_offline {
        return Err(Failure::new(
            StatusCode::FAILED_DEPENDENCY,
            "Model is Offline",
        ));
    }
    if !call.world.rules.alm_enabled {
        return Err(Failure::bad("The tenant is not enabled for ALM."));
    }
    Ok(model)
}

/// The model, for the report operations: they tell a missing role by 424 and nothing else, and before
/// they look whether the model is there.
fn reportable<'a>(call: &'a Call<'_>, id: &ModelId) -> Result<&'a Model, Failure> {
    let exists = call.world.model(id).is_some();
    let anywhere = call
        .world
        .user(&call.user)
        .is_some_and(|user| !user.admin_of.is_empty());
    let permitted = if exists { call.is_admin(id) } else { anywhere };
    if !permitted {
        return Err(Failure::new(StatusCode::FAILED_DEPENDENCY, ""));
    }
    administered(call, id)
}

pub(crate) fn online_status(call: &mut Call<'_>, id: &ModelId) -> Reply {
    if !matches!(*call.request.method(), Method::PUT | Method::POST) {
        return Err(Failure::method());
    }
    let model = call.world.model(id).ok_or(Failure::NotFound)?;
    if !call.world.can_open(&call.user, model) {
        return Err(Failure::NotFound);
    }
    if !call.is_admin(id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    let state = model.state;
    let Ok(body) = serde_json::from_slice::<Value>(call.request.body()) else {
        return Err(Failure::bad("Error parsing request body as JSON"));
    };
    let Value::Object(body) = body else {
        return Err(Failure::bad("Error parsing request body as JSON"));
    };
    if body.keys().any(|key| key != "status") {
        return Err(Failure::bad("Unrecognised property detected"));
    }
    let online = match body.get("status") {
        None | Some(Value::Null) => {
            return Err(Failure::bad("Missing mandatory property 'status'"));
        }
        Some(Value::String(text)) if text == "online" => true,
        Some(Value::String(text)) if text == "offline" => false,
        Some(_) => {
            return Err(Failure::bad(
                "Invalid value for 'status', must be one of [online, offline]",
            ));
        }
    };
    let next = match (state, online) {
        (ModelState::Archived, _) => {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Model is Archived",
            ));
        }
        (ModelState::Locked, _) => {
            return Err(Failure::bad(
                "Cannot change status when model is in Locked or Archived mode",
            ));
        }
        (ModelState::Unlocked, false) => ModelState::Maintenance,
        (ModelState::Production, false) => ModelState::ProductionMaintenance,
        (ModelState::Maintenance, true) => ModelState::Unlocked,
        (ModelState::ProductionMaintenance, true) => ModelState::Production,
        (same, _) => same,
    };
    call.world.set_state(id, next);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

fn syncable_revisions(call: &Call<'_>, id: &ModelId) -> Reply {
    let target = administered(call, id)?;
    let source = call
        .request
        .param("sourceModelId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Failure::bad("Missing 'sourceModelId' request parameter."))?;
    let source = administered(call, &ModelId::from(source))?;
    let revisions = call.world.syncable(target, source)?;
    let revisions = revisions
        .iter()
        .map(|(revision, applied)| describe(revision, applied));
    Ok(Envelope::of("revision")
        .with("revisions", revisions.collect::<Vec<_>>())
        .into())
}

fn latest_revision(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = administered(call, id)?;
    let latest = model.latest().and_then(|applied| {
        let revision = call.world.revisions.get(&applied.revision)?;
        Some(describe(revision, applied))
    });
    Ok(Envelope::of("revision")
        .with_some("revisions", latest.into_iter().collect())
        .into())
}

fn revisions(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = administered(call, id)?;
    let day = |name: &str| match call.request.param(name) {
        None => Ok(None),
        Some(text) => {
            let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
            date.map(Some).ok_or_else(|| {
                Failure::bad("Date query parameter must be of the format 'YYYY-MM-DD'")
            })
        }
    };
    let wanted = RevisionQuery {
        after: day("appliedAfter")?,
        before: day("appliedBefore")?,
        sort: call.request.param("sort").map(str::to_owned),
    };
    if let (Some(after), Some(before)) = (wanted.after, wanted.before) {
        if after >= before {
            return Err(Failure::bad(
                "'appliedAfter' must be an earlier date than 'appliedBefore'",
            ));
        }
    }
    let revisions = call.world.revisions_of(model, &wanted);
    let (revisions, paging) = query::page(call.world, call.request, revisions);
    let revisions = revisions
        .iter()
        .map(|(revision, applied)| describe(revision, applied));
    Ok(Envelope::of("revision")
        .paged(paging)
        .with_some("revisions", revisions.collect())
        .into())
}

fn create_revision(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let state = administered(call, id)?.state;
    if state == ModelState::Locked {
        return Err(Failure::new(StatusCode::LOCKED, "Model is Locked"));
    }
    let body = query::object(call.request, &["name", "description"])?;
    let text = |key: &str| match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(Failure::bad(
            "Found a value with an unexpected string format when String was expected.",
        )),
    };
    let name = text("name")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Failure::bad("Expected mandatory field 'name' to be present and not empty.")
        })?;
    let description = text("description")?;
    if name.chars().count() > 60 {
        return Err(Failure::bad(
            "The title of your revision tag must be 60 characters or fewer.",
        ));
    }
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > 250)
    {
        return Err(Failure::bad(
            "Revision tag descriptions must be 250 characters or fewer.",
        ));
    }
    let user = call.user.clone();
    let (revision, applied) = call.world.create_revision(id, &user, name, description)?;
    Ok(Envelope::of("revision")
        .created()
        .with("revision", describe(&revision, &applied))
        .into())
}

fn applied_to_models(call: &Call<'_>, id: &ModelId, revision: &str) -> Reply {
    let model = administered(call, id)?;
    if !model.has_revision(revision) {
        return Err(Failure::NotFound);
    }
    let entry = |model: Option<&Model>, id: &ModelId, applied: &Applied| {
        let mut value = json!({
            "modelId": id.as_str(),
            "appliedBy": applied.by.as_str(),
            "appliedOn": seconds(applied.on),
            "appliedMethod": applied.method,
        });
        match model {
            Some(model) => {
                if call.world.can_open(&call.user, model) {
                    value["modelName"] = model.name.as_str().into();
                }
                value["workspaceId"] = model.workspace.as_str().into();
            }
            None => value["modelDeleted"] = true.into(),
        }
        value
    };
    let models = call.world.models_with(revision);
    let models = models
        .iter()
        .map(|(model, id, applied)| entry(*model, id, applied));
    Ok(Envelope::of("appliedToModel")
        .with("appliedToModels", models.collect::<Vec<_>>())
        .into())
}

fn sync_tasks(call: &Call<'_>, id: &ModelId) -> Reply {
    administered(call, id)?;
    let tasks = call.world.tasks.under(&Parent::Sync(id.clone()));
    let tasks = tasks.iter().map(|task| {
        json!({
            "taskId": task.id.as_str(),
            "taskState": task.state.as_str(),
            "creationTime": task.created.as_millisecond(),
        })
    });
    Ok(Envelope::of("task")
        .with_some("tasks", tasks.collect())
        .into())
}

fn start_sync(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let state = administered(call, id)?.state;
    let [source, source_model, target] = pair(call)?;
    let source_model = ModelId::from(source_model);
    administered(call, &source_model)?;
    if state == ModelState::Locked {
        return Err(Failure::new(StatusCode::LOCKED, "Model is Locked"));
    }
    let user = call.user.clone();
    let task = call
        .world
        .start_sync(id, &user, &source_model, &source, &target)?;
    started(call, &Parent::Sync(id.clone()), &task)
}

fn start_report(call: &mut Call<'_>, kind: ReportKind, id: &ModelId) -> Reply {
    reportable(call, id)?;
    let [source, source_model, target] = pair(call)?;
    let source_model = ModelId::from(source_model);
    reportable(call, &source_model)?;
    let user = call.user.clone();
    let task = call
        .world
        .start_report(kind, id, &user, &source_model, &source, &target)?;
    started(call, &Parent::Report(kind, id.clone()), &task)
}

/// The three fields of a creation body, any of which missing gives the same message.
fn pair(call: &Call<'_>) -> Result<[String; 3], Failure> {
    let body = query::object(call.request, &PAIR)?;
    let fields = PAIR.map(|key| {
        let text = body.get(key).and_then(Value::as_str).unwrap_or_default();
        text.to_owned()
    });
    if fields.iter().any(String::is_empty) {
        return Err(Failure::bad(
            "Expected mandatory fields 'sourceRevisionId', 'sourceModelId' and 'targetRevisionId'",
        ));
    }
    Ok(fields)
}

fn started(call: &Call<'_>, parent: &Parent, id: &TaskId) -> Reply {
    let task = call.world.tasks.get(parent, id).ok_or(Failure::NotFound)?;
    let url = format!("https://api.anaplan.com{}/{id}", call.request.path());
    let response: Response = Envelope::of("taskWithUrl")
        .created()
        .with(
            "task",
            json!({
                "taskId": id.as_str(),
                "taskUrl": url,
                "taskState": TaskState::InProgress.as_str(),
                "creationTime": task.created.as_millisecond(),
            }),
        )
        .into();
    Ok(response.with_header("location", &url))
}

fn report_task(call: &mut Call<'_>, kind: ReportKind, id: &ModelId, task: &str) -> Reply {
    reportable(call, id)?;
    one_task(call, &Parent::Report(kind, id.clone()), task)
}

fn one_task(call: &mut Call<'_>, parent: &Parent, id: &str) -> Reply {
    let task = call
        .world
        .look_at(parent, &TaskId::from(id))
        .ok_or(Failure::NotFound)?;
    let value = task_detail(task);
    Ok(Envelope::of("task").with("task", value).into())
}

fn task_detail(task: &TaskRecord) -> Value {
    let mut value = json!({
        "taskId": task.id.as_str(),
        "currentStep": task.step,
        "taskState": task.state.as_str(),
        "creationTime": task.created.as_millisecond(),
    });
    let Some(Outcome::Alm(outcome)) = &task.outcome else {
        return value;
    };
    let mut result = json!({
        "successful": outcome.failure.is_none(),
        "sourceRevisionId": outcome.source,
        "targetRevisionId": outcome.target,
    });
    match (&outcome.failure, &task.parent) {
        (Some(failure), _) => {
            let mut error = json!({
                "title": failure.title,
                "messageText": failure.message,
            });
            if let Some(subtitle) = &failure.subtitle {
                error["subtitle"] = subtitle.as_str().into();
            }
            result["error"] = error;
        }
        (None, Parent::Report(kind, model)) => {
            let reports = match kind {
                ReportKind::Comparison => "comparisonReports",
                ReportKind::Summary => "summaryReports",
            };
            result["reportFileUrl"] = format!(
                "https://api.anaplan.com/2/0/models/{model}/alm/{reports}/{}/{}",
                outcome.target, outcome.source
            )
            .into();
        }
        (None, _) => {}
    }
    value["result"] = result;
    value
}

/// First the type, then the role, then the report: in the order that was observed.
fn comparison_report(call: &mut Call<'_>, id: &ModelId, target: &str, source: &str) -> Reply {
    if !call.request.accepts("application/octet-stream") {
        return Err(Failure::new(StatusCode::NOT_ACCEPTABLE, "Not Acceptable"));
    }
    reportable(call, id)?;
    let report = call
        .world
        .read_report(ReportKind::Comparison, id, target, source)
        .ok_or(Failure::NotFound)?;
    Ok(Response::new(
        StatusCode::OK,
        "application/octet-stream",
        report.text.into_bytes(),
    ))
}

fn summary_report(call: &mut Call<'_>, id: &ModelId, target: &str, source: &str) -> Reply {
    reportable(call, id)?;
    let report = call
        .world
        .read_report(ReportKind::Summary, id, target, source)
        .ok_or(Failure::NotFound)?;
    let mut totals = Map::new();
    let mut kinds = Map::new();
    for difference in &report.differences {
        count(&mut totals, difference);
        let kind = kinds
            .entry(difference.kind.summary_key())
            .or_insert_with(|| json!({}));
        if let Value::Object(kind) = kind {
            count(kind, difference);
        }
    }
    Ok(Envelope::of("summaryReport")
        .with(
            "summaryReport",
            json!({
                "targetRevisionId": report.target,
                "sourceRevisionId": report.source,
                "totals": totals,
                "differences": kinds,
            }),
        )
        .into())
}

fn count(counters: &mut Map<String, Value>, difference: &Difference) {
    let key = match difference.change {
        Change::Created => "created",
        Change::Modified => "modified",
        Change::Deleted => "deleted",
    };
    let counted = counters.get(key).and_then(Value::as_u64).unwrap_or(0);
    counters.insert(key.into(), (counted + 1).into());
}

/// As it was applied: to the model that is asked, or to the one that it comes from.
fn describe(revision: &Revision, applied: &Applied) -> Value {
    let mut value = json!({
        "id": revision.id,
        "name": revision.name,
        "createdOn": seconds(revision.created_on),
        "createdBy": revision.created_by.as_str(),
        "creationMethod": revision.creation_method,
        "appliedOn": seconds(applied.on),
        "appliedBy": applied.by.as_str(),
    });
    if let Some(description) = &revision.description {
        value["description"] = description.as_str().into();
    }
    value
}

/// RFC 3339 without a fraction.
fn seconds(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
