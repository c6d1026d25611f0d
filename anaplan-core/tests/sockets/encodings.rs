//! Content encodings of responses.

use anaplan_core::ErrorKind;
#[cfg(feature = "gzip")]
use serde_json::json;

use crate::raw::{Raw, Read};

/// A server that sends this body with these headers to every request.
async fn sending(status: &'static str, encoding: &'static str, body: Vec<u8>) -> Raw {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\n\
         content-length: {length}\r\n\r\n"
    );
    let response = [head.into_bytes(), body].concat();
    Raw::start(move |mut wire| {
        let response = response.clone();
        async move {
            while wire.request().await.is_some() {
                wire.send(&response).await;
            }
        }
    })
    .await
}

#[cfg(feature = "gzip")]
fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn all_members_of_a_gzip_body_are_read() {
    for (first, second) in [("{\"n\":", " 1}"), ("{\"n\": 1", "}"), ("", "{\"n\": 1}")] {
        let body = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
        for encoding in ["gzip", "GZIP", "x-gzip"] {
            let server = sending("200 OK", encoding, body.clone()).await;
            assert_eq!(server.once().call(Read).await.unwrap(), json!({"n": 1}));
        }
    }
    // Members larger than every buffer, and a small one at the end.
    let large = "x".repeat(1 << 20);
    let text = format!("\"{large}\"");
    let (begin, end) = text.split_at(1 << 19);
    let body = [gzip(begin.as_bytes()), gzip(end.as_bytes()), gzip(b" ")].concat();
    let server = sending("200 OK", "gzip", body).await;
    assert_eq!(server.once().call(Read).await.unwrap(), json!(large));
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn stream_of_a_cut_gzip_body_ends_with_an_error() {
    let whole = gzip(b"{\"n\": 1}");
    let server = sending("200 OK", "gzip", whole[..whole.len() - 1].to_vec()).await;
    let written = server.once().call(Read).write_to(tokio::io::sink()).await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Interrupted);
}

#[tokio::test]
async fn encoding_that_was_not_asked_for_is_an_error_after_one_attempt() {
    for encoding in ["br", "zstd", "compress"] {
        let server = sending("200 OK", encoding, b"{\"n\": 1}".to_vec()).await;
        let error = server.patient().call(Read).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains(encoding), "{error}");
        assert!(!error.is_retryable());
        assert_eq!(server.count("GET"), 1);
        let written = server.once().call(Read).write_to(tokio::io::sink()).await;
        assert!(written.is_err());
    }
}

#[tokio::test]
async fn refusal_in_an_unknown_encoding_keeps_its_status() {
    let server = sending("404 Not Found", "br", b"{}".to_vec()).await;
    let error = server.patient().call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(server.count("GET"), 1);
}
