//! The state of a run, as its journal records it.

use std::collections::BTreeMap;

use anaplan_alm::RevisionPair;
use anaplan_core::{Error, ErrorKind, ModelId, Result, TaskId, Timestamp};
use serde_json::Value;

use crate::journal::{JournalEvent, JournalLine, RunStarted, SCHEMA, StartingSync};
use crate::plan::RevisionRef;
use crate::policy::Approval;
use crate::run::{CheckResult, RunStatus, SyncReport, TargetOutcome};

/// The last run of a journal.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) started: RunStarted,
    /// Approvals of the start and of all continuations.
    pub(crate) approvals: Vec<Approval>,
    pub(crate) targets: BTreeMap<ModelId, TargetHistory>,
    /// End of the waves that have ended.
    pub(crate) waves_ended: BTreeMap<String, Timestamp>,
    /// `None` while the run is in progress, or after a kill.
    pub(crate) ended: Option<RunStatus>,
}

/// The state of one target.
#[derive(Debug, Clone, Default)]
pub(crate) struct TargetHistory {
    /// `true` if the run is responsible for the offline state.
    pub(crate) is_offline: bool,
    /// A start whose outcome is not recorded, and the time of its line.
    pub(crate) start: Option<(StartingSync, Timestamp)>,
    /// A sync whose end is not recorded.
    pub(crate) running: Option<(RevisionPair, TaskId)>,
    /// A sync that succeeded and is not verified.
    pub(crate) unverified: Option<(RevisionPair, TaskId)>,
    /// Latest revision that the run has verified.
    pub(crate) verified: Option<RevisionRef>,
    /// The sync that failed last, unless a later one was verified.
    pub(crate) failed_from: Option<RevisionPair>,
    /// Values of checks.
    pub(crate) prepared: BTreeMap<String, Value>,
    /// Results of checks since the last sync.
    pub(crate) checked: BTreeMap<String, CheckResult>,
    pub(crate) syncs: Vec<SyncReport>,
    pub(crate) outcome: Option<TargetOutcome>,
}

impl History {
    pub(crate) fn of(lines: &[JournalLine]) -> Result<Self> {
        let start = lines
            .iter()
            .rposition(|line| matches!(line.event, JournalEvent::RunStarted(_)));
        let invalid = |text: &str| Error::new(ErrorKind::InvalidInput, text);
        let Some(start) = start else {
            return Err(invalid("the journal has no run"));
        };
        let JournalEvent::RunStarted(started) = &lines[start].event else {
            return Err(invalid("the journal has no run"));
        };
        if started.schema != SCHEMA {
            let text = format!(
                "the journal has the format {}, this release reads {SCHEMA}",
                started.schema
            );
            return Err(invalid(&text));
        }
        let mut history = Self::new((**started).clone());
        for line in &lines[start + 1..] {
            history.apply(line);
        }
        Ok(history)
    }

    /// Returns the state of a run that has just started.
    pub(crate) fn new(started: RunStarted) -> Self {
        Self {
            approvals: started.approvals.clone(),
            started,
            targets: BTreeMap::new(),
            waves_ended: BTreeMap::new(),
            ended: None,
        }
    }

    fn apply(&mut self, line: &JournalLine) {
        match &line.event {
            JournalEvent::RunResumed { approvals, .. } => {
                self.approvals.extend(approvals.iter().cloned());
                self.ended = None;
            }
            JournalEvent::RecoveryStarted { .. } => self.ended = None,
            JournalEvent::WaveEnded { wave } => {
                self.waves_ended.insert(wave.clone(), line.at);
            }
            JournalEvent::RunEnded { status, .. } => self.ended = Some(*status),
            event => {
                if let Some(target) = &line.target {
                    let target = self.targets.entry(target.clone()).or_default();
                    target.apply(line.at, event);
                }
            }
        }
    }

    pub(crate) fn target(&self, model: &ModelId) -> TargetHistory {
        self.targets.get(model).cloned().unwrap_or_default()
    }

    /// Returns `true` if the run has ended, all targets have reached their goal, and none was left offline.
    pub(crate) fn is_finished(&self) -> bool {
        let mut targets = self.targets.values();
        self.ended == Some(RunStatus::Finished) && !targets.any(|target| target.is_offline)
    }
}

impl TargetHistory {
    fn apply(&mut self, at: Timestamp, event: &JournalEvent) {
        if !matches!(event, JournalEvent::TargetEnded { .. }) {
            self.outcome = None;
        }
        match event {
            JournalEvent::TakingOffline | JournalEvent::TookOffline => self.is_offline = true,
            JournalEvent::BroughtOnline => self.is_offline = false,
            JournalEvent::CheckPrepared { check, value } => {
                self.prepared.insert(check.clone(), value.clone());
            }
            JournalEvent::CheckFinished { check, result } => {
                self.checked.insert(check.clone(), result.clone());
            }
            JournalEvent::StartingSync(start) => self.start = Some((start.clone(), at)),
            JournalEvent::SyncRejected { .. } | JournalEvent::StartAbandoned { .. } => {
                self.start = None;
            }
            JournalEvent::SyncStarted { pair, task } => {
                self.checked.clear();
                self.start = None;
                self.running = Some((pair.clone(), task.clone()));
                self.syncs
                    .push(SyncReport::started(pair.clone(), task.clone(), at));
            }
            JournalEvent::SyncFinished {
                pair,
                task,
                successful,
                server,
            } => {
                // Also if the line of the start could not be written.
                (self.start, self.running) = (None, None);
                if let Some(sync) = self.syncs.iter_mut().rfind(|sync| sync.task == *task) {
                    sync.finish(at, *successful, server.clone());
                }
                if *successful {
                    self.unverified = Some((pair.clone(), task.clone()));
                } else {
                    self.failed_from = Some(pair.clone());
                }
            }
            JournalEvent::Verified { revision } => {
                (self.start, self.running, self.unverified) = (None, None, None);
                self.failed_from = None;
                self.verified = Some(revision.clone());
            }
            JournalEvent::TargetEnded { outcome, .. } => self.outcome = Some(outcome.clone()),
            _ => {}
        }
    }

    /// Returns `true` if the target needs nothing more.
    pub(crate) fn is_done(&self) -> bool {
        self.outcome.as_ref().is_some_and(TargetOutcome::is_success)
            && !self.is_offline
            && self.start.is_none()
            && self.running.is_none()
    }

    /// Returns `true` if a killed process may have left the target offline or with a sync.
    pub(crate) fn needs_recovery(&self) -> bool {
        self.is_offline
            || self.start.is_some()
            || self.running.is_some()
            || self.unverified.is_some()
    }
}
