//! The state machine of one target.

mod checks;
mod end;
mod exit;
mod offline;
mod position;
mod start;
mod sync;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_alm::{Alm, RevisionPair};
use anaplan_core::{Error, ModelId, Result, TaskId};

use crate::journal::{JournalEvent, TargetHistory};
use crate::plan::{Action, PlannedTarget, RevisionRef, SyncStep};
use crate::planner::alm;
use crate::run::context::{Context, Mode, OUTAGE_INTERVAL, OUTAGE_PATIENCE};
use crate::run::report::{SyncReport, TargetOutcome, TargetReport};
use crate::run::stop::StopMode;
use crate::run::target::exit::{Cause, Exit};
use crate::run::target::position::Position;
use crate::run::target::start::Found;
use crate::run::target::sync::Synced;

/// One target of a run.
pub(crate) struct TargetRun {
    context: Arc<Context>,
    /// Index of the wave.
    wave: usize,
    planned: PlannedTarget,
    alm: Alm,
    progress: Mutex<Progress>,
}

/// Facts that the offline guard needs, whatever ends the run of the target.
#[derive(Debug, Default)]
struct Progress {
    /// `true` if this run is responsible for the offline state.
    is_offline: bool,
    /// `true` once the offline state is established in this process.
    is_secured: bool,
    /// A sync of another program that ran while the target was offline, and is not known to have succeeded.
    foreign: Option<TaskId>,
    /// The sync that was started last, or may have been started.
    last_sync: Option<RevisionPair>,
    /// The sync that failed last, also in an earlier process, unless a later one was verified.
    failed_sync: Option<RevisionPair>,
    /// Name of the present step, for reports.
    step: &'static str,
    syncs: Vec<SyncReport>,
    /// `true` if this run has brought the target to the revision that it has.
    is_promoted: bool,
    /// Time of the first failed attempt to change the target, by the monotonic clock.
    failing_since: Option<Duration>,
}

impl TargetRun {
    pub(crate) fn new(
        context: &Arc<Context>,
        wave: usize,
        planned: &PlannedTarget,
        history: &TargetHistory,
    ) -> Result<Arc<Self>> {
        let progress = Progress {
            is_offline: history.is_offline,
            step: "inspect",
            last_sync: history.failed_from.clone(),
            failed_sync: history.failed_from.clone(),
            syncs: history.syncs.clone(),
            is_promoted: history.verified.is_some(),
            ..Progress::default()
        };
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            wave,
            planned: planned.clone(),
            alm: alm(context.session(), &planned.model.id)?,
            progress: Mutex::new(progress),
        }))
    }

    /// Promotes or recovers the target. On every exit, also after a panic, the offline guard runs.
    pub(crate) async fn run(self: Arc<Self>, history: TargetHistory) -> TargetReport {
        let target = Arc::clone(&self);
        let work = tokio::spawn(async move { Box::pin(target.work(history)).await });
        let exit = match work.await {
            Ok(Ok(outcome)) => Exit::Done(Box::new(outcome)),
            Ok(Err(exit)) => exit,
            Err(error) => self.panicked(&error),
        };
        let left_offline = Box::pin(self.guard(&exit)).await;
        let exit = match &left_offline {
            Some(left) if left.is_failure => exit.left_offline(&left.reason),
            _ => exit,
        };
        let reason = left_offline.map(|left| left.reason);
        Box::pin(self.end(exit, reason)).await
    }

    async fn work(&self, history: TargetHistory) -> Result<TargetOutcome, Exit> {
        if let Action::Blocked { reason } = &self.planned.action {
            let kind = "ModelState";
            return Err(Exit::failed("inspect", kind, reason.clone(), Cause::Before));
        }
        self.finish_interrupted(&history).await?;
        match self.is_recovery() {
            true => self.recovered().await,
            false => self.promote(&history).await,
        }
    }

    /// Continues the sync during which an earlier process was killed.
    async fn finish_interrupted(&self, history: &TargetHistory) -> Result<(), Exit> {
        if let Some((start, at)) = &history.start {
            self.set_last_sync(&start.pair);
            if let Found::Task(task) = self.find_start(start, *at).await? {
                self.finish_sync(&start.pair, &task).await?;
            }
        } else if let Some((pair, task)) = &history.running {
            self.set_last_sync(pair);
            self.finish_sync(pair, task).await?;
        } else if let Some((pair, _)) = &history.unverified {
            self.set_last_sync(pair);
            self.verify(pair).await?;
        }
        Ok(())
    }

    /// Returns the outcome of a recovery: the access is restored by the guard.
    async fn recovered(&self) -> Result<TargetOutcome, Exit> {
        self.set_step("inspect");
        let latest = self.context.patiently(|| self.latest()).await;
        let latest = latest.map_err(|error| Exit::error("inspect", &error, Cause::Before))?;
        if latest.is_some_and(|latest| latest.id == self.goal().id) {
            if self.lock().is_promoted {
                self.recall_checks()?;
            }
            return Ok(self.success());
        }
        let reason = "the target is recovered and not promoted".to_owned();
        Err(Exit::Stopped(reason))
    }

    async fn promote(&self, history: &TargetHistory) -> Result<TargetOutcome, Exit> {
        let mut is_inspected = false;
        // A direct sync that failed is not repeated if there is another route.
        let mut fallback = history.failed_from.is_some() && !self.planned.fallback().is_empty();
        loop {
            let step = match self.read_position(fallback).await? {
                Position::Goal => break,
                Position::Foreign(task) => {
                    self.await_foreign(&task).await?;
                    continue;
                }
                Position::Next(step) => step,
            };
            if let Some(interruption) = self.context.interruption() {
                return Err(Exit::Stopped(interruption.reason()));
            }
            if !is_inspected {
                self.inspect(&step).await?;
                self.prepare_checks(history).await?;
                is_inspected = true;
            }
            if self.needs_offline() {
                self.take_offline().await?;
                continue;
            }
            match self.sync(&step).await {
                Ok(Synced::Verified | Synced::Moved) => {}
                Err(exit) if !fallback && self.may_fall_back(&exit, &step) => fallback = true,
                Err(exit) => return Err(exit),
            }
        }
        if self.lock().is_promoted {
            self.compare_checks().await?;
        }
        Ok(self.success())
    }

    /// Returns `true` if a failed direct sync is followed by one sync for each revision.
    fn may_fall_back(&self, exit: &Exit, step: &SyncStep) -> bool {
        exit.is_failed_sync()
            && self.planned.steps().first() == Some(step)
            && !self.planned.fallback().is_empty()
    }

    fn success(&self) -> TargetOutcome {
        if self.lock().is_promoted {
            TargetOutcome::Succeeded
        } else if self.planned.action == Action::UpToDate {
            TargetOutcome::UpToDate
        } else {
            TargetOutcome::AppliedElsewhere
        }
    }

    /// Returns `true` if no sync may be started: the target is only recovered.
    fn is_recovery(&self) -> bool {
        self.context.mode == Mode::Recover || !self.context.is_selected(self.model())
    }

    fn model(&self) -> &ModelId {
        &self.planned.model.id
    }

    fn name(&self) -> String {
        self.planned.model.full_name()
    }

    fn goal(&self) -> &RevisionRef {
        &self.context.plan.revision
    }

    /// Writes a fact to the journal. A failure does not end what is in progress: it prevents the next action,
    /// which has to be announced.
    fn note(&self, event: JournalEvent) {
        let _ = self.context.record(Some(self.model()), event);
    }

    /// Announces an action in the journal. A failure ends the target before the action.
    fn record(&self, event: JournalEvent) -> Result<(), Exit> {
        let written = self.context.record(Some(self.model()), event);
        written
            .map(|_| ())
            .map_err(|error| Exit::error("journal", &error, self.cause_of_interruption()))
    }

    /// Returns the cause of a failure that is neither the server's nor a sync's.
    fn cause_of_interruption(&self) -> Cause {
        match self.lock().last_sync {
            Some(_) => Cause::Sync,
            None => Cause::Before,
        }
    }

    /// Waits before a change is attempted again that was certainly not executed. Returns `false` if the error
    /// is permanent, or if the outage takes too long.
    async fn outlasts(&self, error: &Error) -> bool {
        if !error.is_retryable() || error.is_ambiguous() {
            return false;
        }
        let now = self.context.monotonic();
        let since = *self.lock().failing_since.get_or_insert(now);
        let slept = self.context.sleep(OUTAGE_INTERVAL, StopMode::Graceful);
        now.saturating_sub(since) < OUTAGE_PATIENCE && slept.await.is_ok()
    }

    fn set_step(&self, step: &'static str) {
        self.lock().step = step;
    }

    fn set_last_sync(&self, pair: &RevisionPair) {
        self.lock().last_sync = Some(pair.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
