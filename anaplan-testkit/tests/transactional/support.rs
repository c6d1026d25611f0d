//! A caller of the fake that knows nothing but HTTP.

use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_core::ModelId;
use anaplan_testkit::{Credentials, Demo, FakeAnaplan};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

pub struct Caller {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    token: String,
    workspace_form: bool,
    model: ModelId,
}

pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn message(&self) -> String {
        let json = self.json();
        json["status"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn refused(&self) -> (u16, String) {
        (self.status, self.message())
    }

    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    pub fn lines(&self) -> Vec<&str> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.text.lines().collect()
    }
}

impl Caller {
    /// The administrator of the demo, in the dev model.
    pub fn admin() -> Self {
        let fake = validated(FakeAnaplan::in_process());
        let admin = fake.admin();
        Self::of(fake, &admin)
    }

    pub fn of(fake: FakeAnaplan, user: &Credentials) -> Self {
        fake.world(|world| {
            world.rules.burst = None;
            world.rules.token_life = Duration::from_secs(24 * 3600);
        });
        let basic = STANDARD.encode(format!("{}:{}", user.user, user.password));
        let request = http::Request::post("http://localhost/token/authenticate")
            .header("authorization", format!("Basic {basic}"))
            .body(Bytes::new())
            .unwrap();
        let answer = fake.answer(request).unwrap();
        let json: Value = serde_json::from_slice(answer.body()).unwrap();
        let token = json["tokenInfo"]["tokenValue"].as_str().unwrap().to_owned();
        let demo = fake.demo();
        Self {
            model: demo.dev.clone(),
            fake,
            demo,
            token,
            workspace_form: false,
        }
    }

    /// The same caller, through the longer form of the path.
    pub fn through_workspace(mut self) -> Self {
        self.workspace_form = true;
        self
    }

    pub fn in_model(mut self, model: &ModelId) -> Self {
        self.model = model.clone();
        self
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        accept: Option<&str>,
        body: Option<&str>,
    ) -> Answer {
        let workspace = if self.workspace_form {
            format!("/workspaces/{}", self.demo.workspace)
        } else {
            String::new()
        };
        let uri = format!(
            "http://localhost/2/0{workspace}/models/{}/{path}",
            self.model
        );
        let mut request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("AnaplanAuthToken {}", self.token));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = Bytes::from(body.unwrap_or_default().to_owned());
        let answer = self.fake.answer(request.body(body).unwrap()).unwrap();
        let content_type = answer.headers().get("content-type");
        Answer {
            status: answer.status().as_u16(),
            content_type: content_type
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            text: String::from_utf8(answer.into_body().to_vec()).unwrap(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None)
    }

    pub fn grid(&self, path: &str) -> Answer {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}format=v1");
        self.send("GET", &path, Some("application/json"), None)
    }

    pub fn csv(&self, path: &str) -> Answer {
        self.send("GET", path, Some("text/csv"), None)
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, None, Some(body))
    }

    pub fn put(&self, path: &str, body: &str) -> Answer {
        self.send("PUT", path, None, Some(body))
    }
}

/// The field of every object in an array.
pub fn column(values: &Value, field: &str) -> Vec<String> {
    let values = values.as_array().unwrap().iter();
    values
        .map(|value| match &value[field] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}
