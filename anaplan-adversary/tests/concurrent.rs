//! Calls at the same time.

mod support;

use std::time::Duration;

use anaplan_adversary::case::{Break, Case, Hits, Op, Point, Reply, When};
use anaplan_adversary::operations::{Outcome, Target, list_blocking, perform, upload_bytes};
use anaplan_adversary::reply::{Step, honest};
use anaplan_adversary::scene::Scene;
use futures_util::future::join_all;
use support::{LONG, replacing, scene};

#[tokio::test]
async fn identical_calls_never_return_the_same_task() {
    for op in [
        Op::RunImport,
        Op::RunProcess,
        Op::SyncModels,
        Op::CreateRevision,
    ] {
        for effect in [0, 500, 2_000] {
            let case = Case {
                point: Point::Work,
                reply: Reply::Broken(Break::Reset),
                hits: Hits::First,
                effect: When::After(effect),
                ..Case::honest(op)
            };
            let scene = Scene::new(case, &Target::new()).await.unwrap();
            let calls = (0..3).map(|_| perform(op, &scene.client, None));
            let outcomes = scene.drive(LONG, join_all(calls)).await.unwrap();
            let mut ids: Vec<_> = outcomes
                .iter()
                .filter_map(|outcome| match outcome {
                    Outcome::Started { id, .. } => Some(id),
                    _ => None,
                })
                .collect();
            let all = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), all, "{op:?} +{effect} ms\n{}", scene.story());
        }
    }
}

#[tokio::test]
async fn two_uploads_to_one_file_do_not_mix() {
    // So many of the first chunks are slow, so that the other upload overtakes them.
    for slow in 0..4 {
        let scene = replacing(Op::UploadKnown, move |_, point, n, answer| {
            (point == Point::Chunk && n < slow).then(|| {
                let mut steps = vec![Step::Sleep(Duration::from_secs(3))];
                steps.extend(honest(answer, Some(0)));
                steps
            })
        })
        .await;
        let contents = [vec![b'a'; 2_000_100], vec![b'b'; 1_500_000]];
        let calls = contents
            .clone()
            .map(|bytes| upload_bytes(&scene.client, bytes));
        let outcomes = scene.drive(LONG, join_all(calls)).await.unwrap();
        let stored = scene.server.state().world.content(i64::MAX / 2);
        let mut arrived = outcomes.iter();
        assert!(
            arrived.any(|outcome| matches!(outcome, Outcome::Uploaded)),
            "{outcomes:?}"
        );
        let whole = contents
            .iter()
            .any(|content| stored.as_ref() == Some(content));
        assert!(whole, "{outcomes:?}\n{}", scene.story());
    }
}

#[tokio::test]
async fn many_calls_do_not_open_as_many_sockets() {
    let scene = scene(Op::List).await;
    let calls = join_all((0..650).map(|_| perform(Op::List, &scene.client, None)));
    // More requests than any single call needs.
    let outcomes = tokio::select! {
        outcomes = calls => outcomes,
        why = scene.clock.drive(LONG) => panic!("{why}"),
    };
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Rows(_)))
    );
    let open = scene.server.state().most_open;
    assert!(open <= 256, "{open} connections at a time");
}

#[tokio::test]
async fn blocking_call_works_inside_spawn_blocking() {
    let scene = scene(Op::List).await;
    let client = scene.client.clone();
    let call = tokio::task::spawn_blocking(move || list_blocking(&client));
    let outcome = scene.drive(LONG, call).await.unwrap().unwrap();
    assert!(matches!(outcome, Outcome::Rows(_)), "{outcome:?}");
}
