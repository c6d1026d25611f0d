//! Thousands of small disasters: whatever the connection does, an action is run at most once, success
//! is told only of what has happened, and a file arrives as it was sent or is told not to have arrived.
//! The books of the fake are the judge.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_bulk::{ActionRef, Bulk, Content};
use anaplan_conformance::storm;
use anaplan_core::{Error, ErrorKind, Origin};
use anaplan_testkit::{Demo, FakeAnaplan};
use fastrand::Rng;
use support::{bulk_of, numbered};

/// `ANAPLAN_STORM_SEEDS` runs more of them.
const SEEDS: u64 = 1_000;

/// What must not happen twice.
const STARTS: [&str; 4] = [
    "POST /2/0/models/*/imports/*/tasks",
    "POST /2/0/models/*/exports/*/tasks",
    "POST /2/0/models/*/actions/*/tasks",
    "POST /2/0/models/*/processes/*/tasks",
];

#[test]
fn nothing_is_run_twice_and_nothing_undone_is_called_done() {
    let mut seen = Seen::default();
    let seeds = storm::each_seed(SEEDS, async |seed, fake| one(seed, &fake, &mut seen).await);
    // A storm in which nothing is ever lost, found or given up proves nothing.
    println!("{seen:?}");
    if seeds >= SEEDS {
        assert!(
            seen.done > seeds / 3 && seen.uploaded > seeds / 2 && seen.downloaded > seeds / 3,
            "{seen:?}"
        );
        assert!(seen.ambiguous > 10 && seen.lost_and_found > 50, "{seen:?}");
        assert!(seen.task_failed > 50 && seen.gave_up > 10, "{seen:?}");
    }
}

#[derive(Debug, Default)]
struct Seen {
    uploaded: u64,
    downloaded: u64,
    done: u64,
    task_failed: u64,
    ambiguous: u64,
    lost_and_found: u64,
    gave_up: u64,
}

async fn one(seed: u64, fake: &FakeAnaplan, seen: &mut Seen) {
    let demo = fake.demo();
    let bulk = bulk_of(fake.session_with(storm::settings()).unwrap(), &demo.dev);
    storm::gather(fake, seed, &STARTS);
    let dice = &mut Rng::with_seed(seed);
    upload(fake, &demo, &bulk, seen).await;
    run(fake, &demo, &bulk, dice, seen).await;
    up_and_down(fake, &demo, &bulk, dice, seen).await;
}

/// A file of several chunks, up and down again.
async fn up_and_down(
    fake: &FakeAnaplan,
    demo: &Demo,
    bulk: &Bulk,
    dice: &mut Rng,
    seen: &mut Seen,
) {
    let text = numbered(2_000_100);
    let content = match dice.bool() {
        true => Content::text(text.clone()),
        false => Content::iter([text.clone()]),
    };
    let upload = bulk.upload_file(demo.empty_file, content);
    let uploaded = upload.chunk_size(1_000_000).without_gzip().await;
    let there = || {
        let user = &demo.admin.id;
        fake.world(|world| world.file_content(&demo.dev, demo.empty_file, user))
    };
    if uploaded.is_ok() {
        assert!(there().unwrap() == text, "not what was sent");
    }
    storm::settle().await;
    match bulk.get_file(demo.empty_file).await {
        Ok(read) => {
            assert!(read == text, "not what was sent, of which nothing is told");
            seen.downloaded += 1;
        }
        Err(error) if error.is_not_found() => assert!(there().is_none(), "{error}"),
        Err(_) => seen.gave_up += 1,
    }
}

async fn upload(fake: &FakeAnaplan, demo: &Demo, bulk: &Bulk, seen: &mut Seen) {
    let text = demo.good_csv.clone() + &numbered(200).replace("\r\n", ",,\r\n");
    let outcome = bulk
        .upload_file(demo.source_file, Content::text(text.clone()))
        .without_gzip()
        .await;
    if let Err(failed) = outcome {
        // What has not arrived is said to be missing; what lies there may be all of it all the same,
        // since an answer may have been lost.
        let missing = failed.state.and_then(|state| state.missing_chunks());
        assert!(missing.is_none_or(|missing| missing == [0]));
        seen.gave_up += 1;
        storm::settle().await;
    } else {
        let user = &demo.admin.id;
        let there = fake.world(|world| world.file_content(&demo.dev, demo.source_file, user));
        assert!(there.unwrap() == text, "not what was sent");
        seen.uploaded += 1;
    }
}

async fn run(fake: &FakeAnaplan, demo: &Demo, bulk: &Bulk, dice: &mut Rng, seen: &mut Seen) {
    let (action, succeeds) = [
        (ActionRef::import(demo.good_import), None),
        (ActionRef::export(demo.export), Some(true)),
        (ActionRef::action(demo.action), Some(true)),
        (ActionRef::process(demo.process), Some(true)),
        (ActionRef::process(demo.bad_process), Some(false)),
    ][dice.usize(0..5)]
    .clone();
    let object: u64 = action.id().as_str().parse().unwrap();
    let call = bulk.run_action(action);
    // No one else starts runs in this world, so a single new run can be presumed to be this call's.
    let call = match dice.bool() {
        true => call.accept_presumed(),
        false => call,
    };
    let outcome = call.await;
    if outcome.is_err() {
        // What the server was still working on comes to its end.
        storm::settle().await;
    }
    let started = fake.world(|world| world.books().runs_started.clone());
    assert!(started.len() <= 1, "started twice: {started:?}");
    let task = match outcome {
        Ok(task) => task,
        Err(error) => return definite(&error, started.is_empty(), seen),
    };
    assert_eq!(started.len(), 1, "success without a task");
    assert_eq!(started[0].task, *task.id(), "another task");
    let posts = fake
        .requests()
        .entries()
        .filter(|entry| entry.method == "POST" && entry.path.ends_with("/tasks"))
        .count();
    let found = posts > 1 || task.origin() == Origin::Presumed;
    seen.lost_and_found += u64::from(found);

    let outcome = task.wait().await;
    let done = fake.world(|world| world.books().times_done(&demo.dev, object));
    match outcome {
        Ok(outcome) => {
            assert_ne!(succeeds, Some(false));
            assert_eq!(done, 1, "done is said of what is not done");
            assert_eq!(outcome.task.task, *task.id());
            seen.done += 1;
        }
        Err(error) if error.kind() == ErrorKind::TaskFailed => {
            assert_ne!(succeeds, Some(true), "{error}");
            assert!(done == 1 && error.task_failure().is_some());
            seen.task_failed += 1;
        }
        // The wait ended, not the task: its id is there to go on with.
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
