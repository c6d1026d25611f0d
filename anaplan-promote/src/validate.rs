//! Comparison of a plan with the tenant, for the whole plan and for one target.

use anaplan_core::{ErrorKind, ModelId, Pending, Result};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Promoter;
use crate::models::{ActiveState, get_model, is_offline};
use crate::plan::{Action, Conflict, ConflictKind, Plan, PlannedTarget, RevisionRef, Validation};
use crate::planner::{alm, unreadable};
use crate::policy::{Rule, Severity};

/// Position of a target on its planned route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Position {
    /// The latest revision is the base.
    Base,
    /// The latest revision is the result of this step of the route. Steps are counted from 0.
    After {
        /// `true` for the fallback route.
        fallback: bool,
        /// Step.
        step: usize,
    },
    /// The latest revision is the goal.
    Goal,
    /// The plan does not apply to the model.
    Conflict,
}

/// Result of the comparison of one target.
#[derive(Debug, Clone)]
pub(crate) struct TargetValidation {
    pub(crate) position: Position,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) notes: Vec<String>,
    /// Present state of the model. `None` if it could not be read.
    pub(crate) state: Option<ActiveState>,
    /// Present latest revision.
    pub(crate) latest: Option<RevisionRef>,
}

impl Promoter {
    /// Compares a plan with the present state of the tenant. Reads only.
    ///
    /// Newer revisions of the source and renamed models are notes. A target that has the goal already is no
    /// conflict.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::verify`], and those of the reads.
    ///
    /// ```
    /// # use anaplan_promote::{Promoter, Release, Wave};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// # let release = Release::new("R", "Sales Planning DEV").wave(Wave::new("w", ["Sales Planning PROD"]));
    /// let plan = promoter.plan(&release).await?;
    /// let validation = promoter.validate(&plan).await?;
    /// for conflict in &validation.conflicts {
    ///     println!("{conflict}");
    /// }
    /// assert!(validation.is_fresh());
    /// # Ok(()) });
    /// ```
    pub fn validate(&self, plan: &Plan) -> Pending<Validation> {
        let (promoter, plan) = (self.clone(), plan.clone());
        Pending::new(async move { promoter.validate_plan(&plan).await })
    }

    /// Compares the whole plan.
    pub(crate) async fn validate_plan(&self, plan: &Plan) -> Result<Validation> {
        plan.verify()?;
        let mut validation = Validation::default();
        if let Some(conflict) = self.other_tenant(plan) {
            validation.conflicts.push(conflict);
            return Ok(validation);
        }
        validation.conflicts.extend(self.expired(plan));
        let latest = match alm(&self.session, &plan.source.id)?
            .get_latest_revision()
            .await
        {
            Ok(latest) => latest,
            Err(error) if unreadable(error.kind()) => {
                let kind = ConflictKind::SourceUnavailable {
                    reason: error.to_string(),
                };
                validation.conflicts.push(conflict(
                    Some(&plan.source.id),
                    plan.source.full_name(),
                    kind,
                ));
                return Ok(validation);
            }
            Err(error) => return Err(error),
        };
        let planned = plan.source.latest.as_ref().map(|revision| &revision.id);
        if let Some(latest) = latest.filter(|latest| Some(&latest.id) != planned) {
            let name = plan.source.full_name();
            validation.notes.push(format!(
                "{name} has the newer revision {}",
                RevisionRef::from(&latest)
            ));
        }
        let concurrency = usize::try_from(plan.release.concurrency.get()).unwrap_or(usize::MAX);
        let targets: Vec<_> = plan
            .targets()
            .filter(|target| matches!(target.action, Action::Sync { .. }))
            .map(|target| self.validate_target(plan, target, &plan.source.id))
            .collect();
        let results: Vec<TargetValidation> = stream::iter(targets)
            .buffered(concurrency)
            .try_collect()
            .await?;
        for mut result in results {
            validation.conflicts.append(&mut result.conflicts);
            validation.notes.append(&mut result.notes);
        }
        Ok(validation)
    }

    /// Compares one target. `source` is the model that must offer the next revision.
    pub(crate) async fn validate_target(
        &self,
        plan: &Plan,
        target: &PlannedTarget,
        source: &ModelId,
    ) -> Result<TargetValidation> {
        let planned = &target.model;
        let mut result = TargetValidation {
            position: Position::Conflict,
            conflicts: Vec::new(),
            notes: Vec::new(),
            state: None,
            latest: None,
        };
        let name = planned.full_name();
        let found = |kind| vec![conflict(Some(&planned.id), name.clone(), kind)];
        let model = match get_model(&self.session, &planned.id).await {
            Ok(model) => model,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                result.conflicts = found(ConflictKind::ModelNotFound);
                return Ok(result);
            }
            Err(error) => return Err(error),
        };
        result.state = model.active_state.clone();
        if model.name != planned.name {
            result
                .notes
                .push(format!("{name} is now called {}", model.name));
        }
        let closed = matches!(
            result.state,
            Some(ActiveState::Locked | ActiveState::Archived)
        );
        if closed || is_offline(result.state.as_ref()) != planned.is_offline() {
            result.conflicts = found(ConflictKind::StateChanged {
                planned: planned.state.clone(),
                actual: result.state.clone(),
            });
            return Ok(result);
        }
        if result.state != planned.state {
            let state = |state: &Option<ActiveState>| match state {
                Some(state) => state.to_string(),
                None => "unknown".into(),
            };
            let (before, now) = (state(&planned.state), state(&result.state));
            result.notes.push(format!(
                "{name} was in state {before} and is in state {now}"
            ));
        }
        let alm = alm(&self.session, &planned.id)?;
        let latest = match alm.get_latest_revision().await {
            Ok(latest) => latest,
            Err(error) if unreadable(error.kind()) => {
                result.conflicts = found(ConflictKind::ModelNotFound);
                return Ok(result);
            }
            Err(error) => return Err(error),
        };
        result.latest = latest.as_ref().map(RevisionRef::from);
        let position = position(target, &plan.revision, result.latest.as_ref());
        if position == Position::Conflict {
            result.conflicts = found(ConflictKind::RevisionChanged {
                planned: planned.latest.clone(),
                actual: result.latest.clone(),
            });
            return Ok(result);
        }
        let tasks = alm.get_sync_tasks().await?;
        if let Some(running) = tasks.iter().find(|task| !task.is_finished()) {
            result.conflicts = found(ConflictKind::SyncInProgress {
                task: running.task_id.clone(),
            });
            return Ok(result);
        }
        if position != Position::Goal {
            if let Some(reason) = self.unavailable(&alm, target, &position, source).await? {
                result.conflicts = found(ConflictKind::SourceUnavailable { reason });
                return Ok(result);
            }
        }
        result.position = position;
        Ok(result)
    }

    /// Returns the reason if the source does not offer the next revision.
    async fn unavailable(
        &self,
        alm: &anaplan_alm::Alm,
        target: &PlannedTarget,
        position: &Position,
        source: &ModelId,
    ) -> Result<Option<String>> {
        let next = match position {
            Position::After {
                fallback: true,
                step,
            } => target.fallback().get(step + 1),
            Position::After { step, .. } => target.steps().get(step + 1),
            _ => target.steps().first(),
        };
        let Some(next) = next else {
            return Ok(None);
        };
        match alm.get_syncable_revisions(source).await {
            Ok(offered) if offered.iter().any(|revision| revision.id == next.to.id) => Ok(None),
            Ok(_) => Ok(Some(format!(
                "revision {} is not among the syncable revisions",
                next.to
            ))),
            Err(error) if unreadable(error.kind()) => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn other_tenant(&self, plan: &Plan) -> Option<Conflict> {
        let actual = &self.session.hosts().api;
        let kind = ConflictKind::TenantMismatch {
            planned: plan.made.api.clone(),
            actual: actual.clone(),
        };
        (plan.made.api != *actual).then(|| conflict(None, plan.release.name.clone(), kind))
    }

    /// Returns a conflict if a `plan-age` rule denies the plan.
    fn expired(&self, plan: &Plan) -> Option<Conflict> {
        let now = self.session.clock().now();
        let rules = plan
            .release
            .policy
            .rules
            .iter()
            .filter(|rule| rule.severity == Severity::Deny);
        let limits = rules.filter_map(|rule| match rule.rule {
            Rule::PlanAge { at_most } => plan.made.at.checked_add(at_most).ok(),
            _ => None,
        });
        let at = limits.min().filter(|at| *at < now)?;
        let kind = ConflictKind::PlanExpired { at };
        Some(conflict(None, plan.release.name.clone(), kind))
    }
}

/// Returns the position of a latest revision on the routes of a target.
pub(crate) fn position(
    target: &PlannedTarget,
    goal: &RevisionRef,
    latest: Option<&RevisionRef>,
) -> Position {
    let Some(latest) = latest else {
        return Position::Conflict;
    };
    if latest.id == goal.id {
        return Position::Goal;
    }
    if target
        .model
        .latest
        .as_ref()
        .is_some_and(|base| base.id == latest.id)
    {
        return Position::Base;
    }
    for (fallback, route) in [(false, target.steps()), (true, target.fallback())] {
        if let Some(step) = route.iter().position(|step| step.to.id == latest.id) {
            return Position::After { fallback, step };
        }
    }
    Position::Conflict
}

fn conflict(model: Option<&ModelId>, name: String, kind: ConflictKind) -> Conflict {
    Conflict {
        model: model.cloned(),
        name,
        kind,
    }
}
