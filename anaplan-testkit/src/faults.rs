//! What can go wrong on the way, on demand.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::http::Request;

/// Which requests are meant: a method, or any, and a path in which `*` is one segment and `**` at the
/// end is any number of them.
///
/// ```
/// use anaplan_testkit::Route;
///
/// let syncs = Route::from("POST /2/0/models/*/alm/syncTasks");
/// let everything = Route::from("/**");
/// # let _ = (syncs, everything);
/// ```
///
/// # Panics
///
/// The conversion from `&str` panics if the method is none of HTTP, which is a typing error in a test.
#[derive(Debug, Clone)]
pub struct Route {
    method: Option<Method>,
    pattern: Vec<String>,
}

impl Route {
    /// Every request.
    #[must_use]
    pub fn any() -> Self {
        Self::from("/**")
    }

    /// Whether a request to this path is meant.
    #[must_use]
    pub fn fits(&self, method: &Method, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        let mut segments = path.trim_matches('/').split('/');
        for pattern in &self.pattern {
            match (pattern.as_str(), segments.next()) {
                ("**", _) => return true,
                ("*", Some(_)) => {}
                (pattern, Some(segment)) if pattern == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

impl Route {
    /// Whether some request fits both this route and a path template with parameters in braces.
    pub(crate) fn may_fit(&self, method: &str, template: &str) -> bool {
        let wanted = self.method.as_ref().map(Method::as_str);
        let by_method = match wanted {
            None | Some("OPTIONS") => true,
            Some("HEAD") => method == "GET",
            Some(wanted) => wanted == method,
        };
        let mut segments = template.trim_matches('/').split('/');
        for pattern in &self.pattern {
            match (pattern.as_str(), segments.next()) {
                ("**", _) => return by_method,
                ("*", Some(_)) => {}
                (pattern, Some(segment)) if pattern == segment || segment.starts_with('{') => {}
                _ => return false,
            }
        }
        by_method && segments.next().is_none()
    }
}

impl From<&str> for Route {
    fn from(text: &str) -> Self {
        let (method, path) = match text.trim().split_once(' ') {
            Some((method, path)) => (Some(known_method(text, method)), path),
            None => (None, text),
        };
        Self {
            method,
            pattern: path
                .trim()
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect(),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method} ")?;
        }
        write!(f, "/{}", self.pattern.join("/"))
    }
}

/// The methods that a route may name.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

#[allow(clippy::panic)]
fn known_method(route: &str, name: &str) -> Method {
    let known = METHODS.into_iter().find(|method| *method == *name);
    known.unwrap_or_else(|| {
        let names = METHODS.map(|method| method.to_string());
        let similar = nearest(name, names.iter().map(String::as_str));
        panic!("`{route}` names no HTTP method: did you mean `{similar}`?")
    })
}

/// The most similar of several texts.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> &'a str {
    candidates
        .min_by_key(|candidate| strsim::damerau_levenshtein(text, candidate))
        .unwrap_or_default()
}

/// How a 429 says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Not at all.
    Missing,
    /// In so many seconds.
    Seconds(u64),
    /// At an HTTP date, so many seconds from now.
    Date(u64),
}

/// Something that goes wrong with a request.
///
/// ```
/// # use anaplan_testkit::{Fault, RetryAfter};
/// # anaplan_testkit::story(async |fake| {
/// fake.inject(Fault::drop_after().on("POST /2/0/models/*/alm/syncTasks").times(1));
/// fake.inject(Fault::throttle(RetryAfter::Seconds(2)).times(3));
/// fake.inject(Fault::status(503).on("GET /2/0/**").chance(0.1));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    route: Route,
    skip: u64,
    times: Option<u64>,
    chance: f64,
}

/// What a front does with one request because of a fault.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Status { status: StatusCode, after: bool },
    Throttle(RetryAfter),
    DropBefore,
    DropAfter,
    Delay(Duration),
    Late(Duration),
    Truncate(usize),
    Garbage(Bytes),
    Reply(StatusCode, Bytes),
    ExpireToken,
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { after: false, .. } => "status",
            Self::Status { after: true, .. } => "status after the effect",
            Self::Throttle(_) => "throttle",
            Self::DropBefore => "drop before the effect",
            Self::DropAfter => "drop after the effect",
            Self::Delay(_) => "delay",
            Self::Late(_) => "late effect",
            Self::Truncate(_) => "truncate",
            Self::Garbage(_) => "garbage",
            Self::Reply(..) => "reply",
            Self::ExpireToken => "expire token",
        }
    }
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            route: Route::any(),
            skip: 0,
            times: None,
            chance: 1.0,
        }
    }

    /// Answers with this status in place of looking at the request. Numbers that are no status count
    /// as 500.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(Kind::Status {
            status,
            after: false,
        })
    }

    /// Carries the request out, and then answers with this status all the same.
    #[must_use]
    pub fn status_after(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(Kind::Status {
            status,
            after: true,
        })
    }

    /// Answers 429.
    #[must_use]
    pub fn throttle(retry_after: RetryAfter) -> Self {
        Self::new(Kind::Throttle(retry_after))
    }

    /// Closes the connection in place of looking at the request.
    #[must_use]
    pub fn drop_before() -> Self {
        Self::new(Kind::DropBefore)
    }

    /// Carries the request out, and closes the connection without an answer.
    #[must_use]
    pub fn drop_after() -> Self {
        Self::new(Kind::DropAfter)
    }

    /// Carries the request out, and answers this much later.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Kind::Delay(delay))
    }

    /// Carries the request out this much later, even when nobody waits for the answer any more.
    #[must_use]
    pub fn late(delay: Duration) -> Self {
        Self::new(Kind::Late(delay))
    }

    /// Breaks the connection after so many bytes of the body. A shorter body is cut by one byte.
    #[must_use]
    pub fn truncate(bytes: usize) -> Self {
        Self::new(Kind::Truncate(bytes))
    }

    /// Carries the request out, and answers 200 with something that is no JSON.
    #[must_use]
    pub fn garbage(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Garbage(body.into()))
    }

    /// Answers with this status and this JSON in place of looking at the request: for answers that the
    /// fake itself never sends.
    #[must_use]
    pub fn reply(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(Kind::Reply(status, body.into()))
    }

    /// Ends the life of the request's token just before it is looked at.
    #[must_use]
    pub fn expire_token() -> Self {
        Self::new(Kind::ExpireToken)
    }

    /// Does it only to these requests.
    #[must_use]
    pub fn on(mut self, route: impl Into<Route>) -> Self {
        self.route = route.into();
        self
    }

    /// Lets the first `n` fitting requests pass.
    #[must_use]
    pub fn after(mut self, n: u64) -> Self {
        self.skip = n;
        self
    }

    /// Does it `n` times and then no more.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = Some(n);
        self
    }

    /// Does it with this probability, from 0 to 1, by the dice of [`FakeAnaplan::seed`](crate::FakeAnaplan::seed).
    #[must_use]
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }
}

/// The faults that are yet to happen.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Vec<Fault>,
    seed: u64,
    /// How often each request was asked: every one has dice of its own, so that they fall the same way
    /// whatever else is asked at the same moment.
    asked: HashMap<u64, u64>,
}

impl FaultPlan {
    pub(crate) fn new() -> Self {
        Self {
            faults: Vec::new(),
            seed: 0,
            asked: HashMap::new(),
        }
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.seed = seed;
        self.asked.clear();
    }

    fn dice(&mut self, request: &Request) -> fastrand::Rng {
        let mut line = DefaultHasher::new();
        request.method().as_str().hash(&mut line);
        request.path().hash(&mut line);
        let line = line.finish();
        let times = self.asked.entry(line).or_default();
        *times += 1;
        let mut throw = DefaultHasher::new();
        (self.seed, line, *times).hash(&mut throw);
        fastrand::Rng::with_seed(throw.finish())
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The fault that happens to this request: the first that fits, counts down, and wins its toss.
    pub(crate) fn draw(&mut self, request: &Request) -> Option<Kind> {
        if self.faults.is_empty() {
            return None;
        }
        let mut dice = self.dice(request);
        let index = self.faults.iter_mut().position(|fault| {
            if !fault.route.fits(request.method(), request.path()) || fault.times == Some(0) {
                return false;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            if fault.chance < 1.0 && dice.f64() >= fault.chance {
                return false;
            }
            if let Some(left) = &mut fault.times {
                *left -= 1;
            }
            true
        })?;
        let kind = self.faults[index].kind.clone();
        self.faults.retain(|fault| fault.times != Some(0));
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Request {
        Request::new(http::Request::get(path).body(Bytes::new()).unwrap())
    }

    #[test]
    fn routes_fit_by_method_and_segments() {
        let fits = |route: &str, path: &str| Route::from(route).fits(&Method::GET, path);
        assert!(fits(
            "GET /2/0/models/*/alm/revisions",
            "/2/0/models/A/alm/revisions/"
        ));
        assert!(!fits("POST /2/0/models", "/2/0/models"));
        assert!(!fits("/2/0/models", "/2/0/models/A"));
        assert!(fits("/2/**", "/2/0/models/A") && fits("/**", "/"));
    }

    #[test]
    #[should_panic(expected = "`PSOT /2/0/models` names no HTTP method: did you mean `POST`?")]
    fn an_unknown_method_panics_with_a_suggestion() {
        let _ = Route::from("PSOT /2/0/models");
    }

    #[test]
    fn a_fault_happens_as_often_as_it_was_told_to() {
        let mut plan = FaultPlan::new();
        plan.add(Fault::drop_before().on("/a").after(1).times(2));
        let drawn: Vec<bool> = (0..5).map(|_| plan.draw(&get("/a")).is_some()).collect();
        assert_eq!(drawn, [false, true, true, false, false]);
        assert!(plan.draw(&get("/b")).is_none());
    }

    #[test]
    fn dice_of_the_same_seed_fall_the_same_way() {
        let run = |seed| {
            let mut plan = FaultPlan::new();
            plan.seed(seed);
            plan.add(Fault::status(503).chance(0.3));
            (0..64)
                .map(|_| plan.draw(&get("/a")).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).contains(&true) && run(7).contains(&false));
    }

    #[test]
    fn the_dice_of_one_request_do_not_depend_on_others() {
        let run = |between: usize| {
            let mut plan = FaultPlan::new();
            plan.seed(7);
            plan.add(Fault::status(503).chance(0.3));
            (0..64)
                .map(|_| {
                    (0..between).for_each(|_| drop(plan.draw(&get("/b"))));
                    plan.draw(&get("/a")).is_some()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(0), run(3));
    }
}
