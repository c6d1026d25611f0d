//! Exceptions to rules.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::plan::PlanId;
use crate::policy::toml_date::date;

/// Exception to a rule, with reason, author and expiry date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Waiver {
    /// Id of the rule.
    pub rule: String,
    /// Subjects of findings; `*` stands for any characters, `?` for one.
    pub subjects: Vec<String>,
    /// Names or ids of targets, with `*` and `?`. `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    /// The only plan that it is valid for. `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// Reason. Must not be empty.
    pub reason: String,
    /// Author. Must not be empty.
    pub by: String,
    /// Last day on which it is valid, in UTC.
    #[serde(deserialize_with = "date")]
    pub expires: Date,
}
