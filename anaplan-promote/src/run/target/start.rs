//! The start of a sync: recorded in the journal before it is sent, and looked up after an unknown outcome.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_alm::endpoints::{GetSyncTasks, SyncModels};
use anaplan_alm::{RevisionPair, Sync};
use anaplan_core::{
    Endpoint, Error, ErrorKind, Evaluation, Evidence, Finding, Lookup, Method, ModelId, Path,
    Reconcile, ReconciliationRecord, RequestBody, Response, Result, RetryClass, TaskId, Timestamp,
    async_trait,
};
use serde_json::json;

use crate::journal::{JournalEvent, StartingSync};
use crate::run::context::Context;
use crate::run::report::ServerMessage;
use crate::run::stop::StopMode;
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};
use crate::run::target::position::running;
use crate::run::target::sync::{POLL_PATIENCE, server_message};

/// Default duration of the search for a start with unknown outcome.
const SEARCH: Duration = Duration::from_secs(60);
/// Interval of the search.
const SEARCH_INTERVAL: Duration = Duration::from_secs(5);

/// Result of the search for a start with unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The sync is this run's.
    Task(TaskId),
    /// The start was not executed and cannot take effect any more, or the caller accepts a second one.
    Nothing,
}

/// Reason for which a start was not sent.
#[derive(Debug, Clone)]
pub(super) enum Veto {
    /// A sync is running.
    Running,
    /// The journal cannot be written.
    Journal(Error),
}

/// Start of a sync that writes the journal between the listing of the tasks and each attempt.
pub(super) struct JournaledSync {
    start: SyncModels,
    context: Arc<Context>,
    seen: Arc<Mutex<Seen>>,
}

/// What happened before the last attempt.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) veto: Option<Veto>,
    pub(super) written: Option<(StartingSync, Timestamp)>,
}

impl JournaledSync {
    pub(super) fn new(
        context: &Arc<Context>,
        model: &ModelId,
        pair: &RevisionPair,
    ) -> (Self, Arc<Mutex<Seen>>) {
        let seen = Arc::default();
        let start = SyncModels {
            model: model.clone(),
            revisions: pair.clone(),
        };
        let endpoint = Self {
            start,
            context: Arc::clone(context),
            seen: Arc::clone(&seen),
        };
        (endpoint, seen)
    }

    fn write(
        &self,
        running: Option<TaskId>,
        existing: Vec<TaskId>,
        lookup: &Lookup<'_>,
    ) -> Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = running {
            seen.veto = Some(Veto::Running);
            let text = format!("sync {task} is in progress");
            return Err(Error::new(ErrorKind::Conflict, text));
        }
        let start = StartingSync {
            pair: self.start.revisions.clone(),
            existing,
            clock_offset: lookup.clock_offset(),
        };
        let event = JournalEvent::StartingSync(start.clone());
        match self.context.record(Some(&self.start.model), event) {
            Ok(at) => {
                seen.written = Some((start, at));
                Ok(())
            }
            Err(error) => {
                seen.veto = Some(Veto::Journal(error.clone()));
                Err(error)
            }
        }
    }
}

impl Endpoint for JournaledSync {
    const NAME: &'static str = SyncModels::NAME;
    const METHOD: Method = SyncModels::METHOD;
    const RETRY: RetryClass = SyncModels::RETRY;
    const SUCCESS: &'static [u16] = SyncModels::SUCCESS;
    type Output = Sync;

    fn check(&self) -> Result<()> {
        self.start.check()
    }

    fn path(&self) -> Path {
        self.start.path()
    }

    fn body(&self) -> Result<RequestBody> {
        self.start.body()
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Sync>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<Sync> {
        self.start.decode(response)
    }
}

/// An error of [`baseline`](Reconcile::baseline) prevents the attempt.
#[async_trait]
impl Reconcile<Sync> for JournaledSync {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let model = self.start.model.clone();
        let tasks = lookup.call(&GetSyncTasks { model }).await?;
        let existing: Vec<TaskId> = tasks.iter().map(|task| task.task_id.clone()).collect();
        let ids = existing.iter().map(ToString::to_string).collect();
        self.write(running(&tasks), existing, lookup)?;
        Ok(ids)
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<Sync>> {
        self.start.find(evidence).await
    }

    async fn cannot_take_effect(&self, evidence: &Evidence<'_>) -> Result<Option<String>> {
        self.start.cannot_take_effect(evidence).await
    }

    fn id(&self, output: &Sync) -> Option<String> {
        self.start.id(output)
    }

    fn request(&self) -> serde_json::Value {
        self.start.request()
    }
}

impl TargetRun {
    /// Searches for a start with unknown outcome, also of a killed process.
    ///
    /// A task is this run's only if the server's state proves it. While another candidate runs, the search
    /// continues.
    pub(super) async fn find_start(
        &self,
        start: &StartingSync,
        at: Timestamp,
    ) -> Result<Found, Exit> {
        self.set_step("sync");
        let record = self.record_of(start, at)?;
        let patience = self.context.session().settings().reconcile.patience;
        let started = self.context.monotonic();
        let is_over = || {
            let spent = self.context.monotonic().saturating_sub(started);
            spent >= patience.unwrap_or(SEARCH)
        };
        let mut candidate = None;
        let mut failing_since = None;
        loop {
            let evaluated = self.alm.evaluate_sync(record.clone()).await;
            // A failed evaluation says nothing about the candidate.
            if evaluated.is_ok() {
                (candidate, failing_since) = (None, None);
            }
            let reason = match evaluated {
                Ok(Evaluation::Confirmed(task)) => {
                    let task = task.id().clone();
                    self.note(JournalEvent::SyncStarted {
                        pair: start.pair.clone(),
                        task: task.clone(),
                    });
                    self.note_sync(&start.pair, &task);
                    return Ok(Found::Task(task));
                }
                Ok(Evaluation::NotExecuted(reason)) => {
                    let event = JournalEvent::SyncRejected { message: reason };
                    self.note(event);
                    return Ok(Found::Nothing);
                }
                Ok(Evaluation::Presumed { output, .. }) => {
                    let task = output.id().clone();
                    if self.presumed(start, &task).await? {
                        return Ok(Found::Nothing);
                    }
                    let reason = format!("sync {task} may be this run's, and is in progress");
                    candidate = Some(task);
                    reason
                }
                Ok(Evaluation::Unknown(reason)) => reason,
                Ok(_) => "no effect is visible".to_owned(),
                Err(error) => {
                    let now = self.context.monotonic();
                    let since = *failing_since.get_or_insert(now);
                    if now.saturating_sub(since) >= POLL_PATIENCE {
                        if let Some(task) = candidate {
                            return Err(Exit::InProgress(task));
                        }
                    }
                    error.to_string()
                }
            };
            if candidate.is_none() && is_over() {
                return self.unresolved(&reason);
            }
            let slept = self.context.sleep(SEARCH_INTERVAL, StopMode::Immediate);
            if let Err(interruption) = slept.await {
                return Err(match candidate {
                    Some(task) => Exit::InProgress(task),
                    None => Exit::Unknown(format!("{}; {reason}", interruption.reason())),
                });
            }
        }
    }

    /// Examines a task that may be this run's. Returns `true` if the target has the revision by it, `false`
    /// while it runs.
    async fn presumed(&self, start: &StartingSync, task: &TaskId) -> Result<bool, Exit> {
        let Ok(status) = self.alm.get_sync_task(task).await else {
            return Ok(false);
        };
        if !status.is_finished() {
            return Ok(false);
        }
        let latest = self.context.patiently(|| self.latest()).await;
        let latest = latest.map_err(|error| Exit::error("sync", &error, Cause::Foreign))?;
        if latest.is_some_and(|latest| latest.id == start.pair.source_revision) {
            let reason = format!("the target has the revision by sync {task}");
            self.record(JournalEvent::StartAbandoned { reason })?;
            return Ok(true);
        }
        let message: Option<ServerMessage> = server_message(&status);
        if self.context.resend_unknown {
            let reason = format!("sync {task} failed, and another start was requested");
            self.record(JournalEvent::StartAbandoned { reason })?;
            return Ok(true);
        }
        let text = format!("sync {task}, which may be this run's, failed");
        Err(Exit::failed("sync", "TaskFailed", text, Cause::Foreign).with_server(message))
    }

    fn unresolved(&self, reason: &str) -> Result<Found, Exit> {
        if self.context.resend_unknown {
            let reason = format!("another start was requested; {reason}");
            self.record(JournalEvent::StartAbandoned { reason })?;
            return Ok(Found::Nothing);
        }
        let text = format!("it is not known whether the sync was started: {reason}");
        Err(Exit::Unknown(text))
    }

    fn record_of(&self, start: &StartingSync, at: Timestamp) -> Result<ReconciliationRecord, Exit> {
        let endpoint = SyncModels {
            model: self.model().clone(),
            revisions: start.pair.clone(),
        };
        let record = json!({
            "version": ReconciliationRecord::VERSION,
            "operation": SyncModels::NAME,
            "path": "",
            "request": endpoint,
            "nonce": "",
            "sentAt": at,
            "clockOffset": start.clock_offset,
            "baseline": start.existing,
        });
        serde_json::from_value(record).map_err(|error| {
            let text = format!("the record of the start cannot be built: {error}");
            Exit::Unknown(text)
        })
    }
}
