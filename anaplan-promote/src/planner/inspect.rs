//! State and syncs of one target.

use std::collections::BTreeSet;

use anaplan_alm::{Revision, RevisionPair};
use anaplan_core::{ErrorKind, ModelId, Result, Session};

use crate::models::{ActiveState, Tenant, get_model};
use crate::plan::{Action, ModelSnapshot, PlannedTarget, PlannedWave, RevisionRef, SyncStep};
use crate::planner::{alm, unreadable};
use crate::policy::PolicyReport;
use crate::release::Route;

/// A target that is to be planned.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) session: Session,
    pub(super) model: ModelId,
    /// Source of the release, which has the goal already.
    pub(super) source: ModelId,
    /// Source of the syncs.
    pub(super) sync_source: ModelId,
    pub(super) goal: RevisionRef,
    pub(super) route: Route,
}

impl Target {
    /// Reads the target and returns it with notes.
    pub(super) async fn inspect(self) -> Result<(PlannedTarget, Vec<String>)> {
        let mut notes = Vec::new();
        let model = match get_model(&self.session, &self.model).await {
            Ok(model) => model,
            Err(error) if unreadable(error.kind()) => {
                let snapshot = ModelSnapshot {
                    id: self.model.clone(),
                    name: self.model.to_string(),
                    workspace: None,
                    workspace_name: None,
                    state: None,
                    latest: None,
                };
                let reason = match error.kind() {
                    ErrorKind::NotFound => "the model is missing, or the user has no access".into(),
                    _ => error.to_string(),
                };
                return Ok((planned(snapshot, Action::Blocked { reason }), notes));
            }
            Err(error) => return Err(error),
        };
        let mut snapshot = ModelSnapshot::from(&model);
        let action = match self.action(&mut snapshot, &mut notes).await {
            Ok(action) => action,
            Err(error) if unreadable(error.kind()) => Action::Blocked {
                reason: error.to_string(),
            },
            Err(error) => return Err(error),
        };
        if matches!(action, Action::Sync { .. }) {
            let name = snapshot.full_name();
            if snapshot.is_offline() {
                notes.push(format!("{name} is offline already, and stays offline"));
            }
            if matches!(
                snapshot.state,
                Some(ActiveState::Unlocked | ActiveState::Maintenance)
            ) {
                notes.push(format!("{name} is not in deployed mode"));
            }
        }
        Ok((planned(snapshot, action), notes))
    }

    async fn action(
        &self,
        snapshot: &mut ModelSnapshot,
        notes: &mut Vec<String>,
    ) -> Result<Action> {
        let blocked = |reason: String| Ok(Action::Blocked { reason });
        match &snapshot.state {
            Some(ActiveState::Archived) => return blocked("the model is archived".into()),
            Some(ActiveState::Locked) => return blocked("the model is locked".into()),
            _ => {}
        }
        let target = alm(&self.session, &self.model)?;
        let latest = target.get_latest_revision().await?;
        snapshot.latest = latest.as_ref().map(RevisionRef::from);
        let Some(latest) = latest else {
            return blocked("the model has no revision".into());
        };
        let tasks = target.get_sync_tasks().await?;
        if let Some(running) = tasks.iter().find(|task| !task.is_finished()) {
            return blocked(format!("a sync is running as task {}", running.task_id));
        }
        if latest.id == self.goal.id {
            return Ok(Action::UpToDate);
        }
        let offered = target.get_syncable_revisions(&self.source).await?;
        let Some(goal) = offered
            .iter()
            .position(|revision| revision.id == self.goal.id)
        else {
            let revision = &self.goal;
            return blocked(format!(
                "the source does not offer revision {revision} to this model"
            ));
        };
        // Newest first: the goal and what is older than it.
        let mut route: Vec<&Revision> = offered[goal..].iter().collect();
        route.reverse();
        let skipped: Vec<String> = route[..route.len() - 1]
            .iter()
            .map(|revision| format!("'{}'", revision.name))
            .collect();
        if self.route == Route::Direct && !skipped.is_empty() {
            let name = snapshot.full_name();
            notes.push(format!("{name} skips the revisions {}", skipped.join(", ")));
        }
        let every = self.steps(&latest, &route);
        let direct = self.steps(&latest, &route[route.len() - 1..]);
        Ok(match self.route {
            Route::Direct => sync(direct, None),
            Route::EveryRevision => sync(every, None),
            Route::DirectThenEvery if every.len() < 2 => sync(direct, None),
            Route::DirectThenEvery => sync(direct, Some(every)),
        })
    }

    fn steps(&self, base: &Revision, route: &[&Revision]) -> Vec<SyncStep> {
        let mut from = &base.id;
        let steps = route.iter().map(|to| {
            let pair = RevisionPair::new(&to.id, &self.sync_source, from);
            from = &to.id;
            SyncStep {
                pair,
                to: RevisionRef::from(*to),
                comparison: None,
            }
        });
        steps.collect()
    }
}

fn sync(steps: Vec<SyncStep>, fallback: Option<Vec<SyncStep>>) -> Action {
    Action::Sync { steps, fallback }
}

fn planned(model: ModelSnapshot, action: Action) -> PlannedTarget {
    PlannedTarget {
        model,
        action,
        policy: PolicyReport::default(),
    }
}

/// Returns a note for each workspace that is more than 90 % full.
pub(super) async fn full_workspaces(
    session: &Session,
    waves: &[PlannedWave],
) -> Result<Vec<String>> {
    let targets = waves.iter().flat_map(|wave| &wave.targets);
    let syncs = targets.filter(|target| matches!(target.action, Action::Sync { .. }));
    let workspaces: BTreeSet<_> = syncs
        .filter_map(|target| target.model.workspace.clone())
        .collect();
    let tenant = Tenant::new(session.clone());
    let mut notes = Vec::new();
    for id in workspaces {
        let workspace = match tenant.get_workspace(&id).await {
            Ok(workspace) => workspace,
            Err(error) if unreadable(error.kind()) => continue,
            Err(error) => return Err(error),
        };
        let (Some(size), Some(allowance)) = (workspace.current_size, workspace.size_allowance)
        else {
            continue;
        };
        if u128::from(size) * 10 > u128::from(allowance) * 9 {
            let percent = u128::from(size) * 100 / u128::from(allowance.max(1));
            notes.push(format!("workspace {} is {percent} % full", workspace.name));
        }
    }
    Ok(notes)
}
