//! Evaluation before a plan is applied, and before each target starts.

use anaplan_core::{Result, Timestamp};

use crate::Promoter;
use crate::models::ActiveState;
use crate::plan::{Plan, PlannedTarget};
use crate::policy::decision::{apply_waivers, decision};
use crate::policy::diff_rules::Hit;
use crate::policy::evaluate::{Stage, concerns, finding, findings, plan_hits};
use crate::policy::state_rules::{Facts, Subject, TOO_SHORT};
use crate::policy::window::Window;
use crate::policy::{
    Approval, Decision, Finding, Policy, PolicyReport, PolicyRule, Rule, Severity, Waiver,
};

/// Decision about the start of one target.
#[derive(Debug, Clone)]
#[allow(dead_code)] // Used by the engine.
pub(crate) enum StartDecision {
    /// It may start. The findings are warnings, waived or approved.
    Start(PolicyReport),
    /// It may start later.
    Wait {
        /// Id of the rule.
        rule: String,
        /// Explanation.
        reason: String,
    },
    /// It must not start, or not without an approval.
    Refused(PolicyReport),
}

/// Evaluates the policy of the plan and those of the caller. The strictest one decides.
///
/// Waivers of a policy cover its own findings. Those of the caller that name this plan cover all findings.
#[allow(dead_code)] // Used by the engine.
pub(crate) async fn evaluate_at_apply(
    promoter: &Promoter,
    plan: &Plan,
    extra: &[Policy],
    approvals: &[Approval],
) -> Result<PolicyReport> {
    let now = promoter.session.clock().now();
    let stage = Stage::Apply(approvals);
    let mut all: Vec<Finding> = Vec::new();
    let mut unused = Vec::new();
    for policy in policies(plan, extra) {
        policy.check()?;
        let mut found = findings(promoter, plan, policy, stage, now).await?;
        let waivers = waivers(policy, plan, extra);
        unused.extend(apply_waivers(&mut found, &waivers, plan, now));
        all.extend(found);
    }
    all.dedup();
    let used = |waiver: &Waiver| {
        let subjects = all.iter().filter(|finding| finding.rule == waiver.rule);
        subjects.into_iter().any(|finding| {
            finding
                .waived
                .as_ref()
                .is_some_and(|waived| waived.reason == waiver.reason)
        })
    };
    unused.retain(|waiver| !used(waiver));
    unused.dedup();
    Ok(PolicyReport {
        decision: decision(&all, approvals, plan),
        findings: all,
        unused_waivers: unused,
    })
}

/// Evaluates the rules about the plan itself again, before a run is continued: `plan-age` and
/// `other-approver`. The rules about differences were decided when the run started.
pub(crate) fn evaluate_at_resume(
    plan: &Plan,
    extra: &[Policy],
    approvals: &[Approval],
    now: Timestamp,
) -> Result<PolicyReport> {
    let stage = Stage::Apply(approvals);
    let mut all: Vec<Finding> = Vec::new();
    for policy in policies(plan, extra) {
        policy.check()?;
        let hits = policy.rules.iter().flat_map(|rule| {
            let hits = plan_hits(rule, plan, stage, now).into_iter();
            hits.map(|hit| finding(rule, None, hit))
        });
        let mut found: Vec<Finding> = hits.collect();
        apply_waivers(&mut found, &waivers(policy, plan, extra), plan, now);
        all.extend(found);
    }
    Ok(PolicyReport {
        decision: decision(&all, approvals, plan),
        findings: all,
        unused_waivers: Vec::new(),
    })
}

/// Evaluates the rules about the start of a target: `window`, `applied-to`, `source-is`, `deployed` and
/// `offline`. `state` is the state of the model before it is taken offline.
#[allow(dead_code)] // Used by the engine.
pub(crate) async fn evaluate_at_start(
    promoter: &Promoter,
    plan: &Plan,
    extra: &[Policy],
    approvals: &[Approval],
    wave: usize,
    target: &PlannedTarget,
    state: Option<&ActiveState>,
) -> Result<StartDecision> {
    let now = promoter.session.clock().now();
    let mut facts = Facts::default();
    let mut all: Vec<Finding> = Vec::new();
    for policy in policies(plan, extra) {
        let mut found = Vec::new();
        for rule in policy.rules.iter().filter(|rule| concerns(rule, target)) {
            let subject = Subject {
                plan,
                wave,
                target,
                state,
                earlier_waves_follow: false,
            };
            let hits = match &rule.rule {
                Rule::Window { .. } => window_hits(rule, now),
                Rule::AppliedTo { .. }
                | Rule::SourceIs { .. }
                | Rule::Deployed {}
                | Rule::Offline {} => {
                    let hits = facts.violations(promoter, &rule.rule, subject, now).await?;
                    hits.unwrap_or_default()
                }
                _ => continue,
            };
            found.extend(hits.into_iter().map(|hit| finding(rule, Some(target), hit)));
        }
        let waivers = waivers(policy, plan, extra);
        apply_waivers(&mut found, &waivers, plan, now);
        all.extend(found);
    }
    let report = PolicyReport {
        decision: decision(&all, approvals, plan),
        findings: all,
        unused_waivers: Vec::new(),
    };
    if report.decision == Decision::Allowed {
        return Ok(StartDecision::Start(report));
    }
    // If all that prevents the start ends by itself, the run is paused.
    let open = |finding: &&Finding| finding.waived.is_none() && finding.severity != Severity::Warn;
    let ends =
        |finding: &Finding| finding.subject == WINDOW || finding.message.starts_with(TOO_SHORT);
    let mut open = report.findings.iter().filter(open);
    match open.next() {
        Some(first) if ends(first) && open.all(ends) => Ok(StartDecision::Wait {
            rule: first.rule.clone(),
            reason: first.message.clone(),
        }),
        _ => Ok(StartDecision::Refused(report)),
    }
}

/// Subject of a closed window.
const WINDOW: &str = "window";

fn window_hits(rule: &PolicyRule, now: Timestamp) -> Vec<Hit> {
    let Rule::Window {
        days,
        from,
        until,
        zone,
        except,
    } = &rule.rule
    else {
        return Vec::new();
    };
    let window = Window {
        days,
        from: *from,
        until: *until,
        zone,
        except,
    };
    match window.closed(now) {
        Ok(None) => Vec::new(),
        Ok(Some(reason)) => vec![Hit::new(WINDOW, reason)],
        Err(problem) => vec![Hit::inconclusive("time zone", problem)],
    }
}

fn policies<'a>(plan: &'a Plan, extra: &'a [Policy]) -> impl Iterator<Item = &'a Policy> {
    std::iter::once(&plan.release.policy).chain(extra)
}

/// Returns the waivers for the findings of a policy.
fn waivers(policy: &Policy, plan: &Plan, extra: &[Policy]) -> Vec<Waiver> {
    let mut waivers = policy.waivers.clone();
    for extra in extra.iter().filter(|extra| !std::ptr::eq(*extra, policy)) {
        let bound = extra
            .waivers
            .iter()
            .filter(|waiver| waiver.plan.as_ref() == Some(&plan.id));
        waivers.extend(bound.cloned());
    }
    waivers
}
