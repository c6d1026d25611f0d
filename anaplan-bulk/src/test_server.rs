//! A server of a few lines for tests: it keeps the chunks of files, and fails as it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anaplan_core::Namespace;
use anaplan_core::transport::collect_request;
use anaplan_core::{
    Authenticator, Bytes, Connection, Credential, HeaderMap, RequestBody, Response, ResponseBody,
    Result, Scope, Session, Settings, StatusCode, Transport, TransportError, TransportErrorKind,
    async_trait,
};

use crate::Bulk;

/// A listing that proves that there are no rows.
pub(crate) const EMPTY_LIST: &str =
    r#"{"status":{"code":200},"meta":{"paging":{"currentPageSize":0,"totalSize":0,"offset":0}}}"#;

/// Failure of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks before the server acts.
    DropBefore,
    /// The connection breaks after the server has acted.
    DropAfter,
    /// The connection times out before the server acts.
    Timeout,
    /// The answer breaks off in the middle.
    Truncate,
    /// The server answers with this status and does nothing.
    Status(u16),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Chunks that have arrived, by file.
    pub(crate) files: BTreeMap<String, BTreeMap<u32, Bytes>>,
    /// Announced number of chunks by file.
    pub(crate) announced: BTreeMap<String, u32>,
    pub(crate) completed: Vec<String>,
    /// Method and path of every request, in order.
    pub(crate) log: Vec<String>,
    /// Responses of a path, in order. The last one is repeated.
    pub(crate) canned: BTreeMap<String, VecDeque<(u16, String)>>,
    /// Faults by the beginning of method and path.
    pub(crate) faults: Vec<(String, Fault)>,
    /// Answers at once, for tests whose time is the machine's.
    pub(crate) at_once: bool,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
    /// The largest number of bytes of bodies at one moment.
    pub(crate) bytes_in_flight: usize,
    pub(crate) most_bytes: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TestServer {
    state: Arc<Mutex<State>>,
}

impl TestServer {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn session(&self) -> Session {
        let connection = Connection::default().with_transport(Arc::new(self.clone()));
        let mut settings = Settings::default();
        settings.rate_limit = None;
        Session::new(connection, Arc::new(self.clone()), settings).unwrap()
    }

    pub(crate) fn bulk(&self) -> Bulk {
        Bulk::bind(self.session(), &Scope::new(None, Some("M".into()))).unwrap()
    }

    /// Lets the next request fail whose method and path contain `what`.
    pub(crate) fn fault(&self, what: &str, fault: Fault) {
        self.state().faults.push((what.to_owned(), fault));
    }

    pub(crate) fn canned(&self, path: &str, status: u16, body: &str) {
        let answer = (status, body.to_owned());
        self.state()
            .canned
            .entry(path.to_owned())
            .or_default()
            .push_back(answer);
    }

    /// Number of requests contained `what`.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.state()
            .log
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }

    pub(crate) fn content(&self, file: &str) -> Vec<u8> {
        let state = self.state();
        let chunks = state.files.get(file).unwrap();
        chunks.values().flat_map(|chunk| chunk.to_vec()).collect()
    }

    pub(crate) fn put(&self, file: &str, chunks: &[&str]) {
        let chunks = (0..).zip(chunks.iter().map(|chunk| Bytes::from(chunk.to_string())));
        let mut state = self.state();
        state.files.insert(file.to_owned(), chunks.collect());
        state.announced.remove(file);
    }
}

impl State {
    fn answer(&mut self, request: &http::Request<Bytes>) -> (u16, Bytes) {
        let line = format!("{} {}", request.method(), request.uri().path());
        if let Some(answers) = self.canned.get_mut(&line) {
            let answer = if answers.len() > 1 {
                answers.pop_front()
            } else {
                answers.front().cloned()
            };
            let (status, body) = answer.unwrap();
            return (status, body.into());
        }
        let path = request
            .uri()
            .path()
            .strip_prefix("/2/0/models/M/files")
            .unwrap_or("/?");
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let json = |body: String| (200, Bytes::from(body));
        match (request.method().as_str(), &parts[..]) {
            ("GET", []) => {
                let ids: Vec<_> = self
                    .files
                    .keys()
                    .map(|id| format!(r#"{{"id":"{id}"}}"#))
                    .collect();
                json(format!(r#"{{"files":[{}]}}"#, ids.join(",")))
            }
            ("POST", [file]) => {
                let known = self.files.contains_key(*file);
                let id = if known { *file } else { "113999999999" };
                self.files.insert(id.to_owned(), BTreeMap::new());
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                let count = body["chunkCount"].as_i64().unwrap();
                let count = u32::try_from(count).unwrap_or(0);
                self.announced.insert(id.to_owned(), count);
                json(format!(r#"{{"file":{{"id":"{id}","name":"f"}}}}"#))
            }
            ("POST", [file, "complete"]) => {
                assert_eq!(&request.body()[..], b"{}");
                self.completed.push((*file).to_owned());
                json(format!(r#"{{"file":{{"id":"{file}","name":"f"}}}}"#))
            }
            ("PUT", [file, "chunks", n]) => {
                assert!(!request.headers().contains_key("content-encoding"));
                let body = match request.headers()["content-type"].to_str().unwrap() {
                    "application/x-gzip" => {
                        let mut raw = Vec::new();
                        flate2::read::GzDecoder::new(&request.body()[..])
                            .read_to_end(&mut raw)
                            .unwrap();
                        raw.into()
                    }
                    "application/octet-stream" => request.body().clone(),
                    other => panic!("{other}"),
                };
                let chunks = self.files.get_mut(*file).unwrap();
                chunks.insert(n.parse().unwrap(), body);
                (204, Bytes::new())
            }
            ("GET", [file, "chunks"]) => match self.files.get(*file) {
                None => (404, Bytes::new()),
                Some(chunks) => {
                    let announced = 0..self.announced.get(*file).copied().unwrap_or(0);
                    let numbers: BTreeSet<u32> = announced.chain(chunks.keys().copied()).collect();
                    if numbers.is_empty() {
                        return json(EMPTY_LIST.into());
                    }
                    let list: Vec<_> = numbers
                        .iter()
                        .map(|n| format!(r#"{{"id":"{n}","name":"Chunk {n}"}}"#))
                        .collect();
                    json(format!(r#"{{"chunks":[{}]}}"#, list.join(",")))
                }
            },
            ("GET", [file, "chunks", n]) => {
                match self
                    .files
                    .get(*file)
                    .and_then(|chunks| chunks.get(&n.parse().unwrap()))
                {
                    Some(chunk) => (200, chunk.clone()),
                    None => (404, Bytes::new()),
                }
            }
            _ => (404, Bytes::new()),
        }
    }
}

#[async_trait]
impl Transport for TestServer {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let request = collect_request(request).await?;
        let line = format!("{} {}", request.method(), request.uri().path());
        let size = request.body().len();
        let fault = {
            let mut state = self.state();
            state.log.push(line.clone());
            state.in_flight += 1;
            state.bytes_in_flight += size;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            state.most_bytes = state.most_bytes.max(state.bytes_in_flight);
            let found = state
                .faults
                .iter()
                .position(|(what, _)| line.contains(what.as_str()));
            found.map(|index| state.faults.remove(index).1)
        };
        // Later chunks answer sooner, so that nothing arrives in order by chance.
        let number: u64 = line
            .rsplit('/')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        if !self.state().at_once {
            tokio::time::sleep(Duration::from_millis(100 - number.min(90))).await;
        }
        let mut state = self.state();
        state.in_flight -= 1;
        state.bytes_in_flight -= size;
        let interrupted = || TransportError::new(TransportErrorKind::Interrupted);
        let (status, body) = match fault {
            Some(Fault::DropBefore) => return Err(interrupted()),
            Some(Fault::Timeout) => return Err(TransportError::new(TransportErrorKind::Timeout)),
            Some(Fault::Status(status)) => (status, Bytes::new()),
            _ => state.answer(&request),
        };
        let body = match fault {
            Some(Fault::DropAfter) => return Err(interrupted()),
            Some(Fault::Truncate) => {
                ResponseBody::broken(body.slice(..body.len() / 2), interrupted())
            }
            _ => ResponseBody::full(body),
        };
        Ok(http::Response::builder().status(status).body(body).unwrap())
    }
}

#[async_trait]
impl Authenticator for TestServer {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&"token".into(), 0)
    }
}

/// An answer, for tests of `decode`.
pub(crate) fn answer(status: u16, body: &'static str) -> Response {
    Response::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body,
    )
}
