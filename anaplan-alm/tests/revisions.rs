//! Revisions: creation, listings, models.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_alm::{AppliedMethod, CreationMethod, RevisionSortKey};
use anaplan_core::{ErrorKind, ModelId};
use support::{Stage, alm_of};

#[tokio::test(start_paused = true)]
async fn revision_is_rejected_unless_the_structure_has_changed() {
    let stage = Stage::set().await;
    let dev = stage.alm.with_model(&stage.demo.dev);
    let made = dev
        .create_revision("Spring")
        .with(|new| new.description("cost of headcount"))
        .await
        .unwrap();
    assert_eq!(made.creation_method, Some(CreationMethod::Api));
    assert_eq!(made.description.as_deref(), Some("cost of headcount"));

    let again = dev.create_revision("Spring again").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Rejected);
    assert!(
        again
            .server_message()
            .unwrap()
            .contains("no structural changes"),
        "{again}"
    );

    // An item of a production list is no structure, an item of another list is.
    let (dev_id, data, structure) = (&stage.demo.dev, stage.demo.list, stage.demo.structural_list);
    stage
        .fake
        .world(|world| world.edit(dev_id).edit_list(data).item("East"));
    assert!(dev.create_revision("No").await.is_err());
    stage
        .fake
        .world(|world| world.edit(dev_id).edit_list(structure).item("Bells"));
    dev.create_revision("Yes").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn create_revision_rejects_long_texts_before_it_sends() {
    let stage = Stage::set().await;
    let dev = stage.alm.with_model(&stage.demo.dev);
    let calls = [
        dev.create_revision(""),
        dev.create_revision("  "),
        dev.create_revision("ä".repeat(61)),
        dev.create_revision("ok")
            .with(|new| new.description("x".repeat(251))),
    ];
    for call in calls {
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(stage.fake.requests().total(), 0);
    dev.create_revision("ä".repeat(60))
        .with(|new| new.description("x".repeat(250)))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn rejected_revision_reports_the_message_of_the_server() {
    let stage = Stage::set().await;
    let deployed = stage
        .alm
        .create_revision("In production")
        .await
        .unwrap_err();
    assert_eq!(deployed.kind(), ErrorKind::Rejected);
    assert!(
        deployed.to_string().contains("standard mode only"),
        "{deployed}"
    );
    assert_eq!(deployed.id("modelId"), Some(stage.demo.prod.as_str()));
    assert_eq!(deployed.operation(), Some("alm.create_revision"));
}

#[tokio::test(start_paused = true)]
async fn revisions_are_sorted_filtered_and_streamed() {
    let stage = Stage::set().await;
    let dev = stage.alm.with_model(&stage.demo.dev);
    let names = |revisions: Vec<anaplan_alm::Revision>| -> Vec<String> {
        revisions
            .into_iter()
            .map(|revision| revision.name)
            .collect()
    };
    let all = names(dev.get_revisions().await.unwrap());
    assert_eq!(all, ["Baseline", "Channels", "Headcount by region"]);
    let backwards = dev
        .get_revisions()
        .with(|query| query.sort_descending(RevisionSortKey::Name))
        .await
        .unwrap();
    assert_eq!(
        names(backwards),
        ["Headcount by region", "Channels", "Baseline"]
    );
    let forwards = dev
        .get_revisions()
        .with(|query| query.sort(RevisionSortKey::CreatedOn))
        .await
        .unwrap();
    assert_eq!(names(forwards), all);
    let request = dev
        .get_revisions()
        .with(|query| query.sort_descending(RevisionSortKey::CreatedOn))
        .into_request();
    assert_eq!(request.unwrap().uri().query(), Some("sort=-createdOn"));

    let today = jiff::tz::Offset::UTC
        .to_datetime(jiff::Timestamp::now())
        .date();
    let day = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap();
    let middle = dev
        .get_revisions()
        .with(|query| query.applied_after(day(40)).applied_before(day(20)))
        .await
        .unwrap();
    assert_eq!(names(middle), ["Channels"]);
    let upside_down = dev
        .get_revisions()
        .with(|query| query.applied_after(day(20)).applied_before(day(40)));
    assert_eq!(
        upside_down.await.unwrap_err().kind(),
        ErrorKind::InvalidInput
    );

    let mut items = dev.get_revisions().page_size(1).items();
    let mut streamed = Vec::new();
    while let Some(revision) = items.next_item().await {
        streamed.push(revision.unwrap().name);
    }
    assert_eq!(streamed, all);
}

#[tokio::test(start_paused = true)]
async fn model_without_revisions_has_empty_lists() {
    let stage = Stage::set().await;
    let plain = stage.alm.with_model(&stage.demo.plain);
    assert_eq!(plain.get_latest_revision().await.unwrap(), None);
    assert!(plain.get_revisions().await.unwrap().is_empty());
    assert!(plain.get_sync_tasks().await.unwrap().is_empty());
    assert!(
        stage
            .alm
            .with_model(&stage.demo.dev)
            .get_sync_tasks()
            .await
            .unwrap()
            .is_empty()
    );
    let unrelated = stage
        .alm
        .get_syncable_revisions(&stage.demo.unrelated)
        .await
        .unwrap_err();
    assert_eq!(unrelated.kind(), ErrorKind::Rejected);
    // Nothing to sync is not an error.
    let upstream = stage
        .alm
        .with_model(&stage.demo.dev)
        .get_syncable_revisions(&stage.demo.prod);
    assert!(upstream.await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn models_of_a_revision_start_with_its_origin_and_include_deleted_ones() {
    let stage = Stage::set().await;
    let first = &stage.pair.target_revision;
    stage
        .fake
        .world(|world| world.delete_model(&stage.demo.test));
    let models = stage.alm.get_models_for_revision(first).await.unwrap();
    assert_eq!(models[0].model_id.as_ref(), Some(&stage.demo.dev));
    assert_eq!(models[0].applied_method, Some(AppliedMethod::UserAdded));
    let dead: Vec<_> = models.iter().filter(|model| model.model_deleted).collect();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].model_id.as_ref(), Some(&stage.demo.test));
    assert_eq!((&dead[0].model_name, &dead[0].workspace_id), (&None, &None));

    let elsewhere = stage.alm.with_model(&stage.demo.unrelated);
    assert!(
        elsewhere
            .get_models_for_revision(first)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test(start_paused = true)]
async fn id_is_one_segment_of_the_path() {
    let stage = Stage::set().await;
    for id in ["", ".", "..", "a\u{7}"] {
        let alm = stage.alm.with_model(ModelId::from(id));
        let error = alm.get_latest_revision().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{id:?}");
    }
    let tricky = stage.alm.with_model("../../token/logout?x=#");
    assert!(
        tricky
            .get_latest_revision()
            .await
            .unwrap_err()
            .is_not_found()
    );
    let asked = stage.fake.requests();
    let path = &asked.entries().next().unwrap().path;
    assert_eq!(
        path,
        "/2/0/models/..%2F..%2Ftoken%2Flogout%3Fx%3D%23/alm/latestRevision"
    );
}

#[tokio::test(start_paused = true)]
async fn concurrent_users_create_one_revision() {
    let stage = Stage::set().await;
    let ada = stage.alm.with_model(&stage.demo.dev);
    let grace = alm_of(&stage.fake, &stage.demo.second.id, &stage.demo.dev);
    let (first, second) = tokio::join!(
        ada.create_revision("Spring").into_future(),
        grace.create_revision("Spring").into_future(),
    );
    assert!(first.is_ok() != second.is_ok());
    assert_eq!(
        stage
            .fake
            .world(|world| world.books().revisions_created.len()),
        1
    );
}
