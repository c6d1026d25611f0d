//! The tasks of syncs and reports.

use anaplan_core::{ModelId, TaskId};
use http::StatusCode;
use serde_json::{Value, json};

use super::administered;
use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply, query};
use crate::http::Response;
use crate::world::{ModelState, Outcome, Parent, ReportKind, TaskRecord, TaskState};

const PAIR: [&str; 3] = ["sourceRevisionId", "sourceModelId", "targetRevisionId"];

pub(super) fn sync_tasks(call: &Call<'_>, id: &ModelId) -> Reply {
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

pub(super) fn start_sync(call: &mut Call<'_>, id: &ModelId) -> Reply {
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

/// The three fields of a creation body, all with the same message when missing.
pub(super) fn pair(call: &Call<'_>) -> Result<[String; 3], Failure> {
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

pub(super) fn started(call: &Call<'_>, parent: &Parent, id: &TaskId) -> Reply {
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

pub(super) fn one_task(call: &mut Call<'_>, parent: &Parent, id: &str) -> Reply {
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
