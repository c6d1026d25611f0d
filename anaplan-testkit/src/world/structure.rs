//! What a model is made of: lists, modules, line items, roles.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::world::actions::{Action, Dashboard, Process};
use crate::world::calendar::{Calendar, Version};
use crate::world::exports::Export;
use crate::world::files::SourceFile;
use crate::world::imports::Import;

/// The dimension of time.
pub const TIME: u64 = 20_000_000_003;
/// The dimension of versions.
pub const VERSIONS: u64 = 20_000_000_020;
/// The dimension of line items.
pub const LINE_ITEMS: u64 = 20_000_000_012;
/// The dimension of users.
pub const USERS: u64 = 101_999_999_999;

/// A dimension: a list, a subset, or one of the built-in ones.
pub type Dimension = u64;

/// The definitions that a revision captures.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Structure {
    /// The lists.
    pub lists: Vec<List>,
    /// The modules with their line items and views.
    pub modules: Vec<Module>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The files that imports read, but for their content.
    pub files: Vec<SourceFile>,
    /// The imports.
    pub imports: Vec<Import>,
    /// The exports.
    pub exports: Vec<Export>,
    /// The other actions.
    pub actions: Vec<Action>,
    /// The processes.
    pub processes: Vec<Process>,
    /// The dashboards.
    pub dashboards: Vec<Dashboard>,
    /// The calendar.
    pub calendar: Calendar,
    /// The versions.
    pub versions: Vec<Version>,
}

impl Structure {
    /// The list of this id.
    #[must_use]
    pub fn list(&self, id: u64) -> Option<&List> {
        self.lists.iter().find(|list| list.id == id)
    }

    /// The list of this id, or the one that the subset of this id is of.
    #[must_use]
    pub fn list_behind(&self, id: Dimension) -> Option<&List> {
        self.lists
            .iter()
            .find(|list| list.id == id || list.subsets.iter().any(|subset| subset.id == id))
    }

    /// The module of this id.
    #[must_use]
    pub fn module(&self, id: u64) -> Option<&Module> {
        self.modules.iter().find(|module| module.id == id)
    }

    /// The source file of this id.
    #[must_use]
    pub fn file(&self, id: u64) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The import of this id.
    #[must_use]
    pub fn import(&self, id: u64) -> Option<&Import> {
        self.imports.iter().find(|import| import.id == id)
    }

    /// The export of this id.
    #[must_use]
    pub fn export(&self, id: u64) -> Option<&Export> {
        self.exports.iter().find(|export| export.id == id)
    }

    /// The action of this id, imports and exports left aside.
    #[must_use]
    pub fn action(&self, id: u64) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    /// The process of this id.
    #[must_use]
    pub fn process(&self, id: u64) -> Option<&Process> {
        self.processes.iter().find(|process| process.id == id)
    }

    /// The line item of this id, and its module.
    #[must_use]
    pub fn line_item(&self, id: u64) -> Option<(&Module, &LineItem)> {
        self.modules.iter().find_map(|module| {
            let line_item = module.line_items.iter().find(|item| item.id == id)?;
            Some((module, line_item))
        })
    }
}

/// A structure together with the items that belong to it: those of lists that are not production data.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The definitions.
    pub structure: Structure,
    /// The items of structural lists.
    pub items: BTreeMap<u64, Items>,
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct List {
    /// 101 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// Whether its items are data of the single model rather than structure.
    pub production: bool,
    /// Whether its items are numbered rather than named.
    pub numbered: bool,
    /// The list that its items roll up to.
    pub parent: Option<u64>,
    /// What is known of each item.
    pub properties: Vec<Property>,
    /// The subsets.
    pub subsets: Vec<Subset>,
    /// The name of the item above all others.
    pub top_level: Option<String>,
}

/// A property of a list's items.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Property {
    /// The name.
    pub name: String,
    /// What its values are.
    pub format: Format,
}

/// A subset of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Subset {
    /// 109 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ListItem {
    /// The id.
    pub id: u64,
    /// The name; `#` and the id's index on numbered lists.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The item that it rolls up to: of the parent list, or of the same list.
    pub parent: Option<u64>,
    /// The values of its properties, as text.
    pub properties: BTreeMap<String, String>,
    /// The subsets that it is in.
    pub subsets: BTreeSet<u64>,
}

impl ListItem {
    /// An item of this id and name.
    #[must_use]
    pub fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            code: None,
            parent: None,
            properties: BTreeMap::new(),
            subsets: BTreeSet::new(),
        }
    }
}

/// The items of a list, found by id, name and code.
///
/// A clone costs nothing until one of the two is changed.
#[derive(Debug, Clone, Default)]
pub struct Items(Arc<Shelves>);

#[derive(Debug, Clone, Default)]
struct Shelves {
    by_id: BTreeMap<u64, ListItem>,
    by_name: HashMap<String, u64>,
    by_code: HashMap<String, u64>,
    /// The order that they were put in; empty for that of their making.
    order: Vec<u64>,
}

impl PartialEq for Items {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.by_id == other.0.by_id && self.0.order == other.0.order)
    }
}

impl Items {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.by_id.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.by_id.is_empty()
    }

    /// The items in their order, which is that of their making until they are sorted.
    pub fn iter(&self) -> impl Iterator<Item = &ListItem> {
        let unsorted = if self.0.order.is_empty() {
            self.len()
        } else {
            0
        };
        self.0
            .order
            .iter()
            .filter_map(|id| self.0.by_id.get(id))
            .chain(self.0.by_id.values().take(unsorted))
    }

    /// Puts the items into another order. Gives how many have moved.
    pub(crate) fn sort(
        &mut self,
        compare: impl Fn(&ListItem, &ListItem) -> std::cmp::Ordering,
    ) -> u64 {
        let before: Vec<u64> = self.iter().map(|item| item.id).collect();
        let mut items: Vec<&ListItem> = self.iter().collect();
        items.sort_by(|a, b| compare(a, b));
        let after: Vec<u64> = items.into_iter().map(|item| item.id).collect();
        let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        Arc::make_mut(&mut self.0).order = if after.is_sorted() { Vec::new() } else { after };
        moved as u64
    }

    /// The item of this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&ListItem> {
        self.0.by_id.get(&id)
    }

    /// The item of this name. Case does not matter.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&ListItem> {
        self.get(*self.0.by_name.get(&key(name))?)
    }

    /// The item of this code. Case does not matter.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&ListItem> {
        self.get(*self.0.by_code.get(&key(code))?)
    }

    /// Puts an item in, in place of the one of the same id if there is one.
    pub fn put(&mut self, item: ListItem) {
        let known = self.take(item.id).is_some();
        let shelves = Arc::make_mut(&mut self.0);
        if !shelves.order.is_empty() && !known {
            shelves.order.push(item.id);
        }
        shelves.by_name.insert(key(&item.name), item.id);
        if let Some(code) = &item.code {
            shelves.by_code.insert(key(code), item.id);
        }
        shelves.by_id.insert(item.id, item);
    }

    /// Takes an item out.
    pub fn remove(&mut self, id: u64) -> Option<ListItem> {
        if !self.0.order.is_empty() {
            Arc::make_mut(&mut self.0)
                .order
                .retain(|other| *other != id);
        }
        self.take(id)
    }

    fn take(&mut self, id: u64) -> Option<ListItem> {
        if !self.0.by_id.contains_key(&id) {
            return None;
        }
        let shelves = Arc::make_mut(&mut self.0);
        let item = shelves.by_id.remove(&id)?;
        shelves.by_name.remove(&key(&item.name));
        if let Some(code) = &item.code {
            shelves.by_code.remove(&key(code));
        }
        Some(item)
    }
}

/// What names and codes are compared by.
pub(crate) fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A module.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Module {
    /// 102 and nine digits; also the id of its default view.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// The dimensions of its line items.
    pub dimensions: Vec<Dimension>,
    /// The line items, in their order.
    pub line_items: Vec<LineItem>,
    /// The saved views.
    pub views: Vec<View>,
}

/// A line item.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LineItem {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// What its cells hold.
    pub format: Format,
    /// How its cells are calculated; cells of a line item without formula take input.
    pub formula: Option<String>,
    /// How its cells are summed up.
    pub summary: String,
    /// Its own dimensions, where they are not the module's.
    pub applies_to: Option<Vec<Dimension>>,
    /// Remarks.
    pub notes: String,
}

impl LineItem {
    /// Its dimensions, in the order of a cell's coordinates.
    #[must_use]
    pub fn dimensions<'a>(&'a self, module: &'a Module) -> &'a [Dimension] {
        self.applies_to.as_deref().unwrap_or(&module.dimensions)
    }
}

/// What cells or properties hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Numbers.
    Number,
    /// Yes or no.
    Boolean,
    /// Text.
    Text,
    /// Days.
    Date,
    /// Items of a list.
    List(u64),
    /// Periods, such as `MONTH`.
    TimePeriod(String),
    /// Nothing: a heading.
    None,
}

impl Format {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Number => "NUMBER",
            Self::Boolean => "BOOLEAN",
            Self::Text => "TEXT",
            Self::Date => "DATE",
            Self::List(_) => "LIST",
            Self::TimePeriod(_) => "TIME PERIOD",
            Self::None => "NONE",
        }
    }
}

/// A saved view of a module. The line items stand where none of the axes names them last: on columns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct View {
    /// The id.
    pub id: u64,
    /// The name, without the module's.
    pub name: String,
    /// The dimensions of the rows.
    pub rows: Vec<Dimension>,
    /// The dimensions of the columns.
    pub columns: Vec<Dimension>,
    /// The dimensions of the page selectors.
    pub pages: Vec<Dimension>,
}

/// A role in a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Role {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The modules that it may read.
    pub read: BTreeSet<u64>,
    /// The modules that it may write.
    pub write: BTreeSet<u64>,
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CellValue {
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// Text, and dates as `YYYY-MM-DD`.
    Text(String),
    /// An item of the format's list, or a period.
    Item(u64),
}
