//! The authorization code grant.

use std::collections::HashMap;

use anaplan_auth::{HeaderScheme, MemoryTokenStore, OAuth, OAuthClient, OAuthProblem, WhoAmI};
use anaplan_core::{Bytes, ErrorKind, Session};
use anaplan_testkit::{FakeAnaplan, Fault};

use crate::support::{Me, TOKEN, code_client, device_client, fake, problem, session};

fn start(client: impl FnOnce(&FakeAnaplan) -> OAuthClient) -> (FakeAnaplan, OAuth, Session) {
    let fake = fake();
    let oauth = OAuth::new(client(&fake), MemoryTokenStore::default());
    let session = session(&fake, &oauth);
    (fake, oauth, session)
}

/// Opens the URL like a browser, submits the form, and returns the redirect.
fn browse(fake: &FakeAnaplan, url: &str, form: &str) -> String {
    let ask = |request: http::Request<Bytes>| fake.answer(request).unwrap();
    let page = ask(http::Request::get(url).body(Bytes::new()).unwrap());
    let page = page.headers()["location"].to_str().unwrap().to_owned();
    let answer = ask(http::Request::post(page)
        .body(form.to_owned().into())
        .unwrap());
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn password(fake: &FakeAnaplan) -> String {
    let admin = fake.admin();
    format!("user={}&password={}", admin.user, admin.password)
}

#[tokio::test(start_paused = true)]
async fn finish_exchanges_the_code_of_the_redirect() {
    let (fake, oauth, session) = start(code_client);
    assert!(!oauth.is_signed_in().await.unwrap());
    let authorization = oauth.authorize(&session).unwrap();
    let url = authorization.url().unwrap().to_owned();
    assert!(url.starts_with("http://localhost/auth/authorize?response_type=code&client_id="));
    assert!(
        url.contains("&scope=openid%20email%20offline_access&state=") && !url.contains("challenge")
    );
    let back = browse(&fake, &url, &password(&fake));
    authorization.finish(&session, &back).await.unwrap();
    assert!(oauth.is_signed_in().await.unwrap());

    session.call(Me).await.unwrap();
    let me = session.call(WhoAmI).await.unwrap();
    assert_eq!(me.email.as_deref(), Some(fake.admin().user.as_str()));
    assert_eq!(fake.requests().count(TOKEN), 1, "the new token is used");
}

#[tokio::test(start_paused = true)]
async fn pkce_challenge_is_sent_if_it_is_enabled() {
    let (fake, oauth, session) = start(|fake| code_client(fake).pkce());
    let authorization = oauth.authorize(&session).unwrap();
    let url = authorization.url().unwrap().to_owned();
    let (_, query) = url.split_once('?').unwrap();
    let query: HashMap<_, _> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    assert_eq!(
        (
            query["code_challenge"].len(),
            query["code_challenge_method"]
        ),
        (43, "S256")
    );
    let back = browse(&fake, &url, &password(&fake));
    // Another process continues.
    let (state, verifier) = (
        authorization.state().clone(),
        authorization.verifier().cloned(),
    );
    let resumed = oauth.resume_authorization(state, verifier);
    assert!(resumed.url().is_none() && resumed.verifier().is_some());
    resumed.finish(&session, &back).await.unwrap();
    session.call(Me).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn redirect_with_another_state_is_rejected_and_its_code_is_not_sent() {
    let (fake, oauth, session) = start(code_client);
    let other = oauth.authorize(&session).unwrap();
    let back = browse(&fake, other.url().unwrap(), &password(&fake));
    let error = oauth
        .authorize(&session)
        .unwrap()
        .finish(&session, &back)
        .await
        .unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::StateMismatch);
    assert_eq!(fake.requests().count(TOKEN), 0);
    other.finish(&session, &back).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn denied_access_and_a_used_code_are_distinguished() {
    let (fake, oauth, session) = start(code_client);
    let authorization = oauth.authorize(&session).unwrap();
    let back = browse(&fake, authorization.url().unwrap(), "decision=deny");
    let error = authorization.finish(&session, &back).await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::AccessDenied);
    assert!(error.to_string().contains("User denied"), "{error}");

    let authorization = oauth.authorize(&session).unwrap();
    let again = oauth.resume_authorization(authorization.state().clone(), None);
    let back = browse(&fake, authorization.url().unwrap(), &password(&fake));
    authorization.finish(&session, &back).await.unwrap();
    let error = again.finish(&session, &back).await.unwrap_err();
    assert_eq!(
        (error.kind(), problem(&error)),
        (ErrorKind::Authentication, OAuthProblem::InvalidGrant)
    );
    session
        .call(Me)
        .await
        .expect("the tokens of the first are kept");
}

#[tokio::test(start_paused = true)]
async fn exchange_with_unknown_outcome_is_ambiguous_and_not_retried() {
    for fault in [
        Fault::drop_after(),
        Fault::status(503),
        Fault::status(524),
        Fault::reply(200, "{}"),
        Fault::reply(200, r#"{"access_token":" "}"#),
        Fault::reply(200, "<html>"),
        Fault::reply(204, ""),
    ] {
        let (fake, oauth, session) = start(code_client);
        let authorization = oauth.authorize(&session).unwrap();
        let back = browse(&fake, authorization.url().unwrap(), &password(&fake));
        fake.inject(fault.on(TOKEN));
        let error = authorization.finish(&session, &back).await.unwrap_err();
        assert!(error.is_ambiguous() && !error.is_retryable(), "{error:?}");
        assert_eq!(problem(&error), OAuthProblem::UnknownOutcome);
        let text = error.to_string();
        assert!(text.contains("start another authorization"), "{text}");
        assert_eq!(fake.requests().count(TOKEN), 1);
        assert!(!oauth.is_signed_in().await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_client_is_rejected() {
    let (fake, _, session) = start(code_client);
    let oauth = |client| OAuth::new(client, MemoryTokenStore::default());
    for client in [
        device_client(&fake),
        OAuthClient::authorization_code(" ", "s3cret", "https://x.example"),
        OAuthClient::authorization_code("id", "", "https://x.example"),
        OAuthClient::authorization_code("id", "s3cret", ""),
    ] {
        let error = oauth(client).authorize(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    let wrong = OAuthClient::authorization_code(
        fake.demo().code_client.unwrap().id,
        "wrong-s3cret",
        "https://app.northwind.example/oauth/callback",
    );
    let oauth = oauth(wrong);
    let authorization = oauth.authorize(&session).unwrap();
    let back = browse(&fake, authorization.url().unwrap(), &password(&fake));
    let shown = format!("{authorization:?} {oauth:?}");
    let error = authorization.finish(&session, &back).await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::AccessDenied);
    assert!(!format!("{error} {error:?} {shown}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn access_token_without_a_refresh_token_is_used_until_it_expires() {
    let (fake, oauth, _) = start(|fake| code_client(fake).scopes(["openid"]));
    let oauth = oauth.header(HeaderScheme::AnaplanAuthToken);
    let session = session(&fake, &oauth);
    let authorization = oauth.authorize(&session).unwrap();
    let back = browse(&fake, authorization.url().unwrap(), &password(&fake));
    authorization.finish(&session, &back).await.unwrap();
    assert!(!oauth.is_signed_in().await.unwrap());
    fake.advance(34 * crate::support::MINUTE);
    session.call(Me).await.unwrap();
    fake.advance(crate::support::MINUTE);
    let error = session.call(Me).await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::NoRefreshToken);
}
