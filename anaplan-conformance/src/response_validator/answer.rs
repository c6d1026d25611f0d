//! The check of a response against its operation.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::check::{Circumstances, check_fields, is_like};
use super::operation::{Body, Errors, Operation, Place, Success};
use super::shape::{Field, Shape, key, optional};

/// An answer as it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    /// `None` when it is not looked at: it was asked for by HEAD, or is too large.
    pub(crate) body: Option<&'a [u8]>,
}

impl Answer<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn object(&self) -> Result<Option<Map<String, Value>>, String> {
        let kind = self.header("content-type");
        if kind != Some("application/json") {
            return Err(format!(
                "the content type is {kind:?}, and should be that of JSON"
            ));
        }
        let Some(body) = self.body else {
            return Ok(None);
        };
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Some(map)),
            _ => Err("the body is no JSON object".into()),
        }
    }
}

const SCHEMA_AND_PAGING: &[Field] = &[
    key("schema", Shape::Address),
    optional(
        "paging",
        Shape::Object(&[
            key("currentPageSize", Shape::Count),
            key("offset", Shape::Count),
            key("totalSize", Shape::Count),
            optional("next", Shape::Address),
            optional("previous", Shape::Address),
        ]),
    ),
];
const CODE_AND_MESSAGE: Shape =
    Shape::Object(&[key("code", Shape::Positive), key("message", Shape::Text)]);

/// A good answer.
pub(crate) fn check_success(
    operation: &Operation,
    answer: Answer<'_>,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    let request = circumstances.request;
    let mut problems = Vec::new();
    for success in operation.gives {
        let meant = success.to.is_none_or(|to| to(request));
        if !meant || success.status != answer.status.as_u16() {
            continue;
        }
        match check_one(success, answer, circumstances) {
            Ok(None) => return Ok(()),
            Ok(Some(body)) => {
                let body = Value::Object(body);
                return operation
                    .rules
                    .iter()
                    .try_for_each(|rule| rule(request, &body));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        problems.push(format!(
            "{} is none of its statuses",
            answer.status.as_u16()
        ));
    }
    Err(problems.join("; or "))
}

/// The body if it is JSON.
fn check_one(
    success: &Success,
    answer: Answer<'_>,
    circumstances: Circumstances<'_>,
) -> Result<Option<Map<String, Value>>, String> {
    if let Some(name) = success.header {
        let value = answer
            .header(name)
            .ok_or_else(|| format!("the header {name} is missing"))?;
        if name == "content-length" && value != "0" {
            return Err(format!("the header {name} is {value}"));
        }
    }
    let fields = match success.body {
        Body::Nothing => {
            let kind = answer.header("content-type");
            return match (kind, answer.body) {
                (None, None | Some([])) => Ok(None),
                _ => Err("there is a body, or the type of one".into()),
            };
        }
        Body::Bytes(wanted) => {
            let kind = answer.header("content-type").unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default();
            return match kind == wanted {
                true => Ok(None),
                false => Err(format!(
                    "the content type is `{kind}`, and should be `{wanted}`"
                )),
            };
        }
        Body::Bare(fields) => {
            let body = answer.object()?;
            if let Some(body) = &body {
                check_fields(fields, body, "", circumstances)?;
            }
            return Ok(body);
        }
        Body::Envelope(fields) => fields,
        Body::Page(..) | Body::PageOrNone(..) => &[],
    };
    let Some(body) = answer.object()? else {
        return Ok(None);
    };
    let mut payload = body.clone();
    let (Some(meta), Some(status)) = (payload.remove("meta"), payload.remove("status")) else {
        return Err("`meta` or `status` is missing".into());
    };
    Shape::Object(SCHEMA_AND_PAGING).check(&meta, "meta", circumstances)?;
    check_status(&status, answer.status, circumstances)?;
    let page = match success.body {
        Body::Page(name, of) => Some((name, of, false)),
        Body::PageOrNone(name, of) => Some((name, of, true)),
        _ => None,
    };
    let Some((name, of, may_be_missing)) = page else {
        if meta.get("paging").is_some() {
            return Err("`meta.paging` is of nothing that has pages".into());
        }
        check_fields(fields, &payload, "", circumstances)?;
        return Ok(Some(body));
    };
    let rows = match payload.remove(name) {
        Some(Value::Array(rows)) if rows.is_empty() && may_be_missing => {
            return Err(format!("`{name}` is empty, and should be left out then"));
        }
        Some(Value::Array(rows)) => rows,
        None if may_be_missing => Vec::new(),
        _ => return Err(format!("`{name}` is no array")),
    };
    for (index, row) in rows.iter().enumerate() {
        of.check(row, &format!("{name}[{index}]"), circumstances)?;
    }
    check_fields(&[], &payload, "", circumstances)?;
    check_paging(&meta, rows.len() as u64, circumstances)?;
    Ok(Some(body))
}

fn check_status(
    status: &Value,
    of: StatusCode,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    CODE_AND_MESSAGE.check(status, "status", circumstances)?;
    let message = match of.as_u16() {
        200 => Some("Success"),
        201 => Some("Created"),
        _ => None,
    };
    if status["code"] != of.as_u16() {
        return Err(format!("`status.code` is not {}", of.as_u16()));
    }
    match message {
        Some(message) if status["message"] != message => {
            Err(format!("`status.message` is not {message}"))
        }
        _ => Ok(()),
    }
}

fn check_paging(meta: &Value, rows: u64, circumstances: Circumstances<'_>) -> Result<(), String> {
    let request = circumstances.request;
    let Some(paging) = meta.get("paging") else {
        return Err("`meta.paging` is missing".into());
    };
    let number = |key: &str| paging[key].as_u64().unwrap_or_default();
    let (size, offset, total) = (
        number("currentPageSize"),
        number("offset"),
        number("totalSize"),
    );
    let asked = |name: &str| {
        request
            .param(name)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let problem = if size != rows {
        "`currentPageSize` is not the number of rows"
    } else if asked("offset").unwrap_or(0) != offset {
        "`offset` is not the one that was asked for"
    } else if asked("limit").is_some_and(|limit| limit > 0 && size > limit) {
        "there are more rows than were asked for"
    } else if size > 0 && offset + size > total {
        "`totalSize` is too small"
    } else if paging.get("previous").is_some() != (offset > 0) {
        "`previous` does not go with the offset"
    } else if paging.get("next").is_none() && offset + size < total {
        "`next` is missing"
    } else if paging.get("next").is_some() && offset + size >= total {
        // But for one that was seen when no limit was given.
        let bogus = paging["next"]
            .as_str()
            .is_some_and(|next| next.ends_with("?limit=20&offset=20"));
        if bogus && asked("limit").is_none() && offset == 0 {
            return Ok(());
        }
        "`next` leads nowhere"
    } else {
        return Ok(());
    };
    Err(format!("{problem}: {paging}"))
}

/// A refusal.
pub(crate) fn check_refusal(
    place: &Place,
    operation: Option<&Operation>,
    answer: Answer<'_>,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    let code = answer.status.as_u16();
    let own = operation.map_or(&[][..], |operation| operation.refuses);
    // Of an unknown route nothing is told but that; the wrong method may come after all else.
    let known = code == 404 || place.refuses.contains(&code) || own.contains(&code);
    let late = operation.is_none() && matches!(code, 403 | 405 | 423);
    if !known && !late {
        return Err(format!("{code} is none of its statuses"));
    }
    if code == 429 {
        check_retry_after(answer)?;
    }
    let Some(body) = answer.object()? else {
        return Ok(());
    };
    match place.errors {
        Errors::Token => {
            const ERROR: &[Field] = &[
                key("status", Shape::Filled),
                key("statusMessage", Shape::Filled),
            ];
            check_fields(ERROR, &body, "", circumstances)?;
            if !body["status"]
                .as_str()
                .is_some_and(|code| code.starts_with("FAILURE_"))
            {
                return Err("`status` is no FAILURE_".into());
            }
        }
        Errors::OAuth if code == 404 || code == 405 => {}
        Errors::OAuth => {
            const ERROR: &[Field] = &[
                key("error", Shape::Filled),
                key("error_description", Shape::Text),
                optional("error_uri", Shape::Filled),
            ];
            check_fields(ERROR, &body, "", circumstances)?;
        }
        Errors::Integration => {
            let silent = code == 424 && operation.is_some_and(|operation| operation.silent_424);
            check_integration_error(&body, silent, answer, circumstances)?;
        }
    }
    Ok(())
}

fn check_integration_error(
    body: &Map<String, Value>,
    silent: bool,
    answer: Answer<'_>,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    const ERROR: &[Field] = &[
        key("status", CODE_AND_MESSAGE),
        key("path", Shape::Filled),
        key("timestamp", Shape::Filled),
    ];
    check_fields(ERROR, body, "", circumstances)?;
    check_status(&body["status"], answer.status, circumstances)?;
    let message = body["status"]["message"].as_str().unwrap_or_default();
    let time = body["timestamp"].as_str().unwrap_or_default();
    if message.is_empty() && !silent {
        Err("`status.message` is empty".into())
    } else if answer.status == StatusCode::NOT_FOUND && message != "Not Found" {
        Err("this 404 is not like all others".into())
    } else if body["path"] != circumstances.request.path() {
        Err("`path` is not that of the request".into())
    } else if !is_like(time, "9999-99-99T99:99:99.999999999Z") {
        Err(format!("`timestamp` has no nanoseconds: {time}"))
    } else {
        Ok(())
    }
}

fn check_retry_after(answer: Answer<'_>) -> Result<(), String> {
    match answer.header("retry-after") {
        None => Ok(()),
        Some(text) if text.parse::<u64>().is_ok() => Ok(()),
        Some(text) if text.ends_with(" GMT") && text.len() == 29 => Ok(()),
        Some(text) => Err(format!("`{text}` is no time to come back at")),
    }
}
