//! Concurrent calls that must not run twice.

use std::time::Duration;

use anaplan_core::Method;

use crate::world::{CreateRow, Step, World, create, created, rows};

fn slowly(step: Step) -> Step {
    Step::After(Duration::from_secs(2), Box::new(step))
}

#[tokio::test(start_paused = true)]
async fn calls_under_one_parent_are_serialized() {
    let world = World::new(vec![slowly(rows(&[]))], vec![slowly(created("r"))]);
    let session = world.session();
    let (a, b) = (session.call(create()), session.call(create()));
    let (a, b) = tokio::join!(a.into_future(), b.into_future());
    a.and(b).unwrap();
    let methods: Vec<_> = world.seen().into_iter().map(|seen| seen.method).collect();
    let (get, post) = (Method::GET, Method::POST);
    assert_eq!(methods, [get.clone(), post.clone(), get, post]);
}

#[tokio::test(start_paused = true)]
async fn calls_under_different_parents_run_concurrently() {
    let world = World::new(vec![slowly(rows(&[]))], vec![slowly(created("r"))]);
    let session = world.session();
    let elsewhere = CreateRow {
        parent: "Q",
        ..create()
    };
    let (a, b) = (session.call(create()), session.call(elsewhere));
    let (a, b) = tokio::join!(a.into_future(), b.into_future());
    a.and(b).unwrap();
    let seen = world.seen();
    assert_eq!(seen[0].at, seen[1].at);
    assert_ne!(seen[0].path, seen[1].path);
    assert_eq!(seen[2].at, seen[3].at);
}

#[tokio::test(start_paused = true)]
async fn two_calls_never_return_the_same_row() {
    // Both responses are lost. The server created one row, and its listing lags behind.
    let listings = vec![rows(&[]), rows(&["one"]), rows(&[]), rows(&["one"])];
    let world = World::new(listings, vec![Step::Respond(504, String::new())]);
    let session = world.session();
    let (a, b) = (session.call(create()), session.call(create()));
    let (a, b) = tokio::join!(a.into_future(), b.into_future());
    assert_eq!(world.writes(), 2);
    let mut found = Vec::new();
    for result in [a, b] {
        match result {
            Ok(row) => found.push(row.0.to_string()),
            Err(error) => assert!(error.is_ambiguous(), "{error}"),
        }
    }
    assert_eq!(found, ["one"]);
}

#[tokio::test(start_paused = true)]
async fn row_of_a_call_with_a_response_is_not_claimed_by_a_lost_call() {
    let listings = vec![rows(&[]), rows(&[]), rows(&["first"])];
    let writes = vec![created("first"), Step::Respond(504, String::new())];
    let world = World::new(listings, writes);
    let session = world.session();
    let first = session.call(create()).await.unwrap();
    assert_eq!(first.0.as_str(), "first");
    let error = session.call(create()).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn dropped_call_releases_its_parent() {
    let world = World::new(vec![rows(&[])], vec![Step::Hang, created("r")]);
    let session = world.session();
    let dropped = session.call(create()).into_future();
    let dropped = tokio::time::timeout(Duration::from_secs(1), dropped).await;
    assert!(dropped.is_err());
    assert_eq!(session.call(create()).await.unwrap().0.as_str(), "r");
}

#[tokio::test(start_paused = true)]
async fn single_connection_suffices_for_baseline_and_search() {
    let listings = vec![rows(&[]), rows(&["one"])];
    let world = World::new(listings, vec![Step::Respond(504, String::new())]);
    let session = world.session_with(std::sync::Arc::new(crate::world::FixedToken), |settings| {
        settings.max_in_flight = 1;
    });
    let row = tokio::time::timeout(
        Duration::from_secs(600),
        session.call(create()).into_future(),
    );
    assert_eq!(row.await.unwrap().unwrap().0.as_str(), "one");
}
