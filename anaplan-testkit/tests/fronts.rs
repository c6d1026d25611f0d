//! The fronts give the same answers: one suite, run without sockets, over wiremock and over hyper.

#![cfg(all(feature = "server", feature = "wiremock"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_core::{
    Endpoint, ErrorKind, Method, ModelId, Path, RequestBody, Response, Result, RetryClass,
    RetryPolicy, Settings,
};
use anaplan_testkit::pki::Authority;
use anaplan_testkit::{FakeAnaplan, Fault, RetryAfter, Server};
use serde_json::{Value, json};

mod support;

use support::{Front, certificate_sign_in, post, request};

/// Any path below `/2/0`, and the answer as it is.
struct Ask(String);

impl Endpoint for Ask {
    const NAME: &'static str = "test.ask";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Value;

    fn path(&self) -> Path {
        let root = Path::integration();
        self.0
            .split('/')
            .fold(root, |path, part| path.seg("part", part))
    }

    fn decode(&self, response: Response) -> Result<Value> {
        let kind = response.headers().get("content-type").cloned();
        let kind = kind.and_then(|kind| kind.to_str().ok().map(str::to_owned));
        let body: Value = response.json()?;
        Ok(json!([response.status().as_u16(), kind, body]))
    }
}

/// Creates a revision without any of the client's care.
struct Create(ModelId);

impl Endpoint for Create {
    const NAME: &'static str = "test.create";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Value;

    fn path(&self) -> Path {
        let models = Path::integration().lit("models").seg("modelId", &self.0);
        models.lit("alm").lit("revisions")
    }

    fn body(&self) -> Result<RequestBody> {
        Ok(r#"{"name":"Spring"}"#.into())
    }

    fn decode(&self, response: Response) -> Result<Value> {
        response.json()
    }
}

/// What a front answers to the whole suite.
async fn answers(fake: &FakeAnaplan) -> Vec<Value> {
    let demo = fake.demo();
    let session = fake.session().unwrap();
    let (workspace, dev) = (&demo.workspace, &demo.dev);
    let mut all = Vec::new();
    for path in [
        "users".to_owned(),
        "workspaces".into(),
        "models".into(),
        format!("models/{dev}"),
        format!("workspaces/{workspace}/models/{dev}"),
        format!("models/{dev}/alm/revisions"),
        format!("workspaces/{workspace}/models/{dev}/alm/latestRevision"),
        format!("models/{}/alm/latestRevision", demo.plain),
        format!("models/{}/alm/latestRevision", demo.archived),
        format!("models/{dev}/alm/comparisonReports/A/B"),
        "no/such route/ä%2F".into(),
    ] {
        all.push(match session.call(Ask(path)).await {
            Ok(answer) => without_moments(answer),
            Err(error) => json!([error.status().unwrap().as_u16(), error.server_message()]),
        });
    }
    let made = session.call(Create(dev.clone())).await.unwrap();
    all.push(made["revision"]["name"].clone());
    let again = session.call(Create(dev.clone())).await.unwrap_err();
    all.push(json!([
        format!("{:?}", again.kind()),
        again.server_message()
    ]));
    all
}

/// Every moment of the demo world is counted from its making.
fn without_moments(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|key, _| !key.ends_with("On") && !key.ends_with("Date"));
            map.values_mut()
                .for_each(|part| *part = without_moments(part.take()));
        }
        Value::Array(parts) => {
            parts
                .iter_mut()
                .for_each(|part| *part = without_moments(part.take()));
        }
        _ => {}
    }
    value
}

/// Every front, with a demo world of its own.
async fn fronts() -> Vec<(&'static str, FakeAnaplan)> {
    let server = Server::builder(validated(FakeAnaplan::in_process()))
        .listen("127.0.0.1:0")
        .await
        .unwrap();
    vec![
        ("in process", validated(FakeAnaplan::in_process())),
        ("wiremock", validated(FakeAnaplan::start().await)),
        // The fake keeps the server.
        ("hyper", server.fake()),
    ]
}

#[tokio::test]
async fn with_and_without_sockets_the_answers_are_the_same() {
    let direct = answers(&validated(FakeAnaplan::in_process())).await;
    assert_eq!(direct.len(), 13);
    for (name, fake) in fronts().await {
        assert_eq!(answers(&fake).await, direct, "{name}");
    }
}

/// The life of a token and the edges of HTTP, without any client in between: status, headers, body.
async fn conversation(fake: &FakeAnaplan) -> Vec<Value> {
    let front = Front::of(fake);
    let admin = fake.admin();
    let identity = fake.admin_identity();
    let now = fake.world(|world| world.now());
    let mut all = Vec::new();
    for sign_in in [
        post("/token/authenticate").basic(&admin.user, &admin.password),
        post("/token/authenticate").basic(&admin.user, "wrong"),
        post("/token/authenticate"),
        certificate_sign_in(&identity, now),
        certificate_sign_in(&Authority::self_signed(&admin.user).unwrap(), now),
        request("POST", "/token/refresh").header("authorization", "Bearer x"),
        request("GET", "/token/authenticate"),
    ] {
        all.push(front.ask(sign_in).await.without_secrets());
    }
    let sign_in = post("/token/authenticate").basic(&admin.user, &admin.password);
    let body = front.ask(sign_in).await.json();
    let token = body["tokenInfo"]["tokenValue"].as_str().unwrap().to_owned();
    let dev = fake.demo().dev;
    for (method, path) in [
        ("GET", "/token/validate".to_owned()),
        ("GET", "/2/0/users/me".into()),
        ("HEAD", "/2/0/users/me".into()),
        ("HEAD", "/2/0/nowhere".into()),
        ("OPTIONS", format!("/2/0/models/{dev}")),
        ("OPTIONS", "/".into()),
        ("GET", "/".into()),
        ("GET", "/2/0/models/?limit=2&offset=1&sort=%2Bname".into()),
        ("GET", format!("/2/0/models/{dev}/alm/revisions/")),
        ("GET", "/2/0/models/a%20b%2Fc".into()),
        ("PATCH", "/2/0/models".into()),
        ("POST", format!("/2/0/models/{dev}/alm/revisions")),
        ("POST", "/token/logout".into()),
        ("GET", "/2/0/users/me".into()),
        ("POST", "/token/logout".into()),
    ] {
        let authorization = format!("AnaplanAuthToken {token}");
        let request = request(method, &path).header("authorization", &authorization);
        let answer = front.ask(request).await.without_secrets();
        all.push(json!([method, path, answer]));
    }
    fake.inject(Fault::throttle(RetryAfter::Seconds(7)).times(1));
    all.push(
        front
            .ask(request("GET", "/2/0/models"))
            .await
            .without_secrets(),
    );
    fake.inject(Fault::garbage("<html>").times(1));
    all.push(
        front
            .ask(request("GET", "/2/0/models"))
            .await
            .without_secrets(),
    );
    all
}

#[tokio::test]
async fn the_wire_looks_the_same_everywhere() {
    let mut expected: Option<Vec<Value>> = None;
    for (name, fake) in fronts().await {
        let said = conversation(&fake).await;
        let statuses: Vec<u64> = said
            .iter()
            .map(|answer| {
                let answer = answer.get(2).unwrap_or(answer);
                answer["status"].as_u64().unwrap()
            })
            .collect();
        assert_eq!(
            statuses,
            [
                201, 401, 401, 201, 401, 400, 405, // signing in
                200, 200, 200, 404, 200, 200, 404, 200, 200, 404, 405, 400, 204, 401,
                401, // the token
                429, 200
            ],
            "{name}"
        );
        match &expected {
            None => expected = Some(said),
            Some(expected) => {
                for (said, expected) in said.iter().zip(expected) {
                    assert_eq!(said, expected, "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn faults_happen_over_sockets_too() {
    for (name, fake) in fronts().await {
        let mut settings = Settings::default();
        settings.retry = RetryPolicy::none();
        let session = fake.session_with(settings).unwrap();
        let dev = fake.demo().dev;
        let create = async || session.call(Create(dev.clone())).await;
        let made = || fake.world(|world| world.books().revisions_created.len());
        let ask = async || session.call(Ask("users/me".into())).await;

        fake.inject(Fault::status(503).times(1));
        assert!(create().await.unwrap_err().is_ambiguous(), "{name}");
        fake.inject(Fault::drop_before().times(1));
        assert!(create().await.unwrap_err().is_ambiguous(), "{name}");
        assert_eq!(made(), 0, "{name}");
        fake.inject(Fault::drop_after().times(1));
        assert!(create().await.unwrap_err().is_ambiguous(), "{name}");
        assert_eq!(made(), 1, "{name}");

        fake.inject(Fault::throttle(RetryAfter::Seconds(0)).times(1));
        ask().await.unwrap();
        fake.inject(Fault::garbage("<html>").times(1));
        assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Decode, "{name}");
        fake.inject(Fault::truncate(5).times(1));
        let cut = ask().await.unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::Interrupted, "{name}");
        fake.inject(Fault::expire_token().times(1));
        ask().await.unwrap();

        // What was spoiled is spoiled once.
        ask().await.unwrap();
        assert_eq!(
            fake.requests()
                .of("/**")
                .filter(|entry| entry.fault.is_some())
                .count(),
            7
        );
    }
}

#[tokio::test]
async fn a_cut_body_begins_as_it_should() {
    for (name, fake) in fronts().await {
        let front = Front::of(&fake);
        let nobody = || request("GET", "/2/0/users/me");
        let whole = front.ask(nobody()).await;
        for cut in [0, 1, 20] {
            fake.inject(Fault::truncate(cut).times(1));
            let (begun, broken) = front.try_ask(nobody()).await;
            assert!(broken, "{name}");
            // wiremock cannot, and closes the connection.
            if name != "wiremock" {
                let begun = begun.unwrap();
                assert_eq!(begun.status, whole.status, "{name}");
                assert_eq!(begun.body.len(), cut, "{name}");
                assert!(
                    whole
                        .body
                        .starts_with(&begun.body[..begun.body.len().min(10)]),
                    "{name}"
                );
            }
        }
        let (_, broken) = front.try_ask(nobody()).await;
        assert!(!broken, "{name}");
    }
}

#[tokio::test]
async fn delays_pass_and_late_effects_come_when_nobody_waits() {
    const MOMENT: Duration = Duration::from_millis(60);
    for (name, fake) in fronts().await {
        let front = Front::of(&fake);
        fake.inject(Fault::delay(MOMENT).times(1));
        let started = std::time::Instant::now();
        assert_eq!(front.ask(request("GET", "/2/0/models")).await.status, 401);
        assert!(started.elapsed() >= MOMENT, "{name}");

        fake.inject(Fault::late(MOMENT).on("POST /token/authenticate").times(1));
        let admin = fake.admin();
        let sign_in = post("/token/authenticate").basic(&admin.user, &admin.password);
        let sign_ins = || fake.world(|world| world.books().sign_ins);
        let impatient = tokio::time::timeout(MOMENT / 4, front.try_ask(sign_in)).await;
        assert!(impatient.is_err(), "{name}");
        assert_eq!(sign_ins(), 0, "{name}");
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while sign_ins() == 0 {
            assert!(std::time::Instant::now() < deadline, "{name}");
            tokio::time::sleep(MOMENT / 4).await;
        }
        assert_eq!(sign_ins(), 1, "{name}");
    }
}

#[tokio::test]
async fn mocks_of_ones_own_win_over_the_world() {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::start().await;
    let theirs = |status| ResponseTemplate::new(status);
    let before = Mock::given(path("/2/0/users/me")).respond_with(theirs(418));
    before.mount(&server).await;
    let fake = validated(FakeAnaplan::in_process()).mount(&server).await;
    let after = Mock::given(method("GET"))
        .and(path("/elsewhere"))
        .respond_with(theirs(299));
    after.expect(1).with_priority(254).mount(&server).await;

    let front = Front::of(&fake);
    let mut statuses = Vec::new();
    for path in ["/2/0/users/me", "/elsewhere", "/2/0/users"] {
        statuses.push(front.ask(request("GET", path)).await.status);
    }
    assert_eq!(statuses, [418, 299, 401]);
    assert_eq!(fake.requests().total(), 1);
    assert_eq!(fake.url(), server.uri());
}
