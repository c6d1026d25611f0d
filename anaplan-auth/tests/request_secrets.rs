//! `secrets()` of each endpoint covers every secret in its headers and its body.

#![cfg(feature = "oauth")]
#![allow(clippy::unwrap_used)]

use anaplan_auth::{
    Authenticate, Basic, ExchangeCode, Logout, OAuthClient, PollDevice, Refresh, RefreshTokens,
    SignIn as _, Validate,
};
use anaplan_core::{Endpoint, HeaderMap, SecretString};
use anaplan_testkit::FakeAnaplan;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

const SECRET: &str = "s3cret";

/// Returns headers and body of the request as text, with its secrets masked.
fn masked<E: Endpoint>(endpoint: &E, secrets: &[SecretString]) -> String {
    let mut headers = HeaderMap::new();
    endpoint.headers(&mut headers).unwrap();
    let headers = headers.values().map(|value| value.to_str().unwrap());
    let body = String::from_utf8(endpoint.body().unwrap().as_bytes().unwrap().to_vec()).unwrap();
    let text = headers.collect::<String>() + &body;
    let mask = |text: String, secret: &SecretString| text.replace(secret.expose_secret(), "***");
    secrets.iter().fold(text, mask)
}

fn assert_covered<E: Endpoint>(endpoint: &E, secrets: &[SecretString], count: usize) {
    let text = masked(endpoint, secrets);
    assert_eq!(text.matches("***").count(), count, "{}: {text}", E::NAME);
    assert!(!text.contains(SECRET), "{}: {text}", E::NAME);
    assert!(!text.contains(&STANDARD.encode(SECRET)), "{}", E::NAME);
}

#[test]
fn secrets_of_oauth_requests_are_complete() {
    let client = OAuthClient::authorization_code("id", "s3cret-client", "https://x.example");
    let verifier = Some("s3cret-verifier".into());
    let request = ExchangeCode::new(&client, "s3cret-code", verifier);
    assert_covered(&request, &request.secrets(), 3);
    let request = RefreshTokens::new(&client, &"s3cret-refresh".into());
    assert_covered(&request, &request.secrets(), 2);
    let request = PollDevice::new(&OAuthClient::device("id"), &"s3cret-device".into());
    assert_covered(&request, &request.secrets(), 1);
}

#[test]
fn secrets_of_token_requests_are_complete() {
    let token = "s3cret-token".into();
    let request = Refresh::new(&token).unwrap();
    assert_covered(&request, &request.secrets(), 1);
    let request = Validate::new(&token).unwrap();
    assert_covered(&request, &request.secrets(), 1);
    let request = Logout::new(&token).unwrap();
    assert_covered(&request, &request.secrets(), 1);
    let shown = format!("{request:?} {:?}", Refresh::new(&token).unwrap());
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn secrets_of_a_sign_in_contain_the_password_plain_and_encoded() {
    let session = FakeAnaplan::in_process().session().unwrap();
    let basic = Basic::new("ada", SECRET);
    let request: Authenticate = basic.request(&session).await.unwrap();
    let secrets = request.secrets();
    let secrets: Vec<_> = secrets.iter().map(|one| one.expose_secret()).collect();
    let encoded = STANDARD.encode("ada:s3cret");
    assert!(secrets.contains(&SECRET) && secrets.contains(&&*encoded));
    assert_covered(&request, &request.secrets(), 1);
    assert!(!format!("{request:?}").contains(&encoded));
}
