//! One sync of a target: start, polls and verification.

use std::sync::PoisonError;
use std::time::Duration;

use anaplan_alm::{AlmTaskResult, RevisionPair};
use anaplan_core::{Error, ErrorKind, Result, TaskId, TaskState, TaskStatus};

use crate::journal::JournalEvent;
use crate::plan::{RevisionRef, SyncStep};
use crate::run::event::DisplayEvent;
use crate::run::report::{ServerMessage, SyncReport};
use crate::run::stop::StopMode;
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};
use crate::run::target::start::{Found, JournaledSync, Veto};

/// Time for which the polls of a sync may fail before the sync is reported as in progress.
pub(super) const POLL_PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Delay before polls continue after failures.
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// Delays between attempts to see a revision that a sync has applied.
const VERIFY_DELAYS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Result of a sync that has not failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    /// The target has the revision by this run's sync.
    Verified,
    /// The state of the target has changed meanwhile. It has to be read again.
    Moved,
}

/// The end of a sync.
struct Finished {
    /// `None` if the server does not tell.
    successful: Option<bool>,
    server: Option<ServerMessage>,
}

impl TargetRun {
    /// Starts a sync, waits for its end and verifies it.
    pub(super) async fn sync(&self, step: &SyncStep) -> Result<Synced, Exit> {
        self.set_step("sync");
        let pair = &step.pair;
        let (endpoint, seen) = JournaledSync::new(&self.context, self.model(), pair);
        let previous = self.lock().last_sync.replace(pair.clone());
        let started = self.context.session().start(endpoint).await;
        let (veto, written) = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            (seen.veto.take(), seen.written.take())
        };
        let error = match started {
            Ok(task) => {
                let task = task.id().clone();
                self.note_sync(pair, &task);
                self.lock().failing_since = None;
                self.note(JournalEvent::SyncStarted {
                    pair: pair.clone(),
                    task: task.clone(),
                });
                return self.finish_sync(pair, &task).await;
            }
            Err(error) => error,
        };
        match (veto, written) {
            (Some(Veto::Running), _) => {
                self.lock().last_sync = previous;
                Ok(Synced::Moved)
            }
            (Some(Veto::Journal(error)), _) => {
                self.lock().last_sync = previous;
                Err(Exit::error("journal", &error, self.cause_of_interruption()))
            }
            (None, Some((start, at))) if error.is_ambiguous() => {
                match self.find_start(&start, at).await? {
                    Found::Task(task) => self.finish_sync(pair, &task).await,
                    Found::Nothing => Ok(Synced::Moved),
                }
            }
            (None, written) => {
                self.lock().last_sync = previous;
                if written.is_some() {
                    let message = error.to_string();
                    self.note(JournalEvent::SyncRejected { message });
                }
                self.rejected(pair, &error).await
            }
        }
    }

    /// After a rejection: another program may have won.
    async fn rejected(&self, pair: &RevisionPair, error: &Error) -> Result<Synced, Exit> {
        if self.outlasts(error).await {
            return Ok(Synced::Moved);
        }
        if error.kind() == ErrorKind::Rejected {
            if let Ok(status) = self.read_status().await {
                let latest = status.latest.as_ref().map(|latest| &latest.id);
                if status.running.is_some() || latest != Some(&pair.target_revision) {
                    return Ok(Synced::Moved);
                }
            }
        }
        Err(Exit::error("sync", error, Cause::Rejected))
    }

    /// Waits for the end of a sync of this run, and verifies it.
    pub(super) async fn finish_sync(
        &self,
        pair: &RevisionPair,
        task: &TaskId,
    ) -> Result<Synced, Exit> {
        self.set_step("sync");
        let finished = self.poll(pair, task).await?;
        let latest = self.context.patiently(|| self.latest()).await;
        let latest = latest.map_err(|error| Exit::error("sync", &error, Cause::Sync))?;
        let is_applied = latest.is_some_and(|latest| latest.id == pair.source_revision);
        let successful = finished.successful.unwrap_or(is_applied);
        let event = JournalEvent::SyncFinished {
            pair: pair.clone(),
            task: task.clone(),
            successful,
            server: finished.server.clone(),
        };
        if let Some(sync) = self
            .lock()
            .syncs
            .iter_mut()
            .rfind(|sync| sync.task == *task)
        {
            sync.finish(self.context.now(), successful, finished.server.clone());
        }
        self.note(event);
        if successful {
            return self.verify(pair).await.map(|()| Synced::Verified);
        }
        self.lock().failed_sync = Some(pair.clone());
        if is_applied {
            return Ok(Synced::Moved);
        }
        let text = match &finished.server {
            Some(message) => format!("sync {task} failed: {message}"),
            None => format!("sync {task} failed"),
        };
        Err(Exit::failed("sync", "TaskFailed", text, Cause::Sync).with_server(finished.server))
    }

    /// Polls a sync. Ends early at the deadline and at an immediate stop.
    async fn poll(&self, pair: &RevisionPair, task: &TaskId) -> Result<Finished, Exit> {
        let in_progress = |_| Exit::InProgress(task.clone());
        let started = self.context.monotonic();
        let mut failing_since = None;
        loop {
            let mut progress = self.alm.resume_sync(task).progress();
            let error = loop {
                let next = progress.next_status();
                let next = self.context.until_interrupted(next, StopMode::Immediate);
                match next.await.map_err(in_progress)? {
                    Some(Ok(status)) if status.is_finished() => return Ok(finished(&status)),
                    Some(Ok(status)) => {
                        failing_since = None;
                        self.display_progress(task, &status, started);
                    }
                    Some(Err(error)) => break error,
                    None => {
                        let text = "the polls ended without a result";
                        break Error::new(ErrorKind::Incomplete, text).with_retryable(true);
                    }
                }
            };
            tracing::warn!(target: "anaplan::promote", model = %self.model(), error = %error, "sync could not be polled");
            if error.is_not_found() {
                let text = format!("the server does not list sync {task} any more");
                let server = ServerMessage {
                    message: Some(text),
                    ..ServerMessage::default()
                };
                return Ok(Finished {
                    successful: None,
                    server: Some(server),
                });
            }
            if !error.is_retryable() && error.kind() != ErrorKind::Decode {
                self.set_last_sync(pair);
                return Err(Exit::error("sync", &error, Cause::Sync));
            }
            let now = self.context.monotonic();
            let since = *failing_since.get_or_insert(now);
            if now.saturating_sub(since) >= POLL_PATIENCE {
                return Err(Exit::InProgress(task.clone()));
            }
            let slept = self.context.sleep(POLL_INTERVAL, StopMode::Immediate);
            slept.await.map_err(in_progress)?;
        }
    }

    fn display_progress(
        &self,
        task: &TaskId,
        status: &TaskStatus<AlmTaskResult>,
        started: Duration,
    ) {
        // Between 0 and 100 after the clamp.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let percent = |progress: f64| (progress.clamp(0.0, 1.0) * 100.0) as u8;
        let event = DisplayEvent::SyncProgress {
            task: task.clone(),
            step: status.current_step.clone(),
            percent: status
                .progress
                .filter(|progress| progress.is_finite())
                .map(percent),
            seconds: self.context.monotonic().saturating_sub(started).as_secs(),
        };
        self.context.display(Some(self.model()), event);
    }

    /// Verifies that the target has the revision: as its latest one, and among the models of the revision.
    pub(super) async fn verify(&self, pair: &RevisionPair) -> Result<(), Exit> {
        self.set_step("verify");
        let mut delays = VERIFY_DELAYS.iter();
        loop {
            let found = self.context.patiently(|| self.find_applied(pair)).await;
            let missing = match found {
                Ok(Ok(revision)) => {
                    {
                        let mut progress = self.lock();
                        progress.is_promoted = true;
                        progress.last_sync = None;
                        progress.failed_sync = None;
                    }
                    self.note(JournalEvent::Verified { revision });
                    return Ok(());
                }
                Ok(Err(missing)) => missing,
                Err(error) if error.is_retryable() => error.to_string(),
                Err(error) => return Err(Exit::error("verify", &error, Cause::Verify)),
            };
            let Some(delay) = delays.next() else {
                return Err(Exit::failed("verify", "Incomplete", missing, Cause::Verify));
            };
            self.context.session().clock().sleep(*delay).await;
        }
    }

    /// Returns the applied revision, or the reason why it cannot be verified.
    async fn find_applied(
        &self,
        pair: &RevisionPair,
    ) -> Result<std::result::Result<RevisionRef, String>> {
        let goal = &pair.source_revision;
        let latest = match self.latest().await? {
            Some(latest) if latest.id == *goal => latest,
            latest => {
                let now = latest.map_or("none".to_owned(), |latest| latest.to_string());
                let text = format!("the sync succeeded, but the latest revision is {now}");
                return Ok(Err(text));
            }
        };
        let models = self.alm.get_models_for_revision(goal).await?;
        let mut models = models.iter();
        if models.any(|model| model.model_id.as_ref() == Some(self.model())) {
            return Ok(Ok(latest));
        }
        let text = "the sync succeeded, but the revision does not list the model";
        Ok(Err(text.to_owned()))
    }

    pub(super) fn note_sync(&self, pair: &RevisionPair, task: &TaskId) {
        let at = self.context.now();
        let sync = SyncReport::started(pair.clone(), task.clone(), at);
        self.lock().syncs.push(sync);
    }
}

fn finished(status: &TaskStatus<AlmTaskResult>) -> Finished {
    let successful = match (&status.task_state, &status.result) {
        (TaskState::Cancelled, _) => Some(false),
        (_, result) => result.as_ref().map(|result| result.successful),
    };
    Finished {
        successful,
        server: server_message(status),
    }
}

/// Returns the server's message about a task that did not succeed.
pub(super) fn server_message(status: &TaskStatus<AlmTaskResult>) -> Option<ServerMessage> {
    if status.task_state == TaskState::Cancelled {
        let message = Some("the sync was cancelled".to_owned());
        return Some(ServerMessage {
            message,
            ..ServerMessage::default()
        });
    }
    let result = status.result.as_ref().filter(|result| !result.successful)?;
    let error = result.error.clone()?;
    Some(ServerMessage {
        title: error.title,
        message: error.message_text,
        subtitle: error.subtitle,
    })
}
