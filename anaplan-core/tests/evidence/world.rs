//! A scripted server, and an operation that must not run twice.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_core::{
    Authenticator, Connection, Credential, Endpoint, Evidence, Finding, HeaderMap, Hosts,
    LongRunning, Lookup, Method, Path, Reconcile, RequestBody, Response, ResponseBody, Result,
    RetryClass, SecretString, Session, Settings, StatusCode, TaskId, TaskStatus, Transport,
    TransportError, TransportErrorKind, async_trait, json_body,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub(crate) const TOKEN: &str = "t0ken/of+the=test & more";
pub(crate) const PASSWORD: &str = "pa ss/w0rd+of=ada";

/// Reaction of the server to one request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Responds with this status and body.
    Respond(u16, String),
    /// Responds with headers.
    Headers(u16, Vec<(&'static str, String)>, String),
    /// Fails in the transport.
    Fail(TransportErrorKind),
    /// Never responds.
    Hang,
    /// Waits before the reaction.
    After(Duration, Box<Step>),
}

pub(crate) fn respond(status: u16, body: &Value) -> Step {
    Step::Respond(status, body.to_string())
}

/// A complete listing of rows with these ids.
pub(crate) fn rows(ids: &[&str]) -> Step {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    respond(200, &json!({"status": {"code": 200}, "rows": rows}))
}

pub(crate) fn created(id: &str) -> Step {
    respond(200, &json!({"status": {"code": 200}, "id": id}))
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) agent: String,
    pub(crate) at: Instant,
}

/// Scripted reactions by method. The last one of a method is repeated.
#[derive(Default)]
pub(crate) struct World {
    script: Mutex<HashMap<Method, VecDeque<Step>>>,
    seen: Mutex<Vec<Seen>>,
}

impl World {
    /// Creates a server with these reactions to listings and to writes.
    pub(crate) fn new(listings: Vec<Step>, writes: Vec<Step>) -> Arc<Self> {
        let script = [(Method::GET, listings), (Method::POST, writes)];
        let script = script.map(|(method, steps)| (method, steps.into()));
        Arc::new(Self {
            script: Mutex::new(HashMap::from(script)),
            seen: Mutex::default(),
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, method: &Method) -> usize {
        let seen = self.seen();
        seen.iter().filter(|seen| seen.method == method).count()
    }

    pub(crate) fn writes(&self) -> usize {
        self.count(&Method::POST)
    }

    /// Creates a session over this server.
    pub(crate) fn session(self: &Arc<Self>) -> Session {
        self.session_with(Arc::new(FixedToken), |_| {})
    }

    pub(crate) fn session_with(
        self: &Arc<Self>,
        authenticator: Arc<dyn Authenticator>,
        change: impl FnOnce(&mut Settings),
    ) -> Session {
        let mut settings = Settings::default();
        settings.rate_limit = None;
        change(&mut settings);
        let connection = Connection::to(Hosts::all("http://localhost"))
            .with_transport(Arc::clone(self) as Arc<dyn Transport>);
        Session::new(connection, authenticator, settings).unwrap()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

#[async_trait]
impl Transport for World {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let agent = &request.headers()["user-agent"];
        self.seen.lock().unwrap().push(Seen {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            agent: agent.to_str().unwrap().to_owned(),
            at: now(),
        });
        let mut step = {
            let mut script = self.script.lock().unwrap();
            let steps = script.get_mut(request.method()).unwrap();
            match steps.len() {
                1 => steps[0].clone(),
                _ => steps.pop_front().expect("no reaction to the request"),
            }
        };
        while let Step::After(wait, then) = step {
            sleep(wait).await;
            step = *then;
        }
        let (status, headers, body) = match step {
            Step::Respond(status, body) => (status, Vec::new(), body),
            Step::Headers(status, headers, body) => (status, headers, body),
            Step::Fail(kind) => return Err(TransportError::new(kind)),
            Step::Hang | Step::After(..) => return std::future::pending().await,
        };
        let mut response = http::Response::new(ResponseBody::full(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        Ok(response)
    }
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

#[derive(Debug)]
pub(crate) struct FixedToken;

#[async_trait]
impl Authenticator for FixedToken {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&TOKEN.into(), 0)
    }

    fn can_renew(&self) -> bool {
        false
    }
}

/// Returns another token after each rejection.
#[derive(Debug)]
pub(crate) struct Renewable;

#[async_trait]
impl Authenticator for Renewable {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&TOKEN.into(), 0)
    }
}

/// Never returns a credential.
#[derive(Debug)]
pub(crate) struct HangingSignIn;

#[async_trait]
impl Authenticator for HangingSignIn {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        std::future::pending().await
    }
}

/// Lists the rows of a parent.
#[derive(Debug, Clone)]
pub(crate) struct ListRows(pub(crate) &'static str);

impl Endpoint for ListRows {
    const NAME: &'static str = "test.list_rows";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<String>;

    fn path(&self) -> Path {
        Path::root().seg("parentId", self.0).lit("rows")
    }

    fn decode(&self, response: Response) -> Result<Vec<String>> {
        let rows: Vec<Value> = response.list("rows")?;
        let ids = rows.iter().filter_map(|row| row["id"].as_str());
        Ok(ids.map(str::to_owned).collect())
    }
}

/// Creates a row. Must not run twice.
#[derive(Debug, Clone)]
pub(crate) struct CreateRow {
    pub(crate) parent: &'static str,
    /// Whether the API exposes whose row it is.
    pub(crate) proven: bool,
    /// Whether a missing row proves that the attempt can no longer take effect.
    pub(crate) expires: bool,
}

pub(crate) fn create() -> CreateRow {
    CreateRow {
        parent: "P",
        proven: true,
        expires: false,
    }
}

impl Endpoint for CreateRow {
    const NAME: &'static str = "test.create_row";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Row;

    fn path(&self) -> Path {
        Path::root().seg("parentId", self.parent).lit("rows")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert("x-password", PASSWORD.parse().unwrap());
        Ok(())
    }

    fn body(&self) -> Result<RequestBody> {
        json_body(&json!({"name": "Spring"}))
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![PASSWORD.into()]
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Row>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<Row> {
        Ok(Row(response.field::<TaskId>("id")?))
    }
}

#[async_trait]
impl Reconcile<Row> for CreateRow {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        lookup.call(&ListRows(self.parent)).await
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<Row>> {
        let listed = evidence.lookup().call(&ListRows(self.parent)).await?;
        let new: Vec<_> = listed
            .iter()
            .filter(|id| evidence.is_candidate(id, None))
            .collect();
        Ok(match new[..] {
            [] => Finding::Nothing,
            [id] if self.proven => Finding::Confirmed(Row(id.as_str().into())),
            [id] => Finding::Presumed {
                id: id.clone(),
                output: Row(id.as_str().into()),
                undecided: false,
            },
            _ => Finding::Unclear("several rows are new".to_owned()),
        })
    }

    async fn cannot_take_effect(&self, _: &Evidence<'_>) -> Result<Option<String>> {
        Ok(self.expires.then(|| "the parent is gone".to_owned()))
    }

    fn id(&self, output: &Row) -> Option<String> {
        Some(output.0.to_string())
    }

    fn request(&self) -> Value {
        json!({"name": "Spring"})
    }
}

/// A created row, which is also the address of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) TaskId);

impl LongRunning for Row {
    const KIND: &'static str = "row";
    type Result = Value;
    type Outcome = ();
    type Poll = PollRow;

    fn task_id(&self) -> &TaskId {
        &self.0
    }

    fn poll(&self) -> PollRow {
        PollRow
    }

    fn outcome(&self, _: TaskStatus<Value>) -> Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct PollRow;

impl Endpoint for PollRow {
    const NAME: &'static str = "test.poll_row";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<Value>;

    fn path(&self) -> Path {
        Path::root().lit("task")
    }

    fn decode(&self, response: Response) -> Result<TaskStatus<Value>> {
        response.field("task")
    }
}
