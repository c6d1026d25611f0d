//! Stopping a run.

use std::sync::Arc;

use tokio::sync::watch;

/// Way in which a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StopMode {
    /// No target and no step starts. Models that are offline without a running sync are brought online at
    /// once. Running syncs are awaited.
    Graceful,
    /// Like graceful, but running syncs are not awaited: they are reported with their tasks, and their models
    /// stay offline until the run is resumed or recovered.
    Immediate,
}

/// Stops a run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StopHandle {
    sender: Arc<watch::Sender<Option<StopMode>>>,
}

impl StopHandle {
    pub(crate) fn new() -> Self {
        Self {
            sender: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Requests a stop. A second request can only make it more urgent.
    pub fn stop(&self, mode: StopMode) {
        self.sender.send_if_modified(|current| {
            let urgent = current.is_none_or(|current| current < mode);
            if urgent {
                *current = Some(mode);
            }
            urgent
        });
    }

    /// Returns the requested mode.
    #[must_use]
    pub fn requested(&self) -> Option<StopMode> {
        *self.sender.borrow()
    }

    /// Completes when a stop of at least this urgency is requested.
    pub(crate) async fn requested_at_least(&self, mode: StopMode) {
        let mut receiver = self.sender.subscribe();
        let stopped = receiver.wait_for(|current| current.is_some_and(|current| current >= mode));
        // The handle owns the sender, so the channel cannot be closed.
        let _ = stopped.await;
    }
}
