//! Releases.

use anaplan_core::ModelId;
use anaplan_promote::{Release, Severity, Wave};

/// Returns a release with these waves of models, named "wave 1" and so on, without rules.
pub fn release(waves: &[&[ModelId]]) -> Release {
    let mut release = Release::new("2026-11", "Sales Planning DEV");
    for (index, models) in waves.iter().enumerate() {
        let name = format!("wave {}", index + 1);
        release = release.wave(Wave::new(name, models.iter()));
    }
    release.policy.unrecognized = Severity::Warn;
    release
}
