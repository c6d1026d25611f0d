//! Runs: the execution of a plan, its events and its result.

mod apply;
mod check;
mod context;
mod engine;
mod event;
mod instructions;
mod options;
mod report;
mod stop;
mod target;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use anaplan_core::{Error, ErrorKind, Pending, Result};
use futures_core::Stream;
use tokio::sync::oneshot;

use event::EventReceiver;

pub(crate) use apply::{host, spawn, without_differences};
pub(crate) use context::Mode;

pub use check::{Check, CheckResult};
pub use event::{DisplayEvent, Event, EventKind};
pub use options::{ApplyOptions, ApplyStart, JournalPlace, RecoverFrom, RecoverOptions, Rejection};
pub use report::{
    NextStep, Report, RunStatus, ServerMessage, SyncReport, TargetOutcome, TargetReport,
    TargetStatus,
};
pub use stop::{StopHandle, StopMode};

/// A run in progress: a stream of its events, and its result.
///
/// The run does not depend on the reader of the events, and continues on its own task. Dropping it requests
/// a [graceful](StopMode::Graceful) stop, which takes models online and awaits running syncs. A program must
/// [`finish`](Self::finish) the run before it exits.
#[must_use = "dropping a run stops it"]
pub struct Run {
    events: EventReceiver,
    stop: StopHandle,
    report: Option<oneshot::Receiver<Report>>,
}

impl Run {
    pub(crate) fn new(
        events: EventReceiver,
        stop: StopHandle,
        report: oneshot::Receiver<Report>,
    ) -> Self {
        Self {
            events,
            stop,
            report: Some(report),
        }
    }

    /// Returns the next event, or `None` after the last one.
    pub async fn next_event(&mut self) -> Option<Result<Event>> {
        poll_fn(|cx| self.events.poll_recv(cx)).await.map(Ok)
    }

    /// Returns a handle that stops the run.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Waits for the end of the run and returns its result. Unread events are dropped.
    ///
    /// # Errors
    ///
    /// `Usage` if the runtime of the run was shut down.
    pub fn finish(mut self) -> Pending<Report> {
        let report = self.report.take();
        let guard = StopOnDrop(Some(self.stop.clone()));
        Pending::new(async move {
            let mut guard = guard;
            let report = match report {
                Some(report) => report.await.ok(),
                None => None,
            };
            guard.0 = None;
            report.ok_or_else(|| {
                let text = "the runtime of the run was shut down";
                Error::new(ErrorKind::Usage, text)
            })
        })
    }
}

/// Stops the run if its caller no longer waits for it.
struct StopOnDrop(Option<StopHandle>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.stop(StopMode::Graceful);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.report.is_some() {
            self.stop.stop(StopMode::Graceful);
        }
    }
}

impl Stream for Run {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_recv(cx).map(|event| event.map(Ok))
    }
}

#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
impl Iterator for Run {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
