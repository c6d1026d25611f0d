//! A transport around another one that learns every secret on the wire, so that none is forgotten.

use std::sync::Arc;

use anaplan::ext::transport::collect_request;
use anaplan::ext::{RequestBody, ResponseBody, Transport, TransportError, async_trait};
use serde_json::Value;

use crate::watch::Watch;

/// Keys of the token service's bodies whose values prove who somebody is.
const SECRET_KEYS: [(&str, &str); 9] = [
    ("tokenValue", "a token"),
    ("tokenId", "the id of a token"),
    ("refreshTokenId", "the id of a session"),
    ("encodedData", "the data of a sign-in"),
    ("encodedSignedData", "the signature of a sign-in"),
    ("access_token", "an access token"),
    ("refresh_token", "a refresh token"),
    ("client_secret", "the secret of a client"),
    ("device_code", "the code of a device"),
];

/// Where secrets travel in bodies; elsewhere bodies are data.
const SECRET_PATHS: [&str; 2] = ["/token/", "/oauth/"];

pub struct Tap {
    watch: Watch,
    inner: Arc<dyn Transport>,
}

impl Tap {
    pub fn around(inner: Arc<dyn Transport>, watch: &Watch) -> Arc<dyn Transport> {
        Arc::new(Self {
            watch: watch.clone(),
            inner,
        })
    }
}

/// Takes note of the secrets in a body of the token service.
pub fn learn(body: &[u8], watch: &Watch) {
    if let Ok(body) = serde_json::from_slice(body) {
        learn_from(&body, watch);
    }
}

fn learn_from(value: &Value, watch: &Watch) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let secret = SECRET_KEYS.iter().find(|(name, _)| name == key);
                match (secret, value.as_str()) {
                    (Some((_, what)), Some(text)) => watch.secret(what, text),
                    _ => learn_from(value, watch),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| learn_from(value, watch)),
        _ => {}
    }
}

#[async_trait]
impl Transport for Tap {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let authorization = request.headers().get(http::header::AUTHORIZATION);
        if let Some((scheme, value)) = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
        {
            // A certificate is public, its key is not.
            if scheme != "CACertificate" {
                self.watch.secret("an authorization", value);
            }
        }
        self.watch.show("a request on its way", request.headers());
        let path = request.uri().path().to_owned();
        if !SECRET_PATHS.iter().any(|root| path.starts_with(root)) {
            return self.inner.send(request).await;
        }
        let request = collect_request(request).await?;
        learn(request.body(), &self.watch);
        let request = request.map(RequestBody::from);
        let (head, mut body) = self.inner.send(request).await?.into_parts();
        let mut whole = Vec::new();
        while let Some(chunk) = body.chunk().await {
            whole.extend_from_slice(&chunk?);
        }
        learn(&whole, &self.watch);
        Ok(http::Response::from_parts(head, ResponseBody::full(whole)))
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}
