//! Limits of responses in memory, without sockets.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anaplan_core::{
    Authenticator, Bytes, Connection, Credential, Download, Endpoint, ErrorKind, Hosts, Method,
    Path, RequestBody, Response, ResponseBody, Result, RetryClass, RetryPolicy, Session, Settings,
    StatusCode, Transport, TransportError, TransportErrorKind, async_trait,
};
use futures_util::stream;

/// Returns one prepared response after the other.
#[derive(Default)]
struct Scripted {
    answers: Mutex<Vec<http::Response<ResponseBody>>>,
    sent: AtomicUsize,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(
        &self,
        _: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(self.answers.lock().unwrap().remove(0))
    }
}

#[derive(Debug)]
struct FixedToken;

#[async_trait]
impl Authenticator for FixedToken {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&"token".into(), 0)
    }

    fn can_renew(&self) -> bool {
        false
    }
}

#[derive(Debug, Clone)]
struct Read;

impl Endpoint for Read {
    const NAME: &'static str = "test.read";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Bytes;

    fn path(&self) -> Path {
        Path::root().lit("read")
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for Read {}

#[derive(Debug, Clone)]
struct Write;

impl Endpoint for Write {
    const NAME: &'static str = "test.write";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Bytes;

    fn path(&self) -> Path {
        Path::root().lit("write")
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

/// Creates a body of chunks of 10 bytes, and a counter of the chunks that were read.
fn chunks(count: usize) -> (ResponseBody, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let chunks = (0..count).map(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(b"0123456789"))
    });
    (ResponseBody::from_stream(stream::iter(chunks)), taken)
}

fn answer(status: u16, body: ResponseBody) -> http::Response<ResponseBody> {
    let mut answer = http::Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn session(
    max_body: usize,
    answers: Vec<http::Response<ResponseBody>>,
) -> (Session, Arc<Scripted>) {
    let transport = Arc::new(Scripted {
        answers: Mutex::new(answers),
        sent: AtomicUsize::new(0),
    });
    let mut settings = Settings::default();
    settings.max_body = max_body;
    settings.retry = RetryPolicy::default();
    let connection = Connection::to(Hosts::all("http://localhost"))
        .with_transport(Arc::clone(&transport) as Arc<dyn Transport>);
    let session = Session::new(connection, Arc::new(FixedToken), settings).unwrap();
    (session, transport)
}

#[tokio::test(start_paused = true)]
async fn response_above_the_limit_fails_at_the_first_surplus_chunk() {
    let (exact, _) = chunks(3);
    let (endless, taken) = chunks(1000);
    let (session, transport) = session(30, vec![answer(200, exact), answer(200, endless)]);
    assert_eq!(session.call(Read).await.unwrap().len(), 30);

    let error = session.call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let text = error.to_string();
    assert!(text.starts_with("test.read: "), "{text}");
    assert!(text.contains("exceeds the limit of 30 bytes"), "{text}");
    assert!(!error.is_retryable());
    assert_eq!(taken.load(Ordering::Relaxed), 4);
    assert_eq!(transport.sent.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn announced_length_above_the_limit_fails_without_reading() {
    let (body, taken) = chunks(4);
    let mut large = answer(200, body);
    large.headers_mut().insert("content-length", 40.into());
    let (session, _) = session(39, vec![large]);
    let error = session.call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn write_with_too_large_a_response_is_ambiguous() {
    let (body, _) = chunks(10);
    let (session, transport) = session(30, vec![answer(201, body)]);
    let error = session.call(Write).await.unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!(transport.sent.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn streams_are_not_limited() {
    let (body, _) = chunks(1000);
    let (session, _) = session(30, vec![answer(200, body)]);
    let mut stream = session.call(Read).stream().await.unwrap();
    let mut length = 0;
    while let Some(chunk) = stream.chunk().await {
        length += chunk.unwrap().len();
    }
    assert_eq!(length, 10_000);
}

#[tokio::test(start_paused = true)]
async fn refusal_with_a_huge_body_keeps_its_status() {
    // More than any message, and far less than the limit for answers.
    let (large, taken) = chunks(1_000_000);
    let (also_large, _) = chunks(1_000_000);
    let (fine, _) = chunks(1);
    let mut throttled = answer(429, also_large);
    throttled.headers_mut().insert("retry-after", 1.into());
    let (session, transport) = session(
        256 << 20,
        vec![answer(503, large), throttled, answer(200, fine)],
    );
    assert_eq!(session.call(Read).await.unwrap().len(), 10);
    assert_eq!(transport.sent.load(Ordering::Relaxed), 3);
    assert!(taken.load(Ordering::Relaxed) <= 64 * 1024 / 10 + 1);
}

#[tokio::test(start_paused = true)]
async fn refusal_with_a_broken_body_keeps_its_status() {
    let broken = || {
        ResponseBody::broken(
            &b"{\"sta"[..],
            TransportError::new(TransportErrorKind::Interrupted),
        )
    };
    // A part of a refusal does not prove that the request was not executed.
    for status in [401, 404, 423, 429, 504] {
        let (session, transport) = session(1000, vec![answer(status, broken())]);
        let error = session.call(Write).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert!(error.record().is_some());
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(transport.sent.load(Ordering::Relaxed), 1);
    }
}
