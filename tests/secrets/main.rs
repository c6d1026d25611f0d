//! No secret ever reaches a log, a `Debug`, an error or a URL, whatever happens: everything is done
//! once with the log at its loudest, and then every secret is searched for.

#![cfg(all(
    feature = "alm",
    feature = "certificate",
    feature = "oauth",
    feature = "rustls"
))]
#![allow(clippy::unwrap_used, unreachable_pub)]

mod tap;
mod watch;
mod ways;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use anaplan::alm::{Alm, OnlineStatus, Promotion, RevisionPair};
use anaplan::auth::{Basic, SignIn as _, WhoAmI};
use anaplan::bulk::Content;
use anaplan::ext::transport::reqwest::ReqwestTransport;
use anaplan::ext::{Credential, Endpoint as _, HeaderMap, Transport};
use anaplan::{Client, ClientBuilder, ModelId, Result, RetryPolicy, StatusCode};
use anaplan_testkit::{FakeAnaplan, Fault, Pacing, RetryAfter, Server, ServerInfo};
use tap::Tap;
use watch::Watch;
use ways::{WAYS, Way};

/// A builder whose client talks to the fake, and whose every request is overheard.
fn overheard(fake: &FakeAnaplan, watch: &Watch) -> ClientBuilder {
    let connection = fake.connection();
    let transport = connection.transport.clone().unwrap_or_else(|| {
        let bundled: Arc<dyn Transport> = Arc::new(ReqwestTransport::new().unwrap());
        bundled
    });
    let mut retry = RetryPolicy::default();
    retry.first_delay = Duration::from_millis(1);
    retry.max_attempts = 3;
    Client::builder()
        .connection(connection)
        .transport(Tap::around(transport, watch))
        .workspace_id(fake.demo().workspace)
        .model_id(fake.demo().dev)
        .retry(retry)
        .no_rate_limit()
}

fn outcome<T: std::fmt::Debug>(watch: &Watch, result: Result<T>) -> Option<T> {
    match &result {
        Ok(value) => watch.show("an answer", value),
        Err(error) => watch.show_error(error),
    }
    result.ok()
}

async fn note<T: std::fmt::Debug>(
    watch: &Watch,
    call: impl IntoFuture<Output = Result<T>>,
) -> Option<T> {
    outcome(watch, call.into_future().await)
}

/// The whole life of a session: signing in, renewal, refusals, end, and a secret that does not work.
async fn life_of_a_session(fake: &FakeAnaplan, way: &Way, watch: &Watch) {
    watch.say(&format!("\n== {}\n", way.name));
    let builder = (way.give)(fake, overheard(fake, watch), watch);
    watch.show("a builder", &builder);
    let client = builder.build().unwrap();
    let alm = client.alm().unwrap();
    watch.show("a client", &client);
    watch.show("a session", client.session());

    let works = note(watch, client.who_am_i()).await;
    assert!(works.is_some(), "{} does not sign in", way.name);
    note(watch, alm.get_revisions()).await.unwrap();
    for fault in [
        Fault::throttle(RetryAfter::Seconds(0)),
        Fault::status(503),
        Fault::drop_before(),
        Fault::truncate(9),
        Fault::expire_token(),
    ] {
        fake.inject(fault.on("GET /2/0/**").times(1));
        note(watch, alm.get_revisions()).await;
    }
    watch.show("a client at work", &client);

    fake.advance(Duration::from_secs(31 * 60));
    note(watch, alm.get_revisions()).await;
    fake.inject(Fault::status(500).on("POST /token/refresh"));
    fake.advance(Duration::from_secs(31 * 60));
    note(watch, alm.get_revisions()).await;
    fake.clear_faults();
    fake.advance(Duration::from_secs(36 * 60));
    note(watch, alm.get_revisions()).await;
    for fault in [
        Fault::garbage("<html>gateway</html>"),
        Fault::garbage(r#"{"tokenInfo":"a-bare-text-for-a-token"}"#),
        Fault::garbage(r#"{"tokenInfo":{"tokenValue":["a-list-for-a-token"]}}"#),
        Fault::status(503),
        Fault::drop_after(),
    ] {
        fake.inject(fault.on("POST /token/**"));
        fake.world(|world| world.expire_tokens(None));
        note(watch, alm.get_revisions()).await;
        fake.clear_faults();
    }
    watch.secret("a token in the wrong place", "a-bare-text-for-a-token");
    watch.secret("a token of the wrong type", "a-list-for-a-token");
    note(watch, client.sign_out()).await;
    note(watch, client.sign_out()).await;
    note(watch, client.who_am_i()).await;
    watch.show("what was asked", &fake.requests());
    watch.show("the fake", fake);

    let wrong = (way.give_wrong)(fake, overheard(fake, watch), watch);
    watch.show("a builder with a wrong secret", &wrong);
    if let Some(client) = outcome(watch, wrong.build()) {
        let refused = note(watch, client.who_am_i()).await;
        assert!(refused.is_none(), "{}: the wrong secret works", way.name);
        note(watch, client.alm().unwrap().get_revisions()).await;
        note(watch, client.sign_out()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_way_of_signing_in_keeps_its_secrets_in_process() {
    let watch = Watch::global();
    for way in WAYS {
        life_of_a_session(&FakeAnaplan::in_process(), way, &watch).await;
    }
    watch.assert_silent();
    let said = watch.said();
    for heard in [
        "anaplan.attempt",
        "anaplan::auth",
        "anaplan::retry",
        "auth.refresh",
    ] {
        assert!(said.contains(heard), "the log says nothing of {heard}");
    }
}

#[tokio::test]
async fn every_way_of_signing_in_keeps_its_secrets_over_sockets() {
    let watch = Watch::global();
    for way in WAYS {
        life_of_a_session(&FakeAnaplan::start().await, way, &watch).await;
        let server = Server::builder(FakeAnaplan::in_process());
        let server = server.listen("127.0.0.1:0").await.unwrap();
        watch.show("a server", &server);
        life_of_a_session(&server.fake(), way, &watch).await;
        watch.show("a card", &ServerInfo::of(&server.fake()));
    }
    watch.assert_silent();
    let said = watch.said();
    for heard in ["starting new connection", "hyper_util", "wiremock"] {
        assert!(said.contains(heard), "the log says nothing of {heard}");
    }
}

/// Every operation of the namespace, whatever comes of it.
async fn every_operation(alm: &Alm, model: &ModelId, pair: &RevisionPair, watch: &Watch) {
    watch.show("a request", &alm.create_revision("Dry").into_request());
    watch.show("a request", &alm.sync_models(pair).into_request());
    note(watch, alm.change_model_status(OnlineStatus::Online)).await;
    note(watch, alm.get_revisions()).await;
    note(watch, alm.get_latest_revision()).await;
    note(watch, alm.get_syncable_revisions(model)).await;
    note(watch, alm.get_models_for_revision(&pair.target_revision)).await;
    note(watch, alm.create_revision("Once more")).await;
    note(watch, alm.get_sync_tasks()).await;
    if let Some(task) = note(watch, alm.create_comparison_report(pair)).await {
        note(watch, alm.get_comparison_report_task(task.id())).await;
        note(watch, task.wait()).await;
    }
    note(watch, alm.get_comparison_report(pair)).await;
    if let Some(task) = note(watch, alm.create_comparison_summary(pair)).await {
        note(watch, alm.get_comparison_summary_task(task.id())).await;
        note(watch, task.wait()).await;
    }
    note(watch, alm.get_comparison_summary(pair)).await;
    if let Some(Promotion::Ready(plan)) = note(watch, alm.plan_promotion()).await {
        note(watch, plan.preview()).await;
    }
    if let Some(task) = note(watch, alm.sync_models(pair)).await {
        note(watch, alm.get_sync_task(task.id())).await;
        note(watch, task.wait()).await;
        note(watch, alm.resume_sync(task.id().clone()).wait()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_operation_gives_a_secret_away_however_it_ends() {
    let watch = Watch::global();
    let faults = [
        None,
        Some(Fault::status(400)),
        Some(Fault::status(401)),
        Some(Fault::status(403)),
        Some(Fault::status(404)),
        Some(Fault::status(500)),
        Some(Fault::throttle(RetryAfter::Seconds(3600))),
        Some(Fault::throttle(RetryAfter::Missing).times(1)),
        Some(Fault::drop_before()),
        Some(Fault::drop_after()),
        Some(Fault::truncate(20)),
        Some(Fault::garbage("<html>gateway</html>")),
        Some(Fault::garbage(
            r#"{"revisions":7,"task":7,"tasks":7,"model":7}"#,
        )),
        Some(Fault::expire_token()),
        Some(Fault::delay(Duration::from_secs(400))),
    ];
    for fault in faults {
        let fake = FakeAnaplan::in_process();
        fake.world(|world| world.rules.pacing = Pacing::Polls(2));
        let builder = (WAYS[0].give)(&fake, overheard(&fake, &watch), &watch);
        let client = builder.build().unwrap();
        let dev = client.alm().unwrap();
        for target in [
            &fake.demo().prod,
            &fake.demo().sync_fails,
            &fake.demo().archived,
        ] {
            let from = dev.get_latest_revision().await.unwrap().unwrap();
            let alm = dev.with_model(target);
            let pair = match alm.get_latest_revision().await {
                Ok(Some(to)) => RevisionPair::new(&from.id, dev.model(), &to.id),
                _ => RevisionPair::new(&from.id, dev.model(), &from.id),
            };
            if let Some(fault) = &fault {
                fake.inject(fault.clone().on("/2/0/**"));
            }
            every_operation(&alm, dev.model(), &pair, &watch).await;
            fake.clear_faults();
        }
        watch.show("what was asked", &fake.requests());
    }
    watch.assert_silent();
    assert!(watch.said().contains("anaplan::task"));
}

#[cfg(all(feature = "bulk", feature = "transactional"))]
#[tokio::test(start_paused = true)]
async fn moving_and_modelling_data_gives_no_secret_away_either() {
    let watch = Watch::global();
    for fault in [
        None,
        Some(Fault::expire_token().times(1)),
        Some(Fault::status(404)),
        Some(Fault::drop_after().times(1)),
    ] {
        let fake = FakeAnaplan::in_process();
        let builder = (WAYS[0].give)(&fake, overheard(&fake, &watch), &watch);
        let client = builder.build().unwrap();
        let (bulk, model, demo) = (
            client.bulk().unwrap(),
            client.transactional().unwrap(),
            fake.demo(),
        );
        if let Some(fault) = fault {
            fake.inject(fault.on("/2/0/**"));
        }
        note(&watch, client.tenant().get_workspaces()).await;
        note(&watch, client.tenant().get_models()).await;
        note(&watch, bulk.get_files()).await;
        note(&watch, bulk.export_and_download(demo.export)).await;
        let import = bulk.upload_and_import(
            demo.source_file,
            Content::text(&demo.good_csv),
            demo.good_import,
        );
        match import.await {
            Ok(outcome) => watch.show("an outcome", &outcome),
            Err(error) => watch.show_error(&error),
        }
        note(&watch, model.get_modules()).await;
        note(&watch, model.get_lists()).await;
        note(&watch, model.get_model_calendar()).await;
        note(&watch, model.get_users()).await;
        note(&watch, model.get_list_items(demo.list)).await;
    }
    watch.assert_silent();
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_code_gives_no_secret_away_either() {
    let watch = Watch::global();
    for way in WAYS {
        let fake = FakeAnaplan::in_process();
        let builder = (way.give)(&fake, overheard(&fake, &watch), &watch);
        let client = builder.build().unwrap();
        let alm = client.alm().unwrap();
        outcome(&watch, client.who_am_i().run());
        fake.inject(Fault::expire_token().on("GET /2/0/**").times(1));
        outcome(&watch, alm.get_revisions().run());
        for item in alm.get_revisions().items() {
            outcome(&watch, item);
        }
        fake.inject(Fault::status(404).on("GET /2/0/**"));
        outcome(&watch, alm.get_latest_revision().run());
        outcome(&watch, client.sign_out().run());
    }
    watch.assert_silent();
}

#[tokio::test(start_paused = true)]
async fn no_type_that_holds_a_secret_shows_it() {
    let watch = Watch::global();
    let fake = FakeAnaplan::in_process();
    let (admin, identity) = (fake.admin(), fake.admin_identity());
    for way in WAYS {
        let client = (way.give)(&fake, overheard(&fake, &watch), &watch)
            .build()
            .unwrap();
        watch.show("a call", &client.who_am_i());
        watch.show("a pending call", &client.sign_out());
        watch.show(
            "a request without credential",
            &client.who_am_i().into_request(),
        );
    }

    let client = (WAYS[0].give)(&fake, overheard(&fake, &watch), &watch)
        .build()
        .unwrap();
    let session = client.session();
    let basic = Basic::new(&admin.user, admin.password.as_str());
    let certificate = anaplan::auth::Certificate::builder()
        .certificate(identity.certificate.as_str())
        .private_key(identity.encrypted_private_key.as_str())
        .private_key_password(identity.private_key_password.as_str());
    watch.show("a builder of certificates", &certificate);
    let certificate = certificate.build().unwrap();
    watch.show("a certificate", &certificate);
    for torn in torn_keys(&identity.private_key) {
        let builder = Client::builder().certificate(identity.certificate.as_str());
        let builder = builder.private_key(torn.as_str());
        watch.secret("a part of a key", &torn[..40]);
        watch.show("a builder with part of a key", &builder);
        watch.show_error(&builder.build().unwrap_err());
    }
    watch.show("a password", &basic);
    for sign_in in [
        basic.request(session).await.unwrap(),
        certificate.request(session).await.unwrap(),
    ] {
        watch.show("a sign-in", &sign_in);
        watch.show("a sign-in to come", &client.call(sign_in.clone()));
        let request = client.call(sign_in.clone()).into_request().unwrap();
        tap::learn(request.body(), &watch);
        watch.show("its request", &request);
        tap::learn(sign_in.body().unwrap().as_bytes().unwrap(), &watch);
        watch.show("a sign-in that was used", &sign_in);
        let info = client.call(sign_in).await.unwrap();
        watch.show("a token", &info);
        watch.show("a secret", &info.token);
        watch.show("a credential", &Credential::anaplan(&info.token, 1));
        watch.show("a refresh", &anaplan::auth::Refresh::new(&info.token));
        watch.show("a question", &anaplan::auth::Validate::new(&info.token));
        watch.show("an end", &anaplan::auth::Logout::new(&info.token));
        let refresh = anaplan::auth::Refresh::new(&info.token).unwrap();
        watch.show("its request", &client.call(refresh).into_request());
        let fixed = anaplan::auth::FixedToken::new(info.token.clone());
        watch.show("a fixed token", &fixed);

        // What the service says, as an endpoint of one's own gets it.
        use secrecy::ExposeSecret as _;
        let body = serde_json::json!({ "tokenInfo": { "tokenValue": info.token.expose_secret() } });
        let answer =
            anaplan::ext::Response::new(StatusCode::OK, HeaderMap::new(), body.to_string());
        watch.show("an answer", &answer);
        assert!(WhoAmI.decode(answer).is_ok());
    }

    watch.show("credentials", &admin);
    watch.show("an identity", &identity);
    watch.show("the demo world", &fake.demo());
    fake.world(|world| watch.show("the world", world));
    let request = http::Request::post("http://localhost/token/authenticate")
        .header(
            "authorization",
            format!("AnaplanAuthToken {}", admin.password),
        )
        .body(anaplan::Bytes::from(format!(
            r#"{{"password":"{}"}}"#,
            admin.password
        )));
    watch.show(
        "a request",
        &anaplan_testkit::Request::new(request.unwrap()),
    );
    watch.assert_silent();
}

/// A key as it comes out of a copy that went wrong.
fn torn_keys(pem: &str) -> Vec<String> {
    let body: String = pem.lines().filter(|line| !line.contains("-----")).collect();
    let first = pem.lines().nth(1).unwrap();
    vec![
        body[..500].to_owned(),
        body[..501].to_owned(),
        first.to_owned(),
        format!("{body}A"),
        pem.lines().skip(1).collect::<Vec<_>>().join("\n"),
        pem.lines().skip(1).collect::<Vec<_>>().join("\\n"),
    ]
}

#[test]
fn the_watch_can_hear_and_see() {
    for (secret, said) in [
        (
            "s3cret-canary",
            "a line with s3cret-canary in it".to_owned(),
        ),
        ("s3cret-canary", format!("{:?}", b"s3cret-canary".to_vec())),
        ("s3cret-canary", "czNjcmV0LWNhbmFyeQ==".to_owned()),
        ("s3cret/canary", "?q=s3cret%2Fcanary".to_owned()),
        ("s3cret\"canary", format!("{:?}", "s3cret\"canary")),
        ("s3cret-canary", "7333637265742d63616e617279".to_owned()),
    ] {
        let watch = Watch::default();
        watch.secret("the canary", secret);
        watch.say("nothing to see\n");
        assert_eq!(watch.leaks(), [""; 0]);
        watch.say(&said);
        assert!(!watch.leaks().is_empty(), "{said}");
    }
    let watch = Watch::default();
    watch.secret("the canary", "c4nary-of-an-error");
    let inner = anaplan::Error::new(anaplan::ErrorKind::Io, "c4nary-of-an-error");
    let outer = anaplan::Error::new(anaplan::ErrorKind::Decode, "outer").caused_by(inner);
    watch.show_error(&outer);
    assert!(watch.leaks().len() > 1);

    // The global ear hears what is not ours, at the lowest level, with its fields and its spans.
    let watch = Watch::global();
    tracing::trace!(target: "hyper::proto", header = "canary-in-a-field", "canary-in-a-message");
    let span = tracing::trace_span!(target: "h2", "canary_span", field = "canary-of-a-span");
    drop(span.entered());
    let said = watch.said();
    for canary in [
        "canary-in-a-field",
        "canary-in-a-message",
        "canary-of-a-span",
    ] {
        assert!(said.contains(canary), "{canary} was not heard");
    }
}
