//! The fake's clock, which tests can move.

mod skipping;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_core::Timestamp;
use anaplan_core::clock::{Clock, SystemClock};
use jiff::SignedDuration;

use skipping::Skipping;

/// A clock that starts at the machine's time, follows tokio's clock, and can be moved forward.
///
/// Under paused tokio time no wait takes real time. Where time cannot be paused, as in blocking tests,
/// [`skip_waits`](Self::skip_waits) has the same effect. Clients use the same clock through
/// [`FakeAnaplan::connection`](crate::FakeAnaplan::connection), so that both sides agree on when a token
/// expires.
#[derive(Clone)]
pub struct FakeClock {
    start: Timestamp,
    system: SystemClock,
    jumped: Arc<Mutex<Duration>>,
    skipping: Arc<Skipping>,
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
            skipping: Arc::default(),
        }
    }

    /// Moves the clock forward. Waits in progress are not shortened: they follow tokio's clock.
    pub fn advance(&self, by: Duration) {
        *self.jumped.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Ends each wait that starts from now on as soon as nothing else happens, and moves the clock by the
    /// rest of the wait.
    ///
    /// For blocking tests against a fake in process, whose runtime has no paused time: polls, retries and
    /// rate limits then take some hundredths of a second each. "Nothing else happens" means that for about
    /// 12 ms of real time no wait began or ended and no request was served. A test that computes or reads
    /// files for longer while a call is in progress can therefore run into a time-out. Async tests should
    /// pause tokio's time instead.
    ///
    /// ```
    /// use anaplan_core::clock::Clock as _;
    /// use anaplan_testkit::FakeAnaplan;
    /// use std::time::Duration;
    ///
    /// let fake = FakeAnaplan::in_process();
    /// fake.clock().skip_waits();
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let before = fake.clock().now();
    /// runtime.block_on(async { fake.clock().sleep(Duration::from_secs(3600)).await });
    /// assert!(fake.clock().now().duration_since(before).as_secs() >= 3600);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn skip_waits(&self) {
        self.skipping.turn_on();
    }

    /// Notes that a request is served, during which no wait is skipped.
    pub(crate) fn note_activity(&self) {
        self.skipping.note_activity();
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
        self.system.monotonic() + self.skipping.skipped()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        if !self.skipping.is_on() {
            return self.system.sleep(duration);
        }
        let skipping = Arc::clone(&self.skipping);
        Box::pin(skipping.sleep(self.system.clone(), duration))
    }
}

impl fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeClock").field(&self.now()).finish()
    }
}
