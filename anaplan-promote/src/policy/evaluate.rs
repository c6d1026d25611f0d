//! Evaluation of a policy.

use std::sync::Arc;

use anaplan_core::{Error, Result, Timestamp};

use crate::Promoter;
use crate::glob::any_matches;
use crate::plan::{Action, Plan, PlannedTarget};
use crate::policy::decision::{apply_waivers, decision};
use crate::policy::diff_rules::{Differences, Hit};
use crate::policy::state_rules::{Facts, Subject};
use crate::policy::{
    Approval, CustomRule, Finding, Policy, PolicyInput, PolicyReport, PolicyRule, Rule, Severity,
    UNRECOGNIZED,
};

/// Time of an evaluation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage<'a> {
    /// The plan is made.
    Plan,
    /// The plan is about to be applied, with these approvals.
    Apply(&'a [Approval]),
}

/// Evaluates the policy of a plan that is being made, and stores the findings in it.
pub(crate) async fn evaluate(
    promoter: &Promoter,
    plan: &mut Plan,
    policy: &Policy,
    stage: Stage<'_>,
) -> Result<()> {
    let now = plan.made.at;
    let mut findings = findings(promoter, plan, policy, stage, now).await?;
    let unused = apply_waivers(&mut findings, &policy.waivers, plan, now);
    let overall = decision(&findings, &[], plan);
    let mut of_plan = Vec::new();
    for finding in findings {
        let mut targets = plan.waves.iter_mut().flat_map(|wave| &mut wave.targets);
        let target = targets.find(|target| Some(&target.model.id) == finding.target.as_ref());
        match target {
            Some(target) => target.policy.findings.push(finding),
            None => of_plan.push(finding),
        }
    }
    for wave in &mut plan.waves {
        for target in &mut wave.targets {
            target.policy.decision = decision_of(&target.policy.findings);
        }
    }
    plan.policy = PolicyReport {
        decision: overall,
        findings: of_plan,
        unused_waivers: unused,
    };
    Ok(())
}

fn decision_of(findings: &[Finding]) -> crate::policy::Decision {
    crate::policy::decision::without_approvals(findings)
}

/// Returns the findings of all rules for all targets.
pub(crate) async fn findings(
    promoter: &Promoter,
    plan: &Plan,
    policy: &Policy,
    stage: Stage<'_>,
    now: Timestamp,
) -> Result<Vec<Finding>> {
    let mut all = Vec::new();
    let mut facts = Facts::default();
    for rule in &policy.rules {
        let custom = match &rule.rule {
            Rule::Custom { name, .. } => Some(registered(promoter, name, stage)?),
            _ => None,
        };
        for hit in plan_hits(rule, plan, stage, now) {
            all.push(finding(rule, None, hit));
        }
        for (wave, target) in syncs(plan) {
            if !concerns(rule, target) {
                continue;
            }
            if let Some(Some(custom)) = &custom {
                all.extend(custom_findings(custom, rule, plan, wave, target).await);
                continue;
            }
            if let Some(None) = custom {
                let hit = Hit::inconclusive(
                    format!("rule: {}", rule.id),
                    "is not registered in this program",
                );
                let finding = finding(rule, Some(target), hit);
                all.push(Finding {
                    severity: Severity::Deny,
                    ..finding
                });
                continue;
            }
            let hits = match Differences::of(target, &plan.comparisons).violations(&rule.rule) {
                Some(hits) => hits,
                None => {
                    let subject = Subject {
                        plan,
                        wave,
                        target,
                        state: target.model.state.as_ref(),
                        earlier_waves_follow: true,
                    };
                    let hits = facts.violations(promoter, &rule.rule, subject, now).await?;
                    hits.unwrap_or_default()
                }
            };
            all.extend(hits.into_iter().map(|hit| finding(rule, Some(target), hit)));
        }
    }
    for (_, target) in syncs(plan) {
        let hits = Differences::of(target, &plan.comparisons).unrecognized();
        all.extend(hits.into_iter().map(|hit| Finding {
            rule: UNRECOGNIZED.into(),
            severity: policy.unrecognized,
            target: Some(target.model.id.clone()),
            subject: hit.subject,
            message: hit.message,
            inconclusive: hit.inconclusive,
            waived: None,
        }));
    }
    Ok(all)
}

/// Returns the targets with syncs, with the indexes of their waves.
fn syncs(plan: &Plan) -> impl Iterator<Item = (usize, &PlannedTarget)> {
    let waves = plan.waves.iter().enumerate();
    let targets =
        waves.flat_map(|(index, wave)| wave.targets.iter().map(move |target| (index, target)));
    targets.filter(|(_, target)| matches!(target.action, Action::Sync { .. }))
}

/// Returns `true` if the rule applies to the target.
pub(super) fn concerns(rule: &PolicyRule, target: &PlannedTarget) -> bool {
    selects(rule.targets.as_deref(), target)
}

pub(super) fn selects(patterns: Option<&[String]>, target: &PlannedTarget) -> bool {
    let model = &target.model;
    patterns.is_none_or(|patterns| {
        any_matches(patterns, &model.name)
            || any_matches(patterns, &model.full_name())
            || any_matches(patterns, model.id.as_str())
    })
}

pub(super) fn finding(rule: &PolicyRule, target: Option<&PlannedTarget>, hit: Hit) -> Finding {
    Finding {
        rule: rule.id.clone(),
        severity: rule.severity,
        target: target.map(|target| target.model.id.clone()),
        subject: hit.subject,
        message: hit.message,
        inconclusive: hit.inconclusive,
        waived: None,
    }
}

/// Returns the violations of rules about the plan itself, at the time of its application.
pub(super) fn plan_hits(
    rule: &PolicyRule,
    plan: &Plan,
    stage: Stage<'_>,
    now: Timestamp,
) -> Vec<Hit> {
    let Stage::Apply(approvals) = stage else {
        return Vec::new();
    };
    match &rule.rule {
        Rule::PlanAge { at_most } => {
            let age = now.duration_since(plan.made.at);
            let hit = || {
                Hit::new(
                    "plan-age",
                    format!("the plan is {age:#} old, allowed are {at_most:#}"),
                )
            };
            (age > *at_most).then(hit).into_iter().collect()
        }
        Rule::OtherApprover {} => {
            let own = approvals.iter().filter(|approval| approval.plan == plan.id);
            let Some(user) = &plan.made.by else {
                let hit = Hit::inconclusive("approvals", "the user who made the plan is not known");
                return own.take(1).map(|_| hit.clone()).collect();
            };
            own.filter(|approval| approval.by.trim().eq_ignore_ascii_case(user.as_str()))
                .map(|approval| {
                    let subject = format!("approval: {}", approval.by);
                    Hit::new(subject, "is by the user who made the plan")
                })
                .take(1)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Returns a custom rule. `None` at the time of application if the program has not registered it.
fn registered<'a>(
    promoter: &'a Promoter,
    name: &str,
    stage: Stage<'_>,
) -> Result<Option<&'a Arc<dyn CustomRule>>> {
    let found = promoter.rules.iter().find(|rule| rule.name() == name);
    match (found, stage) {
        (None, Stage::Plan) => Err(Error::invalid_input(
            "policy",
            format_args!("is not valid: the custom rule '{name}' is not registered"),
        )),
        (found, _) => Ok(found),
    }
}

async fn custom_findings(
    custom: &Arc<dyn CustomRule>,
    rule: &PolicyRule,
    plan: &Plan,
    wave: usize,
    target: &PlannedTarget,
) -> Vec<Finding> {
    let Rule::Custom { settings, .. } = &rule.rule else {
        return Vec::new();
    };
    let input = PolicyInput {
        source: &plan.source,
        revision: &plan.revision,
        wave: plan.waves.get(wave).map_or("", |wave| wave.name.as_str()),
        target,
        comparisons: &plan.comparisons,
    };
    match custom.check(&input, settings).await {
        Ok(violations) => {
            let findings = violations.into_iter().map(|violation| {
                let new = finding(
                    rule,
                    Some(target),
                    Hit::new(violation.subject, violation.message),
                );
                Finding {
                    target: violation.target.or(new.target),
                    ..new
                }
            });
            findings.collect()
        }
        Err(error) => {
            let hit = Hit::inconclusive(format!("rule: {}", rule.id), format!("failed: {error}"));
            vec![finding(rule, Some(target), hit)]
        }
    }
}
