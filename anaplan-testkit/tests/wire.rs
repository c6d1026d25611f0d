//! HTTP/1.1 as clients of other languages speak it, without any client: bytes in, bytes out.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Duration;

use anaplan_conformance::validated;
use anaplan_testkit::{FakeAnaplan, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server, and a token of its administrator.
struct Fake {
    server: Server,
    token: String,
}

impl Fake {
    async fn start() -> Self {
        let server = Server::builder(validated(FakeAnaplan::in_process()));
        let server = server.listen("127.0.0.1:0").await.unwrap();
        let mut fake = Self {
            server,
            token: String::new(),
        };
        let admin = fake.server.fake().admin();
        let basic = STANDARD.encode(format!("{}:{}", admin.user, admin.password));
        let answer = fake
            .ask(&format!(
                "POST /token/authenticate HTTP/1.1\r\nhost: fake\r\nauthorization: Basic {basic}\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            ))
            .await;
        let (_, rest) = answer.split_once("\"tokenValue\":\"").unwrap();
        let (token, _) = rest.split_once('"').unwrap();
        token.clone_into(&mut fake.token);
        fake
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    /// All that comes for these bytes until the server closes the connection.
    async fn ask(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    /// A request with the token, up to the end of its head.
    fn head(&self, line: &str, more: &str) -> String {
        let token = &self.token;
        format!("{line}\r\nhost: fake\r\nauthorization: AnaplanAuthToken {token}\r\n{more}\r\n")
    }

    /// The answer to one request on a connection of its own.
    async fn close_after(&self, line: &str, more: &str) -> String {
        let more = format!("{more}connection: close\r\n");
        self.ask(&self.head(line, &more)).await
    }

    fn revisions(&self) -> String {
        format!(
            "/2/0/models/{}/alm/revisions",
            self.server.fake().demo().dev
        )
    }

    fn made(&self) -> usize {
        let fake = self.server.fake();
        fake.world(|world| world.books().revisions_created.len())
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut all))
        .await
        .expect("the server closes the connection")
        .unwrap();
    String::from_utf8(all).unwrap()
}

/// Reads until the text ends like this.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    while !all.ends_with(end.as_bytes()) {
        let byte = tokio::time::timeout(Duration::from_secs(20), stream.read_u8()).await;
        all.push(byte.expect("an answer").unwrap());
    }
    String::from_utf8(all).unwrap()
}

fn statuses(answers: &str) -> Vec<&str> {
    let parts = answers.split("HTTP/1.").skip(1);
    parts.map(|answer| &answer[2..5]).collect()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[tokio::test]
async fn writes_and_reads_in_one_pipe_happen_in_their_order() {
    let fake = Fake::start().await;
    let body = r#"{"name":"Spring"}"#;
    let json = format!(
        "content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    let path = fake.revisions();
    let post = fake.head(&format!("POST {path} HTTP/1.1"), &json) + body;
    let list = |more| fake.head(&format!("GET {path} HTTP/1.1"), more);
    let pipe = [list(""), post, list(""), list("connection: close\r\n")].concat();
    let answers = fake.ask(&pipe).await;
    assert_eq!(statuses(&answers), ["200", "201", "200", "200"]);
    let told: Vec<bool> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.contains("\"Spring\""))
        .collect();
    assert_eq!(told, [false, true, true, true]);
    assert_eq!(fake.made(), 1);
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let fake = Fake::start().await;
    for path in ["/2/0/users/me", "/2/0/models?limit=2", "/nowhere"] {
        let get = fake.close_after(&format!("GET {path} HTTP/1.1"), "").await;
        // On a connection that goes on: a body would be taken for the next answer.
        let first = fake.head(&format!("HEAD {path} HTTP/1.1"), "");
        let second = fake.head("GET /2/0/users/me HTTP/1.1", "connection: close\r\n");
        let answers = fake.ask(&(first + &second)).await;
        let (head, next) = answers.split_once("\r\n\r\n").unwrap();
        assert!(next.starts_with("HTTP/1.1 200"), "{next}");
        let head = format!("{head}\r\n\r\n");
        assert_eq!(statuses(&head), statuses(&get));
        for name in ["content-type", "content-length"] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
            assert!(header(&head, name).is_some());
        }
    }
}

#[tokio::test]
async fn options_are_told_without_a_credential() {
    let fake = Fake::start().await;
    for target in ["*", "/", "/2/0/models"] {
        let answer = fake
            .ask(&format!(
                "OPTIONS {target} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(statuses(&answer), ["200"], "{target}");
        let allow = header(&answer, "allow").unwrap();
        assert!(allow.contains("GET") && allow.contains("HEAD"), "{allow}");
    }
}

#[tokio::test]
async fn paths_are_decoded_once_and_not_resolved() {
    let fake = Fake::start().await;
    let dev = fake.server.fake().demo().dev;
    let encoded: String = dev
        .as_str()
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    for (path, status) in [
        (format!("/2/0/models/{encoded}"), "200"),
        (format!("/%32/0/%6Dodels/{dev}"), "200"),
        (format!("/2/0/models/{dev}/"), "200"),
        (format!("/2/0/models%2F{dev}"), "404"),
        (format!("/2/0/users/%2e%2e/models/{dev}"), "404"),
        (format!("/2/0/users/../models/{dev}"), "404"),
        (
            format!("/2/0/models/{}", dev.as_str().to_lowercase()),
            "404",
        ),
        ("/2/0/models/%ff%00%zz%".to_owned(), "404"),
        ("/2/0/models?limit=%32&unknown=%ff".to_owned(), "200"),
    ] {
        let answer = fake.close_after(&format!("GET {path} HTTP/1.1"), "").await;
        assert_eq!(statuses(&answer), [status], "{path}");
    }
}

#[tokio::test]
async fn who_waits_for_permission_to_send_a_body_gets_it() {
    let fake = Fake::start().await;
    let body = r#"{"name":"Spring"}"#;
    let more = format!(
        "content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n",
        body.len()
    );
    let line = format!("POST {} HTTP/1.1", fake.revisions());
    let mut stream = fake.connect().await;
    let head = fake.head(&line, &more);
    stream.write_all(head.as_bytes()).await.unwrap();
    let interim = until(&mut stream, "\r\n\r\n").await;
    assert!(interim.starts_with("HTTP/1.1 100"), "{interim}");
    assert_eq!(fake.made(), 0);
    stream.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(statuses(&rest(&mut stream).await), ["201"]);
    assert_eq!(fake.made(), 1);
}

#[tokio::test]
async fn http_1_0_ends_with_its_answer_unless_asked_to_stay() {
    let fake = Fake::start().await;
    let token = &fake.token;
    let get = format!("GET /2/0/users/me HTTP/1.0\r\nauthorization: Bearer {token}\r\n");
    let answer = fake.ask(&format!("{get}\r\n")).await;
    assert_eq!(statuses(&answer), ["200"]);
    assert!(answer.starts_with("HTTP/1.0 "), "{answer}");
    assert!(header(&answer, "transfer-encoding").is_none());
    assert!(answer.contains(&fake.server.fake().admin().user));

    let stays = format!("{get}connection: keep-alive\r\n\r\n");
    let answers = fake.ask(&format!("{stays}{get}\r\n")).await;
    assert_eq!(statuses(&answers), ["200", "200"]);
    assert_eq!(header(&answers, "connection"), Some("keep-alive"));
}

#[tokio::test]
async fn targets_may_be_absolute_as_proxies_send_them() {
    let fake = Fake::start().await;
    for target in [
        "http://fake/2/0/models?limit=1".to_owned(),
        format!("http://{}/2/0/models?limit=1", fake.server.address()),
        "https://api.anaplan.com/2/0/models?limit=1".to_owned(),
    ] {
        let answer = fake
            .close_after(&format!("GET {target} HTTP/1.1"), "")
            .await;
        assert_eq!(statuses(&answer), ["200"], "{target}");
        assert!(answer.contains("\"currentPageSize\":1"), "{answer}");
    }
    let log = fake.server.fake().requests();
    assert_eq!(log.count("GET /2/0/models"), 3);
    // It is no proxy itself.
    let answer = fake
        .close_after("CONNECT api.anaplan.com:443 HTTP/1.1", "")
        .await;
    assert!(statuses(&answer)[0].starts_with('4'), "{answer}");
}

#[tokio::test]
async fn bodies_may_come_in_chunks_of_any_kind() {
    let fake = Fake::start().await;
    let path = fake.revisions();
    for (number, (coding, body)) in [
        ("chunked", "13\r\n{\"name\":\"NUMBER  \"}\r\n0\r\n\r\n"),
        (
            "Chunked",
            "1\r\n{\r\n9;a=b;c\r\n\"name\":\"N\r\n8\r\nUMBER  \"\r\n1\r\n}\r\n0\r\n\r\n",
        ),
        (
            "chunked",
            "00013\r\n{\"name\":\"NUMBER  \"}\r\n0\r\nx-trailer: 1\r\n\r\n",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let structure = fake.server.fake();
        structure.world(|world| {
            let dev = structure.demo().dev;
            world.edit(&dev).list(format!("More {number}")).id();
        });
        let body = body.replace("NUMBER", &format!("No. {number} "));
        let more = format!(
            "content-type: application/json; charset=utf-8\r\ntransfer-encoding: {coding}\r\n"
        );
        let post = fake.head(&format!("POST {path} HTTP/1.1"), &more) + &body;
        let get = fake.head("GET /2/0/users/me HTTP/1.1", "connection: close\r\n");
        let answers = fake.ask(&(post + &get)).await;
        assert_eq!(statuses(&answers), ["201", "200"], "{answers}");
    }
    assert_eq!(fake.made(), 3);
}

#[tokio::test]
async fn names_of_headers_and_schemes_may_be_written_in_any_case() {
    let fake = Fake::start().await;
    let token = &fake.token;
    for (name, scheme) in [
        ("AUTHORIZATION", "AnaplanAuthToken"),
        ("authorization", "anaplanauthtoken"),
        ("Authorization", "BEARER"),
        ("aUtHoRiZaTiOn", "bearer"),
    ] {
        let answer = fake
            .ask(&format!(
                "GET /2/0/users/me HTTP/1.1\r\nHOST: fake\r\n{name}:{scheme} {token}  \r\nCONNECTION: CLOSE\r\n\r\n"
            ))
            .await;
        assert_eq!(statuses(&answer), ["200"], "{name} {scheme}");
        assert_eq!(header(&answer, "connection"), Some("close"));
    }
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte_and_a_get_may_have_a_body() {
    let fake = Fake::start().await;
    let first = fake.head("GET /2/0/users/me HTTP/1.1", "content-length: 4\r\n") + "null";
    let second = fake.head("GET /2/0/users/me HTTP/1.1", "connection: close\r\n");
    let mut stream = fake.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in (first + &second).bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(statuses(&rest(&mut stream).await), ["200", "200"]);
}

#[tokio::test]
async fn a_request_of_two_lengths_is_no_request() {
    let fake = Fake::start().await;
    let smuggled = fake.head(&format!("POST {} HTTP/1.1", fake.revisions()), "");
    for more in [
        "content-length: 4\r\ncontent-length: 5\r\n",
        "content-length: 4, 5\r\n",
        "content-length: +4\r\n",
        "transfer-encoding: identity, gzip\r\n",
    ] {
        let request = fake.head("PUT /2/0/models HTTP/1.1", more) + &smuggled;
        let answer = fake.ask(&request).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{more}{answer}"
        );
        assert_eq!(statuses(&answer).len().max(1), 1, "{answer}");
    }
    // The chunks win, and what follows them is looked at as what it is: nothing.
    let both = "content-length: 5\r\ntransfer-encoding: chunked\r\n";
    let request = fake.head("PUT /2/0/models HTTP/1.1", both) + "0\r\n\r\n";
    let mut stream = fake.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(statuses(&rest(&mut stream).await).len(), 1);
    assert_eq!(fake.made(), 0);
}

#[tokio::test]
async fn long_heads_are_taken_and_endless_ones_refused() {
    let fake = Fake::start().await;
    let long = "x".repeat(16 * 1024);
    let answer = fake
        .close_after("GET /2/0/users/me HTTP/1.1", &format!("cookie: {long}\r\n"))
        .await;
    assert_eq!(statuses(&answer), ["200"]);

    let many: String = (0..90).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let answer = fake.close_after("GET /2/0/users/me HTTP/1.1", &many).await;
    assert_eq!(statuses(&answer), ["200"]);

    let mut stream = fake.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let line = format!("x-endless: {}\r\n", "y".repeat(1000));
    let mut written = 0;
    while written < 100_000 && stream.write_all(line.as_bytes()).await.is_ok() {
        written += 1;
    }
    assert!(written < 100_000);
}
