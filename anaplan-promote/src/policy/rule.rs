//! Rules.

use anaplan_alm::{Certainty, ObjectKind};
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::policy::Severity;
use crate::policy::toml_date::to_strings;
use crate::release::ModelName;

/// A rule with its id and severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "Map<String, Value>")]
#[non_exhaustive]
pub struct PolicyRule {
    /// Id, unique in the policy.
    pub id: String,
    /// Consequence of a violation. Default: `review`.
    pub severity: Severity,
    /// Names or ids of targets, with `*` and `?`. `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
}

/// A rule, by its name in the key `rule`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "rule",
    deny_unknown_fields
)]
#[non_exhaustive]
pub enum Rule {
    /// No object is deleted.
    NoDeletions {
        /// Kinds of objects. Empty: all.
        #[serde(default)]
        kinds: Vec<ObjectKind>,
    },
    /// No data of the target is lost.
    NoDataLoss {
        /// Least certainty that violates the rule. Default: `possible`.
        #[serde(default = "possible")]
        certainty: Certainty,
    },
    /// These objects and their children do not change.
    Untouched {
        /// Names of modules, with `*` and `?`.
        #[serde(default)]
        modules: Vec<String>,
        /// Names of lists, with `*` and `?`.
        #[serde(default)]
        lists: Vec<String>,
    },
    /// At most this many changes.
    AtMost {
        /// Number of changes.
        changes: u64,
        /// Kinds of objects. Empty: all.
        #[serde(default)]
        kinds: Vec<ObjectKind>,
    },
    /// These models have had the revision for some time.
    AppliedTo {
        /// Models.
        models: Vec<ModelName>,
        /// Minimum time since the revision was applied. Default: none.
        #[serde(default)]
        for_at_least: SignedDuration,
    },
    /// The source is one of these models.
    SourceIs {
        /// Models.
        models: Vec<ModelName>,
    },
    /// Targets are in deployed mode.
    Deployed {},
    /// Targets are taken offline during the sync.
    Offline {},
    /// The name of the revision has this form.
    RevisionName {
        /// Pattern, with `*` and `?`.
        pattern: String,
    },
    /// Targets are started at these times only.
    Window {
        /// Days of the week. Empty: all.
        #[serde(default)]
        days: Vec<Weekday>,
        /// Start time. Default: midnight.
        #[serde(default)]
        from: Option<Time>,
        /// End time. A time before `from` is on the next day. Default: midnight.
        #[serde(default)]
        until: Option<Time>,
        /// Name of the time zone, such as `Europe/Berlin`. Default: UTC.
        #[serde(default = "utc")]
        zone: String,
        /// Days without any start.
        #[serde(default)]
        except: Vec<Date>,
    },
    /// The plan is at most this old.
    PlanAge {
        /// Maximum age.
        at_most: SignedDuration,
    },
    /// Approvals are by another user than the plan.
    OtherApprover {},
    /// A rule that the program registers.
    Custom {
        /// Name of the registered rule.
        name: String,
        /// Settings, passed to the rule.
        #[serde(default)]
        settings: Value,
    },
}

/// Day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Weekday {
    #[serde(alias = "mon")]
    Monday,
    #[serde(alias = "tue")]
    Tuesday,
    #[serde(alias = "wed")]
    Wednesday,
    #[serde(alias = "thu")]
    Thursday,
    #[serde(alias = "fri")]
    Friday,
    #[serde(alias = "sat")]
    Saturday,
    #[serde(alias = "sun")]
    Sunday,
}

fn possible() -> Certainty {
    Certainty::Possible
}

fn utc() -> String {
    "UTC".into()
}

impl PolicyRule {
    /// Creates a rule for all targets.
    pub fn new(id: impl Into<String>, severity: Severity, rule: Rule) -> Self {
        Self {
            id: id.into(),
            severity,
            targets: None,
            rule,
        }
    }
}

/// `flatten` would ignore misspelt keys, so the common keys are taken out and the rest must be those of the
/// rule.
impl TryFrom<Map<String, Value>> for PolicyRule {
    type Error = serde_json::Error;

    fn try_from(mut table: Map<String, Value>) -> Result<Self, serde_json::Error> {
        use serde::de::Error as _;
        let id = table
            .remove("id")
            .ok_or_else(|| serde_json::Error::missing_field("id"))?;
        let severity = table.remove("severity").map(serde_json::from_value);
        let targets = table.remove("targets").map(serde_json::from_value);
        Ok(Self {
            id: serde_json::from_value(id)?,
            severity: severity.transpose()?.unwrap_or_default(),
            targets: targets.transpose()?.flatten(),
            rule: serde_json::from_value(to_strings(Value::Object(table)))?,
        })
    }
}
