//! The OAuth service.

use anaplan_testkit::FakeAnaplan;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::table::behaviours;

behaviours! {
    6, "L", "OAuth grants everything that is asked for but the scope profile, for 2100 seconds"
        => the_scope_profile_is_dropped;
    6, "D", "an OAuth code is good for one exchange"
        => a_code_is_used_up;
    6, "D", "OAuth answers a device with authorization_pending, slow_down, access_denied, expired_token, tokens"
        => a_device_is_answered_by_its_state;
    6, "D", "OAuth refuses a device of an unknown client with 403 unauthorized_client, and not with 401"
        => a_device_of_an_unknown_client_is_403;
    6, "L", "a rotating OAuth refresh token is replaced by each use, and the old one is dead"
        => a_refresh_token_rotates;
    6, "D", "a fixed OAuth refresh token stays the same however often it is used, as its client says"
        => a_fixed_refresh_token_stays;
    6, "L", "OAuth answers 401 when grant_type is missing"
        => a_missing_grant_is_401;
    5, "L", "OAuth access tokens go as Bearer to Integration and ALM; the token service answers that with 400"
        => bearer_opens_integration_and_alm;
}

fn post(fake: &FakeAnaplan, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = http::Request::post(format!("http://app{path}"))
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap();
    let answer = fake.answer(request).unwrap();
    (
        answer.status(),
        serde_json::from_slice(answer.body()).unwrap(),
    )
}

/// Signs in on the page with these scopes, and gives the request that exchanges the code.
fn authorized(fake: &FakeAnaplan, scope: &str) -> Value {
    let (admin, client) = (fake.admin(), fake.demo().code_client.unwrap());
    let redirect_uri = client.redirect_uri.as_deref().unwrap();
    let page = format!(
        "http://app/auth/prelogin?response_type=code&client_id={}&redirect_uri={redirect_uri}&scope={scope}",
        client.id
    );
    let form = format!("user={}&password={}", admin.user, admin.password);
    let answer = fake.answer(http::Request::post(page).body(form.into()).unwrap());
    let location = answer.unwrap().headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let (_, code) = location.split_once("code=").unwrap();
    json!({
        "grant_type": "authorization_code", "code": code, "client_id": client.id,
        "client_secret": client.secret(), "redirect_uri": redirect_uri,
    })
}

fn the_scope_profile_is_dropped() {
    let fake = FakeAnaplan::in_process();
    let exchange = authorized(&fake, "openid%20profile%20email");
    let (status, tokens) = post(&fake, "/oauth/token", &exchange);
    assert_eq!(
        (status, &tokens["scope"]),
        (StatusCode::OK, &json!("openid email"))
    );
    assert_eq!(tokens["expires_in"], 2100);
}

fn a_code_is_used_up() {
    let fake = FakeAnaplan::in_process();
    let exchange = authorized(&fake, "openid");
    assert_eq!(post(&fake, "/oauth/token", &exchange).0, StatusCode::OK);
    let (status, refusal) = post(&fake, "/oauth/token", &exchange);
    assert!(status.is_client_error());
    assert_eq!(refusal["error"], "invalid_grant");
}

fn a_device_of_an_unknown_client_is_403() {
    let fake = FakeAnaplan::in_process();
    let unknown = json!({ "client_id": "0123456789abcdef0123456789abcdef" });
    let (status, refusal) = post(&fake, "/oauth/device/code", &unknown);
    assert_eq!(
        (status, &refusal["error"]),
        (StatusCode::FORBIDDEN, &json!("unauthorized_client"))
    );
}

fn a_device_is_answered_by_its_state() {
    let fake = FakeAnaplan::in_process();
    let client = json!({ "client_id": fake.demo().device_client.unwrap().id });
    let start = || post(&fake, "/oauth/device/code", &client).1;
    let poll = |device: &Value| {
        let mut body = client.clone();
        body["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code".into();
        body["device_code"] = device["device_code"].clone();
        post(&fake, "/oauth/token", &body).1
    };
    let device = start();
    assert_eq!(poll(&device)["error"], "authorization_pending");
    assert_eq!(poll(&device)["error"], "slow_down");
    let user_code = device["user_code"].as_str().unwrap();
    assert!(fake.approve_device(user_code, &fake.admin().id));
    fake.advance(std::time::Duration::from_secs(5));
    assert_eq!(poll(&device)["token_type"], "Bearer");

    let device = start();
    assert!(fake.deny_device(device["user_code"].as_str().unwrap()));
    assert_eq!(poll(&device)["error"], "access_denied");
    let device = start();
    fake.advance(std::time::Duration::from_secs(900));
    assert_eq!(poll(&device)["error"], "expired_token");
}

fn a_refresh_token_rotates() {
    let fake = FakeAnaplan::in_process();
    let (admin, client) = (fake.admin(), fake.demo().code_client.unwrap());
    let old = fake.world(|world| world.issue_refresh_token(&client.id, &admin.id));
    let refresh = json!({
        "grant_type": "refresh_token", "refresh_token": old, "client_id": client.id,
        "client_secret": client.secret(),
    });
    let (status, tokens) = post(&fake, "/oauth/token", &refresh);
    assert_eq!(status, StatusCode::OK);
    assert_ne!(tokens["refresh_token"], old);
    assert_eq!(
        post(&fake, "/oauth/token", &refresh).1["error"],
        "invalid_grant"
    );
}

fn a_fixed_refresh_token_stays() {
    let fake = FakeAnaplan::in_process();
    let (admin, client) = (fake.admin(), fake.demo().device_client.unwrap());
    let token = fake.world(|world| world.issue_refresh_token(&client.id, &admin.id));
    let refresh = json!({
        "grant_type": "refresh_token", "refresh_token": token, "client_id": client.id,
    });
    let mut access_tokens = Vec::new();
    for _ in 0..3 {
        let (status, tokens) = post(&fake, "/oauth/token", &refresh);
        assert_eq!(status, StatusCode::OK);
        assert_eq!(tokens["refresh_token"], token);
        access_tokens.push(tokens["access_token"].as_str().unwrap().to_owned());
    }
    access_tokens.dedup();
    assert_eq!(access_tokens.len(), 3);
}

fn a_missing_grant_is_401() {
    let fake = FakeAnaplan::in_process();
    assert_eq!(
        post(&fake, "/oauth/token", &json!({})).0,
        StatusCode::UNAUTHORIZED
    );
}

fn bearer_opens_integration_and_alm() {
    let fake = FakeAnaplan::in_process();
    let (_, tokens) = post(&fake, "/oauth/token", &authorized(&fake, "openid"));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let get = |path: &str| {
        let request = http::Request::get(format!("http://api{path}"));
        let request = request.header("authorization", &bearer).body(Bytes::new());
        fake.answer(request.unwrap()).unwrap().status()
    };
    assert_eq!(get("/2/0/users/me"), StatusCode::OK);
    let dev = fake.demo().dev;
    assert_eq!(
        get(&format!("/2/0/models/{dev}/alm/revisions")),
        StatusCode::OK
    );
    assert_eq!(get("/token/validate"), StatusCode::BAD_REQUEST);
}
