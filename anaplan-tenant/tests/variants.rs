//! Responses of every wrong shape: each is read, or rejected with the field that does not fit.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_conformance::variants;
use proptest::prelude::any;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use support::{Environment, OPERATIONS, Operation, runtime};

/// The operations with a response of their own. A wait polls `get_model_status`, and a variant can be the status
/// of a model that never opens.
fn operations() -> impl Iterator<Item = &'static Operation> {
    let all = OPERATIONS.iter();
    all.filter(|operation| operation.name != "wait_until_open")
}

/// Returns a response of the fake to the operation. `None`: it has no JSON.
async fn good_answer(operation: &Operation) -> Option<Value> {
    let environment = Environment::new();
    operation.call(&environment).await.unwrap();
    variants::last_answer(&environment.fake, operation.route)
}

#[tokio::test(start_paused = true)]
async fn every_variant_of_every_response_is_read_or_rejected_with_its_field() {
    let (mut tried, mut refused, mut wrong) = (0, 0, Vec::new());
    for operation in operations() {
        let Some(good) = good_answer(operation).await else {
            continue;
        };
        let environment = Environment::new();
        let call = async || operation.call(&environment).await;
        let all = variants::of(&good);
        let report = variants::try_each(&environment.fake, operation.route, all, call).await;
        tried += 1;
        refused += report.refused;
        let named = |what| format!("{}: {what}", operation.name);
        wrong.extend(report.wrong.into_iter().map(named));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= 10 && refused > 40, "{tried}, {refused}");
}

#[test]
fn any_mixture_of_variants_is_read_or_rejected() {
    let runtime = runtime();
    for operation in operations() {
        let Some(good) = runtime.block_on(good_answer(operation)) else {
            continue;
        };
        let environment = Environment::new();
        let check = |seed| {
            let variant = [variants::random(&good, seed)];
            let call = async || operation.call(&environment).await;
            let trial = variants::try_each(&environment.fake, operation.route, variant, call);
            let report = runtime.block_on(trial);
            assert!(report.wrong.is_empty(), "{}: {report:?}", operation.name);
            Ok(())
        };
        TestRunner::default().run(&any::<u64>(), check).unwrap();
    }
}
