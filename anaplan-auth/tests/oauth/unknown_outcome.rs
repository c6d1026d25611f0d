//! Refreshes whose outcome is unknown: the service may have used up a rotating refresh token.

use anaplan_auth::{MemoryTokenStore, OAuth, OAuthProblem, RefreshTokens, TokenStore};
use anaplan_core::{Error, ErrorKind, Session};
use anaplan_testkit::{FakeAnaplan, Fault};
use secrecy::ExposeSecret as _;

use crate::support::{
    ME, MINUTE, Me, SECOND, TOKEN, code_client, device_client, fake, pass, problem, renewals,
    rotating, rotating_token, session,
};

async fn refresh_token(store: &impl TokenStore) -> String {
    let tokens = store.load().await.unwrap().unwrap();
    tokens.refresh_token.unwrap().expose_secret().to_owned()
}

/// Responses and failures after which the service may have executed the refresh.
fn unknown_outcomes() -> Vec<Fault> {
    let mut faults = vec![
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::reply(200, "{}"),
        Fault::reply(200, r#"{"access_token":null}"#),
        Fault::reply(200, r#"{"access_token":""}"#),
        Fault::reply(200, r#"{"access_token":["s3cret"]}"#),
        Fault::reply(200, r#"{"access_token":"s3cret","#),
        Fault::reply(200, "<html>"),
        Fault::reply(200, ""),
        Fault::reply(204, ""),
    ];
    faults.extend([302, 408, 500, 502, 503, 504, 507, 520, 524, 599].map(Fault::status));
    faults
}

async fn call(session: &Session) -> Error {
    session.call(Me).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn refresh_with_unknown_outcome_is_ambiguous_and_keeps_the_refresh_token() {
    for fault in unknown_outcomes() {
        let fake = fake();
        let (_, store, session) = rotating(&fake).await;
        let before = refresh_token(&store).await;
        let shown = format!("{fault:?}");
        fake.inject(fault.on(TOKEN).times(1));
        let error = call(&session).await;
        assert_eq!(problem(&error), OAuthProblem::UnknownOutcome, "{shown}");
        assert!(error.is_ambiguous() && !error.is_retryable(), "{error:?}");
        assert_eq!(error.operation(), Some("oauth.refresh_tokens"));
        let text = error.to_string();
        assert!(text.contains("sign in again if"), "{text}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert_eq!(refresh_token(&store).await, before, "{shown}");
        assert_eq!(fake.requests().count(TOKEN), 1, "{shown}");
        assert_eq!(fake.requests().count(ME), 0, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn rotating_token_is_sent_again_only_after_growing_delays() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    fake.inject(Fault::status(503).on(TOKEN));
    // Attempts at 0, 10, 30, 70, 150, 310, 610 and 910 seconds.
    for _ in 0..1000 {
        assert!(call(&session).await.is_ambiguous());
        pass(SECOND).await;
    }
    assert_eq!(fake.requests().count(TOKEN), 8);
    fake.clear_faults();
    pass(5 * MINUTE).await;
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 9));
    // A later failure starts with the short delay.
    fake.advance(36 * MINUTE);
    fake.inject(Fault::drop_before().on(TOKEN).times(1));
    assert!(call(&session).await.is_ambiguous());
    pass(10 * SECOND).await;
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 11));
}

#[tokio::test(start_paused = true)]
async fn used_up_token_is_reported_with_the_lost_response_as_the_cause() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    fake.inject(Fault::drop_after().on(TOKEN).times(1));
    assert!(call(&session).await.is_ambiguous());
    pass(10 * SECOND).await;
    for _ in 0..3 {
        let error = call(&session).await;
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(problem(&error), OAuthProblem::InvalidGrant);
        let text = error.to_string();
        assert!(text.contains("whose response was lost"), "{text}");
        pass(MINUTE).await;
    }
    assert_eq!(renewals(&fake), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn new_tokens_in_the_store_end_the_delay() {
    let fake = fake();
    let (_, store, session) = rotating(&fake).await;
    fake.inject(Fault::drop_after().on(TOKEN).times(1));
    assert!(call(&session).await.is_ambiguous());
    // Another process has signed in.
    let token = rotating_token(&fake);
    let tokens = anaplan_auth::OAuthTokens::from_refresh_token(token);
    store.save(&tokens).await.unwrap();
    session.call(Me).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn proven_rejections_and_unsent_requests_are_not_ambiguous() {
    for (fault, kind) in [
        (Fault::status(429), ErrorKind::RateLimited),
        (Fault::status(404), ErrorKind::NotFound),
        (
            Fault::reply(400, r#"{"error":"invalid_request"}"#),
            ErrorKind::Authentication,
        ),
    ] {
        let fake = fake();
        let (_, _, session) = rotating(&fake).await;
        fake.inject(fault.on(TOKEN));
        assert_eq!(call(&session).await.kind(), kind);
        fake.clear_faults();
        session.call(Me).await.unwrap();
    }
}

fn non_rotating(fake: &FakeAnaplan) -> Session {
    let oauth = OAuth::new(
        device_client(fake).non_rotating(),
        MemoryTokenStore::default(),
    );
    let token = fake.demo().device_refresh_token;
    session(fake, &oauth.initial_refresh_token(token))
}

#[tokio::test(start_paused = true)]
async fn non_rotating_token_is_sent_again_at_once() {
    let fake = fake();
    let session = non_rotating(&fake);
    fake.inject(Fault::status(503).on(TOKEN).times(2));
    session.call(Me).await.unwrap();
    fake.advance(36 * MINUTE);
    for body in ["{}", "<html>", ""] {
        fake.inject(Fault::reply(200, body).on(TOKEN).times(1));
        let error = call(&session).await;
        assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
        session.call(Me).await.unwrap();
        fake.advance(36 * MINUTE);
    }
}

#[tokio::test(start_paused = true)]
async fn lifetime_of_an_access_token_is_bounded_whatever_the_service_sends() {
    for expires_in in ["18446744073709551615", "-1", "0", "null", r#""x""#, "1e300"] {
        let fake = fake();
        let store = MemoryTokenStore::default();
        let oauth = OAuth::new(code_client(&fake), store.clone())
            .initial_refresh_token(rotating_token(&fake));
        let session = session(&fake, &oauth);
        let client = code_client(&fake);
        let issue = RefreshTokens::new(&client, &rotating_token(&fake).into());
        let access = session.call(issue).await.unwrap().access_token.unwrap();
        let body = format!(
            r#"{{"access_token":"{}","expires_in":{expires_in}}}"#,
            access.expose_secret()
        );
        fake.inject(Fault::reply(200, body).on(TOKEN).times(1));
        session.call(Me).await.unwrap();
        let saved = store.load().await.unwrap().unwrap().expires_at.unwrap();
        let lifetime = saved.duration_since(session.clock().now());
        assert!(lifetime.as_hours() <= 24, "{expires_in}: {lifetime}");
        // In memory, it is refreshed after 30 minutes.
        pass(31 * MINUTE).await;
        session.call(Me).await.unwrap();
        assert_eq!(fake.requests().count(TOKEN), 3);
    }
}
