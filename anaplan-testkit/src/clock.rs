//! The fake's clock, which tests can move.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_core::Timestamp;
use anaplan_core::clock::{Clock, SystemClock};
use jiff::SignedDuration;

/// Shows the machine's time at its making, goes on with tokio's clock, and jumps when told to.
///
/// Under paused tokio time nothing ever waits for real, and yet every duration is kept. Clients get the
/// same clock in [`FakeAnaplan::connection`](crate::FakeAnaplan::connection), so that both sides agree
/// on when a token expires.
#[derive(Clone)]
pub struct FakeClock {
    start: Timestamp,
    system: SystemClock,
    jumped: Arc<Mutex<Duration>>,
}

impl FakeClock {
    /// A clock that shows the machine's time now.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(SystemClock::new().now())
    }

    /// A clock that shows `start` now.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            system: SystemClock::new(),
            jumped: Arc::default(),
        }
    }

    /// Jumps forward. Waits that are under way are not shortened: they follow tokio's clock.
    pub fn advance(&self, by: Duration) {
        *self.jumped.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let jumped = *self.jumped.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = SignedDuration::try_from(self.monotonic() + jumped);
        self.start
            .saturating_add(passed.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.system.sleep(duration)
    }
}

impl fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeClock").field(&self.now()).finish()
    }
}
