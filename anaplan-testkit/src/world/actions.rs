//! Actions that are neither imports nor exports, and processes.

mod branches;
mod perform;

use jiff::civil::Date;

pub(crate) use perform::perform;

/// An action.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Action {
    /// 117 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// Its effect.
    pub act: Act,
}

/// The effect of an action.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// Shows a dashboard, and changes nothing.
    OpenDashboard,
    /// Deletes the chosen items of a list.
    DeleteBySelection {
        /// The list.
        list: u64,
        /// Which items.
        selection: Selection,
    },
    /// Puts the items of a list into another order.
    OrderHierarchy {
        /// The list.
        list: u64,
        /// By what.
        by: SortKey,
        /// `true` if the last comes first.
        descending: bool,
    },
    /// Copies every cell of one item of a list to another one.
    BulkCopy {
        /// The list.
        list: u64,
        /// The item that is copied.
        from: u64,
        /// The item that is overwritten.
        to: u64,
    },
    /// Adds an item to a list, under a name that the server makes.
    SimpleCreate {
        /// The list.
        list: u64,
    },
    /// Deletes an item and all that hang under it, in its list and in those below.
    DeleteBranch {
        /// The list.
        list: u64,
        /// The item.
        item: u64,
    },
    /// Copies an item and all that hang under it, in its list and in those below, with their cells.
    CopyBranch {
        /// The list.
        list: u64,
        /// The item.
        item: u64,
    },
    /// Hangs the chosen items of a list under another parent.
    Assign {
        /// The list.
        list: u64,
        /// Which items.
        selection: Selection,
        /// The parent: an item of the list above, or of the same list.
        parent: u64,
    },
    /// Copies the items of a list that a numbered list does not have yet, with the properties that both
    /// know. The name becomes the code where there is none.
    CopyToNumberedList {
        /// The list that is read.
        from: u64,
        /// The numbered list.
        to: u64,
    },
    /// Sets the current period.
    UpdateCurrentPeriod {
        /// A day of it; without one it is the period after the current one, or the first.
        day: Option<Date>,
    },
    /// Runs the optimizer, which writes a log.
    Optimizer,
}

/// Which items of a list are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// Those for which this boolean line item, over the list alone, is true.
    LineItem(u64),
    /// Those with this boolean property.
    Property(String),
}

/// By what items are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SortKey {
    /// By their names.
    Name,
    /// By their codes; those without code come first.
    Code,
    /// By the text of a property.
    Property(String),
    /// By the value of this line item, over the list alone; items without value come first.
    LineItem(u64),
}

impl Act {
    /// The type on the wire; opening a dashboard has none.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::OpenDashboard => None,
            Self::DeleteBySelection { .. } => Some("DELETE_BY_SELECTION"),
            Self::OrderHierarchy { .. } => Some("ORDER_HIERARCHY"),
            Self::BulkCopy { .. } => Some("BULK_COPY"),
            Self::SimpleCreate { .. } => Some("SIMPLE_CREATE"),
            Self::DeleteBranch { .. } => Some("BULK_DELETE_ENTITIES"),
            Self::CopyBranch { .. } => Some("BULK_ENTITY_COPY"),
            Self::Assign { .. } => Some("SELECT_CHILDREN"),
            Self::CopyToNumberedList { .. } => Some("COPY_TO_NUMBERED_LIST"),
            Self::UpdateCurrentPeriod { .. } => Some("UPDATE_CURRENT_PERIOD"),
            Self::Optimizer => Some("OPTIMIZER"),
        }
    }
}

/// A process: actions, imports and exports, one after the other.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Process {
    /// 118 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The ids of what it runs, in this order.
    pub steps: Vec<u64>,
    /// `true` if the steps after a failed one are left out.
    pub stops_on_failure: bool,
}

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dashboard {
    /// 115 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
}
