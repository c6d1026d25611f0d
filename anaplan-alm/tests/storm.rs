//! Thousands of small disasters: whatever the connection does, a revision or a sync is made at most
//! once, and success is told only of what has happened. The books of the fake are the judge.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_alm::{Alm, RevisionPair};
use anaplan_core::{Error, ErrorKind, PollPolicy, Result, Settings};
use anaplan_testkit::{Demo, FakeAnaplan, Fault, Pacing, RetryAfter};
use fastrand::Rng;
use support::bind;

/// `ANAPLAN_STORM_SEEDS` runs more of them.
const SEEDS: u64 = 2_000;
/// Nothing may take longer than this by the fake's clock.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

#[test]
fn nothing_is_done_twice_and_nothing_undone_is_called_done() {
    let seeds = std::env::var("ANAPLAN_STORM_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SEEDS);
    let mut seen = Seen::default();
    for seed in 0..seeds {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(storm(seed, &mut seen));
    }
    // A storm in which nothing is ever lost, found or given up proves nothing.
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

async fn storm(seed: u64, seen: &mut Seen) {
    let fake = FakeAnaplan::in_process();
    let demo = fake.demo();
    let mut dice = Rng::with_seed(seed);
    let mut settings = Settings::default();
    settings.attempt_timeout = Duration::from_secs(30);
    settings.poll = PollPolicy::default().with_deadline(Duration::from_secs(24 * 3600));
    let session = fake.session_with(settings).unwrap();
    let dev = bind(session.clone(), &demo.dev);
    let target = if dice.f64() < 0.15 {
        &demo.sync_fails
    } else {
        &demo.prod
    };
    let target = bind(session, target);
    let from = dev.get_latest_revision().await.unwrap().unwrap();
    let to = target.get_latest_revision().await.unwrap().unwrap();
    let pair = RevisionPair::new(&from.id, &demo.dev, &to.id);

    gather(&fake, &mut dice, seed);
    let work = async {
        create(&fake, &demo, &dev, seed, seen).await;
        sync(&fake, &demo, &target, &pair, seed, seen).await;
    };
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: it hangs"));
}

/// Faults of every kind, each with its own probability, on everything.
fn gather(fake: &FakeAnaplan, dice: &mut Rng, seed: u64) {
    fake.seed(seed);
    let worst = dice.f64() * 0.5;
    let posts = [
        "POST /2/0/models/*/alm/syncTasks",
        "POST /2/0/models/*/alm/revisions",
    ];
    let mut faults = vec![
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::status([500, 502, 503, 504][dice.usize(0..4)]),
        Fault::status_after([500, 502, 503, 504][dice.usize(0..4)]),
        Fault::throttle(RetryAfter::Seconds(dice.u64(0..20))),
        Fault::throttle(RetryAfter::Missing),
        Fault::delay(Duration::from_secs(dice.u64(0..90))),
        Fault::late(Duration::from_secs(dice.u64(1..90))),
        Fault::truncate(dice.usize(0..200)),
        Fault::garbage("<html>502 Bad Gateway</html>"),
        Fault::expire_token(),
    ];
    dice.shuffle(&mut faults);
    for fault in faults {
        let chance = dice.f64() * worst;
        let fault = if dice.f64() < 0.5 {
            fault.on(posts[dice.usize(0..2)]).chance(chance * 2.0)
        } else {
            fault.chance(chance / 3.0)
        };
        fake.inject(fault);
    }
    let pacing = match dice.u8(0..4) {
        0 => Pacing::Instant,
        1 => Pacing::Polls(dice.u32(1..6)),
        _ => Pacing::Time(Duration::from_secs(dice.u64(0..300))),
    };
    fake.world(|world| world.rules.pacing = pacing);
}

async fn create(fake: &FakeAnaplan, demo: &Demo, dev: &Alm, seed: u64, seen: &mut Seen) {
    let outcome = dev.create_revision("Storm").await;
    settle(&outcome).await;
    let made = fake.world(|world| world.books().revisions_created.clone());
    assert!(made.len() <= 1, "seed {seed}: created twice");
    match outcome {
        Ok(revision) => {
            assert_eq!(made.len(), 1, "seed {seed}: success without a revision");
            assert_eq!(
                (&made[0].0, made[0].1.as_str()),
                (&demo.dev, revision.id.as_str())
            );
            seen.created += 1;
            let posts = fake.requests().count("POST /2/0/models/*/alm/revisions");
            seen.lost_and_found += u64::from(posts > 1);
        }
        Err(error) => definite(&error, made.is_empty(), seed, seen),
    }
}

async fn sync(
    fake: &FakeAnaplan,
    demo: &Demo,
    target: &Alm,
    pair: &RevisionPair,
    seed: u64,
    seen: &mut Seen,
) {
    let outcome = target.sync_models(pair).await;
    settle(&outcome).await;
    let started = fake.world(|world| world.books().syncs_started.clone());
    assert!(started.len() <= 1, "seed {seed}: synced twice: {started:?}");
    let task = match outcome {
        Ok(task) => task,
        Err(error) => return definite(&error, started.is_empty(), seed, seen),
    };
    assert_eq!(started.len(), 1, "seed {seed}: success without a task");
    assert_eq!(started[0].1, *task.id(), "seed {seed}: another task");

    let outcome = task.wait().await;
    let applied = fake.world(|world| world.books().syncs_applied.clone());
    match outcome {
        Ok(done) => {
            assert_ne!(*target.model(), demo.sync_fails, "seed {seed}");
            assert_eq!(
                applied.len(),
                1,
                "seed {seed}: done is said of what is not done"
            );
            assert_eq!(applied[0].1, done.task_id);
            seen.synced += 1;
        }
        Err(error) if error.kind() == ErrorKind::TaskFailed => {
            assert_eq!(*target.model(), demo.sync_fails, "seed {seed}: {error}");
            assert!(applied.is_empty() && error.task_failure().is_some());
            seen.task_failed += 1;
        }
        // The wait ended, not the task: its id is there to go on with.
        Err(error) => {
            assert_eq!(
                error.task_id(),
                Some(task.id().as_str()),
                "seed {seed}: {error}"
            );
            seen.gave_up += 1;
        }
    }
}

/// An error that is not ambiguous is a promise that nothing was done.
fn definite(error: &Error, nothing_done: bool, seed: u64, seen: &mut Seen) {
    if error.is_ambiguous() {
        assert!(!error.is_retryable(), "seed {seed}: {error}");
        seen.ambiguous += 1;
    } else {
        assert!(
            nothing_done,
            "seed {seed}: done, and called undone: {error}"
        );
        seen.gave_up += 1;
    }
}

/// What the server was still working on when the client gave up comes to its end.
async fn settle<T>(outcome: &Result<T>) {
    if outcome.is_err() {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
}
