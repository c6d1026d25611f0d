//! Sessions that start with an existing token, without and with credentials as fallback.

mod support;

use std::future::IntoFuture as _;
use std::time::Duration;

use anaplan_auth::{Basic, FixedToken, TokenAuthenticator};
use anaplan_core::{ErrorKind, Result, Session};
use futures_util::future::join_all;
use support::{LIFE, Ping, Service};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn signed_by(password: &str) -> TokenAuthenticator {
    TokenAuthenticator::new(Basic::new("ada@example.com", password))
}

async fn many(session: &Session, count: usize) -> Vec<Result<()>> {
    let calls = (0..count).map(|_| tokio::spawn(session.call(Ping).into_future()));
    let results = join_all(calls).await.into_iter();
    results.map(std::result::Result::unwrap).collect()
}

#[allow(clippy::disallowed_methods)]
async fn advance(by: Duration) {
    tokio::time::sleep(by).await;
}

#[tokio::test(start_paused = true)]
async fn expired_fixed_token_is_reported_once_and_not_sent_again() {
    let service = Service::new();
    service.add_token("given");
    let session = service.session(FixedToken::new(" given\n"));
    session.call(Ping).await.unwrap();
    advance(LIFE + MINUTE).await;
    service.delay("ping", SECOND);
    for result in many(&session, 20).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        let text = error.to_string();
        assert!(text.contains("the token has expired; "), "{text}");
        assert!(!format!("{text} {error:?}").contains("given"));
    }
    session.call(Ping).await.unwrap_err();
    assert_eq!(service.counts(), [0, 0, 0, 21]);
    assert_eq!(service.seen("validate"), 1);
}

#[tokio::test(start_paused = true)]
async fn fixed_token_without_a_role_is_unauthorized() {
    let service = Service::new();
    service.add_token("given");
    let session = service.session(FixedToken::new("given"));
    service.state().no_role = true;
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    service.state().no_role = false;
    session.call(Ping).await.unwrap();
    // A failed validation says nothing about the token.
    service.state().no_role = true;
    service.refuse("validate", &[503; 6]);
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(service.counts(), [0, 0, 0, 5]);
}

#[tokio::test(start_paused = true)]
async fn fixed_token_is_ended_by_sign_out_and_not_shown() {
    let service = Service::new();
    service.add_token("given");
    let session = service.session(FixedToken::new("given"));
    session.call(Ping).await.unwrap();
    session.sign_out().await.unwrap();
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(service.counts(), [0, 0, 1, 2]);
    let shown = format!("{session:?}");
    assert!(shown.contains("FixedToken"), "{shown}");
    assert!(!shown.contains("given"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn fixed_token_that_cannot_be_sent_fails_before_anything_is_sent() {
    let service = Service::new();
    for token in ["", "s3cret\ns3cret", "Bearer s3cret"] {
        let session = service.session(FixedToken::new(token));
        let error = session.call(Ping).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
    assert_eq!(service.counts(), [0; 4]);
}

#[tokio::test(start_paused = true)]
async fn initial_token_is_used_until_it_is_rejected() {
    let service = Service::new();
    service.add_token("given");
    let session = service.session(signed_by("s3cret").initial_token(" given\n"));
    session.call(Ping).await.unwrap();
    advance(LIFE - SECOND).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [0, 0, 0, 2]);
    advance(SECOND).await;
    service.delay("ping", SECOND);
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [1, 1, 0, 202]);
    // Its successor is renewed like any other token.
    advance(31 * MINUTE).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 2, 0, 203]);
}

#[tokio::test(start_paused = true)]
async fn initial_token_that_was_never_valid_costs_one_sign_in() {
    let service = Service::new();
    let session = service.session(signed_by("s3cret").initial_token("wrong"));
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 2]);
    let session = service.session(signed_by("s3cret").initial_token("a\nb"));
    for _ in 0..2 {
        let error = session.call(Ping).await.unwrap_err();
        assert!(error.to_string().contains("line break"), "{error}");
    }
    assert_eq!(service.counts(), [1, 1, 0, 2]);
}
