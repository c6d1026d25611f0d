//! Assertions about the requests that a fake has received.

use std::fmt::Write as _;

use crate::FakeAnaplan;
use crate::api;
use crate::faults::{Route, nearest};
use crate::log::{Entry, RequestLog};

/// The number of log entries that a failed assertion prints.
const PRINTED: usize = 50;

impl FakeAnaplan {
    /// Asserts that a route was called, once or more often.
    ///
    /// [`times`](Called::times) asserts how often. A failed assertion prints what was called instead.
    ///
    /// ```
    /// # use anaplan_testkit::FakeAnaplan;
    /// # let fake = FakeAnaplan::in_process();
    /// # let request = || http::Request::get("/2/0/models").body(bytes::Bytes::new()).unwrap();
    /// # fake.answer(request());
    /// fake.assert_called("GET /2/0/models").times(1);
    /// fake.assert_not_called("POST /2/0/models/*/alm/syncTasks");
    /// ```
    ///
    /// # Panics
    ///
    /// If no request fits the route.
    #[track_caller]
    pub fn assert_called(&self, route: impl Into<Route>) -> Called {
        let called = Called::new(self.requests(), route.into());
        if called.count == 0 {
            called.fail("was not called");
        }
        called
    }

    /// Asserts that a route was never called.
    ///
    /// # Panics
    ///
    /// If a request fits the route, or if the fake has no such route.
    #[track_caller]
    pub fn assert_not_called(&self, route: impl Into<Route>) {
        let called = Called::new(self.requests(), route.into());
        if called.count > 0 {
            called.fail(&format!("was called {}", times(called.count)));
        }
    }
}

/// The calls of a route, for further assertions. Returned by
/// [`FakeAnaplan::assert_called`](crate::FakeAnaplan::assert_called).
#[derive(Debug, Clone)]
pub struct Called {
    route: Route,
    count: usize,
    log: RequestLog,
}

impl Called {
    #[track_caller]
    fn new(log: RequestLog, route: Route) -> Self {
        let count = log.count(route.clone());
        Self { route, count, log }
    }

    /// Asserts that the route was called `expected` times.
    ///
    /// # Panics
    ///
    /// If it was called more or less often.
    #[track_caller]
    #[allow(clippy::must_use_candidate)] // It asserts.
    pub fn times(self, expected: usize) -> Self {
        if self.count != expected {
            self.fail(&format!(
                "was called {}, expected {expected}",
                times(self.count)
            ));
        }
        self
    }

    /// The number of calls.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    #[track_caller]
    #[allow(clippy::panic)]
    fn fail(&self, problem: &str) -> ! {
        panic!("`{}` {problem}\n{}", self.route, traffic(&self.log))
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// The youngest requests, one a line.
fn traffic(log: &RequestLog) -> String {
    let mut text = format!("requests: {}\n", log.total());
    let entries: Vec<&Entry> = log.entries().collect();
    let skipped = entries.len().saturating_sub(PRINTED);
    if skipped > 0 {
        let _ = writeln!(text, "  ... {skipped} earlier ones");
    }
    for entry in &entries[skipped..] {
        let status = entry.status.map_or("no response".to_owned(), |status| {
            status.as_u16().to_string()
        });
        let fault = entry
            .fault
            .map_or(String::new(), |fault| format!(" ({fault})"));
        let _ = writeln!(text, "  {} {} {status}{fault}", entry.method, entry.path);
    }
    text
}

/// Panics if no service of the fake has a row that a request for this route could reach.
#[track_caller]
#[allow(clippy::panic)]
pub(super) fn check_exists(route: &Route) {
    let rows = api::rows();
    if rows
        .iter()
        .any(|(method, template)| route.may_fit(method, template))
    {
        return;
    }
    let rows: Vec<String> = rows
        .iter()
        .map(|(method, template)| {
            let segments = template.split('/').map(|segment| match segment {
                parameter if parameter.starts_with('{') => "*",
                literal => literal,
            });
            format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
        })
        .collect();
    let wanted = route.to_string();
    let similar = nearest(&wanted, rows.iter().map(String::as_str));
    panic!("the fake has no route `{wanted}`: did you mean `{similar}`?");
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Fault;

    fn called(paths: &[&str]) -> FakeAnaplan {
        let fake = FakeAnaplan::in_process();
        for path in paths {
            let request = http::Request::get(*path).body(Bytes::new()).unwrap();
            let _ = fake.answer(request);
        }
        fake
    }

    #[test]
    fn counts_that_hold_pass() {
        let fake = called(&["/2/0/models", "/2/0/models", "/2/0/users/me"]);
        assert_eq!(fake.assert_called("GET /2/0/**").times(3).count(), 3);
        fake.assert_called("GET /2/0/models").times(2);
        fake.assert_not_called("GET /2/0/users");
    }

    #[test]
    #[should_panic(
        expected = "`GET /2/0/models` was called once, expected 2\nrequests: 2\n  GET /2/0/models 401\n  GET /2/0/users 503 (status)\n"
    )]
    fn a_wrong_count_prints_the_traffic() {
        let fake = FakeAnaplan::in_process();
        fake.inject(Fault::status(503).on("GET /2/0/users"));
        for path in ["/2/0/models", "/2/0/users"] {
            let request = http::Request::get(path).body(Bytes::new()).unwrap();
            let _ = fake.answer(request);
        }
        fake.assert_called("GET /2/0/models").times(2);
    }

    #[test]
    #[should_panic(
        expected = "`GET /2/0/users` was not called\nrequests: 1\n  GET /2/0/models 401"
    )]
    fn a_route_that_was_not_called_fails_with_the_traffic() {
        called(&["/2/0/models"]).assert_called("GET /2/0/users");
    }

    #[test]
    #[should_panic(
        expected = "the fake has no route `POST /2/0/models/*/alm/syncTask`: did you mean `POST /2/0/models/*/alm/syncTasks`?"
    )]
    fn counting_an_unknown_route_panics_with_a_suggestion() {
        let fake = called(&[]);
        let _ = fake.requests().count("POST /2/0/models/*/alm/syncTask");
    }

    #[test]
    fn an_unknown_route_that_was_called_is_counted() {
        let fake = called(&["/2/0/nowhere"]);
        assert_eq!(fake.requests().count("GET /2/0/nowhere"), 1);
    }
}
