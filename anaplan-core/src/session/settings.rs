//! Session configuration.

use std::time::Duration;

use crate::session::limit::RateLimit;
use crate::session::poll::PollPolicy;
use crate::session::retry::RetryPolicy;

/// Session configuration.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Retry policy.
    pub retry: RetryPolicy,
    /// Reconciliation policy, for calls that must not run twice.
    pub reconcile: ReconcilePolicy,
    /// Client-side rate limit. `None`: unlimited.
    pub rate_limit: Option<RateLimit>,
    /// Maximum number of requests in flight. Default: 64.
    pub max_in_flight: usize,
    /// Maximum time from the end of a request to the head of its response. Default: 5 minutes. The
    /// first call to an unloaded model waits until it is loaded, and calls to a busy model wait until
    /// it is free.
    pub attempt_timeout: Duration,
    /// Maximum time without progress of a request body or a response body. Default: 1 minute.
    pub idle_timeout: Duration,
    /// Maximum size of a response that is held in memory, in bytes after decompression. Default:
    /// 256 MiB. A larger one fails as [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). Streams are
    /// not limited.
    pub max_body: usize,
    /// Poll policy of tasks.
    pub poll: PollPolicy,
    /// `User-Agent` header.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            reconcile: ReconcilePolicy::default(),
            rate_limit: Some(RateLimit::default()),
            max_in_flight: 64,
            attempt_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(60),
            max_body: 256 << 20,
            poll: PollPolicy::default(),
            user_agent: concat!("anaplan-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Search for the effect of an attempt whose outcome is unknown.
///
/// The search can confirm that the attempt was executed. It never leads to a second attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconcilePolicy {
    /// Duration of the search. `None`: twice the duration of the attempt, at least 60 s and at most
    /// 10 minutes.
    pub patience: Option<Duration>,
    /// `true` returns a single candidate as the result, even if the API cannot prove that it is ours.
    /// Default: no, the call fails as [`ErrorKind::Ambiguous`](crate::ErrorKind::Ambiguous) with its id.
    /// See [`Call::accept_presumed`](crate::Call::accept_presumed).
    pub accept_presumed: bool,
}

impl ReconcilePolicy {
    /// Returns the duration of the search after an attempt that took `attempt`.
    pub(crate) fn patience(&self, attempt: Duration) -> Duration {
        const SHORTEST: Duration = Duration::from_secs(60);
        const LONGEST: Duration = Duration::from_secs(600);
        self.patience
            .unwrap_or_else(|| attempt.saturating_mul(2).clamp(SHORTEST, LONGEST))
    }
}
