//! Views: their axes, their names, and the grid that they show.

use std::sync::Arc;

use crate::world::World;
use crate::world::cube::Cube;
use crate::world::members::Members;
use crate::world::model::Model;
use crate::world::structure::{Dimension, LINE_ITEMS, LineItem, Module, TIME, View};

/// The dimensions of the axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Axes {
    pub(crate) rows: Vec<Dimension>,
    pub(crate) columns: Vec<Dimension>,
    pub(crate) pages: Vec<Dimension>,
}

/// A view of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Shown<'m> {
    pub(crate) id: u64,
    /// The name without the module's.
    pub(crate) name: &'m str,
    pub(crate) module: &'m Module,
    /// The one line item that it shows, if it is the view of a line item.
    pub(crate) line_item: Option<&'m LineItem>,
    pub(crate) axes: Axes,
}

impl Model {
    /// The view of this id: a saved one, the default one of a module, or that of a line item.
    pub(crate) fn view(&self, id: u64) -> Option<Shown<'_>> {
        if let Some(module) = self.structure.module(id) {
            return Some(Shown {
                id,
                name: &module.name,
                module,
                line_item: None,
                axes: default_axes(&module.dimensions, true),
            });
        }
        let saved = self.structure.modules.iter().find_map(|module| {
            let view = module.views.iter().find(|view| view.id == id)?;
            Some(saved(module, view))
        });
        saved.or_else(|| {
            let (module, line_item) = self.structure.line_item(id)?;
            Some(Shown {
                id,
                name: &line_item.name,
                module,
                line_item: Some(line_item),
                axes: default_axes(line_item.dimensions(module), false),
            })
        })
    }
}

fn saved<'m>(module: &'m Module, view: &'m View) -> Shown<'m> {
    let mut axes = Axes {
        rows: view.rows.clone(),
        columns: view.columns.clone(),
        pages: view.pages.clone(),
    };
    let mut all = axes.rows.iter().chain(&axes.columns).chain(&axes.pages);
    if !all.any(|dimension| *dimension == LINE_ITEMS) {
        axes.columns.push(LINE_ITEMS);
    }
    // A dimension that the view says nothing of is chosen on a page.
    for dimension in &module.dimensions {
        let mut all = axes.rows.iter().chain(&axes.columns).chain(&axes.pages);
        if !all.any(|known| known == dimension) {
            axes.pages.push(*dimension);
        }
    }
    Shown {
        id: view.id,
        name: &view.name,
        module,
        line_item: None,
        axes,
    }
}

/// Time goes on columns if there is any, the first other dimension on rows, the rest on pages.
fn default_axes(dimensions: &[Dimension], with_line_items: bool) -> Axes {
    let (time, mut others): (Vec<u64>, Vec<u64>) =
        dimensions.iter().partition(|dimension| **dimension == TIME);
    if with_line_items {
        others.insert(others.len().min(1), LINE_ITEMS);
    }
    let mut others = others.into_iter();
    let rows: Vec<u64> = others.by_ref().take(1).collect();
    let columns = if time.is_empty() {
        others.by_ref().take(1).collect()
    } else {
        time
    };
    Axes {
        rows,
        columns,
        pages: others.collect(),
    }
}

/// A view with its cells at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    cube: Arc<Cube>,
    pub(crate) module: u64,
    pub(crate) axes: Axes,
    line_item: Option<LineItem>,
    line_items: Arc<Members>,
    dimension_names: Vec<(Dimension, String)>,
    /// Which item of each page dimension is chosen.
    pub(crate) page: Vec<usize>,
}

impl World {
    pub(crate) fn grid(&self, model: &Model, shown: &Shown<'_>) -> Grid {
        let cube = self.cube(model, shown.module);
        let visible = Module {
            line_items: cube.in_grid().cloned().collect(),
            ..shown.module.clone()
        };
        let line_items = self.members(model, Some(&visible), LINE_ITEMS);
        let all = [&shown.axes.rows, &shown.axes.columns, &shown.axes.pages];
        let dimension_names = all
            .into_iter()
            .flatten()
            .map(|dimension| (*dimension, self.dimension_name(model, *dimension)))
            .collect();
        Grid {
            cube: Arc::new(cube),
            module: shown.module.id,
            axes: shown.axes.clone(),
            line_item: shown.line_item.cloned(),
            line_items: Arc::new(line_items.unwrap_or_default()),
            dimension_names,
            page: vec![0; shown.axes.pages.len()],
        }
    }

    /// The name of a dimension.
    pub(crate) fn dimension_name(&self, model: &Model, id: Dimension) -> String {
        use crate::world::structure::{USERS, VERSIONS};
        match id {
            TIME => "Time".into(),
            VERSIONS => "Versions".into(),
            LINE_ITEMS => "Line Items".into(),
            USERS => "Users".into(),
            id => model
                .structure
                .list_behind(id)
                .map(|list| {
                    let subset = list.subsets.iter().find(|subset| subset.id == id);
                    subset.map_or(&list.name, |subset| &subset.name).clone()
                })
                .unwrap_or_default(),
        }
    }
}

impl Grid {
    pub(crate) fn members(&self, dimension: Dimension) -> Option<&Members> {
        if dimension == LINE_ITEMS {
            return Some(&self.line_items);
        }
        self.cube.members(dimension)
    }

    pub(crate) fn dimension_name(&self, dimension: Dimension) -> &str {
        let mut names = self.dimension_names.iter();
        names
            .find(|(id, _)| *id == dimension)
            .map_or("", |(_, name)| name.as_str())
    }

    /// Returns the number of combinations an axis has.
    pub(crate) fn size(&self, axis: &[Dimension]) -> usize {
        axis.iter()
            .map(|dimension| self.members(*dimension).map_or(0, Members::len))
            .product()
    }

    /// The combination of this number on an axis: the last dimension changes fastest.
    pub(crate) fn place(&self, axis: &[Dimension], number: usize) -> Vec<(Dimension, usize)> {
        let mut rest = number;
        let mut place: Vec<(Dimension, usize)> = axis
            .iter()
            .rev()
            .map(|dimension| {
                let size = self.members(*dimension).map_or(1, Members::len).max(1);
                let index = rest % size;
                rest /= size;
                (*dimension, index)
            })
            .collect();
        place.reverse();
        place
    }

    /// The chosen page.
    pub(crate) fn chosen_page(&self) -> Vec<(Dimension, usize)> {
        let pages = self.axes.pages.iter().copied();
        pages.zip(self.page.iter().copied()).collect()
    }

    pub(crate) fn labels(&self, place: &[(Dimension, usize)]) -> Vec<String> {
        place
            .iter()
            .map(|(dimension, index)| {
                let member = self.members(*dimension).and_then(|all| all.get(*index));
                member.map(|member| member.name.clone()).unwrap_or_default()
            })
            .collect()
    }

    /// The names of the line items that it shows.
    pub(crate) fn line_item_names(&self) -> Vec<String> {
        match &self.line_item {
            Some(item) => vec![item.name.clone()],
            None => self
                .line_items
                .all()
                .iter()
                .map(|item| item.name.clone())
                .collect(),
        }
    }

    /// The cells of all its line items at a place.
    pub(crate) fn line_item_cells(&self, place: &[(Dimension, usize)]) -> Vec<String> {
        if let Some(item) = &self.line_item {
            return vec![self.cube.text(item, place)];
        }
        let all = self.line_items.all().iter();
        all.filter_map(|item| Some(self.cube.text(self.cube.line_item(item.id)?, place)))
            .collect()
    }

    /// Returns the cell at a position, whose parts come from the three axes.
    pub(crate) fn cell(&self, parts: [&[(Dimension, usize)]; 3]) -> String {
        let place = parts.concat();
        let line_item = self.line_item.as_ref().or_else(|| {
            let at = place
                .iter()
                .find(|(dimension, _)| *dimension == LINE_ITEMS)?;
            self.cube.line_item(self.line_items.get(at.1)?.id)
        });
        line_item.map_or_else(String::new, |item| self.cube.text(item, &place))
    }
}

/// A name, in quotes if it has to be: `Sales`, `'Sales: North'`.
fn quoted(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_'));
    if plain && !name.starts_with(|c: char| c.is_ascii_digit()) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "''"))
    }
}

/// The name of a saved view.
pub(crate) fn full_name(module: &str, view: &str) -> String {
    format!("{}.{}", quoted(module), quoted(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        assert_eq!(full_name("Sales", "By Region"), "Sales.By Region");
        assert_eq!(full_name("P&L", "2025: all"), "'P&L'.'2025: all'");
        assert_eq!(full_name("Ada's", "x.y"), "'Ada''s'.'x.y'");
    }

    #[test]
    fn default_views_have_time_on_columns() {
        let axes = |dimensions: &[u64]| default_axes(dimensions, true);
        let of = |rows: &[u64], columns: &[u64], pages: &[u64]| Axes {
            rows: rows.to_vec(),
            columns: columns.to_vec(),
            pages: pages.to_vec(),
        };
        assert_eq!(axes(&[]), of(&[LINE_ITEMS], &[], &[]));
        assert_eq!(axes(&[1]), of(&[1], &[LINE_ITEMS], &[]));
        assert_eq!(axes(&[1, 2]), of(&[1], &[LINE_ITEMS], &[2]));
        assert_eq!(axes(&[1, TIME, 2]), of(&[1], &[TIME], &[LINE_ITEMS, 2]));
        assert_eq!(axes(&[TIME]), of(&[LINE_ITEMS], &[TIME], &[]));
        assert_eq!(default_axes(&[1, TIME], false), of(&[1], &[TIME], &[]));
    }
}
