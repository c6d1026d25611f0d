//! What the server said.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::lenient::without_bom;
use crate::data::server_message::tidy;
use crate::operation::page::{Page, Paging};
use crate::session::Session;

/// A successful answer: status, headers, the whole body, and the session that it came through.
///
/// Its `Debug` shows neither headers nor body: the answer to a sign-in holds the token.
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    session: Session,
}

impl Answer {
    /// Puts an answer together; for tests of [`Endpoint::decode`](crate::Endpoint::decode).
    pub fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        session: Session,
    ) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
            session,
        }
    }

    /// The status; always a success.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
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

    /// The body, for good.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// The session, for endpoints whose output is a handle that makes further calls.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.decode(PhantomData::<T>)
    }

    /// Reads one key of the envelope.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that does not fit, also when the key is absent.
    pub fn field<T: DeserializeOwned>(&self, key: &'static str) -> Result<T> {
        let envelope = self.envelope(key)?;
        envelope.payload.ok_or_else(|| {
            Error::new(ErrorKind::Decode, format!("the answer has no '{key}'"))
                .with_status(self.status)
        })
    }

    /// Reads one key of the envelope, which the server may leave out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that does not fit.
    pub fn field_opt<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>> {
        Ok(self.envelope(key)?.payload)
    }

    /// Reads a collection of the envelope; an absent key is an empty collection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that does not fit.
    pub fn list<T: DeserializeOwned>(&self, key: &'static str) -> Result<Vec<T>> {
        Ok(self.field_opt(key)?.unwrap_or_default())
    }

    /// Reads a page of a collection; an absent key is an empty page.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] with the path of the field that does not fit.
    pub fn page<T: DeserializeOwned>(&self, key: &'static str) -> Result<Page<T>> {
        let envelope = self.envelope::<Vec<T>>(key)?;
        Ok(Page {
            items: envelope.payload.unwrap_or_default(),
            paging: envelope.paging,
        })
    }

    fn envelope<T: DeserializeOwned>(&self, key: &'static str) -> Result<Envelope<T>> {
        self.decode(EnvelopeSeed(key, PhantomData))
    }

    /// The path of a misfit costs time, so it is looked for only after the plain parse has failed.
    fn decode<'de, S>(&'de self, seed: S) -> Result<S::Value>
    where
        S: DeserializeSeed<'de> + Copy,
    {
        let body = without_bom(&self.body);
        let mut plain = serde_json::Deserializer::from_slice(body);
        let parsed = seed
            .deserialize(&mut plain)
            .and_then(|value| plain.end().map(|()| value));
        parsed.map_err(|error| {
            let mut track = serde_path_to_error::Track::new();
            let mut json = serde_json::Deserializer::from_slice(body);
            let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
            let _ = seed.deserialize(tracked);
            let path = track.path().to_string();
            self.unreadable(&path, &error)
        })
    }

    fn unreadable(&self, path: &str, error: &serde_json::Error) -> Error {
        let what = if self.body.is_empty() {
            "the answer is empty where JSON was expected".to_owned()
        } else if looks_like_html(&self.body) {
            "the answer is HTML where JSON was expected".to_owned()
        } else if path == "." || path.is_empty() {
            format!("the answer does not fit: {}", describe(error))
        } else {
            // A path has keys of the answer in it, which may be anything.
            let path = tidy(path).unwrap_or_default();
            format!("the answer does not fit at {path}: {}", describe(error))
        };
        Error::new(ErrorKind::Decode, what).with_status(self.status)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// serde's message may quote a value of the answer; only its shape is told.
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

fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

struct Envelope<T> {
    payload: Option<T>,
    paging: Option<Paging>,
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
        };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                envelope.payload = map.next_value()?;
            } else if key == "meta" {
                envelope.paging = map
                    .next_value::<Option<Meta>>()?
                    .and_then(|meta| meta.paging);
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

/// A refusal of the server, for endpoints that give its status a meaning of their own.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Refusal<'a> {
    /// The status.
    pub status: StatusCode,
    /// The server's own code, if its body has one.
    pub code: Option<&'a str>,
    /// The server's own message; `None` when it is empty.
    pub message: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &'static str) -> Answer {
        Answer::new(StatusCode::OK, HeaderMap::new(), body, Session::offline())
    }

    #[test]
    fn keys_come_in_any_order_and_may_be_missing() {
        let page = answer(
            r#"{"names":["a"],"status":{"code":200},"x":{"y":[1]},"meta":{"paging":{"currentPageSize":1,"offset":0,"totalSize":9}}}"#,
        );
        let page: Page<String> = page.page("names").unwrap();
        assert_eq!(page.items, ["a"]);
        assert_eq!(page.paging.unwrap().total_size, 9);
        assert_eq!(
            answer(r#"{"meta":null}"#).list::<u8>("names").unwrap(),
            [0_u8; 0]
        );
        assert!(
            answer("{}")
                .field::<u8>("n")
                .unwrap_err()
                .to_string()
                .contains("no 'n'")
        );
    }

    #[test]
    fn json_with_a_byte_order_mark_is_read() {
        let answer = answer("\u{feff}{\"names\":[\"a\"]}");
        assert_eq!(answer.list::<String>("names").unwrap(), ["a"]);
    }

    #[test]
    fn a_misfit_is_named_by_its_path_and_quotes_no_value() {
        let error = answer(r#"{"rows":[{"id":"1"},{"id":{"deep":"s3cret"}}]}"#)
            .list::<std::collections::BTreeMap<String, u8>>("rows")
            .unwrap_err();
        assert!(error.to_string().contains("rows[0].id"), "{error}");
        let error = answer(r#"{"n":"s3cret"}"#).field::<u8>("n").unwrap_err();
        assert!(error.to_string().contains("at n"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        for (body, text) in [
            ("", "empty"),
            ("<html>", "HTML"),
            ("{\"n\":1", "does not fit"),
            ("[]", "object"),
        ] {
            let error = answer(body).field::<u8>("n").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains(text), "{body}: {error}");
        }
    }
}
