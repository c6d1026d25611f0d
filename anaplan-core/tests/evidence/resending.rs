//! Resending: never after an unknown outcome, and with a new baseline after a proof.

use std::sync::Arc;
use std::time::Duration;

use anaplan_core::{ErrorKind, Origin, TransportErrorKind};
use serde_json::json;

use crate::world::{
    CreateRow, FixedToken, Renewable, Step, World, create, created, now, respond, rows,
};

/// Reactions to a write that leave its outcome unknown.
fn unknown_outcomes() -> Vec<Step> {
    use TransportErrorKind as Kind;
    let statuses = (300..600).filter(|status| !(400..500).contains(status) || *status == 408);
    let statuses = statuses.map(|status| Step::Respond(status, String::new()));
    // The server accepted the request, and its response cannot be read.
    let successes = [202, 203, 204, 205, 206, 207, 226]
        .map(|status| respond(status, &json!({"status": {"code": status}, "id": "r"})));
    let bodies = [
        "",
        "{}",
        "null",
        "{\"id\":",
        "<html>Sign in</html>",
        r#"{"status":{"code":500},"id":"r"}"#,
        r#"{"id":{}}"#,
    ]
    .map(|body| Step::Respond(200, body.to_owned()));
    let page = Step::Headers(
        200,
        vec![("content-type", "text/html; charset=utf-8".to_owned())],
        r#"{"id":"r"}"#.to_owned(),
    );
    let kinds = [Kind::Timeout, Kind::Interrupted, Kind::Body, Kind::Encoding].map(Step::Fail);
    statuses
        .chain(successes)
        .chain(bodies)
        .chain([page, Step::Hang])
        .chain(kinds)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn create_is_never_resent_after_an_unknown_outcome() {
    for step in unknown_outcomes() {
        let world = World::new(vec![rows(&["old"])], vec![step.clone()]);
        let error = world.session().call(create()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{step:?}: {error}");
        assert_eq!(world.writes(), 1, "{step:?}");
        assert_eq!(error.attempts(), 1);
        assert!(!error.is_retryable());
        let record = error.record().expect("an ambiguous error has a record");
        assert_eq!(record.baseline.as_deref(), Some(&["old".to_owned()][..]));
        assert!(
            record.checks.len() > 10,
            "{step:?}: {}",
            record.checks.len()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn create_is_confirmed_by_its_row_after_an_unknown_outcome() {
    for step in unknown_outcomes() {
        let listings = vec![rows(&["old"]), rows(&["old"]), rows(&["old", "new"])];
        let world = World::new(listings, vec![step.clone()]);
        let row = world.session().call(create()).await.unwrap();
        assert_eq!(row.0.as_str(), "new", "{step:?}");
        assert_eq!(world.writes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn row_that_appears_after_40_seconds_is_found() {
    let mut listings = vec![rows(&[]); 10];
    listings.push(rows(&["late"]));
    let world = World::new(listings, vec![Step::Respond(503, String::new())]);
    let started = now();
    let row = world.session().call(create()).await.unwrap();
    assert_eq!(row.0.as_str(), "late");
    assert!(started.elapsed() > Duration::from_secs(30));
    assert_eq!(world.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn search_checks_at_once_after_1_s_and_then_every_5_s_for_60_s() {
    let world = World::new(
        vec![rows(&[])],
        vec![Step::Fail(TransportErrorKind::Interrupted)],
    );
    let started = now();
    world.session().call(create()).await.unwrap_err();
    let seen = world.seen();
    let checks: Vec<u64> = seen[2..]
        .iter()
        .map(|seen| (seen.at - started).as_secs())
        .collect();
    assert_eq!(checks[..4], [0, 1, 6, 11]);
    assert_eq!(checks.last(), Some(&60));
    assert_eq!(checks.len(), 14);
}

#[tokio::test(start_paused = true)]
async fn failed_checks_do_not_end_the_search() {
    let listings = vec![
        rows(&["old"]),
        respond(404, &json!({})),
        Step::Respond(200, "{}".to_owned()),
        respond(403, &json!({})),
        rows(&["old", "new"]),
    ];
    let world = World::new(listings, vec![Step::Respond(502, String::new())]);
    let row = world.session().call(create()).await.unwrap();
    assert_eq!(row.0.as_str(), "new");
    assert_eq!(world.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn create_is_resent_with_a_new_baseline_after_proof_that_it_was_not_executed() {
    let throttled = Step::Headers(429, vec![("retry-after", "3".to_owned())], String::new());
    for refused in [
        throttled,
        Step::Respond(429, String::new()),
        Step::Respond(410, String::new()),
        Step::Fail(TransportErrorKind::Connect),
    ] {
        // Another user's row appears between the attempts. The second attempt is lost.
        let listings = vec![rows(&["a"]), rows(&["a", "theirs"])];
        let lost = Step::Fail(TransportErrorKind::Interrupted);
        let world = World::new(listings, vec![refused.clone(), lost]);
        let error = world.session().call(create()).await.unwrap_err();
        assert!(error.is_ambiguous(), "{refused:?}: {error}");
        assert_eq!(world.writes(), 2);
        let record = error.record().unwrap();
        let known = ["a".to_owned(), "theirs".to_owned()];
        assert_eq!(record.baseline.as_deref(), Some(&known[..]));
    }
}

#[tokio::test(start_paused = true)]
async fn create_is_resent_once_after_a_rejected_credential() {
    let writes = vec![Step::Respond(401, String::new()), created("own")];
    let world = World::new(vec![rows(&[])], writes);
    let session = world.session_with(Arc::new(Renewable), |_| {});
    assert_eq!(session.call(create()).await.unwrap().0.as_str(), "own");
    assert_eq!(world.writes(), 2);

    let world = World::new(vec![rows(&[])], vec![Step::Respond(401, String::new())]);
    let session = world.session_with(Arc::new(Renewable), |_| {});
    let error = session.call(create()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(world.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn refusal_that_no_retry_can_change_ends_the_call_at_once() {
    let permanent = (400..500).filter(|status| ![401, 408, 410, 429].contains(status));
    let mut steps: Vec<_> = permanent
        .map(|status| Step::Respond(status, String::new()))
        .collect();
    steps.push(Step::Fail(TransportErrorKind::Refused));
    steps.push(Step::Fail(TransportErrorKind::Request));
    for step in steps {
        let world = World::new(vec![rows(&[])], vec![step.clone()]);
        let started = now();
        let error = world.session().call(create()).await.unwrap_err();
        assert!(!error.is_ambiguous(), "{step:?}: {error}");
        assert!(error.record().is_none());
        assert!(!error.is_retryable());
        assert_eq!(world.writes(), 1);
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn assume_idempotent_resends_after_an_unknown_outcome() {
    let writes = vec![
        Step::Respond(503, String::new()),
        Step::Fail(TransportErrorKind::Interrupted),
        created("own"),
    ];
    let world = World::new(vec![rows(&[])], writes);
    let row = world.session().call(create()).assume_idempotent().await;
    assert_eq!(row.unwrap().0.as_str(), "own");
    assert_eq!(world.writes(), 3);
}

#[tokio::test(start_paused = true)]
async fn refusal_after_an_unknown_outcome_is_ambiguous_for_an_idempotent_call() {
    for refusal in [400, 403, 404, 409, 422] {
        let writes = vec![
            Step::Respond(503, String::new()),
            Step::Respond(refusal, String::new()),
        ];
        let world = World::new(vec![rows(&[])], writes);
        let call = world.session().call(create()).assume_idempotent();
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{refusal}: {error}");
        assert!(!error.is_retryable());
        assert_eq!(world.writes(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn presumed_row_is_an_error_with_its_id_unless_accepted() {
    let row = CreateRow {
        proven: false,
        ..create()
    };
    let world = || {
        let listings = vec![rows(&["old"]), rows(&["old", "new"])];
        World::new(listings, vec![Step::Respond(504, String::new())])
    };
    let lost = world();
    let error = lost.session().call(row.clone()).await.unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!(error.task_id(), Some("new"));
    assert_eq!(lost.writes(), 1);

    let accepted = world();
    let task = accepted.session().start(row.clone()).accept_presumed();
    let task = task.await.unwrap();
    assert_eq!(task.id().as_str(), "new");
    assert_eq!(task.origin(), Origin::Presumed);
    assert_eq!(accepted.writes(), 1);

    let session = world().session_with(Arc::new(FixedToken), |settings| {
        settings.reconcile.accept_presumed = true;
    });
    let task = session.start(row.clone()).await.unwrap();
    assert_eq!(task.origin(), Origin::Presumed);

    // A response of its own, or a proof, is not presumed.
    let proven = world().session().start(create()).await.unwrap();
    assert_eq!(proven.origin(), Origin::Own);
    let world = World::new(vec![rows(&[])], vec![created("own")]);
    let task = world.session().start(row).await.unwrap();
    assert_eq!(task.origin(), Origin::Own);
}

#[tokio::test(start_paused = true)]
async fn several_candidates_are_ambiguous_even_if_presumption_is_accepted() {
    let listings = vec![rows(&["old"]), rows(&["old", "b", "c"])];
    let world = World::new(listings, vec![Step::Respond(504, String::new())]);
    let call = world.session().call(create()).accept_presumed();
    let error = call.await.unwrap_err();
    assert!(error.is_ambiguous());
    assert!(error.to_string().contains("several rows"), "{error}");
    assert_eq!(error.task_id(), None);
}
