//! Redirects, and hosts to which no credential is sent.

use anaplan_core::{Connection, ErrorKind, Hosts};

use crate::raw::{Create, Raw, Read, Replace, TOKEN};

const STATUSES: [&str; 6] = [
    "300 Multiple Choices",
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
];

#[tokio::test]
async fn redirect_is_never_followed() {
    let elsewhere = Raw::start(|mut wire| async move { wire.behave().await }).await;
    for status in STATUSES {
        for target in [
            format!("{}/read", elsewhere.url()),
            // The same host in another spelling, its own path, and no host at all.
            format!("//localhost:{}/read", elsewhere.address.port()),
            "/elsewhere".to_owned(),
            "".to_owned(),
        ] {
            let answer =
                format!("HTTP/1.1 {status}\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
            let server = Raw::start(move |mut wire| {
                let answer = answer.clone();
                async move {
                    while wire.request().await.is_some() {
                        wire.send(&answer).await;
                    }
                }
            })
            .await;
            let session = server.patient();
            // A redirect does not prove that the request was not executed.
            for (error, kind) in [
                (session.call(Read).await.unwrap_err(), ErrorKind::Rejected),
                (
                    session.call(Replace).await.unwrap_err(),
                    ErrorKind::Rejected,
                ),
                (
                    session.call(Create).await.unwrap_err(),
                    ErrorKind::Ambiguous,
                ),
                (
                    session.call(Read).stream().await.unwrap_err(),
                    ErrorKind::Rejected,
                ),
            ] {
                assert_eq!(error.kind(), kind, "{status}: {error}");
                assert!(
                    error.to_string().contains("redirects to another URL"),
                    "{error}"
                );
                assert!(error.status().unwrap().is_redirection());
                assert!(!error.is_retryable());
            }
            assert_eq!(server.seen().len(), 4, "{status}");
            assert!(server.seen().iter().all(|request| request.contains(TOKEN)));
        }
    }
    assert_eq!(elsewhere.seen(), [""; 0]);
}

#[test]
fn session_rejects_plain_http_to_another_machine() {
    for base in [
        "http://api.anaplan.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://128.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.nip.io",
        "HTTP://api.anaplan.com",
        "//localhost",
        "unix:/run/anaplan.sock",
        "file:///etc/passwd",
    ] {
        let error = Hosts::all(base).validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{base}");
        let one = Hosts {
            audit: base.to_owned(),
            ..Hosts::default()
        };
        let authenticator = std::sync::Arc::new(crate::raw::FixedToken);
        let made = anaplan_core::Session::new(
            Connection::to(one),
            authenticator,
            anaplan_core::Settings::default(),
        );
        let error = made.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("the audit service"), "{error}");
    }
}
