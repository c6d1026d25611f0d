//! Intervals at which tasks are polled.

use std::time::Duration;

/// Poll policy of tasks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PollPolicy {
    /// Delay before the second poll. The first is immediate. Default: 1 s.
    pub first: Duration,
    /// Factor by which the delay grows after each poll. Default: 1.5.
    pub factor: f64,
    /// Longest delay. Anaplan asks for 5 s or more. Default: 10 s.
    pub steady: Duration,
    /// Maximum duration of the wait, counted from the first poll. The task continues after it.
    /// Default: unlimited.
    pub deadline: Option<Duration>,
    /// Number of consecutive polls that may fail. Default: 5.
    pub tolerated_failures: u32,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: 1.5,
            steady: Duration::from_secs(10),
            deadline: None,
            tolerated_failures: 5,
        }
    }
}

impl PollPolicy {
    /// Creates a policy with a constant interval.
    #[must_use]
    pub fn every(interval: Duration) -> Self {
        Self {
            first: interval,
            factor: 1.0,
            steady: interval,
            ..Self::default()
        }
    }

    /// Sets the maximum duration of the wait.
    #[must_use]
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Returns the delay after this many polls.
    #[must_use]
    pub fn wait(&self, polls: u32) -> Duration {
        let factor = if self.factor.is_finite() {
            self.factor.max(1.0)
        } else {
            1.0
        };
        let grown = factor.powi(i32::try_from(polls.saturating_sub(1)).unwrap_or(i32::MAX));
        let seconds = (self.first.as_secs_f64() * grown).min(self.steady.as_secs_f64());
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.steady)
            // A zero interval would poll in a busy loop.
            .max(Duration::from_millis(10))
    }
}
