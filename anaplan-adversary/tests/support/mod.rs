//! What the directed tests share.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use anaplan_adversary::answer::Answer;
use anaplan_adversary::case::{Body, Case, Framing, Hits, Op, Point, Reply, When};
use anaplan_adversary::http::Request;
use anaplan_adversary::operations::{Outcome, Target, perform};
use anaplan_adversary::reply::{Step, honest};
use anaplan_adversary::run;
use anaplan_adversary::scene::Scene;
use anaplan_adversary::server::Override;

/// Longer than any call takes.
pub(crate) const LONG: Duration = Duration::from_secs(3 * 3600);

/// A case in which every request of a point gets this response and is never executed.
pub(crate) fn always(op: Op, point: Point, status: u16, body: Body) -> Case {
    Case {
        point,
        reply: Reply::Status(status, body, Framing::Whole),
        hits: Hits::All,
        effect: When::Never,
        ..Case::honest(op)
    }
}

/// Runs a case, which must not violate a rule.
pub(crate) async fn passes(case: Case) {
    let ran = run::run(case, Target::new()).await;
    let verdict = &ran.verdict.violations;
    assert!(verdict.is_empty(), "{case}\n{verdict:?}\n{}", ran.story);
}

/// A scene without any fault.
pub(crate) async fn scene(op: Op) -> Scene {
    Scene::new(Case::honest(op), &Target::new()).await.unwrap()
}

/// A scene in which some responses are replaced.
pub(crate) async fn replacing(
    op: Op,
    replace: impl Fn(&Request, Point, usize, &Answer) -> Option<Vec<Step>> + Send + Sync + 'static,
) -> Scene {
    let replace: Override = Arc::new(replace);
    Scene::replacing(Case::honest(op), &Target::new(), replace)
        .await
        .unwrap()
}

/// Makes the call of an operation in a scene; panics if it does not end.
pub(crate) async fn call(scene: &Scene, op: Op) -> Outcome {
    let ended = scene.drive(LONG, perform(op, &scene.client, None)).await;
    ended.unwrap_or_else(|why| panic!("{why}\n{}", scene.story()))
}

/// A response with this body as JSON.
pub(crate) fn json(status: u16, body: impl Into<String>) -> Option<Vec<Step>> {
    let answer = Answer::Bytes {
        status,
        content_type: Some("application/json"),
        body: body.into().into_bytes(),
    };
    Some(honest(&answer, Some(0)))
}

/// The number of requests of this point so far.
pub(crate) fn count(scene: &Scene, point: Point) -> usize {
    let state = scene.server.state();
    state.seen.iter().filter(|seen| seen.point == point).count()
}
