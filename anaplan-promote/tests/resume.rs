//! Continuation and recovery of runs that left something to do.

#![allow(clippy::unwrap_used)]

mod support;

use std::num::NonZeroU32;
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_core::{ErrorKind, ModelId, Namespace, Scope, Settings};
use anaplan_promote::{
    ApplyOptions, Journal, NextStep, Plan, RecoverFrom, RecoverOptions, Rejection, Release, Report,
    RestoreOnline, RunStatus, TakeOffline, TargetOutcome,
};
use anaplan_testkit::world::{ModelState, SyncFailure};
use anaplan_testkit::{Fault, Pacing};
use support::Stage;
use support::kill::Kill;
use support::plans::release;

async fn resume(stage: &Stage, journal: &Journal, options: ApplyOptions) -> Report {
    let run = stage.promoter().resume(journal.clone(), options);
    let run = run.await.unwrap().started().unwrap();
    run.finish().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn model_that_cannot_be_brought_online_is_a_failure_and_resume_restores_it() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    let plan = stage.plan_all().await;
    let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
    let fault = Fault::reply(403, forbidden).on("PUT /2/0/models/*/onlineStatus");
    stage.fake.inject(fault.after(1));
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
    let TargetOutcome::Failed { step, kind, .. } = &report.targets[0].outcome else {
        panic!("{report:#?}");
    };
    assert_eq!((step.as_str(), kind.as_str()), ("restore", "LeftOffline"));
    assert!(
        matches!(report.targets[0].next_step, NextStep::Manual { .. }),
        "{report:#?}"
    );
    assert!(!stage.is_online(model) && !journal.is_finished());

    stage.fake.clear_faults();
    let report = resume(&stage, &journal, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(report.targets[0].outcome, TargetOutcome::Succeeded);
    assert!(stage.is_online(model));
    assert_eq!(stage.started(model), 1);
}

#[tokio::test(start_paused = true)]
async fn journal_of_a_run_in_progress_is_not_used_by_another_run() {
    let stage = Stage::new(1);
    let plan = stage.plan_all().await;
    let pacing = Pacing::Time(Duration::from_secs(120));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let promoter = stage.promoter();
    let run = promoter.apply(&plan, options.clone()).await.unwrap();
    // The run continues with its sync.
    drop(run.started().unwrap());
    let resumed = promoter.resume(journal.clone(), ApplyOptions::default());
    let applied = promoter.apply(&plan, options);
    for start in [resumed.await, applied.await] {
        let rejection = start.unwrap().rejected().unwrap();
        let is_locked = matches!(rejection, Rejection::JournalLocked { .. });
        assert!(is_locked, "{rejection}");
    }
    let from = RecoverFrom::Journal(journal.clone());
    let error = promoter.recover(from, RecoverOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);

    let clock = stage.fake.clock().clone();
    clock.sleep(Duration::from_secs(600)).await;
    let report = resume(&stage, &journal, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(stage.started(&stage.models[0]), 1);
}

/// Runs the plan until a model is offline, in a process that is killed. Returns its journal.
async fn killed_offline(stage: &Stage, plan: &Plan) -> String {
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    stage.apply(plan, options).await;
    let text = journal.text();
    up_to(&text, "took-offline")
}

/// Returns the lines up to the first one with this event.
fn up_to(text: &str, event: &str) -> String {
    let end = text.find(event).unwrap();
    text[..=end + text[end..].find('\n').unwrap()].to_owned()
}

/// Returns a stage with one model that a killed process left offline, and the journal up to an event.
async fn left_offline(event: &str) -> (Stage, Plan, Journal) {
    let text = {
        let stage = Stage::new(1);
        let plan = stage.plan_all().await;
        let journal = Journal::in_memory();
        let options = ApplyOptions::default().journal(journal.clone());
        stage.apply(&plan, options).await;
        up_to(&journal.text(), event)
    };
    // The models of all stages have the same ids.
    let stage = Stage::new(1);
    let plan = stage.plan_all().await;
    take_all_offline(&stage);
    let journal = Journal::with_storage(&text, Kill::never().storage()).unwrap();
    (stage, plan, journal)
}

#[tokio::test(start_paused = true)]
async fn resume_of_other_targets_brings_a_model_of_a_killed_process_online() {
    let text = {
        let stage = Stage::new(2);
        let plan = stage.plan(&one_at_a_time(&stage)).await;
        killed_offline(&stage, &plan).await
    };
    // The models of both stages have the same ids.
    let stage = Stage::new(2);
    let (left, other) = (&stage.models[0], &stage.models[1]);
    let offline = ModelState::ProductionMaintenance;
    stage.fake.world(|world| world.set_state(left, offline));
    let journal = Journal::with_storage(&text, Kill::never().storage()).unwrap();
    let mut options = ApplyOptions::default();
    options.only = Some(vec![other.clone()]);
    // It cannot be brought online at first.
    let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
    let route = format!("PUT /2/0/models/{left}/onlineStatus");
    stage.fake.inject(Fault::reply(403, forbidden).on(&*route));
    let report = resume(&stage, &journal, options.clone()).await;
    assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
    assert!(!stage.is_online(left) && !journal.is_finished());

    stage.fake.clear_faults();
    let report = resume(&stage, &journal, options).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert!(
        matches!(report.targets[0].outcome, TargetOutcome::Skipped { .. }),
        "{report:#?}"
    );
    assert!(stage.is_online(left) && stage.is_online(other));
    assert_eq!((stage.started(left), stage.started(other)), (0, 1));
}

fn one_at_a_time(stage: &Stage) -> Release {
    let mut release = release(&[&stage.models]);
    release.concurrency = NonZeroU32::MIN;
    release
}

#[tokio::test(start_paused = true)]
async fn model_of_a_failed_sync_stays_as_the_release_says_after_recover_and_a_stop() {
    let cases = [
        (RestoreOnline::Never, false),
        (RestoreOnline::IfUnchanged, true),
    ];
    for (restore, online) in cases {
        let stage = Stage::new(1);
        let model = &stage.models[0];
        let mut release = release(&[&stage.models]);
        release.restore_online = restore;
        let plan = stage.plan(&release).await;
        stage
            .fake
            .world(|world| world.fail_syncs(model, Some(SyncFailure::no_space())));
        let journal = Journal::in_memory();
        let options = ApplyOptions::default().journal(journal.clone());
        stage.apply(&plan, options).await;
        assert_eq!(stage.is_online(model), online);
        let from = RecoverFrom::Journal(journal.clone());
        let recovery = stage.promoter().recover(from, RecoverOptions::default());
        let report = recovery.await.unwrap();
        assert_eq!(stage.is_online(model), online, "{report:#?}");

        // Ends before its sync.
        let mut options = ApplyOptions::default();
        options.deadline = Some(Duration::ZERO);
        let report = resume(&stage, &journal, options).await;
        assert!(
            matches!(report.targets[0].outcome, TargetOutcome::Skipped { .. }),
            "{report:#?}"
        );
        assert_eq!(stage.is_online(model), online, "{report:#?}");

        // Ends by a difference from the plan.
        let newer = stage
            .fake
            .world(|world| world.add_revision(&stage.demo.dev, "Newer"));
        stage.fake.world(|world| world.fail_syncs(model, None));
        apply_elsewhere(&stage, model, &newer).await;
        let report = resume(&stage, &journal, ApplyOptions::default()).await;
        assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
        assert_eq!(stage.is_online(model), online, "{report:#?}");

        let journal_text = journal.text();
        assert_eq!(journal_text.matches("\"sync-started\"").count(), 1);
    }
}

/// Applies a revision to a model, as another program does.
async fn apply_elsewhere(stage: &Stage, model: &ModelId, revision: &str) {
    let session = stage
        .fake
        .session_of(&stage.demo.second.id, Settings::default())
        .unwrap();
    let scope = Scope::new(None, Some(model.clone()));
    let alm = anaplan_alm::Alm::bind(session, &scope).unwrap();
    let promotion = alm.plan_promotion().await.unwrap().ready().unwrap();
    let promotion = promotion.up_to(revision.to_owned()).unwrap();
    promotion.apply().await.unwrap();
}

async fn recover_from_plan(stage: &Stage, plan: &Plan) -> Report {
    let from = RecoverFrom::Plan(Box::new(plan.clone()));
    let recovery = stage.promoter().recover(from, RecoverOptions::default());
    recovery.await.unwrap()
}

fn take_all_offline(stage: &Stage) {
    for model in &stage.models {
        let offline = ModelState::ProductionMaintenance;
        stage.fake.world(|world| world.set_state(model, offline));
    }
}

#[tokio::test(start_paused = true)]
async fn recover_from_the_plan_reports_models_that_it_cannot_decide() {
    let stage = Stage::new(4);
    let [left, unreadable, changed, locked] = &stage.models[..] else {
        panic!()
    };
    let plan = stage.plan_all().await;
    take_all_offline(&stage);
    stage
        .fake
        .world(|world| world.set_state(locked, ModelState::Locked));
    let newer = stage
        .fake
        .world(|world| world.add_revision(&stage.demo.dev, "Newer"));
    apply_elsewhere(&stage, changed, &newer).await;
    let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
    let route = format!("GET /2/0/models/{unreadable}");
    stage.fake.inject(Fault::reply(403, forbidden).on(&*route));
    let report = recover_from_plan(&stage, &plan).await;
    assert!(stage.is_online(left), "{report:#?}");
    assert_eq!(report.status, RunStatus::Failed);
    for (target, text) in [
        (unreadable, "cannot be read"),
        (changed, "latest revision"),
        (locked, "LOCKED"),
    ] {
        let report = support::target(&report, target);
        let TargetOutcome::Unknown { reason } = &report.outcome else {
            panic!("{report:#?}");
        };
        assert!(reason.contains(text), "{reason}");
        assert!(matches!(report.next_step, NextStep::Manual { .. }));
        assert!(!stage.is_online(target));
    }
}

#[tokio::test(start_paused = true)]
async fn recover_from_the_plan_leaves_models_that_the_run_never_takes_offline() {
    let stage = Stage::new(2);
    let first = release(&[&stage.models[..1]]);
    let plan = stage.plan(&first).await;
    stage.apply(&plan, ApplyOptions::default()).await;
    let plan = stage.plan_all().await;
    let mut online = release(&[&stage.models]);
    online.take_offline = TakeOffline::Never;
    let online = stage.plan(&online).await;
    take_all_offline(&stage);
    recover_from_plan(&stage, &online).await;
    assert!(!stage.is_online(&stage.models[0]) && !stage.is_online(&stage.models[1]));
    recover_from_plan(&stage, &plan).await;
    // The first one needs no sync.
    assert!(!stage.is_online(&stage.models[0]) && stage.is_online(&stage.models[1]));
}

#[tokio::test(start_paused = true)]
async fn model_is_not_brought_online_during_the_sync_of_another_program() {
    let (stage, plan, journal) = left_offline("took-offline").await;
    let model = &stage.models[0];
    let pacing = Pacing::Time(Duration::from_secs(120));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let clock = stage.fake.clock().clone();
    let resumed = async {
        clock.sleep(Duration::from_secs(10)).await;
        let report = resume(&stage, &journal, ApplyOptions::default()).await;
        (report, stage.applied(model))
    };
    let goal = plan.revision.id.as_str();
    let ((), (report, applied)) = tokio::join!(apply_elsewhere(&stage, model, goal), resumed);
    assert_eq!(applied, 1, "{report:#?}");
    assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
    assert!(stage.is_online(model), "{report:#?}");
    let puts = stage.fake.requests();
    assert_eq!(puts.count("PUT /2/0/models/*/onlineStatus"), 1);
}

#[tokio::test(start_paused = true)]
async fn locked_model_is_reported_and_not_taken_for_online() {
    let (stage, _, journal) = left_offline("took-offline").await;
    let model = &stage.models[0];
    stage
        .fake
        .world(|world| world.set_state(model, ModelState::Locked));
    let report = resume(&stage, &journal, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
    let text = journal.text();
    assert!(text.contains("left-offline") && text.contains("its state is LOCKED"));
    assert!(!text.contains("brought-online"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn task_that_may_be_the_runs_is_reported_although_the_search_fails_later() {
    let (stage, plan, journal) = left_offline("starting-sync").await;
    let model = &stage.models[0];
    let pacing = Pacing::Time(Duration::from_secs(3600));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let clock = stage.fake.clock().clone();
    let resumed = async {
        clock.sleep(Duration::from_secs(10)).await;
        let mut options = ApplyOptions::default();
        options.deadline = Some(Duration::from_secs(20));
        resume(&stage, &journal, options).await
    };
    let weather = async {
        clock.sleep(Duration::from_secs(12)).await;
        let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
        let route = "GET /2/0/models/*/alm/syncTasks";
        stage.fake.inject(Fault::reply(403, forbidden).on(route));
    };
    let goal = plan.revision.id.as_str();
    let other = apply_elsewhere(&stage, model, goal);
    let (report, ()) = tokio::select! {
        () = other => panic!("the sync takes an hour"),
        done = async { tokio::join!(resumed, weather) } => done,
    };
    assert!(
        matches!(report.targets[0].outcome, TargetOutcome::InProgress { .. }),
        "{report:#?}"
    );
    assert!(!stage.is_online(model));
}
