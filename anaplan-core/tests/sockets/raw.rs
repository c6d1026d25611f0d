//! A scripted TCP server, and sessions for it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_core::transport::reqwest::ReqwestTransport;
use anaplan_core::{
    Authenticator, Connection, Credential, Download, Endpoint, Hosts, Method, Path, RequestBody,
    Response, Result, RetryClass, RetryPolicy, Session, Settings, Transport, async_trait,
    json_body,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const TOKEN: &str = "t0ken-of-the-test";

/// A complete response.
pub(crate) const FINE: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"n\": 1}";

/// A listener and a log of its requests.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Raw {
    /// Starts a server that runs `script` for every connection. The first is number 0.
    pub(crate) async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&log);
                tokio::spawn(script(Wire {
                    stream,
                    number,
                    seen,
                }));
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns the number of requests of this method.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.seen()
            .iter()
            .filter(|request| request.starts_with(method))
            .count()
    }

    /// Creates a session without retries.
    pub(crate) fn once(&self) -> Session {
        session(&self.url(), |settings| {
            settings.retry = RetryPolicy::none();
        })
    }

    /// Creates a session that retries after a few milliseconds.
    pub(crate) fn patient(&self) -> Session {
        session(&self.url(), |_| {})
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) number: usize,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    /// Reads the next request with its body. `None`: the client closed the connection.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let request = read_message(&mut self.stream).await?;
        self.seen.lock().unwrap().push(request.clone());
        Some(request)
    }

    /// Sends bytes. Errors are ignored.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Responds to every further request with [`FINE`].
    pub(crate) async fn behave(&mut self) {
        while self.request().await.is_some() {
            self.send(FINE).await;
        }
    }

    /// Resets the connection instead of closing it.
    pub(crate) fn reset(self) {
        #[allow(
            deprecated,
            reason = "it blocks for no time at all when the time is zero"
        )]
        self.stream.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Reads a head and the announced body.
pub(crate) async fn read_message(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let announced = text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            if bytes.len() >= end + 4 + announced.unwrap_or(0) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Creates a session for this base URL with a fixed token.
pub(crate) fn session(url: &str, change: impl FnOnce(&mut Settings)) -> Session {
    let mut settings = Settings::default();
    settings.retry.first_delay = Duration::from_millis(1);
    settings.attempt_timeout = Duration::from_secs(10);
    change(&mut settings);
    let connection = Connection::to(Hosts::all(url)).with_transport(transport());
    Session::new(connection, Arc::new(FixedToken), settings).unwrap()
}

/// The bundled transport, made once for each test, which has a thread and a runtime of its own: reading
/// the machine's root certificates takes its time.
fn transport() -> Arc<dyn Transport> {
    thread_local! {
        static OF_THIS_TEST: Arc<dyn Transport> = Arc::new(ReqwestTransport::new().unwrap());
    }
    OF_THIS_TEST.with(Arc::clone)
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

/// A read-only call.
#[derive(Debug, Clone)]
pub(crate) struct Read;

impl Endpoint for Read {
    const NAME: &'static str = "test.read";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Value;

    fn path(&self) -> Path {
        Path::root().lit("read")
    }

    fn decode(&self, response: Response) -> Result<Value> {
        response.json()
    }
}

impl Download for Read {}

/// An idempotent call.
#[derive(Debug, Clone)]
pub(crate) struct Replace;

impl Endpoint for Replace {
    const NAME: &'static str = "test.replace";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = Value;

    fn path(&self) -> Path {
        Path::root().lit("replace")
    }

    fn body(&self) -> Result<RequestBody> {
        json_body(&json!({"to": 1}))
    }

    fn decode(&self, response: Response) -> Result<Value> {
        response.json()
    }
}

/// A call that must not run twice.
#[derive(Debug, Clone)]
pub(crate) struct Create;

impl Endpoint for Create {
    const NAME: &'static str = "test.create";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Value;

    fn path(&self) -> Path {
        Path::root().lit("create")
    }

    fn body(&self) -> Result<RequestBody> {
        json_body(&json!({"name": "Spring"}))
    }

    fn decode(&self, response: Response) -> Result<Value> {
        response.json()
    }
}
