//! The listing before an attempt.

use anaplan_core::{ErrorKind, Method, TransportErrorKind};
use serde_json::json;

use crate::world::{Step, World, create, created, respond, rows};

#[tokio::test(start_paused = true)]
async fn failed_baseline_ends_the_call_unsent_with_its_own_kind() {
    for (listing, kind) in [
        (Step::Respond(503, String::new()), ErrorKind::Server),
        (Step::Respond(302, String::new()), ErrorKind::Rejected),
        (Step::Respond(403, String::new()), ErrorKind::Forbidden),
        (Step::Respond(404, String::new()), ErrorKind::NotFound),
        (Step::Respond(429, String::new()), ErrorKind::RateLimited),
        (Step::Respond(202, String::new()), ErrorKind::Decode),
        (
            Step::Fail(TransportErrorKind::Interrupted),
            ErrorKind::Interrupted,
        ),
        (Step::Fail(TransportErrorKind::Connect), ErrorKind::Connect),
        (Step::Hang, ErrorKind::Timeout),
        (respond(200, &json!({})), ErrorKind::Incomplete),
        (respond(200, &json!({"rows": null})), ErrorKind::Incomplete),
        (
            respond(200, &json!({"status": {"code": 503}})),
            ErrorKind::Decode,
        ),
        (
            respond(200, &json!({"status": {"code": 503}, "rows": []})),
            ErrorKind::Decode,
        ),
        (respond(200, &json!({"rows": "none"})), ErrorKind::Decode),
    ] {
        let world = World::new(vec![listing.clone()], vec![created("own")]);
        let error = world.session().call(create()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{listing:?}: {error}");
        assert!(error.to_string().contains("not sent"), "{error}");
        assert!(error.record().is_none());
        assert_eq!(error.operation(), Some("test.list_rows"));
        if ![ErrorKind::Decode, ErrorKind::Incomplete].contains(&kind) {
            assert_eq!(error.attempts() as usize, world.count(&Method::GET));
        }
        assert_eq!(world.writes(), 0, "{listing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn baseline_is_retried_like_any_read() {
    let listings = vec![
        Step::Respond(503, String::new()),
        Step::Fail(TransportErrorKind::Interrupted),
        rows(&[]),
    ];
    let world = World::new(listings, vec![created("own")]);
    assert_eq!(
        world.session().call(create()).await.unwrap().0.as_str(),
        "own"
    );
    assert_eq!(world.count(&Method::GET), 3);
    assert_eq!(world.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn successful_call_needs_one_listing_and_one_write() {
    let world = World::new(vec![rows(&["old"])], vec![created("own")]);
    world.session().call(create()).await.unwrap();
    let methods: Vec<_> = world.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, [Method::GET, Method::POST]);
}
