//! The program: its card, its doors, its end.

#![cfg(all(unix, feature = "server"))]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use base64::Engine as _;
use serde_json::Value;

/// One request over one connection, without any client library.
fn ask(url: &str, head: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{head}\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_prints_its_card_lets_its_users_in_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_anaplan-fake"))
        .args(["--listen", "127.0.0.1:0", "--burst", "50", "--write-world"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let card: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| card[key].as_str().unwrap();
    assert_eq!(card["rate_limit"]["burst"], 50);
    let key = std::fs::read_to_string(text("private_key")).unwrap();
    assert!(key.contains("PRIVATE KEY"));

    let pair = format!("{}:{}", text("user"), text("password"));
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let head = format!("POST /token/authenticate HTTP/1.1\r\nauthorization: Basic {basic}");
    let answer = ask(text("url"), &head);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let token = body["tokenInfo"]["tokenValue"].as_str().unwrap();
    let head = format!("GET /2/0/users/me HTTP/1.1\r\nauthorization: AnaplanAuthToken {token}");
    assert!(ask(text("url"), &head).contains(text("user")));
    assert!(ask(text("url"), "GET /2/0/users/me HTTP/1.1").starts_with("HTTP/1.1 401"));

    let stopped = Command::new("kill").arg(program.id().to_string()).status();
    assert!(stopped.unwrap().success());
    assert!(program.wait().unwrap().success());
}
