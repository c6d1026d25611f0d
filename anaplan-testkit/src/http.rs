//! Requests and responses as the fake sees them: values, without a connection.

use std::fmt;
use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// A request, taken apart. Its `Debug` shows neither headers nor body, which may hold credentials.
#[derive(Clone)]
pub struct Request {
    method: Method,
    origin: Option<String>,
    path: String,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// Takes a request apart. Nothing in it can make this fail.
    #[must_use]
    pub fn new(request: http::Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        let host = || head.headers.get("host")?.to_str().ok();
        let authority = head.uri.authority().map(|authority| authority.as_str());
        let scheme = head.uri.scheme_str().unwrap_or("http");
        let origin = authority.or_else(host);
        let origin = origin.map(|authority| format!("{scheme}://{authority}"));
        // A slash at the end means nothing, on real hosts as here.
        let segments = path
            .trim_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let query = head.uri.query().map(pairs).unwrap_or_default();
        Self {
            method: head.method,
            origin,
            path,
            segments,
            query,
            headers: head.headers,
            body,
        }
    }

    /// The same request by GET.
    pub(crate) fn as_get(&self) -> Self {
        Self {
            method: Method::GET,
            ..self.clone()
        }
    }

    /// Returns the same request with another value of a query parameter.
    pub(crate) fn with_param(&self, name: &str, value: &str) -> Self {
        let mut request = self.clone();
        for (key, old) in &mut request.query {
            if key == name {
                value.clone_into(old);
            }
        }
        request
    }

    /// Returns the same request with this token as its credential.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        let mut request = self.clone();
        if let Ok(value) = HeaderValue::from_str(&format!("AnaplanAuthToken {token}")) {
            request.headers.insert(http::header::AUTHORIZATION, value);
        }
        request
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Scheme and host that the sender knows the fake by, as far as the request tells.
    pub(crate) fn origin(&self) -> &str {
        self.origin.as_deref().unwrap_or("http://localhost")
    }

    /// The host without its port, as far as the request names one.
    pub(crate) fn host(&self) -> Option<&str> {
        let (_, authority) = self.origin.as_deref()?.split_once("://")?;
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        Some(host.split(':').next().unwrap_or(host))
    }

    /// The fields of a body, which may be a form or a flat JSON object.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let is_json = self
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"));
        if !is_json {
            return pairs(&String::from_utf8_lossy(&self.body));
        }
        let object: Map<String, Value> = serde_json::from_slice(&self.body).unwrap_or_default();
        object
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::String(text) => Some((name, text)),
                _ => None,
            })
            .collect()
    }

    /// The decoded segments of the path.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The query in its order.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The first value of a parameter. Names are case-sensitive.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns whether a parameter says "true", in whatever case.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.param(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The text of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The credential of the `Authorization` header behind this scheme.
    #[must_use]
    pub fn credential(&self, scheme: &str) -> Option<&str> {
        let (name, value) = self.header("authorization")?.split_once(' ')?;
        name.eq_ignore_ascii_case(scheme).then(|| value.trim())
    }

    /// The credential of the `Authorization` header, if its scheme is one of these.
    pub(crate) fn credential_of(&self, schemes: &[&str]) -> Option<&str> {
        schemes.iter().find_map(|scheme| self.credential(scheme))
    }

    /// Returns whether the `Accept` header admits this type. No header admits everything.
    #[must_use]
    pub fn accepts(&self, wanted: &str) -> bool {
        let Some(accept) = self.header("accept") else {
            return true;
        };
        let (family, _) = wanted.split_once('/').unwrap_or((wanted, ""));
        accept.split(',').any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            range == "*/*" || range == wanted || range.strip_suffix("/*") == Some(family)
        })
    }

    /// Returns whether the `Accept` header names this type itself.
    #[must_use]
    pub fn asks_for(&self, wanted: &str) -> bool {
        self.header("accept").is_some_and(|accept| {
            accept
                .split(',')
                .any(|range| range.split(';').next().unwrap_or_default().trim() == wanted)
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Reads `a=b&c=d`, where `+` means a space.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// A response, not yet sent.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Response {
    /// A response without body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Full(Bytes::new()),
        }
    }

    /// A response with a body of this type.
    #[must_use]
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut response = Self::empty(status).with_header("content-type", content_type);
        response.body = body.into();
        response
    }

    /// Adds a header; one that cannot stand there is left out.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// The body of a response: bytes that are there, or that are made as they are sent.
pub enum Body {
    /// All at once.
    Full(Bytes),
    /// Piece by piece, for what would be too large to hold. After an error the connection breaks.
    Pieces(Pieces),
}

/// The pieces of a body. An error is a piece that cannot be read.
pub type Pieces = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

impl Body {
    /// A body that is made as it is sent.
    pub fn pieces(pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self::Pieces(Box::new(pieces.map(Ok)))
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// When a piece of it cannot be read.
    pub fn into_bytes(self) -> io::Result<Bytes> {
        match self {
            Self::Full(bytes) => Ok(bytes),
            Self::Pieces(pieces) => {
                let mut all = Vec::new();
                for piece in pieces {
                    all.extend_from_slice(&piece?);
                }
                Ok(all.into())
            }
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Full(bytes.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Pieces(_) => f.write_str("pieces"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str) -> Request {
        Request::new(http::Request::get(uri).body(Bytes::new()).unwrap())
    }

    #[test]
    fn paths_and_queries_are_decoded_once() {
        let request = request("https://h/2/0/models/A%2FB/x/?sort=%2Bname&s=a+b&flag=TRUE&empty");
        assert_eq!(request.segments(), ["2", "0", "models", "A/B", "x"]);
        assert_eq!(request.param("sort"), Some("+name"));
        assert_eq!(request.param("s"), Some("a b"));
        assert!(request.flag("flag") && !request.flag("empty"));
    }

    #[test]
    fn accept_is_read_with_its_wildcards() {
        let with = |accept: &str| {
            let request = http::Request::get("/").header("accept", accept);
            Request::new(request.body(Bytes::new()).unwrap())
        };
        assert!(request("/").accepts("application/octet-stream"));
        assert!(with("text/csv;escaped=true, */*;q=0.1").accepts("application/octet-stream"));
        assert!(with("application/*").accepts("application/octet-stream"));
        assert!(!with("application/json").accepts("application/octet-stream"));
        assert!(with("text/csv;escaped=true").asks_for("text/csv"));
    }
}
