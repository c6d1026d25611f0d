//! Actions that are neither imports nor exports, and processes.

use crate::world::items::ListItem;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::CellValue;

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
    /// What it does.
    pub act: Act,
}

/// What an action does.
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
        /// Whether the last comes first.
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
    /// Whether the steps after a failed one are left out.
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

/// Does what an action does to a model. Gives how many items or cells changed, and what there is to
/// say about it.
pub(crate) fn perform(model: &mut Model, action: &Action) -> Result<(u64, Vec<Detail>), Detail> {
    let succeeded = || detail("taskElementSucceeded", format!("{}: done", action.name));
    match &action.act {
        Act::OpenDashboard | Act::Optimizer => Ok((0, vec![succeeded()])),
        Act::DeleteBySelection { list, selection } => delete(model, *list, selection),
        Act::OrderHierarchy {
            list,
            by,
            descending,
        } => {
            changeable_list(model, *list, "actionFailed")?;
            let items = model.items.entry(*list).or_default();
            let key = |item: &ListItem| match by {
                SortKey::Name => item.name.to_lowercase(),
                SortKey::Code => item.code.clone().unwrap_or_default().to_lowercase(),
                SortKey::Property(name) => item.properties.get(name).cloned().unwrap_or_default(),
            };
            let moved = items.sort(|a, b| {
                let order = key(a).cmp(&key(b));
                if *descending { order.reverse() } else { order }
            });
            Ok((moved, vec![succeeded()]))
        }
        Act::BulkCopy { list, from, to } => {
            let copied = copy(model, *list, *from, *to)?;
            Ok((copied, vec![succeeded()]))
        }
    }
}

/// The name of a list whose items may change; otherwise a failure of this kind.
fn changeable_list(model: &Model, list: u64, failure: &str) -> Result<String, Detail> {
    let list = model.structure.list(list).ok_or_else(|| {
        detail(
            "failedToLocateHierarchy",
            "The list of the action is not there any more.",
        )
    })?;
    if model.state.is_deployed() && !list.production {
        let name = &list.name;
        let text = format!("{name}: the model is deployed, and the list is not production data.");
        return Err(detail(failure, text));
    }
    Ok(list.name.clone())
}

fn delete(
    model: &mut Model,
    list: u64,
    selection: &Selection,
) -> Result<(u64, Vec<Detail>), Detail> {
    let name = changeable_list(model, list, "deleteFromSelectionFailed")?;
    let chosen = |item: &ListItem| match selection {
        Selection::LineItem(line_item) => {
            let cell = model.cells.get(&(*line_item, vec![item.id]));
            cell == Some(&CellValue::Boolean(true))
        }
        Selection::Property(property) => item
            .properties
            .get(property)
            .is_some_and(|value| value.eq_ignore_ascii_case("true")),
    };
    let items = model
        .items
        .get(&list)
        .into_iter()
        .flat_map(|items| items.iter());
    let doomed: Vec<u64> = items
        .filter(|item| chosen(item))
        .map(|item| item.id)
        .collect();
    let items = model.items.entry(list).or_default();
    for id in &doomed {
        items.remove(*id);
    }
    model.drop_orphaned_cells();
    let count = doomed.len() as u64;
    let text = format!("{name}: {count} items deleted");
    let detail = detail("deleteFromSelectionSucceeded", text)
        .with("hierarchyName", Some(&name))
        .with("hierarchyCode", None)
        .with("successRowCount", Some(&count.to_string()));
    Ok((count, vec![detail]))
}

fn copy(model: &mut Model, list: u64, from: u64, to: u64) -> Result<u64, Detail> {
    let items = model.items.get(&list);
    let both = [from, to].map(|id| items.is_some_and(|items| items.get(id).is_some()));
    if both != [true, true] {
        return Err(detail(
            "failedToLocateEntity",
            "An item of the action is not there any more.",
        ));
    }
    let mut copies = Vec::new();
    for module in &model.structure.modules {
        for line_item in &module.line_items {
            let dimensions = line_item.dimensions(module);
            let Some(at) = dimensions.iter().position(|dimension| *dimension == list) else {
                continue;
            };
            for ((id, cell), value) in &model.cells {
                if *id == line_item.id && cell.get(at) == Some(&from) {
                    let mut cell = cell.clone();
                    cell[at] = to;
                    copies.push(((*id, cell), value.clone()));
                }
            }
        }
    }
    let count = copies.len() as u64;
    model.cells.extend(copies);
    Ok(count)
}
