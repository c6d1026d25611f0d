//! References to actions, whose kind follows from the id.

use anaplan_core::{Error, Path, Result, id_type};
use serde::{Deserialize, Serialize};

use crate::{Action, Export, FileId, Import, ModelRef, Process};

id_type! {
    /// Id of an action: an import (112...), an export (116...), another action (117...) or a
    /// process (118...), each of 12 or 13 digits.
    ActionId
}

impl From<ActionId> for FileId {
    /// The file that an export writes has the id of the export.
    fn from(export: ActionId) -> Self {
        Self::new(export.as_str())
    }
}

impl From<&ActionId> for FileId {
    /// The file that an export writes has the id of the export.
    fn from(export: &ActionId) -> Self {
        Self::new(export.as_str())
    }
}

/// Kind of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// Loads data.
    Import,
    /// Writes data to a file.
    Export,
    /// Any other single action: delete, sort, copy, optimize, ...
    Action,
    /// Runs several actions in order.
    Process,
}

impl ActionKind {
    /// The kind that an id of 12 or 13 digits has by its first three; `None` for any other id.
    ///
    /// The digits are a convention of the server, not a guarantee. [`ActionRef`] can set the kind.
    #[must_use]
    pub fn of(id: &ActionId) -> Option<Self> {
        let id = id.as_str();
        let digits = id.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(12..=13).contains(&id.len()) {
            return None;
        }
        match &id[..3] {
            "112" => Some(Self::Import),
            "116" => Some(Self::Export),
            "117" => Some(Self::Action),
            "118" => Some(Self::Process),
            _ => None,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
            Self::Action => "action",
            Self::Process => "process",
        }
    }

    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Import => "imports",
            Self::Export => "exports",
            Self::Action => "actions",
            Self::Process => "processes",
        }
    }

    /// Name of the id in a path of the API.
    pub(crate) fn id_name(self) -> &'static str {
        match self {
            Self::Import => "importId",
            Self::Export => "exportId",
            Self::Action => "actionId",
            Self::Process => "processId",
        }
    }
}

/// Action to run: an id, whose first three digits determine the kind, or an id with its kind.
///
/// ```
/// use anaplan_bulk::{ActionKind, ActionRef};
///
/// let import = ActionRef::from(112_000_000_007);
/// assert_eq!(import.kind(), Some(ActionKind::Import));
/// assert_eq!(ActionRef::from(101_000_000_007).kind(), None);
/// assert_eq!(ActionRef::process("42").kind(), Some(ActionKind::Process));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionRef {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<ActionKind>,
    #[serde(rename = "actionId")]
    id: ActionId,
}

impl ActionRef {
    /// Creates a reference with a kind, for ids that do not determine it.
    pub fn new(kind: ActionKind, id: impl Into<ActionId>) -> Self {
        Self {
            kind: Some(kind),
            id: id.into(),
        }
    }

    /// An import.
    pub fn import(id: impl Into<ActionId>) -> Self {
        Self::new(ActionKind::Import, id)
    }

    /// An export.
    pub fn export(id: impl Into<ActionId>) -> Self {
        Self::new(ActionKind::Export, id)
    }

    /// Creates a reference to an action that is neither import nor export nor process.
    pub fn action(id: impl Into<ActionId>) -> Self {
        Self::new(ActionKind::Action, id)
    }

    /// A process.
    pub fn process(id: impl Into<ActionId>) -> Self {
        Self::new(ActionKind::Process, id)
    }

    /// Returns the kind, `None` if the id does not determine it.
    #[must_use]
    pub fn kind(&self) -> Option<ActionKind> {
        self.kind
    }

    /// Id.
    #[must_use]
    pub fn id(&self) -> &ActionId {
        &self.id
    }

    pub(crate) fn word(&self) -> &'static str {
        self.kind.map_or("action", ActionKind::word)
    }

    pub(crate) fn id_name(&self) -> &'static str {
        self.kind.map_or("actionId", ActionKind::id_name)
    }

    /// Returns the path. [`check`](Self::check) precedes every request.
    pub(crate) fn path(&self, model: &ModelRef) -> Path {
        let kind = self.kind.unwrap_or(ActionKind::Action);
        model
            .path()
            .lit(kind.collection())
            .seg(kind.id_name(), &self.id)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.kind.is_some() {
            return Ok(());
        }
        Err(Error::invalid_input(
            "the id",
            format_args!(
                "'{}' does not tell what it is: 12 or 13 digits that begin with 112 (import), 116 (export), 117 (action) or 118 (process) do; otherwise say it with `ActionRef::import(..)`, `export`, `action` or `process`",
                self.id
            ),
        ))
    }
}

impl<T: Into<ActionId>> From<T> for ActionRef {
    fn from(id: T) -> Self {
        let id = id.into();
        Self {
            kind: ActionKind::of(&id),
            id,
        }
    }
}

macro_rules! known_kind {
    ($($of:ty => $make:ident,)+) => {
        $(impl From<&$of> for ActionRef {
            fn from(known: &$of) -> Self {
                Self::$make(&known.id)
            }
        })+
    };
}

known_kind! {
    Import => import,
    Export => export,
    Action => action,
    Process => process,
}

impl From<&ActionRef> for ActionRef {
    fn from(known: &ActionRef) -> Self {
        known.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_exact_prefix_of_a_whole_id_tells_the_kind() {
        let kind = |id: &str| ActionKind::of(&ActionId::new(id));
        assert_eq!(kind("112000000000"), Some(ActionKind::Import));
        assert_eq!(kind("1129999999999"), Some(ActionKind::Import));
        assert_eq!(kind("116000000001"), Some(ActionKind::Export));
        assert_eq!(kind("117000000001"), Some(ActionKind::Action));
        assert_eq!(kind("118000000001"), Some(ActionKind::Process));
        for other in [
            "",
            "112",
            "11200000000",
            "11200000000000",
            "113000000001",
            "101000000001",
            "20000000003",
            "11200000000x",
            "112\u{661}00000000",
            " 112000000000",
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
        let error = ActionRef::from("101000000001").check().unwrap_err();
        assert!(error.to_string().contains("ActionRef::import"), "{error}");
    }

    proptest! {
        #[test]
        fn no_id_makes_it_panic(id in "\\PC*") {
            let _ = ActionKind::of(&ActionId::new(id));
        }
    }
}
