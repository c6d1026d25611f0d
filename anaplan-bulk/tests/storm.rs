//! Thousands of small disasters: whatever the connection does, an action is run at most once, success
//! is told only of what has happened, and a file arrives as it was sent or is told not to have arrived.
//! The books of the fake are the judge.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_bulk::{ActionRef, Bulk};
use anaplan_core::{Error, ErrorKind, PollPolicy, Settings};
use anaplan_testkit::{Demo, FakeAnaplan, Fault, Pacing, RetryAfter};
use fastrand::Rng;
use support::{FOR_EVER, bulk_of, numbered};

/// `ANAPLAN_STORM_SEEDS` runs more of them.
const SEEDS: u64 = 1_000;

#[test]
fn nothing_is_run_twice_and_nothing_undone_is_called_done() {
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
            seen.done > seeds / 3 && seen.uploaded > seeds / 2,
            "{seen:?}"
        );
        assert!(seen.ambiguous > 10 && seen.lost_and_found > 50, "{seen:?}");
        assert!(seen.task_failed > 50 && seen.gave_up > 10, "{seen:?}");
    }
}

#[derive(Debug, Default)]
struct Seen {
    uploaded: u64,
    done: u64,
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
    let bulk = bulk_of(fake.session_with(settings).unwrap(), &demo.dev);
    gather(&fake, &mut dice, seed);
    let work = async {
        upload(&fake, &demo, &bulk, seed, seen).await;
        run(&fake, &demo, &bulk, &mut dice, seed, seen).await;
    };
    tokio::time::timeout(FOR_EVER, work)
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: it hangs"));
}

/// Faults of every kind, each with its own probability, on everything.
fn gather(fake: &FakeAnaplan, dice: &mut Rng, seed: u64) {
    fake.seed(seed);
    let worst = dice.f64() * 0.5;
    let kinds = ["imports", "exports", "actions", "processes"];
    let mut faults = vec![
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::status([500, 502, 503, 504][dice.usize(0..4)]),
        Fault::status_after([500, 502, 503, 504][dice.usize(0..4)]),
        Fault::throttle(RetryAfter::Seconds(dice.u64(0..20))),
        Fault::delay(Duration::from_secs(dice.u64(0..90))),
        Fault::late(Duration::from_secs(dice.u64(1..90))),
        Fault::truncate(dice.usize(0..200)),
        Fault::garbage("<html>502 Bad Gateway</html>"),
        Fault::expire_token(),
    ];
    dice.shuffle(&mut faults);
    for fault in faults {
        let chance = dice.f64() * worst;
        if dice.bool() {
            for kind in kinds {
                let route = format!("POST /2/0/models/*/{kind}/*/tasks");
                fake.inject(fault.clone().on(route.as_str()).chance(chance * 2.0));
            }
        } else {
            fake.inject(fault.chance(chance / 3.0));
        }
    }
    let pacing = match dice.u8(0..4) {
        0 => Pacing::Instant,
        1 => Pacing::Polls(dice.u32(1..6)),
        _ => Pacing::Time(Duration::from_secs(dice.u64(0..300))),
    };
    fake.world(|world| world.rules.pacing = pacing);
}

async fn upload(fake: &FakeAnaplan, demo: &Demo, bulk: &Bulk, seed: u64, seen: &mut Seen) {
    let text = demo.good_csv.clone() + &numbered(200).replace("\r\n", ",,\r\n");
    let outcome = bulk
        .upload_file(demo.source_file, text.clone())
        .without_gzip()
        .await;
    if let Err(failed) = outcome {
        // What has not arrived is said to be missing; what lies there may be all of it all the same,
        // since an answer may have been lost.
        let missing = failed.state.and_then(|state| state.missing_chunks());
        assert!(missing.is_none_or(|missing| missing == [0]), "seed {seed}");
        seen.gave_up += 1;
        tokio::time::sleep(Duration::from_secs(600)).await;
    } else {
        let user = &demo.admin.id;
        let there = fake.world(|world| world.file_content(&demo.dev, demo.source_file, user));
        assert!(there.unwrap() == text, "seed {seed}: not what was sent");
        seen.uploaded += 1;
    }
}

async fn run(
    fake: &FakeAnaplan,
    demo: &Demo,
    bulk: &Bulk,
    dice: &mut Rng,
    seed: u64,
    seen: &mut Seen,
) {
    let (action, succeeds) = [
        (ActionRef::import(demo.good_import), None),
        (ActionRef::export(demo.export), Some(true)),
        (ActionRef::action(demo.action), Some(true)),
        (ActionRef::process(demo.process), Some(true)),
        (ActionRef::process(demo.bad_process), Some(false)),
    ][dice.usize(0..5)]
    .clone();
    let object: u64 = action.id().as_str().parse().unwrap();
    let outcome = bulk.run_action(action).await;
    if outcome.is_err() {
        // What the server was still working on comes to its end.
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
    let started = fake.world(|world| world.books().runs_started.clone());
    assert!(
        started.len() <= 1,
        "seed {seed}: started twice: {started:?}"
    );
    let task = match outcome {
        Ok(task) => task,
        Err(error) => return definite(&error, started.is_empty(), seed, seen),
    };
    assert_eq!(started.len(), 1, "seed {seed}: success without a task");
    assert_eq!(started[0].task, *task.id(), "seed {seed}: another task");
    let posts = fake
        .requests()
        .entries()
        .filter(|entry| entry.method == "POST" && entry.path.ends_with("/tasks"))
        .count();
    seen.lost_and_found += u64::from(posts > 1);

    let outcome = task.wait().await;
    let done = fake.world(|world| world.books().times_done(&demo.dev, object));
    match outcome {
        Ok(outcome) => {
            assert_ne!(succeeds, Some(false), "seed {seed}");
            assert_eq!(done, 1, "seed {seed}: done is said of what is not done");
            assert_eq!(outcome.task.task, *task.id());
            seen.done += 1;
        }
        Err(error) if error.kind() == ErrorKind::TaskFailed => {
            assert_ne!(succeeds, Some(true), "seed {seed}: {error}");
            assert!(done == 1 && error.task_failure().is_some(), "seed {seed}");
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
