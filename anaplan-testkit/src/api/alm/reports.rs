//! Comparison and summary reports.

use anaplan_core::ModelId;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::reportable;
use super::tasks::{one_task, pair, started};
use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply};
use crate::http::Response;
use crate::world::{Change, Difference, Parent, ReportKind};

pub(super) fn start_report(call: &mut Call<'_>, kind: ReportKind, id: &ModelId) -> Reply {
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

pub(super) fn report_task(
    call: &mut Call<'_>,
    kind: ReportKind,
    id: &ModelId,
    task: &str,
) -> Reply {
    reportable(call, id)?;
    one_task(call, &Parent::Report(kind, id.clone()), task)
}

/// First the type, then the role, then the report: in the order that was observed.
pub(super) fn comparison_report(
    call: &mut Call<'_>,
    id: &ModelId,
    target: &str,
    source: &str,
) -> Reply {
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

pub(super) fn summary_report(
    call: &mut Call<'_>,
    id: &ModelId,
    target: &str,
    source: &str,
) -> Reply {
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
