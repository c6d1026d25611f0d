//! Changes of list items, and the keys that identify them.

use std::collections::BTreeMap;
use std::fmt;

use anaplan_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{ListItem, ListItemId};

/// Key of a list item: id, code or name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListItemKey {
    /// Id. It never changes and is never assigned again.
    Id(ListItemId),
    /// Code.
    Code(String),
    /// Name. Not for numbered lists.
    Name(String),
}

impl ListItemKey {
    /// Creates a key from an id.
    pub fn id(id: impl Into<ListItemId>) -> Self {
        Self::Id(id.into())
    }

    /// Creates a key from a code.
    pub fn code(code: impl Into<String>) -> Self {
        Self::Code(code.into())
    }

    /// Creates a key from a name.
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    pub(crate) fn check(&self) -> Result<()> {
        let text = match self {
            Self::Id(id) => id.as_str(),
            Self::Code(text) | Self::Name(text) => text,
        };
        if text.is_empty() {
            return Err(Error::invalid_input("items", "must be named by something"));
        }
        Ok(())
    }
}

impl fmt::Display for ListItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Code(code) => write!(f, "code '{code}'"),
            Self::Name(name) => write!(f, "'{name}'"),
        }
    }
}

impl From<ListItemId> for ListItemKey {
    fn from(id: ListItemId) -> Self {
        Self::Id(id)
    }
}

impl From<&ListItem> for ListItemKey {
    fn from(item: &ListItem) -> Self {
        Self::Id(item.id.clone())
    }
}

/// Changes of a list item. Values that are not set are not changed.
///
/// ```
/// use anaplan_transactional::ListItemUpdate;
///
/// let update = ListItemUpdate::by_code("B1").name("Berlin").property("Size", "3.7").subset("Big", true);
/// # let _ = update;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListItemUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ListItemId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subsets: BTreeMap<String, bool>,
}

impl ListItemUpdate {
    /// Identifies the item by id. Code and name can be changed.
    pub fn by_id(id: impl Into<ListItemId>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Identifies the item by code. [`name`](Self::name) renames it.
    pub fn by_code(code: impl Into<String>) -> Self {
        Self::default().code(code)
    }

    /// Identifies the item by name. It must not have a code. [`code`](Self::code) sets one.
    pub fn by_name(name: impl Into<String>) -> Self {
        Self::default().name(name)
    }

    /// Sets the new name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the new code. A code can be changed and cannot be removed.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the new parent.
    #[must_use]
    pub fn parent(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Sets the new value of a property. Numbers, booleans and dates are written as strings.
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

    pub(crate) fn check(&self) -> Result<()> {
        let id = self.id.as_ref().map(ListItemId::as_str);
        let keys = [id, self.code.as_deref(), self.name.as_deref()];
        if keys.into_iter().flatten().all(str::is_empty) {
            return Err(Error::invalid_input("items", "must be named by something"));
        }
        Ok(())
    }
}
