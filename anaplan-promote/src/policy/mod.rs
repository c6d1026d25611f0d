//! Rules for plans, as data.

mod apply;
mod approval;
mod check;
mod custom;
mod decision;
mod diff_rules;
mod evaluate;
mod report;
mod rule;
mod state_rules;
mod toml_date;
mod waiver;
mod window;

use serde::{Deserialize, Serialize};

#[allow(unused_imports)] // Used by the engine.
pub(crate) use apply::{StartDecision, evaluate_at_apply, evaluate_at_resume, evaluate_at_start};
pub use approval::{Approval, ApprovalOf};
pub use custom::{CustomRule, PolicyInput, Violation};
pub(crate) use evaluate::{Stage, evaluate};
pub use report::{Decision, Finding, PolicyReport, Waived};
pub use rule::{PolicyRule, Rule, Weekday};
pub use waiver::Waiver;

/// Id of the built-in rule for content that is not recognized.
pub(crate) const UNRECOGNIZED: &str = "unrecognized";

/// Rules and waivers.
///
/// Without rules, unrecognized content still needs an approval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Severity of report sections that are not recognized and of changes with unknown impact. Default:
    /// `review`.
    #[serde(default)]
    pub unrecognized: Severity,
    /// Rules.
    #[serde(rename = "rule", default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<PolicyRule>,
    /// Waivers.
    #[serde(rename = "waiver", default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
}

/// Consequence of a violated rule.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Reported.
    Warn,
    /// Needs an approval.
    #[default]
    Review,
    /// Denied.
    Deny,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Warn => "warn",
            Self::Review => "review",
            Self::Deny => "deny",
        })
    }
}
