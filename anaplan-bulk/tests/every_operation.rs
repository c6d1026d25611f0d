//! What is the same for every operation: each is tried in every situation, awaited and, with the
//! feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use anaplan_conformance::matrix;
use anaplan_core::{Error, ErrorKind, ModelId};
use anaplan_testkit::Fault;
use anaplan_testkit::world::ModelState;
use support::{OPERATIONS, Operation, Outcome, Reach, Stage};

#[tokio::test(start_paused = true)]
async fn works_on_a_stage_that_is_set_for_it_under_either_form_of_the_path() {
    for operation in OPERATIONS {
        for with_workspace in [true, false] {
            let mut stage = Stage::set().await;
            if !with_workspace {
                if operation.reach == Reach::Forbidden {
                    continue;
                }
                stage = stage.without_workspace();
            }
            operation
                .call(&stage)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            let route = operation.route(&stage);
            let sent = stage.fake.requests().count(route.as_str());
            assert!(sent >= 1, "{}", operation.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operation_renews_an_expired_token_and_is_sent_again() {
    matrix::renews_an_expired_token(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_waits_after_too_many_requests() {
    matrix::waits_after_too_many_requests(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn tells_that_a_model_is_not_there() {
    for operation in OPERATIONS {
        let nowhere = ModelId::from("00000000000000000000000000000000");
        let stage = Stage::set().await.on(&nowhere);
        let error = operation.call(&stage).await.unwrap_err();
        assert!(error.is_not_found(), "{}: {error}", operation.name);
        assert!(!error.is_retryable(), "{}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_that_a_model_is_out_of_reach() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let outsider = stage.demo.outsider.id.clone();
        let outcome = operation.call(&stage.seen_by(&outsider)).await;
        if operation.reach == Reach::Empty {
            outcome.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            continue;
        }
        let error = outcome.expect_err(operation.name);
        let kind = match operation.reach {
            Reach::Forbidden => ErrorKind::Forbidden,
            _ => ErrorKind::NotFound,
        };
        assert_eq!(error.kind(), kind, "{}: {error}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_the_state_of_a_model() {
    for operation in OPERATIONS {
        for (state, status) in [(ModelState::Archived, 422), (ModelState::Maintenance, 424)] {
            let stage = Stage::set().await;
            let dev = stage.demo.dev.clone();
            stage.fake.world(|world| world.set_state(&dev, state));
            let error = operation.call(&stage).await.expect_err(operation.name);
            assert_eq!(
                error.kind(),
                ErrorKind::ModelState,
                "{}: {error}",
                operation.name
            );
            assert_eq!(
                error.status().unwrap().as_u16(),
                status,
                "{}",
                operation.name
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_failure_is_retried_unless_the_call_could_run_twice() {
    let faults = || {
        [
            (Fault::status(503), false),
            (Fault::status_after(502), true),
            (Fault::drop_before(), false),
            (Fault::drop_after(), true),
            (Fault::truncate(10), true),
        ]
    };
    for operation in OPERATIONS {
        for (fault, executed) in faults() {
            let name = format!("{} after {fault:?}", operation.name);
            let stage = Stage::set().await;
            let started =
                |stage: &Stage| stage.fake.world(|world| world.books().runs_started.len());
            let before = started(&stage);
            let route = operation.route(&stage);
            stage.fake.forget_requests();
            stage.fake.inject(fault.on(route.as_str()).times(1));
            let result = operation.call(&stage).await;
            let started = started(&stage) - before;
            assert_eq!(started, usize::from(operation.starts && executed), "{name}");
            if operation.once.is_none() {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
                continue;
            }
            let sent = stage.fake.requests().count(route.as_str());
            assert_eq!(sent, 1, "{name}");
            let error = result.expect_err(&name);
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}: {error}");
            assert!(error.record().is_some(), "{name}");
            let presumed = executed && operation.once == Some(Outcome::Presumed);
            assert_eq!(error.id("taskId").is_some(), presumed, "{name}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operation_reads_unknown_fields_and_values() {
    matrix::reads_unknown_fields(OPERATIONS, |rules| rules.bare_task_ids = true).await;
}

#[tokio::test(start_paused = true)]
async fn server_that_stays_down_is_an_error_after_several_attempts() {
    let attempts = |operation: &Operation| match operation.once {
        Some(_) => 1..=1,
        None => 2..=7,
    };
    let check = |operation: &Operation, stage: &Stage, error: &Error| {
        let ambiguous = error.kind() == ErrorKind::Ambiguous;
        assert_eq!(ambiguous, operation.once.is_some(), "{error}");
        let started = stage.fake.world(|world| world.books().runs_started.len());
        assert_eq!(started, 5, "{}", operation.name);
    };
    matrix::gives_up_on_a_server_that_stays_down(OPERATIONS, attempts, check).await;
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use anaplan_core::Pending;

    #[test]
    fn blocking_operation_renews_and_waits() {
        matrix::renews_and_waits_blocking(OPERATIONS, Stage::set_blocking, Pending::run);
    }

    #[test]
    fn refuses_as_when_awaited() {
        for operation in OPERATIONS {
            let stage = Stage::set_blocking();
            let archived = stage.demo.archived.clone();
            let error = operation.call(&stage.on(&archived)).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ModelState, "{}", operation.name);
            let stage = Stage::set_blocking().on(&ModelId::from("0"));
            let error = operation.call(&stage).run().unwrap_err();
            assert!(error.is_not_found(), "{}: {error}", operation.name);
        }
    }
}
