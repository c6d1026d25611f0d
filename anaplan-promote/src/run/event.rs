//! Events of a run, for display.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anaplan_core::{ModelId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::journal::JournalEvent;

/// Number of events that wait for the reader before further ones are dropped.
const CAPACITY: usize = 1024;

/// An event of a run. Serializes to one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Time, by the local clock.
    pub at: Timestamp,
    /// Target. `None` if the event concerns the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ModelId>,
    /// Content.
    #[serde(flatten)]
    pub what: EventKind,
}

/// Content of an [`Event`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum EventKind {
    /// A line of the journal. The plan of the first line has no waves.
    Journal(JournalEvent),
    /// Display only: not in the journal.
    Display(DisplayEvent),
}

/// An event that is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum DisplayEvent {
    /// A sync continues. The end of a sync is [`JournalEvent::SyncFinished`].
    SyncProgress {
        /// Task.
        task: TaskId,
        /// Current step, in the server's words.
        step: Option<String>,
        /// Progress in percent, if the server reports it.
        percent: Option<u8>,
        /// Time since the first poll, in seconds.
        seconds: u64,
    },
    /// The run or a target waits.
    Waiting {
        /// Reason.
        reason: String,
        /// End of the wait, if known.
        until: Option<Timestamp>,
    },
    /// Events were dropped, because the reader was too slow. The journal has all changes of state.
    Lagged {
        /// Number of dropped events.
        missed: u64,
    },
}

/// Number of dropped events that the reader does not know of, and the time of the last one.
#[derive(Debug, Default)]
struct Missed(Mutex<(u64, Timestamp)>);

impl Missed {
    fn add(&self, missed: u64, at: Timestamp) {
        let mut state = self.lock();
        *state = (state.0 + missed, at);
    }

    /// Returns the event about them, once.
    fn take(&self) -> Option<(u64, Event)> {
        let mut state = self.lock();
        let (missed, at) = *state;
        state.0 = 0;
        let event = || Event {
            at,
            target: None,
            what: EventKind::Display(DisplayEvent::Lagged { missed }),
        };
        (missed > 0).then(|| (missed, event()))
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends events without waiting for the reader.
#[derive(Debug)]
pub(crate) struct EventSender {
    sender: mpsc::Sender<Event>,
    missed: Arc<Missed>,
}

/// The events of a run. The last one tells of dropped events, if there are any.
#[derive(Debug)]
pub(crate) struct EventReceiver {
    receiver: mpsc::Receiver<Event>,
    missed: Arc<Missed>,
}

impl EventReceiver {
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let received = self.receiver.poll_recv(cx);
        received.map(|event| event.or_else(|| self.missed.take().map(|(_, lagged)| lagged)))
    }
}

impl EventSender {
    pub(crate) fn new() -> (Self, EventReceiver) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let missed: Arc<Missed> = Arc::default();
        let events = EventReceiver {
            receiver,
            missed: Arc::clone(&missed),
        };
        (Self { sender, missed }, events)
    }

    pub(crate) fn display(&self, at: Timestamp, target: Option<&ModelId>, what: DisplayEvent) {
        self.send(Event {
            at,
            target: target.cloned(),
            what: EventKind::Display(what),
        });
    }

    pub(crate) fn journal(&self, at: Timestamp, target: Option<&ModelId>, mut event: JournalEvent) {
        if let JournalEvent::RunStarted(started) = &mut event {
            started.plan.waves.clear();
        }
        self.send(Event {
            at,
            target: target.cloned(),
            what: EventKind::Journal(event),
        });
    }

    fn send(&self, event: Event) {
        let at = event.at;
        if let Some((missed, mut lagged)) = self.missed.take() {
            lagged.at = at;
            if self.sender.try_send(lagged).is_err() {
                self.missed.add(missed + 1, at);
                return;
            }
        }
        if self.sender.try_send(event).is_err() {
            self.missed.add(1, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn dropped_events_at_the_end_are_reported_by_the_last_event() {
        let (sender, mut events) = EventSender::new();
        let at = Timestamp::UNIX_EPOCH;
        for _ in 0..CAPACITY + 3 {
            sender.journal(at, None, JournalEvent::TookOffline);
        }
        drop(sender);
        let mut received = Vec::new();
        while let Some(event) = poll_fn(|cx| events.poll_recv(cx)).await {
            received.push(event.what);
        }
        assert_eq!(received.len(), CAPACITY + 1);
        let lagged = EventKind::Display(DisplayEvent::Lagged { missed: 3 });
        assert_eq!(received.last(), Some(&lagged));
    }
}
