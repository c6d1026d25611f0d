//! Reading and checking of releases.

use std::collections::BTreeSet;
use std::path::Path;

use anaplan_core::{Error, ErrorKind, Result};

use crate::release::Release;

impl Release {
    /// Reads a release from a TOML file.
    ///
    /// # Errors
    ///
    /// `Io` if the file cannot be read, and those of [`from_toml`](Self::from_toml).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot read {}", path.display())).caused_by(error)
        })?;
        Self::from_toml(&text).map_err(|error| error.because(format_args!("in {}", path.display())))
    }

    /// Reads a release from TOML.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for unknown, missing and misspelt keys, with the line, and those of
    /// [`check`](Self::check).
    ///
    /// ```
    /// use anaplan_promote::Release;
    ///
    /// let release = Release::from_toml(
    ///     r#"
    ///     name   = "2026-11 Headcount"
    ///     source = "Headcount DEV"
    ///
    ///     [[wave]]
    ///     name    = "test"
    ///     targets = ["Planning/Headcount TEST"]
    ///
    ///     [[policy.rule]]
    ///     id       = "no-deletions"
    ///     rule     = "no-deletions"
    ///     severity = "deny"
    ///     "#,
    /// )?;
    /// assert_eq!(release.waves[0].name, "test");
    ///
    /// let error = Release::from_toml("name = 'x'\nsource = 'y'\nretries = 3").unwrap_err();
    /// assert!(error.to_string().contains("unknown field `retries`"));
    /// # Ok::<(), anaplan_core::Error>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self> {
        let release: Self = toml::from_str(text).map_err(|error| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("the release is not valid: {error}"),
            )
        })?;
        release.check()?;
        Ok(release)
    }

    /// Checks what can be checked without a tenant: names of waves, targets, rules and waivers.
    ///
    /// # Errors
    ///
    /// `InvalidInput`.
    pub fn check(&self) -> Result<()> {
        let invalid = |problem: String| Err(Error::invalid_input("release", problem));
        if self.name.trim().is_empty() {
            return invalid("must have a name".into());
        }
        if self.source.as_str().trim().is_empty() || self.revision.as_str().trim().is_empty() {
            return invalid("must have a source and a revision".into());
        }
        if self.waves.is_empty() {
            return invalid("must have at least one wave".into());
        }
        let mut names = BTreeSet::new();
        let mut targets = BTreeSet::new();
        for wave in &self.waves {
            let name = &wave.name;
            if name.trim().is_empty() || !names.insert(name.as_str()) {
                return invalid(format!(
                    "must have waves with different names, not '{name}'"
                ));
            }
            if wave.targets.is_empty() {
                return invalid(format!("must have targets in wave '{name}'"));
            }
            if wave.soak.is_some_and(|soak| soak.is_negative()) {
                return invalid(format!(
                    "must not have a negative soak time in wave '{name}'"
                ));
            }
            for target in &wave.targets {
                if target.as_str().trim().is_empty() || !targets.insert(target) {
                    return invalid(format!("must name each target once, not '{target}' again"));
                }
            }
        }
        self.policy.check()
    }
}
