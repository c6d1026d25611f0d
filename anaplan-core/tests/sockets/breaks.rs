//! Connections that break at every point of an exchange.
//!
//! Repeatable calls are retried. A call that must not run twice is sent once and fails as ambiguous.

use std::time::Duration;

use anaplan_core::{Error, ErrorKind, TransportErrorKind};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::raw::{Create, FINE, Raw, Read, Replace, Wire, session};

const SOON: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(3600);

/// Starts a server whose first connection fails after one request. Later connections work.
pub(crate) async fn first<F, Fut>(wrong: F) -> Raw
where
    F: Fn(Wire) -> Fut + Clone + Send + Sync + 'static,
    Fut: std::future::Future<Output = ()> + Send + 'static,
{
    Raw::start(move |mut wire| {
        let wrong = wrong.clone();
        async move {
            if wire.number > 0 {
                return wire.behave().await;
            }
            if wire.request().await.is_some() {
                wrong(wire).await;
            }
        }
    })
    .await
}

/// Checks the outcome of a break within an exchange, by the retry class of the call.
async fn breaks<F, Fut>(wrong: F)
where
    F: Fn(Wire) -> Fut + Clone + Send + Sync + 'static,
    Fut: std::future::Future<Output = ()> + Send + 'static,
{
    let server = first(wrong.clone()).await;
    assert_eq!(server.patient().call(Read).await.unwrap(), json!({"n": 1}));
    assert_eq!(server.count("GET /read"), 2);

    let server = first(wrong.clone()).await;
    server.patient().call(Replace).await.unwrap();
    assert_eq!(server.count("PUT /replace"), 2);

    let server = first(wrong.clone()).await;
    let error = server.patient().call(Create).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert!(!error.is_retryable());
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.count("POST /create"), 1);

    let server = first(wrong).await;
    let error = server.once().call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
    assert_eq!(server.count("GET /read"), 1);
}

#[tokio::test]
async fn closed_connection_instead_of_a_response() {
    breaks(|wire| async move { drop(wire) }).await;
}

#[tokio::test]
async fn reset_instead_of_a_response() {
    breaks(|wire| async move { wire.reset() }).await;
}

#[tokio::test]
async fn half_closed_connection_before_the_response() {
    breaks(|mut wire| async move {
        wire.stream.shutdown().await.unwrap();
        // The other half stays open.
        tokio::time::sleep(LONG).await;
    })
    .await;
}

#[tokio::test]
async fn connection_closed_within_the_head() {
    breaks(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\ncontent-le").await;
    })
    .await;
}

#[tokio::test]
async fn connection_closed_after_the_head() {
    breaks(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n")
            .await;
    })
    .await;
}

#[tokio::test]
async fn connection_closed_within_the_body() {
    breaks(|mut wire| async move { wire.send(&FINE[..FINE.len() - 3]).await }).await;
}

#[tokio::test]
async fn reset_within_the_body() {
    breaks(|mut wire| async move {
        wire.send(&FINE[..FINE.len() - 3]).await;
        // The head must have been read, for a reset throws away what has not been.
        tokio::time::sleep(SOON / 3).await;
        wire.reset();
    })
    .await;
}

#[tokio::test]
async fn chunked_body_without_its_end() {
    for body in [
        "",
        "8",
        "8\r\n{\"n\"",
        "8\r\n{\"n\": 1}",
        "8\r\n{\"n\": 1}\r\n",
        "8\r\n{\"n\": 1}\r\n0\r\n",
    ] {
        breaks(move |mut wire| async move {
            wire.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await;
            wire.send(body).await;
        })
        .await;
    }
}

#[tokio::test]
async fn invalid_chunks() {
    for body in [
        "x\r\n",
        "-1\r\n{}",
        "ffffffffffffffffff\r\n{}",
        "8;{\"n\": 1}",
    ] {
        breaks(move |mut wire| async move {
            wire.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await;
            wire.send(body).await;
        })
        .await;
    }
}

#[tokio::test]
async fn garbage_instead_of_http() {
    for garbage in [
        &b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76"[..],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>no HTTP</html>\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\ncontent-length: 9\r\n\r\n{\"n\": 1}",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        breaks(move |mut wire| async move { wire.send(garbage).await }).await;
    }
}

#[tokio::test]
async fn endless_head() {
    breaks(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\n").await;
        for number in 0..100_000 {
            let line = format!("x-{number}: {}\r\n", "y".repeat(100));
            if wire.stream.write_all(line.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn damaged_compressed_body() {
    breaks(|mut wire| async move {
        wire.send(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\n{\"n\": 1}",
        )
        .await;
        wire.behave().await;
    })
    .await;
}

/// Asserts that the error is a timeout of the transport.
fn is_late(error: &Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error}");
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<anaplan_core::TransportError>() {
            assert_eq!(inner.kind(), TransportErrorKind::Timeout);
            return;
        }
        source = inner.source();
    }
    panic!("no cause: {error:?}");
}

#[tokio::test]
async fn silent_server_times_out() {
    for begun in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"n\"",
    ] {
        let silent = move |mut wire: Wire| async move {
            wire.send(begun).await;
            tokio::time::sleep(LONG).await;
        };
        let hasty = |server: &Raw| {
            session(&server.url(), |settings| {
                settings.attempt_timeout = SOON;
                settings.idle_timeout = SOON;
                settings.retry.max_attempts = 1;
            })
        };
        let server = first(silent).await;
        is_late(
            &hasty(&server).call(Read).await.unwrap_err(),
            ErrorKind::Timeout,
        );
        let server = first(silent).await;
        let error = hasty(&server).call(Create).await.unwrap_err();
        is_late(&error, ErrorKind::Ambiguous);
        assert_eq!(server.count("POST"), 1);

        let server = first(silent).await;
        let patient = session(&server.url(), |settings| {
            settings.attempt_timeout = SOON;
            settings.idle_timeout = SOON;
        });
        patient.call(Read).await.unwrap();
        assert_eq!(server.count("GET"), 2);
    }
}

#[tokio::test]
async fn slow_headers_do_not_extend_the_timeout() {
    let server = first(|mut wire| async move {
        for byte in
            b"HTTP/1.1 200 OK\r\nx-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        {
            wire.send([*byte]).await;
            tokio::time::sleep(SOON / 10).await;
        }
    })
    .await;
    let hasty = session(&server.url(), |settings| {
        settings.attempt_timeout = SOON;
        settings.retry.max_attempts = 1;
    });
    let started = std::time::Instant::now();
    let error = hasty.call(Read).await.unwrap_err();
    is_late(&error, ErrorKind::Timeout);
    assert!(started.elapsed() < SOON * 5);
}

#[tokio::test]
async fn silent_stream_ends_with_a_timeout() {
    let server = first(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")
            .await;
        tokio::time::sleep(LONG).await;
    })
    .await;
    let hasty = session(&server.url(), |settings| settings.idle_timeout = SOON);
    let mut stream = hasty.call(Read).stream().await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "abc");
    let error = stream.chunk().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(stream.chunk().await.is_none());
}

#[tokio::test]
async fn broken_stream_is_an_error_and_save_to_starts_again() {
    let server = first(|mut wire| async move { wire.send(&FINE[..FINE.len() - 3]).await }).await;
    let folder = std::env::temp_dir().join(format!("anaplan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("report");
    let session = server.patient();
    assert_eq!(session.call(Read).save_to(&file).await.unwrap(), 8);
    assert_eq!(server.count("GET"), 2);
    assert_eq!(std::fs::read(&file).unwrap(), b"{\"n\": 1}");
    std::fs::remove_dir_all(&folder).unwrap();

    let server = first(|mut wire| async move { wire.send(&FINE[..FINE.len() - 3]).await }).await;
    let stream = server.once().call(Read).stream().await.unwrap();
    let error = stream.write_to(tokio::io::sink()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[tokio::test]
async fn refused_connection_is_retried_in_every_class() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let session = session(&format!("http://{address}"), |_| {});
    // Nothing can have been done, so even a write is tried again.
    let error = session.call(Create).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.attempts(), 6);
    assert!(error.is_retryable());
}
