//! Plans that no longer fit the tenant, and runs that wait.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::num::NonZeroU32;
use std::time::Duration;

use anaplan_alm::Alm;
use anaplan_core::ErrorKind;
use anaplan_core::clock::Clock as _;
use anaplan_promote::{
    ApplyOptions, ConflictKind, EventKind, Journal, JournalEvent, NextStep, Policy, Rejection,
    RunStatus, TargetOutcome,
};
use anaplan_testkit::Pacing;
use anaplan_testkit::world::ModelState;
use support::plans::release;
use support::{Stage, count, target};

async fn rejected(stage: &Stage, plan: &anaplan_promote::Plan, options: ApplyOptions) -> Rejection {
    let options = match options.journal {
        Some(_) => options,
        None => options.journal(Journal::in_memory()),
    };
    let start = stage.promoter().apply(plan, options).await.unwrap();
    start.rejected().unwrap()
}

#[tokio::test(start_paused = true)]
async fn p03_target_with_another_revision_makes_the_plan_stale() {
    let stage = Stage::new(3);
    let moved = &stage.models[0];
    let plan = stage.plan_all().await;
    stage.fake.world(|world| {
        world.set_state(moved, ModelState::Unlocked);
        world.edit(moved).list("Hotfix").id();
        world.add_revision(moved, "Hotfix");
        world.set_state(moved, ModelState::Production);
    });
    let rejection = rejected(&stage, &plan, ApplyOptions::default()).await;
    let text = rejection.to_string();
    let Rejection::StalePlan(validation) = rejection else {
        panic!("{text}");
    };
    let ConflictKind::RevisionChanged { planned, actual } = &validation.conflicts[0].kind else {
        panic!("{text}");
    };
    assert_eq!(planned.as_ref().unwrap().name, "Baseline");
    let actual = actual.as_ref().unwrap();
    assert_eq!(actual.name, "Hotfix");
    let user = actual
        .applied_by
        .as_ref()
        .or(actual.created_by.as_ref())
        .unwrap();
    assert!(
        text.contains("Hotfix") && text.contains(user.as_str()),
        "{text}"
    );
    stage
        .fake
        .assert_not_called("PUT /2/0/models/*/onlineStatus");
    stage
        .fake
        .assert_not_called("POST /2/0/models/*/alm/syncTasks");
}

#[tokio::test(start_paused = true)]
async fn p04_newer_revision_in_dev_does_not_matter() {
    let stage = Stage::new(2);
    let plan = stage.plan_all().await;
    let dev: Alm = stage.fake.namespace().unwrap();
    dev.create_revision("Later").await.unwrap();
    let validation = stage.promoter().validate(&plan).await.unwrap();
    assert!(
        validation.is_fresh() && validation.notes[0].contains("Later"),
        "{validation:?}"
    );
    let report = stage.apply(&plan, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(stage.latest(&stage.models[0]), plan.revision.id.as_str());
}

#[tokio::test(start_paused = true)]
async fn target_that_changes_after_the_start_of_the_run_is_not_touched() {
    let stage = Stage::new(2);
    let late = &stage.models[1];
    let mut release = release(&[&stage.models]);
    release.concurrency = NonZeroU32::MIN;
    let plan = stage.plan(&release).await;
    let pacing = Pacing::Time(Duration::from_secs(60));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let options = ApplyOptions::default().journal(Journal::in_memory());
    let start = stage.promoter().apply(&plan, options).await.unwrap();
    let run = start.started().unwrap();
    // Another person takes it offline.
    stage
        .fake
        .world(|world| world.set_state(late, ModelState::ProductionMaintenance));
    let report = run.finish().await.unwrap();
    assert!(target(&report, &stage.models[0]).outcome.is_success());
    let late_report = target(&report, late);
    assert!(
        matches!(late_report.outcome, TargetOutcome::Failed { .. }),
        "{report:#?}"
    );
    assert_eq!(late_report.next_step, NextStep::Replan);
    assert_eq!(stage.started(late), 0);
    assert_eq!(stage.state(late), ModelState::ProductionMaintenance);
}

fn policy(json: serde_json::Value) -> Policy {
    serde_json::from_value(json).unwrap()
}

#[tokio::test(start_paused = true)]
async fn p15_window_that_closes_lets_running_targets_finish_and_starts_no_other() {
    let stage = Stage::new(4);
    let mut release = release(&[&stage.models]);
    release.concurrency = NonZeroU32::new(2).unwrap();
    // The window ends ten minutes from now, by the clock of the fake.
    let time = |minutes: i64| {
        let time = stage.now() + jiff::SignedDuration::from_mins(minutes);
        time.strftime("%H:%M").to_string()
    };
    release.policy = policy(serde_json::json!({
        "unrecognized": "warn",
        "rule": [{
            "id": "night", "rule": "window", "severity": "deny",
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "from": time(-10), "until": time(10), "zone": "UTC",
        }],
    }));
    let plan = stage.plan(&release).await;
    let pacing = Pacing::Time(Duration::from_secs(15 * 60));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Paused, "{report:#?}");
    assert!(
        report.reason.as_ref().unwrap().contains("night"),
        "{report:#?}"
    );
    assert_eq!(count(&report, TargetOutcome::is_success), 2, "{report:#?}");
    for (index, model) in stage.models.iter().enumerate() {
        assert_eq!(stage.started(model), usize::from(index < 2));
        assert!(stage.is_online(model));
    }
    // The window opens again on the next day.
    stage
        .fake
        .clock()
        .sleep(Duration::from_secs(23 * 3600 + 2400))
        .await;
    let run = stage
        .promoter()
        .resume(journal, ApplyOptions::default())
        .await;
    let report = run.unwrap().started().unwrap().finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

#[tokio::test(start_paused = true)]
async fn deadline_reports_the_running_sync() {
    let stage = Stage::new(1);
    let plan = stage.plan_all().await;
    let pacing = Pacing::Time(Duration::from_secs(3600));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let mut options = ApplyOptions::default();
    options.deadline = Some(Duration::from_secs(60));
    let report = stage.apply(&plan, options).await;
    assert!(
        matches!(report.targets[0].outcome, TargetOutcome::InProgress { .. }),
        "{report:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn soak_delays_the_next_wave_and_is_not_longer_than_the_deadline() {
    let stage = Stage::new(2);
    let (first, second) = stage.models.split_at(1);
    let mut release = release(&[first, second]);
    release.waves[1].soak = Some(jiff::SignedDuration::from_hours(2));
    let plan = stage.plan(&release).await;
    let journal = Journal::in_memory();
    let mut options = ApplyOptions::default().journal(journal.clone());
    options.deadline = Some(Duration::from_secs(3600));
    let before = stage.now();
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Paused, "{report:#?}");
    assert!(stage.now().duration_since(before).as_secs() < 600);
    let run = stage
        .promoter()
        .resume(journal, ApplyOptions::default())
        .await;
    let report = run.unwrap().started().unwrap().finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert!(stage.now().duration_since(before).as_secs() >= 7200);
}

#[tokio::test(start_paused = true)]
async fn journal_of_a_run_is_locked_and_an_unfinished_one_is_not_applied_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let stage = Stage::new(2);
    let mut all = release(&[&stage.models]);
    all.concurrency = NonZeroU32::MIN;
    let plan = stage.plan(&all).await;
    let other = stage.plan(&release(&[&stage.models[..1]])).await;
    let pacing = Pacing::Time(Duration::from_secs(60));
    stage.fake.world(|world| world.rules.pacing = pacing);
    let options = || ApplyOptions::default().journal(path.clone());
    let mut run = stage
        .promoter()
        .apply(&plan, options())
        .await
        .unwrap()
        .started()
        .unwrap();
    // As soon as nothing is offline, a second run is not stale.
    let locked = stage.promoter().apply(&plan, options()).await;
    let locked = locked.unwrap().rejected().unwrap();
    assert!(
        matches!(
            locked,
            Rejection::JournalLocked { .. } | Rejection::StalePlan(_)
        ),
        "{locked}"
    );
    let stop = run.stop_handle();
    while let Some(event) = run.next_event().await {
        if let EventKind::Journal(JournalEvent::TookOffline) = event.unwrap().what {
            stop.stop(anaplan_promote::StopMode::Graceful);
        }
    }
    let report = run.finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Stopped, "{report:#?}");
    let unfinished = rejected(&stage, &plan, options()).await;
    assert!(
        matches!(unfinished, Rejection::UnfinishedRun { .. }),
        "{unfinished}"
    );
    let error = stage.promoter().apply(&other, options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let journal = Journal::open(&path).unwrap();
    let run = stage
        .promoter()
        .resume(journal, ApplyOptions::default())
        .await
        .unwrap();
    let report = run.started().unwrap().finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    let again = stage.apply(&plan, options()).await;
    assert_eq!(again.status, RunStatus::Finished);
    assert!(stage.models.iter().all(|model| stage.started(model) == 1));
}

#[tokio::test(start_paused = true)]
async fn plan_with_another_id_or_content_is_not_applied() {
    let stage = Stage::new(1);
    let plan = stage.plan_all().await;
    let options = ApplyOptions::default().expect("sha256:0");
    let rejection = rejected(&stage, &plan, options).await;
    assert!(
        matches!(rejection, Rejection::PlanIdMismatch { .. }),
        "{rejection}"
    );
    let mut changed = plan.clone();
    changed.release.name.push('!');
    let options = ApplyOptions::default().journal(Journal::in_memory());
    let error = stage.promoter().apply(&changed, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let mut newer = plan;
    newer.schema = "anaplan.plan/2".into();
    let rejection = rejected(&stage, &newer, ApplyOptions::default()).await;
    assert!(
        matches!(rejection, Rejection::UnsupportedSchema { .. }),
        "{rejection}"
    );
}

#[tokio::test(start_paused = true)]
async fn journal_that_cannot_be_written_stops_the_run_and_models_come_online() {
    /// A storage that takes this many lines.
    struct Small(usize);

    impl anaplan_promote::JournalStorage for Small {
        fn append(&mut self, _line: &str) -> std::io::Result<()> {
            let left = self.0.checked_sub(1);
            self.0 = left.ok_or_else(|| std::io::Error::other("no space left on device"))?;
            Ok(())
        }
    }

    for lines in 1..14 {
        let stage = Stage::new(1);
        let model = &stage.models[0];
        let plan = stage.plan_all().await;
        let journal = Journal::with_storage("", Small(lines)).unwrap();
        let options = ApplyOptions::default().journal(journal.clone());
        let report = stage.apply(&plan, options).await;
        assert!(stage.is_online(model), "{lines}: {report:#?}");
        let starting = |line: &anaplan_promote::JournalLine| {
            matches!(line.event, JournalEvent::StartingSync(_))
        };
        let announced = journal.lines().iter().any(starting);
        assert_eq!(stage.started(model), usize::from(announced), "{lines}");
    }
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_run_is_an_iterator_of_events() {
    let stage = Stage::new(2);
    stage.fake.clock().skip_waits();
    let release = release(&[&stage.models]);
    let plan = stage.promoter().plan(&release).run().unwrap();
    let options = ApplyOptions::default().journal(Journal::in_memory());
    let start = stage.promoter().apply(&plan, options).run().unwrap();
    let mut run = start.started().unwrap();
    let mut events = Vec::new();
    for event in &mut run {
        let line = serde_json::to_string(&event.unwrap()).unwrap();
        assert!(!line.contains('\n'));
        events.push(line);
    }
    let brought = events.iter().filter(|line| line.contains("brought-online"));
    assert_eq!(brought.count(), 2);
    assert_eq!(run.finish().run().unwrap().status, RunStatus::Finished);
}
