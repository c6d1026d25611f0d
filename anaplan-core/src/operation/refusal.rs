//! Responses other than 2xx, and what an endpoint may decide about them.

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::data::error::ErrorKind;

/// A complete response with a status other than 2xx.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Refusal<'a> {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body, up to 64 KiB.
    pub body: &'a [u8],
    /// Error code of the service, if the body has one.
    pub code: Option<&'a str>,
    /// Error message of the service. `None` if it is empty.
    pub message: Option<&'a str>,
}

impl Refusal<'_> {
    /// Reads the body as JSON. Returns `None` if it has another shape.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body).ok()
    }

    /// Returns `true` if the body is the API's own error envelope: an object whose `status.code`
    /// equals the HTTP status. A gateway's response does not have it.
    #[must_use]
    pub fn has_envelope(&self) -> bool {
        let value: Option<serde_json::Value> = self.json();
        value.is_some_and(|value| value["status"]["code"] == self.status.as_u16())
    }
}

/// Decision of an endpoint about a refusal.
///
/// `Decision::from(kind)` replaces the error kind only. The constructors also decide whether the
/// request was executed and whether it is worth sending again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub(crate) kind: ErrorKind,
    pub(crate) effect: Option<Effect>,
    pub(crate) server_code: Option<String>,
    pub(crate) server_message: Option<String>,
}

/// Consequence of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Not executed, and a repetition would fail the same way.
    Permanent,
    /// Not executed, and a repetition may succeed.
    Transient,
    /// Not executed. The credential is valid, so it is kept.
    RoleMissing,
    /// The request succeeded; the response is decoded.
    Success,
}

impl Decision {
    fn new(kind: ErrorKind, effect: Effect) -> Self {
        Self {
            kind,
            effect: Some(effect),
            server_code: None,
            server_message: None,
        }
    }

    /// A documented refusal: the request was not executed, and a repetition would fail the same way.
    #[must_use]
    pub fn permanent(kind: ErrorKind) -> Self {
        Self::new(kind, Effect::Permanent)
    }

    /// A documented refusal: the request was not executed, and a repetition may succeed later.
    #[must_use]
    pub fn transient(kind: ErrorKind) -> Self {
        Self::new(kind, Effect::Transient)
    }

    /// The user lacks a role. The credential is valid: it is neither renewed nor rejected.
    #[must_use]
    pub fn role_missing() -> Self {
        Self::new(ErrorKind::Forbidden, Effect::RoleMissing)
    }

    /// The request succeeded in spite of its status: the response is decoded.
    #[must_use]
    pub fn success() -> Self {
        Self::new(ErrorKind::Rejected, Effect::Success)
    }

    /// Sets the code and the message of the service, for bodies that the SDK does not read by itself.
    #[must_use]
    pub fn with_server(mut self, code: Option<String>, message: Option<String>) -> Self {
        self.server_code = code;
        self.server_message = message;
        self
    }
}

impl From<ErrorKind> for Decision {
    fn from(kind: ErrorKind) -> Self {
        Self {
            kind,
            effect: None,
            server_code: None,
            server_message: None,
        }
    }
}
