//! Runs of imports, exports, actions and processes.

use anaplan_core::{ModelId, TaskId, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api::bulk::number;
use crate::api::envelope::{Envelope, Failure, json_response};
use crate::api::{Call, Reply, query};
use crate::http::{Body, Response};
use crate::world::{
    ConnectorParameter, Detail, MappingParameter, Model, Outcome, Parent, RunKind, RunParameters,
    RunResult, TaskRecord, TaskState,
};

/// Neither an unknown object nor a missing role is told: the list is empty then.
pub(super) fn list(call: &Call<'_>, parent: &Parent) -> Reply {
    let id = parent.model();
    let model = call.world.model(id).ok_or(Failure::NotFound)?;
    let mut tasks = if call.world.can_open(&call.user, model) {
        call.online(id)?;
        call.world.tasks.under(parent)
    } else {
        Vec::new()
    };
    tasks.reverse();
    let now = call.world.now;
    let mut values: Vec<Value> = tasks
        .iter()
        .map(|task| {
            json!({
                "taskId": task.id.as_str(),
                "taskState": task.state.as_str(),
                "creationTime": task.created.as_millisecond(),
                "creationDate": task.created.as_millisecond(),
                "progress": task.progress(now),
            })
        })
        .collect();
    let fields = [
        "creationDate",
        "creationTime",
        "taskId",
        "taskState",
        "progress",
    ];
    query::sort_leniently(call.request, &mut values, &fields);
    for value in values.iter_mut().filter_map(Value::as_object_mut) {
        value.remove("creationDate");
        value.remove("progress");
    }
    let (values, paging) = query::page(call, values);
    Ok(Envelope::of("task")
        .paged(paging)
        .with_some("tasks", values)
        .into())
}

fn exists(model: &Model, kind: RunKind, object: u64) -> bool {
    let structure = &model.structure;
    match kind {
        RunKind::Import => structure.import(object).is_some(),
        RunKind::Export => structure.export(object).is_some(),
        RunKind::Action => structure.action(object).is_some(),
        RunKind::Process => structure.process(object).is_some(),
    }
}

pub(super) fn start(call: &mut Call<'_>, kind: RunKind, id: &ModelId, object: &str) -> Reply {
    let model = match kind {
        RunKind::Export => call.online(id)?,
        RunKind::Import | RunKind::Action | RunKind::Process => call.changeable(id)?,
    };
    let object = number(object)
        .filter(|object| exists(model, kind, *object))
        .ok_or(Failure::NotFound)?;
    let parameters = parameters(call)?;
    let user = call.user.clone();
    let task = call.world.start_run(kind, id, object, &user, parameters);
    if call.world.rules.bare_task_ids {
        let bare = json!({ "taskId": task.as_str() });
        return Ok(json_response(StatusCode::OK, &bare));
    }
    let parent = Parent::Run(kind, id.clone(), object);
    let created = call
        .world
        .tasks
        .get(&parent, &task)
        .map(|task| task.created);
    let created = created.unwrap_or(call.world.now).as_millisecond();
    Ok(Envelope::of("task")
        .with(
            "task",
            json!({
                "taskId": task.as_str(),
                "taskState": TaskState::NotStarted.as_str(),
                "creationTime": created,
            }),
        )
        .into())
}

/// Only the first is documented; a help page uses the second.
const LOCALES: [&str; 2] = ["en_US", "en_GB"];

fn parameters(call: &Call<'_>) -> Result<RunParameters, Failure> {
    let known = ["localeName", "mappingParameters", "connectorParameters"];
    let body = query::object(call.request, &known)?;
    match body.get("localeName") {
        Some(Value::String(locale)) if LOCALES.contains(&locale.as_str()) => {}
        Some(Value::String(locale)) if !locale.is_empty() => {
            return Err(Failure::bad(format!("Unsupported locale '{locale}'.")));
        }
        None | Some(Value::Null | Value::String(_)) => {
            return Err(Failure::bad(
                "Expected mandatory field 'localeName' to be present and not empty.",
            ));
        }
        Some(_) => {
            return Err(Failure::bad(
                "Found a value with an unexpected string format when String was expected.",
            ));
        }
    }
    let mut parameters = RunParameters::default();
    for one in objects(
        &body,
        "mappingParameters",
        &["importId", "entityType", "entityName"],
    )? {
        let import = match one.get("importId") {
            None => None,
            Some(id) => Some(id.as_str().and_then(number).ok_or_else(incompatible)?),
        };
        parameters.mapping.push(MappingParameter {
            import,
            entity_type: text(one, "entityType")?,
            entity_name: text(one, "entityName")?,
        });
    }
    let keys = ["sourceIdOrType", "parameterId", "value"];
    for one in objects(&body, "connectorParameters", &keys)? {
        text(one, "value")?;
        parameters.connectors.push(ConnectorParameter {
            source: text(one, "sourceIdOrType")?,
            parameter: text(one, "parameterId")?,
        });
    }
    Ok(parameters)
}

fn incompatible() -> Failure {
    Failure::bad("Check if the values are compatible with JSON.")
}

/// The objects of a list that may be missing; each may have these keys and no others.
fn objects<'b>(
    body: &'b Map<String, Value>,
    key: &str,
    known: &[&str],
) -> Result<Vec<&'b Map<String, Value>>, Failure> {
    let values = match body.get(key) {
        None => return Ok(Vec::new()),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(incompatible()),
    };
    let mut objects = Vec::new();
    for value in values {
        let object = value.as_object().ok_or_else(incompatible)?;
        let strange = object.keys().find(|key| !known.contains(&key.as_str()));
        if let Some(strange) = strange {
            return Err(query::unrecognized(strange));
        }
        objects.push(object);
    }
    Ok(objects)
}

fn text(object: &Map<String, Value>, key: &str) -> Result<String, Failure> {
    let text = object.get(key).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(Failure::bad(format!(
            "Expected mandatory field '{key}' to be present and not empty."
        )));
    }
    Ok(text.to_owned())
}

pub(super) fn detail(call: &mut Call<'_>, parent: &Parent, task: &str) -> Reply {
    call.online(parent.model())?;
    let more = call.request.flag("includeProcessDetails");
    let now = call.world.now;
    let task = call.world.look_at(parent, &TaskId::from(task));
    let value = describe(task.ok_or(Failure::NotFound)?, now, more);
    Ok(Envelope::of("task").with("task", value).into())
}

pub(super) fn cancel(call: &mut Call<'_>, parent: &Parent, task: &str) -> Reply {
    call.online(parent.model())?;
    let (now, user) = (call.world.now, call.user.clone());
    let task = call.world.cancel(parent, &TaskId::from(task), &user);
    let value = describe(task.ok_or(Failure::NotFound)?, now, false);
    Ok(Envelope::of("task").with("task", value).into())
}

fn describe(task: &TaskRecord, now: Timestamp, more: bool) -> Value {
    let mut value = json!({
        "type": "taskInformation",
        "taskId": task.id.as_str(),
        "currentStep": task.step,
        "progress": task.progress(now),
        "taskState": task.state.as_str(),
        "creationTime": task.created.as_millisecond(),
    });
    if let Some(by) = &task.cancelled_by {
        value["cancelledBy"] = by.as_str().into();
    }
    if let Some(Outcome::Run(result)) = &task.outcome {
        value["result"] = describe_result(result, more);
    }
    value
}

fn describe_result(result: &RunResult, more: bool) -> Value {
    let mut value = json!({
        "successful": result.successful,
        "failureDumpAvailable": result.dump,
        "objectId": result.object.to_string(),
    });
    if !result.name.is_empty() {
        value["objectName"] = result.name.as_str().into();
    }
    if !result.details.is_empty() {
        let details = result.details.iter().map(describe_detail);
        value["details"] = details.collect::<Vec<_>>().into();
    }
    if !result.nested.is_empty() {
        let nested = result.nested.iter().map(|nested| {
            let mut value = describe_result(nested, more);
            if more {
                value["duration"] = Value::from(nested.took.as_millis() as u64);
                value["startTime"] = nested.started.as_millisecond().into();
            }
            value
        });
        value["nestedResults"] = nested.collect::<Vec<_>>().into();
    }
    value
}

fn describe_detail(detail: &Detail) -> Value {
    let mut value = json!({
        "type": detail.kind,
        "localMessageText": detail.text,
        "occurrences": detail.occurrences,
    });
    if !detail.values.is_empty() {
        value["values"] = detail
            .values
            .iter()
            .map(|value| value.as_deref().map_or(Value::Null, Value::from))
            .collect::<Vec<_>>()
            .into();
    }
    value
}

/// Text that is no JSON.
pub(crate) fn plain(body: Body) -> Response {
    Response::new(StatusCode::OK, "text/plain", body)
}
