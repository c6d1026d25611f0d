//! Requests by hand to whatever path, with whatever credential.

use anaplan_core::ModelId;
use anaplan_testkit::{Credentials, Demo, FakeAnaplan};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, header};
use serde_json::{Value, json};

use crate::support::Answer;

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) fake: FakeAnaplan,
    authorization: Option<String>,
}

impl Asker {
    pub(crate) fn nobody(fake: &FakeAnaplan) -> Self {
        Self {
            fake: fake.clone(),
            authorization: None,
        }
    }

    /// The administrator of a demo world of their own.
    pub(crate) fn admin() -> Self {
        let fake = FakeAnaplan::in_process();
        let admin = fake.admin();
        Self::signed_in(&fake, &admin)
    }

    pub(crate) fn signed_in(fake: &FakeAnaplan, user: &Credentials) -> Self {
        let answer = sign_in(fake, &user.user, &user.password).expect(201);
        let token = answer.json()["tokenInfo"]["tokenValue"].clone();
        Self::nobody(fake).with("AnaplanAuthToken", token.as_str().unwrap())
    }

    /// The same with another credential.
    pub(crate) fn with(&self, scheme: &str, credential: &str) -> Self {
        Self {
            fake: self.fake.clone(),
            authorization: Some(format!("{scheme} {credential}")),
        }
    }

    /// The credential without its scheme.
    pub(crate) fn token(&self) -> &str {
        let authorization = self.authorization.as_deref().unwrap();
        authorization.split_once(' ').unwrap().1
    }

    /// The request that asks for a path.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> http::Request<Bytes> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://localhost{path}"));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    /// The answer; `None` when the connection is closed without one.
    pub(crate) fn try_ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Option<Answer> {
        let answer = self
            .fake
            .answer(self.request(method, path, headers, body))?;
        let (head, body) = answer.into_parts();
        Some(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    #[track_caller]
    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.try_ask(method, path, headers, body).unwrap()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask(Method::POST, path, &json, body.to_string())
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask(Method::PUT, path, &json, body.to_string())
    }

    /// POST without a body.
    #[track_caller]
    pub(crate) fn call(&self, path: &str) -> Answer {
        self.ask(Method::POST, path, &[], "")
    }
}

pub(crate) fn sign_in(fake: &FakeAnaplan, user: &str, password: &str) -> Answer {
    let basic = STANDARD.encode(format!("{user}:{password}"));
    Asker::nobody(fake)
        .with("Basic", &basic)
        .call("/token/authenticate")
}

/// The names of the keys, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

pub(crate) fn is_hex(value: &Value, lower: bool) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 32
            && text.bytes().all(|c| {
                c.is_ascii_digit() || (if lower { b'a'..=b'f' } else { b'A'..=b'F' }).contains(&c)
            })
    })
}

/// A path of a model.
pub(crate) fn at(model: &ModelId, path: &str) -> String {
    format!("/2/0/models/{model}/{path}")
}

/// The body that starts a run.
pub(crate) fn locale() -> Value {
    json!({ "localeName": "en_US" })
}

/// The path of the demo's dev model.
pub(crate) fn of_dev(asker: &Asker) -> String {
    format!("/2/0/models/{}", asker.fake.demo().dev)
}

/// What can be read of the demo with an envelope: the path and the key of what is in it.
pub(crate) fn readable(demo: &Demo) -> Vec<(String, &'static str)> {
    let model = format!("/2/0/models/{}", demo.dev);
    let workspace = format!("/2/0/workspaces/{}", demo.workspace);
    let (list, module) = (demo.list, demo.module);
    let mut all = vec![
        ("/2/0/users".to_owned(), "users"),
        ("/2/0/users/me".to_owned(), "user"),
        ("/2/0/workspaces".to_owned(), "workspaces"),
        (workspace.clone(), "workspace"),
        (format!("{workspace}/admins"), "admins"),
        (format!("{workspace}/visitors"), "visitors"),
        (format!("{workspace}/models"), "models"),
        ("/2/0/models".to_owned(), "models"),
        (model.clone(), "model"),
    ];
    for (path, key) in [
        ("modules".to_owned(), "modules"),
        (format!("modules/{module}/lineItems"), "items"),
        (format!("modules/{module}/views"), "views"),
        ("lineItems".to_owned(), "items"),
        (
            format!("lineItems/{}/dimensions", demo.line_item),
            "dimensions",
        ),
        ("views".to_owned(), "views"),
        ("lists".to_owned(), "lists"),
        (format!("lists/{list}"), "metadata"),
        (format!("lists/{list}/items"), "listItems"),
        (format!("dimensions/{list}/items"), "items"),
        ("versions".to_owned(), "versionMetadata"),
        ("currentPeriod".to_owned(), "currentPeriod"),
        ("modelCalendar".to_owned(), "modelCalendar"),
        ("files".to_owned(), "files"),
        ("imports".to_owned(), "imports"),
        (format!("imports/{}", demo.good_import), "importMetadata"),
        ("exports".to_owned(), "exports"),
        (format!("exports/{}", demo.export), "exportMetadata"),
        ("actions".to_owned(), "actions"),
        (format!("actions/{}", demo.action), "action"),
        ("processes".to_owned(), "processes"),
        (format!("processes/{}", demo.process), "processMetadata"),
        ("dashboards".to_owned(), "dashboards"),
        ("alm/revisions".to_owned(), "revisions"),
        ("alm/latestRevision".to_owned(), "revisions"),
    ] {
        all.push((format!("{model}/{path}"), key));
    }
    all
}
