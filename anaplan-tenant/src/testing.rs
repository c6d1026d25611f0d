//! A server with scripted responses that records the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use anaplan_core::transport::collect_request;
use anaplan_core::{
    Authenticator, Bytes, Connection, Credential, HeaderMap, RequestBody, Response, ResponseBody,
    Result, Session, Settings, StatusCode, Transport, TransportError, async_trait,
};

use crate::Tenant;

/// Response of the script.
pub(crate) enum Reply {
    Body(u16, &'static str),
}

#[derive(Default)]
pub(crate) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    /// Method, path and query of the requests.
    lines: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn left(&self) -> usize {
        self.replies.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        let request = collect_request(request).await?;
        let path = request.uri().path_and_query().unwrap().as_str();
        let line = format!("{} {}", request.method(), path.trim_start_matches("/2/0"));
        self.lines.lock().unwrap().push(line);
        let reply = self.replies.lock().unwrap().pop_front();
        let Reply::Body(status, body) = reply.expect("the script is over");
        let mut response = http::Response::new(ResponseBody::full(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

#[derive(Debug)]
struct Signed;

#[async_trait]
impl Authenticator for Signed {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&"token".into(), 0)
    }
}

/// Returns a handle whose server sends these responses.
pub(crate) fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Tenant, Arc<Script>) {
    let script = Arc::new(Script::default());
    script.replies.lock().unwrap().extend(replies);
    let connection = Connection::default().with_transport(Arc::clone(&script) as _);
    let session = Session::new(connection, Arc::new(Signed), Settings::default()).unwrap();
    (Tenant::new(session), script)
}

/// Returns a handle whose server must not receive a request.
pub(crate) fn offline() -> Tenant {
    scripted([]).0
}

pub(crate) fn answer(body: impl Into<Bytes>) -> Response {
    Response::new(StatusCode::OK, HeaderMap::new(), body)
}

/// Returns method, path and query of a request, and its body.
pub(crate) fn told(request: Result<http::Request<Bytes>>) -> (String, String) {
    let request = request.unwrap();
    let path = request.uri().path_and_query().unwrap().as_str();
    (
        format!("{} {}", request.method(), path.trim_start_matches("/2/0")),
        String::from_utf8(request.into_body().to_vec()).unwrap(),
    )
}
