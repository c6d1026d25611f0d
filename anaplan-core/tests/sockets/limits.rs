//! Limits of the size of responses.

use anaplan_core::ErrorKind;

use crate::raw::{Raw, Read, session};

#[cfg(feature = "gzip")]
fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "gzip")]
async fn compressed(status: &'static str, plain: &[u8]) -> Raw {
    let packed = gzip(plain);
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        packed.len()
    );
    let answer = [head.as_bytes(), &packed].concat();
    Raw::start(move |mut wire| {
        let answer = answer.clone();
        async move {
            while wire.request().await.is_some() {
                wire.send(&answer).await;
            }
        }
    })
    .await
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn limit_applies_to_the_decompressed_size() {
    let plain = format!("[{}1]", "1,".repeat(10_000));
    let server = compressed("200 OK", plain.as_bytes()).await;
    assert!(gzip(plain.as_bytes()).len() < 200);
    let limited = |max| session(&server.url(), |settings| settings.max_body = max);

    let whole = limited(plain.len()).call(Read).await.unwrap();
    assert_eq!(whole.as_array().unwrap().len(), 10_001);
    let error = limited(plain.len() - 1).call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.operation(), Some("test.read"));
    assert!(error.to_string().contains("20002 bytes"), "{error}");
    assert_eq!(server.count("GET"), 2);
    assert!(
        server.seen()[0]
            .to_lowercase()
            .contains("accept-encoding: gzip")
    );
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn decompression_bomb_is_rejected_except_by_streams() {
    let server = compressed("200 OK", &vec![b' '; 64 << 20]).await;
    let session = session(&server.url(), |settings| settings.max_body = 1 << 20);
    let error = session.call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let written = session.call(Read).write_to(tokio::io::sink()).await;
    assert_eq!(written.unwrap(), 64 << 20);
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn decompression_bomb_in_a_refusal_keeps_its_status() {
    let server = compressed("404 Not Found", &vec![b' '; 64 << 20]).await;
    let error = server.patient().call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(server.count("GET"), 1);
}

#[tokio::test]
async fn announced_length_above_the_limit_fails_before_the_body() {
    let server = Raw::start(|mut wire| async move {
        wire.request().await;
        // And no byte more: who waited for the body would wait for ever.
        wire.send("HTTP/1.1 200 OK\r\ncontent-length: 5000000000\r\n\r\n")
            .await;
        wire.behave().await;
    })
    .await;
    let error = server.once().call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn endless_response_fails_at_the_limit() {
    let server = Raw::start(|mut wire| async move {
        wire.request().await;
        wire.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        for _ in 0..10_000 {
            wire.send(&chunk).await;
        }
    })
    .await;
    let session = session(&server.url(), |settings| settings.max_body = 100_000);
    let error = session.call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}
