//! Observers of a fake's responses.

use std::sync::{Arc, Mutex, PoisonError};

use crate::http::{Request, Response};
use crate::world::Rules;

/// Sees every response of a fake before it is sent.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use anaplan_testkit::{FakeAnaplan, Observer, Request, Response, Rules};
///
/// #[derive(Default)]
/// struct Failures(AtomicUsize);
///
/// impl Observer for Failures {
///     fn response(&self, _: &Request, response: Response, _: &Rules) -> Response {
///         self.0.fetch_add(usize::from(response.status.is_client_error()), Ordering::Relaxed);
///         response
///     }
/// }
///
/// let fake = FakeAnaplan::in_process();
/// let failures = Arc::new(Failures::default());
/// fake.observe(failures.clone());
/// fake.answer(http::Request::get("/2/0/models").body(bytes::Bytes::new())?);
/// assert_eq!(failures.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), http::Error>(())
/// ```
pub trait Observer: Send + Sync {
    /// Called with each response of the services, before a [fault](crate::Fault) changes it. Returns the
    /// response to be sent, which should be the same: the body of a large one can be read only once.
    fn response(&self, request: &Request, response: Response, rules: &Rules) -> Response;

    /// Called whenever the fake is used or dropped. Panics to fail the test: a panic in
    /// [`response`](Self::response) may be lost in the task of a server.
    fn check(&self) {}
}

type Make = fn() -> Arc<dyn Observer>;

static EVERY_FAKE: Mutex<Vec<Make>> = Mutex::new(Vec::new());

/// Adds an observer to each fake that this process makes from now on. Adding the same function again has
/// no effect.
pub fn observe_every_fake(make: fn() -> Arc<dyn Observer>) {
    let mut all = EVERY_FAKE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.iter().any(|known| std::ptr::fn_addr_eq(*known, make));
    if !known {
        all.push(make);
    }
}

/// The observers of one fake.
pub(crate) struct Observers(Mutex<Vec<Arc<dyn Observer>>>);

impl Observers {
    /// Those that every fake has.
    pub(crate) fn new() -> Self {
        let make = EVERY_FAKE.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Mutex::new(make.iter().map(|make| make()).collect()))
    }

    pub(crate) fn add(&self, observer: Arc<dyn Observer>) {
        self.lock().push(observer);
    }

    pub(crate) fn response(
        &self,
        request: &Request,
        response: Response,
        rules: &Rules,
    ) -> Response {
        let observers = self.lock().clone();
        observers.iter().fold(response, |response, observer| {
            observer.response(request, response, rules)
        })
    }

    pub(crate) fn check(&self) {
        let observers = self.lock().clone();
        for observer in observers {
            observer.check();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Observer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
