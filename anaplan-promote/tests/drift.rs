//! Revisions of models compared with each other.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use anaplan_alm::RevisionId;
use anaplan_core::ModelId;
use anaplan_promote::{ApplyOptions, DriftReport, DriftScope, ModelDrift, RevisionLag};
use anaplan_testkit::world::ModelState;
use support::Stage;

async fn drift(stage: &Stage, scope: DriftScope) -> DriftReport {
    stage.promoter().drift(scope).await.unwrap()
}

fn lineage(stage: &Stage) -> DriftScope {
    DriftScope::Lineage {
        of: (&stage.demo.dev).into(),
    }
}

fn of<'r>(report: &'r DriftReport, model: &ModelId) -> &'r ModelDrift {
    let mut models = report.families.iter().flat_map(|family| &family.models);
    models.find(|drift| drift.model.id == *model).unwrap()
}

#[tokio::test(start_paused = true)]
async fn p20_lags_agree_by_lineage_and_by_models_without_requests_to_targets() {
    let stage = Stage::new(4);
    let (first, second) = (&stage.models[0], &stage.models[1]);
    let plan = stage
        .plan(&support::plans::release(&[&stage.models[..1]]))
        .await;
    stage.apply(&plan, ApplyOptions::default()).await;
    stage.fake.forget_requests();

    let by_lineage = drift(&stage, lineage(&stage)).await;
    for entry in stage.fake.requests().entries() {
        let dev = format!("/2/0/models/{}/", stage.demo.dev);
        assert!(entry.path.starts_with(&dev), "{}", entry.path);
    }
    let mut names = vec![(&stage.demo.dev).into()];
    names.extend(stage.models.iter().map(Into::into));
    let by_models = drift(&stage, DriftScope::Models(names)).await;
    for model in stage.models.iter().chain([&stage.demo.dev]) {
        let (left, right) = (of(&by_lineage, model), of(&by_models, model));
        assert_eq!((&left.has, &left.lag), (&right.has, &right.lag));
        assert_eq!(left.model.name, right.model.name);
    }
    assert!(of(&by_models, first).lag.is_up_to_date());
    // The direct sync skipped the second revision.
    assert_eq!(of(&by_models, first).has, [true, false, true]);
    assert!(matches!(
        of(&by_models, second).lag,
        RevisionLag::Behind {
            revisions: 1,
            since: Some(_)
        }
    ));
}

#[tokio::test(start_paused = true)]
async fn p20_branch_has_diverged_only_by_models() {
    let stage = Stage::new(2);
    let branch = &stage.models[1];
    let common = RevisionId::new(stage.latest(branch));
    stage.fake.world(|world| {
        world.set_state(branch, ModelState::Unlocked);
        world.edit(branch).list("Branch").id();
        world.add_revision(branch, "Branch 1");
    });
    let report = drift(&stage, DriftScope::Tenant).await;
    let lag = &of(&report, branch).lag;
    let RevisionLag::Diverged {
        common: found,
        own: 1,
        missing: 1,
    } = lag
    else {
        panic!("{lag:?}");
    };
    assert_eq!(*found, Some(common));
    let by_lineage = drift(&stage, lineage(&stage)).await;
    let lag = &of(&by_lineage, branch).lag;
    assert!(
        matches!(lag, RevisionLag::Behind { revisions: 1, .. }),
        "{lag:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn tenant_report_has_models_without_family_and_unreadable_ones() {
    let stage = Stage::new(1);
    let by_tenant = drift(&stage, DriftScope::Tenant).await;
    let alone = |id: &ModelId| by_tenant.without_family.iter().any(|model| model.id == *id);
    assert!(alone(&stage.demo.plain) && alone(&stage.demo.unrelated));
    assert_eq!(by_tenant.families.len(), 1);
    assert_eq!(by_tenant.families[0].reference, stage.demo.dev);

    let by_workspace = drift(&stage, DriftScope::Workspace(stage.demo.workspace.clone())).await;
    assert_eq!(by_workspace.families, by_tenant.families);
    let missing = "00000000000000000000000000000000";
    let report = drift(&stage, DriftScope::Models(vec![missing.into()])).await;
    assert_eq!(report.unreadable[0].model.as_str(), missing);
    let text = serde_json::to_string(&by_tenant).unwrap();
    assert_eq!(
        serde_json::from_str::<DriftReport>(&text).unwrap(),
        by_tenant
    );
}
