//! The client as its users hold it, against the fake.

#![cfg(feature = "alm")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use anaplan::auth::{Basic, SignIn as _};
use anaplan::{Client, ClientBuilder, ErrorKind};
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
    assert_eq!(me.user_id, Some(fake.admin().user));
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
async fn a_borrowed_token_is_used_and_not_renewed() {
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
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
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
