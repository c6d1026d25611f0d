//! What was asked of the fake: a log for assertions.

use std::collections::VecDeque;

use anaplan_core::Timestamp;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};

use crate::http::{Body, Request, Response};

/// How many requests are remembered; older ones are only counted.
const REMEMBERED: usize = 100_000;
/// The largest body that is remembered, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// One request and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// When it came, by the fake's clock.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The body, when it is JSON, not larger than 64 KiB, and carries no credentials.
    pub body: Option<Bytes>,
    /// The status that the fake decided on; `None` when it never looked at the request.
    pub status: Option<StatusCode>,
    /// The body of the answer, under the same conditions as that of the request.
    pub answer: Option<Bytes>,
    /// The fault that was done to it.
    pub fault: Option<&'static str>,
}

/// The requests in the order of their coming.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    entries: VecDeque<Entry>,
    total: u64,
}

impl RequestLog {
    /// How many requests came in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The requests that are remembered, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The requests that fit a route such as `POST /2/0/models/*/alm/syncTasks`, see
    /// [`Route`](crate::Route).
    pub fn of(&self, route: impl Into<crate::Route>) -> impl Iterator<Item = &Entry> {
        let route = route.into();
        self.entries
            .iter()
            .filter(move |entry| route.fits(&entry.method, &entry.path))
    }

    /// How many requests fit a route.
    #[must_use]
    pub fn count(&self, route: impl Into<crate::Route>) -> usize {
        self.of(route).count()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn note(
        &mut self,
        at: Timestamp,
        request: &Request,
        response: Option<&Response>,
        fault: Option<&'static str>,
    ) {
        let secret = ["/token", "/oauth", "/auth", "/activate"]
            .iter()
            .any(|root| request.path().starts_with(root));
        let keep = |headers: &HeaderMap, body: &Bytes| {
            let is_json = headers
                .get(CONTENT_TYPE)
                .and_then(|kind| kind.to_str().ok())
                .is_some_and(|kind| kind.contains("json"));
            (is_json && !secret && body.len() <= LARGEST_BODY).then(|| body.clone())
        };
        if self.entries.len() == REMEMBERED {
            self.entries.pop_front();
        }
        self.total += 1;
        self.entries.push_back(Entry {
            at,
            method: request.method().clone(),
            path: request.path().to_owned(),
            query: request.query().to_vec(),
            body: keep(request.headers(), request.body()),
            status: response.map(|response| response.status),
            answer: response.and_then(|response| match &response.body {
                Body::Full(body) => keep(&response.headers, body),
                Body::Pieces(_) => None,
            }),
            fault,
        });
    }
}
