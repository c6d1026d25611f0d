//! Answers that are not as they should be: each is read, or refused with the place that does not fit.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_conformance::variants;
use proptest::prelude::any;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use support::{OPERATIONS, Operation, Stage, runtime};

/// A good answer of the operation, as the fake gives it; `None` for one without JSON.
async fn good_answer(operation: &Operation) -> Option<Value> {
    let stage = Stage::set().await;
    operation.call(&stage).await.unwrap();
    variants::last_answer(&stage.fake, operation.route)
}

#[tokio::test(start_paused = true)]
async fn every_variant_of_every_answer_is_read_or_refused_by_its_place() {
    let (mut operations, mut refused, mut wrong) = (0, 0, Vec::new());
    for operation in OPERATIONS {
        let Some(good) = good_answer(operation).await else {
            continue;
        };
        let stage = Stage::set().await;
        let call = async || operation.call(&stage).await;
        let all = variants::of(&good);
        let report = variants::try_each(&stage.fake, operation.route, all, call).await;
        operations += 1;
        refused += report.refused;
        let named = |what| format!("{}: {what}", operation.name);
        wrong.extend(report.wrong.into_iter().map(named));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(operations >= 20 && refused > 100, "{operations}, {refused}");
}

#[test]
fn any_mixture_of_variants_is_read_or_refused() {
    let runtime = runtime();
    for operation in OPERATIONS {
        let Some(good) = runtime.block_on(good_answer(operation)) else {
            continue;
        };
        let stage = runtime.block_on(Stage::set());
        let check = |seed| {
            let variant = [variants::random(&good, seed)];
            let call = async || operation.call(&stage).await;
            let trial = variants::try_each(&stage.fake, operation.route, variant, call);
            let report = runtime.block_on(trial);
            assert!(report.wrong.is_empty(), "{}: {report:?}", operation.name);
            Ok(())
        };
        TestRunner::default().run(&any::<u64>(), check).unwrap();
    }
}
