//! Waivers, approvals and the decision about a plan.

use anaplan_core::Timestamp;
use jiff::tz::TimeZone;

use crate::glob::any_matches;
use crate::plan::Plan;
use crate::policy::evaluate::selects;
use crate::policy::{Approval, ApprovalOf, Decision, Finding, Severity, Waived, Waiver};

/// Marks the findings that waivers cover, and returns the waivers that cover none.
pub(super) fn apply_waivers(
    findings: &mut [Finding],
    waivers: &[Waiver],
    plan: &Plan,
    now: Timestamp,
) -> Vec<Waiver> {
    let mut unused = Vec::new();
    for waiver in waivers {
        let mut used = false;
        if is_valid(waiver, plan, now) {
            for finding in findings
                .iter_mut()
                .filter(|finding| covers(waiver, finding, plan))
            {
                used = true;
                finding.waived.get_or_insert_with(|| Waived {
                    reason: waiver.reason.clone(),
                    by: waiver.by.clone(),
                    expires: waiver.expires,
                });
            }
        }
        if !used {
            unused.push(waiver.clone());
        }
    }
    unused
}

fn is_valid(waiver: &Waiver, plan: &Plan, now: Timestamp) -> bool {
    let today = TimeZone::UTC.to_datetime(now).date();
    today <= waiver.expires && waiver.plan.as_ref().is_none_or(|id| *id == plan.id)
}

fn covers(waiver: &Waiver, finding: &Finding, plan: &Plan) -> bool {
    let target = finding.target.as_ref();
    let target = plan
        .targets()
        .find(|planned| Some(&planned.model.id) == target);
    let selected = match (&waiver.targets, target) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(patterns), Some(target)) => selects(Some(patterns), target),
    };
    waiver.rule == finding.rule && selected && any_matches(&waiver.subjects, &finding.subject)
}

/// Returns the decision with approvals of this plan.
pub(super) fn decision(findings: &[Finding], approvals: &[Approval], plan: &Plan) -> Decision {
    let approved = |rule: &str| {
        let mut valid = approvals.iter().filter(|approval| approval.plan == plan.id);
        valid.any(|approval| matches!(&approval.of, ApprovalOf::Rule(id) if id == rule))
    };
    let open = findings.iter().filter(|finding| finding.waived.is_none());
    open.map(|finding| match finding.severity {
        Severity::Warn => Decision::Allowed,
        Severity::Review if approved(&finding.rule) => Decision::Allowed,
        Severity::Review => Decision::NeedsApproval,
        Severity::Deny => Decision::Denied,
    })
    .max()
    .unwrap_or_default()
}

/// Returns the decision without approvals.
pub(super) fn without_approvals(findings: &[Finding]) -> Decision {
    let open = findings.iter().filter(|finding| finding.waived.is_none());
    let severity = open.map(|finding| finding.severity).max();
    match severity {
        None | Some(Severity::Warn) => Decision::Allowed,
        Some(Severity::Review) => Decision::NeedsApproval,
        Some(Severity::Deny) => Decision::Denied,
    }
}
