//! Proxies of the environment. The environment belongs to a process, so each client runs in one of its
//! own: this program once more, told to run the ignored test at the end.

use std::process::{Command, Output};

use anaplan_core::ErrorKind;

use crate::raw::{FINE, Raw, Read, TOKEN, session};

const TARGET: &str = "ANAPLAN_TEST_TARGET";

/// Makes one call in a process with these variables; gives what it printed.
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
    let session = session(&std::env::var(TARGET).unwrap(), |settings| {
        settings.retry.max_attempts = 1;
    });
    let outcome = session.call(Read).await;
    if let Err(error) = &outcome {
        assert!(matches!(
            error.kind(),
            ErrorKind::Connect | ErrorKind::Server
        ));
    }
    println!("the call: {outcome:?}");
}

/// A server that takes every request for its own, as a forward proxy would pass it on.
async fn answering() -> Raw {
    Raw::start(|mut wire| async move { wire.behave().await }).await
}

#[tokio::test]
async fn plain_http_goes_through_the_proxy_that_is_named() {
    let (target, proxy) = (answering().await, answering().await);
    let said = call(target.url(), vec![("http_proxy", proxy.url())]).await;
    assert!(said.contains("the call: Ok"), "{said}");
    let line = format!("GET {}/read HTTP/1.1", target.url());
    assert!(proxy.seen()[0].starts_with(&line), "{:?}", proxy.seen());
    assert_eq!(target.seen().len(), 0);
}

#[tokio::test]
async fn hosts_without_proxy_are_asked_directly() {
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
async fn a_proxy_of_the_other_scheme_is_not_used() {
    let (target, proxy) = (answering().await, answering().await);
    let said = call(target.url(), vec![("https_proxy", proxy.url())]).await;
    assert!(said.contains("the call: Ok"), "{said}");
    assert_eq!((target.seen().len(), proxy.seen().len()), (1, 0));
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_tunnel_is_asked_for_without_the_token() {
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
async fn a_proxy_that_is_not_there_is_no_connection() {
    let target = answering().await;
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let said = call(target.url(), vec![("http_proxy", gone)]).await;
    assert!(said.contains("kind: Connect"), "{said}");
    assert_eq!(target.seen().len(), 0);
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_server_is_a_server_that_fails() {
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
