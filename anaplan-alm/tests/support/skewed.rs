//! A session whose clock differs from the server's.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anaplan_auth::{Basic, TokenAuthenticator};
use anaplan_core::clock::Clock;
use anaplan_core::{Session, Settings, Timestamp};
use anaplan_testkit::{FakeAnaplan, FakeClock};
use jiff::SignedDuration;

/// The fake's clock, shifted by a constant.
#[derive(Debug)]
struct SkewedClock(FakeClock, SignedDuration);

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.0.now().checked_add(self.1).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.0.sleep(duration)
    }
}

/// Returns a session of the administrator whose clock is `hours` ahead of the server's.
pub fn session(fake: &FakeAnaplan, hours: i64) -> Session {
    let skew = SignedDuration::from_hours(hours);
    let clock = SkewedClock(fake.clock().clone(), skew);
    let connection = fake.connection().with_clock(Arc::new(clock));
    let admin = fake.admin();
    let authenticator = TokenAuthenticator::new(Basic::new(admin.user, admin.password));
    Session::new(connection, Arc::new(authenticator), Settings::default()).unwrap()
}
