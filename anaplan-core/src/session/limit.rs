//! Client-side rate limit, and the pause after a 429.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::transport::clock::Clock;

/// Token bucket: `burst` requests at once, then `per_second`.
///
/// Default: Anaplan's limit for a whole tenant. Use a lower one if several programs share the tenant.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Number of requests that may be sent without a pause.
    pub burst: u32,
    /// Number of requests that become available per second.
    pub per_second: f64,
}

impl RateLimit {
    /// Creates a bucket. Zero and negative values are raised to the smallest valid ones.
    #[must_use]
    pub fn new(burst: u32, per_second: f64) -> Self {
        Self {
            burst: burst.max(1),
            per_second: if per_second.is_finite() {
                per_second.max(0.001)
            } else {
                1e6
            },
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(600, 10.0)
    }
}

/// Delays requests: by the token bucket, and by the gate that a 429 closes.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: Option<RateLimit>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Negative if requests are queued.
    tokens: f64,
    refilled: Duration,
    closed_until: Duration,
}

impl Limiter {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                tokens: limit.map_or(0.0, |limit| f64::from(limit.burst)),
                refilled: Duration::ZERO,
                closed_until: Duration::ZERO,
            }),
        }
    }

    /// Waits until a request may be sent.
    pub(crate) async fn enter(&self, clock: &dyn Clock) {
        let wait = self.take(clock.monotonic());
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
        // A 429 of another call may have closed the gate during the sleep.
        loop {
            let wait = self.closed_for(clock.monotonic());
            if wait.is_zero() {
                return;
            }
            clock.sleep(wait).await;
        }
    }

    /// Delays all requests by `wait`. The bucket is emptied, because the server's is empty.
    pub(crate) fn close(&self, clock: &dyn Clock, wait: Duration) {
        let now = clock.monotonic();
        let mut state = self.lock();
        state.closed_until = state.closed_until.max(now.saturating_add(wait));
        state.tokens = state.tokens.min(0.0);
    }

    fn take(&self, now: Duration) -> Duration {
        let Some(limit) = self.limit else {
            return Duration::ZERO;
        };
        let mut state = self.lock();
        let gained = now.saturating_sub(state.refilled).as_secs_f64() * limit.per_second;
        state.refilled = state.refilled.max(now);
        state.tokens = (state.tokens + gained).min(f64::from(limit.burst)) - 1.0;
        if state.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::try_from_secs_f64(-state.tokens / limit.per_second).unwrap_or(Duration::MAX)
        }
    }

    fn closed_for(&self, now: Duration) -> Duration {
        self.lock().closed_until.saturating_sub(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::clock::SystemClock;

    #[tokio::test(start_paused = true)]
    async fn burst_passes_at_once_and_further_requests_at_the_rate() {
        let clock = SystemClock::new();
        let limiter = Limiter::new(Some(RateLimit::new(3, 2.0)));
        let mut at = Vec::new();
        for _ in 0..5 {
            limiter.enter(&clock).await;
            at.push(clock.monotonic().as_millis());
        }
        assert_eq!(at[..3], [0, 0, 0]);
        assert!(
            (499..=502).contains(&at[3]) && (998..=1004).contains(&at[4]),
            "{at:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn closed_gate_delays_requests_even_without_a_limit() {
        let clock = SystemClock::new();
        let limiter = Limiter::new(None);
        limiter.close(&clock, Duration::from_secs(4));
        limiter.close(&clock, Duration::from_secs(1));
        limiter.enter(&clock).await;
        assert!(clock.monotonic() >= Duration::from_secs(4));
    }
}
