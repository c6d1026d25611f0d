//! Running imports, exports, actions and processes: what they change, and what is told of them.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_bulk::{
    ActionId, ActionOutcome, ActionRef, Bulk, Content, FileId, MappingParameter, RowStatus,
};
use anaplan_core::{ErrorKind, PollPolicy, Settings, TaskState};
use anaplan_testkit::Pacing;
use anaplan_testkit::world::{CellValue, ModelState};
use serde::{Deserialize, Serialize};
use support::{bulk_of, stage};

#[tokio::test(start_paused = true)]
async fn an_import_of_regions_changes_the_list() {
    let (fake, demo, bulk) = stage();
    let outcome = bulk
        .upload_and_import(
            demo.source_file,
            Content::text(demo.good_csv.clone()),
            demo.good_import,
        )
        .await
        .unwrap();
    assert!(outcome.result.successful && !outcome.failure_dump_available());
    let detail = outcome.details().next().unwrap();
    assert_eq!(detail.code.as_deref(), Some("hierarchyRowsProcessed"));
    assert_eq!(detail.value("hierarchyName"), Some("Regions"));
    assert_eq!(detail.value("successCreateCount"), Some("2"));
    fake.world(|world| {
        let items = &world.model(&demo.dev).unwrap().items[&demo.list];
        assert_eq!(items.len(), 5);
        let central = items.by_code("C").unwrap();
        assert_eq!(central.name, "Central");
        assert_eq!(central.properties["Headroom"], "1,200");
    });
    // A dump would be a surprise.
    let error = bulk.get_dump(&outcome.task).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_import_of_sales_changes_cells_which_an_export_then_shows() {
    #[derive(Debug, Deserialize)]
    struct Sale {
        #[serde(rename = "Regions")]
        region: String,
        #[serde(rename = "Volume")]
        volume: f64,
        #[serde(rename = "Revenue")]
        revenue: f64,
        #[serde(rename = "Comment")]
        comment: String,
    }
    let (fake, demo, bulk) = stage();
    bulk.upload_and_import(
        demo.sales_file,
        Content::text(demo.sales_csv.clone()),
        demo.sales_import,
    )
    .await
    .unwrap();
    fake.world(|world| {
        let model = world.model(&demo.dev).unwrap();
        let west = model.items[&demo.list].by_name("West").unwrap().id;
        let cell = &model.cells[&(demo.line_item, vec![west])];
        assert_eq!(*cell, CellValue::Number(1040.0));
    });
    let mut rows = bulk.export_rows::<Sale>(demo.export).await.unwrap();
    let mut sales = Vec::new();
    while let Some(row) = rows.next_row().await {
        sales.push(row.unwrap());
    }
    assert_eq!(sales.len(), 3);
    assert_eq!(
        (sales[0].region.as_str(), sales[0].volume),
        ("North", 130.0)
    );
    assert_eq!(sales[0].revenue, 130.0 * 401.25);
    assert_eq!(sales[2].comment, "bulk order, paid");
}

#[tokio::test(start_paused = true)]
async fn rows_of_rust_go_up_as_the_file_wants_them() {
    #[derive(Serialize)]
    struct Region<'a> {
        #[serde(rename = "Region")]
        name: &'a str,
        #[serde(rename = "Code")]
        code: &'a str,
        #[serde(rename = "Manager")]
        manager: &'a str,
        #[serde(rename = "Headroom")]
        headroom: f64,
    }
    let (fake, demo, bulk) = stage();
    let files = bulk.get_files().await.unwrap();
    let file = files
        .iter()
        .find(|file| file.id == FileId::from(demo.source_file))
        .unwrap();
    let rows = (1..=1_000).map(|_| Region {
        name: "Far, far \"away\"",
        code: "FF",
        manager: "Zoë\nQuick",
        headroom: 0.5,
    });
    bulk.upload_rows(file, rows).unwrap().await.unwrap();
    let task = bulk.run_import(demo.good_import).await.unwrap();
    let outcome = task.wait().await.unwrap();
    assert!(!outcome.failure_dump_available());
    fake.world(|world| {
        let items = &world.model(&demo.dev).unwrap().items[&demo.list];
        let item = items.by_name("Far, far \"away\"").unwrap();
        assert_eq!(item.properties["Manager"], "Zoë\nQuick");
    });
}

#[tokio::test(start_paused = true)]
async fn a_bad_row_is_told_with_its_line_its_column_and_the_reason() {
    let (_, demo, bulk) = stage();
    let outcome: ActionOutcome = bulk
        .upload_and_import(
            demo.bad_source_file,
            Content::text(demo.bad_csv.clone()),
            demo.bad_import,
        )
        .await
        .unwrap();
    assert!(outcome.result.successful && outcome.failure_dump_available());
    let detail = outcome.details().next().unwrap();
    assert_eq!(
        detail.code.as_deref(),
        Some("lineItemRowsProcessedWithFailures")
    );
    assert_eq!(detail.value("failedCount"), Some("2"));
    assert_eq!(
        detail.pairs().find(|(name, _)| *name == "moduleCode"),
        Some(("moduleCode", None))
    );
    let mut rows = bulk.get_dump(&outcome.task).dump_rows();
    let mut bad = Vec::new();
    while let Some(row) = rows.next_row().await {
        bad.push(row.unwrap());
    }
    assert_eq!(bad.len(), 3);
    assert_eq!((&bad[0].status, bad[0].line), (&RowStatus::Error, Some(3)));
    assert_eq!(bad[0].value("Region"), Some("Narnia"));
    assert_eq!(bad[0].errors, ["Region: 'Narnia' is not an item"]);
    assert_eq!(bad[1].errors.len(), 2);
    assert_eq!(
        (&bad[2].status, bad[2].line),
        (&RowStatus::Warning, Some(5))
    );
    assert_eq!(bad[2].errors, ["Approved: 'maybe' is not a boolean"]);
}

#[tokio::test(start_paused = true)]
async fn an_import_without_content_is_a_failed_task_that_says_why() {
    let (_, demo, bulk) = stage();
    let task = bulk.run_import(demo.good_import).await.unwrap();
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    assert_eq!(error.task_id(), Some(task.id().as_str()));
    let failure = error.task_failure().unwrap();
    assert!(!failure.failure_dump_available);
    assert!(error.to_string().contains("no longer available"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_process_says_how_each_step_ended() {
    let (fake, demo, bulk) = stage();
    let task = bulk.run_process(demo.process).await.unwrap();
    let outcome = task.wait().await.unwrap();
    let steps = &outcome.result.nested_results;
    let ids: Vec<u64> = fake.world(|world| {
        let dev = world.model(&demo.dev).unwrap();
        dev.structure.process(demo.process).unwrap().steps.clone()
    });
    assert_eq!(steps.len(), 3);
    for (step, id) in steps.iter().zip(ids) {
        assert_eq!(step.object_id.clone().unwrap(), ActionId::from(id));
        assert!(step.successful && step.object_name.is_some());
    }
    assert!(outcome.steps_with_dump().is_empty());
    assert!(!bulk.get_file(demo.export).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whole_dump_equals_its_chunks_and_a_clean_run_has_none() {
    let stage = support::Stage::set().await;
    let bulk = &stage.bulk;
    let whole = bulk.get_whole_dump(&stage.dumped).await.unwrap();
    assert!(whole.starts_with(b"_Status_"));
    assert_eq!(whole, bulk.get_dump(&stage.dumped).await.unwrap());
    let (process, step) = (&stage.process, stage.process_step);
    let whole = bulk.get_whole_process_dump(process, step).await.unwrap();
    assert_eq!(whole, bulk.get_process_dump(process, step).await.unwrap());

    bulk.upload_file(
        stage.demo.source_file,
        Content::text(stage.demo.good_csv.clone()),
    )
    .await
    .unwrap();
    let clean = bulk.run_import(stage.demo.good_import).await.unwrap();
    clean.wait().await.unwrap();
    for empty_dumps in [true, false] {
        stage
            .fake
            .world(|world| world.rules.empty_dumps = empty_dumps);
        let error = bulk.get_whole_dump(clean.address()).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_with_a_failing_step_says_which_and_keeps_the_dump_of_another() {
    let (_, demo, bulk) = stage();
    let task = bulk.run_process(demo.bad_process).await.unwrap();
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    let failure = error.task_failure().unwrap();
    assert!(failure.failure_dump_available);
    assert!(error.to_string().contains("Load Campaigns"), "{error}");
    let status = task.status().await.unwrap();
    let result = status.result.unwrap();
    let failed = result.failed_steps();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].object_name.as_deref(), Some("Load Campaigns"));
    assert_eq!(
        failed[0].details[0].code.as_deref(),
        Some("uploadedFileNoLongerAvailable")
    );
    let with_dump = result
        .nested_results
        .iter()
        .find(|step| step.failure_dump_available);
    let step = with_dump.unwrap().object_id.clone().unwrap();
    let mut rows = bulk.get_process_dump(task.address(), step).dump_rows();
    let row = rows.next_row().await.unwrap().unwrap();
    assert_eq!((row.value("Name"), row.line), (Some("Telegraphy"), Some(3)));
    assert!(rows.next_row().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn answers_to_the_questions_of_an_import_arrive() {
    let (fake, demo, bulk) = stage();
    let (file, import) = fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("one.csv").id();
        let import = edit
            .import("Load one region")
            .from_file(file)
            .into_module(demo.module)
            .dimension_asked(demo.list, "Region")
            .line_item_from("Volume", demo.line_item)
            .id();
        (file, import)
    });
    bulk.upload_file(file, Content::text("Volume\n77\n"))
        .await
        .unwrap();
    let unanswered = bulk
        .run_import(import)
        .await
        .unwrap()
        .wait()
        .await
        .unwrap_err();
    assert!(unanswered.to_string().contains("Region"), "{unanswered}");
    let answer = MappingParameter::new("Region", "South");
    let task = bulk
        .run_import(import)
        .with(|run| run.mapping(answer))
        .await
        .unwrap();
    task.wait().await.unwrap();
    let mapping = fake.world(|world| world.books().runs_started[1].mapping.clone());
    assert_eq!(
        (
            mapping[0].entity_type.as_str(),
            mapping[0].entity_name.as_str()
        ),
        ("Region", "South")
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_and_has_done_nothing() {
    let (fake, demo, bulk) = stage();
    fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(600)));
    bulk.upload_file(demo.source_file, Content::text(demo.good_csv.clone()))
        .await
        .unwrap();
    let task = bulk.run_import(demo.good_import).await.unwrap();
    assert_eq!(
        task.status().await.unwrap().task_state,
        TaskState::InProgress
    );
    task.cancel().await.unwrap();
    assert_eq!(
        task.status().await.unwrap().task_state,
        TaskState::Cancelling
    );
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error}");
    assert_eq!(
        task.status().await.unwrap().task_state,
        TaskState::Cancelled
    );
    fake.world(|world| {
        assert!(world.books().runs_done.is_empty());
        assert_eq!(world.model(&demo.dev).unwrap().items[&demo.list].len(), 3);
    });
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_early_ends_no_run_and_another_process_goes_on() {
    let (fake, demo, bulk) = stage();
    fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(3_600)));
    let task = bulk.run_action(demo.action).await.unwrap();
    let patience = PollPolicy::default().with_deadline(Duration::from_secs(60));
    let error = task.poll_policy(patience).wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskTimeout);
    let id = error.task_id().unwrap().to_owned();
    let outcome = bulk.resume_task(demo.action, id).wait().await.unwrap();
    assert!(outcome.result.successful);
    assert_eq!(
        fake.world(|world| world.books().times_done(&demo.dev, demo.action)),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn runs_on_a_busy_model_wait_for_each_other() {
    let (fake, demo, bulk) = stage();
    fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(30)));
    let first = bulk.run_action(demo.action).await.unwrap();
    let second = bulk.run_export(demo.export).await.unwrap();
    assert_eq!(
        second.status().await.unwrap().task_state,
        TaskState::NotStarted
    );
    let (first, second) = (first.wait(), second.wait());
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    second.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_same_action_twice_at_once_is_two_runs() {
    let (fake, demo, bulk) = stage();
    let (first, second) = tokio::join!(bulk.run_action(demo.action), bulk.run_action(demo.action));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.id(), second.id());
    assert_eq!(fake.world(|world| world.books().runs_started.len()), 2);
}

#[tokio::test(start_paused = true)]
async fn a_locked_model_runs_nothing_that_changes_it() {
    let (fake, demo, bulk) = stage();
    fake.world(|world| world.set_state(&demo.dev, ModelState::Locked));
    let error = bulk.run_import(demo.good_import).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::ModelState, 423)
    );
    let task = bulk.run_export(demo.export).await.unwrap();
    task.wait().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn objects_that_are_not_there_are_not_found() {
    let (fake, _, bulk) = stage();
    for action in [
        ActionRef::import("112999999999"),
        ActionRef::export("116999999999"),
        ActionRef::action("117999999999"),
        ActionRef::process("118999999999"),
    ] {
        let error = bulk.run_action(action.clone()).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert!(
            bulk.get_task_summaries(action.clone())
                .await
                .unwrap()
                .is_empty()
        );
        let missing = bulk
            .get_task_status(action, "0".repeat(32))
            .await
            .unwrap_err();
        assert!(missing.is_not_found());
    }
    assert!(
        bulk.get_action_metadata("117999999999")
            .await
            .unwrap_err()
            .is_not_found()
    );
    // The one that the server cannot bear, which says nothing of whether it is there.
    let error = bulk.get_import_metadata("112999999999").await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    assert!(fake.world(|world| world.books().runs_started.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn the_optimizer_leaves_its_log() {
    let (fake, demo, bulk) = stage();
    let task = bulk.run_action(demo.optimizer).await.unwrap();
    task.wait().await.unwrap();
    let log = bulk
        .get_optimizer_log(demo.optimizer, task.id())
        .await
        .unwrap();
    let log = String::from_utf8(log.to_vec()).unwrap();
    assert!(log.contains("Optimal objective"), "{log}");
    let limited = fake
        .session_of(&demo.limited.id, Settings::default())
        .unwrap();
    let limited = anaplan_core::Namespace::bind(
        limited,
        &anaplan_core::Scope::new(Some(demo.workspace.clone()), Some(demo.dev.clone())),
    );
    let limited: Bulk = limited.unwrap();
    let error = limited
        .get_optimizer_log(demo.optimizer, task.id())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    // Without the workspace there is no path.
    let alone = bulk_of(fake.session().unwrap(), &demo.dev);
    let error = alone
        .get_optimizer_log(demo.optimizer, task.id())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::InvalidInput | ErrorKind::MissingScope
        ),
        "{error}"
    );
}

#[cfg(feature = "blocking")]
#[test]
fn everything_is_run_without_an_async_runtime_too() {
    let (_, demo, bulk) = {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        let (fake, demo, bulk) = stage();
        fake.world(|world| world.rules.pacing = Pacing::Instant);
        (fake, demo, bulk)
    };
    let outcome = bulk
        .upload_and_import(
            demo.bad_source_file,
            Content::text(demo.bad_csv.clone()),
            demo.bad_import,
        )
        .run()
        .unwrap();
    let rows: Vec<_> = bulk.get_dump(&outcome.task).dump_rows().collect();
    assert_eq!(rows.len(), 3);
    let error = bulk
        .run_process(demo.bad_process)
        .run()
        .unwrap()
        .wait()
        .run()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    let text = bulk.export_and_download(demo.export).run().unwrap();
    assert!(text.starts_with(b"Regions,"));
}
