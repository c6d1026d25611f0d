//! Events of a run, for display.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// Sends events without waiting for the reader.
#[derive(Debug)]
pub(crate) struct EventSender {
    sender: mpsc::Sender<Event>,
    missed: AtomicU64,
}

impl EventSender {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let missed = AtomicU64::new(0);
        (Self { sender, missed }, receiver)
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
        let missed = self.missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            let lagged = Event {
                at: event.at,
                target: None,
                what: EventKind::Display(DisplayEvent::Lagged { missed }),
            };
            if self.sender.try_send(lagged).is_err() {
                self.missed.fetch_add(missed + 1, Ordering::Relaxed);
                return;
            }
        }
        if self.sender.try_send(event).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
