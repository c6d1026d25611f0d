//! Options of a release.

use serde::{Deserialize, Serialize};

/// Revisions between base and goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Route {
    /// One sync to the goal.
    #[default]
    Direct,
    /// One sync for each revision.
    EveryRevision,
    /// One sync to the goal. If that fails, one for each revision.
    DirectThenEvery,
}

/// Access of users to a target during a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TakeOffline {
    /// Offline from before the sync until its result is verified.
    #[default]
    DuringSync,
    /// Online all the time.
    Never,
}

/// State of a target after a failed sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RestoreOnline {
    /// Online if the latest revision is the base and no sync runs, otherwise offline.
    #[default]
    IfUnchanged,
    /// Online.
    Always,
    /// Offline.
    Never,
}

/// Effect of a failed target on targets that have not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureMode {
    /// The other targets of the wave are promoted, later waves are skipped.
    #[default]
    FinishWave,
    /// No other target starts.
    Stop,
    /// All other targets are promoted.
    FinishAll,
}

/// Condition for the start of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gate {
    /// Starts after the previous wave.
    #[default]
    Automatic,
    /// Starts after an approval of the wave.
    Manual,
}
