//! How much memory the server takes for large files: a process of its own, which is measured as a whole.

#![cfg(all(feature = "server", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

use anaplan_conformance::validated;
use anaplan_testkit::{FakeAnaplan, Pacing, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const MIB: u64 = 1024 * 1024;
const CHUNK: usize = 16 * 1024 * 1024;
const CHUNKS: usize = 20;
/// The most that the process may take, far less than the files.
const MOST: u64 = 128 * MIB;

/// The most memory that this process has taken so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

struct Client {
    stream: BufReader<TcpStream>,
    credential: String,
}

impl Client {
    async fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: fake\r\nauthorization: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.credential,
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
        self.stream.write_all(body).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line.trim_end().to_lowercase()
    }

    /// The status, and how long the body is if that is said.
    async fn head(&mut self) -> (u16, Option<usize>) {
        let status = self.line().await;
        let mut length = None;
        loop {
            let line = self.line().await;
            if line.is_empty() {
                let status = status.split(' ').nth(1).unwrap().parse().unwrap();
                return (status, length);
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = Some(text.trim().parse().unwrap());
            }
        }
    }

    async fn answer(&mut self, status: u16) -> String {
        let (got, length) = self.head().await;
        let mut body = vec![0; length.unwrap_or_default()];
        self.stream.read_exact(&mut body).await.unwrap();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(got, status, "{body}");
        body
    }

    /// Reads a body that comes in pieces, and shows the ends of each with their places. Gives its length.
    async fn pieces(&mut self, look: impl Fn(u64, u8)) -> u64 {
        assert_eq!(self.head().await, (200, None));
        let mut length = 0;
        let mut piece = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line().await, 16).unwrap();
            piece.resize(size, 0);
            self.stream.read_exact(&mut piece).await.unwrap();
            assert_eq!(self.line().await, "");
            let (Some(first), Some(last)) = (piece.first(), piece.last()) else {
                return length;
            };
            look(length, *first);
            length += size as u64;
            look(length - 1, *last);
        }
    }
}

#[tokio::test]
async fn large_files_are_taken_and_given_without_being_held() {
    let fake = validated(FakeAnaplan::in_process());
    let demo = fake.demo();
    let export = fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        world
            .edit(&demo.dev)
            .export("Large")
            .of_bytes(320 * MIB)
            .id()
    });
    let server = Server::builder(fake).listen("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let basic = STANDARD.encode(format!("{}:{}", demo.admin.user, demo.admin.password));
    let mut client = Client {
        stream: BufReader::new(stream),
        credential: format!("Basic {basic}"),
    };
    client.send("POST", "/token/authenticate", "", b"").await;
    let token = client.answer(201).await;
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    let token = token["tokenInfo"]["tokenValue"].as_str().unwrap();
    client.credential = format!("AnaplanAuthToken {token}");

    let model = format!("/2/0/models/{}", demo.dev);
    let file = format!("{model}/files/{}", demo.source_file);
    let count = format!("{{\"chunkCount\":{CHUNKS}}}");
    client
        .send("POST", &file, "application/json", count.as_bytes())
        .await;
    client.answer(200).await;
    let mut chunk = vec![0; CHUNK];
    for number in 0..CHUNKS {
        chunk.fill(u8::try_from(number).unwrap());
        let path = format!("{file}/chunks/{number}");
        client
            .send("PUT", &path, "application/octet-stream", &chunk)
            .await;
        client.answer(204).await;
    }
    client.send("GET", &file, "", b"").await;
    let read = client.pieces(|place, byte| assert_eq!(place / CHUNK as u64, u64::from(byte)));
    assert_eq!(read.await, (CHUNKS * CHUNK) as u64);

    let run = format!("{model}/exports/{export}/tasks");
    client
        .send(
            "POST",
            &run,
            "application/json",
            br#"{"localeName":"en_US"}"#,
        )
        .await;
    client.answer(200).await;
    client
        .send("GET", &format!("{model}/files/{export}"), "", b"")
        .await;
    assert_eq!(client.pieces(|_, _| ()).await, 320 * MIB);
    assert!(peak() < MOST, "{} MiB", peak() / MIB);
    server.stop().await;
}
