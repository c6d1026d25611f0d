//! State that all targets of a run share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_core::{Error, ModelId, Result, Session, Timestamp};
use jiff::SignedDuration;

use crate::Promoter;
use crate::journal::{Journal, JournalEvent};
use crate::plan::Plan;
use crate::policy::{Approval, Policy};
use crate::run::check::Check;
use crate::run::event::{DisplayEvent, EventSender};
use crate::run::stop::{StopHandle, StopMode};

/// Duration of an outage that does not fail a target.
pub(crate) const OUTAGE_PATIENCE: Duration = Duration::from_secs(300);
/// Delay between two attempts during an outage.
pub(crate) const OUTAGE_INTERVAL: Duration = Duration::from_secs(10);

/// Purpose of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Promotes the targets.
    Promote,
    /// Restores the access to the models, and starts no sync.
    Recover,
}

/// State that all targets of a run share.
pub(crate) struct Context {
    pub(crate) promoter: Promoter,
    pub(crate) plan: Plan,
    pub(crate) journal: Journal,
    pub(crate) events: EventSender,
    pub(crate) stop: StopHandle,
    /// End of the run, by the monotonic clock.
    pub(crate) deadline: Option<Duration>,
    pub(crate) concurrency: usize,
    pub(crate) checks: Vec<Arc<dyn Check>>,
    /// Policies of the caller, also of the one that started the run.
    pub(crate) policies: Vec<Policy>,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) only: Option<Vec<ModelId>>,
    pub(crate) resend_unknown: bool,
    pub(crate) mode: Mode,
    /// Reason for which no other target starts.
    pub(crate) pause: Mutex<Option<String>>,
}

/// Reason for the end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    Stop(StopMode),
    Deadline,
}

impl Interruption {
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Stop(_) => "the run was stopped".to_owned(),
            Self::Deadline => "the deadline of the run passed".to_owned(),
        }
    }
}

impl Context {
    pub(crate) fn session(&self) -> &Session {
        &self.promoter.session
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.session().clock().now()
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.session().clock().monotonic()
    }

    /// Writes an event to the journal, and then sends it to the reader of the events. If the journal cannot
    /// be written, no other target starts.
    pub(crate) fn record(
        &self,
        target: Option<&ModelId>,
        event: JournalEvent,
    ) -> Result<Timestamp> {
        let at = self.now();
        let written = self.journal.append(at, target, event.clone());
        if let Err(error) = written {
            tracing::error!(target: "anaplan::promote", error = %error, "journal not written");
            self.pause(&format!("the journal cannot be written: {error}"));
            self.stop.stop(StopMode::Graceful);
            return Err(error);
        }
        self.events.journal(at, target, event);
        Ok(at)
    }

    pub(crate) fn display(&self, target: Option<&ModelId>, event: DisplayEvent) {
        self.events.display(self.now(), target, event);
    }

    /// Requests that no other target starts. The first reason is kept.
    pub(crate) fn pause(&self, reason: &str) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.get_or_insert_with(|| reason.to_owned());
    }

    pub(crate) fn pause_reason(&self) -> Option<String> {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.clone()
    }

    /// Returns the time to the deadline.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_sub(self.monotonic()))
    }

    /// Returns the reason for which nothing new may start.
    pub(crate) fn interruption(&self) -> Option<Interruption> {
        if let Some(mode) = self.stop.requested() {
            return Some(Interruption::Stop(mode));
        }
        self.left()
            .is_some_and(|left| left.is_zero())
            .then_some(Interruption::Deadline)
    }

    /// Waits. Ends early at the deadline and at a stop of at least this urgency.
    pub(crate) async fn sleep(
        &self,
        duration: Duration,
        mode: StopMode,
    ) -> std::result::Result<(), Interruption> {
        self.until_interrupted(self.session().clock().sleep(duration), mode)
            .await
    }

    /// Awaits a future. Ends early at the deadline and at a stop of at least this urgency.
    pub(crate) async fn until_interrupted<T>(
        &self,
        future: impl Future<Output = T>,
        mode: StopMode,
    ) -> std::result::Result<T, Interruption> {
        let deadline = async {
            match self.left() {
                Some(left) => self.session().clock().sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = self.stop.requested_at_least(mode) => Err(Interruption::Stop(mode)),
            () = deadline => Err(Interruption::Deadline),
        }
    }

    /// Repeats a read that fails for a reason that may pass, beyond the retries of the session. Ends early at
    /// a stop and at the deadline.
    pub(crate) async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let started = self.monotonic();
        loop {
            let error = match read().await {
                Err(error) if error.is_retryable() => error,
                result => return result,
            };
            let spent = self.monotonic().saturating_sub(started);
            let slept = self.sleep(OUTAGE_INTERVAL, StopMode::Graceful);
            if spent >= OUTAGE_PATIENCE || slept.await.is_err() {
                return Err(error);
            }
        }
    }

    pub(crate) fn is_selected(&self, model: &ModelId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(model))
    }
}

/// Adds a duration to a timestamp, up to the last one.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Returns the name of the kind of an error, such as `Forbidden`.
pub(crate) fn kind_of(error: &Error) -> String {
    format!("{:?}", error.kind())
}
