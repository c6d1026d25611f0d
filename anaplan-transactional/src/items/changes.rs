//! What shall change in an item of a list, and by what the item is found.

use std::collections::BTreeMap;

use anaplan_core::{Error, Result};
use serde::Serialize;

use crate::{ListItem, ListItemId};

/// An item of a list by its id, its code or its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ListItemKey {
    /// By its id, which never changes and never comes back.
    Id(ListItemId),
    /// By its code.
    Code(String),
    /// By its name; not in numbered lists.
    Name(String),
}

impl ListItemKey {
    /// The item of this id.
    pub fn id(id: impl Into<ListItemId>) -> Self {
        Self::Id(id.into())
    }

    /// The item of this code.
    pub fn code(code: impl Into<String>) -> Self {
        Self::Code(code.into())
    }

    /// The item of this name.
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

/// What shall change in an item of a list. What is not mentioned stays as it is.
///
/// ```
/// use anaplan_transactional::ListItemUpdate;
///
/// let update = ListItemUpdate::by_code("B1").name("Berlin").property("Size", "3.7").subset("Big", true);
/// # let _ = update;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
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
    /// Changes the item of this id, code and name included.
    pub fn by_id(id: impl Into<ListItemId>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Changes the item of this code; [`name`](Self::name) then renames it.
    pub fn by_code(code: impl Into<String>) -> Self {
        Self::default().code(code)
    }

    /// Changes the item of this name, which must not have a code yet; [`code`](Self::code) then returns
    /// it one.
    pub fn by_name(name: impl Into<String>) -> Self {
        Self::default().name(name)
    }

    /// The name that it shall have.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The code that it shall have. A code can be changed and not be taken away.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The parent that it shall have.
    #[must_use]
    pub fn parent(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// The value that a property shall have; numbers, booleans and dates as text.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)]
    pub fn property(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.properties.insert(name.into(), value.to_string());
        self
    }

    /// `true` if it shall be in a subset.
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
