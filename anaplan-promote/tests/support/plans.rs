//! Releases and plans.

use anaplan_alm::{Alm, Revision};
use anaplan_bulk::Tenant;
use anaplan_core::{ModelId, Namespace as _};
use anaplan_promote::{Plan, Release, RevisionRef, Route, Wave};
use serde_json::{Value, json};

use super::Stage;

/// Returns a release with these waves of models, named "wave 1" and so on.
pub fn release(waves: &[&[ModelId]]) -> Release {
    let mut release = Release::new("2026-11", "Sales Planning DEV");
    for (index, models) in waves.iter().enumerate() {
        let name = format!("wave {}", index + 1);
        release = release.wave(Wave::new(name, models.iter()));
    }
    release
}

/// Returns the plan of a release whose targets are given by id.
pub async fn plan(stage: &Stage, release: &Release) -> Plan {
    let tenant: Tenant = stage.fake.namespace().unwrap();
    let dev: Alm = stage.fake.namespace().unwrap();
    let goal = dev.get_latest_revision().await.unwrap().unwrap();
    let mut waves = Vec::new();
    for wave in &release.waves {
        let mut targets = Vec::new();
        for model in &wave.targets {
            targets.push(target(&tenant, &dev, model.as_str(), &goal, release.route).await);
        }
        waves.push(json!({
            "name": wave.name,
            "source": stage.demo.dev,
            "gate": wave.gate,
            "soak": wave.soak,
            "targets": targets,
        }));
    }
    let plan = json!({
        "schema": "anaplan.plan/1",
        "id": format!("sha256:{:064x}", 7),
        "made": { "at": stage.now(), "by": null, "api": "http://localhost", "tool": "test" },
        "release": release,
        "source": snapshot(&tenant, &dev).await,
        "revision": RevisionRef::from(&goal),
        "waves": waves,
        "comparisons": [],
        "policy": allowed(),
        "notes": [],
    });
    serde_json::from_value(plan).unwrap()
}

fn allowed() -> Value {
    json!({ "decision": "allowed", "findings": [] })
}

async fn snapshot(tenant: &Tenant, alm: &Alm) -> Value {
    let model = tenant.get_model(alm.model()).await.unwrap();
    let latest = alm.get_latest_revision().await.unwrap();
    json!({
        "id": model.id,
        "name": model.name,
        "workspace": model.workspace,
        "workspaceName": model.workspace_name,
        "state": model.active_state,
        "latest": latest.as_ref().map(RevisionRef::from),
    })
}

async fn target(tenant: &Tenant, dev: &Alm, model: &str, goal: &Revision, route: Route) -> Value {
    let alm = dev.with_model(model);
    let base = alm.get_latest_revision().await.unwrap().unwrap();
    let mut newer = alm.get_syncable_revisions(dev.model()).await.unwrap();
    newer.reverse();
    let every = steps(dev, &base, &newer);
    let direct = steps(dev, &base, std::slice::from_ref(goal));
    let action = match route {
        _ if base.id == goal.id => json!({ "type": "upToDate" }),
        Route::EveryRevision => json!({ "type": "sync", "steps": every }),
        Route::DirectThenEvery => json!({ "type": "sync", "steps": direct, "fallback": every }),
        _ => json!({ "type": "sync", "steps": direct }),
    };
    json!({ "model": snapshot(tenant, &alm).await, "action": action, "policy": allowed() })
}

fn steps(dev: &Alm, base: &Revision, to: &[Revision]) -> Vec<Value> {
    let mut from = base.id.clone();
    let mut steps = Vec::new();
    for revision in to {
        steps.push(json!({
            "pair": {
                "sourceRevisionId": revision.id,
                "sourceModelId": dev.model(),
                "targetRevisionId": from,
            },
            "to": RevisionRef::from(revision),
            "comparison": null,
        }));
        from = revision.id.clone();
    }
    steps
}
