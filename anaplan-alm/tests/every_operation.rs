//! What is the same for every operation: each is tried in every situation, awaited and, with the
//! feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use anaplan_alm::ComparisonReport;
use anaplan_conformance::rejected_calls::{assert_rejected, reject};
use anaplan_core::{Error, ErrorKind, ModelId};
use anaplan_testkit::world::ModelState;
use anaplan_testkit::{Fault, RetryAfter};
use support::{OPERATIONS, Operation, Stage};

/// What a server may answer to any call instead of doing it, and what comes of it.
const REFUSALS: [(u16, ErrorKind); 9] = [
    (400, ErrorKind::Rejected),
    (403, ErrorKind::Forbidden),
    (404, ErrorKind::NotFound),
    (406, ErrorKind::Rejected),
    (409, ErrorKind::Conflict),
    (422, ErrorKind::ModelState),
    (423, ErrorKind::ModelState),
    (424, ErrorKind::ModelState),
    (425, ErrorKind::ModelState),
];

/// A tenant without ALM refuses everything, and a locked model that its status be changed.
fn against_the_rules(operation: &Operation, mut stage: Stage) -> (Stage, &'static str) {
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

fn assert_against_the_rules(operation: &Operation, words: &str, error: &Error) {
    let name = operation.name;
    assert_eq!(error.kind(), ErrorKind::Rejected, "{name}: {error}");
    assert_eq!(error.status().unwrap().as_u16(), 400, "{name}");
    assert_eq!(error.server_message(), Some(words), "{name}");
}

#[tokio::test(start_paused = true)]
async fn works_on_a_stage_that_is_set_for_it() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        assert!(
            stage.fake.requests().count(operation.route) >= 1,
            "{}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn renews_a_token_that_has_died_and_sends_again() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage
            .fake
            .inject(Fault::expire_token().on(operation.route).times(1));
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        let statuses: Vec<u16> = stage
            .fake
            .requests()
            .of(operation.route)
            .filter_map(|entry| entry.status.map(|status| status.as_u16()))
            .collect();
        assert_eq!(statuses[0], 401, "{}", operation.name);
        assert!(
            statuses[1] < 300 && statuses.len() == 2,
            "{}: {statuses:?}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn waits_when_told_that_there_are_too_many_requests() {
    for operation in OPERATIONS {
        for told in [
            RetryAfter::Seconds(7),
            RetryAfter::Date(7),
            RetryAfter::Missing,
        ] {
            let stage = Stage::set().await;
            stage
                .fake
                .inject(Fault::throttle(told).on(operation.route).times(2));
            let started = tokio::time::Instant::now();
            operation
                .call(&stage)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            let waited = started.elapsed().as_secs_f64();
            let least = if told == RetryAfter::Missing {
                20.0
            } else {
                12.0
            };
            assert!(
                waited >= least && waited < 60.0,
                "{}: {waited} s",
                operation.name
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tells_a_missing_role_apart_from_everything_else() {
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
async fn tells_that_a_model_is_not_there_or_out_of_reach() {
    for operation in OPERATIONS {
        let stage = Stage::set()
            .await
            .on(&ModelId::from("00000000000000000000000000000000"));
        let error = operation.call(&stage).await.unwrap_err();
        assert!(error.is_not_found(), "{}: {error}", operation.name);

        let stage = Stage::set().await;
        let outsider = stage.demo.outsider.id.clone();
        let dev = stage.demo.dev.clone();
        let error = operation
            .call(&stage.seen_by(&outsider).on(&dev))
            .await
            .unwrap_err();
        let kind = if operation.is_report {
            ErrorKind::Forbidden
        } else {
            ErrorKind::NotFound
        };
        assert_eq!(error.kind(), kind, "{}: {error}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_that_a_model_is_archived() {
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
async fn tells_in_the_servers_words_what_is_against_the_rules() {
    for operation in OPERATIONS {
        let (stage, words) = against_the_rules(&operation, Stage::set().await);
        let error = operation.call(&stage).await.unwrap_err();
        assert_against_the_rules(&operation, words, &error);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_every_refusal_apart_and_takes_it_for_an_answer() {
    for operation in OPERATIONS {
        for refusal in REFUSALS {
            let stage = Stage::set().await;
            reject(&stage.fake, operation.route, refusal.0);
            let error = operation.call(&stage).await.unwrap_err();
            assert_rejected(&stage.fake, operation.route, refusal, &error);
        }
    }
}

/// What the server gives when there is nothing to give: the envelope without the collection.
const NOTHING: &str = r#"{"meta":{"schema":"x"},"status":{"code":200,"message":"Success"}}"#;
const NO_DIFFERENCE: &str = r#"{"summaryReport":{"targetRevisionId":"A","sourceRevisionId":"B"}}"#;

fn with_nothing_to_tell(stage: &Stage) {
    let reads = "GET /2/0/models/*/alm/**";
    let report = "GET /2/0/models/*/alm/comparisonReports/*/*";
    let summary = "GET /2/0/models/*/alm/summaryReports/*/*";
    stage.fake.inject(Fault::reply(200, "").on(report));
    stage
        .fake
        .inject(Fault::reply(200, NO_DIFFERENCE).on(summary));
    stage.fake.inject(Fault::reply(200, NOTHING).on(reads));
}

#[tokio::test(start_paused = true)]
async fn takes_a_missing_collection_for_an_empty_one() {
    let stage = Stage::set().await;
    with_nothing_to_tell(&stage);
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
    let report = alm.get_comparison_report(pair).await.unwrap();
    assert!(ComparisonReport::parse(&report).sections.is_empty());
    let summary = alm.get_comparison_summary(pair).await.unwrap();
    assert!(summary.totals.count() == 0 && summary.differences.is_empty());
}

#[tokio::test(start_paused = true)]
async fn survives_one_failure_of_the_server_or_the_connection() {
    let faults = || {
        [
            Fault::status(503),
            Fault::status_after(502),
            Fault::drop_before(),
            Fault::drop_after(),
            Fault::truncate(10),
        ]
    };
    for operation in OPERATIONS {
        for fault in faults() {
            let stage = Stage::set().await;
            let before = stage.fake.world(|world| world.books().clone());
            stage
                .fake
                .inject(fault.clone().on(operation.route).times(1));
            operation
                .call(&stage)
                .await
                .unwrap_or_else(|error| panic!("{} after {fault:?}: {error}", operation.name));
            let after = stage.fake.world(|world| world.books().clone());
            let created = after.revisions_created.len() - before.revisions_created.len();
            let synced = after.syncs_started.len() - before.syncs_started.len();
            assert_eq!(
                created,
                usize::from(operation.name == "create_revision"),
                "{fault:?}"
            );
            assert_eq!(
                synced,
                usize::from(operation.name == "sync_models"),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_answers_with_things_that_nobody_knows_yet() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage.fake.world(|world| {
            world.rules.novelties = true;
            world.rules.untidy = true;
        });
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
    }
}

#[tokio::test(start_paused = true)]
async fn says_where_an_answer_does_not_fit_and_never_takes_html_for_one() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage
            .fake
            .inject(Fault::garbage("<html>gateway</html>").on(operation.route));
        let outcome = operation.call(&stage).await;
        // The work was done, and its traces are found.
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

    fn each(check: impl Fn(Operation, Stage)) {
        for operation in OPERATIONS {
            check(operation, Stage::set_blocking());
        }
    }

    #[test]
    fn runs_without_an_async_runtime() {
        each(|operation, stage| {
            operation
                .call(&stage)
                .run()
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        });
    }

    #[test]
    fn renews_and_waits_and_retries_as_when_awaited() {
        each(|operation, stage| {
            stage
                .fake
                .inject(Fault::expire_token().on(operation.route).times(1));
            stage.fake.inject(
                Fault::throttle(RetryAfter::Seconds(0))
                    .on(operation.route)
                    .times(1),
            );
            operation
                .call(&stage)
                .run()
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            assert_eq!(
                stage.fake.requests().count(operation.route),
                3,
                "{}",
                operation.name
            );
        });
    }

    #[test]
    fn tells_every_refusal_apart_as_when_awaited() {
        for refusal in REFUSALS {
            each(|operation, stage| {
                reject(&stage.fake, operation.route, refusal.0);
                let error = operation.call(&stage).run().unwrap_err();
                assert_rejected(&stage.fake, operation.route, refusal, &error);
            });
        }
        each(|operation, stage| {
            let (stage, words) = against_the_rules(&operation, stage);
            let error = operation.call(&stage).run().unwrap_err();
            assert_against_the_rules(&operation, words, &error);
        });
    }

    #[test]
    fn takes_a_missing_collection_for_an_empty_one_as_when_awaited() {
        let stage = Stage::set_blocking();
        with_nothing_to_tell(&stage);
        let (alm, pair) = (&stage.alm, &stage.pair);
        assert!(alm.get_revisions().run().unwrap().is_empty());
        assert!(alm.get_revisions().items().next().is_none());
        assert_eq!(alm.get_latest_revision().run().unwrap(), None);
        let syncable = alm.get_syncable_revisions(&stage.demo.dev).run();
        assert!(syncable.unwrap().is_empty());
        let models = alm.get_models_for_revision(&pair.target_revision).run();
        assert!(models.unwrap().is_empty());
        assert!(alm.get_sync_tasks().run().unwrap().is_empty());
        let report = alm.get_comparison_report(pair).run().unwrap();
        assert!(ComparisonReport::parse(&report).sections.is_empty());
        let summary = alm.get_comparison_summary(pair).run().unwrap();
        assert!(summary.totals.count() == 0 && summary.differences.is_empty());
    }

    #[test]
    fn refuses_as_when_awaited() {
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
