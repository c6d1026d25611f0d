//! New items of a list.

use std::collections::BTreeMap;

use anaplan_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// New item of a list.
///
/// ```
/// use anaplan_transactional::NewListItem;
///
/// let city = NewListItem::named("Berlin").code("B1").parent("Germany").property("Size", "3.7");
/// let numbered = NewListItem::coded("P-1001");
/// # let _ = (city, numbered);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewListItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) properties: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) subsets: BTreeMap<String, bool>,
}

impl NewListItem {
    /// Creates an item of a general list. The name must be new to the list.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// Creates an item of a numbered list, which the server names. The code must be new to the list.
    pub fn coded(code: impl Into<String>) -> Self {
        Self::default().code(code)
    }

    /// Creates an item of a numbered list without a code. It cannot be looked up, so that its insertion
    /// is `Ambiguous` after a lost response. A code avoids that.
    #[must_use]
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// Sets the code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the parent.
    #[must_use]
    pub fn parent(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Sets the value of a property. Numbers, booleans and dates are written as strings.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)]
    pub fn property(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.properties.insert(name.into(), value.to_string());
        self
    }

    /// Sets the membership in a subset.
    #[must_use]
    pub fn subset(mut self, name: impl Into<String>, member: bool) -> Self {
        self.subsets.insert(name.into(), member);
        self
    }

    /// Rejects an empty name or code.
    pub(crate) fn check(&self) -> Result<()> {
        for (what, text) in [("name", &self.name), ("code", &self.code)] {
            if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
                return Err(Error::invalid_input(what, "must not be empty"));
            }
        }
        Ok(())
    }

    /// Returns the name and the code, by which the item can be found.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        let code = self.code.as_deref().map(Key::code);
        let name = self.name.as_deref().map(Key::name);
        code.into_iter().chain(name)
    }

    pub(crate) fn has_key(&self) -> bool {
        self.name.is_some() || self.code.is_some()
    }

    /// Returns `true` if the item has values that a lookup does not return.
    pub(crate) fn has_values(&self) -> bool {
        self.parent.is_some() || !self.properties.is_empty() || !self.subsets.is_empty()
    }
}

/// Name or code of an item. The server ignores case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Code(String),
    Name(String),
}

impl Key {
    pub(crate) fn code(text: &str) -> Self {
        Self::Code(text.trim().to_lowercase())
    }

    pub(crate) fn name(text: &str) -> Self {
        Self::Name(text.trim().to_lowercase())
    }
}
