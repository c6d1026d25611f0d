//! Tables as text: the layouts of views, and lists, row by row.

use std::sync::Arc;

use bytes::Bytes;

use crate::world::grid::Grid;
use crate::world::items::{Items, ListItem};
use crate::world::model::Model;
use crate::world::structure::{Dimension, LINE_ITEMS, List, Property, Subset};

/// The layout of the cells of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The chosen page as a grid.
    Grid,
    /// Every page as a grid, one below the other.
    AllPages,
    /// A row for each cell.
    SingleColumn,
    /// A row for each combination of items, a column for each line item.
    MultiColumn,
}

impl Layout {
    /// The names of today, and those of yesterday.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        match text {
            "GRID_CURRENT_PAGE" => Some(Self::Grid),
            "GRID_ALL_PAGES" => Some(Self::AllPages),
            "TABULAR_SINGLE_COLUMN" | "TABULAR_SINGLE_ITEMS" => Some(Self::SingleColumn),
            "TABULAR_MULTI_COLUMN" => Some(Self::MultiColumn),
            _ => None,
        }
    }

    pub(crate) fn is_tabular(self) -> bool {
        matches!(self, Self::SingleColumn | Self::MultiColumn)
    }
}

/// Something with a header and rows, at one moment.
#[derive(Debug, Clone)]
pub(crate) enum Table {
    View(Box<Grid>, Layout),
    List(ListTable),
}

/// The items of a list at one moment.
#[derive(Debug, Clone)]
pub(crate) struct ListTable {
    pub(crate) ids: Arc<Vec<u64>>,
    pub(crate) items: Items,
    /// The parents, with the list that they are in.
    pub(crate) parents: Vec<(u64, String, Items)>,
    pub(crate) properties: Vec<Property>,
    pub(crate) subsets: Vec<Subset>,
    /// `true` if properties and subsets are shown.
    pub(crate) everything: bool,
}

impl ListTable {
    pub(crate) fn of(model: &Model, list: &List, everything: bool) -> Self {
        let items = model.items.get(&list.id).cloned().unwrap_or_default();
        let above = list.parent.and_then(|id| model.structure.list(id));
        let parents = above
            .into_iter()
            .chain([list])
            .filter_map(|list| {
                let items = model.items.get(&list.id)?.clone();
                Some((list.id, list.name.clone(), items))
            })
            .collect();
        Self {
            ids: Arc::new(items.iter().map(|item| item.id).collect()),
            items,
            parents,
            properties: list.properties.clone(),
            subsets: list.subsets.clone(),
            everything,
        }
    }

    /// The parent of an item, and the list that it is in.
    pub(crate) fn parent(&self, item: &ListItem) -> Option<(u64, &str, &ListItem)> {
        let parent = item.parent?;
        let mut lists = self.parents.iter();
        lists.find_map(|(id, name, items)| Some((*id, name.as_str(), items.get(parent)?)))
    }
}

impl Table {
    /// Returns the number of rows below the header.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::List(list) => list.ids.len(),
            Self::View(grid, layout) => {
                let axes = &grid.axes;
                let pages = grid.size(&axes.pages);
                match layout {
                    Layout::Grid => grid.size(&axes.rows),
                    Layout::AllPages => pages * grid.size(&axes.rows),
                    Layout::SingleColumn => {
                        pages * grid.size(&axes.rows) * grid.size(&axes.columns)
                    }
                    Layout::MultiColumn => grid.size(&without_line_items(grid)),
                }
            }
        }
    }

    /// The lines above the rows.
    pub(crate) fn header(&self) -> Vec<Vec<String>> {
        match self {
            Self::List(list) => {
                let mut names: Vec<String> =
                    ["id", "name", "code", "parent"].map(String::from).to_vec();
                if list.everything {
                    names.extend(list.properties.iter().map(|property| property.name.clone()));
                    names.extend(list.subsets.iter().map(|subset| subset.name.clone()));
                }
                vec![names]
            }
            Self::View(grid, layout) => view_header(grid, *layout),
        }
    }

    /// A row.
    pub(crate) fn row(&self, number: usize) -> Vec<String> {
        match self {
            Self::List(list) => list_row(list, number),
            Self::View(grid, layout) => view_row(grid, *layout, number),
        }
    }

    /// Rows as text, in pieces that are made as they are asked for.
    pub(crate) fn csv(
        self,
        rows: std::ops::Range<usize>,
        with_header: bool,
        escaped: bool,
    ) -> impl Iterator<Item = Bytes> + Send + 'static {
        let mut next = rows.start;
        let mut header = with_header.then(|| self.header());
        std::iter::from_fn(move || {
            let mut text = String::new();
            for line in header.take().into_iter().flatten() {
                write_line(&line, escaped, &mut text);
            }
            while next < rows.end && text.len() < 32 * 1024 {
                write_line(&self.row(next), escaped, &mut text);
                next += 1;
            }
            (!text.is_empty()).then(|| Bytes::from(text))
        })
    }
}

fn without_line_items(grid: &Grid) -> Vec<Dimension> {
    let axes = [&grid.axes.pages, &grid.axes.rows, &grid.axes.columns];
    let all = axes.into_iter().flatten().copied();
    all.filter(|dimension| *dimension != LINE_ITEMS).collect()
}

fn view_header(grid: &Grid, layout: Layout) -> Vec<Vec<String>> {
    let axes = &grid.axes;
    let names = |dimensions: &[Dimension]| -> Vec<String> {
        let names = dimensions.iter().map(|id| grid.dimension_name(*id));
        names.map(str::to_owned).collect()
    };
    match layout {
        Layout::Grid | Layout::AllPages => {
            let mut lines = Vec::new();
            let mut blanks = axes.rows.len();
            if layout == Layout::AllPages {
                blanks += axes.pages.len();
            } else if !axes.pages.is_empty() {
                lines.push(grid.labels(&grid.chosen_page()));
            }
            let columns: Vec<Vec<String>> = (0..grid.size(&axes.columns))
                .map(|number| grid.labels(&grid.place(&axes.columns, number)))
                .collect();
            for level in 0..axes.columns.len() {
                let mut line = vec![String::new(); blanks];
                line.extend(columns.iter().map(|labels| labels[level].clone()));
                lines.push(line);
            }
            lines
        }
        Layout::SingleColumn => {
            let mut line = names(&[&axes.pages[..], &axes.rows, &axes.columns].concat());
            line.push("Value".into());
            vec![line]
        }
        Layout::MultiColumn => {
            let mut line = names(&without_line_items(grid));
            line.extend(grid.line_item_names());
            vec![line]
        }
    }
}

fn view_row(grid: &Grid, layout: Layout, number: usize) -> Vec<String> {
    let axes = &grid.axes;
    let columns = || (0..grid.size(&axes.columns)).map(|at| grid.place(&axes.columns, at));
    match layout {
        Layout::Grid => {
            let (page, row) = (grid.chosen_page(), grid.place(&axes.rows, number));
            let mut line = grid.labels(&row);
            line.extend(columns().map(|column| grid.cell([&page, &row, &column])));
            line
        }
        Layout::AllPages => {
            let both = [&axes.pages[..], &axes.rows].concat();
            let place = grid.place(&both, number);
            let mut line = grid.labels(&place);
            line.extend(columns().map(|column| grid.cell([&place, &[], &column])));
            line
        }
        Layout::SingleColumn => {
            let all = [&axes.pages[..], &axes.rows, &axes.columns].concat();
            let place = grid.place(&all, number);
            let mut line = grid.labels(&place);
            line.push(grid.cell([&place, &[], &[]]));
            line
        }
        Layout::MultiColumn => {
            let place = grid.place(&without_line_items(grid), number);
            let mut line = grid.labels(&place);
            line.extend(grid.line_item_cells(&place));
            line
        }
    }
}

fn list_row(list: &ListTable, number: usize) -> Vec<String> {
    let item = list.ids.get(number).and_then(|id| list.items.get(*id));
    let Some(item) = item else {
        return Vec::new();
    };
    let parent = list.parent(item).map(|(_, _, parent)| parent.name.clone());
    let mut line = vec![
        item.id.to_string(),
        item.name.clone(),
        item.code.clone().unwrap_or_default(),
        parent.unwrap_or_default(),
    ];
    if list.everything {
        let properties = list.properties.iter();
        line.extend(properties.map(|property| {
            let value = item.properties.get(&property.name);
            value.cloned().unwrap_or_default()
        }));
        let subsets = list.subsets.iter();
        line.extend(subsets.map(|subset| item.subsets.contains(&subset.id).to_string()));
    }
    line
}

/// A line of comma-separated values. Quotes stand around what would break the table; around what a
/// spreadsheet might take for a formula they stand only when that is asked for.
fn write_line(cells: &[String], escaped: bool, out: &mut String) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let breaks = cell.contains([',', '"', '\n', '\r']);
        let risky = cell.starts_with(['=', '+', '-', '@', '\t']) || cell.trim() != cell;
        if breaks || escaped && risky {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let cells = ["plain", "a,b", "say \"hi\"", "=1+1", " x"].map(String::from);
        let mut text = String::new();
        write_line(&cells, false, &mut text);
        assert_eq!(text, "plain,\"a,b\",\"say \"\"hi\"\"\",=1+1, x\n");
        text.clear();
        write_line(&cells, true, &mut text);
        assert_eq!(text, "plain,\"a,b\",\"say \"\"hi\"\"\",\"=1+1\",\" x\"\n");
    }
}
