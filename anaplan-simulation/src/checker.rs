//! Comparison of the expectations with the effect log of the fake.

pub mod rules;
mod state;
mod work;

use serde::Serialize;

use crate::environment::Environment;
use crate::program::USERS;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule, one of [`rules`].
    pub rule: &'static str,
    /// The step in which it was found. The number of steps if it was found at the end.
    pub step: usize,
    /// The details.
    pub text: String,
}

impl Environment {
    /// Compares the expectations with the world when no request is in flight any more.
    pub(crate) fn check(&self) {
        self.expectations().settle();
        self.check_revisions();
        self.check_syncs();
        self.check_runs();
        self.check_read_requests();
        self.check_deletions();
        self.check_evidence();
        (0..USERS).for_each(|user| self.check_own(user));
        self.check_shared();
    }

    fn at_end(&self, rule: &'static str, text: impl Into<String>) {
        self.violation(rule, self.program.steps.len(), text);
    }
}
