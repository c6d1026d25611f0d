//! Checks of a policy that need no plan.

use std::collections::BTreeSet;

use anaplan_alm::ObjectKind;
use anaplan_core::{Error, Result};

use crate::policy::{Policy, Rule, UNRECOGNIZED, Waiver, window};

impl Policy {
    /// Reads a policy from TOML: the keys of the table `policy` of a release, without `policy.`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for unknown, missing and misspelt keys, and those of [`check`](Self::check).
    ///
    /// ```
    /// use anaplan_promote::Policy;
    ///
    /// let policy = Policy::from_toml("[[rule]]\nid = 'freeze'\nrule = 'window'\nexcept = [2026-12-24]")?;
    /// assert_eq!(policy.rules[0].id, "freeze");
    /// assert!(Policy::from_toml("[[rule]]\nid = 'x'\nrule = 'no-deletions'\nkind = ['lists']").is_err());
    /// # Ok::<(), anaplan_core::Error>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            Error::invalid_input("policy", format_args!("is not valid: {error}"))
        })?;
        policy.check()?;
        Ok(policy)
    }

    /// Checks ids, kinds, patterns, time zones and waivers.
    ///
    /// # Errors
    ///
    /// `InvalidInput`.
    pub fn check(&self) -> Result<()> {
        let mut ids = BTreeSet::new();
        for rule in &self.rules {
            let id = rule.id.as_str();
            let invalid = |problem: &str| {
                let problem = format!("is not valid: rule '{id}' {problem}");
                Err(Error::invalid_input("policy", problem))
            };
            if id.trim().is_empty() || !ids.insert(id) {
                return invalid("needs an id of its own");
            }
            if id == UNRECOGNIZED {
                return invalid("has the id of the built-in rule for unrecognized content");
            }
            if let Some(problem) = problem(&rule.rule) {
                return invalid(&problem);
            }
        }
        self.waivers.iter().try_for_each(Waiver::check)
    }
}

fn problem(rule: &Rule) -> Option<String> {
    let unknown = |kinds: &[ObjectKind]| {
        let unknown = kinds
            .iter()
            .find(|kind| matches!(kind, ObjectKind::Unknown(_)))?;
        Some(format!("has the unknown kind '{unknown}'"))
    };
    let empty = |is_empty: bool, what: &str| is_empty.then(|| format!("has no {what}"));
    match rule {
        Rule::NoDeletions { kinds } | Rule::AtMost { kinds, .. } => unknown(kinds),
        Rule::Untouched { modules, lists } => empty(
            modules.is_empty() && lists.is_empty(),
            "modules and no lists",
        ),
        Rule::AppliedTo {
            models,
            for_at_least,
        } => empty(models.is_empty(), "models").or_else(|| {
            for_at_least
                .is_negative()
                .then(|| "has a negative time".into())
        }),
        Rule::SourceIs { models } => empty(models.is_empty(), "models"),
        Rule::RevisionName { pattern } => empty(pattern.is_empty(), "pattern"),
        Rule::PlanAge { at_most } => {
            (!at_most.is_positive()).then(|| "needs a positive age".into())
        }
        Rule::Custom { name, .. } => empty(name.is_empty(), "name"),
        Rule::Window {
            from, until, zone, ..
        } => window::problem(*from, *until, zone),
        Rule::NoDataLoss { .. } | Rule::Deployed {} | Rule::Offline {} | Rule::OtherApprover {} => {
            None
        }
    }
}

impl Waiver {
    fn check(&self) -> Result<()> {
        let missing = [
            ("rule", self.rule.trim().is_empty()),
            ("subjects", self.subjects.is_empty()),
            ("reason", self.reason.trim().is_empty()),
            ("by", self.by.trim().is_empty()),
        ];
        match missing.iter().find(|(_, is_missing)| *is_missing) {
            Some((key, _)) => Err(Error::invalid_input(
                "policy",
                format_args!(
                    "is not valid: a waiver of rule '{}' has no {key}",
                    self.rule
                ),
            )),
            None => Ok(()),
        }
    }
}
