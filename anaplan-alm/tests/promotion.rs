//! The whole way from a change in dev to production.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_alm::{OnlineStatus, Promotion};
use anaplan_core::ErrorKind;
use anaplan_testkit::{Fault, Pacing};
use support::Stage;

#[tokio::test(start_paused = true)]
async fn a_change_in_dev_reaches_production() {
    let stage = Stage::set().await;
    let production = &stage.alm;
    let dev = production.with_model(&stage.demo.dev);
    let spring = dev.create_revision("Spring").await.unwrap();

    let plan = production.plan_promotion().await.unwrap().ready().unwrap();
    assert_eq!(plan.source_model, stage.demo.dev);
    assert_eq!(plan.source_revision.id, spring.id);
    assert_eq!(plan.candidates.len(), 3);
    let preview = plan.preview().await.unwrap();
    assert!(preview.differences["lineItems"].created >= 2);
    assert!(!plan.report().await.unwrap().is_empty());

    production
        .change_model_status(OnlineStatus::Offline)
        .await
        .unwrap();
    let report = plan.apply().await.unwrap();
    production
        .change_model_status(OnlineStatus::Online)
        .await
        .unwrap();
    assert_eq!(report.to.id, spring.id);
    assert_eq!(report.from.id, stage.pair.target_revision);
    assert!(report.task.is_some());

    let again = plan.apply().await.unwrap();
    assert_eq!((again.task, again.to.id), (None, spring.id.clone()));
    let Promotion::UpToDate(latest) = production.plan_promotion().await.unwrap() else {
        panic!("there is nothing left to promote");
    };
    assert_eq!(latest.id, spring.id);
    assert_eq!(
        stage.fake.world(|world| world.books().syncs_applied.len()),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn one_step_at_a_time_if_that_is_wanted() {
    let stage = Stage::set().await;
    let plan = stage.alm.plan_promotion().await.unwrap().ready().unwrap();
    let older = plan.candidates.last().unwrap().clone();
    assert_ne!(older.id, plan.source_revision.id);
    let report = plan
        .clone()
        .up_to(&older.id)
        .unwrap()
        .apply()
        .await
        .unwrap();
    assert_eq!(report.to.name, "Channels");
    assert_eq!(
        plan.clone().up_to("nothing").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );

    // The old plan does not fit the target any more.
    let stale = plan.apply().await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn when_the_origin_is_gone_another_model_of_the_family_serves() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.delete_model(&stage.demo.dev));
    let plan = stage.alm.plan_promotion().await.unwrap().ready().unwrap();
    assert_eq!(plan.source_model, stage.demo.test);
    assert_eq!(plan.source_revision.name, "Channels");
    plan.apply().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_model_without_a_family_says_so() {
    let stage = Stage::set().await;
    let plain = stage.alm.with_model(&stage.demo.plain);
    let error = plain.plan_promotion().await.unwrap_err();
    assert!(error.is_not_found());
    assert!(error.to_string().contains("no family"), "{error}");
    let unrelated = stage
        .alm
        .plan_promotion_from(&stage.demo.unrelated)
        .await
        .unwrap_err();
    assert_eq!(unrelated.kind(), ErrorKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_promotion_that_fails_says_why_and_can_be_tried_again() {
    let stage = Stage::set().await;
    let full = stage.alm.with_model(&stage.demo.sync_fails);
    let plan = full.plan_promotion().await.unwrap().ready().unwrap();
    assert_eq!(
        plan.apply().await.unwrap_err().kind(),
        ErrorKind::TaskFailed
    );
    stage
        .fake
        .world(|world| world.fail_syncs(&stage.demo.sync_fails, None));
    plan.apply().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_in_the_middle_does_not_promote_twice() {
    let stage = Stage::set().await;
    stage
        .fake
        .world(|world| world.rules.pacing = Pacing::Polls(3));
    let plan = stage.alm.plan_promotion().await.unwrap().ready().unwrap();
    let before = stage.fake.world(|world| world.books().syncs_started.len());
    stage.fake.inject(
        Fault::drop_after()
            .on("POST /2/0/models/*/alm/syncTasks")
            .times(1),
    );
    plan.apply().await.unwrap();
    let books = stage.fake.world(|world| world.books().clone());
    assert_eq!(books.syncs_started.len(), before + 1);
    assert_eq!(books.syncs_applied.len(), 1);
}

#[cfg(feature = "blocking")]
#[test]
fn the_whole_way_without_async() {
    let stage = Stage::set_blocking();
    let plan = stage.alm.plan_promotion().run().unwrap().ready().unwrap();
    assert!(plan.preview().run().unwrap().totals.count() > 0);
    let task = plan.start().run().unwrap();
    let states: Vec<_> = task
        .progress()
        .map(|status| status.unwrap().task_state)
        .collect();
    assert!(states.last().unwrap().is_terminal());
    let names: Vec<_> = stage
        .alm
        .get_revisions()
        .page_size(1)
        .items()
        .map(|revision| revision.unwrap().name)
        .collect();
    assert_eq!(
        names.last().map(String::as_str),
        Some("Headcount by region")
    );
}
