//! A successful response.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::lenient::without_bom;
use crate::data::server_message::tidy;
use crate::operation::{Page, Paging};

/// A response with a success status: status, headers and the whole body.
///
/// Its `Debug` output shows neither headers nor body, because the response to a sign-in holds the
/// token.
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    received_at: Timestamp,
}

impl Response {
    /// Creates a response, for tests of [`Endpoint::decode`](crate::Endpoint::decode).
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
            received_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// Sets the time at which the response was received. Default: 1970-01-01.
    #[must_use]
    pub fn received_at_time(mut self, received_at: Timestamp) -> Self {
        self.received_at = received_at;
        self
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Converts the response to its body.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Returns the time at which the response was received, by the session's clock.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Returns the server's time, from the `Date` header.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        let date = self.headers.get(DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::parse(date.trim())
            .ok()
            .map(|date| date.timestamp())
    }

    /// Reads the whole body as JSON. An error envelope in it is an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that has another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if let Ok(envelope) = self.decode(EnvelopeSeed::<IgnoredAny>("", PhantomData)) {
            self.check_code(envelope.code, envelope.message.as_deref())?;
        }
        self.decode(PhantomData::<T>)
    }

    /// Reads one key of the envelope.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that has another shape, or if the key is
    /// missing.
    pub fn field<T: DeserializeOwned>(&self, key: &'static str) -> Result<T> {
        let envelope = self.envelope(key)?;
        envelope
            .payload
            .ok_or_else(|| self.invalid(format!("the response has no '{key}'")))
    }

    /// Reads one key of the envelope, which the server may omit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that has another shape.
    pub fn field_opt<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>> {
        Ok(self.envelope(key)?.payload)
    }

    /// Reads a collection of the envelope. The server omits the key of an empty collection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that has another shape.
    /// [`ErrorKind::Incomplete`] if the key is missing and the envelope does not prove that the
    /// collection is empty: without a `status.code` of 2xx, or with a `totalSize` above zero.
    pub fn list<T: DeserializeOwned>(&self, key: &'static str) -> Result<Vec<T>> {
        let envelope = self.envelope::<Vec<T>>(key)?;
        match envelope.payload {
            Some(items) => Ok(items),
            None if envelope.code.is_some() && !announces_rows(envelope.paging) => Ok(Vec::new()),
            None => Err(self.without_rows(key)),
        }
    }

    /// Reads a page of a collection of the envelope. The server omits the key of an empty page.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that has another shape.
    /// [`ErrorKind::Incomplete`] if the key is missing and the envelope does not prove that the
    /// collection is empty: without a `status.code` of 2xx, or without a `totalSize` of zero.
    pub fn page<T: DeserializeOwned>(&self, key: &'static str) -> Result<Page<T>> {
        let envelope = self.envelope::<Vec<T>>(key)?;
        let proven = || {
            let is_beyond = |paging: Paging| paging.offset.unwrap_or_default() >= paging.total_size;
            envelope.code.is_some() && envelope.paging.is_some_and(is_beyond)
        };
        match envelope.payload {
            Some(items) => Ok(Page::new(items, envelope.paging)),
            None if proven() => Ok(Page::new(Vec::new(), envelope.paging)),
            None => Err(self.without_rows(key)),
        }
    }

    fn without_rows(&self, key: &'static str) -> Error {
        let text = format!("the response has no '{key}' and does not prove that there are none");
        Error::new(ErrorKind::Incomplete, text).with_status(self.status)
    }

    /// Checks an acknowledgement whose shape is not documented: an empty body, or JSON without an
    /// error envelope.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for HTML, for other text, and for an envelope whose `status.code` is not
    /// 2xx.
    pub fn acknowledged(&self) -> Result<()> {
        if self.body.trim_ascii().is_empty() {
            return Ok(());
        }
        self.json::<IgnoredAny>().map(|_| ())
    }

    /// Checks the response to a write whose documented response has no body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if there is one: it is not the API's own response.
    pub fn is_empty_body(&self) -> Result<()> {
        // Padding of a gateway is longer than a line end.
        match matches!(&self.body[..], b"" | b" " | b"\n" | b"\r\n") {
            true => Ok(()),
            false => {
                Err(self.invalid("the response has a body where none is documented".to_owned()))
            }
        }
    }

    fn envelope<T: DeserializeOwned>(&self, key: &'static str) -> Result<Envelope<T>> {
        let envelope: Envelope<T> = self.decode(EnvelopeSeed(key, PhantomData))?;
        self.check_code(envelope.code, envelope.message.as_deref())?;
        Ok(envelope)
    }

    /// The envelope repeats the HTTP status. If it contradicts it, the response proves nothing.
    fn check_code(&self, code: Option<u64>, message: Option<&str>) -> Result<()> {
        match code {
            Some(code) if !(200..300).contains(&code) => {
                let text = format!("the response contradicts itself: its status.code is {code}");
                let message = message.and_then(tidy);
                Err(self.invalid(text).with_server(None, message))
            }
            _ => Ok(()),
        }
    }

    fn invalid(&self, text: String) -> Error {
        Error::new(ErrorKind::Decode, text).with_status(self.status)
    }

    /// The path of a misfit costs time, so it is determined only after the plain parse has failed.
    fn decode<'de, S>(&'de self, seed: S) -> Result<S::Value>
    where
        S: DeserializeSeed<'de> + Copy,
    {
        let text = without_bom(&self.body);
        let mut plain = serde_json::Deserializer::from_slice(text);
        let parsed = seed
            .deserialize(&mut plain)
            .and_then(|value| plain.end().map(|()| value));
        parsed.map_err(|error| {
            let mut track = serde_path_to_error::Track::new();
            let mut json = serde_json::Deserializer::from_slice(text);
            let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
            let _ = seed.deserialize(tracked);
            let path = track.path().to_string();
            self.unreadable(&path, &error)
        })
    }

    fn unreadable(&self, path: &str, error: &serde_json::Error) -> Error {
        let text = if self.body.is_empty() {
            "the response is empty instead of JSON".to_owned()
        } else if looks_like_html(&self.body) {
            "the response is HTML instead of JSON".to_owned()
        } else if path == "." || path.is_empty() {
            format!("the response has another shape: {}", describe(error))
        } else {
            // A path holds keys of the response, which may be anything.
            let path = tidy(path).unwrap_or_default();
            format!(
                "the response has another shape at {path}: {}",
                describe(error)
            )
        };
        self.invalid(text)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn announces_rows(paging: Option<Paging>) -> bool {
    paging.is_some_and(|paging| {
        let size = paging.current_page_size.unwrap_or(paging.total_size);
        size > 0 && paging.offset.unwrap_or_default() < paging.total_size
    })
}

/// serde's message may quote a value of the response; only its shape is kept.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let shape = match text.find(": string \"") {
        Some(start) => {
            let rest = text[start..]
                .find("\", expected")
                .map_or("", |end| &text[start + end + 1..]);
            format!("{}: a string{rest}", &text[..start])
        }
        None => text,
    };
    tidy(&shape).unwrap_or_default()
}

pub(crate) fn looks_like_html(body: &[u8]) -> bool {
    let body = without_bom(body);
    body.trim_ascii_start().first() == Some(&b'<')
}

/// Media types of a response, as far as they tell that it is not what was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    Html,
    Json,
    Other,
}

pub(crate) fn media_type(headers: &HeaderMap) -> MediaType {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.map(|value| value.split(';').next().unwrap_or_default().trim());
    match essence.map(str::to_ascii_lowercase).as_deref() {
        Some("text/html" | "application/xhtml+xml") => MediaType::Html,
        Some(json) if json == "application/json" || json.ends_with("+json") => MediaType::Json,
        _ => MediaType::Other,
    }
}

struct Envelope<T> {
    payload: Option<T>,
    paging: Option<Paging>,
    code: Option<u64>,
    message: Option<String>,
}

struct EnvelopeSeed<T>(&'static str, PhantomData<T>);

impl<T> Clone for EnvelopeSeed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for EnvelopeSeed<T> {}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for EnvelopeSeed<T> {
    type Value = Envelope<T>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for EnvelopeSeed<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope {
            payload: None,
            paging: None,
            code: None,
            message: None,
        };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                envelope.payload = map.next_value()?;
            } else if key == "meta" {
                envelope.paging = map
                    .next_value::<Option<Meta>>()?
                    .and_then(|meta| meta.paging);
            } else if key == "status" {
                let status = map.next_value::<serde_json::Value>()?;
                envelope.code = code_of(&status["code"]);
                envelope.message = status["message"].as_str().map(str::to_owned);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(envelope)
    }
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    paging: Option<Paging>,
}

/// Reads a status code, also as text.
fn code_of(value: &serde_json::Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
