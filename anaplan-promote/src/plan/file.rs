//! Plan files and their ids.

use std::path::Path;

use anaplan_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::canonical_json::{canonical, file, sha256_id};
use crate::plan::{Plan, PlanId};

/// Name of the format, and the version that this program writes.
pub(crate) const SCHEMA: &str = "anaplan.plan/1";

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    ///
    /// `Io` if the file cannot be read, and those of [`from_json`](Self::from_json).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| io(path, "read", error))?;
        let about = |error: Error| error.because(format_args!("in {}", path.display()));
        let mut plan = Self::from_json(&bytes).map_err(about)?;
        plan.reports.folder = Some(folder(path).to_owned());
        Ok(plan)
    }

    /// Writes the plan file, and the comparison reports into the folder `reports` next to it. The file
    /// appears under `path` when it is complete.
    ///
    /// # Errors
    ///
    /// `Io` if a file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        for comparison in &self.comparisons {
            let (Some(name), Some(bytes)) = (&comparison.report_file, self.report(comparison)?)
            else {
                continue;
            };
            let target = folder(path).join(name);
            std::fs::create_dir_all(folder(&target))
                .map_err(|error| io(&target, "create", error))?;
            replace(&target, &bytes)?;
        }
        replace(path, &self.to_json()?)
    }

    /// Returns the content of the plan file.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if settings of a custom rule have a number with a fraction.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        file(&canonical(self)?)
    }

    /// Reads the content of a plan file.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for another schema version and for content that is not a plan, `Conflict` if the
    /// content was changed after the plan was made.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let invalid = |error: serde_json::Error| {
            Error::new(ErrorKind::InvalidInput, "the file is not a plan").caused_by(error)
        };
        let head: Head = serde_json::from_slice(bytes).map_err(invalid)?;
        check_schema(&head.schema)?;
        let plan: Self = serde_json::from_slice(bytes).map_err(invalid)?;
        plan.verify()?;
        // Unknown keys would be lost without a trace.
        if plan.to_json()? != bytes {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the plan file was changed after the plan was made: plan again",
            ));
        }
        Ok(plan)
    }

    /// Checks schema version and id.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for another schema version, `Conflict` if the id does not belong to the content.
    pub fn verify(&self) -> Result<()> {
        check_schema(&self.schema)?;
        let actual = self.content_id()?;
        if actual != self.id {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the plan was changed after it was made: its id is {}, its content has the id {actual}",
                    self.id
                ),
            ));
        }
        Ok(())
    }

    /// Returns the id of the content.
    pub(crate) fn content_id(&self) -> Result<PlanId> {
        let mut value = canonical(self)?;
        if let Value::Object(map) = &mut value {
            // Removes in place, which keeps the order with every feature of `serde_json`.
            *map = std::mem::take(map)
                .into_iter()
                .filter(|(key, _)| key != "id")
                .collect();
        }
        Ok(PlanId::new(sha256_id(&value)?))
    }
}

/// Rejects other major versions, and newer minor ones: an older program must not ignore a rule.
fn check_schema(schema: &str) -> Result<()> {
    if schema == SCHEMA {
        return Ok(());
    }
    Err(Error::invalid_input(
        "schema",
        format_args!(
            "is '{schema}', this program reads '{SCHEMA}': use the version that made the plan"
        ),
    ))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a file under a temporary name and renames it.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    let temporary = Path::new(&temporary);
    let written = std::fs::write(temporary, bytes).and_then(|()| std::fs::rename(temporary, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(temporary);
        io(path, "write", error)
    })
}

fn io(path: &Path, verb: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {verb} {}", path.display())).caused_by(error)
}
