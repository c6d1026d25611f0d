//! A namespace of another crate, written against `anaplan::ext` alone: a service with its own host, two
//! credential headers, next-link paging, partial success, and statuses with a meaning of their own.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use anaplan::Client;
use anaplan::ext::{
    Authenticator, Authorization, Bytes, Call, Connection, Credential, Decision, Endpoint,
    ErrorKind, HeaderMap, Hosts, Method, Namespace, Page, Paged, PagedCall, PagingStyle, Path,
    Query, Refusal, RequestBody, Response, ResponseBody, Result, RetryClass, Scope, SecretString,
    Service, Session, StatusCode, Transport, TransportError, async_trait, json_body,
};
use serde::Deserialize;

// ---- The namespace ----

const LEDGER: Service = Service::new("ledger", "https://ledger.example.com");
const LEDGER_KEYS: &str = "ledger";

#[derive(Debug, Clone)]
struct Ledger(Session);

impl Namespace for Ledger {
    const NAME: &'static str = "ledger";

    fn bind(session: Session, _: &Scope) -> Result<Self> {
        Ok(Self(session))
    }
}

impl Ledger {
    fn accounts(&self) -> PagedCall<GetAccounts> {
        self.0.paged(GetAccounts)
    }

    fn post(&self, entries: &[&str]) -> Call<PostEntries> {
        let entries = entries.iter().map(|&entry| entry.to_owned());
        self.0.call(PostEntries(entries.collect()))
    }

    fn events(&self) -> Call<GetEvents> {
        self.0.call(GetEvents)
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Account {
    name: String,
}

struct GetAccounts;

impl Endpoint for GetAccounts {
    const NAME: &'static str = "ledger.get_accounts";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const SERVICE: Service = LEDGER;
    const AUTHORIZATION: Authorization = Authorization::Named(LEDGER_KEYS);
    type Output = Page<Account>;

    fn path(&self) -> Path {
        Path::root().lit("v1").lit("accounts")
    }

    fn query(&self, query: &mut Query) {
        query.push("expand", "none");
    }

    fn decode(&self, response: Response) -> Result<Page<Account>> {
        #[derive(Deserialize)]
        struct Body {
            value: Vec<Account>,
            next: Option<String>,
        }
        let body: Body = response.json()?;
        Ok(Page::new(body.value, None).with_next(body.next))
    }
}

impl Paged for GetAccounts {
    type Item = Account;
    const PAGING: PagingStyle = PagingStyle::NextLink;
}

/// Indices of the entries that the service rejected.
#[derive(Debug, PartialEq)]
struct Posted {
    rejected: Vec<usize>,
}

struct PostEntries(Vec<String>);

impl Endpoint for PostEntries {
    const NAME: &'static str = "ledger.post_entries";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    const SERVICE: Service = LEDGER;
    const AUTHORIZATION: Authorization = Authorization::Named(LEDGER_KEYS);
    const SUCCESS: &'static [u16] = &[200, 207];
    type Output = Posted;

    fn path(&self) -> Path {
        Path::root().lit("v1").lit("entries")
    }

    fn body(&self) -> Result<RequestBody> {
        json_body(&self.0)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        #[derive(Deserialize)]
        struct Body {
            reason: String,
            text: Option<String>,
        }
        let body: Body = refusal.json()?;
        let invalid =
            refusal.status == StatusCode::SERVICE_UNAVAILABLE && body.reason == "INVALID_LEDGER";
        let decision = invalid.then(|| Decision::permanent(ErrorKind::Rejected));
        decision.map(|decision| decision.with_server(Some(body.reason), body.text))
    }

    fn decode(&self, response: Response) -> Result<Posted> {
        let statuses: Vec<u16> = response.field("statuses")?;
        let rejected = statuses.iter().enumerate();
        let rejected = rejected.filter(|(_, status)| **status >= 400);
        Ok(Posted {
            rejected: rejected.map(|(index, _)| index).collect(),
        })
    }
}

/// Uses the token of the session, on the host of the service.
struct GetEvents;

impl Endpoint for GetEvents {
    const NAME: &'static str = "ledger.get_events";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const SERVICE: Service = LEDGER;
    type Output = Vec<String>;

    fn path(&self) -> Path {
        Path::root().lit("v1").lit("events")
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        let role = refusal.status == StatusCode::UNAUTHORIZED && refusal.code == Some("NO_ROLE");
        role.then(Decision::role_missing)
    }

    fn decode(&self, response: Response) -> Result<Vec<String>> {
        response.json()
    }
}

// ---- The service ----

type Answer = (u16, &'static str);

/// Responds with prepared responses in order, and keeps the requests.
#[derive(Debug, Default)]
struct Server {
    responses: Mutex<Vec<Answer>>,
    requests: Mutex<Vec<(String, HeaderMap)>>,
}

#[async_trait]
impl Transport for Server {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        let line = format!("{} {}", request.method(), request.uri());
        let headers = request.headers().clone();
        self.requests.lock().unwrap().push((line, headers));
        let (status, body) = self.responses.lock().unwrap().remove(0);
        let body = ResponseBody::full(Bytes::from_static(body.as_bytes()));
        let response = http::Response::builder().status(status);
        let response = response.header("content-type", "application/json");
        Ok(response.body(body).unwrap())
    }
}

/// Hands out one token and counts how often it is rejected.
#[derive(Debug, Default)]
struct OneToken {
    rejected: AtomicU32,
}

#[async_trait]
impl Authenticator for OneToken {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        let token = SecretString::from("session-token");
        Credential::anaplan(&token, u64::from(self.rejected.load(Ordering::SeqCst)))
    }

    async fn refused(&self, _: &Credential) {
        self.rejected.fetch_add(1, Ordering::SeqCst);
    }
}

struct Fixture {
    server: Arc<Server>,
    tokens: Arc<OneToken>,
    ledger: Ledger,
}

fn fixture(responses: &[Answer]) -> Fixture {
    let server = Arc::new(Server::default());
    server.responses.lock().unwrap().extend(responses);
    let tokens = Arc::new(OneToken::default());
    let connection = Connection::to(Hosts::default())
        .with_transport(server.clone())
        .with_credential(
            LEDGER_KEYS,
            [
                ("x-client-id", SecretString::from("id-4711")),
                ("x-client-secret", SecretString::from("s3cret-4711")),
            ],
        )
        .unwrap();
    let client = Client::builder()
        .connection(connection)
        .authenticator(tokens.clone())
        .build()
        .unwrap();
    let ledger = client.namespace().unwrap();
    Fixture {
        server,
        tokens,
        ledger,
    }
}

impl Fixture {
    fn requests(&self) -> Vec<String> {
        let requests = self.server.requests.lock().unwrap();
        requests.iter().map(|(line, _)| line.clone()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn pages_follow_the_next_link_with_both_credential_headers() {
    let fixture = fixture(&[
        (
            200,
            r#"{"value":[{"name":"Cash"}],"next":"/v1/accounts?cursor=a%2Fb"}"#,
        ),
        (503, "{}"),
        (200, r#"{"value":[{"name":"Bank"}],"next":null}"#),
    ]);
    let accounts = fixture.ledger.accounts().await.unwrap();
    let names: Vec<_> = accounts.iter().map(|account| &*account.name).collect();
    assert_eq!(names, ["Cash", "Bank"]);
    let page = "GET https://ledger.example.com/v1/accounts?cursor=a%2Fb";
    let first = "GET https://ledger.example.com/v1/accounts?expand=none";
    assert_eq!(fixture.requests(), [first, page, page]);
    for (_, headers) in &*fixture.server.requests.lock().unwrap() {
        assert_eq!(headers["x-client-id"], "id-4711");
        assert!(headers["x-client-secret"].is_sensitive());
        assert!(!headers.contains_key("authorization"));
    }
}

#[tokio::test(start_paused = true)]
async fn partial_success_is_decoded() {
    let fixture = fixture(&[(207, r#"{"statuses":[201,422,201]}"#)]);
    let posted = fixture.ledger.post(&["a", "b", "c"]).await.unwrap();
    assert_eq!(posted, Posted { rejected: vec![1] });
}

#[tokio::test(start_paused = true)]
async fn permanent_503_is_a_refusal_and_another_503_leaves_the_outcome_unknown() {
    let refusal = r#"{"reason":"INVALID_LEDGER","text":"no ledger 'x' (key s3cret-4711)"}"#;
    let rejected = fixture(&[(503, refusal)]);
    let error = rejected.ledger.post(&["a"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert_eq!(error.server_code(), Some("INVALID_LEDGER"));
    assert!(error.to_string().contains("no ledger 'x'"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(rejected.requests().len(), 1);

    let lost = fixture(&[(503, "<html>"), (202, "{}"), (200, "{}")]);
    for _ in 0..3 {
        let error = lost.ledger.post(&["a"]).await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        assert_eq!(error.record().unwrap().operation, "ledger.post_entries");
    }
    assert_eq!(lost.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn missing_role_keeps_the_token_and_a_rejected_token_does_not() {
    let role = r#"{"code":"NO_ROLE","message":"the role of an auditor is missing"}"#;
    let fixture = fixture(&[(401, role), (401, "{}"), (200, r#"["posted"]"#)]);
    let error = fixture.ledger.events().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    assert_eq!(fixture.tokens.rejected.load(Ordering::SeqCst), 0);
    assert_eq!(fixture.requests().len(), 1);

    assert_eq!(fixture.ledger.events().await.unwrap(), ["posted"]);
    assert_eq!(fixture.tokens.rejected.load(Ordering::SeqCst), 1);
    for (_, headers) in &*fixture.server.requests.lock().unwrap() {
        assert!(headers.contains_key("authorization"));
        assert!(!headers.contains_key("x-client-id"));
    }
}
