//! Building models, and changing them as a modeller would.

mod actions;
mod exports;
mod files;
mod imports;
mod integration;

use std::collections::BTreeSet;

use crate::world::calendar::{Calendar, Version};
use crate::world::ids::IdSource;
use crate::world::items::ListItem;
use crate::world::model::Model;
use crate::world::structure::{
    CellValue, Dimension, Format, LineItem, List, Module, Property, Role, Subset, View,
};

pub use actions::{ActionEdit, ProcessEdit};
pub use exports::ExportEdit;
pub use files::FileEdit;
pub use imports::ImportEdit;

/// Changes a model. Every method that adds something returns the new thing's handle or id.
#[derive(Debug)]
pub struct ModelEdit<'w> {
    model: &'w mut Model,
    ids: &'w mut IdSource,
}

impl<'w> ModelEdit<'w> {
    pub(crate) fn new(model: &'w mut Model, ids: &'w mut IdSource) -> Self {
        Self { model, ids }
    }

    /// Adds a list.
    pub fn list(&mut self, name: impl Into<String>) -> ListEdit<'_> {
        let id = self.ids.object(101);
        self.model.structure.lists.push(List {
            id,
            name: name.into(),
            code: None,
            production: false,
            numbered: false,
            parent: None,
            properties: Vec::new(),
            subsets: Vec::new(),
            top_level: None,
        });
        self.model.items.entry(id).or_default();
        self.edit_list(id)
    }

    /// Changes a list that is there. A handle on a list that is not changes nothing.
    pub fn edit_list(&mut self, id: u64) -> ListEdit<'_> {
        ListEdit {
            model: self.model,
            ids: self.ids,
            id,
        }
    }

    /// Takes a list away, with everything that hangs on it.
    pub fn remove_list(&mut self, id: u64) {
        self.model.structure.lists.retain(|list| list.id != id);
        self.model.items.remove(&id);
        for module in &mut self.model.structure.modules {
            module.dimensions.retain(|dimension| *dimension != id);
        }
        self.model.drop_orphaned_cells();
    }

    /// Adds a module over these dimensions.
    pub fn module(
        &mut self,
        name: impl Into<String>,
        dimensions: impl Into<Vec<Dimension>>,
    ) -> ModuleEdit<'_> {
        let id = self.ids.object(102);
        self.model.structure.modules.push(Module {
            id,
            name: name.into(),
            code: None,
            dimensions: dimensions.into(),
            line_items: Vec::new(),
            views: Vec::new(),
        });
        self.edit_module(id)
    }

    /// Changes a module that is there. A handle on a module that is not changes nothing.
    pub fn edit_module(&mut self, id: u64) -> ModuleEdit<'_> {
        ModuleEdit {
            model: self.model,
            ids: self.ids,
            id,
        }
    }

    /// Takes a module away.
    pub fn remove_module(&mut self, id: u64) {
        self.model
            .structure
            .modules
            .retain(|module| module.id != id);
        self.model.drop_orphaned_cells();
    }

    /// The role of this name, made if it is not there. It may read every module that there is.
    pub fn role(&mut self, name: &str) -> u64 {
        let modules: BTreeSet<u64> = self
            .model
            .structure
            .modules
            .iter()
            .map(|module| module.id)
            .collect();
        let roles = &mut self.model.structure.roles;
        if let Some(role) = roles.iter().find(|role| role.name == name) {
            return role.id;
        }
        let id = self.ids.object(103);
        roles.push(Role {
            id,
            name: name.to_owned(),
            write: modules.clone(),
            read: modules,
        });
        id
    }

    /// Changes what a role may read and write.
    pub fn edit_role(&mut self, id: u64, change: impl FnOnce(&mut Role)) {
        let roles = &mut self.model.structure.roles;
        if let Some(role) = roles.iter_mut().find(|role| role.id == id) {
            change(role);
        }
    }

    /// Changes how time is divided.
    pub fn calendar(&mut self, change: impl FnOnce(&mut Calendar)) {
        change(&mut self.model.structure.calendar);
        self.model.drop_orphaned_cells();
    }

    /// Adds a version, says more about it, and returns its id.
    pub fn version(&mut self, name: impl Into<String>, more: impl FnOnce(&mut Version)) -> u64 {
        let mut version = Version::new(self.ids.object(107), name);
        more(&mut version);
        let id = version.id;
        self.model.structure.versions.push(version);
        id
    }

    /// Puts a value into a cell: one item for each dimension of the line item, in their order.
    pub fn cell(&mut self, line_item: u64, coordinates: impl Into<Vec<u64>>, value: CellValue) {
        self.model
            .cells
            .insert((line_item, coordinates.into()), value);
    }
}

/// Changes a list.
#[derive(Debug)]
pub struct ListEdit<'m> {
    model: &'m mut Model,
    ids: &'m mut IdSource,
    id: u64,
}

impl ListEdit<'_> {
    /// The list's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Makes its items data of the single model rather than structure.
    pub fn production(self) -> Self {
        self.change(|list| list.production = true)
    }

    /// Makes its items numbered rather than named.
    pub fn numbered(self) -> Self {
        self.change(|list| list.numbered = true)
    }

    /// Has its items roll up to those of another list.
    pub fn parent(self, list: u64) -> Self {
        self.change(|edited| edited.parent = Some(list))
    }

    /// Sets a code.
    pub fn code(self, code: impl Into<String>) -> Self {
        let code = code.into();
        self.change(|list| list.code = Some(code))
    }

    /// Sets another name.
    pub fn renamed(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change(|list| list.name = name)
    }

    /// Puts an item above all others.
    pub fn top_level(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change(|list| list.top_level = Some(name))
    }

    /// Adds a property.
    pub fn property(self, name: impl Into<String>, format: Format) -> Self {
        let name = name.into();
        self.change(|list| list.properties.push(Property { name, format }))
    }

    /// Adds a subset.
    pub fn subset(self, name: impl Into<String>) -> Self {
        let id = self.ids.object(109);
        let name = name.into();
        self.change(|list| list.subsets.push(Subset { id, name }))
    }

    /// Adds items by their names.
    pub fn items<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        for name in names {
            self.item(name);
        }
        self
    }

    /// Adds an item by its name, and returns its id.
    pub fn item(&mut self, name: impl Into<String>) -> u64 {
        self.item_with(name, |_| {})
    }

    /// Adds an item, says more about it, and returns its id.
    pub fn item_with(&mut self, name: impl Into<String>, more: impl FnOnce(&mut ListItem)) -> u64 {
        let id = self.ids.item();
        let mut item = ListItem::new(id, name);
        more(&mut item);
        self.model.items.entry(self.id).or_default().put(item);
        *self.model.list_indices.entry(self.id).or_default() += 1;
        id
    }

    fn change(self, change: impl FnOnce(&mut List)) -> Self {
        let lists = &mut self.model.structure.lists;
        if let Some(list) = lists.iter_mut().find(|list| list.id == self.id) {
            change(list);
        }
        self
    }
}

/// Changes a module.
#[derive(Debug)]
pub struct ModuleEdit<'m> {
    model: &'m mut Model,
    ids: &'m mut IdSource,
    id: u64,
}

impl ModuleEdit<'_> {
    /// The module's id, which is also that of its default view.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Adds a line item that takes input.
    pub fn line_item(mut self, name: impl Into<String>, format: Format) -> Self {
        self.add_line_item(name, format);
        self
    }

    /// Adds a line item, and returns its handle.
    pub fn add_line_item(&mut self, name: impl Into<String>, format: Format) -> LineItemEdit<'_> {
        let id = self.ids.line_item();
        let line_item = LineItem::new(id, name, format);
        self.change_mut(|module| module.line_items.push(line_item));
        LineItemEdit {
            model: self.model,
            id,
        }
    }

    /// Returns the handle of a line item of this module.
    pub fn edit_line_item(&mut self, id: u64) -> LineItemEdit<'_> {
        LineItemEdit {
            model: self.model,
            id,
        }
    }

    /// Adds a saved view, and returns its id.
    pub fn view(
        &mut self,
        name: impl Into<String>,
        rows: impl Into<Vec<Dimension>>,
        columns: impl Into<Vec<Dimension>>,
        pages: impl Into<Vec<Dimension>>,
    ) -> u64 {
        let id = self.ids.object(215);
        let view = View {
            id,
            name: name.into(),
            rows: rows.into(),
            columns: columns.into(),
            pages: pages.into(),
        };
        self.change_mut(|module| module.views.push(view));
        id
    }

    /// Sets another name.
    pub fn renamed(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change_mut(|module| module.name = name);
        self
    }

    /// Takes a line item away.
    pub fn remove_line_item(&mut self, id: u64) {
        self.change_mut(|module| module.line_items.retain(|line_item| line_item.id != id));
        self.model.drop_orphaned_cells();
    }

    fn change_mut(&mut self, change: impl FnOnce(&mut Module)) {
        let modules = &mut self.model.structure.modules;
        if let Some(module) = modules.iter_mut().find(|module| module.id == self.id) {
            change(module);
        }
    }
}

/// Changes a line item.
#[derive(Debug)]
pub struct LineItemEdit<'m> {
    model: &'m mut Model,
    id: u64,
}

impl LineItemEdit<'_> {
    /// The line item's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Has it calculated: its cells take no input then.
    pub fn formula(self, formula: impl Into<String>) -> Self {
        let formula = formula.into();
        self.change(|line_item| line_item.formula = Some(formula))
    }

    /// Returns it dimensions of its own.
    pub fn applies_to(self, dimensions: impl Into<Vec<Dimension>>) -> Self {
        let dimensions = dimensions.into();
        self.change(|line_item| line_item.applies_to = Some(dimensions))
    }

    /// Sets a code.
    pub fn code(self, code: impl Into<String>) -> Self {
        let code = code.into();
        self.change(|line_item| line_item.code = Some(code))
    }

    /// Changes how it is summed up.
    pub fn summary(self, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        self.change(|line_item| line_item.summary = summary)
    }

    fn change(self, change: impl FnOnce(&mut LineItem)) -> Self {
        let modules = &mut self.model.structure.modules;
        let line_item = modules
            .iter_mut()
            .flat_map(|module| &mut module.line_items)
            .find(|line_item| line_item.id == self.id);
        if let Some(line_item) = line_item {
            change(line_item);
        }
        self
    }
}
