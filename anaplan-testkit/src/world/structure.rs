//! The structure of a model: lists, modules, line items, roles.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::actions::{Action, Dashboard, Process};
use crate::world::calendar::{Calendar, Version};
use crate::world::exports::Export;
use crate::world::files::SourceFile;
use crate::world::imports::Import;
use crate::world::items::Items;

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

    /// The list of this id, and those whose items roll up to its items at last.
    pub(crate) fn with_lists_below(&self, list: u64) -> Vec<u64> {
        let mut levels = vec![list];
        let mut next = 0;
        while let Some(level) = levels.get(next).copied() {
            let below = self.lists.iter().filter(|list| list.parent == Some(level));
            let below = below.map(|list| list.id);
            let new: Vec<u64> = below.filter(|id| !levels.contains(id)).collect();
            levels.extend(new);
            next += 1;
        }
        levels
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
    /// `true` if its items are data of the single model rather than structure.
    pub production: bool,
    /// `true` if its items are numbered rather than named.
    pub numbered: bool,
    /// The list that its items roll up to.
    pub parent: Option<u64>,
    /// The properties of each item.
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
    /// The format of its values.
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
    /// The format of its cells.
    pub format: Format,
    /// The formula; cells of a line item without formula take input.
    pub formula: Option<String>,
    /// The summary method.
    pub summary: String,
    /// Its own dimensions, where they are not the module's.
    pub applies_to: Option<Vec<Dimension>>,
    /// Remarks.
    pub notes: String,
}

impl LineItem {
    /// A line item that takes input, of this id, name and format.
    #[must_use]
    pub fn new(id: u64, name: impl Into<String>, format: Format) -> Self {
        let mut item = Self {
            id,
            name: name.into(),
            code: None,
            format: Format::None,
            formula: None,
            summary: String::new(),
            applies_to: None,
            notes: String::new(),
        };
        item.reformat(format);
        item
    }

    /// Has its cells hold something else, and be summed up as is usual for that.
    pub(crate) fn reformat(&mut self, format: Format) {
        let summary = if format == Format::Number {
            "Sum"
        } else {
            "None"
        };
        if format != self.format || self.summary.is_empty() {
            self.summary = summary.into();
        }
        self.format = format;
    }

    /// Its dimensions, in the order of a cell's coordinates.
    #[must_use]
    pub fn dimensions<'a>(&'a self, module: &'a Module) -> &'a [Dimension] {
        self.applies_to.as_deref().unwrap_or(&module.dimensions)
    }
}

/// The format of cells or properties.
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
