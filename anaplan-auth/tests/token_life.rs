//! The life of a token, seen by many calls at once.

mod support;

use std::future::IntoFuture as _;
use std::time::Duration;

use anaplan_auth::{Basic, FixedToken, TokenAuthenticator, WhoAmI};
use anaplan_core::{ErrorKind, Result, Session};
use futures_util::future::join_all;
use support::{LIFE, Ping, Service};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn signed_by(password: &str) -> TokenAuthenticator {
    TokenAuthenticator::new(Basic::new("ada@example.com", password))
}

fn start() -> (Service, Session) {
    let service = Service::new();
    service.delay("authenticate", SECOND);
    service.delay("refresh", 5 * SECOND);
    let session = service.session(signed_by("s3cret"));
    (service, session)
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
async fn parallel_calls_of_a_cold_client_share_one_sign_in() {
    let (service, session) = start();
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [1, 0, 0, 500]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_replaced_once_and_never_sent() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    advance(LIFE + MINUTE).await;
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [2, 0, 0, 501]);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_once_however_many_calls_find_out() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.revoke_all();
    service.delay("ping", SECOND);
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    // One refresh finds out that the session is gone; each call was sent twice.
    assert_eq!(service.counts(), [2, 1, 0, 1001]);
}

#[tokio::test(start_paused = true)]
async fn one_call_refreshes_early_while_the_others_go_on_with_the_old_token() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    let renewing = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    let before = session.clock().monotonic();
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(session.clock().monotonic(), before, "nobody else waited");
    assert!(!renewing.is_finished());
    renewing.await.unwrap().unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 102]);
    // The life begins anew.
    advance(29 * MINUTE).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 103]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_used_for_hours_signs_in_once() {
    let (service, session) = start();
    for _ in 0..600 {
        session.call(Ping).await.unwrap();
        advance(MINUTE).await;
    }
    assert_eq!(service.seen("authenticate"), 1);
    assert!((19..=21).contains(&service.seen("refresh")));
    assert_eq!(service.seen("ping"), 600);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_may_give_another_token() {
    let (service, session) = start();
    service.state().rotate = true;
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    session.call(Ping).await.unwrap();
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn when_the_refresh_is_refused_the_client_signs_in() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.revoke_all();
    advance(31 * MINUTE).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_otherwise_costs_nothing_but_a_later_one() {
    let (service, session) = start();
    service.delay("refresh", Duration::ZERO);
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    service.refuse("refresh", &[503; 6]);
    session.call(Ping).await.unwrap();
    let tried = service.seen("refresh");
    assert_eq!(tried, 6, "as often as any idempotent call");
    session.call(Ping).await.unwrap();
    assert_eq!(service.seen("refresh"), tried, "left alone for a while");
    advance(11 * SECOND).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, tried + 1, 0, 4]);
}

#[tokio::test(start_paused = true)]
async fn the_late_refusal_of_an_old_token_does_not_discard_the_new_one() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.revoke_all();
    service.delay("ping", MINUTE);
    let slow = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    service.delay("ping", Duration::ZERO);
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 4]);
    slow.await.unwrap().unwrap();
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 6], "no further renewal");
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_is_for_the_caller_to_see_and_leaves_the_token_alone() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.state().no_role = true;
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!((error.attempts(), error.is_retryable()), (2, false));
    // The refresh has shown that the token was good: no need to sign in.
    assert_eq!(service.counts(), [1, 1, 0, 3]);
    service.state().no_role = false;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 4]);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_share_the_failure_and_the_next_call_tries_again() {
    let service = Service::new();
    service.delay("authenticate", SECOND);
    let session = service.session(signed_by("s3cret"));
    service.refuse("authenticate", &[401]);
    for result in many(&session, 500).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
    assert_eq!(service.counts(), [1, 0, 0, 0]);
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_sent_once_and_described_in_the_servers_words() {
    let service = Service::new();
    let session = service.session(signed_by("wrong-s3cret"));
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.operation(), Some("auth.authenticate"));
    assert_eq!(error.server_code(), Some("FAILURE_BAD_CREDENTIAL"));
    assert_eq!(service.counts(), [1, 0, 0, 0], "accounts get locked");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_the_sign_in_to_the_next() {
    let (service, session) = start();
    let first = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    let others = tokio::spawn({
        let session = session.clone();
        async move { many(&session, 20).await }
    });
    advance(SECOND / 2).await;
    first.abort();
    assert!(others.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(service.counts(), [2, 0, 0, 20]);
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_the_session_and_the_next_call_opens_another() {
    let (service, session) = start();
    session.sign_out().await.unwrap();
    assert_eq!(service.counts(), [0; 4], "there was nothing to end");
    session.call(Ping).await.unwrap();
    session.sign_out().await.unwrap();
    assert!(service.state().tokens.is_empty());
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 0, 1, 2]);
    service.revoke_all();
    session.sign_out().await.expect("it had ended already");
}

#[tokio::test(start_paused = true)]
async fn signing_out_waits_for_a_sign_in_under_way() {
    let (service, session) = start();
    let call = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    session.sign_out().await.unwrap();
    assert!(service.state().tokens.is_empty());
    assert_eq!(service.seen("logout"), 1);
    call.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_am_i_uses_the_token_of_all_calls_and_renews_it_like_them() {
    let (service, session) = start();
    let me = session.call(WhoAmI).await.unwrap();
    assert_eq!(me.user_id.as_deref(), Some("ada@example.com"));
    service.revoke_all();
    session.call(WhoAmI).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 0]);
    assert_eq!(service.seen("validate"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_token_is_used_as_it_is_and_never_renewed() {
    let service = Service::new();
    let end = "2100-01-01T00:00:00Z".parse().unwrap();
    service.state().tokens.insert("given".to_owned(), end);
    let session = service.session(FixedToken::new(" given\n"));
    session.call(Ping).await.unwrap();
    session.sign_out().await.unwrap();
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(service.counts(), [0, 0, 1, 2]);
    let shown = format!("{session:?}");
    assert!(
        shown.contains("FixedToken") && !shown.contains("given"),
        "{shown}"
    );
}
