//! Options of one call.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::data::error::Error;
use crate::data::record::ReconciliationRecord;
use crate::transport::clock::{Clock, within};

/// Callback that receives the record of each attempt before it is sent.
pub(crate) type OnAttempt = Arc<dyn Fn(&ReconciliationRecord) + Send + Sync>;
/// Callback that receives the error of each attempt that is followed by another one.
pub(crate) type OnRetry = Arc<dyn Fn(&Error) + Send + Sync>;

/// Options of one call.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) assume_idempotent: bool,
    pub(crate) send_once: bool,
    pub(crate) accept_presumed: bool,
    pub(crate) on_attempt: Option<OnAttempt>,
    pub(crate) on_retry: Option<OnRetry>,
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("assume_idempotent", &self.assume_idempotent)
            .field("send_once", &self.send_once)
            .field("accept_presumed", &self.accept_presumed)
            .finish_non_exhaustive()
    }
}

/// Time at which a call ends, by the monotonic clock. Default: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Duration>);

impl Deadline {
    /// Starts the time limit of a call.
    pub(crate) fn start(timeout: Option<Duration>, clock: &dyn Clock) -> Self {
        Self(timeout.map(|limit| clock.monotonic().saturating_add(limit)))
    }

    /// Returns the remaining time, if it is limited.
    pub(crate) fn left(self, clock: &dyn Clock) -> Option<Duration> {
        self.0.map(|until| until.saturating_sub(clock.monotonic()))
    }

    /// Returns the earlier of this deadline and `limit` from now.
    pub(crate) fn at_most(self, limit: Duration, clock: &dyn Clock) -> Self {
        let until = clock.monotonic().saturating_add(limit);
        Self(Some(self.0.map_or(until, |own| own.min(until))))
    }

    /// Returns `true` if the time is over.
    pub(crate) fn has_passed(self, clock: &dyn Clock) -> bool {
        self.left(clock).is_some_and(|left| left.is_zero())
    }

    /// Runs `future` until the deadline. `None`: the time is over.
    pub(crate) async fn within<T>(
        self,
        clock: &dyn Clock,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        match self.left(clock) {
            Some(left) => within(clock, left, future).await,
            None => Some(future.await),
        }
    }
}

#[cfg(test)]
mod tests;
