//! Application lifecycle management.

mod online_status;
mod reports;
mod revisions;
mod tasks;

use anaplan_core::ModelId;
use http::StatusCode;

use crate::api::Call;
use crate::api::envelope::Failure;
use crate::api::router::{Route, get, post, put};
use crate::world::{Model, Parent, ReportKind};
use online_status::online_status;
use reports::{comparison_report, report_task, start_report, summary_report};
use revisions::{
    applied_to_models, create_revision, latest_revision, revisions, syncable_revisions,
};
use tasks::{one_task, start_sync, sync_tasks};

pub(crate) const ROUTES: &[Route] = &[
    put("/onlineStatus", |call, at| online_status(call, &at.model())),
    post("/onlineStatus", |call, at| online_status(call, &at.model())),
    get("/alm/syncableRevisions", |call, at| {
        syncable_revisions(call, &at.model())
    }),
    get("/alm/latestRevision", |call, at| {
        latest_revision(call, &at.model())
    }),
    get("/alm/revisions", |call, at| revisions(call, &at.model())),
    post("/alm/revisions", |call, at| {
        create_revision(call, &at.model())
    }),
    get("/alm/revisions/{revision}/appliedToModels", |call, at| {
        applied_to_models(call, &at.model(), at.get("revision"))
    }),
    get("/alm/syncTasks", |call, at| sync_tasks(call, &at.model())),
    post("/alm/syncTasks", |call, at| start_sync(call, &at.model())),
    get("/alm/syncTasks/{task}", |call, at| {
        administered(call, &at.model())?;
        one_task(call, &Parent::Sync(at.model()), at.get("task"))
    }),
    post("/alm/comparisonReportTasks", |call, at| {
        start_report(call, ReportKind::Comparison, &at.model())
    }),
    get("/alm/comparisonReportTasks/{task}", |call, at| {
        report_task(call, ReportKind::Comparison, &at.model(), at.get("task"))
    }),
    get("/alm/comparisonReports/{target}/{source}", |call, at| {
        comparison_report(call, &at.model(), at.get("target"), at.get("source"))
    }),
    post("/alm/summaryReportTasks", |call, at| {
        start_report(call, ReportKind::Summary, &at.model())
    }),
    get("/alm/summaryReportTasks/{task}", |call, at| {
        report_task(call, ReportKind::Summary, &at.model(), at.get("task"))
    }),
    get("/alm/summaryReports/{target}/{source}", |call, at| {
        summary_report(call, &at.model(), at.get("target"), at.get("source"))
    }),
];

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
