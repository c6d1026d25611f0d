//! Rejected calls: the error carries status and message of the server, and nothing is retried.
//!
//! ```
//! use anaplan_core::ErrorKind;
//! use anaplan_conformance::rejected_calls;
//!
//! # use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass};
//! # struct Me;
//! # impl Endpoint for Me {
//! #     const NAME: &'static str = "users.me";
//! #     const METHOD: Method = Method::GET;
//! #     const RETRY: RetryClass = RetryClass::ReadOnly;
//! #     type Output = ();
//! #     fn path(&self) -> Path { Path::integration().lit("users").lit("me") }
//! #     fn decode(&self, _: Response) -> Result<()> { Ok(()) }
//! # }
//! # anaplan_testkit::story(async |fake| {
//! let route = "GET /2/0/users/me";
//! rejected_calls::reject(&fake, route, 409);
//! let error = fake.session()?.call(Me).await.unwrap_err();
//! rejected_calls::assert_rejected(&fake, route, (409, ErrorKind::Conflict), &error);
//! # Ok(()) });
//! ```

use anaplan_core::{Error, ErrorKind};
use anaplan_testkit::{FakeAnaplan, Fault};

fn words(status: u16) -> String {
    format!("Rule {status} says no.")
}

/// Makes the fake reject every call of a route with this status.
pub fn reject(fake: &FakeAnaplan, route: &str, status: u16) {
    let words = words(status);
    let body = format!(
        r#"{{"status":{{"code":{status},"message":"{words}"}},"path":"/2/0","timestamp":"2026-07-14T13:55:12.198115662Z"}}"#
    );
    fake.inject(Fault::reply(status, body).on(route));
}

/// Compares an error with the status with which a call was [rejected](reject) and with the expected kind.
/// The call must have been sent once.
///
/// # Panics
///
/// If the error is another one, if it is retryable, or if the call was sent again.
pub fn assert_rejected(fake: &FakeAnaplan, route: &str, refusal: (u16, ErrorKind), error: &Error) {
    let (status, kind) = refusal;
    assert_eq!(error.kind(), kind, "{route} {status}: {error}");
    let told = error.status().map(|status| status.as_u16());
    assert_eq!(told, Some(status), "{route}");
    assert_eq!(error.server_message(), Some(&*words(status)), "{route}");
    assert!(!error.is_retryable(), "{route} {status}");
    let sent = fake.requests().count(route);
    assert_eq!(sent, 1, "{route} {status}: no second try");
}
