//! Sign-in, refresh and replacement of the token that parallel calls share.

mod support;

use std::future::IntoFuture as _;
use std::time::Duration;

use anaplan_auth::{Authenticate, Basic, SignIn, TokenAuthenticator, WhoAmI};
use anaplan_core::{ErrorKind, Result, Session, async_trait};
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
async fn parallel_first_calls_share_one_sign_in() {
    let (service, session) = start();
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [1, 0, 0, 500]);
}

#[tokio::test(start_paused = true)]
async fn expired_token_is_replaced_once_and_not_sent() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    advance(LIFE + MINUTE).await;
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [2, 0, 0, 501]);
}

#[tokio::test(start_paused = true)]
async fn revoked_token_is_replaced_once_by_parallel_calls() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.revoke_all();
    service.delay("ping", SECOND);
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    // One refresh shows that the session has ended; each call is sent twice.
    assert_eq!(service.counts(), [2, 1, 0, 1001]);
}

#[tokio::test(start_paused = true)]
async fn early_refresh_is_made_by_one_call_while_others_use_the_old_token() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    let renewing = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    let before = session.clock().monotonic();
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(session.clock().monotonic(), before, "no other call waited");
    assert!(!renewing.is_finished());
    renewing.await.unwrap().unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 102]);
    // The lifetime starts again.
    advance(29 * MINUTE).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 103]);
}

#[tokio::test(start_paused = true)]
async fn session_in_use_for_hours_signs_in_once() {
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
async fn refresh_with_a_new_value_replaces_the_token() {
    let (service, session) = start();
    service.state().rotate = true;
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    session.call(Ping).await.unwrap();
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 1, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn rejected_refresh_leads_to_a_sign_in() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.revoke_all();
    advance(31 * MINUTE).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn failed_early_refresh_is_repeated_after_ten_seconds() {
    let (service, session) = start();
    service.delay("refresh", Duration::ZERO);
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    service.refuse("refresh", &[503; 6]);
    session.call(Ping).await.unwrap();
    let tried = service.seen("refresh");
    assert_eq!(tried, 6, "retried like any idempotent call");
    session.call(Ping).await.unwrap();
    assert_eq!(
        service.seen("refresh"),
        tried,
        "no refresh within ten seconds"
    );
    advance(11 * SECOND).await;
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, tried + 1, 0, 4]);
}

#[tokio::test(start_paused = true)]
async fn late_rejection_of_an_old_token_does_not_discard_the_new_one() {
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
async fn missing_role_is_unauthorized_and_signs_in_again_once_in_five_minutes() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.state().no_role = true;
    for calls in 1..=10 {
        let error = session.call(Ping).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!((error.attempts(), error.is_retryable()), (2, false));
        assert_eq!(service.counts(), [2, calls, 0, 1 + 2 * calls]);
    }
    advance(5 * MINUTE).await;
    session.call(Ping).await.unwrap_err();
    assert_eq!(service.seen("authenticate"), 3);
    service.state().no_role = false;
    let before = service.counts();
    session.call(Ping).await.unwrap();
    assert_eq!(
        service.counts()[..3],
        before[..3],
        "the token is still used"
    );
}

#[tokio::test(start_paused = true)]
async fn token_that_only_the_api_rejects_is_replaced_by_a_sign_in() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.state().rejected_by_api.insert("token-1".to_owned());
    service.delay("ping", SECOND);
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(service.counts(), [2, 1, 0, 201]);
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 202]);
}

#[tokio::test(start_paused = true)]
async fn refresh_with_new_values_that_the_api_rejects_ends_in_a_sign_in() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    service.state().rotate = true;
    let rejected = ["token-1", "token-2"].map(str::to_owned);
    service.state().rejected_by_api.extend(rejected);
    // The refresh returns token-2, which the API rejects as well.
    session.call(Ping).await.unwrap_err();
    assert_eq!(service.counts(), [1, 1, 0, 3]);
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 5]);
}

#[tokio::test(start_paused = true)]
async fn refresh_with_an_unusable_response_keeps_the_old_token() {
    let (service, session) = start();
    session.call(Ping).await.unwrap();
    advance(31 * MINUTE).await;
    for body in ["{}", r#"{"tokenInfo":{}}"#, "<html>", ""] {
        service.reply("refresh", body);
        session.call(Ping).await.unwrap();
        advance(11 * SECOND).await;
    }
    assert_eq!(service.counts(), [1, 4, 0, 5]);
    session.call(Ping).await.unwrap();
    assert_eq!(service.counts(), [1, 5, 0, 6]);
}

#[tokio::test(start_paused = true)]
async fn sign_in_without_a_token_in_the_response_is_an_error() {
    let service = Service::new();
    let session = service.session(signed_by("s3cret"));
    for body in ["{}", r#"{"tokenInfo":{"tokenValue":""}}"#, "[]"] {
        service.reply("authenticate", body);
        let error = session.call(Ping).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
    assert_eq!(service.counts(), [3, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_share_a_failed_sign_in_and_the_next_call_signs_in_again() {
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
async fn wrong_credentials_are_sent_once_and_the_error_quotes_the_server() {
    let service = Service::new();
    let session = service.session(signed_by("wrong-s3cret"));
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.operation(), Some("auth.authenticate"));
    assert_eq!(error.server_code(), Some("FAILURE_BAD_CREDENTIAL"));
    assert_eq!(service.counts(), [1, 0, 0, 0], "accounts get locked");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    let text = error.to_string();
    for part in [
        "signing in failed: user ada@example.com at auth.anaplan.com",
        "single sign-on",
        "exception users",
        "region",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

/// A sign-in of a user's own, with a signed body or without.
#[derive(Debug)]
struct Custom {
    signed: bool,
}

#[async_trait]
impl SignIn for Custom {
    async fn request(&self, _: &Session) -> Result<Authenticate> {
        let request = Authenticate::new(&"Custom s3cret".into())?;
        Ok(if self.signed {
            request.with_payload(|| Ok("{}".into()))
        } else {
            request
        })
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_sign_in_names_the_kind_of_credentials() {
    let service = Service::new();
    for (signed, start) in [
        (true, "certificate at auth.anaplan.com; check that the cert"),
        (false, "at auth.anaplan.com; check the credentials"),
    ] {
        let authenticator = TokenAuthenticator::new(Custom { signed });
        let session = service.session(authenticator);
        let text = session.call(Ping).await.unwrap_err().to_string();
        let expected = format!("signing in failed: {start}");
        assert!(
            text.contains(&expected) && !text.contains("s3cret"),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failed_sign_in_without_a_response_gets_no_hint_about_credentials() {
    let service = Service::new();
    let session = service.session(signed_by("s3cret"));
    service.refuse("authenticate", &[503; 6]);
    let error = session.call(Ping).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(!error.to_string().contains("single sign-on"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn dropped_sign_in_is_repeated_by_the_next_waiting_call() {
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
async fn sign_out_ends_the_session_and_the_next_call_signs_in() {
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
async fn sign_out_waits_for_a_sign_in_in_progress() {
    let (service, session) = start();
    let call = tokio::spawn(session.call(Ping).into_future());
    tokio::task::yield_now().await;
    session.sign_out().await.unwrap();
    assert!(service.state().tokens.is_empty());
    assert_eq!(service.seen("logout"), 1);
    call.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_am_i_uses_and_renews_the_shared_token() {
    let (service, session) = start();
    let me = session.call(WhoAmI).await.unwrap();
    assert_eq!(me.email.as_deref(), Some("ada@example.com"));
    service.revoke_all();
    session.call(WhoAmI).await.unwrap();
    assert_eq!(service.counts(), [2, 1, 0, 0]);
    assert_eq!(service.seen("validate"), 3);
}
