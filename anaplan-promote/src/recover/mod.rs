//! Restoration of the access to the models after a kill.

use anaplan_core::{Error, ErrorKind, Pending, Result};

use crate::Promoter;
use crate::journal::{History, Journal, JournalEvent, Lease, RunStarted, SCHEMA};
use crate::models::{ActiveState, get_model, is_offline};
use crate::plan::{Action, Plan, PlannedTarget, RevisionRef};
use crate::planner::alm;
use crate::release::TakeOffline;
use crate::run::{
    ApplyOptions, Mode, RecoverFrom, RecoverOptions, Report, TargetOutcome, host, spawn,
    without_differences,
};

impl Promoter {
    /// Restores the access to the models after a run was killed. Never starts a sync.
    ///
    /// From the journal: running syncs are awaited. A model that the run took offline is brought online if
    /// nothing was synced, or if the sync is verified; after a failed sync the release decides. A model that
    /// stays offline is reported with the reason. The run continues with [`resume`](Self::resume).
    ///
    /// From the plan, if the journal is lost: a model is brought online only if the plan has a sync of it with
    /// the users off, the plan recorded it as online, it is offline now, no sync of it runs, and its latest
    /// revision is its base or its goal. A model that cannot be read, or of which this is not certain, is
    /// [`Unknown`](crate::TargetOutcome::Unknown) in the report.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the journal has no run, `Conflict` if another run uses it, `Io` if it cannot be written. A model that could not be
    /// recovered is part of the report.
    ///
    /// ```
    /// # use anaplan_promote::{Promoter, RecoverFrom, RecoverOptions, Release, Severity, Wave};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// # let mut release = Release::new("R", "Sales Planning DEV").wave(Wave::new("w", ["Sales Planning PROD"]));
    /// # release.policy.unrecognized = Severity::Warn;
    /// # let plan = promoter.plan(&release).await?;
    /// let from = RecoverFrom::Plan(Box::new(plan));
    /// let report = promoter.recover(from, RecoverOptions::default()).await?;
    /// for target in &report.targets {
    ///     println!("{}: {:?}", target.name, target.status.state);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn recover(&self, from: RecoverFrom, options: RecoverOptions) -> Pending<Report> {
        let promoter = self.clone();
        let RecoverOptions { deadline } = options;
        Pending::new(async move {
            let (journal, lease, history) = match from {
                RecoverFrom::Journal(journal) => {
                    let lease = lease(&journal)?;
                    let history = journal.history()?;
                    (journal, lease, history)
                }
                RecoverFrom::Plan(plan) => {
                    let history = Box::pin(promoter.observe(&plan)).await?;
                    let journal = Journal::in_memory();
                    let first = JournalEvent::RunStarted(Box::new(history.started.clone()));
                    journal.append(promoter.session.clock().now(), None, first)?;
                    let lease = lease(&journal)?;
                    (journal, lease, history)
                }
            };
            let options = ApplyOptions {
                deadline,
                ..ApplyOptions::default()
            };
            let plan = history.started.plan.clone();
            let context = promoter.context(plan, journal, &options, Mode::Recover);
            let first = JournalEvent::RecoveryStarted {
                host: host(),
                pid: std::process::id(),
            };
            spawn(context, lease, history, first)?.finish().await
        })
    }

    /// Returns the state of a run whose journal is lost, as far as the server shows it: the models that are
    /// offline and may be brought online.
    async fn observe(&self, plan: &Plan) -> Result<History> {
        let started = RunStarted {
            schema: SCHEMA.to_owned(),
            run: "recovered-from-plan".to_owned(),
            plan_id: plan.id.clone(),
            host: host(),
            pid: std::process::id(),
            only: None,
            approvals: Vec::new(),
            policy: None,
            plan: without_differences(plan),
        };
        let mut history = History::new(started);
        if plan.release.take_offline == TakeOffline::Never {
            return Ok(history);
        }
        let may_be_offline = |target: &&PlannedTarget| {
            matches!(target.action, Action::Sync { .. }) && !target.model.is_offline()
        };
        let mut unreadable = Vec::new();
        for target in plan.targets().filter(may_be_offline) {
            let (id, name) = (&target.model.id, target.model.full_name());
            let reason = match self.observe_target(plan, target).await {
                Ok(Observed::Untouched) => continue,
                Ok(Observed::Offline) => {
                    history.targets.entry(id.clone()).or_default().is_offline = true;
                    continue;
                }
                Ok(Observed::Undecided(reason)) => format!("{name} was not changed: {reason}"),
                Err(error) => {
                    let reason = format!("{name} cannot be read: {error}");
                    unreadable.push((name, error));
                    reason
                }
            };
            let undecided = history.targets.entry(id.clone()).or_default();
            undecided.outcome = Some(TargetOutcome::Unknown { reason });
        }
        // Nothing is changed if the models cannot be read at all.
        if unreadable.len() == plan.targets().filter(may_be_offline).count() {
            if let Some((name, error)) = unreadable.into_iter().next() {
                return Err(error.because(format!("while reading {name}")));
            }
        }
        Ok(history)
    }

    async fn observe_target(&self, plan: &Plan, target: &PlannedTarget) -> Result<Observed> {
        let model = get_model(&self.session, &target.model.id).await?;
        match &model.active_state {
            state if is_offline(state.as_ref()) => {}
            Some(ActiveState::Unlocked | ActiveState::Production) => {
                return Ok(Observed::Untouched);
            }
            state => {
                let state = state
                    .as_ref()
                    .map_or("unknown".to_owned(), ToString::to_string);
                let text = format!("its state is {state}");
                return Ok(Observed::Undecided(text));
            }
        }
        let alm = alm(&self.session, &target.model.id)?;
        let tasks = alm.get_sync_tasks().await?;
        if let Some(task) = tasks.iter().find(|task| !task.is_finished()) {
            let text = format!("sync {} is in progress", task.task_id);
            return Ok(Observed::Undecided(text));
        }
        let latest = alm.get_latest_revision().await?;
        let latest = latest.as_ref().map(RevisionRef::from);
        let id = latest.as_ref().map(|latest| &latest.id);
        let base = target.model.latest.as_ref().map(|base| &base.id);
        if id.is_some() && (id == base || id == Some(&plan.revision.id)) {
            return Ok(Observed::Offline);
        }
        let latest = latest.map_or("none".to_owned(), |latest| latest.to_string());
        let text = format!("its latest revision is {latest}, neither its base nor its goal");
        Ok(Observed::Undecided(text))
    }
}

/// The state of a target of a run whose journal is lost.
#[derive(Debug)]
enum Observed {
    /// It is online.
    Untouched,
    /// The run may have left it offline, and it may be brought online.
    Offline,
    /// It is not certain that it may be brought online, for this reason.
    Undecided(String),
}

fn lease(journal: &Journal) -> Result<Lease> {
    journal.lease().ok_or_else(|| {
        let text = "a run with this journal is in progress";
        Error::new(ErrorKind::Conflict, text)
    })
}
