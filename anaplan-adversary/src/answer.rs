//! Responses of an honest server, before anything is done to them.

use jiff::Timestamp;

/// Milliseconds since the epoch at which every case begins.
pub const START: i64 = 1_772_442_000_000;

/// The shape that a family of endpoints returns to its responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Integration and ALM.
    Integration,
    /// The authentication service.
    Auth,
    /// The OAuth service.
    OAuth,
}

/// The response of an honest server.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A JSON object; `fields` is the payload with its key or keys.
    Json {
        /// The family.
        family: Family,
        /// The status.
        status: u16,
        /// The key of the payload.
        key: &'static str,
        /// The payload, such as `"task":{}`.
        fields: String,
    },
    /// A listing.
    List {
        /// The key of the rows.
        key: &'static str,
        /// All rows.
        rows: Vec<String>,
        /// The first row that is asked for.
        offset: usize,
        /// Number of rows are served at once; `None` for a listing without pages.
        limit: Option<usize>,
    },
    /// Bytes.
    Bytes {
        /// The status.
        status: u16,
        /// The content type.
        content_type: Option<&'static str>,
        /// The body.
        body: Vec<u8>,
    },
}

impl Answer {
    /// A JSON object of the Integration API.
    #[must_use]
    pub fn json(status: u16, key: &'static str, fields: impl Into<String>) -> Self {
        Self::Json {
            family: Family::Integration,
            status,
            key,
            fields: fields.into(),
        }
    }

    /// An error of the Integration API.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self::Bytes {
            status,
            content_type: Some("application/json"),
            body: error_body(Family::Integration, status, message).into_bytes(),
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Json { status, .. } | Self::Bytes { status, .. } => *status,
            Self::List { .. } => 200,
        }
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::Json { family, .. } => *family,
            _ => Family::Integration,
        }
    }

    /// The key of the payload.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Json { key, .. } | Self::List { key, .. } => key,
            Self::Bytes { .. } => "payload",
        }
    }

    /// The content type.
    #[must_use]
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Bytes { content_type, .. } => *content_type,
            _ => Some("application/json"),
        }
    }

    /// The body, with `code` as the status inside of it.
    #[must_use]
    pub fn body(&self, code: u16) -> Vec<u8> {
        match self {
            Self::Json { family, fields, .. } => match family {
                Family::Integration => envelope(code, "", fields),
                Family::Auth if code < 300 => {
                    format!(r#"{{"status":"SUCCESS","statusMessage":"Login successful",{fields}}}"#)
                }
                Family::Auth => {
                    format!(r#"{{"status":"FAILURE_GENERIC","statusMessage":"{code}",{fields}}}"#)
                }
                Family::OAuth => format!("{{{fields}}}"),
            }
            .into_bytes(),
            Self::List {
                key,
                rows,
                offset,
                limit,
            } => {
                let rest = rows.iter().skip(*offset);
                let page: Vec<_> = rest.take(limit.unwrap_or(usize::MAX)).cloned().collect();
                list_body(code, key, &page, *offset, limit.map(|_| rows.len()))
            }
            .into_bytes(),
            Self::Bytes { body, .. } => body.clone(),
        }
    }
}

/// The envelope of the Integration API.
#[must_use]
pub fn envelope(code: u16, meta: &str, fields: &str) -> String {
    let message = if code < 300 {
        "Success"
    } else {
        "Something went wrong"
    };
    let comma = if fields.is_empty() { "" } else { "," };
    format!(
        r#"{{"meta":{{{meta}}},"status":{{"code":{code},"message":"{message}"}}{comma}{fields}}}"#
    )
}

/// A page of a listing. Without rows the key is left out, as the API does it.
#[must_use]
pub fn list_body(
    code: u16,
    key: &str,
    rows: &[String],
    offset: usize,
    total: Option<usize>,
) -> String {
    let meta = total.map_or(String::new(), |total| {
        format!(
            r#""paging":{{"currentPageSize":{},"offset":{offset},"totalSize":{total}}}"#,
            rows.len()
        )
    });
    let fields = if rows.is_empty() {
        String::new()
    } else {
        format!(r#""{key}":[{}]"#, rows.join(","))
    };
    envelope(code, &meta, &fields)
}

/// The body of an error.
#[must_use]
pub fn error_body(family: Family, code: u16, message: &str) -> String {
    match family {
        Family::Integration => format!(
            r#"{{"status":{{"code":{code},"message":"{message}"}},"path":"/2/0/x","timestamp":"2026-03-02T09:00:00.123456789Z"}}"#
        ),
        Family::Auth => {
            format!(r#"{{"status":"FAILURE_BAD_CREDENTIAL","statusMessage":"{message}"}}"#)
        }
        Family::OAuth => {
            format!(r#"{{"error":"invalid_request","error_description":"{message}"}}"#)
        }
    }
}

/// A time of a case as the APIs for revisions have it.
#[must_use]
pub fn rfc3339(at: i64) -> String {
    let time = Timestamp::from_second((START + at).div_euclid(1000)).unwrap_or_default();
    time.to_string()
}

/// A time of a case as the `Date` header has it.
#[must_use]
pub fn http_date(at: i64) -> String {
    let time = Timestamp::from_second((START + at).div_euclid(1000)).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
