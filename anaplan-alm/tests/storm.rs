//! Thousands of programs with random faults: a revision or a sync is created at most once, and a success
//! is real. The effect log of the fake decides.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_alm::{Alm, RevisionPair};
use anaplan_conformance::storm;
use anaplan_core::{Error, ErrorKind};
use anaplan_testkit::{Demo, FakeAnaplan};
use fastrand::Rng;
use support::bind;

/// `ANAPLAN_STORM_SEEDS` runs more of them.
const SEEDS: u64 = 2_000;

/// Requests that must not run twice.
const POSTS: [&str; 2] = [
    "POST /2/0/models/*/alm/syncTasks",
    "POST /2/0/models/*/alm/revisions",
];

#[test]
fn revisions_and_syncs_run_once_under_random_faults() {
    let mut seen = Seen::default();
    let seeds = storm::each_seed(SEEDS, async |seed, fake| one(seed, &fake, &mut seen).await);
    // Without lost, found and failed calls the storm proves nothing.
    println!("{seen:?}");
    if seeds >= SEEDS {
        assert!(
            seen.created > seeds / 2 && seen.synced > seeds / 3,
            "{seen:?}"
        );
        assert!(seen.ambiguous > 20 && seen.lost_and_found > 100, "{seen:?}");
        assert!(seen.task_failed > 20, "{seen:?}");
    }
}

#[derive(Debug, Default)]
struct Seen {
    created: u64,
    synced: u64,
    task_failed: u64,
    ambiguous: u64,
    lost_and_found: u64,
    gave_up: u64,
}

async fn one(seed: u64, fake: &FakeAnaplan, seen: &mut Seen) {
    let demo = fake.demo();
    let session = fake.session_with(storm::settings()).unwrap();
    let dev = bind(session.clone(), &demo.dev);
    let target = if Rng::with_seed(seed).f64() < 0.15 {
        &demo.sync_fails
    } else {
        &demo.prod
    };
    let target = bind(session, target);
    let from = dev.get_latest_revision().await.unwrap().unwrap();
    let to = target.get_latest_revision().await.unwrap().unwrap();
    let pair = RevisionPair::new(&from.id, &demo.dev, &to.id);

    storm::gather(fake, seed, &POSTS);
    create(fake, &demo, &dev, seen).await;
    sync(fake, &demo, &target, &pair, seen).await;
}

async fn create(fake: &FakeAnaplan, demo: &Demo, dev: &Alm, seen: &mut Seen) {
    let outcome = dev.create_revision("Storm").await;
    if outcome.is_err() {
        storm::settle().await;
    }
    let made = fake.world(|world| world.books().revisions_created.clone());
    assert!(made.len() <= 1, "created twice");
    match outcome {
        Ok(revision) => {
            assert_eq!(made.len(), 1, "success without a revision");
            assert_eq!(
                (&made[0].0, made[0].1.as_str()),
                (&demo.dev, revision.id.as_str())
            );
            seen.created += 1;
            let reads = fake.requests().count("GET /2/0/users/me");
            seen.lost_and_found += u64::from(reads > 0);
        }
        Err(error) => definite(&error, made.is_empty(), seen),
    }
}

async fn sync(fake: &FakeAnaplan, demo: &Demo, target: &Alm, pair: &RevisionPair, seen: &mut Seen) {
    let outcome = target.sync_models(pair).await;
    if outcome.is_err() {
        storm::settle().await;
    }
    let started = fake.world(|world| world.books().syncs_started.clone());
    assert!(started.len() <= 1, "synced twice: {started:?}");
    let task = match outcome {
        Ok(task) => task,
        Err(error) => return definite(&error, started.is_empty(), seen),
    };
    assert_eq!(started.len(), 1, "success without a task");
    assert_eq!(started[0].1, *task.id(), "another task");

    let outcome = task.wait().await;
    let applied = fake.world(|world| world.books().syncs_applied.clone());
    match outcome {
        Ok(done) => {
            assert_ne!(*target.model(), demo.sync_fails);
            assert_eq!(applied.len(), 1, "done is said of what is not done");
            assert_eq!(applied[0].1, done.task_id);
            seen.synced += 1;
        }
        Err(error) if error.kind() == ErrorKind::TaskFailed => {
            assert_eq!(*target.model(), demo.sync_fails, "{error}");
            assert!(applied.is_empty() && error.task_failure().is_some());
            seen.task_failed += 1;
        }
        // The wait ended and the task continues, so the error has its id.
        Err(error) => {
            assert_eq!(error.task_id(), Some(task.id().as_str()), "{error}");
            seen.gave_up += 1;
        }
    }
}

fn definite(error: &Error, nothing_done: bool, seen: &mut Seen) {
    if storm::is_ambiguous(error, nothing_done) {
        seen.ambiguous += 1;
    } else {
        seen.gave_up += 1;
    }
}
