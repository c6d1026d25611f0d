//! Request bodies on the wire.

use anaplan_core::transport::reqwest::ReqwestTransport;
use anaplan_core::{Bytes, RequestBody, StatusCode, Transport, TransportErrorKind};
use futures_util::stream;
use tokio::io::AsyncReadExt as _;

use crate::raw::{FINE, Raw, Wire};

/// 9 MB, more than the buffers of both sides hold.
const LARGE: usize = 9_000_000;

async fn put(server: &Raw, body: RequestBody) -> Result<StatusCode, TransportErrorKind> {
    let request = http::Request::put(format!("{}/file", server.url())).body(body);
    let sent = ReqwestTransport::new()
        .unwrap()
        .send(request.unwrap())
        .await;
    match sent {
        Ok(mut response) => {
            while let Some(piece) = response.body_mut().chunk().await {
                piece.unwrap();
            }
            Ok(response.status())
        }
        Err(error) => Err(error.kind()),
    }
}

async fn answering() -> Raw {
    Raw::start(|mut wire| async move { wire.behave().await }).await
}

fn streamed(len: Option<u64>, parts: &'static [&'static str]) -> RequestBody {
    RequestBody::from_stream(len, move || {
        stream::iter(
            parts
                .iter()
                .map(|part| Ok(Bytes::from_static(part.as_bytes()))),
        )
    })
}

#[tokio::test]
async fn body_of_known_length_is_sent_with_its_length() {
    for (body, length) in [
        (RequestBody::from("hello"), 5),
        (RequestBody::from(vec![b'x'; 300_000]), 300_000),
        (streamed(Some(5), &["he", "", "llo"]), 5),
        (RequestBody::empty(), 0),
    ] {
        let server = answering().await;
        let progress = body.progress();
        assert_eq!(put(&server, body).await, Ok(StatusCode::OK));
        let request = server.seen()[0].to_lowercase();
        assert!(
            request.contains(&format!("content-length: {length}\r\n")),
            "{request}"
        );
        assert!(!request.contains("transfer-encoding"), "{request}");
        if length > 0 {
            assert_eq!((progress.sent(), progress.is_finished()), (length, true));
        }
    }
}

#[tokio::test]
async fn body_of_unknown_length_is_sent_in_chunks() {
    let server = Raw::start(|mut wire| async move {
        wire.request().await;
        let mut rest = [0; 1024];
        let _ = wire.stream.read(&mut rest).await;
        wire.send(FINE).await;
    })
    .await;
    let body = streamed(None, &["he", "llo"]);
    assert_eq!(put(&server, body).await, Ok(StatusCode::OK));
    let request = server.seen()[0].to_lowercase();
    assert!(
        request.contains("transfer-encoding: chunked\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn request_whose_body_is_not_as_announced_is_not_completed() {
    for (len, parts) in [(6, &["hello"][..]), (4, &["hello"]), (5, &["hello", "!"])] {
        let server = answering().await;
        let sent = put(&server, streamed(Some(len), parts)).await;
        assert_eq!(sent, Err(TransportErrorKind::Body), "{len} {parts:?}");
        assert_eq!(server.seen().len(), 0);
    }
}

/// Reads the head of a request and nothing of its body, responds and closes.
async fn answer_early(mut wire: Wire, response: &'static str) {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if wire.stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    wire.send(response).await;
}

#[tokio::test]
async fn early_response_counts_even_if_the_server_closes() {
    let server = Raw::start(|wire| {
        let response = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 23\r\n\
             connection: close\r\n\r\n{\"message\":\"too large\"}";
        answer_early(wire, response)
    })
    .await;
    early(&server.url()).await;
}

/// Sends a large body 50 times. A write that fails must never hide the response.
async fn early(url: &str) {
    let transport = ReqwestTransport::new().unwrap();
    for _ in 0..50 {
        let body = RequestBody::from(vec![b'x'; LARGE]);
        let request = http::Request::put(format!("{url}/file")).body(body);
        let mut response = transport.send(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let words = response.body_mut().chunk().await.unwrap().unwrap();
        assert_eq!(words, r#"{"message":"too large"}"#);
    }
}
