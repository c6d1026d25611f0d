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
    variants::last_answer(&stage.fake, &operation.route(&stage))
}

/// The answer to an upload was read, and speaks of a file that nobody asked for.
fn is_another_file(what: &str) -> bool {
    what.contains("the model has no such file; the server created")
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
        let report = variants::try_each(&stage.fake, &operation.route(&stage), all, call).await;
        operations += 1;
        refused += report.refused;
        let named = |what| format!("{}: {what}", operation.name);
        let wrong_ones = report
            .wrong
            .into_iter()
            .filter(|what| !is_another_file(what));
        wrong.extend(wrong_ones.map(named));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(operations >= 10 && refused > 100, "{operations}, {refused}");
}

#[test]
fn any_mixture_of_variants_is_read_or_refused() {
    let runtime = runtime();
    for operation in OPERATIONS {
        let Some(good) = runtime.block_on(good_answer(operation)) else {
            continue;
        };
        let stage = runtime.block_on(Stage::set());
        let route = operation.route(&stage);
        let check = |seed| {
            let variant = [variants::random(&good, seed)];
            let call = async || operation.call(&stage).await;
            let trial = variants::try_each(&stage.fake, &route, variant, call);
            let mut wrong = runtime.block_on(trial).wrong;
            wrong.retain(|what| !is_another_file(what));
            assert!(wrong.is_empty(), "{}: {wrong:?}", operation.name);
            Ok(())
        };
        TestRunner::default().run(&any::<u64>(), check).unwrap();
    }
}
