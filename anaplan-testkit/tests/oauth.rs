//! The OAuth service, walked through by hand: every grant, every refusal, and what its tokens open.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_testkit::{FakeAnaplan, ServerInfo, World};
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

mod support;

use support::{Front, Told, post, request};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SECOND: Duration = Duration::from_secs(1);

/// A fake, the OAuth part of its card, and the admin's credentials as a form.
struct Stage {
    fake: FakeAnaplan,
    front: Front,
    oauth: Value,
    password: String,
}

impl Stage {
    fn new() -> Self {
        let fake = validated(FakeAnaplan::in_process());
        let admin = fake.admin();
        Self {
            front: Front::of(&fake),
            oauth: ServerInfo::of(&fake).as_value()["oauth"].clone(),
            password: form(&[("user", &admin.user), ("password", &admin.password)]),
            fake,
        }
    }

    fn text(&self, key: &str) -> &str {
        self.oauth[key].as_str().unwrap()
    }

    /// The path and query of a URL of the card.
    fn path(&self, key: &str) -> &str {
        self.text(key).strip_prefix(self.fake.url()).unwrap()
    }

    async fn send(&self, path: &str, form: &str) -> Told {
        let ask = post(path).header("content-type", "application/x-www-form-urlencoded");
        self.front.ask(ask.body(form.to_owned())).await
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Told {
        self.send("/oauth/token", &form(fields)).await
    }

    async fn refresh(&self, token: &str) -> Told {
        let client = [
            ("client_id", self.text("client_id")),
            ("client_secret", self.text("client_secret")),
        ];
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token(&[grant, client].concat()).await
    }

    /// Signs in on the page, and gives the code of the redirect.
    async fn code(&self) -> String {
        let told = self.send(self.path("approve_url"), &self.password).await;
        let location = location(&told);
        let (_, code) = location.split_once("?code=").unwrap();
        code.to_owned()
    }

    async fn exchange(&self, code: &str) -> Told {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", self.text("client_id")),
            ("client_secret", self.text("client_secret")),
            ("redirect_uri", self.text("redirect_uri")),
        ])
        .await
    }

    async fn start_device(&self) -> Value {
        let client = form(&[("client_id", self.text("device_client_id"))]);
        self.send("/oauth/device/code", &client).await.json()
    }

    async fn poll(&self, device: &Value) -> Told {
        self.token(&[
            ("grant_type", DEVICE),
            ("device_code", device["device_code"].as_str().unwrap()),
            ("client_id", self.text("device_client_id")),
        ])
        .await
    }

    async fn status(&self, authorization: &str, path: &str) -> u16 {
        let ask = request("GET", path).header("authorization", authorization);
        self.front.ask(ask).await.status
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        let encoded = text.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        encoded.collect::<String>()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn location(told: &Told) -> String {
    assert_eq!(
        told.status,
        302,
        "{:?}",
        String::from_utf8_lossy(&told.body)
    );
    told.headers["location"].to_str().unwrap().to_owned()
}

fn refused(told: &Told) -> (u16, String) {
    let body = told.json();
    assert!(body["error_description"].is_string(), "{body}");
    (told.status, body["error"].as_str().unwrap().to_owned())
}

fn access(told: &Told) -> String {
    assert_eq!(told.status, 200);
    told.json()["access_token"].as_str().unwrap().to_owned()
}

fn refresh_token(told: &Told) -> String {
    assert_eq!(told.status, 200);
    told.json()["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_code_is_given_for_a_password_and_tokens_for_the_code_once() {
    let stage = Stage::new();
    let url = format!(
        "{}&state=S%261&code_challenge=x&code_challenge_method=S256",
        stage.path("approve_url")
    );
    let page = stage.front.ask(request("GET", &url)).await;
    let html = String::from_utf8(page.body).unwrap();
    assert_eq!(
        (page.status, &page.headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let (_, action) = html.split_once("action=\"").unwrap();
    let (action, _) = action.split_once('"').unwrap();

    let wrong = stage.send(action, "user=nobody&password=x").await;
    assert_eq!(wrong.status, 200);
    assert!(
        String::from_utf8(wrong.body)
            .unwrap()
            .contains("Wrong user or password")
    );

    let back = location(&stage.send(action, &stage.password).await);
    let back = back.strip_prefix(stage.text("redirect_uri")).unwrap();
    let code = back.strip_prefix("?code=").unwrap();
    let (code, state) = code.split_once('&').unwrap();
    assert_eq!(state, "state=S%261");
    assert_eq!(
        stage.send(action, &stage.password).await.status,
        400,
        "the page is closed"
    );

    let tokens = stage.exchange(code).await;
    let body = tokens.json();
    assert_eq!(body["scope"], "openid email offline_access");
    assert_eq!(
        (&body["expires_in"], &body["token_type"]),
        (&json!(2100), &json!("Bearer"))
    );
    assert_eq!(body["id_token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(
        refused(&stage.exchange(code).await),
        (403, "invalid_grant".into())
    );
    assert_eq!(stage.fake.world(|world| world.books().oauth_sign_ins), 1);
}

#[tokio::test(start_paused = true)]
async fn the_authorization_request_leads_to_the_same_page_and_is_checked() {
    let stage = Stage::new();
    let query = stage
        .path("approve_url")
        .strip_prefix("/auth/prelogin")
        .unwrap();
    let login = location(
        &stage
            .front
            .ask(request(
                "GET",
                &format!("/auth/authorize{query}&state=a%20b"),
            ))
            .await,
    );
    let back = location(&stage.send(&login, &stage.password).await);
    assert!(back.ends_with("&state=a%20b"), "{back}");
    let denied = location(&stage.send(&login, "decision=deny").await);
    assert!(denied.contains("?error=access%5Fdenied&"), "{denied}");

    for (from, to, status, error) in [
        (
            "response_type=code",
            "response_type=token",
            400,
            "invalid_request",
        ),
        ("response_type=code&", "", 400, "invalid_request"),
        ("&scope=", "&other=", 400, "invalid_request"),
        ("northwind", "evil", 400, "invalid_request"),
        ("client_id=", "client_id=0", 401, "access_denied"),
    ] {
        let query = query.replace(from, to);
        for page in ["/auth/authorize", "/auth/prelogin"] {
            let told = stage
                .front
                .ask(request("GET", &format!("{page}{query}")))
                .await;
            assert_eq!(refused(&told), (status, error.to_owned()), "{query}");
        }
    }
    let query = query.replace(stage.text("client_id"), stage.text("device_client_id"));
    let told = stage
        .front
        .ask(request("GET", &format!("/auth/authorize{query}")))
        .await;
    assert_eq!(refused(&told), (403, "unauthorized_client".into()));
}

#[tokio::test(start_paused = true)]
async fn a_code_is_its_clients_its_redirects_and_short_lived() {
    let stage = Stage::new();
    let code = stage.code().await;
    let body = |secret: &str, redirect_uri: &str| {
        json!({
            "grant_type": "authorization_code", "code": code, "client_id": stage.text("client_id"),
            "client_secret": secret, "redirect_uri": redirect_uri,
        })
    };
    let send = async |body: Value| {
        let ask = post("/oauth/token").header("content-type", "application/json");
        refused(&stage.front.ask(ask.body(body.to_string())).await)
    };
    assert_eq!(
        send(body("wrong", stage.text("redirect_uri"))).await,
        (401, "access_denied".into())
    );
    assert_eq!(
        send(body("", stage.text("redirect_uri"))).await,
        (400, "invalid_request".into())
    );
    assert_eq!(
        send(body(stage.text("client_secret"), "https://evil.example")).await,
        (403, "invalid_grant".into())
    );
    assert_eq!(send(json!({})).await, (401, "invalid_request".into()));
    assert_eq!(
        send(json!({ "grant_type": "client_credentials", "client_id": "x" })).await,
        (403, "unauthorized_client".into())
    );
    assert_eq!(
        send(json!({ "grant_type": "magic", "client_id": "x" })).await,
        (400, "invalid_request".into())
    );

    let late = stage.code().await;
    stage.fake.advance(61 * SECOND);
    assert_eq!(
        refused(&stage.exchange(&late).await),
        (403, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_rotated_refresh_token_is_dead_and_a_fixed_one_stays() {
    let stage = Stage::new();
    let first = refresh_token(&stage.exchange(&stage.code().await).await);
    let second = refresh_token(&stage.refresh(&first).await);
    assert_ne!(first, second);
    assert_eq!(
        refused(&stage.refresh(&first).await),
        (403, "invalid_grant".into())
    );
    let third = refresh_token(&stage.refresh(&second).await);
    stage.fake.advance(43_000 * SECOND);
    assert_eq!(
        refused(&stage.refresh(&third).await),
        (403, "invalid_grant".into())
    );

    let stage = Stage::new();
    let fixed = stage.text("device_refresh_token");
    let grant = [("grant_type", "refresh_token"), ("refresh_token", fixed)];
    for _ in 0..3 {
        let told = stage
            .token(&[&grant[..], &[("client_id", stage.text("device_client_id"))]].concat())
            .await;
        assert_eq!(refresh_token(&told), fixed);
    }
    assert_eq!(
        refused(&stage.refresh(fixed).await),
        (403, "invalid_grant".into()),
        "another client's"
    );
    let bare = [&grant[..], &[("client_id", stage.text("client_id"))]].concat();
    assert_eq!(
        refused(&stage.token(&bare).await),
        (401, "access_denied".into()),
        "without the secret"
    );
    let fixed = fixed.to_owned();
    assert!(stage.fake.world(|world| world.revoke_refresh_token(&fixed)));
    let told = stage
        .token(&[&grant[..], &[("client_id", stage.text("device_client_id"))]].concat())
        .await;
    assert_eq!(refused(&told), (403, "invalid_grant".into()));
}

#[tokio::test(start_paused = true)]
async fn a_device_waits_for_its_user_and_not_too_impatiently() {
    let stage = Stage::new();
    stage
        .fake
        .world(|world| world.rules.oauth_refusal = StatusCode::BAD_REQUEST);
    let device = stage.start_device().await;
    assert_eq!(
        (&device["expires_in"], &device["interval"]),
        (&json!(900), &json!(5))
    );
    let code = device["user_code"].as_str().unwrap().to_owned();
    assert_eq!((code.len(), &code[4..5]), (9, "-"));
    let complete = device["verification_uri_complete"].as_str().unwrap();
    assert_eq!(
        complete,
        format!("http://localhost/activate?user_code={code}")
    );

    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "authorization_pending".into())
    );
    stage.fake.advance(4 * SECOND);
    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "slow_down".into())
    );
    stage
        .fake
        .world(|world| world.rules.slow_down_adds = 5 * SECOND);
    stage.fake.advance(4 * SECOND);
    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "slow_down".into())
    );
    stage.fake.advance(9 * SECOND);
    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "slow_down".into()),
        "10 s from now on"
    );
    stage.fake.advance(15 * SECOND);
    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "authorization_pending".into())
    );

    let page = stage
        .front
        .ask(request("GET", &format!("/activate?user_code={code}")))
        .await;
    assert!(String::from_utf8(page.body).unwrap().contains(&code));
    let typed = code.to_lowercase().replace('-', "");
    let answer =
        async |form: &str| String::from_utf8(stage.send("/activate", form).await.body).unwrap();
    assert!(
        answer(&format!("user_code={typed}&user=x&password=y"))
            .await
            .contains("Wrong user")
    );
    assert!(
        answer(&format!("user_code=NOPE&{}", stage.password))
            .await
            .contains("No device waits")
    );
    assert!(
        answer(&format!("user_code={typed}&{}", stage.password))
            .await
            .contains("is signed in")
    );

    stage.fake.advance(15 * SECOND);
    let tokens = stage.poll(&device).await;
    let bearer = format!("Bearer {}", access(&tokens));
    assert_eq!(stage.status(&bearer, "/2/0/users/me").await, 200);
    stage.fake.advance(15 * SECOND);
    assert_eq!(
        refused(&stage.poll(&device).await),
        (400, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn the_addresses_of_the_card_approve_for_those_who_type_nothing() {
    let stage = Stage::new();
    let told = stage.send(stage.path("approve_url"), "").await;
    let location = told.headers["location"].to_str().unwrap();
    assert!(
        location.starts_with(stage.text("redirect_uri")),
        "{location}"
    );
    assert!(location.contains("code="));
    let wrong = form(&[("user", &stage.fake.admin().user), ("password", "a guess")]);
    let told = stage.send(stage.path("approve_url"), &wrong).await;
    assert_eq!(told.status, 200, "what is typed counts");

    let approve = stage.path("device_approve_url").to_owned();
    let device = stage.start_device().await;
    let code = device["user_code"].as_str().unwrap();
    let page = request("GET", &format!("/activate?user_code={code}"));
    stage.front.ask(page).await;
    assert_eq!(stage.poll(&device).await.status, 403, "nobody has approved");
    stage.fake.advance(5 * SECOND);
    let hook = request("GET", &format!("{approve}?user_code={code}"));
    stage.front.ask(hook).await;
    assert_eq!(stage.poll(&device).await.status, 200);

    let device = stage.start_device().await;
    let code = form(&[("user_code", device["user_code"].as_str().unwrap())]);
    stage.send(&approve, &code).await;
    assert_eq!(stage.poll(&device).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_device_can_be_refused_and_expires() {
    let stage = Stage::new();
    let admin = stage.fake.admin().id;
    let denied = stage.start_device().await;
    let code = denied["user_code"].as_str().unwrap();
    assert!(stage.fake.deny_device(code) && !stage.fake.approve_device(code, &admin));
    assert_eq!(
        refused(&stage.poll(&denied).await),
        (403, "access_denied".into())
    );

    let late = stage.start_device().await;
    stage.fake.advance(900 * SECOND);
    assert!(
        !stage
            .fake
            .approve_device(late["user_code"].as_str().unwrap(), &admin)
    );
    assert_eq!(
        refused(&stage.poll(&late).await),
        (403, "expired_token".into())
    );

    let told = stage
        .send(
            "/oauth/device/code",
            &form(&[("client_id", stage.text("client_id"))]),
        )
        .await;
    assert_eq!(refused(&told), (403, "unauthorized_client".into()));
    assert_eq!(
        refused(&stage.send("/oauth/device/code", "").await),
        (400, "invalid_request".into())
    );
    let unknown = json!({ "device_code": "unknown" });
    assert_eq!(
        refused(&stage.poll(&unknown).await),
        (403, "invalid_grant".into())
    );
}

#[tokio::test(start_paused = true)]
async fn access_tokens_open_what_they_should_and_nothing_else() {
    let stage = Stage::new();
    let token = access(&stage.exchange(&stage.code().await).await);
    let (bearer, plain) = (
        format!("Bearer {token}"),
        format!("AnaplanAuthToken {token}"),
    );
    let revisions = format!(
        "/2/0/models/{}/alm/revisions",
        stage.fake.demo().dev.as_str()
    );
    for path in ["/2/0/users/me", revisions.as_str()] {
        assert_eq!(stage.status(&bearer, path).await, 200);
        assert_eq!(stage.status(&plain, path).await, 200);
    }
    assert_eq!(stage.status(&plain, "/token/validate").await, 200);
    assert_eq!(stage.status(&bearer, "/token/validate").await, 400);
    let prolonged = post("/token/refresh").header("authorization", &plain);
    assert_eq!(stage.front.ask(prolonged).await.status, 401);
    let ended = post("/token/logout").header("authorization", &bearer);
    assert_eq!(stage.front.ask(ended).await.status, 401);

    stage.fake.advance(2099 * SECOND);
    assert_eq!(stage.status(&bearer, "/2/0/users/me").await, 200);
    stage.fake.advance(SECOND);
    assert_eq!(stage.status(&bearer, "/2/0/users/me").await, 401);
}

#[tokio::test(start_paused = true)]
async fn without_offline_access_there_is_no_refresh_token() {
    let stage = Stage::new();
    let url = stage
        .path("approve_url")
        .replace("%20offline_access", "%20profile");
    let back = location(&stage.send(&url, &stage.password).await);
    let (_, code) = back.split_once("?code=").unwrap();
    let body = stage.exchange(code).await.json();
    assert_eq!(body["scope"], "openid email");
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_remembered_by_the_log() {
    let stage = Stage::new();
    let tokens = stage.exchange(&stage.code().await).await;
    stage.refresh(&refresh_token(&tokens)).await;
    let log = format!(
        "{:?} {:?} {:?}",
        stage.fake.requests(),
        stage.fake.demo(),
        stage.fake.world(|world| format!("{world:?}"))
    );
    for secret in [
        &refresh_token(&tokens),
        &access(&tokens),
        stage.text("device_refresh_token"),
        &stage.fake.admin().password,
        stage.text("client_secret"),
    ] {
        assert!(!log.contains(secret));
    }
}

#[tokio::test(start_paused = true)]
async fn a_world_file_can_have_clients() {
    let text = json!({
        "workspaces": ["W"],
        "users": [{ "email": "ada@x.example", "password": "p", "admin_of": ["W"] }],
        "oauth_clients": [
            { "redirect_uri": "https://x.example/back?a=b", "rotating": false },
            {},
        ],
    });
    let (world, demo) =
        World::from_description(&text.to_string(), "2025-01-01T00:00:00Z".parse().unwrap())
            .unwrap();
    let clients = world.oauth_clients();
    assert_eq!((clients[0].rotating, clients[1].rotating), (false, true));
    assert_eq!(demo.code_client.unwrap().id, clients[0].id);
    assert_eq!(demo.device_client.unwrap().id, clients[1].id);
    assert!(!demo.device_refresh_token.expose_secret().is_empty());
}
