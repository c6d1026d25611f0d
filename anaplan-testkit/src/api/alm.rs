//! Application lifecycle management.

mod online_status;
mod reports;
mod revisions;
mod tasks;

use anaplan_core::ModelId;
use http::{Method, StatusCode};

use crate::api::envelope::Failure;
use crate::api::{Call, Reply};
use crate::world::{Model, Parent, ReportKind};
use reports::{comparison_report, report_task, start_report, summary_report};
use revisions::{
    applied_to_models, create_revision, latest_revision, revisions, syncable_revisions,
};
use tasks::{one_task, start_sync, sync_tasks};

pub(crate) use online_status::online_status;

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

/// RFC 3339 without a fraction.
fn seconds(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
