//! Requests by hand, over whatever front.

#![allow(dead_code)]

use std::sync::Arc;

use anaplan_core::transport::reqwest::ReqwestTransport;
use anaplan_core::{Bytes, Timestamp, Transport};
use anaplan_testkit::{FakeAnaplan, Identity};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Headers that are the same on every front. The others belong to the connection.
const COMPARED: [&str; 4] = ["content-type", "retry-after", "allow", "location"];

pub(crate) struct Front {
    transport: Arc<dyn Transport>,
    url: String,
}

pub(crate) struct Ask(http::request::Builder, Bytes);

pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Front {
    pub(crate) fn of(fake: &FakeAnaplan) -> Self {
        let connection = fake.connection();
        Self {
            transport: connection
                .transport
                .unwrap_or_else(|| Arc::new(ReqwestTransport::new().unwrap())),
            url: connection.hosts.api,
        }
    }

    /// The answer, as far as it came, and whether the connection broke.
    pub(crate) async fn try_ask(&self, Ask(builder, body): Ask) -> (Option<Told>, bool) {
        let mut request = builder.body(body).unwrap();
        let uri = format!("{}{}", self.url, request.uri());
        *request.uri_mut() = uri.parse().unwrap();
        let Ok(response) = self.transport.send(request.map(Into::into)).await else {
            return (None, true);
        };
        let (head, mut body) = response.into_parts();
        let mut told = Told {
            status: head.status.as_u16(),
            headers: head.headers,
            body: Vec::new(),
        };
        let mut broken = false;
        while let Some(piece) = body.chunk().await {
            match piece {
                Ok(piece) => told.body.extend(piece),
                Err(_) => broken = true,
            }
        }
        (Some(told), broken)
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Told {
        match self.try_ask(ask).await {
            (Some(told), false) => told,
            _ => panic!("the connection broke"),
        }
    }
}

pub(crate) fn request(method: &str, path: &str) -> Ask {
    Ask(
        http::Request::builder().method(method).uri(path),
        Bytes::new(),
    )
}

pub(crate) fn post(path: &str) -> Ask {
    request("POST", path)
}

/// A sign-in by certificate as a client makes it, in the newer form.
pub(crate) fn certificate_sign_in(identity: &Identity, now: Timestamp) -> Ask {
    let seconds = now.as_second().unsigned_abs().to_be_bytes();
    let message = [&seconds[..], &[42; 150]].concat();
    let key = KeyPair::from_pkcs8(identity.private_key_der()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA512, &random, &message, &mut signature)
        .unwrap();
    let body = json!({
        "encodedDataFormat": "v2",
        "encodedData": STANDARD.encode(&message),
        "encodedSignedData": STANDARD.encode(&signature),
    });
    let certificate = STANDARD.encode(&identity.certificate);
    post("/token/authenticate")
        .header("authorization", &format!("CACertificate {certificate}"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

impl Ask {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self(self.0, body.into())
    }
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// All of it that must not depend on the front, on the moment or on chance.
    pub(crate) fn without_secrets(&self) -> Value {
        let header = |name: &str| {
            let value = self.headers.get(name)?.to_str().ok()?;
            Some((name.to_owned(), Value::from(value)))
        };
        let body = match serde_json::from_slice(&self.body) {
            Ok(body) => without_chance(body),
            Err(_) => Value::from(String::from_utf8_lossy(&self.body)),
        };
        let headers: serde_json::Map<_, _> = COMPARED.into_iter().filter_map(header).collect();
        json!({ "status": self.status, "headers": headers, "body": body })
    }
}

fn without_chance(value: Value) -> Value {
    const CHANCE: [&str; 8] = [
        "expiresAt",
        "tokenId",
        "tokenValue",
        "refreshTokenId",
        "timestamp",
        "createdOn",
        "appliedOn",
        "lastLoginDate",
    ];
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(key, _)| !CHANCE.contains(&key.as_str()) && !key.ends_with("Date"))
            .map(|(key, value)| (key, without_chance(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_chance).collect(),
        value => value,
    }
}
