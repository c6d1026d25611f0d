//! Application lifecycle management.

use serde_json::Value;

use super::operation::{Operation, bytes, created, envelope, get, need, nothing, op};
use super::operation::{Success, page_or_none};
use super::shape::{Field, STATES, Shape, key, optional};
use anaplan_testkit::Request;

const REVISION: Shape = Shape::Object(&[
    key("id", Shape::Upper),
    key("name", Shape::Filled),
    optional("description", Shape::Text),
    key("createdOn", Shape::Stamp),
    key("createdBy", Shape::Filled),
    key("creationMethod", Shape::Filled),
    optional("appliedOn", Shape::Stamp),
    optional("appliedBy", Shape::Filled),
    optional(
        "revisionType",
        Shape::OneOf(&["FULL", "PARTIAL", "UNKNOWN"]),
    ),
]);

const APPLIED: Shape = Shape::Object(&[
    key("modelId", Shape::Upper),
    optional("modelName", Shape::Filled),
    optional("workspaceId", Shape::Lower),
    key("appliedBy", Shape::Filled),
    key("appliedOn", Shape::Stamp),
    key("appliedMethod", Shape::Filled),
    optional("modelDeleted", Shape::Flag),
]);

const STARTED: Field = key(
    "task",
    Shape::Object(&[
        key("taskId", Shape::Upper),
        key("taskUrl", Shape::Address),
        key("taskState", STATES),
        key("creationTime", Shape::Millis),
    ]),
);

const LISTED: Shape = Shape::Object(&[
    key("taskId", Shape::Upper),
    key("taskState", STATES),
    key("creationTime", Shape::Millis),
]);

const TASK: Field = key(
    "task",
    Shape::Object(&[
        key("taskId", Shape::Upper),
        key("currentStep", Shape::Filled),
        key("taskState", STATES),
        key("creationTime", Shape::Millis),
        optional(
            "result",
            Shape::Object(&[
                key("successful", Shape::Flag),
                key("sourceRevisionId", Shape::Upper),
                key("targetRevisionId", Shape::Upper),
                optional("reportFileUrl", Shape::Address),
                optional(
                    "error",
                    Shape::Object(&[
                        key("title", Shape::Filled),
                        key("messageText", Shape::Filled),
                        optional("subtitle", Shape::Filled),
                    ]),
                ),
            ]),
        ),
    ]),
);

const COUNTERS: Shape = Shape::Object(&[
    optional("modified", Shape::Positive),
    optional("deleted", Shape::Positive),
    optional("created", Shape::Positive),
]);

const SUMMARY: Field = key(
    "summaryReport",
    Shape::Object(&[
        key("targetRevisionId", Shape::Upper),
        key("sourceRevisionId", Shape::Upper),
        key("totals", COUNTERS),
        key("differences", Shape::Map(&COUNTERS)),
    ]),
);

const START: &[Success] = &[created(&[STARTED]).header("location")];

/// The address of a new task is that of the request with its id behind it.
fn address_of_task(request: &Request, body: &Value) -> Result<(), String> {
    let task = &body["task"];
    let expected = format!(
        "https://api.anaplan.com{}/{}",
        request.path().trim_end_matches('/'),
        task["taskId"].as_str().unwrap_or_default()
    );
    need(
        task["taskUrl"].as_str() == Some(&expected),
        "`task.taskUrl` is not where the task is",
    )
}

/// There is exactly one latest revision, or none.
fn one_at_most(_: &Request, body: &Value) -> Result<(), String> {
    let some = body["revisions"]
        .as_array()
        .is_none_or(|all| all.len() == 1);
    need(some, "`revisions` has more than the latest")
}

/// Names and descriptions are as long as they may be.
fn lengths(_: &Request, body: &Value) -> Result<(), String> {
    let listed = body["revisions"].as_array().into_iter().flatten();
    for revision in listed.chain(body.get("revision")) {
        let length = |key: &str| {
            revision[key]
                .as_str()
                .map_or(0, |text| text.chars().count())
        };
        need(
            length("name") <= 60 && length("description") <= 250,
            "a name or description is too long",
        )?;
    }
    Ok(())
}

/// Of a deleted model neither name nor workspace is told.
fn deleted_models(_: &Request, body: &Value) -> Result<(), String> {
    let all = body["appliedToModels"].as_array().into_iter().flatten();
    for model in all {
        let has = |key: &str| model.get(key).is_some();
        let fits = match model.get("modelDeleted") {
            None => has("workspaceId"),
            Some(deleted) => *deleted == true && !has("workspaceId") && !has("modelName"),
        };
        need(
            fits,
            &format!("{model} is neither of a model nor of a deleted one"),
        )?;
    }
    Ok(())
}

/// The result comes at the end, and says what happened.
fn result_at_the_end(request: &Request, body: &Value) -> Result<(), String> {
    let task = &body["task"];
    let over = task["taskState"] == "COMPLETE" || task["taskState"] == "CANCELLED";
    let Some(result) = task.get("result") else {
        return need(!over, "`task.result` is missing at the end");
    };
    need(over, "`task.result` is there before the end")?;
    let successful = result["successful"] == true;
    let step = if successful { "Complete." } else { "Failed." };
    need(
        task["currentStep"] == step,
        "`task.currentStep` and the result disagree",
    )?;
    need(
        result.get("error").is_some() != successful,
        "`task.result.error` and `successful` disagree",
    )?;
    let is_report = request.path().contains("ReportTasks");
    need(
        result.get("reportFileUrl").is_some() == (is_report && successful),
        "`task.result.reportFileUrl` is there, or not there, by mistake",
    )
}

/// The totals are the sums of the kinds.
fn totals(_: &Request, body: &Value) -> Result<(), String> {
    let report = &body["summaryReport"];
    for counter in ["modified", "deleted", "created"] {
        let kinds = report["differences"]
            .as_object()
            .into_iter()
            .flat_map(|map| map.values());
        let sum: u64 = kinds.filter_map(|kind| kind[counter].as_u64()).sum();
        need(
            report["totals"][counter].as_u64().unwrap_or(0) == sum,
            &format!("`totals.{counter}` is not the sum of the differences"),
        )?;
    }
    Ok(())
}

pub(super) const OPERATIONS: &[Operation] = &[
    op("PUT", "onlineStatus")
        .gives(&[nothing(204)])
        .refuses(&[400, 403, 415]),
    op("POST", "onlineStatus")
        .gives(&[nothing(204)])
        .refuses(&[400, 403, 415]),
    get(
        "alm/syncableRevisions",
        &[envelope(&[key("revisions", Shape::List(&REVISION))])],
    )
    .refuses(&[400, 403])
    .rules(&[lengths]),
    get(
        "alm/latestRevision",
        &[envelope(&[optional("revisions", Shape::Rows(&REVISION))])],
    )
    .refuses(&[400, 403])
    .rules(&[lengths, one_at_most]),
    get("alm/revisions", &[page_or_none("revisions", REVISION)])
        .refuses(&[400, 403])
        .rules(&[lengths]),
    op("POST", "alm/revisions")
        .gives(&[created(&[key("revision", REVISION)])])
        .refuses(&[400, 403, 415, 423])
        .rules(&[lengths]),
    get(
        "alm/revisions/*/appliedToModels",
        &[envelope(&[key("appliedToModels", Shape::Rows(&APPLIED))])],
    )
    .refuses(&[400, 403])
    .rules(&[deleted_models]),
    op("POST", "alm/syncTasks")
        .gives(START)
        .refuses(&[400, 403, 415, 423])
        .rules(&[address_of_task]),
    get(
        "alm/syncTasks",
        &[envelope(&[optional("tasks", Shape::Rows(&LISTED))])],
    )
    .refuses(&[400, 403]),
    get("alm/syncTasks/*", &[envelope(&[TASK])])
        .refuses(&[400, 403])
        .rules(&[result_at_the_end]),
    op("POST", "alm/comparisonReportTasks")
        .gives(START)
        .refuses(&[400, 415])
        .rules(&[address_of_task])
        .silent_424(),
    get("alm/comparisonReportTasks/*", &[envelope(&[TASK])])
        .refuses(&[400])
        .rules(&[result_at_the_end])
        .silent_424(),
    get(
        "alm/comparisonReports/*/*",
        &[bytes("application/octet-stream")],
    )
    .refuses(&[400, 406])
    .silent_424(),
    op("POST", "alm/summaryReportTasks")
        .gives(START)
        .refuses(&[400, 415])
        .rules(&[address_of_task])
        .silent_424(),
    get("alm/summaryReportTasks/*", &[envelope(&[TASK])])
        .refuses(&[400])
        .rules(&[result_at_the_end])
        .silent_424(),
    get("alm/summaryReports/*/*", &[envelope(&[SUMMARY])])
        .refuses(&[400])
        .rules(&[totals])
        .silent_424(),
];
