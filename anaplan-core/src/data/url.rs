//! Paths and queries of encoded parts.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::data::error::{Error, Result};

/// Characters to encode: all except the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Path of literal and encoded segments.
///
/// ```
/// use anaplan_core::Path;
///
/// let path = Path::integration().lit("models").seg("modelId", "A/B").lit("alm").lit("revisions");
/// assert_eq!(path.to_url("https://api.anaplan.com")?, "https://api.anaplan.com/2/0/models/A%2FB/alm/revisions");
/// assert_eq!(path.template(), "/2/0/models/{modelId}/alm/revisions");
/// assert!(Path::integration().seg("modelId", "..").to_url("https://api.anaplan.com").is_err());
/// # Ok::<(), anaplan_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Path {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone)]
enum Segment {
    Literal(&'static str),
    Value(&'static str, String),
}

impl Path {
    /// Creates the root of a host.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Creates `/2/0`, the root of the integration and ALM APIs.
    #[must_use]
    pub fn integration() -> Self {
        Self::root().lit("2").lit("0")
    }

    /// Adds a literal segment.
    #[must_use]
    pub fn lit(mut self, segment: &'static str) -> Self {
        self.segments.push(Segment::Literal(segment));
        self
    }

    /// Adds a percent-encoded value. `name` is its name in the API's documentation.
    #[must_use]
    pub fn seg(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.segments
            .push(Segment::Value(name, value.as_ref().to_owned()));
        self
    }

    /// Returns the path with names in place of values, for logs.
    #[must_use]
    pub fn template(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            let _ = match segment {
                Segment::Literal(text) => write!(out, "/{text}"),
                Segment::Value(name, _) => write!(out, "/{{{name}}}"),
            };
        }
        out
    }

    /// Returns the values of the path with their names.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Value(name, value) => Some((*name, value.as_str())),
        })
    }

    /// Returns the encoded path below `base`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a value cannot be a segment: it
    /// is empty, `.` or `..`, or has control characters.
    pub fn to_url(&self, base: &str) -> Result<String> {
        let mut out = base.trim_end_matches('/').to_owned();
        for segment in &self.segments {
            out.push('/');
            match segment {
                Segment::Literal(text) => out.push_str(text),
                Segment::Value(name, value) => {
                    check_segment(name, value)?;
                    out.extend(utf8_percent_encode(value, ENCODED));
                }
            }
        }
        Ok(out)
    }
}

fn check_segment(name: &str, value: &str) -> Result<()> {
    // URL parsers resolve dot segments even when they are encoded.
    let problem = match value {
        "" => "must not be empty",
        "." | ".." => "must not be '.' or '..'",
        other if other.chars().any(char::is_control) => "must not contain control characters",
        _ => return Ok(()),
    };
    Err(Error::invalid_input(name, problem))
}

/// Query of a request. Every value is percent-encoded, including `+`.
///
/// ```
/// let mut query = anaplan_core::Query::default();
/// query.push("sort", "+name");
/// query.push_some("limit", None::<u32>);
/// assert_eq!(query.to_string(), "sort=%2Bname");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(Cow<'static, str>, String)>);

impl Query {
    /// Adds a parameter.
    #[allow(clippy::needless_pass_by_value)]
    pub fn push(&mut self, name: &'static str, value: impl ToString) {
        self.0.push((Cow::Borrowed(name), value.to_string()));
    }

    /// Adds a parameter if it has a value.
    pub fn push_some(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// Replaces all parameters, for the link to a next page.
    pub(crate) fn replace(&mut self, pairs: &[(String, String)]) {
        let pairs = pairs.iter().cloned();
        self.0 = pairs
            .map(|(name, value)| (Cow::Owned(name), value))
            .collect();
    }

    /// Returns the decoded query parameters of a link.
    pub(crate) fn parse(link: &str) -> Vec<(String, String)> {
        let link = link.split_once('#').map_or(link, |(link, _)| link);
        let query = link.split_once('?').map_or("", |(_, query)| query);
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect()
    }

    /// Returns `true` if there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            let name = utf8_percent_encode(name, ENCODED);
            write!(
                f,
                "{separator}{name}={}",
                utf8_percent_encode(value, ENCODED)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn value_never_leaves_its_segment(value in "\\PC*") {
            let path = Path::root().lit("a").seg("id", &value).lit("z");
            if let Ok(url) = path.to_url("https://h") {
                prop_assert!(url.starts_with("https://h/a/") && url.ends_with("/z"));
                prop_assert_eq!(url.matches('/').count(), 5);
                prop_assert!(url.parse::<http::Uri>().is_ok());
                prop_assert!(!url.contains(['?', '#', '\\', ';', '+']));
            }
        }
    }

    #[test]
    fn invalid_segment_is_named() {
        for bad in ["", ".", "..", "a\nb", "\u{0}"] {
            let error = Path::root()
                .seg("modelId", bad)
                .to_url("https://h")
                .unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
            assert!(error.to_string().starts_with("modelId must not"), "{error}");
        }
    }
}
