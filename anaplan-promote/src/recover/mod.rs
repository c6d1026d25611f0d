//! Restoration of the access to the models after a kill.

use std::collections::BTreeMap;

use anaplan_core::{Error, ErrorKind, Pending, Result};

use crate::Promoter;
use crate::journal::{History, Journal, JournalEvent, Lease, RunStarted, SCHEMA};
use crate::models::{get_model, is_offline};
use crate::plan::{Plan, PlannedTarget};
use crate::planner::alm;
use crate::run::{
    ApplyOptions, Mode, RecoverFrom, RecoverOptions, Report, host, spawn, without_differences,
};

impl Promoter {
    /// Restores the access to the models after a run was killed. Never starts a sync.
    ///
    /// From the journal: running syncs are awaited. A model that the run took offline is brought online if
    /// nothing was synced, or if the sync is verified; after a failed sync the release decides. A model that
    /// stays offline is reported with the reason. The run continues with [`resume`](Self::resume).
    ///
    /// From the plan, if the journal is lost: a model is brought online only if the plan recorded it as
    /// online, it is offline now, no sync of it runs, and its latest revision is its base or its goal.
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
            plan: without_differences(plan),
        };
        let mut history = History::new(started);
        let mut unreadable = BTreeMap::new();
        for target in plan.targets() {
            match self.may_be_ours(plan, target).await {
                Ok(true) => {
                    let target = history.targets.entry(target.model.id.clone());
                    target.or_default().is_offline = true;
                }
                Ok(false) => {}
                Err(error) => {
                    unreadable.insert(target.model.full_name(), error);
                }
            }
        }
        // Nothing is changed if a part of the models cannot be read at all.
        if unreadable.len() == plan.targets().count() {
            if let Some((name, error)) = unreadable.into_iter().next() {
                return Err(error.because(format!("while reading {name}")));
            }
        }
        Ok(history)
    }

    async fn may_be_ours(&self, plan: &Plan, target: &PlannedTarget) -> Result<bool> {
        if target.model.is_offline() {
            return Ok(false);
        }
        let model = get_model(&self.session, &target.model.id).await?;
        if !is_offline(model.active_state.as_ref()) {
            return Ok(false);
        }
        let alm = alm(&self.session, &target.model.id)?;
        let tasks = alm.get_sync_tasks().await?;
        if tasks.iter().any(|task| !task.is_finished()) {
            return Ok(false);
        }
        let latest = alm.get_latest_revision().await?.ok_or_else(|| {
            let text = "the model has no revision";
            Error::new(ErrorKind::NotFound, text).about("modelId", target.model.id.as_str())
        })?;
        let base = target.model.latest.as_ref().map(|base| &base.id);
        Ok(Some(&latest.id) == base || latest.id == plan.revision.id)
    }
}

fn lease(journal: &Journal) -> Result<Lease> {
    journal.lease().ok_or_else(|| {
        let text = "a run with this journal is in progress";
        Error::new(ErrorKind::Conflict, text)
    })
}
