//! What is the same for every operation: each is tried in every situation, awaited and, with the
//! feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use anaplan_core::{ErrorKind, ModelId};
use anaplan_testkit::world::ModelState;
use anaplan_testkit::{Fault, RetryAfter};
use support::{OPERATIONS, Outcome, Reach, Stage};

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
async fn renews_a_token_that_has_died_and_sends_again() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let route = operation.route(&stage);
        stage
            .fake
            .inject(Fault::expire_token().on(route.as_str()).times(1));
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        let requests = stage.fake.requests();
        let statuses: Vec<u16> = requests
            .of(route.as_str())
            .filter_map(|entry| entry.status.map(|status| status.as_u16()))
            .collect();
        assert_eq!(statuses[0], 401, "{}", operation.name);
        assert!(statuses[1] < 300, "{}: {statuses:?}", operation.name);
        let refused = statuses.iter().filter(|status| **status == 401).count();
        assert_eq!(refused, 1, "{}", operation.name);
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
            let route = operation.route(&stage);
            stage
                .fake
                .inject(Fault::throttle(told).on(route.as_str()).times(2));
            let started = tokio::time::Instant::now();
            operation
                .call(&stage)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            let waited = started.elapsed().as_secs_f64();
            let least = match told {
                RetryAfter::Missing => 20.0,
                _ => 12.0,
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
async fn reads_answers_with_things_that_nobody_knows_yet() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage.fake.world(|world| {
            world.rules.novelties = true;
            world.rules.untidy = true;
            world.rules.bare_task_ids = true;
        });
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_stays_down_is_an_error_after_several_attempts() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let route = operation.route(&stage);
        stage.fake.inject(Fault::status(503).on(route.as_str()));
        let error = operation.call(&stage).await.expect_err(operation.name);
        let sent = stage.fake.requests().count(route.as_str());
        let attempts = match operation.once {
            Some(_) => 1..=1,
            None => 2..=7,
        };
        assert!(
            attempts.contains(&sent),
            "{}: {sent} attempts: {error}",
            operation.name
        );
        let ambiguous = error.kind() == ErrorKind::Ambiguous;
        assert_eq!(ambiguous, operation.once.is_some(), "{error}");
        let books = stage.fake.world(|world| world.books().runs_started.len());
        assert_eq!(books, 5, "{}", operation.name);
    }
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;

    #[test]
    fn runs_renews_and_waits_as_when_awaited() {
        for operation in OPERATIONS {
            let stage = Stage::set_blocking();
            let route = operation.route(&stage);
            let throttle = Fault::throttle(RetryAfter::Seconds(0));
            stage
                .fake
                .inject(Fault::expire_token().on(route.as_str()).times(1));
            stage.fake.inject(throttle.on(route.as_str()).times(1));
            operation
                .call(&stage)
                .run()
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            let sent = stage.fake.requests().count(route.as_str());
            assert!(sent >= 3, "{}: {sent}", operation.name);
        }
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
