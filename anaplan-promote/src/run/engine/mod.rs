//! The waves of a run.

mod end;

use std::sync::Arc;
use std::time::Duration;

use anaplan_core::{ModelId, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::journal::{History, JournalEvent};
use crate::plan::{PlannedTarget, PlannedWave};
use crate::policy::{Approval, ApprovalOf};
use crate::release::{FailureMode, Gate};
use crate::run::context::{Context, Mode, later};
use crate::run::engine::end::{failed_to_start, is_failure};
use crate::run::event::DisplayEvent;
use crate::run::report::{NextStep, Report, TargetReport};
use crate::run::stop::StopMode;
use crate::run::target::TargetRun;

/// A run in progress.
pub(super) struct Engine {
    context: Arc<Context>,
    history: History,
    reports: Vec<TargetReport>,
    /// Reason for which no other target starts.
    halt: Option<Halt>,
    /// End of the previous wave.
    last_end: Option<Timestamp>,
}

/// Reason for which no other target starts.
#[derive(Debug, Clone)]
enum Halt {
    Paused { reason: String, next: NextStep },
    Stopped(String),
    Failed(String),
}

impl Halt {
    fn reason(&self) -> &str {
        match self {
            Self::Paused { reason, .. } | Self::Stopped(reason) | Self::Failed(reason) => reason,
        }
    }

    fn next_step(&self) -> NextStep {
        match self {
            Self::Paused { next, .. } => next.clone(),
            Self::Stopped(_) | Self::Failed(_) => NextStep::Resume,
        }
    }
}

impl Engine {
    pub(super) fn new(context: Arc<Context>, history: History) -> Self {
        Self {
            context,
            history,
            reports: Vec::new(),
            halt: None,
            last_end: None,
        }
    }

    /// Runs all waves and returns the report.
    pub(super) async fn run(mut self) -> Report {
        let context = Arc::clone(&self.context);
        for (index, wave) in context.plan.waves.iter().enumerate() {
            match context.mode {
                Mode::Promote => self.wave(index, wave).await,
                Mode::Recover => self.recover(index, wave).await,
            }
        }
        self.finish()
    }

    async fn wave(&mut self, index: usize, wave: &PlannedWave) {
        let is_done = |target: &PlannedTarget| self.history.target(&target.model.id).is_done();
        if let (true, Some(end)) = (
            wave.targets.iter().all(is_done),
            self.history.waves_ended.get(&wave.name),
        ) {
            self.last_end = Some(*end);
            for target in &wave.targets {
                self.reports.push(self.unstarted(wave, target));
            }
            return;
        }
        if self.halt.is_none() && self.has_work(wave) {
            self.halt = self.admit(wave).await.err();
        }
        if self.halt.is_none() {
            let event = JournalEvent::WaveStarted {
                wave: wave.name.clone(),
            };
            if let Err(error) = self.context.record(None, event) {
                self.halt = Some(Halt::Failed(error.to_string()));
            }
        }
        let was_open = self.halt.is_none();
        self.targets(index, wave).await;
        if was_open {
            let event = JournalEvent::WaveEnded {
                wave: wave.name.clone(),
            };
            if let Ok(at) = self.context.record(None, event) {
                self.last_end = Some(at);
            }
            self.judge(wave);
        }
    }

    fn has_work(&self, wave: &PlannedWave) -> bool {
        let mut targets = wave.targets.iter();
        targets.any(|target| self.is_open(&target.model.id))
    }

    /// Returns `true` if the target is to be promoted.
    fn is_open(&self, model: &ModelId) -> bool {
        self.context.is_selected(model) && !self.history.target(model).is_done()
    }

    /// Returns `true` if the target is to be promoted, or only to be recovered: also outside of the selection,
    /// no target is left as a killed process left it.
    fn is_due(&self, model: &ModelId) -> bool {
        self.is_open(model) || self.history.target(model).needs_recovery()
    }

    /// Waits for the conditions of a wave.
    async fn admit(&self, wave: &PlannedWave) -> Result<(), Halt> {
        let context = &self.context;
        if let Some(interruption) = context.interruption() {
            return Err(Halt::Stopped(interruption.reason()));
        }
        let is_approved = |approval: &Approval| {
            approval.plan == context.plan.id
                && matches!(&approval.of, ApprovalOf::Gate(name) if *name == wave.name)
        };
        if wave.gate == Gate::Manual && !context.approvals.iter().any(is_approved) {
            let what = format!("the gate of the wave '{}'", wave.name);
            return Err(Halt::Paused {
                reason: format!("{what} is not approved"),
                next: NextStep::Approve { what },
            });
        }
        self.soak(wave).await
    }

    async fn soak(&self, wave: &PlannedWave) -> Result<(), Halt> {
        let context = &self.context;
        let (Some(soak), Some(end)) = (wave.soak, self.last_end) else {
            return Ok(());
        };
        let until = later(end, soak.try_into().unwrap_or(Duration::ZERO));
        let left = until.duration_since(context.now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return Ok(());
        }
        let reason = format!("the wave '{}' starts at {until}", wave.name);
        if context.left().is_some_and(|limit| limit < left) {
            return Err(Halt::Paused {
                reason: format!("{reason}, after the deadline of the run"),
                next: NextStep::Resume,
            });
        }
        let waiting = DisplayEvent::Waiting {
            reason,
            until: Some(until),
        };
        context.display(None, waiting);
        let slept = context.sleep(left, StopMode::Graceful).await;
        slept.map_err(|interruption| Halt::Stopped(interruption.reason()))
    }

    /// Runs the targets of a wave, and reports those that do not start.
    async fn targets(&mut self, index: usize, wave: &PlannedWave) {
        let mut queue: Vec<&PlannedTarget> = wave
            .targets
            .iter()
            .filter(|target| self.is_due(&target.model.id))
            .collect();
        // Targets that a killed process left behind come first, and are continued in any case.
        let interrupted =
            |target: &PlannedTarget| self.history.target(&target.model.id).needs_recovery();
        queue.sort_by_key(|target| !interrupted(target));
        let mut queue = queue.into_iter().peekable();
        let mut running = FuturesUnordered::new();
        let mut reports = Vec::new();
        loop {
            while running.len() < self.context.concurrency {
                let Some(target) = queue.peek() else { break };
                let history = self.history.target(&target.model.id);
                if !history.needs_recovery() && self.is_halted(&reports) {
                    break;
                }
                match TargetRun::new(&self.context, index, target, &history) {
                    Ok(run) => running.push(run.run(history)),
                    Err(error) => reports.push(failed_to_start(wave, target, &error)),
                }
                queue.next();
            }
            match running.next().await {
                Some(report) => reports.push(report),
                None => break,
            }
        }
        self.is_halted(&reports);
        for target in &wave.targets {
            let report = reports
                .iter()
                .find(|report| report.model == target.model.id);
            let report = report
                .cloned()
                .unwrap_or_else(|| self.unstarted(wave, target));
            self.reports.push(report);
        }
    }

    /// Returns `true` if no other target may start.
    fn is_halted(&mut self, reports: &[TargetReport]) -> bool {
        if self.halt.is_none() {
            let stop = self.context.plan.release.failure_mode == FailureMode::Stop;
            let failed = reports.iter().find(|report| is_failure(&report.outcome));
            self.halt = match (self.context.interruption(), failed) {
                (Some(interruption), _) => Some(Halt::Stopped(interruption.reason())),
                (None, Some(failed)) if stop => {
                    Some(Halt::Failed(format!("'{}' was not promoted", failed.name)))
                }
                _ => self.context.pause_reason().map(|reason| Halt::Paused {
                    reason,
                    next: NextStep::Resume,
                }),
            };
        }
        self.halt.is_some()
    }

    /// Decides about the later waves.
    fn judge(&mut self, wave: &PlannedWave) {
        if self.halt.is_some() || self.context.plan.release.failure_mode == FailureMode::FinishAll {
            return;
        }
        let mut of_wave = self
            .reports
            .iter()
            .filter(|report| report.wave == wave.name);
        if let Some(failed) = of_wave.find(|report| is_failure(&report.outcome)) {
            let text = format!(
                "'{}' of the wave '{}' was not promoted",
                failed.name, wave.name
            );
            self.halt = Some(Halt::Failed(text));
        }
    }

    /// Restores the access to the targets that a killed process left behind.
    async fn recover(&mut self, index: usize, wave: &PlannedWave) {
        let mut running = FuturesUnordered::new();
        let mut queue = wave.targets.iter();
        let mut reports = Vec::new();
        loop {
            while running.len() < self.context.concurrency {
                let Some(target) = queue.next() else { break };
                let history = self.history.target(&target.model.id);
                if !history.needs_recovery() {
                    continue;
                }
                match TargetRun::new(&self.context, index, target, &history) {
                    Ok(run) => running.push(run.run(history)),
                    Err(error) => reports.push(failed_to_start(wave, target, &error)),
                }
            }
            match running.next().await {
                Some(report) => reports.push(report),
                None => break,
            }
        }
        for target in &wave.targets {
            let report = reports
                .iter()
                .find(|report| report.model == target.model.id);
            let report = report
                .cloned()
                .unwrap_or_else(|| self.unstarted(wave, target));
            self.reports.push(report);
        }
    }
}
