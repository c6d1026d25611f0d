//! Syncs with an unknown outcome: search, ownership, verification, later evaluation.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_alm::{Alm, RevisionPair};
use anaplan_core::{ErrorKind, Evaluation, Origin, ReconciliationRecord, TaskId};
use anaplan_testkit::{Fault, Pacing};
use support::{Stage, bind, skewed};

const START: &str = "POST /2/0/models/*/alm/syncTasks";
const TASKS: &str = "GET /2/0/models/*/alm/syncTasks";
const LATEST: &str = "GET /2/0/models/*/alm/latestRevision";
const REVISIONS: &str = "GET /2/0/models/*/alm/revisions";

/// Ids of the syncs that were started after the one of the stage, by whomever.
fn started(stage: &Stage) -> Vec<TaskId> {
    let syncs = stage
        .fake
        .world(|world| world.books().syncs_started.clone());
    syncs.into_iter().skip(1).map(|(_, task, _)| task).collect()
}

/// The handle of another process: a new session of the same user.
fn another_process(stage: &Stage) -> Alm {
    bind(stage.fake.session().unwrap(), &stage.demo.dev)
}

/// The record as another process reads it.
fn stored(record: &ReconciliationRecord) -> ReconciliationRecord {
    let json = serde_json::to_string(record).unwrap();
    serde_json::from_str(&json).unwrap()
}

#[tokio::test(start_paused = true)]
async fn sync_with_a_lost_response_is_confirmed_by_the_revisions_of_the_model() {
    for fault in [
        Fault::drop_after(),
        Fault::status_after(504),
        Fault::reply_after(200, "{}"),
    ] {
        let stage = Stage::set().await;
        stage.fake.inject(fault.on(START).times(1));
        let task = stage.alm.sync_models(&stage.pair).await.unwrap();
        assert_eq!(task.origin(), Origin::Own);
        assert_eq!(started(&stage), [task.id().clone()]);
        assert_eq!(stage.fake.requests().count(START), 1);
        assert!(task.wait().await.unwrap().verified);
    }
}

#[tokio::test(start_paused = true)]
async fn sync_is_confirmed_if_revisions_lack_user_and_time_of_their_application() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_after().on(START).times(1));
    let source = stage.pair.source_revision.clone();
    let bare = format!(
        r#"{{"status":{{"code":200}},"revisions":[{{"id":"{source}","name":"Headcount"}}]}}"#
    );
    stage.fake.inject(Fault::reply(200, bare).on(LATEST));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    assert_eq!(started(&stage), [task.id().clone()]);
    let models = "GET /2/0/models/*/alm/revisions/*/appliedToModels";
    assert_eq!(stage.fake.requests().count(models), 1);
}

#[tokio::test(start_paused = true)]
async fn sync_that_was_not_executed_is_not_sent_again() {
    for fault in [Fault::drop_before(), Fault::status(503), Fault::status(302)] {
        let stage = Stage::set().await;
        stage.fake.inject(fault.on(START).times(1));
        let begin = tokio::time::Instant::now();
        let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
        assert!(error.is_ambiguous() && !error.is_retryable(), "{error}");
        assert!(begin.elapsed() >= Duration::from_secs(60));
        assert_eq!(stage.fake.requests().count(START), 1);
        assert!(started(&stage).is_empty());

        let record = error.record().unwrap();
        assert_eq!(record.operation, "alm.sync_models");
        assert_eq!(record.baseline.as_ref().unwrap().len(), 1);
        assert_eq!(record.checks.len(), 14);
        // The request could still arrive.
        let found = another_process(&stage).evaluate_sync(stored(record)).await;
        assert!(matches!(found.unwrap(), Evaluation::Unknown(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn late_sync_is_found_within_the_search_and_never_sent_again_after_it() {
    for (late, found) in [(30, true), (3_000, false)] {
        let stage = Stage::set().await;
        let fault = Fault::drop_late(Duration::from_secs(late));
        stage.fake.inject(fault.on(START).times(1));
        let outcome = stage.alm.sync_models(&stage.pair).await;
        assert_eq!(outcome.is_ok(), found, "{outcome:?}");
        tokio::time::sleep(Duration::from_secs(3_100)).await;
        let tasks = started(&stage);
        assert_eq!(tasks.len(), 1);
        let Err(error) = outcome else { continue };
        let record = stored(error.record().unwrap());
        let found = another_process(&stage).evaluate_sync(record).await.unwrap();
        let Evaluation::Confirmed(task) = found else {
            panic!("{found:?}");
        };
        assert_eq!(*task.id(), tasks[0]);
        assert!(task.wait().await.unwrap().verified);
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_sync_is_never_claimed() {
    let stage = Stage::set().await;
    let other = stage.demo.second.id.clone();
    let fault = Fault::drop_before().other_user_before(other);
    stage.fake.inject(fault.on(START).times(1));
    let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
    let theirs = started(&stage);
    assert_eq!(theirs.len(), 1);
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(error.task_id(), Some(theirs[0].as_str()));

    let record = stored(error.record().unwrap());
    let found = another_process(&stage).evaluate_sync(record).await.unwrap();
    assert!(
        matches!(&found, Evaluation::Presumed { id, .. } if *id == theirs[0].as_str()),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn foreign_sync_of_another_revision_is_no_candidate_and_excludes_a_late_start() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_before().on(START).times(1));
    let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
    let record = stored(error.record().unwrap());

    let between = stage.alm.with_model(&stage.demo.dev).get_revisions().await;
    let between = between.unwrap().remove(1);
    let other = support::alm_of(&stage.fake, &stage.demo.second.id, &stage.demo.prod);
    let (dev, latest) = (&stage.demo.dev, &stage.pair.target_revision);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let theirs = other.sync_models(RevisionPair::new(&between.id, dev, latest));
    theirs.await.unwrap().wait().await.unwrap();

    let process = another_process(&stage);
    // In a list that lacks a known task, a sync in progress may be missing as well.
    let none = r#"{"status":{"code":200,"message":"Success"}}"#;
    stage.fake.inject(Fault::reply(200, none).on(TASKS));
    let found = process.evaluate_sync(record.clone()).await.unwrap();
    assert!(matches!(found, Evaluation::Unknown(_)), "{found:?}");
    stage.fake.clear_faults();
    let found = process.evaluate_sync(record).await.unwrap();
    assert!(matches!(found, Evaluation::NotExecuted(_)), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn presumed_sync_is_returned_only_if_it_is_accepted() {
    let stage = Stage::set().await;
    let other = stage.demo.second.id.clone();
    let fault = Fault::drop_before().other_user_before(other);
    stage.fake.inject(fault.on(START).times(1));
    let call = stage.alm.sync_models(&stage.pair).accept_presumed();
    let task = call.await.unwrap();
    assert_eq!(task.origin(), Origin::Presumed);
    assert_eq!(started(&stage), [task.id().clone()]);
    // The model has the revision, whoever applied it.
    assert!(task.wait().await.unwrap().verified);
}

#[tokio::test(start_paused = true)]
async fn sync_in_progress_is_presumed_until_it_is_finished() {
    let stage = Stage::set().await;
    let slow = Pacing::Time(Duration::from_secs(600));
    stage.fake.world(|world| world.rules.pacing = slow);
    stage.fake.inject(Fault::drop_after().on(START).times(1));
    let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
    let ours = started(&stage).remove(0);
    assert_eq!(error.task_id(), Some(ours.as_str()), "{error}");

    let (process, record) = (another_process(&stage), stored(error.record().unwrap()));
    let found = process.evaluate_sync(record.clone()).await.unwrap();
    let Evaluation::Presumed { id, .. } = found else {
        panic!("{found:?}");
    };
    assert_eq!(id, ours.as_str());
    tokio::time::sleep(Duration::from_secs(600)).await;
    let found = process.evaluate_sync(record).await.unwrap();
    assert!(
        matches!(&found, Evaluation::Confirmed(task) if *task.id() == ours),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_new_syncs_are_not_told_apart() {
    let stage = Stage::set().await;
    let slow = Pacing::Time(Duration::from_secs(600));
    stage.fake.world(|world| world.rules.pacing = slow);
    let other = stage.demo.second.id.clone();
    let fault = Fault::drop_after().other_user_before(other);
    stage.fake.inject(fault.on(START).times(1));
    let call = stage.alm.sync_models(&stage.pair).accept_presumed();
    let error = call.await.unwrap_err();
    assert_eq!(started(&stage).len(), 2);
    assert!(error.is_ambiguous() && error.task_id().is_none(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn skewed_clock_neither_hides_the_own_sync_nor_makes_an_old_one_new() {
    for hours in [-5, 5] {
        let stage = Stage::set().await;
        let alm = bind(skewed::session(&stage.fake, hours), &stage.demo.prod);
        stage.fake.inject(Fault::drop_after().on(START).times(1));
        let task = alm.sync_models(&stage.pair).await.unwrap();
        assert_eq!(started(&stage), [task.id().clone()], "{hours} h");

        // A sync from before the attempt that the first listing lacked.
        let stage = Stage::set().await;
        let alm = bind(skewed::session(&stage.fake, hours), &stage.demo.prod);
        let _task = stage.alm.sync_models(&stage.pair).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        let none = r#"{"status":{"code":200,"message":"Success"}}"#;
        stage
            .fake
            .inject(Fault::reply(200, none).on(TASKS).times(1));
        stage.fake.inject(Fault::drop_before().on(START).times(1));
        let call = alm.sync_models(&stage.pair).accept_presumed();
        let error = call.await.unwrap_err();
        assert!(error.is_ambiguous() && error.task_id().is_none(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn sync_is_only_presumed_without_the_time_of_the_server() {
    let stage = Stage::set().await;
    stage.fake.world(|world| world.rules.date_header = false);
    stage.fake.inject(Fault::drop_after().on(START).times(1));
    let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(error.task_id(), Some(started(&stage)[0].as_str()));
    assert_eq!(error.record().unwrap().clock_offset, None);
}

#[tokio::test(start_paused = true)]
async fn failed_listing_before_the_sync_ends_the_call_unsent() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::status(503).on(TASKS));
    let error = stage.alm.sync_models(&stage.pair).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert!(error.record().is_none());
    assert_eq!(stage.fake.requests().count(START), 0);
}

#[tokio::test(start_paused = true)]
async fn wait_is_verified_by_the_revisions_of_the_model() {
    let stage = Stage::set().await;
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    assert!(task.wait().await.unwrap().verified);
    let by_id = stage.alm.resume_sync(task.id()).wait().await.unwrap();
    assert_eq!(
        by_id.source_revision.as_ref(),
        Some(&stage.pair.source_revision)
    );
    assert!(by_id.verified);

    // Another revision came later: the model has the source revision nevertheless.
    let other =
        r#"{"status":{"code":200},"revisions":[{"id":"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}]}"#;
    stage.fake.inject(Fault::reply(200, other).on(LATEST));
    assert!(task.wait().await.unwrap().verified);
}

#[tokio::test(start_paused = true)]
async fn wait_fails_if_the_model_lacks_the_source_revision() {
    let stage = Stage::set().await;
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let older = format!(
        r#"{{"status":{{"code":200}},"revisions":[{{"id":"{}"}}],
            "meta":{{"paging":{{"currentPageSize":1,"offset":0,"totalSize":1}}}}}}"#,
        stage.pair.target_revision
    );
    stage
        .fake
        .inject(Fault::reply(200, older.clone()).on(LATEST));
    stage.fake.inject(Fault::reply(200, older).on(REVISIONS));
    let error = task.wait().await.unwrap_err();
    assert!(error.is_ambiguous() && !error.is_retryable(), "{error}");
    assert_eq!(error.task_id(), Some(task.id().as_str()));
    assert_eq!(
        error.id("sourceRevisionId"),
        Some(stage.pair.source_revision.as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn wait_reads_the_revisions_again_if_they_lag_behind_the_task() {
    let stage = Stage::set().await;
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let older = format!(
        r#"{{"status":{{"code":200}},"revisions":[{{"id":"{}"}}],
            "meta":{{"paging":{{"currentPageSize":1,"offset":0,"totalSize":1}}}}}}"#,
        stage.pair.target_revision
    );
    for route in [LATEST, REVISIONS] {
        let lagging = Fault::reply(200, older.clone()).on(route);
        stage.fake.inject(lagging.times(2));
    }
    assert!(task.wait().await.unwrap().verified);
    assert_eq!(stage.fake.requests().count(LATEST), 3);
}

#[tokio::test(start_paused = true)]
async fn wait_without_readable_revisions_is_successful_and_unverified() {
    let stage = Stage::set().await;
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    stage.fake.inject(Fault::status(403).on(LATEST));
    let outcome = task.wait().await.unwrap();
    assert!(!outcome.verified);
    assert_eq!(
        outcome.source_revision.as_ref(),
        Some(&stage.pair.source_revision)
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_sync_is_found_by_the_record_of_its_attempt() {
    let stage = Stage::set().await;
    let fault = Fault::late(Duration::from_secs(30));
    stage.fake.inject(fault.on(START).times(1));
    let record = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&record);
    let call = stage
        .alm
        .sync_models(&stage.pair)
        .on_attempt(move |attempt| *kept.lock().unwrap() = Some(stored(attempt)));
    let dropped = tokio::time::timeout(Duration::from_secs(5), call.into_future()).await;
    assert!(dropped.is_err());
    let record = record.lock().unwrap().take().unwrap();

    let process = another_process(&stage);
    let found = process.evaluate_sync(record.clone()).await.unwrap();
    assert!(matches!(found, Evaluation::Unknown(_)), "{found:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let found = process.evaluate_sync(record.clone()).await.unwrap();
    let Evaluation::Confirmed(task) = found else {
        panic!("{found:?}");
    };
    assert_eq!(started(&stage), [task.id().clone()]);

    let wrong = process.evaluate_revision(record).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidInput);
}
