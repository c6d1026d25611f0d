//! Behaviour of every operation: each is tried in every situation, awaited and, with the feature `blocking`,
//! run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use anaplan_conformance::rejected_calls::{assert_rejected, reject};
use anaplan_core::{Error, ErrorKind};
use anaplan_testkit::{Fault, RetryAfter};
use support::{Environment, Kind, OPERATIONS, Operation};

/// Statuses with which a server can refuse any call, and the kinds of the errors.
const REFUSALS: [(u16, ErrorKind); 9] = [
    (400, ErrorKind::Rejected),
    (403, ErrorKind::Forbidden),
    (404, ErrorKind::NotFound),
    (405, ErrorKind::Rejected),
    (409, ErrorKind::Conflict),
    (422, ErrorKind::ModelState),
    (423, ErrorKind::ModelState),
    (424, ErrorKind::ModelState),
    (425, ErrorKind::ModelState),
];

async fn succeed(operation: &Operation, environment: &Environment) {
    let done = operation.call(environment).await;
    done.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
}

fn statuses(environment: &Environment, operation: &Operation) -> Vec<u16> {
    let requests = environment.fake.requests();
    let entries = requests.of(operation.route);
    entries
        .filter_map(|entry| entry.status.map(|status| status.as_u16()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_operation_succeeds_with_one_request() {
    for operation in OPERATIONS {
        let environment = Environment::new();
        succeed(operation, &environment).await;
        let sent = environment.fake.requests().count(operation.route);
        assert_eq!(sent, 1, "{}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_renews_a_rejected_token() {
    for operation in OPERATIONS {
        let environment = Environment::new();
        let expired = Fault::expire_token().on(operation.route).times(1);
        environment.fake.inject(expired);
        succeed(operation, &environment).await;
        let statuses = statuses(&environment, operation);
        assert!(
            statuses.len() == 2 && statuses[0] == 401 && statuses[1] < 300,
            "{}: {statuses:?}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_waits_after_too_many_requests() {
    for operation in OPERATIONS {
        for (retry_after, least) in [
            (RetryAfter::Seconds(7), 12.0),
            (RetryAfter::Date(7), 12.0),
            (RetryAfter::Missing, 20.0),
        ] {
            let environment = Environment::new();
            let throttle = Fault::throttle(retry_after).on(operation.route);
            environment.fake.inject(throttle.times(2));
            let started = tokio::time::Instant::now();
            succeed(operation, &environment).await;
            let waited = started.elapsed().as_secs_f64();
            assert!(
                (least..60.0).contains(&waited),
                "{}: {waited} s",
                operation.name
            );
            let sent = environment.fake.requests().count(operation.route);
            assert_eq!(sent, 3, "{}", operation.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_fails_for_an_unknown_object() {
    for operation in OPERATIONS.iter().filter(|operation| operation.has_object()) {
        let environment = Environment::new().without_objects();
        let error = operation.call(&environment).await.unwrap_err();
        assert!(error.is_not_found(), "{}: {error}", operation.name);
        assert!(!error.is_retryable(), "{}", operation.name);
        let sent = environment.fake.requests().count(operation.route);
        assert!(sent <= 1, "{}: {sent}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_kind_and_is_final() {
    for operation in OPERATIONS {
        for refusal in REFUSALS {
            let environment = Environment::new();
            reject(&environment.fake, operation.route, refusal.0);
            let error = operation.call(&environment).await.unwrap_err();
            assert_rejected(&environment.fake, operation.route, refusal, &error);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn models_are_hidden_from_users_without_access() {
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.kind == Kind::Model)
    {
        let environment = Environment::new();
        let outsider = environment.demo.outsider.id.clone();
        let environment = environment.seen_by(&outsider);
        let error = operation.call(&environment).await.unwrap_err();
        assert!(error.is_not_found(), "{}: {error}", operation.name);
    }
}

/// Asserts that a call of unknown outcome kept its record.
fn assert_ambiguous(error: &Error, name: &str) {
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}: {error}");
    assert!(error.record().is_some(), "{name}");
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
            let environment = Environment::new();
            environment.fake.inject(fault.on(operation.route).times(1));
            let result = operation.call(&environment).await;
            let sent = environment.fake.requests().count(operation.route);
            if operation.kind != Kind::Delete {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(sent <= 2, "{name}: {sent}");
                continue;
            }
            assert_eq!(sent, 1, "{name}");
            if executed {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
            } else {
                assert_ambiguous(&result.unwrap_err(), &name);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_continue_after_two_different_failures() {
    let writes = ["delete_models", "wake_model", "close_model"];
    for operation in OPERATIONS {
        if writes.contains(&operation.name) {
            continue;
        }
        let environment = Environment::new();
        for fault in [Fault::status(503), Fault::drop_after()] {
            environment.fake.inject(fault.on(operation.route).times(1));
        }
        succeed(operation, &environment).await;
        let sent = environment.fake.requests().count(operation.route);
        assert_eq!(sent, 3, "{}", operation.name);
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_stays_down_is_an_error_after_several_attempts() {
    for operation in OPERATIONS {
        let environment = Environment::new();
        let down = Fault::status(503).on(operation.route);
        environment.fake.inject(down);
        let error = operation.call(&environment).await.unwrap_err();
        let sent = environment.fake.requests().count(operation.route);
        let attempts = match operation.kind {
            Kind::Delete => 1..=1,
            // Each of six polls is a call.
            _ if operation.name == "wait_until_open" => 12..=42,
            _ => 2..=7,
        };
        assert!(
            attempts.contains(&sent),
            "{}: {sent} attempts: {error}",
            operation.name
        );
        let ambiguous = error.kind() == ErrorKind::Ambiguous;
        assert_eq!(ambiguous, operation.kind == Kind::Delete, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn responses_with_unknown_fields_and_unusual_layout_are_read() {
    for operation in OPERATIONS {
        let environment = Environment::new();
        environment.fake.world(|world| {
            world.rules.untidy = true;
            world.rules.novelties = true;
        });
        succeed(operation, &environment).await;
    }
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;

    #[test]
    fn every_operation_runs_renews_and_waits() {
        for operation in OPERATIONS {
            let environment = Environment::new();
            let expired = Fault::expire_token().on(operation.route).times(1);
            environment.fake.inject(expired);
            let throttle = Fault::throttle(RetryAfter::Seconds(0)).on(operation.route);
            environment.fake.inject(throttle.times(1));
            let done = operation.call(&environment).run();
            done.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
            let sent = environment.fake.requests().count(operation.route);
            assert_eq!(sent, 3, "{}", operation.name);
        }
    }

    #[test]
    fn every_refusal_has_its_kind_and_is_final() {
        for operation in OPERATIONS {
            for refusal in REFUSALS {
                let environment = Environment::new();
                reject(&environment.fake, operation.route, refusal.0);
                let error = operation.call(&environment).run().unwrap_err();
                assert_rejected(&environment.fake, operation.route, refusal, &error);
            }
        }
    }
}
