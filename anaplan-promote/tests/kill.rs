//! Runs that are killed at any point, and runs at the same time.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use anaplan_core::ModelId;
use anaplan_promote::{
    ApplyOptions, ApplyStart, Journal, JournalEvent, JournalLine, Plan, Promoter, RecoverFrom,
    RecoverOptions, Report, RestoreOnline, RunStatus, TargetOutcome,
};
use anaplan_testkit::world::SyncFailure;
use anaplan_testkit::{Pacing, SecondSync};
use support::kill::{Jitter, Kill};
use support::plans::release;
use support::{Stage, count};

/// Number of seeds. The variable `ANAPLAN_PROMOTE_SEEDS` sets another one.
const SEEDS: u64 = 200;

fn seeds() -> u64 {
    let variable = std::env::var("ANAPLAN_PROMOTE_SEEDS");
    variable.map_or(SEEDS, |seeds| seeds.parse().unwrap())
}

/// Behaviour of a seed apart from the point of the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    models: usize,
    pacing: u8,
    concurrency: u32,
    every_revision: bool,
}

impl Setting {
    fn of(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed / 4);
        Self {
            models: rng.usize(1..=3),
            pacing: rng.u8(0..4),
            concurrency: rng.u32(1..=3),
            every_revision: rng.bool(),
        }
    }

    fn stage(self) -> Stage {
        let stage = Stage::new(self.models);
        let pacing = match self.pacing {
            0 => Pacing::Instant,
            1 => Pacing::Polls(2),
            2 => Pacing::Time(Duration::from_secs(20)),
            _ => Pacing::Time(Duration::from_secs(150)),
        };
        stage.fake.world(|world| world.rules.pacing = pacing);
        stage
    }

    async fn plan(self, stage: &Stage) -> Plan {
        let mut release = release(&[&stage.models]);
        release.concurrency = self.concurrency.try_into().unwrap();
        if self.every_revision {
            release.route = anaplan_promote::Route::EveryRevision;
        }
        stage.plan(&release).await
    }
}

/// Starts a run in a process that is killed. Returns its journal.
async fn killed(stage: &Stage, plan: &Plan, kill: &Arc<Kill>) -> String {
    let promoter = stage.promoter_through(|inner| kill.transport(inner));
    let journal = Journal::with_storage("", kill.storage()).unwrap();
    let options = ApplyOptions::default().journal(journal);
    let (promoter, plan) = (promoter.clone(), plan.clone());
    let process = tokio::spawn(async move {
        let start = promoter.apply(&plan, options).await;
        match start {
            Ok(ApplyStart::Started(run)) => drop(run.finish().await),
            _ => std::future::pending().await,
        }
    });
    tokio::select! {
        () = kill.died() => {}
        done = process => done.unwrap(),
    }
    kill.journal()
}

async fn resume(promoter: &Promoter, journal: &Journal, resend: bool) -> Report {
    let mut options = ApplyOptions::default();
    options.resend_unknown = resend;
    let run = promoter.resume(journal.clone(), options).await.unwrap();
    run.started().unwrap().finish().await.unwrap()
}

/// Returns the goal of the sync that was about to start when the process was killed.
fn starting(lines: &[JournalLine], model: &ModelId) -> Option<String> {
    let mut of_target = lines
        .iter()
        .filter(|line| line.target.as_ref() == Some(model));
    match &of_target.next_back()?.event {
        JournalEvent::StartingSync(start) => Some(start.pair.source_revision.to_string()),
        _ => None,
    }
}

/// Returns the number of syncs that were started, by target and revision.
fn pairs(stage: &Stage) -> BTreeMap<(ModelId, String), usize> {
    let mut pairs = BTreeMap::new();
    let started = stage
        .fake
        .world(|world| world.books().syncs_started.clone());
    for (model, _, revision) in started {
        *pairs.entry((model, revision)).or_default() += 1;
    }
    pairs
}

/// Returns whether the outcome of a target was unknown.
async fn survive(setting: Setting, point: u64, recovers: bool) -> bool {
    let stage = setting.stage();
    let plan = setting.plan(&stage).await;
    let kill = Kill::at(point);
    let text = killed(&stage, &plan, &kill).await;
    let about = format!("{setting:?} killed at {point}, recovers: {recovers}");
    let journal = Journal::with_storage(&text, Kill::never().storage()).unwrap();
    let promoter = stage.promoter();
    if journal.lines().is_empty() {
        for model in &stage.models {
            assert!(
                stage.is_online(model) && stage.started(model) == 0,
                "{about}"
            );
        }
        return false;
    }
    // Starts that were announced and never reached the server.
    let (at_kill, reached) = (journal.lines(), pairs(&stage));
    let lost = |model: &ModelId| {
        starting(&at_kill, model)
            .is_some_and(|revision| !reached.contains_key(&(model.clone(), revision)))
    };
    if recovers {
        let syncs = stage.fake.world(|world| world.books().syncs_started.len());
        let from = RecoverFrom::Journal(journal.clone());
        let report = promoter
            .recover(from, RecoverOptions::default())
            .await
            .unwrap();
        let after = stage.fake.world(|world| world.books().syncs_started.len());
        assert_eq!(syncs, after, "{about}: recover started a sync");
        for model in &stage.models {
            assert!(
                stage.is_online(model),
                "{about}: offline\n{report:#?}\n{}",
                journal.text()
            );
        }
    }
    let report = resume(&promoter, &journal, false).await;
    let mut unknown = false;
    for model in &stage.models {
        let target = support::target(&report, model);
        let text = journal.text();
        let is_unknown = matches!(target.outcome, TargetOutcome::Unknown { .. });
        assert_eq!(is_unknown, lost(model), "{about}\n{report:#?}\n{text}");
        unknown |= is_unknown;
        assert!(
            stage.is_online(model),
            "{about}: offline\n{report:#?}\n{text}"
        );
    }
    if unknown {
        assert_eq!(report.status, RunStatus::Failed, "{about}");
        let report = resume(&promoter, &journal, true).await;
        assert_eq!(
            report.status,
            RunStatus::Finished,
            "{about}\n{report:#?}\n{}",
            journal.text()
        );
    } else {
        assert_eq!(
            report.status,
            RunStatus::Finished,
            "{about}\n{report:#?}\n{}",
            journal.text()
        );
    }
    let goal = plan.revision.id.as_str();
    let pairs = pairs(&stage);
    assert!(
        pairs.values().all(|count| *count == 1),
        "{about}: {pairs:?}"
    );
    for model in &stage.models {
        assert_eq!(stage.latest(model), goal, "{about}");
        assert!(stage.is_online(model), "{about}");
    }
    unknown
}

#[tokio::test(start_paused = true)]
async fn p06_run_killed_anywhere_is_recovered_and_resumed_without_a_second_sync() {
    let mut events: BTreeMap<Setting, u64> = BTreeMap::new();
    let mut unknown = 0;
    for seed in 0..seeds() {
        let setting = Setting::of(seed);
        if let Entry::Vacant(entry) = events.entry(setting) {
            let stage = setting.stage();
            let plan = setting.plan(&stage).await;
            let kill = Kill::never();
            killed(&stage, &plan, &kill).await;
            entry.insert(kill.events());
        }
        let mut rng = fastrand::Rng::with_seed(seed);
        let point = rng.u64(0..2 * events[&setting]);
        unknown += u64::from(survive(setting, point, rng.bool()).await);
    }
    // Only a kill around the start itself may leave its outcome unknown.
    assert!(unknown * 8 < seeds(), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn p06_every_point_of_a_small_run_is_survived() {
    let setting = Setting {
        models: 1,
        pacing: 1,
        concurrency: 1,
        every_revision: false,
    };
    let stage = setting.stage();
    let plan = setting.plan(&stage).await;
    let kill = Kill::never();
    killed(&stage, &plan, &kill).await;
    for point in 0..2 * kill.events() {
        for recovers in [false, true] {
            survive(setting, point, recovers).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p07_recover_from_the_plan_brings_models_online_without_a_sync() {
    let stage = Stage::new(3);
    let plan = stage.plan_all().await;
    // Up to the first line of a start.
    let mut survived = 0;
    for point in (0..400).step_by(7) {
        let kill = Kill::at(point);
        let text = killed(&stage, &plan, &kill).await;
        if stage.models.iter().any(|model| stage.started(model) > 0) {
            break;
        }
        survived += usize::from(stage.models.iter().any(|model| !stage.is_online(model)));
        assert!(kill.is_dead(), "{text}");
        let from = RecoverFrom::Plan(Box::new(plan.clone()));
        let report = stage
            .promoter()
            .recover(from, RecoverOptions::default())
            .await
            .unwrap();
        for model in &stage.models {
            assert!(stage.is_online(model), "{report:#?}");
            assert_eq!(stage.started(model), 0);
        }
    }
    assert!(survived > 0, "no model was offline");
}

/// Applies the plan twice at the same time. Returns the reports of the runs that started.
async fn race(stage: &Stage, plan: &Plan, seed: u64) -> Vec<(Report, String)> {
    let mut runs = Vec::new();
    for run in 0..2 {
        let clock = Arc::new(stage.fake.clock().clone());
        let promoter =
            stage.promoter_through(|inner| Jitter::transport(seed * 2 + run, clock.clone(), inner));
        let plan = plan.clone();
        let delay = Duration::from_millis(fastrand::Rng::with_seed(seed ^ run).u64(0..4000));
        runs.push(tokio::spawn(async move {
            anaplan_core::Clock::sleep(&*clock, delay).await;
            let journal = Journal::in_memory();
            let options = ApplyOptions::default().journal(journal.clone());
            match promoter.apply(&plan, options).await.unwrap() {
                ApplyStart::Started(run) => Some((run.finish().await.unwrap(), journal.text())),
                _ => None,
            }
        }));
    }
    let mut reports = Vec::new();
    for run in runs {
        reports.extend(run.await.unwrap());
    }
    reports
}

#[tokio::test(start_paused = true)]
async fn p11_two_runs_of_one_plan_sync_each_target_once() {
    let (mut raced, mut foreign, mut elsewhere) = (0, 0, 0);
    for seed in 0..seeds() {
        let mut rng = fastrand::Rng::with_seed(seed);
        let stage = Stage::new(rng.usize(1..=3));
        let second = *rng
            .choice(&[
                SecondSync::Concurrent,
                SecondSync::Reject,
                SecondSync::Queue,
            ])
            .unwrap();
        let pacing = *rng
            .choice(&[
                Pacing::Instant,
                Pacing::Polls(2),
                Pacing::Time(Duration::from_secs(15)),
            ])
            .unwrap();
        stage.fake.world(|world| {
            world.rules.second_sync = second;
            world.rules.pacing = pacing;
        });
        let fails = rng.bool();
        let mut release = release(&[&stage.models]);
        release.restore_online = match (fails, rng.bool()) {
            (true, true) => RestoreOnline::Never,
            _ => RestoreOnline::IfUnchanged,
        };
        let plan = stage.plan(&release).await;
        let failing = &stage.models[0];
        if fails {
            stage
                .fake
                .world(|world| world.fail_syncs(failing, Some(SyncFailure::no_space())));
        }
        let reports = race(&stage, &plan, seed).await;
        let about = format!(
            "seed {seed}, {second:?}, {pacing:?}, fails: {fails}, {:?}",
            release.restore_online
        );
        raced += usize::from(reports.len() == 2);
        for (report, _) in &reports {
            foreign += count(
                report,
                |outcome| matches!(outcome, TargetOutcome::Failed { message, .. } if message.contains("did not start")),
            );
            let is_elsewhere =
                |outcome: &TargetOutcome| *outcome == TargetOutcome::AppliedElsewhere;
            elsewhere += count(report, is_elsewhere);
        }
        assert!(!reports.is_empty(), "{about}");
        for model in &stage.models {
            let fails = fails && model == failing;
            let stays_offline = fails && release.restore_online == RestoreOnline::Never;
            assert_eq!(
                stage.applied(model),
                usize::from(!fails),
                "{about}\n{reports:#?}"
            );
            let online = stage.is_online(model);
            assert_eq!(online, !stays_offline, "{about}\n{reports:#?}");
        }
        let failures = |report: &Report| {
            count(report, |outcome| {
                matches!(outcome, TargetOutcome::Unknown { .. })
            })
        };
        assert!(
            reports.iter().all(|(report, _)| failures(report) == 0),
            "{about}"
        );
    }
    println!("{raced} races, {foreign} foreign failures, {elsewhere} applied elsewhere");
    assert!(raced > 0 && foreign > 0 && elsewhere > 0);
}
