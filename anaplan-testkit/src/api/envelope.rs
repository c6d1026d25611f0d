//! The frames around answers: the Integration envelope, paging, and the error bodies of each family.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::{Request, Response};
use crate::world::World;

/// The form of the error bodies of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// `status` with code and message, `path`, `timestamp`.
    Integration,
    /// `status` with a code and `statusMessage`: authentication, audit, exception users.
    Family,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// The generic 404, for unknown routes and unknown objects alike.
    NotFound,
    /// A status and a message, in the form of the service.
    Status(StatusCode, String),
    /// An error of the OAuth service.
    OAuth(StatusCode, &'static str, String),
    /// An error with a code of the family of authentication, audit and exception users.
    Family(StatusCode, &'static str, String),
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Status(status, message.into())
    }

    /// 400 with this message.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 405.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    pub(crate) fn into_response(
        self,
        form: ErrorForm,
        world: &World,
        request: &Request,
    ) -> Response {
        match self {
            Self::NotFound if form == ErrorForm::Family => Self::Family(
                StatusCode::NOT_FOUND,
                "FAILURE_NOT_FOUND",
                "Not found".into(),
            )
            .into_response(form, world, request),
            Self::Status(status, message) if form == ErrorForm::Family => {
                Self::Family(status, "FAILURE_BAD_REQUEST", message)
                    .into_response(form, world, request)
            }
            Self::NotFound => integration(world, request, StatusCode::NOT_FOUND, "Not Found"),
            Self::Status(status, message) => integration(world, request, status, &message),
            Self::OAuth(status, code, description) => json_response(
                status,
                &json!({ "error": code, "error_description": description }),
            ),
            Self::Family(status, code, message) => {
                json_response(status, &json!({ "status": code, "statusMessage": message }))
            }
        }
    }
}

fn integration(world: &World, request: &Request, status: StatusCode, message: &str) -> Response {
    // The real ones are written to the nanosecond.
    let nanos = world.now.subsec_nanosecond();
    let second = jiff::Timestamp::from_second(world.now.as_second()).unwrap_or(world.now);
    let text = second.to_string();
    let timestamp = format!("{}.{nanos:09}Z", text.trim_end_matches('Z'));
    json_response(
        status,
        &json!({
            "status": { "code": status.as_u16(), "message": message },
            "path": request.path(),
            "timestamp": timestamp,
        }),
    )
}

/// A JSON response without any frame.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    Response::new(status, "application/json", body.to_string().into_bytes())
}

/// An answer in the Integration envelope.
#[derive(Debug)]
pub(crate) struct Envelope {
    status: StatusCode,
    schema: String,
    paging: Option<Value>,
    payload: Map<String, Value>,
}

impl Envelope {
    /// An answer whose payload is of this object type.
    pub(crate) fn of(object: &str) -> Self {
        Self {
            status: StatusCode::OK,
            schema: format!("https://api.anaplan.com/2/0/objects/{object}"),
            paging: None,
            payload: Map::new(),
        }
    }

    /// Answers 201 rather than 200.
    pub(crate) fn created(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    /// Adds a key beside `meta` and `status`.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.payload.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a collection whose key is left out when there is nothing in it.
    pub(crate) fn with_some(self, key: &str, values: Vec<Value>) -> Self {
        if values.is_empty() {
            self
        } else {
            self.with(key, values)
        }
    }

    /// Adds paging.
    pub(crate) fn paged(mut self, paging: Value) -> Self {
        self.paging = Some(paging);
        self
    }

    pub(crate) fn respond(self) -> Response {
        let mut meta = json!({ "schema": self.schema });
        if let Some(paging) = self.paging {
            meta["paging"] = paging;
        }
        let message = if self.status == StatusCode::CREATED {
            "Created"
        } else {
            "Success"
        };
        let mut body = Map::new();
        body.insert("meta".into(), meta);
        body.insert(
            "status".into(),
            json!({ "code": self.status.as_u16(), "message": message }),
        );
        body.extend(self.payload);
        json_response(self.status, &Value::Object(body))
    }
}

impl From<Envelope> for Response {
    fn from(envelope: Envelope) -> Self {
        envelope.respond()
    }
}
