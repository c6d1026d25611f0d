//! The fronts give the same answers: one suite, run without sockets and over wiremock.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use anaplan_core::{
    Answer, Bytes, Endpoint, ErrorKind, Method, ModelId, Path, Result, RetryClass, RetryPolicy,
    Settings,
};
use anaplan_testkit::{FakeAnaplan, Fault, RetryAfter};
use serde_json::{Value, json};

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

    fn decode(&self, answer: Answer) -> Result<Value> {
        let kind = answer.headers().get("content-type").cloned();
        let kind = kind.and_then(|kind| kind.to_str().ok().map(str::to_owned));
        let body: Value = answer.json()?;
        Ok(json!([answer.status().as_u16(), kind, body]))
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

    fn body(&self) -> Result<Bytes> {
        Ok(Bytes::from_static(br#"{"name":"Spring"}"#))
    }

    fn decode(&self, answer: Answer) -> Result<Value> {
        answer.json()
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

#[tokio::test]
async fn with_and_without_sockets_the_answers_are_the_same() {
    let direct = answers(&FakeAnaplan::in_process()).await;
    let served = answers(&FakeAnaplan::start().await).await;
    assert_eq!(direct.len(), 13);
    assert_eq!(direct, served);
}

#[tokio::test]
async fn faults_happen_over_sockets_too() {
    for fake in [FakeAnaplan::in_process(), FakeAnaplan::start().await] {
        let mut settings = Settings::default();
        settings.retry = RetryPolicy::none();
        let session = fake.session_with(settings).unwrap();
        let dev = fake.demo().dev;
        let create = async || session.call(Create(dev.clone())).await;
        let made = || fake.world(|world| world.books().revisions_created.len());
        let ask = async || session.call(Ask("users/me".into())).await;

        fake.inject(Fault::status(503).times(1));
        assert!(create().await.unwrap_err().is_ambiguous());
        fake.inject(Fault::drop_before().times(1));
        assert!(create().await.unwrap_err().is_ambiguous());
        assert_eq!(made(), 0);
        fake.inject(Fault::drop_after().times(1));
        assert!(create().await.unwrap_err().is_ambiguous());
        assert_eq!(made(), 1);

        fake.inject(Fault::throttle(RetryAfter::Seconds(0)).times(1));
        ask().await.unwrap();
        fake.inject(Fault::garbage("<html>").times(1));
        assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Decode);
        fake.inject(Fault::truncate(5).times(1));
        assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Interrupted);
        fake.inject(Fault::expire_token().times(1));
        ask().await.unwrap();
    }
}
