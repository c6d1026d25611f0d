//! Checks of a target before and after its syncs.

use std::fmt::Debug;

use anaplan_core::{Result, async_trait};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::PlannedTarget;

/// A check of a target before and after its syncs, written by the caller.
///
/// A failed check counts as a failed target, which stays offline unless `restore-online` is `always`. An
/// inconclusive one does the same and pauses the run after the wave.
#[async_trait]
pub trait Check: Debug + Send + Sync {
    /// Returns the name, unique in a run.
    fn name(&self) -> &str;

    /// Called while the target is online, before its first sync. The returned value is stored in the journal
    /// and passed to [`after`](Self::after), also by another process. Default: no value.
    ///
    /// This is the place to export data that the sync will delete.
    ///
    /// # Errors
    ///
    /// Any. The target fails, and nothing is changed.
    async fn before(&self, target: &PlannedTarget) -> Result<Value> {
        let _ = target;
        Ok(Value::Null)
    }

    /// Called after the last sync was verified, while the target is still offline.
    ///
    /// # Errors
    ///
    /// Any. The check counts as inconclusive.
    async fn after(&self, target: &PlannedTarget, before: Value) -> Result<CheckResult>;
}

/// Result of a [`Check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckResult {
    /// The target is as expected.
    Passed,
    /// The target is not as expected, for this reason.
    Failed(String),
    /// The target could not be checked, for this reason.
    Inconclusive(String),
}
