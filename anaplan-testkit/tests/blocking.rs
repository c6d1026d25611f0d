//! Blocking calls: their waits take no real time when the fake's clock skips them.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use anaplan_conformance::validated;
use anaplan_core::clock::Clock as _;
use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass};
use anaplan_testkit::{FakeAnaplan, Fault, RetryAfter};
use serde_json::Value;

struct Me;

impl Endpoint for Me {
    const NAME: &'static str = "users.me";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Value;

    fn path(&self) -> Path {
        Path::integration().lit("users").lit("me")
    }

    fn decode(&self, response: Response) -> Result<Value> {
        response.field("user")
    }
}

#[test]
fn blocking_retries_take_no_real_time_when_waits_are_skipped() {
    let fake = validated(FakeAnaplan::in_process());
    fake.clock().skip_waits();
    fake.inject(Fault::throttle(RetryAfter::Seconds(25)).times(2));
    let (began, before) = (Instant::now(), fake.clock().monotonic());
    let me = fake.session().unwrap().call(Me).run().unwrap();
    assert_eq!(me["email"], fake.admin().user);
    fake.assert_called("GET /2/0/users/me").times(3);
    assert!(fake.clock().monotonic() - before >= Duration::from_secs(50));
    assert!(began.elapsed() < Duration::from_secs(10));
}
