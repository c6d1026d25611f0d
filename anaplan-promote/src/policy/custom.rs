//! Rules in code.

use std::fmt;

use anaplan_core::{ModelId, Result, async_trait};
use serde_json::Value;

use crate::plan::{Comparison, ModelSnapshot, PlannedTarget, RevisionRef, SyncStep};

/// A rule that a program registers with [`Promoter::with_rule`](crate::Promoter::with_rule).
///
/// An error is inconclusive, which counts as a violation.
#[async_trait]
pub trait CustomRule: fmt::Debug + Send + Sync {
    /// Name, as in the key `name` of the policy.
    fn name(&self) -> &str;

    /// Returns the violations for one target.
    ///
    /// # Errors
    ///
    /// Any error makes the rule inconclusive for the target.
    async fn check(&self, input: &PolicyInput<'_>, settings: &Value) -> Result<Vec<Violation>>;
}

/// Input of a rule: one target of a plan.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PolicyInput<'a> {
    /// Source of the release.
    pub source: &'a ModelSnapshot,
    /// Goal.
    pub revision: &'a RevisionRef,
    /// Name of the wave.
    pub wave: &'a str,
    /// Target.
    pub target: &'a PlannedTarget,
    /// Comparisons of the plan. The steps of the target refer to them.
    pub comparisons: &'a [Comparison],
}

impl<'a> PolicyInput<'a> {
    /// Returns the syncs of the target on all routes, with their comparisons. `None` if a comparison could
    /// not be made.
    pub fn steps(&self) -> impl Iterator<Item = (&'a SyncStep, Option<&'a Comparison>)> {
        let comparisons = self.comparisons;
        let steps = self.target.steps().iter().chain(self.target.fallback());
        steps.map(move |step| {
            (
                step,
                step.comparison.and_then(|index| comparisons.get(index)),
            )
        })
    }
}

/// Violation of a custom rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Object or condition.
    pub subject: String,
    /// Explanation.
    pub message: String,
    /// Target. Default: the target of the input.
    pub target: Option<ModelId>,
}

impl Violation {
    /// Creates a violation of the target of the input.
    pub fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
            target: None,
        }
    }
}
