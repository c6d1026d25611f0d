//! Proxies of the environment. The environment belongs to a process, so each client runs in one of its
//! own: this program again, with the ignored test at the end.

use std::process::{Command, Output};

use anaplan_core::transport::reqwest::ReqwestTransport;
use anaplan_core::{ErrorKind, RequestBody, Transport as _};

use crate::raw::{FINE, Raw, Read, TOKEN, session};

const TARGET: &str = "ANAPLAN_TEST_TARGET";

/// Makes one call in a process with these variables and returns its output.
async fn call(target: String, variables: Vec<(&'static str, String)>) -> String {
    let child = move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for name in [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "REQUEST_METHOD",
        ] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command
            .args(["--exact", "proxies::one_call", "--ignored", "--nocapture"])
            .env(TARGET, target)
            .envs(variables)
            .output()
            .unwrap()
    };
    let Output { stdout, stderr, .. } = tokio::task::spawn_blocking(child).await.unwrap();
    let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    assert!(said.contains("the call: "), "{said}");
    said.into_owned()
}

#[tokio::test]
#[ignore = "run by the others, in a process with a proxy in its environment"]
async fn one_call() {
    if let Err(error) = ReqwestTransport::new() {
        println!("the call: {error:?}");
        return;
    }
    let session = session(&std::env::var(TARGET).unwrap(), |settings| {
        settings.retry.max_attempts = 3;
    });
    let outcome = session.call(Read).await;
    if let Err(error) = &outcome {
        assert!(matches!(
            error.kind(),
            ErrorKind::Connect | ErrorKind::Server
        ));
    }
    let retryable = outcome
        .as_ref()
        .err()
        .map(anaplan_core::Error::is_retryable);
    println!(
        "the call: {outcome:?} retryable: {}",
        retryable.unwrap_or_default()
    );
}

/// Starts a server that accepts the requests of a forward proxy.
async fn answering() -> Raw {
    Raw::start(|mut wire| async move { wire.behave().await }).await
}

#[tokio::test]
async fn plain_http_uses_the_proxy_of_the_variable() {
    let (target, proxy) = (answering().await, answering().await);
    let said = call(target.url(), vec![("http_proxy", proxy.url())]).await;
    assert!(said.contains("the call: Ok"), "{said}");
    let line = format!("GET {}/read HTTP/1.1", target.url());
    assert!(proxy.seen()[0].starts_with(&line), "{:?}", proxy.seen());
    assert_eq!(target.seen().len(), 0);
}

#[tokio::test]
async fn no_proxy_hosts_are_connected_directly() {
    let (target, proxy) = (answering().await, answering().await);
    let variables = vec![
        ("http_proxy", proxy.url()),
        ("no_proxy", "example.com,127.0.0.1".to_owned()),
    ];
    let said = call(target.url(), variables).await;
    assert!(said.contains("the call: Ok"), "{said}");
    assert_eq!((target.seen().len(), proxy.seen().len()), (1, 0));
}

#[tokio::test]
async fn proxy_of_the_other_scheme_is_not_used() {
    let (target, proxy) = (answering().await, answering().await);
    let said = call(target.url(), vec![("https_proxy", proxy.url())]).await;
    assert!(said.contains("the call: Ok"), "{said}");
    assert_eq!((target.seen().len(), proxy.seen().len()), (1, 0));
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn connect_request_does_not_carry_the_token() {
    let proxy = Raw::start(|mut wire| async move {
        wire.request().await;
        wire.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            .await;
    })
    .await;
    let with_password = proxy.url().replace("://", "://ada:s3cret@");
    let target = "https://api.example.invalid".to_owned();
    let said = call(target, vec![("https_proxy", with_password)]).await;
    assert!(said.contains("kind: Connect"), "{said}");
    let place = format!(
        "cannot reach api.example.invalid through proxy {}",
        proxy.address
    );
    assert_eq!(said.matches(&place).count(), 1, "{said}");
    assert_eq!(proxy.count("CONNECT"), 3);
    assert!(!said.contains("s3cret") && !said.contains(TOKEN), "{said}");
    let asked = &proxy.seen()[0];
    assert!(
        asked.starts_with("CONNECT api.example.invalid:443 HTTP/1.1"),
        "{asked}"
    );
    // ada:s3cret
    assert!(asked.contains("Basic YWRhOnMzY3JldA=="), "{asked}");
    assert!(!asked.contains(TOKEN), "{asked}");
}

#[tokio::test]
async fn unreachable_proxy_is_a_connect_error() {
    let target = answering().await;
    // Bound and not listening: nobody else gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = format!("http://{}", socket.local_addr().unwrap());
    let said = call(target.url(), vec![("http_proxy", gone.clone())]).await;
    assert!(said.contains("kind: Connect"), "{said}");
    let text = format!(
        "cannot reach {} through proxy {}: connection refused (os error 111)",
        target.address,
        gone.trim_start_matches("http://")
    );
    if cfg!(target_os = "linux") {
        assert!(said.contains(&text), "{said}");
    }
    // In the message, and not once more as its cause.
    assert_eq!(said.matches("refused").count(), 1, "{said}");
    assert_eq!(target.seen().len(), 0);
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn rejected_proxy_credentials_are_sent_once() {
    let proxy = Raw::start(|mut wire| async move {
        wire.request().await;
        wire.send(
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\
             content-length: 0\r\n\r\n",
        )
        .await;
    })
    .await;
    let with_password = proxy.url().replace("://", "://ada:wrong@");
    let target = "https://api.example.invalid".to_owned();
    let said = call(target, vec![("https_proxy", with_password)]).await;
    assert_eq!(proxy.count("CONNECT"), 1);
    assert!(said.contains("kind: Connect"), "{said}");
    assert!(said.contains("rejects the credentials"), "{said}");
    assert!(said.contains("retryable: false"), "{said}");
    assert!(!said.contains("wrong"), "{said}");
}

#[tokio::test]
async fn malformed_proxy_variable_is_a_config_error_and_no_direct_connection() {
    let target = answering().await;
    for (name, value) in [
        ("http_proxy", "proxy.example:8080:x"),
        ("HTTPS_PROXY", "http://ada:s3cret@proxy.example:port"),
        ("ALL_PROXY", "ftp://ada:s3cret@proxy.example"),
    ] {
        let said = call(target.url(), vec![(name, value.to_owned())]).await;
        assert!(said.contains("kind: Config"), "{said}");
        assert!(said.contains(name) && !said.contains("s3cret"), "{said}");
    }
    let said = call(target.url(), vec![("http_proxy", String::new())]).await;
    assert!(said.contains("the call: Ok"), "{said}");
    assert_eq!(target.seen().len(), 1);
}

#[tokio::test]
async fn builder_sets_proxy_exceptions_and_headers() {
    let (target, proxy) = (answering().await, answering().await);
    for (exceptions, count) in [("example.com", (0, 1)), ("127.0.0.1", (1, 1))] {
        let transport = ReqwestTransport::builder()
            .proxy(proxy.address.to_string())
            .no_proxy(exceptions)
            .header("x-gateway-key", "k-123")
            .build()
            .unwrap();
        let request = http::Request::get(target.url()).body(RequestBody::empty());
        transport.send(request.unwrap()).await.unwrap();
        assert_eq!((target.seen().len(), proxy.seen().len()), count);
    }
    for request in [&target.seen()[0], &proxy.seen()[0]] {
        assert!(request.contains("x-gateway-key: k-123"), "{request}");
    }
}

#[tokio::test]
async fn proxy_that_cannot_reach_the_server_is_a_server_error() {
    let target = answering().await;
    let proxy = Raw::start(|mut wire| async move {
        wire.request().await;
        wire.send(FINE.replace("200 OK", "502 Bad Gateway")).await;
    })
    .await;
    let said = call(target.url(), vec![("HTTP_PROXY", proxy.url())]).await;
    assert!(said.contains("kind: Server"), "{said}");
    assert_eq!(target.seen().len(), 0);
}

#[cfg(feature = "socks")]
#[tokio::test]
async fn socks_proxy_carries_the_request() {
    use tokio::io::AsyncReadExt as _;

    let proxy = Raw::start(|mut wire| async move {
        // Greeting, choice of no password, request for a host, success.
        let mut greeting = [0; 3];
        wire.stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(greeting[..2], [5, 1]);
        wire.send([5, 0]).await;
        let mut request = [0; 4];
        wire.stream.read_exact(&mut request).await.unwrap();
        assert_eq!(request, [5, 1, 0, 3]);
        let length = wire.stream.read_u8().await.unwrap();
        let mut name = vec![0; usize::from(length) + 2];
        wire.stream.read_exact(&mut name).await.unwrap();
        assert!(name.starts_with(b"api.example.invalid"));
        wire.send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        wire.behave().await;
    })
    .await;
    let transport = ReqwestTransport::builder()
        .proxy(format!("socks5h://{}", proxy.address))
        .build()
        .unwrap();
    let request = http::Request::get("http://api.example.invalid/read").body(RequestBody::empty());
    let response = transport.send(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(proxy.count("GET /read"), 1);
}

#[cfg(not(feature = "socks"))]
#[tokio::test]
async fn socks_proxy_without_the_feature_is_a_config_error() {
    let said = call(
        "https://api.example.invalid".to_owned(),
        vec![("https_proxy", "socks5://127.0.0.1:1080".to_owned())],
    )
    .await;
    assert!(
        said.contains("kind: Config") && said.contains("socks"),
        "{said}"
    );
}
