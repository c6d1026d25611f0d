//! Runs without a kill: repetition, failures, stops, outages.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::num::NonZeroU32;
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_promote::{
    ApplyOptions, DisplayEvent, EventKind, FailureMode, Journal, JournalEvent, NextStep, Route,
    RunStatus, StopMode, TargetOutcome,
};
use anaplan_testkit::world::{ModelState, SyncFailure};
use anaplan_testkit::{Fault, Pacing, RetryAfter};
use support::plans::release;
use support::{Stage, count, target};

#[tokio::test(start_paused = true)]
async fn p02_apply_twice_syncs_each_target_once() {
    let stage = Stage::new(5);
    let plan = stage.plan_all().await;
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options.clone()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(
        count(&report, |outcome| *outcome == TargetOutcome::Succeeded),
        5
    );
    stage.fake.forget_requests();
    let again = stage.apply(&plan, options).await;
    let elsewhere = |outcome: &TargetOutcome| *outcome == TargetOutcome::AppliedElsewhere;
    assert_eq!(count(&again, elsewhere), 5, "{again:#?}");
    stage
        .fake
        .assert_not_called("POST /2/0/models/*/alm/syncTasks");
    stage
        .fake
        .assert_not_called("PUT /2/0/models/*/onlineStatus");
    for model in &stage.models {
        assert_eq!((stage.started(model), stage.applied(model)), (1, 1));
        assert!(stage.is_online(model));
    }
    let first = target(&report, &stage.models[0]);
    assert_eq!(first.syncs.len(), 1);
    assert_eq!(first.syncs[0].successful, Some(true));
    assert_eq!(first.next_step, NextStep::None);
}

#[tokio::test(start_paused = true)]
async fn p08_start_with_lost_response_is_adopted_and_not_repeated() {
    for takes in [0, 20, 400] {
        let stage = Stage::new(1);
        let plan = stage.plan_all().await;
        let pacing = Pacing::Time(Duration::from_secs(takes));
        stage.fake.world(|world| world.rules.pacing = pacing);
        stage.fake.inject(
            Fault::drop_after()
                .on("POST /2/0/models/*/alm/syncTasks")
                .times(1),
        );
        let report = stage.apply(&plan, ApplyOptions::default()).await;
        assert_eq!(report.status, RunStatus::Finished, "{takes} s: {report:#?}");
        assert_eq!(report.targets[0].outcome, TargetOutcome::Succeeded);
        assert_eq!(stage.started(&stage.models[0]), 1);
        assert!(stage.is_online(&stage.models[0]));
    }
}

#[tokio::test(start_paused = true)]
async fn p09_finish_wave_promotes_the_other_targets_of_the_wave() {
    let stage = Stage::new(22);
    let (first, second) = stage.models.split_at(20);
    let plan = stage.plan(&release(&[first, second])).await;
    let failing = &first[7];
    let base = stage.latest(failing);
    stage
        .fake
        .world(|world| world.fail_syncs(failing, Some(SyncFailure::no_space())));
    let report = stage.apply(&plan, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Failed);
    assert_eq!(count(&report, TargetOutcome::is_success), 19, "{report:#?}");
    let skipped = |outcome: &TargetOutcome| matches!(outcome, TargetOutcome::Skipped { .. });
    assert_eq!(count(&report, skipped), 2);
    let failed = target(&report, failing);
    let TargetOutcome::Failed { step, server, .. } = &failed.outcome else {
        panic!("{failed:#?}");
    };
    assert_eq!(step, "sync");
    let server = server.as_ref().unwrap();
    assert_eq!(
        server.title.as_deref(),
        Some("Model Synchronization Failed")
    );
    assert!(server.message.as_ref().unwrap().contains("space"));
    assert!(server.subtitle.as_ref().unwrap().contains("size limit"));
    let NextStep::Manual { instructions } = &failed.next_step else {
        panic!("{failed:#?}");
    };
    assert!(instructions.contains("free space"), "{instructions}");
    assert!(stage.is_online(failing));
    assert_eq!(stage.latest(failing), base);
    assert_eq!(failed.status.latest.as_ref().unwrap().id.as_str(), base);
}

#[tokio::test(start_paused = true)]
async fn p10_stop_skips_the_rest_and_resume_continues_with_it() {
    let stage = Stage::new(20);
    let mut release = release(&[&stage.models]);
    release.failure_mode = FailureMode::Stop;
    let plan = stage.plan(&release).await;
    let failing = &stage.models[1];
    stage
        .fake
        .world(|world| world.fail_next_sync(failing, SyncFailure::no_space()));
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Failed);
    let done = count(&report, TargetOutcome::is_success);
    assert!((3..=7).contains(&done), "{report:#?}");
    let skipped = |outcome: &TargetOutcome| matches!(outcome, TargetOutcome::Skipped { .. });
    assert_eq!(count(&report, skipped), 19 - done);

    let before: Vec<usize> = stage
        .models
        .iter()
        .map(|model| stage.started(model))
        .collect();
    stage.fake.forget_requests();
    let run = stage.promoter().resume(journal, ApplyOptions::default());
    let report = run
        .await
        .unwrap()
        .started()
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    for (model, before) in stage.models.iter().zip(before) {
        let expected = if model == failing { 2 } else { 1 };
        assert_eq!(stage.started(model), expected);
        if before == 1 && model != failing {
            stage
                .fake
                .assert_not_called(&*format!("GET /2/0/models/{model}/alm/latestRevision"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p16_failed_direct_sync_is_followed_by_one_for_each_revision() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    let mut release = release(&[&stage.models]);
    release.route = Route::DirectThenEvery;
    let plan = stage.plan(&release).await;
    stage
        .fake
        .world(|world| world.fail_syncs_that_skip(model, SyncFailure::incompatible_changes()));
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!((stage.started(model), stage.applied(model)), (3, 2));
    let lines = journal.lines();
    let verified = lines
        .iter()
        .filter(|line| matches!(line.event, JournalEvent::Verified { .. }));
    assert_eq!(verified.count(), 2);
    let offline = lines
        .iter()
        .filter(|line| matches!(line.event, JournalEvent::TakingOffline));
    assert_eq!(offline.count(), 1);
    assert!(stage.is_online(model));
}

#[tokio::test(start_paused = true)]
async fn p17_outages_and_expired_tokens_cost_no_extra_sync() {
    type Outage = fn() -> Fault;
    let throttled: Outage = || Fault::throttle(RetryAfter::Seconds(5));
    let unavailable: Outage = || Fault::status(503).on("GET /2/0/**");
    let refused: Outage = || Fault::drop_before().on("GET /2/0/**");
    // From each point of the run, for a minute.
    for begin in [0, 1, 3, 8, 15, 40] {
        for outage in [throttled, unavailable, refused] {
            outage_costs_no_extra_sync(begin, outage()).await;
        }
    }
}

async fn outage_costs_no_extra_sync(begin: u64, outage: Fault) {
    let stage = Stage::new(3);
    let plan = stage.plan_all().await;
    let pacing = Pacing::Time(Duration::from_secs(30));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let options = ApplyOptions::default().journal(Journal::in_memory());
    let run = stage
        .promoter()
        .apply(&plan, options)
        .await
        .unwrap()
        .started()
        .unwrap();
    let clock = stage.fake.clock().clone();
    let about = format!("{outage:?} after {begin} s");
    let weather = async {
        clock.sleep(Duration::from_secs(begin)).await;
        stage.fake.inject(outage);
        clock.sleep(Duration::from_secs(60)).await;
        stage.fake.clear_faults();
        stage.fake.inject(Fault::expire_token().times(1));
    };
    let finished = async { run.finish().await };
    let ((), report) = tokio::join!(weather, finished);
    let report = report.unwrap();
    let stage = &stage;
    assert_eq!(report.status, RunStatus::Finished, "{about}: {report:#?}");
    for model in &stage.models {
        assert_eq!(stage.started(model), 1, "{about}");
        assert!(stage.is_online(model), "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn p18_removed_role_leaves_the_model_offline_with_instructions() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    let plan = stage.plan_all().await;
    let forbidden = |route: &str| {
        Fault::reply(403, r#"{"status":{"code":403,"message":"Forbidden"}}"#).on(route)
    };
    stage
        .fake
        .inject(forbidden("PUT /2/0/models/*/onlineStatus").after(1));
    stage
        .fake
        .inject(forbidden("POST /2/0/models/*/alm/syncTasks"));
    let before = stage.now();
    let report = stage.apply(&plan, ApplyOptions::default()).await;
    let spent = stage.now().duration_since(before);
    let report = target(&report, model);
    let TargetOutcome::Failed { kind, .. } = &report.outcome else {
        panic!("{report:#?}");
    };
    assert_eq!(kind, "Forbidden");
    let NextStep::Manual { instructions } = &report.next_step else {
        panic!("{report:#?}");
    };
    assert!(instructions.contains("administrator") && instructions.contains("offline"));
    assert_eq!(stage.state(model), ModelState::ProductionMaintenance);
    assert!((600..700).contains(&spent.as_secs()), "{spent:?}");
    let puts = stage
        .fake
        .requests()
        .count("PUT /2/0/models/*/onlineStatus");
    assert!(puts > 30, "{puts}");
}

#[tokio::test(start_paused = true)]
async fn p19_dropped_run_finishes_its_sync_and_brings_the_model_online() {
    let stage = Stage::new(2);
    let mut release = release(&[&stage.models]);
    release.concurrency = NonZeroU32::MIN;
    let plan = stage.plan(&release).await;
    let pacing = Pacing::Time(Duration::from_secs(120));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let mut run = stage
        .promoter()
        .apply(&plan, options)
        .await
        .unwrap()
        .started()
        .unwrap();
    loop {
        let event = run.next_event().await.unwrap().unwrap();
        if matches!(
            event.what,
            EventKind::Journal(JournalEvent::SyncStarted { .. })
        ) {
            break;
        }
    }
    drop(run);
    let clock = stage.fake.clock().clone();
    clock.sleep(Duration::from_secs(300)).await;
    assert!(stage.is_online(&stage.models[0]));
    assert_eq!(stage.applied(&stage.models[0]), 1);
    assert_eq!(stage.started(&stage.models[1]), 0);
    let lines = journal.lines();
    let has = |is: fn(&JournalEvent) -> bool| lines.iter().any(|line| is(&line.event));
    assert!(has(|event| matches!(
        event,
        JournalEvent::SyncFinished {
            successful: true,
            ..
        }
    )));
    assert!(has(|event| matches!(
        event,
        JournalEvent::RunEnded {
            status: RunStatus::Stopped,
            ..
        }
    )));
}

#[tokio::test(start_paused = true)]
async fn p22_requests_of_200_targets_grow_with_their_number_only() {
    let stage = Stage::new(200);
    let plan = stage.plan_all().await;
    let pacing = Pacing::Time(Duration::from_secs(20));
    stage.fake.world(|world| world.rules.pacing = pacing);
    stage.fake.forget_requests();
    let report = stage.apply(&plan, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    let requests = stage.fake.requests().total();
    assert!(requests <= 200 * 40, "{requests}");
    assert!(stage.models.iter().all(|model| stage.started(model) == 1));
}

#[tokio::test(start_paused = true)]
async fn immediate_stop_reports_the_task_and_resume_polls_it() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    let plan = stage.plan_all().await;
    let pacing = Pacing::Time(Duration::from_secs(3600));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let mut run = stage
        .promoter()
        .apply(&plan, options)
        .await
        .unwrap()
        .started()
        .unwrap();
    let stop = run.stop_handle();
    let mut progress = 0;
    while let Some(event) = run.next_event().await {
        if let EventKind::Display(DisplayEvent::SyncProgress { .. }) = event.unwrap().what {
            progress += 1;
            stop.stop(StopMode::Immediate);
        }
    }
    assert!(progress > 0);
    let report = run.finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Stopped);
    assert!(
        matches!(report.targets[0].outcome, TargetOutcome::InProgress { .. }),
        "{report:#?}"
    );
    assert_eq!(report.targets[0].next_step, NextStep::Resume);
    assert_eq!(stage.state(model), ModelState::ProductionMaintenance);
    let run = stage.promoter().resume(journal, ApplyOptions::default());
    let report = run
        .await
        .unwrap()
        .started()
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(stage.started(model), 1);
    assert!(stage.is_online(model));
}

#[tokio::test(start_paused = true)]
async fn model_that_was_offline_before_stays_offline() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    stage
        .fake
        .world(|world| world.set_state(model, ModelState::ProductionMaintenance));
    let plan = stage.plan_all().await;
    let report = stage.apply(&plan, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(stage.state(model), ModelState::ProductionMaintenance);
    stage
        .fake
        .assert_not_called("PUT /2/0/models/*/onlineStatus");
}
