//! Whether to try again, and when.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;

use crate::transport::TransportErrorKind;

/// How persistent a client is. The defaults suit nearly everybody.
///
/// What is retried at all is not a matter of configuration: see [`RetryClass`](crate::RetryClass).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often one call may be sent because of failures, the first time included. Default 6.
    pub max_attempts: u32,
    /// How often one call may be told "too many requests" before it gives up. Default 20.
    pub max_throttles: u32,
    /// The delay before the first retry; doubled each time, with full jitter. Default 0.2 s.
    pub first_delay: Duration,
    /// The longest delay between two attempts. Default 20 s.
    pub max_delay: Duration,
    /// How long to stay away after a 429 that does not say. Default 10 s, plus jitter.
    pub throttle_delay: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one is returned as an error. Default 5 min.
    pub max_throttle_delay: Duration,
    /// The budget of the whole client: a retry takes 5 (10 after a time-out), a success gives one
    /// back, an empty budget ends retrying. Default 500.
    pub budget: u32,
    /// How often a call that must not run twice is sent again after a look at the server has shown
    /// that a lost attempt had no effect. Default 3.
    pub max_resends: u32,
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
            max_resends: 3,
        }
    }
}

impl RetryPolicy {
    /// Sends every call once. Throttling is still obeyed, and an expired token renewed.
    #[must_use]
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            max_resends: 0,
            ..Self::default()
        }
    }

    /// The delay before retry number `retry` (from 1): anything up to the exponential bound.
    pub(crate) fn backoff(&self, retry: u32) -> Duration {
        let doubled = self.first_delay.saturating_mul(
            1_u32
                .checked_shl(retry.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let bound = doubled.min(self.max_delay);
        bound.mul_f64(fastrand::f64())
    }

    /// How long to stay away after a 429.
    pub(crate) fn throttle(&self, told: Option<Duration>) -> Duration {
        match told {
            Some(wait) => wait,
            None => self.throttle_delay.mul_f64(1.0 + fastrand::f64() / 4.0),
        }
    }
}

/// What one failed attempt means for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The server did not carry it out.
    None,
    /// The server may have carried it out; it has stopped working on it.
    Unknown,
    /// The server may be carrying it out at this moment.
    UnknownAndMayRun,
}

/// Whether a failure of the wire can have had an effect.
pub(crate) fn effect_of(kind: TransportErrorKind) -> Effect {
    match kind {
        TransportErrorKind::Connect | TransportErrorKind::Request => Effect::None,
        TransportErrorKind::Timeout => Effect::UnknownAndMayRun,
        TransportErrorKind::Interrupted => Effect::Unknown,
    }
}

/// Whether a status says "try again", and what it says of the first try.
pub(crate) fn transient(status: StatusCode) -> Option<Effect> {
    match status.as_u16() {
        408 | 504 => Some(Effect::UnknownAndMayRun),
        410 | 500 | 502 | 503 => Some(Effect::Unknown),
        _ => None,
    }
}

/// Reads `Retry-After` in both of its forms; a date in the past means "now".
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The retries that the whole client may still make.
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

    /// Takes the price of a retry; `false` when the budget cannot pay it.
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

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: Timestamp = "2025-03-10T11:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Mon, 10 Mar 2025 11:00:30 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after("Mon, 10 Mar 2025 10:00:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }

    proptest! {
        #[test]
        fn no_header_value_makes_the_reader_panic(value in "\\PC*") {
            let _ = retry_after(&value, Timestamp::UNIX_EPOCH);
        }

        #[test]
        fn a_delay_never_exceeds_its_bound(retry in 1_u32..200) {
            let policy = RetryPolicy::default();
            prop_assert!(policy.backoff(retry) <= policy.max_delay);
        }
    }

    #[test]
    fn an_empty_budget_ends_retrying_until_calls_succeed_again() {
        let budget = Budget::new(10);
        assert!(budget.spend(5) && budget.spend(5) && !budget.spend(5));
        (0..5).for_each(|_| budget.success());
        assert!(budget.spend(5));
        (0..50).for_each(|_| budget.success());
        assert!(!budget.spend(11));
    }
}
