//! The time limit of a call covers everything: sign-in, baseline, attempt and search.

use std::sync::Arc;
use std::time::Duration;

use anaplan_core::ErrorKind;

use crate::world::{HangingSignIn, Step, World, create, created, now, rows};

const LIMIT: Duration = Duration::from_secs(10);
/// Maximum duration of the check after the deadline.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn hanging_baseline_ends_at_the_deadline_unsent() {
    let world = World::new(vec![Step::Hang], vec![created("own")]);
    let started = now();
    let error = world.session().call(create()).timeout(LIMIT).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(started.elapsed(), LIMIT);
    assert_eq!(world.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn failing_baseline_is_not_retried_beyond_the_deadline() {
    let world = World::new(
        vec![Step::Respond(503, String::new())],
        vec![created("own")],
    );
    let started = now();
    let call = world
        .session()
        .call(create())
        .timeout(Duration::from_millis(300));
    let error = call.await.unwrap_err();
    assert!(!error.is_ambiguous(), "{error}");
    assert!(started.elapsed() <= Duration::from_millis(300));
    assert_eq!(world.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn hanging_sign_in_ends_at_the_deadline_unsent() {
    let world = World::new(vec![rows(&[])], vec![created("own")]);
    let session = world.session_with(Arc::new(HangingSignIn), |_| {});
    let started = now();
    let error = session.call(create()).timeout(LIMIT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(started.elapsed(), LIMIT);
    assert!(world.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn hanging_write_ends_at_the_deadline_with_one_last_check() {
    let world = World::new(vec![rows(&[])], vec![Step::Hang]);
    let started = now();
    let error = world.session().call(create()).timeout(LIMIT).await;
    let error = error.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(started.elapsed(), LIMIT);
    assert_eq!(error.record().unwrap().checks.len(), 1);
    assert_eq!(world.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn last_check_after_the_deadline_confirms_the_call() {
    let world = World::new(vec![rows(&[]), rows(&["own"])], vec![Step::Hang]);
    let row = world.session().call(create()).timeout(LIMIT).await.unwrap();
    assert_eq!(row.0.as_str(), "own");
}

#[tokio::test(start_paused = true)]
async fn hanging_last_check_ends_after_5_s() {
    let world = World::new(vec![rows(&[]), Step::Hang], vec![Step::Hang]);
    let started = now();
    let error = world.session().call(create()).timeout(LIMIT).await;
    assert!(error.unwrap_err().is_ambiguous());
    assert_eq!(started.elapsed(), LIMIT + GRACE);
}

#[tokio::test(start_paused = true)]
async fn search_ends_within_5_s_of_the_deadline() {
    for listing in [
        rows(&[]),
        Step::Hang,
        Step::Respond(503, String::new()),
        Step::Respond(429, String::new()),
    ] {
        let world = World::new(
            vec![rows(&[]), listing.clone()],
            vec![Step::Respond(502, String::new())],
        );
        let started = now();
        let error = world.session().call(create()).timeout(LIMIT).await;
        assert!(error.unwrap_err().is_ambiguous(), "{listing:?}");
        assert!(
            started.elapsed() <= LIMIT + GRACE,
            "{listing:?}: {:?}",
            started.elapsed()
        );
        assert_eq!(world.writes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_another_call_under_the_parent_ends_at_the_deadline() {
    let world = World::new(vec![rows(&[])], vec![Step::Hang]);
    let session = world.session();
    let first = tokio::spawn(session.call(create()).into_future());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let started = now();
    let error = session.call(create()).timeout(LIMIT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("same parent"), "{error}");
    assert_eq!(started.elapsed(), LIMIT);
    assert_eq!(world.writes(), 1);
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn attempt_without_a_response_ends_after_the_attempt_timeout() {
    let world = World::new(vec![rows(&[]), rows(&["own"])], vec![Step::Hang]);
    let started = now();
    world.session().call(create()).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(300));
}
