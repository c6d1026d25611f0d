//! Rules that hold for every operation, each checked in every situation.
//!
//! The suites of the namespaces describe their operations as values and call these checks, which are the
//! same for all namespaces. What holds for one namespace only stays in its suite.

use std::ops::RangeInclusive;

use anaplan_core::{ErrorKind, ModelId, Pending, Result, UserId};
use anaplan_testkit::world::Rules;
use anaplan_testkit::{Demo, FakeAnaplan, Fault, RetryAfter};
use proptest::prelude::any;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::rejected_calls::{assert_rejected, reject};
use crate::variants;

/// Refusals of any call and the error kinds that they lead to.
pub const REFUSALS: [(u16, ErrorKind); 10] = [
    (400, ErrorKind::Rejected),
    (403, ErrorKind::Forbidden),
    (404, ErrorKind::NotFound),
    (405, ErrorKind::Rejected),
    (406, ErrorKind::Rejected),
    (409, ErrorKind::Conflict),
    (422, ErrorKind::ModelState),
    (423, ErrorKind::ModelState),
    (424, ErrorKind::ModelState),
    (425, ErrorKind::ModelState),
];

const UNKNOWN_MODEL: &str = "00000000000000000000000000000000";

/// A fake on which every operation succeeds, and the handle of one user.
pub trait Stage: Sized {
    /// Creates a stage.
    fn set() -> impl Future<Output = Self>;

    /// Returns the fake.
    fn fake(&self) -> &FakeAnaplan;

    /// Returns the ids of its demo.
    fn demo(&self) -> &Demo;

    /// Returns the same stage in another model.
    #[must_use]
    fn in_model(self, model: &ModelId) -> Self;

    /// Returns the same stage as another user.
    #[must_use]
    fn seen_by_user(self, user: &UserId) -> Self;
}

/// An operation as a value.
pub trait Operation {
    /// Stage that it needs.
    type Stage: Stage;

    /// Returns the name, for messages.
    fn name(&self) -> &'static str;

    /// Returns the route of its request.
    fn route_on(&self, stage: &Self::Stage) -> String;

    /// Returns the call, which has not been sent.
    fn call_on(&self, stage: &Self::Stage) -> Pending<()>;

    /// Returns the number of requests to the route if it succeeds. `None` if it varies.
    fn requests(&self) -> Option<usize> {
        Some(1)
    }
}

async fn expect_success<O: Operation>(operation: &O, stage: &O::Stage) {
    let outcome = operation.call_on(stage).await;
    outcome.unwrap_or_else(|error| panic!("{}: {error}", operation.name()));
}

fn statuses(fake: &FakeAnaplan, route: &str) -> Vec<u16> {
    let log = fake.requests();
    let entries = log.of(route);
    entries
        .filter_map(|entry| entry.status.map(|status| status.as_u16()))
        .collect()
}

/// Checks that each operation succeeds and sends its request.
///
/// # Panics
///
/// If an operation fails, or the number of its requests is another one.
pub async fn succeeds<O: Operation>(operations: &[O]) {
    for operation in operations {
        let stage = O::Stage::set().await;
        expect_success(operation, &stage).await;
        let sent = stage
            .fake()
            .requests()
            .count(operation.route_on(&stage).as_str());
        match operation.requests() {
            Some(expected) => assert_eq!(sent, expected, "{}", operation.name()),
            None => assert!(sent >= 1, "{}", operation.name()),
        }
    }
}

/// Checks that each operation renews an expired token once and is sent again.
///
/// # Panics
///
/// If an operation fails, or is sent another number of times.
pub async fn renews_an_expired_token<O: Operation>(operations: &[O]) {
    for operation in operations {
        let stage = O::Stage::set().await;
        let route = operation.route_on(&stage);
        stage
            .fake()
            .inject(Fault::expire_token().on(route.as_str()).times(1));
        expect_success(operation, &stage).await;
        let name = operation.name();
        let statuses = statuses(stage.fake(), &route);
        assert_eq!(statuses[0], 401, "{name}");
        assert!(statuses[1] < 300, "{name}: {statuses:?}");
        let refused = statuses.iter().filter(|status| **status == 401).count();
        assert_eq!(refused, 1, "{name}: {statuses:?}");
        if let Some(requests) = operation.requests() {
            assert_eq!(statuses.len(), requests + 1, "{name}: {statuses:?}");
        }
    }
}

/// Checks that each operation waits as long as `Retry-After` says, in each form of it.
///
/// # Panics
///
/// If an operation fails, waits for another duration, or is sent another number of times.
#[allow(clippy::disallowed_methods)] // The paused time of the test.
pub async fn waits_after_too_many_requests<O: Operation>(operations: &[O]) {
    for operation in operations {
        for retry_after in [
            RetryAfter::Seconds(7),
            RetryAfter::Date(7),
            RetryAfter::Missing,
        ] {
            let stage = O::Stage::set().await;
            let route = operation.route_on(&stage);
            let throttle = Fault::throttle(retry_after).on(route.as_str());
            stage.fake().inject(throttle.times(2));
            let started = tokio::time::Instant::now();
            expect_success(operation, &stage).await;
            let waited = started.elapsed().as_secs_f64();
            let least = match retry_after {
                RetryAfter::Missing => 20.0,
                _ => 12.0,
            };
            let name = operation.name();
            assert!((least..60.0).contains(&waited), "{name}: {waited} s");
            if let Some(requests) = operation.requests() {
                let sent = stage.fake().requests().count(route.as_str());
                assert_eq!(sent, requests + 2, "{name}");
            }
        }
    }
}

/// Checks that each operation reports every refusal with its kind, status and message, and does not retry.
///
/// # Panics
///
/// If an operation succeeds, reports another error, or is sent again.
pub async fn classifies_refusals<O: Operation>(operations: &[O]) {
    for operation in operations {
        for refusal in REFUSALS {
            let stage = O::Stage::set().await;
            let route = operation.route_on(&stage);
            reject(stage.fake(), &route, refusal.0);
            let error = operation.call_on(&stage).await.expect_err(operation.name());
            assert_rejected(stage.fake(), &route, refusal, &error);
        }
    }
}

/// Checks the same as [`classifies_refusals`] in code that is not async. `set` creates a stage, and `run` is
/// `Pending::run`.
///
/// # Panics
///
/// As [`classifies_refusals`].
pub fn classifies_refusals_blocking<O: Operation>(
    operations: &[O],
    set: impl Fn() -> O::Stage,
    run: impl Fn(Pending<()>) -> Result<()>,
) {
    for operation in operations {
        for refusal in REFUSALS {
            let stage = set();
            let route = operation.route_on(&stage);
            reject(stage.fake(), &route, refusal.0);
            let error = run(operation.call_on(&stage)).expect_err(operation.name());
            assert_rejected(stage.fake(), &route, refusal, &error);
        }
    }
}

/// Checks that each operation renews an expired token and waits after too many requests, in code that is
/// not async.
///
/// # Panics
///
/// If an operation fails, or is sent another number of times.
pub fn renews_and_waits_blocking<O: Operation>(
    operations: &[O],
    set: impl Fn() -> O::Stage,
    run: impl Fn(Pending<()>) -> Result<()>,
) {
    for operation in operations {
        let stage = set();
        let route = operation.route_on(&stage);
        let name = operation.name();
        let expire = Fault::expire_token().on(route.as_str()).times(1);
        let throttle = Fault::throttle(RetryAfter::Seconds(0)).on(route.as_str());
        stage.fake().inject(expire);
        stage.fake().inject(throttle.times(1));
        run(operation.call_on(&stage)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let sent = stage.fake().requests().count(route.as_str());
        match operation.requests() {
            Some(requests) => assert_eq!(sent, requests + 2, "{name}"),
            None => assert!(sent >= 3, "{name}: {sent}"),
        }
    }
}

/// Checks that each operation on a model that does not exist is `NotFound`, and not retryable.
///
/// # Panics
///
/// If an operation succeeds or reports another error.
pub async fn unknown_model_is_not_found<'o, O: Operation + 'o>(
    operations: impl IntoIterator<Item = &'o O>,
) {
    for operation in operations {
        let name = operation.name();
        let stage = O::Stage::set().await.in_model(&UNKNOWN_MODEL.into());
        let error = operation.call_on(&stage).await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}: {error}");
        assert!(!error.is_retryable(), "{name}: {error}");
    }
}

/// Checks that each operation of a user without a role in the model fails with the kind that `expected`
/// returns, and succeeds if that is `None`.
///
/// # Panics
///
/// If an operation has another outcome.
pub async fn hides_the_model_from_outsiders<'o, O: Operation + 'o>(
    operations: impl IntoIterator<Item = &'o O>,
    expected: impl Fn(&O) -> Option<ErrorKind>,
) {
    for operation in operations {
        let stage = O::Stage::set().await;
        let outsider = stage.demo().outsider.id.clone();
        let model = stage.demo().dev.clone();
        let stage = stage.seen_by_user(&outsider).in_model(&model);
        let outcome = operation.call_on(&stage).await;
        let kind = outcome.as_ref().err().map(anaplan_core::Error::kind);
        assert_eq!(
            kind,
            expected(operation),
            "{}: {outcome:?}",
            operation.name()
        );
    }
}

/// Checks that each operation reads unknown fields and values, and an unusual layout of the JSON. `rules`
/// changes the rules of the fake further.
///
/// # Panics
///
/// If an operation fails.
pub async fn reads_unknown_fields<O: Operation>(operations: &[O], rules: impl Fn(&mut Rules)) {
    for operation in operations {
        let stage = O::Stage::set().await;
        stage.fake().world(|world| {
            world.rules.novelties = true;
            world.rules.untidy = true;
            rules(&mut world.rules);
        });
        expect_success(operation, &stage).await;
    }
}

/// Returns a valid response to the operation. `None` if it is not JSON.
async fn valid_response<O: Operation>(operation: &O) -> Option<Value> {
    let stage = O::Stage::set().await;
    expect_success(operation, &stage).await;
    variants::last_answer(stage.fake(), &operation.route_on(&stage))
}

/// Checks that every [variant](variants) of every response is read, or rejected with the path of the
/// change. `is_known` accepts a problem that is none. `operations_with_json` is the number of operations
/// that must have been checked.
///
/// # Panics
///
/// If a variant has another outcome, or too few were rejected.
pub async fn reads_or_rejects_variants<O: Operation>(
    operations: &[O],
    operations_with_json: usize,
    is_known: impl Fn(&str) -> bool,
) {
    let (mut checked, mut refused, mut wrong) = (0, 0, Vec::new());
    for operation in operations {
        let Some(good) = valid_response(operation).await else {
            continue;
        };
        let stage = O::Stage::set().await;
        let call = async || operation.call_on(&stage).await;
        let all = variants::of(&good);
        let route = operation.route_on(&stage);
        let report = variants::try_each(stage.fake(), &route, all, call).await;
        checked += 1;
        refused += report.refused;
        let found = report.wrong.into_iter().filter(|what| !is_known(what));
        wrong.extend(found.map(|what| format!("{}: {what}", operation.name())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        checked >= operations_with_json && refused > 100,
        "{checked} operations, {refused} rejected"
    );
}

/// Checks the same as [`reads_or_rejects_variants`] for random mixtures of variants.
///
/// # Panics
///
/// If a mixture has another outcome.
pub fn reads_or_rejects_mixtures<O: Operation>(
    operations: &[O],
    runtime: &tokio::runtime::Runtime,
    is_known: impl Fn(&str) -> bool,
) {
    for operation in operations {
        let Some(good) = runtime.block_on(valid_response(operation)) else {
            continue;
        };
        let stage = runtime.block_on(O::Stage::set());
        let route = operation.route_on(&stage);
        let check = |seed| {
            let variant = [variants::random(&good, seed)];
            let call = async || operation.call_on(&stage).await;
            let trial = variants::try_each(stage.fake(), &route, variant, call);
            let mut wrong = runtime.block_on(trial).wrong;
            wrong.retain(|what| !is_known(what));
            assert!(wrong.is_empty(), "{}: {wrong:?}", operation.name());
            Ok(())
        };
        let tried = TestRunner::default().run(&any::<u64>(), check);
        tried.unwrap_or_else(|error| panic!("{}: {error}", operation.name()));
    }
}

/// Checks that each operation fails on a server that stays down, after a number of attempts within the range
/// that `attempts` returns. `check` checks the error.
///
/// # Panics
///
/// If an operation succeeds, or the number of attempts is another one.
pub async fn gives_up_on_a_server_that_stays_down<O: Operation>(
    operations: &[O],
    attempts: impl Fn(&O) -> RangeInclusive<usize>,
    check: impl Fn(&O, &O::Stage, &anaplan_core::Error),
) {
    for operation in operations {
        let stage = O::Stage::set().await;
        let route = operation.route_on(&stage);
        stage.fake().inject(Fault::status(503).on(route.as_str()));
        let error = operation.call_on(&stage).await.expect_err(operation.name());
        let sent = stage.fake().requests().count(route.as_str());
        let range = attempts(operation);
        assert!(
            range.contains(&sent),
            "{}: {sent} attempts: {error}",
            operation.name()
        );
        check(operation, &stage, &error);
    }
}
