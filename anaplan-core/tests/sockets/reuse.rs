//! Connections that are kept: their ends, interim responses, and bytes that belong to no response.

use std::time::Duration;

use anaplan_core::ErrorKind;
use serde_json::json;

use crate::breaks::first;
use crate::raw::{Create, FINE, Raw, Read, Wire};

const SOON: Duration = Duration::from_millis(150);

#[tokio::test]
async fn surplus_bytes_are_not_read_as_the_next_response() {
    // More bytes than announced, which read like an answer to the next request.
    let forged = FINE.replace("1}", "6}");
    let server = first(move |mut wire| {
        let forged = forged.clone();
        async move {
            wire.send(format!("{FINE}{forged}")).await;
            wire.behave().await;
        }
    })
    .await;
    let session = server.patient();
    assert_eq!(session.call(Read).await.unwrap(), json!({"n": 1}));
    for _ in 0..3 {
        assert_eq!(session.call(Read).await.unwrap(), json!({"n": 1}));
    }
}

#[tokio::test]
async fn body_with_too_small_a_length_does_not_affect_the_next_response() {
    let server = first(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"n\": 1}")
            .await;
        wire.behave().await;
    })
    .await;
    let session = server.patient();
    let error = session.call(Read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(session.call(Read).await.unwrap(), json!({"n": 1}));
}

#[tokio::test]
async fn response_may_end_with_its_connection() {
    for head in [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    ] {
        let server = Raw::start(move |mut wire| async move {
            wire.request().await;
            wire.send(head).await;
            wire.send("{\"n\": 1}").await;
        })
        .await;
        let session = server.once();
        for _ in 0..2 {
            assert_eq!(session.call(Read).await.unwrap(), json!({"n": 1}));
        }
    }
}

#[tokio::test]
async fn interim_responses_are_skipped() {
    let server = Raw::start(|mut wire| async move {
        while wire.request().await.is_some() {
            wire.send(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            )
            .await;
            wire.send(FINE).await;
        }
    })
    .await;
    assert_eq!(server.once().call(Create).await.unwrap(), json!({"n": 1}));
}

#[tokio::test]
async fn closed_idle_connection_is_not_reused() {
    let server = Raw::start(|mut wire| async move {
        // One exchange for each connection, which looks as if it were kept.
        wire.request().await;
        wire.send(FINE).await;
    })
    .await;
    let session = server.once();
    session.call(Read).await.unwrap();
    tokio::time::sleep(SOON / 3).await;
    for _ in 0..3 {
        session.call(Create).await.unwrap();
        tokio::time::sleep(SOON / 3).await;
    }
    assert_eq!(server.count("POST"), 3);
}

#[tokio::test]
async fn write_on_a_closing_connection_is_not_sent_twice() {
    let wrong = |mut wire: Wire| async move {
        wire.send(FINE).await;
        wire.request().await;
    };
    let server = first(wrong).await;
    let session = server.patient();
    session.call(Read).await.unwrap();
    let error = session.call(Create).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(server.count("POST"), 1);

    let server = first(wrong).await;
    let session = server.patient();
    session.call(Read).await.unwrap();
    session.call(Read).await.unwrap();
    assert_eq!(server.count("GET"), 3);
}

#[tokio::test]
async fn write_racing_with_the_end_of_a_connection_is_not_sent_twice() {
    let server = Raw::start(|mut wire| async move {
        wire.request().await;
        wire.send(FINE).await;
    })
    .await;
    let session = server.once();
    for round in 1..=50 {
        // The end of the connection and the next request are under way at the same time.
        match session.call(Create).await {
            Ok(_) => {}
            Err(error) => assert!(
                error.is_ambiguous() || error.kind() == ErrorKind::Connect,
                "{error}"
            ),
        }
        assert!(server.count("POST") <= round);
    }
}
