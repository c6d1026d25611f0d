//! Scripted server that returns prepared responses and records requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use anaplan_core::transport::collect_request;
use anaplan_core::{
    Authenticator, Bytes, Connection, Credential, HeaderMap, RequestBody, Response, ResponseBody,
    Result, Session, Settings, StatusCode, Transport, TransportError, TransportErrorKind,
    async_trait,
};

use crate::Transactional;

/// Prepared response.
pub(crate) enum Reply {
    Body(u16, &'static str),
    Lost(TransportErrorKind),
    Chunks(Vec<Bytes>),
}

/// Recorded request: method, path with query, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) body: String,
    pub(crate) accept: String,
}

#[derive(Default)]
pub(crate) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
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
        let header = |name| {
            let value = request.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        self.asked.lock().unwrap().push(Asked {
            line: format!("{} {}", request.method(), path.trim_start_matches("/2/0")),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
            accept: header("accept"),
        });
        let reply = self.replies.lock().unwrap().pop_front();
        let (status, body) = match reply.expect("the script is over") {
            Reply::Lost(kind) => return Err(TransportError::new(kind)),
            Reply::Body(status, body) => (status, ResponseBody::full(body)),
            Reply::Chunks(chunks) => (
                200,
                ResponseBody::from_stream(futures_util::stream::iter(chunks.into_iter().map(Ok))),
            ),
        };
        let mut response = http::Response::new(body);
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

/// Returns the namespace for model `M` on a server with these responses, and the server.
pub(crate) fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Transactional, Arc<Script>) {
    let script = Arc::new(Script::default());
    script.replies.lock().unwrap().extend(replies);
    let connection = Connection::default().with_transport(Arc::clone(&script) as _);
    let session = Session::new(connection, Arc::new(Signed), Settings::default()).unwrap();
    let model = Transactional {
        session,
        model: "M".into(),
    };
    (model, script)
}

/// Returns the namespace on a server that expects no request.
pub(crate) fn offline() -> Transactional {
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
