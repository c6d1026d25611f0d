//! Application of plans that are stale, denied, not approved, or early.

#![allow(clippy::unwrap_used)]

mod planning;

use anaplan_core::{Namespace, Scope, Settings};
use anaplan_promote::{
    ApplyOptions, Approval, ConflictKind, Decision, Gate, Journal, Plan, Policy, Rejection,
    Release, Report, RunStatus,
};
use anaplan_testkit::Fault;
use planning::{PRODUCTIONS, Stage, TEST};

fn options() -> ApplyOptions {
    ApplyOptions::default().journal(Journal::in_memory())
}

async fn rejection(stage: &Stage, plan: &Plan, options: ApplyOptions) -> Rejection {
    stage.fake.forget_requests();
    let start = stage.promoter.apply(plan, options).await.unwrap();
    assert_eq!(
        stage.posts(),
        [] as [String; 0],
        "a rejection changes nothing"
    );
    start.rejected().expect("the plan should be rejected")
}

async fn run(stage: &Stage, plan: &Plan, options: ApplyOptions) -> Report {
    let run = stage
        .promoter
        .apply(plan, options)
        .await
        .unwrap()
        .started()
        .unwrap();
    run.finish().await.unwrap()
}

fn reviewed(stage: &Stage, more: &str) -> Release {
    stage.release_with(&format!(
        "[[rule]]\nid = 'small'\nrule = 'at-most'\nchanges = 0\nseverity = 'review'\n{more}"
    ))
}

#[tokio::test(start_paused = true)]
async fn p03_stale_plan_is_rejected_before_any_target_changes() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let session = stage
        .fake
        .session_of(&stage.demo.second.id, Settings::default())
        .unwrap();
    let scope = Scope::new(None, Some(stage.productions[2].clone()));
    let alm = anaplan_alm::Alm::bind(session, &scope).unwrap();
    let other = alm.plan_promotion().await.unwrap().ready().unwrap();
    let channels = other.candidates.last().unwrap().id.clone();
    other.up_to(channels).unwrap().apply().await.unwrap();

    let Rejection::StalePlan(validation) = rejection(&stage, &plan, options()).await else {
        panic!("expected a stale plan")
    };
    assert_eq!(validation.conflicts.len(), 1);
    let text = validation.conflicts[0].to_string();
    assert!(
        text.contains("Channels") && text.contains("Baseline"),
        "{text}"
    );
    assert!(text.contains(stage.demo.second.id.as_str()), "{text}");
}

#[tokio::test(start_paused = true)]
async fn p04_plan_is_applied_although_dev_has_a_newer_revision() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let newer = stage
        .fake
        .world(|world| world.add_revision(&stage.demo.dev, "Too late"));
    let report = run(&stage, &plan, options()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    stage.fake.world(|world| {
        for model in &stage.productions {
            let latest = &world.model(model).unwrap().latest().unwrap().revision;
            assert_eq!(latest, plan.revision.id.as_str());
            assert_ne!(*latest, newer);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn p05_plan_with_another_id_or_content_never_runs() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let other = rejection(&stage, &plan, options().expect("sha256:00")).await;
    assert!(matches!(other, Rejection::PlanIdMismatch { .. }), "{other}");
    let mut changed = plan.clone();
    changed.waves.pop();
    stage.fake.forget_requests();
    let start = stage.promoter.apply(&changed, options()).await;
    assert!(start.map_or(true, |start| start.started().is_err()));
    assert_eq!(stage.posts(), [] as [String; 0]);
}

#[tokio::test(start_paused = true)]
async fn review_findings_need_an_approval_of_this_plan() {
    let stage = Stage::new();
    let plan = stage.plan(&reviewed(&stage, "")).await;
    assert_eq!(plan.policy.decision, Decision::NeedsApproval);
    for approval in [
        Approval::of_rule("sha256:00", "small", "grace"),
        Approval::of_rule(plan.id.clone(), "other", "grace"),
        Approval::of_gate(plan.id.clone(), "small", "grace"),
    ] {
        let rejected = rejection(&stage, &plan, options().approval(approval)).await;
        assert!(
            matches!(rejected, Rejection::ApprovalRequired(_)),
            "{rejected}"
        );
    }
    let approval = Approval::of_rule(plan.id.clone(), "small", "grace");
    let report = run(&stage, &plan, options().approval(approval)).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn user_who_made_the_plan_cannot_approve_it() {
    let stage = Stage::new();
    let rule = "[[rule]]\nid = 'four-eyes'\nrule = 'other-approver'\nseverity = 'deny'\n";
    let plan = stage.plan(&reviewed(&stage, rule)).await;
    let own = Approval::of_rule(plan.id.clone(), "small", stage.demo.admin.id.as_str());
    let rejected = rejection(&stage, &plan, options().approval(own)).await;
    assert!(matches!(rejected, Rejection::PolicyDenied(_)), "{rejected}");
    let other = Approval::of_rule(plan.id.clone(), "small", "grace");
    let report = run(&stage, &plan, options().approval(other)).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn stricter_of_two_policies_decides_and_a_waiver_of_this_plan_covers_both() {
    let stage = Stage::new();
    let strict = "[[rule]]\nid = 'small'\nrule = 'at-most'\nchanges = 0\nseverity = 'deny'\n";
    let plan = stage.plan(&stage.release()).await;
    let mut with_policy = options();
    with_policy.policy = Some(Policy::from_toml(strict).unwrap());
    let rejected = rejection(&stage, &plan, with_policy).await;
    assert!(matches!(rejected, Rejection::PolicyDenied(_)), "{rejected}");

    // An empty policy at apply does not weaken the plan.
    let plan = stage.plan(&stage.release_with(strict)).await;
    let mut without = options();
    without.policy = Some(Policy::default());
    assert!(matches!(
        rejection(&stage, &plan, without).await,
        Rejection::PolicyDenied(_)
    ));
    let waiver = |plan: &str| {
        let waiver = format!(
            "[[waiver]]\nrule = 'small'\nsubjects = ['changes: *']\n{plan}reason = 'first load'\nby = 'grace'\nexpires = 2099-12-31\n"
        );
        let mut options = options();
        options.policy = Some(Policy::from_toml(&waiver).unwrap());
        options
    };
    let general = rejection(&stage, &plan, waiver("")).await;
    assert!(matches!(general, Rejection::PolicyDenied(_)), "{general}");
    let bound = waiver(&format!("plan = '{}'\n", plan.id));
    let report = run(&stage, &plan, bound).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn p14_second_wave_waits_until_the_test_model_has_had_the_revision_long_enough() {
    let stage = Stage::new();
    let rule = format!(
        "[[rule]]\nid = 'tested'\nrule = 'applied-to'\nmodels = ['{TEST}']\nfor-at-least = '24h'\nseverity = 'deny'\ntargets = ['Sales ??']\n"
    );
    let plan = stage.plan(&stage.release_with(&rule)).await;
    assert_eq!(plan.policy.decision, Decision::Allowed);
    let journal = Journal::in_memory();
    let report = run(
        &stage,
        &plan,
        ApplyOptions::default().journal(journal.clone()),
    )
    .await;
    assert_eq!(report.status, RunStatus::Paused, "{report:#?}");
    let of = |report: &Report, name: &str| {
        let found = report
            .targets
            .iter()
            .find(|target| target.name.ends_with(name));
        found.unwrap().outcome.is_success()
    };
    assert!(of(&report, TEST) && !of(&report, PRODUCTIONS[0]));
    stage
        .fake
        .advance(std::time::Duration::from_secs(24 * 3600));
    let resumed = stage
        .promoter
        .resume(journal, ApplyOptions::default())
        .await
        .unwrap();
    let report = resumed.started().unwrap().finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn resume_is_refused_by_the_policy_of_the_start_and_by_that_of_the_plan() {
    let at_start = "[[rule]]\nid = 'fresh'\nrule = 'plan-age'\nat-most = '2h'\nseverity = 'deny'\n";
    let four_eyes = "[[rule]]\nid = 'four-eyes'\nrule = 'other-approver'\nseverity = 'deny'\n";
    let stage = Stage::new();
    let mut release = stage.release_with(four_eyes);
    release.waves[1].gate = Gate::Manual;
    let plan = stage.plan(&release).await;
    let journal = Journal::in_memory();
    let mut options = ApplyOptions::default().journal(journal.clone());
    options.policy = Some(Policy::from_toml(at_start).unwrap());
    let report = run(&stage, &plan, options).await;
    assert_eq!(report.status, RunStatus::Paused, "{report:#?}");

    let gate = &release.waves[1].name;
    let resume = async |by: &str| {
        let approval = Approval::of_gate(plan.id.clone(), gate.clone(), by);
        let options = ApplyOptions::default().approval(approval);
        let resumed = stage.promoter.resume(journal.clone(), options);
        resumed.await.unwrap()
    };
    let lines = journal.lines().len();
    let own = resume(stage.demo.admin.id.as_str()).await;
    let own = own.rejected().unwrap();
    assert!(matches!(own, Rejection::PolicyDenied(_)), "{own}");
    stage.fake.advance(std::time::Duration::from_secs(3 * 3600));
    let late = resume("grace").await.rejected().unwrap();
    assert!(late.to_string().contains("fresh"), "{late}");
    assert_eq!(journal.lines().len(), lines, "a rejection writes nothing");
}

#[tokio::test(start_paused = true)]
async fn source_that_cannot_be_read_is_a_conflict_of_a_run_of_one_target() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
    let route = format!("GET /2/0/models/{}/alm/latestRevision", stage.demo.dev);
    stage.fake.inject(Fault::reply(403, forbidden).on(&*route));
    let mut options = options();
    options.only = Some(vec![stage.productions[0].clone()]);
    let Rejection::StalePlan(validation) = rejection(&stage, &plan, options).await else {
        panic!("expected a stale plan")
    };
    let kind = &validation.conflicts[0].kind;
    assert!(
        matches!(kind, ConflictKind::SourceUnavailable { .. }),
        "{validation:#?}"
    );
}
