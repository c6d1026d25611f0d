//! Requests by hand.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::io::Write;
use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_testkit::{Credentials, Demo, FakeAnaplan, Pacing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("text")
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.get("content-type")?.to_str().ok()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    pub(crate) fn message(&self) -> String {
        let message = &self.json()["status"]["message"];
        message.as_str().unwrap_or_default().to_owned()
    }
}

/// A user who asks about the demo's dev model.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) fake: FakeAnaplan,
    pub(crate) demo: Demo,
    token: String,
    /// What stands before the paths.
    root: String,
}

impl Caller {
    pub(crate) fn admin() -> Self {
        let fake = validated(FakeAnaplan::in_process());
        let admin = fake.admin();
        Self::signed_in(&fake, &admin)
    }

    pub(crate) fn signed_in(fake: &FakeAnaplan, user: &Credentials) -> Self {
        let basic = STANDARD.encode(format!("{}:{}", user.user, user.password));
        let request = http::Request::post("http://auth/token/authenticate")
            .header("authorization", format!("Basic {basic}"))
            .body(Bytes::new())
            .unwrap();
        let answer = fake.answer(request).unwrap();
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        let demo = fake.demo();
        Self {
            fake: fake.clone(),
            token: body["tokenInfo"]["tokenValue"].as_str().unwrap().to_owned(),
            root: format!("models/{}", demo.dev),
            demo,
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same user, who writes paths with the workspace in front.
    pub(crate) fn in_workspace(&self) -> Self {
        let root = format!(
            "workspaces/{}/models/{}",
            self.demo.workspace, self.demo.dev
        );
        Self {
            root,
            ..self.clone()
        }
    }

    /// The same user, who asks for another model.
    pub(crate) fn of_model(&self, model: &anaplan_core::ModelId) -> Self {
        Self {
            root: format!("models/{model}"),
            ..self.clone()
        }
    }

    pub(crate) fn other(&self, user: &Credentials) -> Self {
        let signed_in = Self::signed_in(&self.fake, user);
        Self {
            root: self.root.clone(),
            ..signed_in
        }
    }

    pub(crate) fn pace(&self, pacing: Pacing) -> &Self {
        self.fake.world(|world| world.rules.pacing = pacing);
        self
    }

    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Bytes,
    ) -> Answer {
        self.send_raw(method, &format!("{}/{path}", self.root), kind, body)
    }

    /// Asks for a path that is not one of the model.
    pub(crate) fn send_raw(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Bytes,
    ) -> Answer {
        let kind = kind.map(|kind| ("content-type", kind));
        self.ask_raw(method, path, kind.as_slice(), body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Bytes::new())
    }

    /// Asks with this `Accept`.
    pub(crate) fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.ask(Method::GET, path, &[("accept", accept)], Bytes::new())
    }

    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        self.ask_raw(method, &format!("{}/{path}", self.root), headers, body)
    }

    fn ask_raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://api/2/0/{path}"))
            .header("authorization", format!("AnaplanAuthToken {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.fake.answer(request.body(body).unwrap()).unwrap();
        let (head, body) = answer.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Bytes::new())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string().into();
        self.send(Method::POST, path, Some("application/json"), body)
    }

    pub(crate) fn put_json(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string().into();
        self.send(Method::PUT, path, Some("application/json"), body)
    }

    pub(crate) fn put(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let kind = Some("application/octet-stream");
        self.send(Method::PUT, path, kind, body.into())
    }

    pub(crate) fn put_gzip(&self, path: &str, body: &[u8]) -> Answer {
        let kind = Some("application/x-gzip");
        self.send(Method::PUT, path, kind, gzip(body))
    }

    /// What the list of files says of one.
    #[track_caller]
    pub(crate) fn file(&self, file: u64) -> Value {
        let files = self.get("files").expect(200).json();
        let id = file.to_string();
        let mut files = files["files"].as_array().unwrap().iter();
        files.find(|file| file["id"] == *id).unwrap().clone()
    }

    /// The ids of a file's chunks, where the list has any.
    #[track_caller]
    pub(crate) fn chunks(&self, file: u64) -> Option<Vec<String>> {
        let list = self.get(&format!("files/{file}/chunks")).expect(200).json();
        let chunks = list.get("chunks")?.as_array().unwrap().iter();
        let ids = chunks.map(|chunk| {
            let id = chunk["id"].as_str().unwrap();
            assert_eq!(chunk["name"], format!("Chunk {id}"));
            id.to_owned()
        });
        Some(ids.collect())
    }

    pub(crate) fn put_chunk(&self, file: u64, chunk: usize, text: &str) -> Answer {
        self.put(&format!("files/{file}/chunks/{chunk}"), text.to_owned())
    }

    pub(crate) fn chunk_count(&self, file: u64, count: i64) -> Answer {
        self.post(&format!("files/{file}"), &json!({ "chunkCount": count }))
    }

    #[track_caller]
    pub(crate) fn upload(&self, file: u64, text: &str) {
        self.put(&format!("files/{file}"), text.to_owned())
            .expect(204);
    }

    /// The path of an import, an export, an action and a process.
    pub(crate) fn kinds_of_runs(&self) -> [String; 4] {
        let demo = &self.demo;
        [
            format!("imports/{}", demo.good_import),
            format!("exports/{}", demo.export),
            format!("actions/{}", demo.action),
            format!("processes/{}", demo.process),
        ]
    }

    /// Starts a run, and gives its path.
    #[track_caller]
    pub(crate) fn start(&self, path: &str) -> String {
        let started = self
            .post(&format!("{path}/tasks"), &json!({ "localeName": "en_US" }))
            .expect(200)
            .json();
        format!(
            "{path}/tasks/{}",
            started["task"]["taskId"].as_str().unwrap()
        )
    }

    /// Asks for a run until it is over, and gives the task.
    #[track_caller]
    pub(crate) fn follow(&self, task: &str) -> Value {
        for _ in 0..20 {
            let answer = self.get(task).expect(200).json();
            let state = &answer["task"]["taskState"];
            if state == "COMPLETE" || state == "CANCELLED" {
                return answer["task"].clone();
            }
            assert!(answer["task"].get("result").is_none());
            self.fake.advance(Duration::from_secs(60));
        }
        panic!("the run does not end");
    }

    /// Runs something to its end, and gives its result.
    #[track_caller]
    pub(crate) fn run(&self, path: &str) -> Value {
        let task = self.start(path);
        self.follow(&task)["result"].clone()
    }
}

/// An administrator, once with either form of the paths, each with a world of their own.
pub(crate) fn both_forms() -> [Caller; 2] {
    [Caller::admin(), Caller::admin().in_workspace()]
}

pub(crate) fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().into()
}

/// The value behind a name in the values of a detail.
pub(crate) fn value<'v>(detail: &'v Value, name: &str) -> &'v Value {
    let values = detail["values"].as_array().unwrap();
    let at = values.iter().step_by(2).position(|key| key == name);
    &values[at.unwrap() * 2 + 1]
}

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
