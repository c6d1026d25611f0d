//! Rules about models, revisions and the history of a release.

use anaplan_alm::AppliedModel;
use anaplan_core::{ModelId, Result, Timestamp};
use jiff::SignedDuration;

use crate::Promoter;
use crate::glob::matches;
use crate::models::{ActiveState, is_offline};
use crate::plan::{ModelSnapshot, Plan, PlannedTarget, PlannedWave};
use crate::planner::{alm, unreadable};
use crate::policy::Rule;
use crate::policy::diff_rules::Hit;
use crate::release::{ModelName, TakeOffline};
use crate::resolve::Resolver;

/// Reads of one evaluation, made when a rule needs them.
#[derive(Debug, Default)]
pub(super) struct Facts {
    resolver: Resolver,
    applied: Option<Vec<AppliedModel>>,
}

/// Target of a rule, with its present state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) plan: &'a Plan,
    pub(super) wave: usize,
    pub(super) target: &'a PlannedTarget,
    pub(super) state: Option<&'a ActiveState>,
    /// `true` if earlier waves are still to come.
    pub(super) earlier_waves_follow: bool,
}

/// A violation of `applied-to` that ends by itself.
pub(super) const TOO_SHORT: &str = "has had the revision for a shorter time";

impl Facts {
    /// Returns the violations of a rule. `None` for rules about other things.
    pub(super) async fn violations(
        &mut self,
        promoter: &Promoter,
        rule: &Rule,
        subject: Subject<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<Hit>>> {
        let Subject {
            plan,
            target,
            state,
            ..
        } = subject;
        Ok(Some(match rule {
            Rule::AppliedTo {
                models,
                for_at_least,
            } => {
                let mut hits = Vec::new();
                for name in models {
                    hits.extend(
                        self.applied_to(promoter, name, *for_at_least, subject, now)
                            .await?,
                    );
                }
                hits
            }
            Rule::SourceIs { models } => {
                let source = plan
                    .waves
                    .get(subject.wave)
                    .map_or(&plan.source.id, |wave| &wave.source);
                let mut found = false;
                for name in models {
                    found |= self.model(promoter, plan, name).await? == *source;
                }
                let hit = || {
                    Hit::new(
                        format!("source: {}", name_of(plan, source)),
                        "is not an allowed source",
                    )
                };
                (!found).then(hit).into_iter().collect()
            }
            Rule::Deployed {} => match state {
                Some(ActiveState::Production | ActiveState::ProductionMaintenance) => Vec::new(),
                None => vec![Hit::inconclusive(
                    "state: unknown",
                    "the state of the model is not known",
                )],
                Some(state) => {
                    vec![Hit::new(
                        format!("state: {state}"),
                        "the model is not in deployed mode",
                    )]
                }
            },
            Rule::Offline {} => {
                let online = plan.release.take_offline == TakeOffline::Never && !is_offline(state);
                let hit = || Hit::new("take-offline: never", "users have access during the sync");
                online.then(hit).into_iter().collect()
            }
            Rule::RevisionName { pattern } => {
                let name = &plan.revision.name;
                let hit = || {
                    Hit::new(
                        format!("revision: {name}"),
                        format!("does not match '{pattern}'"),
                    )
                };
                (!matches(pattern, name)).then(hit).into_iter().collect()
            }
            _ => {
                let _ = target;
                return Ok(None);
            }
        }))
    }

    async fn applied_to(
        &mut self,
        promoter: &Promoter,
        name: &ModelName,
        at_least: SignedDuration,
        subject: Subject<'_>,
        now: Timestamp,
    ) -> Result<Option<Hit>> {
        let plan = subject.plan;
        let model = self.model(promoter, plan, name).await?;
        if self.applied.is_none() {
            let alm = alm(&promoter.session, &plan.source.id)?;
            self.applied = match alm.get_models_for_revision(&plan.revision.id).await {
                Ok(applied) => Some(applied),
                Err(error) if unreadable(error.kind()) => {
                    let message = format!("the models of the revision cannot be read: {error}");
                    return Ok(Some(Hit::inconclusive(format!("model: {name}"), message)));
                }
                Err(error) => return Err(error),
            };
        }
        let applied = self.applied.as_deref().unwrap_or_default();
        let found = applied
            .iter()
            .find(|entry| entry.model_id.as_ref() == Some(&model));
        let earlier = || {
            let waves = plan.waves.iter().take(subject.wave);
            subject.earlier_waves_follow && is_target(waves, &model)
        };
        let text = format!("model: {}", name_of(plan, &model));
        Ok(match found {
            None if earlier() => None,
            None => Some(Hit::new(text, "does not have the revision")),
            Some(_) if at_least.is_zero() => None,
            Some(entry) => match entry.applied_on {
                None => Some(Hit::inconclusive(
                    text,
                    "the server does not state since when it has the revision",
                )),
                Some(since) => {
                    let remaining = at_least - now.duration_since(since);
                    remaining.is_positive().then(|| {
                        let message =
                            format!("{TOO_SHORT}: {remaining:#} remaining of {at_least:#}");
                        Hit::new(text, message)
                    })
                }
            },
        })
    }

    /// Returns the id of a model. Names of the release have the models of the plan.
    async fn model(
        &mut self,
        promoter: &Promoter,
        plan: &Plan,
        name: &ModelName,
    ) -> Result<ModelId> {
        if plan.release.source == *name {
            return Ok(plan.source.id.clone());
        }
        for (wave, planned) in plan.release.waves.iter().zip(&plan.waves) {
            for (target, planned) in wave.targets.iter().zip(&planned.targets) {
                if target == name {
                    return Ok(planned.model.id.clone());
                }
            }
        }
        self.resolver.resolve(&promoter.session, name).await
    }
}

fn is_target<'a>(mut waves: impl Iterator<Item = &'a PlannedWave>, model: &ModelId) -> bool {
    waves.any(|wave| wave.targets.iter().any(|target| target.model.id == *model))
}

fn name_of(plan: &Plan, model: &ModelId) -> String {
    let mut known = std::iter::once(&plan.source).chain(plan.targets().map(|target| &target.model));
    let found = known.find(|snapshot| snapshot.id == *model);
    found.map_or_else(|| model.to_string(), ModelSnapshot::full_name)
}
