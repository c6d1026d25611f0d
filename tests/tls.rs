//! https: whom the client trusts, and what it tells those whom it does not trust.

#![cfg(any(feature = "rustls", feature = "native-tls"))]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::Command;
use std::sync::{Arc, Mutex};

use anaplan::{Client, ClientBuilder, ErrorKind, Hosts, RetryPolicy};
use anaplan_testkit::pki::Authority;
use anaplan_testkit::{FakeAnaplan, Fault, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn https(address: &str) -> Server {
    let server = Server::builder(FakeAnaplan::in_process()).https();
    server.listen(address).await.unwrap()
}

fn builder(server: &Server) -> ClientBuilder {
    let admin = server.fake().admin();
    Client::builder()
        .hosts(Hosts::all(server.url()))
        .basic(admin.user, admin.password)
        .retry(RetryPolicy::none())
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_works_as_ever() {
    let server = https("127.0.0.1:0").await;
    let ca = server.ca_certificate().unwrap();
    // In one text with another, and in texts of their own.
    let other = Authority::new().unwrap().certificate_pem();
    let both = format!("{}\n{ca}", other.trim());
    for builder in [
        builder(&server).root_certificate(&both),
        builder(&server)
            .root_certificate(other.trim())
            .root_certificate(ca.trim()),
        builder(&server)
            .root_certificate(&ca)
            .hosts(Hosts::all(server.url().replace("127.0.0.1", "localhost"))),
    ] {
        let me = builder.build().unwrap().who_am_i().await.unwrap();
        assert_eq!(me.email, Some(server.fake().admin().user));
    }
}

#[tokio::test]
async fn who_is_not_trusted_gets_no_request_and_the_error_says_why() {
    let server = https("127.0.0.1:0").await;
    let stranger = Authority::new().unwrap().certificate_pem();
    for builder in [
        builder(&server).retry(RetryPolicy::default()),
        builder(&server).root_certificate(stranger),
    ] {
        let error = builder.build().unwrap().who_am_i().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        let text = error.to_string();
        let place = server.url().replace("https://", "cannot reach ");
        assert!(text.contains(&place), "{text}");
        assert!(text.contains("root_certificate"), "{text}");
        assert!(error.attempts() <= 1 && !error.is_retryable(), "{error:?}");
        assert!(text.contains("certificate"), "{text}");
        assert!(!format!("{error:?}").contains(&server.fake().admin().password));
    }
    assert_eq!(server.fake().requests().total(), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = https("0.0.0.0:0").await;
    let elsewhere = server.url().replace("127.0.0.1", "127.0.0.2");
    let client = builder(&server)
        .root_certificate(server.ca_certificate().unwrap())
        .hosts(Hosts::all(elsewhere))
        .build()
        .unwrap();
    let error = client.who_am_i().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.fake().requests().total(), 0);
}

#[tokio::test]
async fn plain_http_is_no_substitute() {
    let plain = Server::builder(FakeAnaplan::in_process())
        .listen("127.0.0.1:0")
        .await
        .unwrap();
    assert_eq!(plain.ca_certificate(), None);
    let client = builder(&plain)
        .hosts(Hosts::all(plain.url().replace("http:", "https:")))
        .build()
        .unwrap();
    let error = client.who_am_i().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!(plain.fake().requests().total(), 0);
}

#[tokio::test]
async fn a_connection_that_breaks_under_tls_is_a_broken_connection() {
    let server = https("127.0.0.1:0").await;
    let client = builder(&server)
        .root_certificate(server.ca_certificate().unwrap())
        .build()
        .unwrap();
    client.who_am_i().await.unwrap();
    for fault in [
        Fault::truncate(5),
        Fault::drop_before(),
        Fault::drop_after(),
    ] {
        server.fake().inject(fault.times(1));
        let error = client.who_am_i().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    }
    client.who_am_i().await.unwrap();
}

const TARGET: &str = "ANAPLAN_TEST_TARGET";
const CA: &str = "ANAPLAN_TEST_CA";

#[tokio::test]
#[ignore = "run by the next one, in a process with a proxy in its environment"]
async fn one_call_through_a_proxy() {
    let client = Client::builder()
        .hosts(Hosts::all(std::env::var(TARGET).unwrap()))
        .root_certificate(std::env::var(CA).unwrap())
        .token("t0ken-of-the-test")
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    // The fake rejects the unknown token: its response has passed the tunnel.
    let error = client.who_am_i().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    assert_eq!(error.status().unwrap().as_u16(), 401, "{error}");
    assert!(
        error.to_string().contains("the token has expired"),
        "{error}"
    );
    println!("the call was answered");
}

#[tokio::test]
async fn a_tunnel_carries_the_token_and_the_proxy_does_not_see_it() {
    let server = https("127.0.0.1:0").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let upstream = server.address();
    let seen = Arc::clone(&heads);
    let tunnels = tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            seen.lock().unwrap().push(String::from_utf8(head).unwrap());
            client
                .write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")
                .await
                .unwrap();
            let mut server = TcpStream::connect(upstream).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    });

    let target = server.url().to_owned();
    let ca = server.ca_certificate().unwrap();
    let child = move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command
            .args([
                "--exact",
                "one_call_through_a_proxy",
                "--ignored",
                "--nocapture",
            ])
            .env(TARGET, target)
            .env(CA, ca)
            .env("HTTPS_PROXY", proxy)
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(child).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failure = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the call was answered"), "{said}{failure}");
    tunnels.abort();

    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1, "{heads:?}");
    let connect = format!("CONNECT {} HTTP/1.1\r\n", server.address());
    assert!(heads[0].starts_with(&connect), "{heads:?}");
    assert!(!heads[0].contains("t0ken"), "{heads:?}");
    // The call, and the check of the rejected token.
    assert_eq!(server.fake().requests().total(), 2);
}
