//! The client as its users hold it, against the fake.

#![cfg(feature = "alm")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Duration;

use anaplan::auth::{Basic, SignIn as _};
use anaplan::{Client, ClientBuilder, ErrorKind, RateLimit, RetryPolicy};
use anaplan_testkit::{FakeAnaplan, Fault};

fn builder(fake: &FakeAnaplan) -> ClientBuilder {
    let admin = fake.admin();
    Client::builder()
        .connection(fake.connection())
        .workspace_id(fake.demo().workspace)
        .model_id(fake.demo().dev)
        .basic(admin.user, admin.password)
}

fn sign_ins(fake: &FakeAnaplan) -> usize {
    fake.requests().count("POST /token/authenticate")
}

#[tokio::test(start_paused = true)]
async fn building_sends_nothing_and_all_views_share_one_sign_in() {
    let fake = FakeAnaplan::in_process();
    let client = builder(&fake).build().unwrap();
    let other = client.with_model(fake.demo().prod);
    assert_eq!(fake.requests().total(), 0);

    let of_dev = client.alm().unwrap().get_revisions().await.unwrap();
    let of_prod = other.alm().unwrap().get_revisions().await.unwrap();
    client.clone().who_am_i().await.unwrap();
    assert!(of_dev.len() > of_prod.len());
    assert_eq!(sign_ins(&fake), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_signed_out_signs_in_when_it_is_used_again() {
    let fake = FakeAnaplan::in_process();
    let client = builder(&fake).build().unwrap();
    let me = client.who_am_i().await.unwrap();
    assert_eq!(me.email, Some(fake.admin().user));
    client.sign_out().await.unwrap();
    assert_eq!(fake.requests().count("POST /token/logout"), 1);
    client.who_am_i().await.unwrap();
    assert_eq!(sign_ins(&fake), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_lives_longer_than_its_tokens() {
    let fake = FakeAnaplan::in_process();
    let client = builder(&fake).build().unwrap();
    for _ in 0..20 {
        client.alm().unwrap().get_latest_revision().await.unwrap();
        fake.advance(Duration::from_secs(31 * 60));
    }
    assert_eq!(sign_ins(&fake), 1);
    assert_eq!(fake.requests().count("POST /token/refresh"), 19);
    fake.inject(Fault::expire_token().on("GET /2/0/**").times(1));
    client.alm().unwrap().get_latest_revision().await.unwrap();
    assert_eq!(sign_ins(&fake), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_one_request_and_one_clear_error() {
    let fake = FakeAnaplan::in_process();
    let client = builder(&fake).password("not-the-s3cret").build().unwrap();
    let error = client.who_am_i().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(fake.requests().total(), 1);
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn expired_fixed_token_is_reported_and_not_renewed() {
    let fake = FakeAnaplan::in_process();
    let owner = builder(&fake).build().unwrap();
    let basic = Basic::new(fake.admin().user, fake.admin().password);
    let sign_in = basic.request(owner.session()).await.unwrap();
    let token = owner.call(sign_in).await.unwrap().token;

    let client = Client::builder().connection(fake.connection()).token(token);
    let client = client.model_id(fake.demo().dev).build().unwrap();
    client.alm().unwrap().get_revisions().await.unwrap();
    fake.advance(Duration::from_secs(36 * 60));
    let error = client.alm().unwrap().get_revisions().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error.to_string().contains("the token has expired"),
        "{error}"
    );
    assert_eq!(sign_ins(&fake), 1, "the owner's");
}

#[cfg(feature = "blocking")]
#[test]
fn the_same_client_serves_threads_without_a_runtime() {
    let fake = FakeAnaplan::in_process();
    let client = builder(&fake).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let alm = client.alm().unwrap();
            scope.spawn(move || {
                let all = alm.get_revisions().run().unwrap();
                let items = alm.get_revisions().page_size(1).items();
                let items: Result<Vec<_>, _> = items.collect();
                assert_eq!(items.unwrap().len(), all.len());
            });
        }
    });
    client.sign_out().run().unwrap();
    assert_eq!(sign_ins(&fake), 1);
}

#[cfg(feature = "certificate")]
#[tokio::test(start_paused = true)]
async fn a_certificate_that_nobody_registered_is_refused_once_in_the_servers_words() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/anaplan-auth/tests/fixtures");
    let fake = FakeAnaplan::in_process();
    let client = Client::builder()
        .connection(fake.connection())
        .certificate(format!("{fixtures}/certificate.pem"))
        .private_key(format!("{fixtures}/key_aes256.pem"))
        .private_key_password("correct-horse")
        .build()
        .unwrap();
    let error = client.who_am_i().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.operation(), Some("auth.authenticate"));
    assert_eq!(error.server_code(), Some("FAILURE_BAD_CREDENTIAL"));
    assert_eq!((sign_ins(&fake), fake.requests().total()), (1, 1));
    let shown = format!("{error:?} {client:?}");
    assert!(
        shown.contains("Certificate") && !shown.contains("correct-horse"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_clients_own_limit_spreads_requests_and_can_be_turned_off() {
    for (limit, expected) in [
        (None, 0.0),
        (Some(RateLimit::default()), 0.0),
        (Some(RateLimit::new(5, 2.0)), 10.0),
    ] {
        let fake = FakeAnaplan::in_process();
        fake.world(|world| world.rules.burst = None);
        let client = match limit {
            Some(limit) => builder(&fake).rate_limit(limit),
            None => builder(&fake).no_rate_limit(),
        };
        let alm = client.build().unwrap().alm().unwrap();
        let started = tokio::time::Instant::now();
        // With the sign-in, these are 25 requests.
        for _ in 0..24 {
            alm.get_latest_revision().await.unwrap();
        }
        let waited = started.elapsed().as_secs_f64();
        assert!((waited - expected).abs() < 0.2, "{limit:?}: {waited} s");
    }
    // 600 at once, then 10 per second.
    let fake = FakeAnaplan::in_process();
    fake.world(|world| world.rules.burst = None);
    let alm = builder(&fake).build().unwrap().alm().unwrap();
    let started = tokio::time::Instant::now();
    for _ in 0..619 {
        alm.get_latest_revision().await.unwrap();
    }
    let waited = started.elapsed().as_secs_f64();
    assert!((waited - 2.0).abs() < 0.2, "{waited} s");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_only_fails_uses_up_the_budget_and_is_then_asked_once_per_call() {
    const ROUTE: &str = "GET /2/0/models/*/alm/latestRevision";
    let fake = FakeAnaplan::in_process();
    let mut policy = RetryPolicy::default();
    policy.budget = 40;
    let client = builder(&fake).retry(policy).build().unwrap();
    let alm = client.alm().unwrap();
    fake.inject(Fault::status(503).on(ROUTE));
    let mut attempts = Vec::new();
    for _ in 0..4 {
        let error = alm.get_latest_revision().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        attempts.push(error.attempts());
        let told = error.to_string().contains("retry budget");
        assert_eq!(told, attempts.len() > 1, "{error}");
    }
    assert_eq!(attempts, [6, 4, 1, 1]);

    // Every call that goes well pays a part of it back.
    fake.clear_faults();
    for _ in 0..5 {
        alm.get_latest_revision().await.unwrap();
    }
    fake.inject(Fault::status(503).on(ROUTE).times(1));
    alm.get_latest_revision().await.unwrap();
}
