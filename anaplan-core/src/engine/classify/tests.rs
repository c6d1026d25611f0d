use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::*;
use crate::data::error::Result;
use crate::data::url::Path;
use crate::operation::{Endpoint, Response, RetryClass};

/// An endpoint that decides about a refusal by the given function.
struct Deciding(fn(&Refusal<'_>) -> Option<Decision>);

impl Endpoint for Deciding {
    const NAME: &'static str = "test.deciding";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = ();

    fn path(&self) -> Path {
        Path::root()
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        (self.0)(refusal)
    }

    fn decode(&self, _: Response) -> Result<()> {
        Ok(())
    }
}

const DEFAULT: Deciding = Deciding(|_| None);

fn response(status: u16, body: &'static str) -> RefusedResponse {
    RefusedResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        received_at: Timestamp::UNIX_EPOCH,
        broken: None,
    }
}

/// Variant of the meaning, and the failed attempt.
fn classify(endpoint: &Deciding, response: &RefusedResponse) -> (&'static str, Option<Failed>) {
    match refusal(endpoint, response) {
        Meaning::Success => ("success", None),
        Meaning::CredentialRejected(failed) => ("credential", Some(failed)),
        Meaning::Throttled(failed) => ("throttled", Some(failed)),
        Meaning::Failed(failed) => ("failed", Some(failed)),
    }
}

#[test]
fn every_status_is_classified() {
    for status in (300..600).filter(|status| !(200..300).contains(status)) {
        let (meaning, failed) = classify(&DEFAULT, &response(status, ""));
        let failed = failed.unwrap();
        let expected = match status {
            401 => "credential",
            429 => "throttled",
            _ => "failed",
        };
        assert_eq!(meaning, expected, "{status}");

        let proof = (400..500).contains(&status) && status != 408;
        assert_eq!(failed.executed == Executed::No, proof, "{status}");

        let transient = match status {
            408 | 410 | 429 => true,
            501 | 505 | 511 => false,
            _ => status >= 500,
        };
        assert_eq!(failed.transient, transient, "{status}");
        assert_eq!(failed.timed_out, matches!(status, 408 | 504), "{status}");

        let kind = match status {
            401 => ErrorKind::Unauthorized,
            403 | 452 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            422..=425 => ErrorKind::ModelState,
            429 => ErrorKind::RateLimited,
            500..=599 => ErrorKind::Server,
            _ => ErrorKind::Rejected,
        };
        assert_eq!(failed.error.kind(), kind, "{status}");
        assert_eq!(failed.error.status().unwrap().as_u16(), status);
    }
}

#[test]
fn incomplete_refusal_proves_nothing_whatever_the_endpoint_decides() {
    let permanent = Deciding(|_| Some(Decision::permanent(ErrorKind::Rejected)));
    for endpoint in [&DEFAULT, &permanent] {
        for status in [400, 401, 404, 409, 429, 500] {
            let mut part = response(status, "{\"sta");
            for reason in [
                TransportErrorKind::Interrupted,
                TransportErrorKind::Encoding,
            ] {
                part.broken = Some(reason);
                let failed = classify(endpoint, &part).1.unwrap();
                assert_eq!(failed.executed, Executed::Unknown, "{status}");
                assert_eq!(failed.transient, !reason.is_permanent(), "{status}");
            }
        }
    }
}

#[test]
fn retry_after_and_request_id_are_read() {
    let mut response = response(503, r#"{"status":{"code":503,"message":"busy"}}"#);
    response.headers.insert(RETRY_AFTER, "7".parse().unwrap());
    response
        .headers
        .insert("x-request-id", "r-1".parse().unwrap());
    let failed = classify(&DEFAULT, &response).1.unwrap();
    assert_eq!(failed.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(failed.error.request_id(), Some("r-1"));
    assert_eq!(failed.error.server_message(), Some("busy"));
}

#[test]
fn endpoint_decides_before_the_default() {
    let permanent = Deciding(|refusal| {
        assert_eq!(refusal.message, Some("bad model"));
        let known = refusal.has_envelope() && refusal.status == 503;
        known.then(|| Decision::permanent(ErrorKind::Rejected))
    });
    let body = r#"{"status":{"code":503,"message":"bad model"}}"#;
    let (meaning, failed) = classify(&permanent, &response(503, body));
    let failed = failed.unwrap();
    assert_eq!((meaning, failed.executed), ("failed", Executed::No));
    assert!(!failed.transient);
    assert_eq!(failed.error.kind(), ErrorKind::Rejected);
    // Another status than in the envelope: a gateway's response.
    let body = r#"{"status":{"code":502,"message":"bad model"}}"#;
    let failed = classify(&permanent, &response(503, body)).1.unwrap();
    assert_eq!(failed.executed, Executed::Unknown);

    let transient = Deciding(|_| Some(Decision::transient(ErrorKind::ModelState)));
    let failed = classify(&transient, &response(500, "")).1.unwrap();
    assert!(failed.transient && failed.executed == Executed::No);

    let role = Deciding(|_| Some(Decision::role_missing()));
    let (meaning, failed) = classify(&role, &response(401, ""));
    let failed = failed.unwrap();
    assert_eq!((meaning, failed.executed), ("failed", Executed::No));
    assert_eq!(failed.error.kind(), ErrorKind::Forbidden);

    let success = Deciding(|_| Some(Decision::success()));
    assert_eq!(classify(&success, &response(404, "")).0, "success");
}

#[test]
fn decision_by_kind_keeps_the_default_effect() {
    let kind = Deciding(|_| Some(Decision::from(ErrorKind::Conflict)));
    for (status, meaning, executed) in [
        (401, "credential", Executed::No),
        (429, "throttled", Executed::No),
        (400, "failed", Executed::No),
        (500, "failed", Executed::Unknown),
    ] {
        let (got, failed) = classify(&kind, &response(status, ""));
        let failed = failed.unwrap();
        assert_eq!((got, failed.executed), (meaning, executed), "{status}");
        assert_eq!(failed.error.kind(), ErrorKind::Conflict);
    }
}

#[test]
fn decision_replaces_code_and_message_of_the_service() {
    let own = Deciding(|_| {
        let (code, message) = (Some("invalidFilter".into()), Some("no such field".into()));
        Some(Decision::permanent(ErrorKind::Rejected).with_server(code, message))
    });
    let failed = classify(&own, &response(400, r#"{"message":"x"}"#))
        .1
        .unwrap();
    assert_eq!(failed.error.server_code(), Some("invalidFilter"));
    assert_eq!(failed.error.server_message(), Some("no such field"));
}

#[test]
fn every_transport_error_is_classified() {
    use TransportErrorKind as Kind;
    for (kind, executed, transient, error_kind) in [
        (Kind::Connect, Executed::No, true, ErrorKind::Connect),
        (Kind::Refused, Executed::No, false, ErrorKind::Connect),
        (Kind::Request, Executed::No, false, ErrorKind::InvalidInput),
        (Kind::Timeout, Executed::Unknown, true, ErrorKind::Timeout),
        (
            Kind::Interrupted,
            Executed::Unknown,
            true,
            ErrorKind::Interrupted,
        ),
        (Kind::Body, Executed::Unknown, false, ErrorKind::Io),
        (Kind::Encoding, Executed::Unknown, false, ErrorKind::Decode),
    ] {
        let failed = lost(TransportError::new(kind));
        assert_eq!(failed.executed, executed, "{kind:?}");
        assert_eq!(failed.transient, transient, "{kind:?}");
        assert_eq!(failed.error.kind(), error_kind, "{kind:?}");
        assert_eq!(failed.timed_out, kind == Kind::Timeout, "{kind:?}");
    }
}

#[test]
fn message_of_a_transport_error_is_not_repeated_as_its_source() {
    let error = TransportError::with_message(TransportErrorKind::Refused, "proxy p says no");
    let failed = lost(error);
    assert_eq!(failed.error.to_string(), "proxy p says no");
    assert!(std::error::Error::source(&failed.error).is_none());
}
