//! Names of models and revisions, as written in a release.

use std::fmt;

use anaplan_core::ModelId;
use serde::{Deserialize, Serialize};

/// A model by name, `Workspace/Name` or id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelName(String);

impl ModelName {
    /// Creates a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A revision by name or id, or `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevisionName(String);

impl RevisionName {
    /// The string of the latest revision.
    pub(crate) const LATEST: &'static str = "latest";

    /// Creates a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the name as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` for the latest revision.
    #[must_use]
    pub fn is_latest(&self) -> bool {
        self.0 == Self::LATEST
    }
}

impl Default for RevisionName {
    fn default() -> Self {
        Self::new(Self::LATEST)
    }
}

macro_rules! string_conversions {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name)
            }
        }
    };
}

string_conversions!(ModelName);
string_conversions!(RevisionName);

impl From<ModelId> for ModelName {
    fn from(id: ModelId) -> Self {
        Self::new(id.as_str())
    }
}

impl From<&ModelId> for ModelName {
    fn from(id: &ModelId) -> Self {
        Self::new(id.as_str())
    }
}
