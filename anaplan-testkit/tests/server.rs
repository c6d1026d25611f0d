//! What only a server of one's own can do.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_testkit::{Exchange, FakeAnaplan, Fault, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn listen(fake: FakeAnaplan) -> Server {
    let server = Server::builder(fake).body_limit(1000);
    server.listen("127.0.0.1:0").await.unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// All that comes until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset ends it as well as a close.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: fake\r\n{more}\r\n")
}

#[tokio::test]
async fn requests_in_a_pipe_are_answered_in_their_order() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    let mut stream = connect(&server).await;
    let pipe = [
        get("/token/validate", ""),
        get("/2/0/users/me", ""),
        get("/nowhere", "connection: close\r\n"),
    ];
    stream.write_all(pipe.concat().as_bytes()).await.unwrap();
    let answers = rest(&mut stream).await;
    let statuses: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(statuses, ["400", "401", "404"], "{answers}");
}

#[tokio::test]
async fn a_connection_outlives_its_answers_and_ends_with_a_drop() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    let mut stream = connect(&server).await;
    let mut buffer = [0; 4096];
    for _ in 0..3 {
        let request = get("/2/0/users/me", "");
        stream.write_all(request.as_bytes()).await.unwrap();
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..length].starts_with(b"HTTP/1.1 401"));
    }
    server.fake().inject(Fault::drop_before().times(1));
    let request = get("/2/0/users/me", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_cut_body_promises_more_than_it_brings() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    server.fake().inject(Fault::truncate(30).times(1));
    let mut stream = connect(&server).await;
    let request = get("/2/0/users/me", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert!(promised.parse::<usize>().unwrap() > 30, "{head}");
    assert_eq!(body.len(), 30);
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_and_those_under_it_are_not() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    for (size, status) in [(1000, "401"), (1001, "413")] {
        for chunked in [false, true] {
            let body = "x".repeat(size);
            let (kind, body) = if chunked {
                let body = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
                ("transfer-encoding: chunked".to_owned(), body)
            } else {
                (format!("content-length: {size}"), body)
            };
            let request = format!(
                "PUT /2/0/models HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n{kind}\r\n\r\n{body}"
            );
            let mut stream = connect(&server).await;
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            let expected = format!("HTTP/1.1 {status}");
            assert!(answer.starts_with(&expected), "{size} {chunked}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    for nonsense in [
        "\0\0\0\0",
        "GET\r\n\r\n",
        "PUT / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ] {
        let mut stream = connect(&server).await;
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"));
    }
    // Half a request, and gone.
    let mut stream = connect(&server).await;
    let half = b"PUT / HTTP/1.1\r\nhost: fake\r\ncontent-length: 10\r\n\r\nabc";
    stream.write_all(half).await.unwrap();
    drop(stream);
    let mut stream = connect(&server).await;
    let request = get("/", "connection: close\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 404"));
    assert_eq!(server.fake().requests().total(), 1);
}

#[tokio::test]
async fn stopping_waits_for_answers_under_way_and_takes_nothing_new() {
    let fake = validated(FakeAnaplan::in_process());
    let server = listen(fake.clone()).await;
    let address = server.address();
    let idle = connect(&server).await;
    let mut busy = connect(&server).await;
    fake.inject(Fault::delay(Duration::from_millis(80)).times(1));
    let request = get("/2/0/users/me", "");
    busy.write_all(request.as_bytes()).await.unwrap();
    while fake.requests().total() == 0 {
        tokio::task::yield_now().await;
    }
    let (answer, ()) = tokio::join!(rest(&mut busy), server.stop());
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(TcpStream::connect(address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn a_server_lives_as_long_as_a_fake_that_leads_there() {
    let server = listen(validated(FakeAnaplan::in_process())).await;
    let address = server.address();
    let fake = server.fake();
    drop(server);
    let stream = TcpStream::connect(address).await;
    assert!(stream.is_ok());
    drop((fake, stream));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_exchange_is_told_without_what_is_secret() {
    let told: Arc<Mutex<Vec<Exchange>>> = Arc::default();
    let ears = Arc::clone(&told);
    let server = Server::builder(validated(FakeAnaplan::in_process()))
        .observe(move |exchange| ears.lock().unwrap().push(exchange.clone()))
        .listen("127.0.0.1:0")
        .await
        .unwrap();
    server.fake().inject(Fault::truncate(3).after(1).times(1));
    server.fake().inject(Fault::drop_after().after(1).times(1));
    for path in ["/2/0/users/me?s=hidden", "/2/0/models", "/2/0/workspaces"] {
        let mut stream = connect(&server).await;
        let secret = "authorization: AnaplanAuthToken hidden\r\nconnection: close\r\n";
        stream
            .write_all(get(path, secret).as_bytes())
            .await
            .unwrap();
        rest(&mut stream).await;
    }
    let told = told.lock().unwrap();
    let seen: Vec<_> = told
        .iter()
        .map(|exchange| {
            let status = exchange.status.map(|status| status.as_u16());
            (exchange.path.as_str(), status, exchange.broken)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("/2/0/users/me", Some(401), false),
            ("/2/0/models", Some(401), true),
            ("/2/0/workspaces", None, true),
        ]
    );
    assert!(!format!("{told:?}").contains("hidden"));
}
