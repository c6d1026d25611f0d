//! Approvals of findings and gates.

use anaplan_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::PlanId;

/// Approval of the findings of one rule, or of one gate, for one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Approval {
    /// Plan.
    pub plan: PlanId,
    /// Approved rule or gate.
    pub of: ApprovalOf,
    /// Approver, as stated by the program.
    pub by: String,
    /// Time, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Approved rule or gate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ApprovalOf {
    /// The `review` findings of the rule with this id.
    Rule(String),
    /// The gate of the wave with this name.
    Gate(String),
}

impl Approval {
    /// Creates an approval of the findings of a rule.
    pub fn of_rule(
        plan: impl Into<PlanId>,
        rule: impl Into<String>,
        by: impl Into<String>,
    ) -> Self {
        Self::new(plan.into(), ApprovalOf::Rule(rule.into()), by.into())
    }

    /// Creates an approval of the gate of a wave.
    pub fn of_gate(
        plan: impl Into<PlanId>,
        wave: impl Into<String>,
        by: impl Into<String>,
    ) -> Self {
        Self::new(plan.into(), ApprovalOf::Gate(wave.into()), by.into())
    }

    fn new(plan: PlanId, of: ApprovalOf, by: String) -> Self {
        Self {
            plan,
            of,
            by,
            at: None,
            comment: None,
        }
    }
}
