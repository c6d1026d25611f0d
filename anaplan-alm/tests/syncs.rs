//! Syncs: start, progress, failure, resumption.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_alm::{RevisionPair, Sync};
use anaplan_core::{ErrorKind, PollPolicy, Task, TaskState};
use anaplan_testkit::{Fault, Pacing};
use support::Stage;

#[tokio::test(start_paused = true)]
async fn sync_applies_the_structure_and_keeps_the_data() {
    let stage = Stage::set().await;
    let items = |name: &'static str| {
        let (prod, list) = (stage.demo.prod.clone(), stage.demo.list);
        stage.fake.world(move |world| {
            let model = world.model(&prod).unwrap();
            let modules = model.structure.modules.iter();
            let found = modules.filter(|module| module.name == name).count();
            (found, model.items[&list].len())
        })
    };
    assert_eq!(items("Headcount"), (0, 3));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let done = task.wait().await.unwrap();
    assert_eq!(
        done.source_revision.as_ref(),
        Some(&stage.pair.source_revision)
    );
    assert_eq!(items("Headcount"), (1, 3));

    let latest = stage.alm.get_latest_revision().await.unwrap().unwrap();
    assert_eq!(latest.id, stage.pair.source_revision);
    let listed = stage.alm.get_sync_tasks().await.unwrap();
    assert_eq!(listed[0].task_id, *task.id());
    assert_eq!(listed[0].task_state, TaskState::Complete);
}

#[tokio::test(start_paused = true)]
async fn progress_ends_with_a_terminal_status() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.rules.pacing = Pacing::Polls(4));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let mut progress = task.progress();
    let mut states = Vec::new();
    while let Some(status) = progress.next_status().await {
        states.push(status.unwrap().task_state);
    }
    assert_eq!(states.len(), 4);
    assert_eq!(states.last(), Some(&TaskState::Complete));
}

#[tokio::test(start_paused = true)]
async fn failed_sync_reports_all_texts_of_the_server() {
    let stage = Stage::set().await;
    let full = stage.alm.with_model(&stage.demo.sync_fails);
    let task = full.sync_models(&stage.pair).await.unwrap();
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    let failure = error.task_failure().unwrap();
    assert_eq!(
        failure.title.as_deref(),
        Some("Model Synchronization Failed")
    );
    assert!(
        failure
            .message
            .as_deref()
            .unwrap()
            .contains("not enough space")
    );
    assert!(failure.subtitle.as_deref().unwrap().contains("size limit"));
    assert_eq!(error.task_id(), Some(task.id().as_str()));
    assert_eq!(error.id("modelId"), Some(stage.demo.sync_fails.as_str()));
    assert!(!error.is_retryable());
    let applied = stage
        .fake
        .world(|world| world.books().syncs_applied.clone());
    assert!(
        applied
            .iter()
            .all(|(model, ..)| *model != stage.demo.sync_fails)
    );
}

#[tokio::test(start_paused = true)]
async fn sync_is_resumed_from_its_stored_address_and_from_its_id() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.rules.pacing = Pacing::Polls(2));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let stored = serde_json::to_string(&task).unwrap();
    drop(task);

    let address: Sync = serde_json::from_str(&stored).unwrap();
    let session = stage.fake.session().unwrap();
    let done = Task::resume(session, address).wait().await.unwrap();
    assert_eq!(
        done.source_revision.as_ref(),
        Some(&stage.pair.source_revision)
    );
    let by_id = stage.alm.resume_sync(&done.task_id).wait().await.unwrap();
    assert_eq!(by_id.task_id, done.task_id);
}

#[tokio::test(start_paused = true)]
async fn wait_ends_at_its_deadline_and_the_sync_continues() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(600)));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let hurried = task
        .clone()
        .poll_policy(PollPolicy::default().with_deadline(Duration::from_secs(30)));
    let error = hurried.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskTimeout);
    assert_eq!(error.task_id(), Some(task.id().as_str()));
    task.wait().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn wait_survives_failed_polls() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.rules.pacing = Pacing::Polls(3));
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    let route = "GET /2/0/models/*/alm/syncTasks/*";
    stage.fake.inject(Fault::status(404).on(route).times(1));
    stage
        .fake
        .inject(Fault::garbage("<html>").on(route).times(2));
    task.wait().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sync_of_revisions_that_do_not_match_is_rejected() {
    let stage = Stage::set().await;
    let demo = &stage.demo;
    let pair = &stage.pair;
    let started = stage.fake.world(|world| world.books().syncs_started.len());
    for (what, wrong) in [
        (
            "stale target",
            RevisionPair::new(&pair.source_revision, &demo.dev, &pair.source_revision),
        ),
        (
            "unrelated",
            RevisionPair::new(
                &pair.source_revision,
                &demo.unrelated,
                &pair.target_revision,
            ),
        ),
        (
            "unknown",
            RevisionPair::new("00", &demo.dev, &pair.target_revision),
        ),
    ] {
        let error = stage.alm.sync_models(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{what}: {error}");
        assert!(error.server_message().is_some());
    }
    let empty = RevisionPair::new("", &demo.dev, &pair.target_revision);
    let error = stage.alm.sync_models(empty).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        stage.fake.world(|world| world.books().syncs_started.len()),
        started
    );
}

#[tokio::test(start_paused = true)]
async fn sync_tasks_are_listed_for_two_days() {
    let stage = Stage::set().await;
    let task = stage.alm.sync_models(&stage.pair).await.unwrap();
    stage.alm.get_sync_task(task.id()).await.unwrap();
    stage.fake.advance(Duration::from_secs(49 * 3600));
    assert!(stage.alm.get_sync_tasks().await.unwrap().is_empty());
    assert!(
        stage
            .alm
            .get_sync_task(task.id())
            .await
            .unwrap_err()
            .is_not_found()
    );
}
