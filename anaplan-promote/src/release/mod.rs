//! The input of a plan: source, revision, waves of targets, policy.

mod name;
mod options;
mod read;

use std::num::NonZeroU32;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

pub use name::{ModelName, RevisionName};
pub use options::{FailureMode, Gate, RestoreOnline, Route, TakeOffline};

/// A revision, the models that receive it, and the rules that apply.
///
/// The JSON form in a plan has the same keys as the TOML file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Release {
    /// Name of the release.
    pub name: String,
    /// Model that has the revision.
    pub source: ModelName,
    /// Revision of the source. Default: the latest.
    #[serde(default)]
    pub revision: RevisionName,
    /// Revisions between base and goal. Default: one direct sync.
    #[serde(default)]
    pub route: Route,
    /// Whether targets are offline during a sync. Default: `during-sync`.
    #[serde(default)]
    pub take_offline: TakeOffline,
    /// State of a target after a failed sync. Default: `if-unchanged`.
    #[serde(default)]
    pub restore_online: RestoreOnline,
    /// Effect of a failed target on the others. Default: `finish-wave`.
    #[serde(default)]
    pub failure_mode: FailureMode,
    /// Maximum number of targets at a time. Default: 4.
    #[serde(default = "default_concurrency")]
    pub concurrency: NonZeroU32,
    /// Waves, in order.
    #[serde(rename = "wave", default)]
    pub waves: Vec<Wave>,
    /// Rules and waivers.
    #[serde(default)]
    pub policy: Policy,
}

/// Targets that are promoted together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Wave {
    /// Name, unique in the release.
    pub name: String,
    /// Targets.
    pub targets: Vec<ModelName>,
    /// Source of the syncs, if it is another model than the source of the release: a target of an earlier
    /// wave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ModelName>,
    /// Condition for the start of the wave. Default: `automatic`.
    #[serde(default)]
    pub gate: Gate,
    /// Minimum time after the end of the previous wave, such as `2h` or `30m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<SignedDuration>,
}

/// Default of [`Release::concurrency`].
const DEFAULT_CONCURRENCY: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

fn default_concurrency() -> NonZeroU32 {
    DEFAULT_CONCURRENCY
}

impl Release {
    /// Creates a release of the latest revision of a model, without waves and rules.
    pub fn new(name: impl Into<String>, source: impl Into<ModelName>) -> Self {
        Self {
            name: name.into(),
            source: source.into(),
            revision: RevisionName::default(),
            route: Route::default(),
            take_offline: TakeOffline::default(),
            restore_online: RestoreOnline::default(),
            failure_mode: FailureMode::default(),
            concurrency: DEFAULT_CONCURRENCY,
            waves: Vec::new(),
            policy: Policy::default(),
        }
    }

    /// Appends a wave.
    #[must_use]
    pub fn wave(mut self, wave: Wave) -> Self {
        self.waves.push(wave);
        self
    }
}

impl Wave {
    /// Creates a wave that starts automatically after the previous one.
    pub fn new<T: Into<ModelName>>(
        name: impl Into<String>,
        targets: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            name: name.into(),
            targets: targets.into_iter().map(Into::into).collect(),
            source: None,
            gate: Gate::default(),
            soak: None,
        }
    }
}
