//! Rules that hold for every operation, awaited and, with the feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_alm::ComparisonReport;
use anaplan_conformance::matrix;
use anaplan_core::{Error, ErrorKind, ModelId};
use anaplan_testkit::Fault;
use anaplan_testkit::world::ModelState;
use support::{OPERATIONS, Operation, Stage};

/// A tenant without ALM rejects every call, and a locked model a change of its status.
fn break_a_rule(operation: &Operation, mut stage: Stage) -> (Stage, &'static str) {
    if operation.name.starts_with("change_model_status") {
        let locked = stage.demo.dev.clone();
        stage
            .fake
            .world(|world| world.set_state(&locked, ModelState::Locked));
        stage = stage.on(&locked);
        return (
            stage,
            "Cannot change status when model is in Locked or Archived mode",
        );
    }
    stage.fake.world(|world| world.rules.alm_enabled = false);
    (stage, "The tenant is not enabled for ALM.")
}

fn assert_rule_broken(operation: &Operation, words: &str, error: &Error) {
    let name = operation.name;
    assert_eq!(error.kind(), ErrorKind::Rejected, "{name}: {error}");
    assert_eq!(error.status().unwrap().as_u16(), 400, "{name}");
    assert_eq!(error.server_message(), Some(words), "{name}");
}

#[tokio::test(start_paused = true)]
async fn operation_succeeds() {
    matrix::succeeds(&OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_renews_an_expired_token_and_is_sent_again() {
    matrix::renews_an_expired_token(&OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_waits_after_too_many_requests() {
    matrix::waits_after_too_many_requests(&OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_without_the_role_is_forbidden() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let (limited, dev) = (stage.demo.limited.id.clone(), stage.demo.dev.clone());
        let stage = stage.seen_by(&limited).on(&dev);
        let error = operation.call(&stage).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Forbidden,
            "{}: {error}",
            operation.name
        );
        let status = if operation.is_report { 424 } else { 403 };
        assert_eq!(
            error.status().unwrap().as_u16(),
            status,
            "{}",
            operation.name
        );
        assert!(!error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn operation_on_an_unknown_or_inaccessible_model_is_not_found() {
    matrix::unknown_model_is_not_found(&OPERATIONS).await;
    let kind = |operation: &Operation| match operation.is_report {
        true => Some(ErrorKind::Forbidden),
        false => Some(ErrorKind::NotFound),
    };
    matrix::hides_the_model_from_outsiders(&OPERATIONS, kind).await;
}

#[tokio::test(start_paused = true)]
async fn operation_on_an_archived_model_is_a_model_state_error() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let archived = stage.demo.archived.clone();
        let error = operation.call(&stage.on(&archived)).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::ModelState,
            "{}: {error}",
            operation.name
        );
        assert_eq!(error.status().unwrap().as_u16(), 422);
        assert_eq!(error.server_message(), Some("Model is Archived"));
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_operation_reports_the_message_of_the_server() {
    for operation in OPERATIONS {
        let (stage, words) = break_a_rule(&operation, Stage::set().await);
        let error = operation.call(&stage).await.unwrap_err();
        assert_rule_broken(&operation, words, &error);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_classified_by_status_and_not_retried() {
    matrix::classifies_refusals(&OPERATIONS).await;
}

/// Response for an empty collection: the envelope without its key.
const NOTHING: &str = r#"{"meta":{"schema":"x"},"status":{"code":200,"message":"Success"}}"#;
/// The same for a collection in pages, which needs the total.
const NO_ROWS: &str =
    r#"{"meta":{"paging":{"currentPageSize":0,"offset":0,"totalSize":0}},"status":{"code":200}}"#;
const NO_DIFFERENCE: &str = r#"{"summaryReport":{"targetRevisionId":"A","sourceRevisionId":"B"}}"#;

fn with_empty_responses(stage: &Stage) {
    let reads = "GET /2/0/models/*/alm/**";
    let report = "GET /2/0/models/*/alm/comparisonReports/*/*";
    let summary = "GET /2/0/models/*/alm/summaryReports/*/*";
    stage.fake.inject(Fault::reply(200, NOTHING).on(report));
    stage
        .fake
        .inject(Fault::reply(200, NO_DIFFERENCE).on(summary));
    let revisions = "GET /2/0/models/*/alm/revisions";
    stage.fake.inject(Fault::reply(200, NO_ROWS).on(revisions));
    stage.fake.inject(Fault::reply(200, NOTHING).on(reads));
}

#[tokio::test(start_paused = true)]
async fn missing_collection_is_empty() {
    let stage = Stage::set().await;
    with_empty_responses(&stage);
    let (alm, pair) = (&stage.alm, &stage.pair);
    assert!(alm.get_revisions().await.unwrap().is_empty());
    let mut streamed = alm.get_revisions().items();
    assert!(streamed.next_item().await.is_none());
    assert_eq!(alm.get_latest_revision().await.unwrap(), None);
    let syncable = alm.get_syncable_revisions(&stage.demo.dev).await.unwrap();
    assert!(syncable.is_empty());
    let models = alm.get_models_for_revision(&pair.target_revision);
    assert!(models.await.unwrap().is_empty());
    assert!(alm.get_sync_tasks().await.unwrap().is_empty());
    // JSON in place of a file is no empty file.
    let error = alm.get_comparison_report(pair).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(ComparisonReport::parse(b"").sections.is_empty());
    let summary = alm.get_comparison_summary(pair).await.unwrap();
    assert!(summary.totals.count() == 0 && summary.differences.is_empty());
}

/// Faults of one response, and whether the server carries the request out nevertheless.
fn failures() -> [(Fault, bool); 6] {
    [
        (Fault::status(503), false),
        (Fault::drop_before(), false),
        (Fault::status_after(502), true),
        (Fault::status_after(599), true),
        (Fault::drop_after(), true),
        (Fault::truncate(10), true),
    ]
}

#[tokio::test(start_paused = true)]
async fn operation_that_may_be_repeated_survives_one_failure() {
    for operation in OPERATIONS.iter().filter(|one| !one.must_not_run_twice()) {
        for (fault, _) in failures() {
            let stage = Stage::set().await;
            let fault = fault.on(operation.route).times(1);
            stage.fake.inject(fault.clone());
            operation
                .call(&stage)
                .await
                .unwrap_or_else(|error| panic!("{} after {fault:?}: {error}", operation.name));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operation_that_must_not_run_twice_is_sent_once_and_found_if_it_was_executed() {
    let operations = OPERATIONS.iter().filter(|one| one.must_not_run_twice());
    assert_eq!(operations.clone().count(), 3);
    for operation in operations {
        for (fault, executed) in failures() {
            let stage = Stage::set().await;
            if operation.name == "change_model_status" {
                let (prod, offline) = (&stage.demo.prod, ModelState::ProductionMaintenance);
                stage.fake.world(|world| world.set_state(prod, offline));
            }
            let before = stage.fake.world(|world| world.books().clone());
            let name = format!("{} after {fault:?}", operation.name);
            stage.fake.inject(fault.on(operation.route).times(1));
            let outcome = operation.call(&stage).await;
            assert_eq!(stage.fake.requests().count(operation.route), 1, "{name}");
            match outcome {
                Ok(()) => assert!(executed, "{name}"),
                Err(error) => {
                    assert!(!executed, "{name}: {error}");
                    assert!(
                        error.is_ambiguous() && !error.is_retryable(),
                        "{name}: {error}"
                    );
                    let record = error.record().unwrap();
                    assert!(record.operation.ends_with(operation.name), "{name}");
                    assert!(!record.checks.is_empty(), "{name}");
                }
            }
            let after = stage.fake.world(|world| world.books().clone());
            let created = after.revisions_created.len() - before.revisions_created.len();
            let synced = after.syncs_started.len() - before.syncs_started.len();
            let once = |of| usize::from(executed && operation.name == of);
            assert_eq!(created, once("create_revision"), "{name}");
            assert_eq!(synced, once("sync_models"), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operation_reads_unknown_fields_and_values() {
    matrix::reads_unknown_fields(&OPERATIONS, |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn html_response_is_an_error() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage
            .fake
            .inject(Fault::garbage("<html>gateway</html>").on(operation.route));
        let outcome = operation.call(&stage).await;
        // The work was done and is found.
        if ["create_revision", "sync_models"].contains(&operation.name) {
            outcome.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            continue;
        }
        let error = outcome.expect_err(operation.name);
        let kinds = [ErrorKind::Decode, ErrorKind::Ambiguous];
        assert!(kinds.contains(&error.kind()), "{}: {error}", operation.name);
    }
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use anaplan_core::Pending;

    fn each(check: impl Fn(Operation, Stage)) {
        for operation in OPERATIONS {
            check(operation, Stage::set_blocking());
        }
    }

    #[test]
    fn blocking_operation_runs_without_an_async_runtime() {
        each(|operation, stage| {
            operation
                .call(&stage)
                .run()
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        });
    }

    #[test]
    fn blocking_operation_renews_and_waits() {
        matrix::renews_and_waits_blocking(&OPERATIONS, Stage::set_blocking, Pending::run);
    }

    #[test]
    fn blocking_refusals_are_classified_by_status() {
        matrix::classifies_refusals_blocking(&OPERATIONS, Stage::set_blocking, Pending::run);
        each(|operation, stage| {
            let (stage, words) = break_a_rule(&operation, stage);
            let error = operation.call(&stage).run().unwrap_err();
            assert_rule_broken(&operation, words, &error);
        });
    }

    #[test]
    fn blocking_missing_collection_is_empty() {
        let stage = Stage::set_blocking();
        with_empty_responses(&stage);
        let (alm, pair) = (&stage.alm, &stage.pair);
        assert!(alm.get_revisions().run().unwrap().is_empty());
        assert!(alm.get_revisions().items().next().is_none());
        assert_eq!(alm.get_latest_revision().run().unwrap(), None);
        let syncable = alm.get_syncable_revisions(&stage.demo.dev).run();
        assert!(syncable.unwrap().is_empty());
        let models = alm.get_models_for_revision(&pair.target_revision).run();
        assert!(models.unwrap().is_empty());
        assert!(alm.get_sync_tasks().run().unwrap().is_empty());
        let error = alm.get_comparison_report(pair).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let summary = alm.get_comparison_summary(pair).run().unwrap();
        assert!(summary.totals.count() == 0 && summary.differences.is_empty());
    }

    #[test]
    fn blocking_operation_is_refused_by_state_and_role() {
        each(|operation, stage| {
            let archived = stage.demo.archived.clone();
            let error = operation.call(&stage.on(&archived)).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ModelState, "{}", operation.name);
        });
        each(|operation, stage| {
            let (limited, dev) = (stage.demo.limited.id.clone(), stage.demo.dev.clone());
            let error = operation
                .call(&stage.seen_by(&limited).on(&dev))
                .run()
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Forbidden, "{}", operation.name);
        });
        each(|operation, stage| {
            let stage = stage.on(&ModelId::from("00000000000000000000000000000000"));
            assert!(
                operation.call(&stage).run().unwrap_err().is_not_found(),
                "{}",
                operation.name
            );
        });
    }
}
