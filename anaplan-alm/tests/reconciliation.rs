//! Revisions and model status with an unknown outcome, and resumption of reports.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_alm::{Alm, OnlineStatus};
use anaplan_core::{Error, ErrorKind, Evaluation, ReconciliationRecord};
use anaplan_testkit::world::ModelState;
use anaplan_testkit::{Fault, ListingFault};
use support::{Stage, bind};

const CREATE: &str = "POST /2/0/models/*/alm/revisions";
const REVISIONS: &str = "GET /2/0/models/*/alm/revisions";
const STATUS: &str = "PUT /2/0/models/*/onlineStatus";

fn created(stage: &Stage) -> Vec<String> {
    let revisions = stage
        .fake
        .world(|world| world.books().revisions_created.clone());
    revisions.into_iter().map(|(_, id, _)| id).collect()
}

fn dev(stage: &Stage) -> Alm {
    stage.alm.with_model(&stage.demo.dev)
}

/// The handle of another process, and the record as it reads it.
fn another_process(stage: &Stage, error: &Error) -> (Alm, ReconciliationRecord) {
    let json = serde_json::to_string(error.record().unwrap()).unwrap();
    let alm = bind(stage.fake.session().unwrap(), &stage.demo.prod);
    (alm, serde_json::from_str(&json).unwrap())
}

#[tokio::test(start_paused = true)]
async fn revision_with_a_lost_response_is_confirmed_by_name_time_and_creator() {
    for fault in [Fault::drop_after(), Fault::status_after(520)] {
        let stage = Stage::set().await;
        stage.fake.inject(fault.on(CREATE).times(1));
        let revision = dev(&stage).create_revision("Spring").await.unwrap();
        assert_eq!(created(&stage), [revision.id.as_str()]);
        assert_eq!(stage.fake.requests().count(CREATE), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_listing_before_a_call_is_an_error_that_names_its_ids_and_attempts() {
    let stage = Stage::set().await;
    let contradiction = Fault::listing(ListingFault::StatusCode(503));
    stage.fake.inject(contradiction.on(REVISIONS));
    let error = dev(&stage).create_revision("Spring").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert_eq!(error.id("modelId"), Some(stage.demo.dev.as_str()));
    assert!(error.attempts() >= 1);
    assert_eq!(stage.fake.requests().count(CREATE), 0);
}

#[tokio::test(start_paused = true)]
async fn revision_is_searched_until_the_listing_is_complete() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_after().on(CREATE).times(1));
    let vanished = Fault::listing(ListingFault::Vanished(1));
    stage.fake.inject(vanished.on(REVISIONS).after(1).times(2));
    let revision = dev(&stage).create_revision("Spring").await.unwrap();
    assert_eq!(created(&stage), [revision.id.as_str()]);
    assert_eq!(stage.fake.requests().count(REVISIONS), 4);
}

#[tokio::test(start_paused = true)]
async fn revision_of_another_user_with_the_same_name_is_never_claimed() {
    let stage = Stage::set().await;
    let other = stage.demo.second.id.clone();
    let fault = Fault::drop_before().other_user_before(other);
    stage.fake.inject(fault.on(CREATE).times(1));
    let call = dev(&stage).create_revision("Spring").accept_presumed();
    let error = call.await.unwrap_err();
    let theirs = created(&stage);
    assert_eq!(theirs.len(), 1);
    assert!(error.is_ambiguous(), "{error}");
    assert!(!error.to_string().contains(&theirs[0]), "{error}");

    let (process, record) = another_process(&stage, &error);
    let found = process.evaluate_revision(record).await.unwrap();
    assert!(matches!(found, Evaluation::Unknown(_)), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn late_revision_is_confirmed_by_another_process() {
    let stage = Stage::set().await;
    let fault = Fault::drop_late(Duration::from_secs(600));
    stage.fake.inject(fault.on(CREATE).times(1));
    let error = dev(&stage).create_revision("Spring").await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(stage.fake.requests().count(CREATE), 1);
    let (process, record) = another_process(&stage, &error);
    let found = process.evaluate_revision(record).await.unwrap();
    let Evaluation::Confirmed(revision) = found else {
        panic!("{found:?}");
    };
    assert_eq!(created(&stage), [revision.id.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn revision_is_only_presumed_without_the_time_of_the_server() {
    let stage = Stage::set().await;
    stage.fake.world(|world| world.rules.date_header = false);
    stage.fake.inject(Fault::drop_after().on(CREATE).times(1));
    let error = dev(&stage).create_revision("Spring").await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(error.id("revisionId"), Some(created(&stage)[0].as_str()));
    assert_eq!(error.task_id(), None);
}

#[tokio::test(start_paused = true)]
async fn refusal_after_a_lost_revision_is_not_reported_as_a_plain_refusal() {
    let stage = Stage::set().await;
    let fault = Fault::drop_late(Duration::from_secs(2));
    stage.fake.inject(fault.on(CREATE).times(1));
    let first = dev(&stage).create_revision("Spring").await.unwrap();
    assert_eq!(created(&stage), [first.id.as_str()]);
    // A second call is a call of its own, and its refusal is proof.
    let error = dev(&stage).create_revision("Spring").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn model_status_is_confirmed_by_a_change_of_the_state() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_after().on(STATUS).times(1));
    let call = stage.alm.change_model_status(OnlineStatus::Offline);
    call.await.unwrap();
    assert_eq!(stage.fake.requests().count(STATUS), 1);
}

#[tokio::test(start_paused = true)]
async fn model_status_is_not_sent_again_because_a_late_request_could_undo_another() {
    let stage = Stage::set().await;
    let (prod, late) = (&stage.demo.prod, Duration::from_secs(300));
    stage
        .fake
        .inject(Fault::drop_late(late).on(STATUS).times(1));
    let call = stage.alm.change_model_status(OnlineStatus::Offline);
    let error = call.await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(stage.fake.requests().count(STATUS), 1);
    tokio::time::sleep(late).await;
    let state = stage.fake.world(|world| world.model(prod).unwrap().state);
    assert_eq!(state, ModelState::ProductionMaintenance);
    let (process, record) = another_process(&stage, &error);
    let found = process.evaluate_model_status(record).await.unwrap();
    assert_eq!(found, Evaluation::Confirmed(()));
}

#[tokio::test(start_paused = true)]
async fn model_status_of_before_proves_nothing() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_before().on(STATUS).times(1));
    let call = stage.alm.change_model_status(OnlineStatus::Online);
    let error = call.await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    let (process, record) = another_process(&stage, &error);
    let found = process.evaluate_model_status(record).await.unwrap();
    assert!(matches!(found, Evaluation::Unknown(_)), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn reports_are_resumed_from_ids_by_another_process() {
    let stage = Stage::set().await;
    let process = bind(stage.fake.session().unwrap(), &stage.demo.prod);
    let (pair, report) = (&stage.pair, &stage.comparison_task);
    let done = process.resume_comparison_report(report, pair).wait().await;
    assert_eq!(done.unwrap(), *pair);
    let summary = &stage.summary_task;
    let done = process
        .resume_comparison_summary(summary, pair)
        .wait()
        .await;
    assert_eq!(done.unwrap(), *pair);
    let unknown = process.resume_comparison_summary(report, pair).wait().await;
    assert!(unknown.unwrap_err().is_not_found());
}
