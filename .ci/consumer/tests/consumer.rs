//! Works without an HTTP stack: the fake brings a transport of its own.

use anaplan::{Client, ErrorKind};
use anaplan_testkit::FakeAnaplan;
use consumer::missing;

#[tokio::test(start_paused = true)]
async fn production_lacks_what_development_has() {
    let fake = FakeAnaplan::in_process();
    let (admin, demo) = (fake.admin(), fake.demo());
    let client = Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .build()
        .unwrap();
    let missing = missing(&client, &demo.dev, &demo.prod).await.unwrap();
    let names: Vec<_> = missing.iter().map(|revision| &revision.name).collect();
    assert_eq!(names, ["Headcount by region", "Channels"]);
    assert_eq!(fake.requests().count("POST /token/authenticate"), 1);
}

#[test]
fn without_a_transport_the_client_says_which_feature_to_add() {
    let builder = Client::builder().basic("ada@example.com", "her password");
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`rustls`"), "{error}");
}
