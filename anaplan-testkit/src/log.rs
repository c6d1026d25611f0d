//! The log of the requests that a fake has received, for assertions.

mod assertions;

use std::collections::VecDeque;

use anaplan_core::Timestamp;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};

use crate::http::{Body, Request, Response};

/// The number of requests that are kept; older ones are only counted.
const REMEMBERED: usize = 100_000;
/// The size of the largest body that is kept, in bytes.
const LARGEST_BODY: usize = 64 * 1024;
/// The total size of the bodies that are kept, in bytes.
const ALL_BODIES: usize = 64 * 1024 * 1024;

pub use assertions::Called;

/// A request and its outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The time of arrival, by the fake's clock.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The body, when it is JSON, not larger than 64 KiB, carries no credentials, and was not dropped for
    /// younger ones.
    pub body: Option<Bytes>,
    /// The status of the response; `None` if the request did not reach the services.
    pub status: Option<StatusCode>,
    /// The body of the response, under the same conditions as that of the request.
    pub answer: Option<Bytes>,
    /// The fault that was applied.
    pub fault: Option<&'static str>,
}

/// The requests in the order of arrival.
///
/// The log keeps the youngest 100,000 requests, and the youngest 64 MiB of request and response bodies.
/// Entries outlive their bodies. Older entries are only counted.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    entries: VecDeque<Entry>,
    total: u64,
    /// The total size of the bodies, in bytes.
    bytes: usize,
    /// The number of the oldest entries whose bodies were dropped.
    bare: usize,
}

impl RequestLog {
    /// Returns the number of requests, those that are no longer kept included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns the requests that are kept, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Returns the requests that fit a route such as `POST /2/0/models/*/alm/syncTasks`, see
    /// [`Route`](crate::Route).
    ///
    /// # Panics
    ///
    /// If no request fits, and none could: the fake has no such route.
    #[track_caller]
    pub fn of(&self, route: impl Into<crate::Route>) -> impl Iterator<Item = &Entry> {
        let route = route.into();
        let fits = |route: &crate::Route, entry: &Entry| route.fits(&entry.method, &entry.path);
        if !self.entries.iter().any(|entry| fits(&route, entry)) {
            assertions::check_exists(&route);
        }
        self.entries.iter().filter(move |entry| fits(&route, entry))
    }

    /// Returns the number of requests that fit a route.
    ///
    /// # Panics
    ///
    /// If no request fits, and none could: the fake has no such route.
    #[must_use]
    #[track_caller]
    pub fn count(&self, route: impl Into<crate::Route>) -> usize {
        self.of(route).count()
    }

    /// Removes all entries.
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
        let secret = crate::api::is_confidential(request);
        let keep = |headers: &HeaderMap, body: &Bytes| {
            let is_json = headers
                .get(CONTENT_TYPE)
                .and_then(|kind| kind.to_str().ok())
                .is_some_and(|kind| kind.contains("json"));
            (is_json && !secret && body.len() <= LARGEST_BODY).then(|| body.clone())
        };
        self.total += 1;
        self.push(Entry {
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

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == REMEMBERED {
            if let Some(gone) = self.entries.pop_front() {
                self.bytes -= size(&gone);
                self.bare = self.bare.saturating_sub(1);
            }
        }
        self.bytes += size(&entry);
        self.entries.push_back(entry);
        while self.bytes > ALL_BODIES {
            let Some(oldest) = self.entries.get_mut(self.bare) else {
                break;
            };
            self.bytes -= size(oldest);
            (oldest.body, oldest.answer) = (None, None);
            self.bare += 1;
        }
    }
}

fn size(entry: &Entry) -> usize {
    let bodies = [&entry.body, &entry.answer].into_iter().flatten();
    bodies.map(Bytes::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, bytes: usize) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            method: Method::POST,
            path: format!("/{number}"),
            query: Vec::new(),
            body: (bytes > 0).then(|| vec![b'x'; bytes].into()),
            status: None,
            answer: (number % 2 == 1).then(|| vec![b'y'; 1].into()),
            fault: None,
        }
    }

    fn with_body(log: &RequestLog) -> Vec<&str> {
        let entries = log.entries().filter(|entry| entry.body.is_some());
        entries.map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn the_oldest_bodies_go_when_there_are_too_many_bytes() {
        let mut log = RequestLog::default();
        let quarter = ALL_BODIES / 4 - 1;
        for number in 0..4 {
            log.push(entry(number, quarter));
            log.push(entry(number + 10, 0));
        }
        assert_eq!(with_body(&log), ["/0", "/1", "/2", "/3"]);
        log.push(entry(4, 1));
        assert_eq!(with_body(&log), ["/1", "/2", "/3", "/4"]);
        log.push(entry(5, 2 * quarter + 1));
        assert_eq!(with_body(&log), ["/3", "/4", "/5"]);
        assert_eq!(log.entries().count(), 10, "their entries stay");
    }

    #[test]
    fn entries_that_go_take_their_bytes_along() {
        let mut log = RequestLog::default();
        for number in 0..REMEMBERED + 5 {
            log.push(entry(number, 1 + number % 3));
        }
        let bytes: usize = log.entries().map(size).sum();
        assert_eq!((log.bytes, log.entries().count()), (bytes, REMEMBERED));
    }
}
