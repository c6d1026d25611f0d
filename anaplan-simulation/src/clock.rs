//! A client clock that differs from the server's.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anaplan_core::Timestamp;
use anaplan_core::clock::Clock;
use anaplan_testkit::FakeClock;
use jiff::SignedDuration;

/// The fake's clock, shifted by a constant. Durations are the same.
#[derive(Debug)]
pub(crate) struct SkewedClock {
    inner: FakeClock,
    skew: SignedDuration,
}

impl SkewedClock {
    pub(crate) fn new(inner: FakeClock, seconds: i64) -> Self {
        Self {
            inner,
            skew: SignedDuration::from_secs(seconds),
        }
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let now = self.inner.now();
        now.checked_add(self.skew).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.inner.sleep(duration)
    }
}
