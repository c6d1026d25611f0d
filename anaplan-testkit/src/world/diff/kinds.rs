//! The kinds of objects that can differ, and what can have happened to them.

/// The kind of object that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// A list.
    List,
    /// A property of a list.
    ListProperty,
    /// A subset of a list.
    ListSubset,
    /// An item of a list that is not production data.
    ListItem,
    /// A module.
    Module,
    /// A line item.
    LineItem,
    /// A saved view.
    SavedView,
    /// A role.
    Role,
    /// The access of a role.
    RoleContents,
    /// A file that imports read.
    ImportDataSource,
    /// An import.
    Import,
    /// An export.
    Export,
    /// An action.
    Action,
    /// A process.
    Process,
    /// A dashboard.
    Dashboard,
    /// The time scale.
    ModelCalendar,
    /// A version.
    Version,
}

impl ObjectKind {
    /// The key in a summary report.
    #[must_use]
    pub fn summary_key(self) -> &'static str {
        match self {
            Self::List => "lists",
            Self::ListProperty => "listProperties",
            Self::ListSubset => "listSubsets",
            Self::ListItem => "listItems",
            Self::Module => "modules",
            Self::LineItem => "lineItems",
            Self::SavedView => "savedViews",
            Self::Role => "roles",
            Self::RoleContents => "rolesContents",
            Self::ImportDataSource => "importDataSources",
            Self::Import => "imports",
            Self::Export => "exports",
            Self::Action => "actions",
            Self::Process => "processes",
            Self::Dashboard => "dashboards",
            Self::ModelCalendar => "modelCalendar",
            Self::Version => "versions",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::List => "LISTS",
            Self::ListProperty => "LIST PROPERTIES",
            Self::ListSubset => "LIST SUBSETS",
            Self::ListItem => "LIST ITEMS",
            Self::Module => "MODULES",
            Self::LineItem => "LINE ITEMS",
            Self::SavedView => "SAVED VIEWS",
            Self::Role => "ROLES",
            Self::RoleContents => "ROLES CONTENTS",
            Self::ImportDataSource => "IMPORT DATA SOURCES",
            Self::Import => "IMPORTS",
            Self::Export => "EXPORTS",
            Self::Action => "ACTIONS",
            Self::Process => "PROCESSES",
            Self::Dashboard => "DASHBOARDS",
            Self::ModelCalendar => "MODEL CALENDAR",
            Self::Version => "VERSIONS",
        }
    }

    /// The title of a section of a comparison report, without the marks around it.
    pub(crate) fn section(self, change: Change) -> String {
        let ending = match change {
            Change::Created => "ADDED",
            Change::Modified => "CHANGED",
            Change::Deleted => "DELETED",
        };
        match (self, change) {
            (Self::RoleContents, _) => "CHANGES WITHIN ROLES".into(),
            _ => format!("{} {ending}", self.subject()),
        }
    }

    /// Returns the name of the column with the parent object.
    pub(crate) fn owner_column(self) -> Option<&'static str> {
        match self {
            Self::ListProperty | Self::ListSubset | Self::ListItem => Some("List"),
            Self::LineItem | Self::SavedView => Some("Module"),
            Self::List
            | Self::Module
            | Self::Role
            | Self::RoleContents
            | Self::ImportDataSource
            | Self::Import
            | Self::Export
            | Self::Action
            | Self::Process
            | Self::Dashboard
            | Self::ModelCalendar
            | Self::Version => None,
        }
    }
}

/// The change of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is in the source only.
    Created,
    /// It is in both, but not the same.
    Modified,
    /// It is in the target only.
    Deleted,
}
