//! Result of a policy.

use anaplan_core::ModelId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::policy::{Severity, Waiver};

/// Result of the evaluation of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyReport {
    /// Decision.
    pub decision: Decision,
    /// Violations of rules, in the order of the rules.
    pub findings: Vec<Finding>,
    /// Waivers that cover no finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused_waivers: Vec<Waiver>,
}

/// Decision about a plan.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Nothing prevents the run.
    #[default]
    Allowed,
    /// The run needs approvals.
    NeedsApproval,
    /// The run is rejected.
    Denied,
}

/// Violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// Severity of the rule.
    pub severity: Severity,
    /// Target. `None` if the finding concerns the whole plan.
    pub target: Option<ModelId>,
    /// Object or condition, such as `lineItems: SAL01 Sales / Old margin`.
    pub subject: String,
    /// Explanation.
    pub message: String,
    /// `true` if the rule could not be evaluated, which counts as a violation.
    pub inconclusive: bool,
    /// Waiver that covers the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
}

/// Waiver of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Waived {
    /// Reason.
    pub reason: String,
    /// Author.
    pub by: String,
    /// Last day on which the waiver is valid, in UTC.
    pub expires: Date,
}

impl Default for PolicyReport {
    fn default() -> Self {
        Self {
            decision: Decision::Allowed,
            findings: Vec::new(),
            unused_waivers: Vec::new(),
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::NeedsApproval => "needs approval",
            Self::Denied => "denied",
        })
    }
}
