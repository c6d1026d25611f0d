//! Retry policy and retry budget.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Retry policy.
///
/// The retry class of an operation is not configurable: see [`RetryClass`](crate::RetryClass).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Maximum number of attempts of one call, including the first. Default: 6.
    pub max_attempts: u32,
    /// Maximum number of responses with status 429 to one call. Default: 20.
    pub max_throttles: u32,
    /// Delay before the first retry. Doubled each time, with full jitter. Default: 0.2 s.
    pub first_delay: Duration,
    /// Longest delay between two attempts. Default: 20 s.
    pub max_delay: Duration,
    /// Delay after a 429 without `Retry-After`. Default: 10 s, plus jitter.
    pub throttle_delay: Duration,
    /// Longest `Retry-After` that is honoured. A longer one fails the call. Default: 5 minutes.
    pub max_throttle_delay: Duration,
    /// Retry budget of the client. A retry costs 5 (10 after a timeout), a success returns 1. With an
    /// empty budget nothing is retried. Default: 500.
    pub budget: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 6,
            max_throttles: 20,
            first_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            throttle_delay: Duration::from_secs(10),
            max_throttle_delay: Duration::from_secs(300),
            budget: 500,
        }
    }
}

impl RetryPolicy {
    /// Creates a policy without retries. 429 is still honoured, and an expired token is renewed.
    #[must_use]
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Returns the delay before retry number `retry` (from 1), up to the exponential bound.
    pub(crate) fn backoff(&self, retry: u32) -> Duration {
        let doubled = self.first_delay.saturating_mul(
            1_u32
                .checked_shl(retry.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let bound = doubled.min(self.max_delay);
        bound.mul_f64(fastrand::f64())
    }

    /// Returns the delay after a 429.
    pub(crate) fn throttle(&self, retry_after: Option<Duration>) -> Duration {
        match retry_after {
            Some(wait) => wait,
            None => self.throttle_delay.mul_f64(1.0 + fastrand::f64() / 4.0),
        }
    }
}

/// Remaining retry budget of the client.
#[derive(Debug)]
pub(crate) struct Budget {
    full: u32,
    left: Mutex<u32>,
}

impl Budget {
    pub(crate) fn new(full: u32) -> Self {
        Self {
            full,
            left: Mutex::new(full),
        }
    }

    /// Takes the cost of a retry. Returns `false` if the budget is too small.
    pub(crate) fn spend(&self, price: u32) -> bool {
        let mut left = self.lock();
        match left.checked_sub(price) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    pub(crate) fn success(&self) {
        let mut left = self.lock();
        *left = self.full.min(*left + 1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u32> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn backoff_never_exceeds_its_bound(retry in 1_u32..200) {
            let policy = RetryPolicy::default();
            prop_assert!(policy.backoff(retry) <= policy.max_delay);
        }
    }

    #[test]
    fn empty_budget_ends_retries_until_calls_succeed() {
        let budget = Budget::new(10);
        assert!(budget.spend(5) && budget.spend(5) && !budget.spend(5));
        (0..5).for_each(|_| budget.success());
        assert!(budget.spend(5));
        (0..50).for_each(|_| budget.success());
        assert!(!budget.spend(11));
    }
}
