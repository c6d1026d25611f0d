//! Announced lengths. Alone in its program: an allocation that fails ends the process.

mod support;

use std::sync::Arc;

use anaplan_adversary::case::{Case, Op, Point};
use anaplan_adversary::operations::Target;
use anaplan_adversary::reply::Step;
use anaplan_adversary::scene::Scene;
use anaplan_adversary::server::Override;
use support::LONG;

#[tokio::test]
async fn announced_length_is_not_allocated() {
    for length in ["10000000000000", "9223372036854775807"] {
        for (op, point) in [
            (Op::List, Point::Page),
            (Op::Download, Point::Part),
            (Op::RunImport, Point::Work),
            (Op::SignIn, Point::SignIn),
        ] {
            let head = format!(
                "HTTP/1.1 200 x\r\ncontent-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\nabc"
            );
            let replace: Override = Arc::new(move |_, of, _, _| {
                let steps = vec![Step::Write(head.clone().into_bytes()), Step::Close];
                (of == point).then_some(steps)
            });
            let target = Target::new().without_body_limit();
            let scene = Scene::replacing(Case::honest(op), &target, replace)
                .await
                .unwrap();
            let call = anaplan_adversary::operations::perform(op, &scene.client, None);
            let outcome = scene.drive(LONG, call).await.unwrap();
            // A start that was executed may be found again.
            let ended_well = op == Op::RunImport || outcome.failure().is_some();
            assert!(ended_well, "{outcome:?}");
        }
    }
}
