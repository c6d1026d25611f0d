//! Comparison reports of a plan: in memory after planning, in files after reading.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anaplan_core::{Bytes, Error, ErrorKind, Result};

use crate::canonical_json::sha256;
use crate::plan::{Comparison, Plan};

/// Reports of a plan. Not part of its content: two plans are equal whether or not they hold the files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports {
    /// Folder of the plan file.
    pub(crate) folder: Option<PathBuf>,
    /// Reports in memory, by their hash.
    pub(crate) held: BTreeMap<String, Bytes>,
}

impl PartialEq for Reports {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Plan {
    /// Returns the comparison report: tab-separated text. `None` if it is not stored.
    ///
    /// # Errors
    ///
    /// `Io` if the file cannot be read, `Conflict` if it is not the report of the plan.
    pub fn report(&self, comparison: &Comparison) -> Result<Option<Bytes>> {
        if let Some(held) = self.reports.held.get(&comparison.report_sha256) {
            return Ok(Some(held.clone()));
        }
        let (Some(folder), Some(file)) = (&self.reports.folder, &comparison.report_file) else {
            return Ok(None);
        };
        let path = folder.join(file);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let message = format!("cannot read {}", path.display());
                return Err(Error::new(ErrorKind::Io, message).caused_by(error));
            }
        };
        if sha256(&bytes) != comparison.report_sha256 {
            let message = format!(
                "{} is not the report that the plan was made from",
                path.display()
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        Ok(Some(bytes.into()))
    }
}
