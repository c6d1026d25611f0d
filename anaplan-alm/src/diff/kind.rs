//! Kinds of model objects.

use anaplan_core::open_enum;

open_enum! {
    /// Kind of a model object, by the keys of a [`ComparisonSummary`](crate::ComparisonSummary).
    pub enum ObjectKind {
        /// List.
        List = "lists",
        /// Property of a list.
        ListProperty = "listProperties",
        /// Subset of a list.
        ListSubset = "listSubsets",
        /// Item of a structural list.
        ListItem = "listItems",
        /// Module.
        Module = "modules",
        /// Line item.
        LineItem = "lineItems",
        /// Line item subset.
        LineItemSubset = "lineItemSubsets",
        /// Saved view.
        SavedView = "savedViews",
        /// Role.
        Role = "roles",
        /// Permissions of a role.
        RoleContents = "rolesContents",
        /// Import data source.
        ImportDataSource = "importDataSources",
        /// Import.
        Import = "imports",
        /// Export.
        Export = "exports",
        /// Action other than import, export and process.
        Action = "actions",
        /// Process.
        Process = "processes",
        /// Dashboard.
        Dashboard = "dashboards",
        /// Model calendar.
        ModelCalendar = "modelCalendar",
        /// Time range.
        TimeRange = "timeRanges",
        /// Version.
        Version = "versions",
    }
}

impl PartialOrd for ObjectKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}
