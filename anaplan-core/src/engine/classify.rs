//! Classification of refusals and transport errors: what they prove, and whether a retry can help.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use crate::data::error::{Error, ErrorKind};
use crate::data::lenient::without_bom;
use crate::data::retry_after::retry_after;
use crate::data::server_message::{ServerMessage, server_message, tidy};
use crate::data::transport_error::{TransportError, TransportErrorKind};
use crate::engine::body::RefusedResponse;
use crate::operation::refusal::Effect;
use crate::operation::{Authorization, Decision, Operation, Refusal};

/// Proof that a failed attempt was not executed, or the lack of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Executed {
    /// The request was not executed.
    No,
    /// The request may have been executed, or may be executed later.
    Unknown,
}

/// A failed attempt.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) executed: Executed,
    /// `true` if a retry can help.
    pub(crate) transient: bool,
    /// `true` if the server may be overloaded, so that a retry costs more.
    pub(crate) timed_out: bool,
    pub(crate) retry_after: Option<Duration>,
}

/// Meaning of a refusal.
pub(crate) enum Meaning {
    /// The endpoint takes it for a success.
    Success,
    /// The credential was rejected.
    CredentialRejected(Failed),
    /// Too many requests.
    Throttled(Failed),
    /// Any other refusal.
    Failed(Failed),
}

/// Classifies a response with a status other than 2xx. The endpoint decides first.
pub(crate) fn refusal(operation: &dyn Operation, response: &RefusedResponse) -> Meaning {
    let status = response.status;
    let content_type = header(response, CONTENT_TYPE.as_str());
    let ServerMessage { code, message } = match is_quotable(operation, &response.body) {
        true => server_message(content_type, &response.body),
        false => ServerMessage::default(),
    };
    let decision = operation.classify(&Refusal {
        status,
        headers: &response.headers,
        body: &response.body,
        code: code.as_deref(),
        message: message.as_deref(),
    });
    let effect = decision.as_ref().and_then(|decision| decision.effect);
    if effect == Some(Effect::Success) {
        return Meaning::Success;
    }
    let (executed, transient) = match (response.broken, effect) {
        (Some(reason), _) => (Executed::Unknown, !reason.is_permanent()),
        (None, Some(Effect::Transient)) => (Executed::No, true),
        (None, Some(_)) => (Executed::No, false),
        (None, None) => (executed(status), is_transient(status)),
    };
    let failed = Failed {
        error: error(status, decision, code, message, response),
        executed,
        transient,
        timed_out: matches!(status.as_u16(), 408 | 504),
        retry_after: header(response, RETRY_AFTER.as_str())
            .and_then(|value| retry_after(value, response.received_at)),
    };
    match status {
        StatusCode::UNAUTHORIZED if effect.is_none() => Meaning::CredentialRejected(failed),
        StatusCode::TOO_MANY_REQUESTS if effect.is_none() => Meaning::Throttled(failed),
        _ => Meaning::Failed(failed),
    }
}

/// The response to a sign-in may hold new tokens, so it is quoted field by field or not at all.
fn is_quotable(operation: &dyn Operation, body: &[u8]) -> bool {
    operation.authorization() != Authorization::Own
        || serde_json::from_slice::<serde::de::IgnoredAny>(without_bom(body)).is_ok()
}

/// A complete response with a status 4xx is a refusal. A gateway may send 408 and 5xx while the
/// server still works on the request, and a redirect says nothing about it.
fn executed(status: StatusCode) -> Executed {
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        Executed::No
    } else {
        Executed::Unknown
    }
}

fn is_transient(status: StatusCode) -> bool {
    match status.as_u16() {
        408 | 410 | 429 => true,
        // Not implemented, version not supported, and the sign-in page of a network.
        501 | 505 | 511 => false,
        other => other >= 500,
    }
}

/// Classifies an attempt without a response.
pub(crate) fn lost(error: TransportError) -> Failed {
    let kind = error.kind();
    let (error_kind, text) = match kind {
        TransportErrorKind::Connect | TransportErrorKind::Refused => {
            (ErrorKind::Connect, "the server cannot be reached")
        }
        TransportErrorKind::Timeout => (ErrorKind::Timeout, "the server did not respond in time"),
        TransportErrorKind::Interrupted => (ErrorKind::Interrupted, "the connection broke"),
        TransportErrorKind::Body => (ErrorKind::Io, "the body of the request cannot be read"),
        TransportErrorKind::Request => (ErrorKind::InvalidInput, "the request could not be sent"),
        TransportErrorKind::Encoding => (ErrorKind::Decode, "the response cannot be decoded"),
    };
    let described = match error.message() {
        // It names host, proxy and cause, so a source would repeat it.
        Some(message) => Error::new(error_kind, message),
        None => Error::new(error_kind, text).caused_by(error),
    };
    Failed {
        error: described,
        executed: match kind.is_unsent() {
            true => Executed::No,
            false => Executed::Unknown,
        },
        transient: !kind.is_permanent(),
        timed_out: kind == TransportErrorKind::Timeout,
        retry_after: None,
    }
}

fn error(
    status: StatusCode,
    decision: Option<Decision>,
    code: Option<String>,
    message: Option<String>,
    response: &RefusedResponse,
) -> Error {
    let kind = decision
        .as_ref()
        .map_or_else(|| kind_of(status), |decision| decision.kind);
    let text = if status.is_redirection() {
        "the server redirects to another URL, to which no credential is sent: check the base URLs"
    } else {
        text_of(kind)
    };
    let own = decision.map(|decision| (decision.server_code, decision.server_message));
    let (own_code, own_message) = own.unwrap_or_default();
    Error::new(kind, text)
        .with_status(status)
        .with_server(own_code.or(code), own_message.or(message))
        .with_request_id(header(response, "x-request-id").and_then(tidy))
}

fn header<'r>(response: &'r RefusedResponse, name: &str) -> Option<&'r str> {
    response.headers.get(name)?.to_str().ok()
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 | 452 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        422..=425 => ErrorKind::ModelState,
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Rejected,
    }
}

fn text_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "the server rejected the credential",
        ErrorKind::Authentication => "signing in failed",
        ErrorKind::Forbidden => "access denied",
        ErrorKind::NotFound => "not found, or no access",
        ErrorKind::Conflict => "conflict with the state of the object",
        ErrorKind::ModelState => "the state of the model does not allow this",
        ErrorKind::RateLimited => "too many requests",
        ErrorKind::Server => "the server failed",
        _ => "the server refused the request",
    }
}

#[cfg(test)]
mod tests;
