//! Imports: from rows of text to items of lists and cells of modules.

use std::collections::BTreeMap;

use anaplan_core::ModelId;

use crate::world::csv::{Row, RowFault, Table};
use crate::world::ids::IdSource;
use crate::world::members::chain;
use crate::world::model::Model;
use crate::world::outcome::{Detail, detail};
use crate::world::structure::{CellValue, Dimension, Format, List, ListItem, TIME, VERSIONS, key};

/// An import.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// 112 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// Where the rows come from.
    pub source: ImportSource,
    /// What becomes of them.
    pub target: ImportTarget,
}

/// Where an import gets its rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImportSource {
    /// Nowhere yet.
    None,
    /// A file of the model, of which each user has their own content.
    File(u64),
    /// A list or a module of another model, or of the same.
    Model {
        /// The model.
        model: ModelId,
        /// The list or module in it.
        object: u64,
    },
}

/// What an import writes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImportTarget {
    /// Nothing yet.
    None,
    /// The items of a list.
    List {
        /// The list.
        list: u64,
        /// The column of the names.
        name: Option<String>,
        /// The column of the codes.
        code: Option<String>,
        /// The column of the parents, by name or code.
        parent: Option<String>,
        /// Columns, and the properties that they fill.
        properties: Vec<(String, String)>,
    },
    /// The cells of a module.
    Module {
        /// The module.
        module: u64,
        /// Where the item of each dimension comes from.
        dimensions: Vec<(Dimension, Coordinate)>,
        /// Columns, and the line items that they fill.
        line_items: Vec<(String, u64)>,
    },
}

/// Where an import gets the item of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coordinate {
    /// From this column, by name or code.
    Column(String),
    /// From who runs it: the `entityName` of a mapping parameter whose `entityType` is this.
    Asked(String),
}

impl Import {
    /// The type on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.target {
            ImportTarget::None | ImportTarget::List { .. } => "HIERARCHY_DATA",
            ImportTarget::Module { .. } => "MODULE_DATA",
        }
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

fn problem<T>(code: &'static str, text: impl Into<String>) -> Result<T, Problem> {
    Err(Problem {
        code,
        text: text.into(),
    })
}

/// A row with something wrong.
#[derive(Debug, Clone)]
pub(crate) struct BadRow {
    /// Its place among the rows of the table.
    pub(crate) row: usize,
    /// Whether nothing of it was used.
    pub(crate) lost: bool,
    pub(crate) problems: Vec<Problem>,
}

/// What came of the rows.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) ignored: u64,
    pub(crate) bad: Vec<BadRow>,
}

impl Applied {
    /// How many rows had an effect.
    pub(crate) fn applied(&self) -> u64 {
        self.created + self.updated
    }

    fn failed(&self) -> u64 {
        self.bad.iter().filter(|row| row.lost).count() as u64
    }

    fn count(&mut self, row: usize, outcome: Effect, problems: Vec<Problem>) {
        match outcome {
            Effect::Created => self.created += 1,
            Effect::Updated => self.updated += 1,
            Effect::Nothing if problems.is_empty() => self.ignored += 1,
            Effect::Nothing => {}
        }
        if !problems.is_empty() {
            self.bad.push(BadRow {
                row,
                lost: outcome == Effect::Nothing,
                problems,
            });
        }
    }

    /// The details of a result: the counts first, then each kind of problem with how often it occurred.
    fn details(&self, subject: &str, what: &str, name: &str, code: Option<&str>) -> Vec<Detail> {
        let (good, failed) = (self.applied(), self.failed());
        let suffix = if self.bad.is_empty() {
            ""
        } else {
            "WithFailures"
        };
        let kind = if what == "hierarchy" && good + failed == 0 && self.bad.is_empty() {
            "hierarchyNoChanges".to_owned()
        } else {
            format!("{what}RowsProcessed{suffix}")
        };
        let counts = [
            (format!("{subject}Name"), Some(name.to_owned())),
            (format!("{subject}Code"), code.map(str::to_owned)),
            ("successRowCount".into(), Some(good.to_string())),
            ("successCreateCount".into(), Some(self.created.to_string())),
            ("successUpdateCount".into(), Some(self.updated.to_string())),
            ("failedCount".into(), Some(failed.to_string())),
            ("ignoredCount".into(), Some(self.ignored.to_string())),
        ];
        let text = format!(
            "{name}: {good} ({}/{}) rows successful, {failed} failed, {} ignored",
            self.created, self.updated, self.ignored
        );
        let mut details = vec![Detail {
            kind,
            text,
            occurrences: 0,
            values: counts
                .into_iter()
                .flat_map(|(key, value)| [Some(key), value])
                .collect(),
        }];
        let mut kinds: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for problem in self.bad.iter().flat_map(|row| &row.problems) {
            kinds.entry(problem.code).or_insert((0, &problem.text)).0 += 1;
        }
        details.extend(kinds.into_iter().map(|(kind, (occurrences, text))| Detail {
            kind: kind.to_owned(),
            text: text.to_owned(),
            occurrences,
            values: Vec::new(),
        }));
        details
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Created,
    Updated,
    Nothing,
}

/// Writes the rows of a table into the target of an import. An import that cannot begin gives the
/// detail of its failure.
pub(crate) fn apply(
    model: &mut Model,
    ids: &mut IdSource,
    import: &Import,
    table: &Table,
    decimal: char,
    answers: &BTreeMap<String, String>,
) -> Result<(Applied, Vec<Detail>), Detail> {
    match &import.target {
        ImportTarget::None => Err(detail(
            "importFailedGeneralError",
            "The import has no target.",
        )),
        ImportTarget::List { list, .. } => {
            let Some(list) = model.structure.list(*list).cloned() else {
                return Err(detail(
                    "failedToLocateHierarchy",
                    "The list of the import is not there any more.",
                ));
            };
            if model.state.is_deployed() && !list.production {
                let text = format!(
                    "{}: the model is deployed, and the list is not production data.",
                    list.name
                );
                return Err(detail("hierarchyImportFailed", text));
            }
            let load = ListLoad::new(&list, import, table, decimal)?;
            let applied = load.run(model, ids);
            let details =
                applied.details("hierarchy", "hierarchy", &list.name, list.code.as_deref());
            Ok((applied, details))
        }
        ImportTarget::Module { module, .. } => {
            let Some(module) = model.structure.module(*module).cloned() else {
                return Err(detail(
                    "failedToLocateModule",
                    "The module of the import is not there any more.",
                ));
            };
            let load = ModuleLoad::new(model, import, table, decimal, answers)?;
            let applied = load.run(model);
            let details =
                applied.details("module", "lineItem", &module.name, module.code.as_deref());
            Ok((applied, details))
        }
    }
}

fn find_column(table: &Table, name: &str) -> Result<usize, Detail> {
    table.column(name).ok_or_else(|| {
        detail(
            "missingFields",
            format!("The source has no column '{name}'."),
        )
    })
}

fn malformed(row: &Row) -> Option<Problem> {
    let (code, text) = match row.fault? {
        RowFault::SeparatorExpected => (
            "columnSeparatorExpected",
            "A column separator was expected after a text delimiter.",
        ),
        RowFault::UnmatchedDelimiter => {
            ("unmatchedTextDelimiter", "A text delimiter is not closed.")
        }
    };
    Some(Problem {
        code,
        text: text.to_owned(),
    })
}

struct ListLoad<'a> {
    list: &'a List,
    table: &'a Table,
    name: Option<usize>,
    code: Option<usize>,
    parent: Option<usize>,
    properties: Vec<(usize, &'a str, Format)>,
    decimal: char,
}

impl<'a> ListLoad<'a> {
    fn new(
        list: &'a List,
        import: &'a Import,
        table: &'a Table,
        decimal: char,
    ) -> Result<Self, Detail> {
        let ImportTarget::List {
            name,
            code,
            parent,
            properties,
            ..
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no list."));
        };
        let column = |name: &Option<String>| match name {
            Some(name) => find_column(table, name).map(Some),
            None => Ok(None),
        };
        let mut found = Vec::new();
        for (header, property) in properties {
            let format = list
                .properties
                .iter()
                .find(|known| known.name == *property)
                .map(|known| known.format.clone());
            let format = format.ok_or_else(|| {
                let text = format!("{}: there is no property '{property}'.", list.name);
                detail("hierarchyImportFailed", text)
            })?;
            found.push((find_column(table, header)?, property.as_str(), format));
        }
        let load = Self {
            list,
            table,
            name: column(name)?,
            code: column(code)?,
            parent: column(parent)?,
            properties: found,
            decimal,
        };
        if load.name.is_none() && load.code.is_none() && !list.numbered {
            return Err(detail(
                "missingFields",
                "The import maps neither names nor codes.",
            ));
        }
        Ok(load)
    }

    fn run(&self, model: &mut Model, ids: &mut IdSource) -> Applied {
        let mut applied = Applied::default();
        for (index, row) in self.table.rows.iter().enumerate() {
            match self.row(model, ids, row) {
                Ok((effect, problems)) => applied.count(index, effect, problems),
                Err(problem) => applied.count(index, Effect::Nothing, vec![problem]),
            }
        }
        applied
    }

    fn row(
        &self,
        model: &mut Model,
        ids: &mut IdSource,
        row: &Row,
    ) -> Result<(Effect, Vec<Problem>), Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let text = |column: Option<usize>| {
            column
                .map(|column| row.field(column))
                .filter(|field| !field.is_empty())
        };
        let name = text(self.name).filter(|_| !self.list.numbered);
        let code = text(self.code);
        self.check_key(name, code)?;
        let parent = match text(self.parent) {
            Some(parent) => self.find_parent(model, parent)?,
            None => None,
        };
        let found = self.find(model, name, code)?;
        let known = found.is_some();
        let mut item = match &found {
            Some(item) => item.clone(),
            None => ListItem::new(ids.item(), name.or(code).unwrap_or_default()),
        };
        if !known && self.list.numbered {
            let index = model.next_index(self.list.id);
            model.list_indices.insert(self.list.id, index);
            item.name = format!("#{index}");
        }
        if let (Some(name), false) = (name, self.list.numbered) {
            item.name = name.to_owned();
        }
        if let Some(code) = code {
            item.code = Some(code.to_owned());
        }
        if parent.is_some() {
            item.parent = parent;
        }
        let mut problems = Vec::new();
        for (column, property, format) in &self.properties {
            let field = row.field(*column);
            match parse(model, format, field, self.decimal) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    let text = match format {
                        Format::Boolean => field.to_lowercase(),
                        _ => field.to_owned(),
                    };
                    item.properties.insert((*property).to_owned(), text);
                }
                Err(reason) => problems.push(Problem {
                    code: value_code(format),
                    text: format!("{property}: {reason}"),
                }),
            }
        }
        let effect = match &found {
            None => Effect::Created,
            Some(before) if *before == item && problems.is_empty() => Effect::Nothing,
            Some(_) => Effect::Updated,
        };
        model.items.entry(self.list.id).or_default().put(item);
        Ok((effect, problems))
    }

    fn check_key(&self, name: Option<&str>, code: Option<&str>) -> Result<(), Problem> {
        let keyed = if self.code.is_some() { code } else { name };
        if keyed.is_none() && !self.list.numbered {
            let column = if self.code.is_some() { "Code" } else { "Name" };
            return problem(
                "hierarchyImportEmptyKey",
                format!("{}: {column} is empty", self.list.name),
            );
        }
        let too_long = |text: Option<&str>| text.is_some_and(|text| text.chars().count() > 60);
        if too_long(name) {
            return problem(
                "hierarchyImportInvalidName",
                format!("{}: Name is longer than 60 characters", self.list.name),
            );
        }
        if too_long(code) {
            return problem(
                "hierarchyImportInvalidCode",
                format!("{}: Code is longer than 60 characters", self.list.name),
            );
        }
        Ok(())
    }

    /// The item that a row means: by its code, or else by its name.
    fn find(
        &self,
        model: &Model,
        name: Option<&str>,
        code: Option<&str>,
    ) -> Result<Option<ListItem>, Problem> {
        let items = model.items.get(&self.list.id);
        let by_code = code.and_then(|code| items?.by_code(code));
        let by_name = name.and_then(|name| items?.by_name(name));
        match (by_code, by_name) {
            (Some(item), Some(other)) if item.id != other.id => problem(
                "hierarchyImportNameOrCodeExists",
                format!(
                    "{}: Name '{}' belongs to another item",
                    self.list.name, other.name
                ),
            ),
            (None, Some(other)) if code.is_some() && other.code.is_some() => problem(
                "hierarchyImportNameOrCodeExists",
                format!("{}: Name '{}' has another code", self.list.name, other.name),
            ),
            (by_code, by_name) => Ok(by_code.or(by_name).cloned()),
        }
    }

    fn find_parent(&self, model: &Model, parent: &str) -> Result<Option<u64>, Problem> {
        let mut above_all = chain(&model.structure, self.list)
            .into_iter()
            .filter_map(|list| list.top_level.as_deref());
        if above_all.any(|top| key(top) == key(parent)) {
            return Ok(None);
        }
        let above = [self.list.parent, Some(self.list.id)];
        let found = above
            .into_iter()
            .flatten()
            .find_map(|list| find_item(model, list, parent));
        match found {
            Some(id) => Ok(Some(id)),
            None => problem(
                "hierarchyImportInvalidParent",
                format!("{}: Parent '{parent}' does not exist", self.list.name),
            ),
        }
    }
}

struct ModuleLoad<'a> {
    table: &'a Table,
    decimal: char,
    /// Dimensions, and where their items come from.
    dimensions: Vec<(Dimension, String, Place)>,
    line_items: Vec<Filled>,
}

enum Place {
    Column(usize),
    Item(u64),
}

/// A line item that is filled from a column.
struct Filled {
    column: usize,
    id: u64,
    name: String,
    format: Format,
    /// The places of its dimensions among the mapped ones.
    coordinates: Vec<usize>,
}

impl<'a> ModuleLoad<'a> {
    fn new(
        model: &Model,
        import: &Import,
        table: &'a Table,
        decimal: char,
        answers: &BTreeMap<String, String>,
    ) -> Result<Self, Detail> {
        let ImportTarget::Module {
            dimensions,
            line_items,
            ..
        } = &import.target
        else {
            return Err(detail("internalError", "The import writes no module."));
        };
        let mut mapped = Vec::new();
        for (dimension, coordinate) in dimensions {
            let (name, place) = match coordinate {
                Coordinate::Column(name) => {
                    (name.clone(), Place::Column(find_column(table, name)?))
                }
                Coordinate::Asked(kind) => {
                    let answer = answers.get(kind).map_or("", String::as_str);
                    let item = find_item(model, *dimension, answer).ok_or_else(|| {
                        let text = format!("{kind} '{answer}' was not found.");
                        detail("failedToLocateEntity", text)
                    })?;
                    (kind.clone(), Place::Item(item))
                }
            };
            mapped.push((*dimension, name, place));
        }
        let mut filled = Vec::new();
        for (column, id) in line_items {
            let Some((module, line_item)) = model.structure.line_item(*id) else {
                let text = format!("The line item of column '{column}' is not there any more.");
                return Err(detail("moduleImportInvalidLineItemIdentifier", text));
            };
            if line_item.formula.is_some() {
                let text = format!("{}: the line item is calculated.", line_item.name);
                return Err(detail("moduleImportFailed", text));
            }
            let coordinates = line_item
                .dimensions(module)
                .iter()
                .map(|wanted| {
                    mapped
                        .iter()
                        .position(|(dimension, ..)| dimension == wanted)
                })
                .collect::<Option<Vec<usize>>>()
                .ok_or_else(|| {
                    let text = format!("{}: not every dimension is mapped.", line_item.name);
                    detail("moduleImportFailed", text)
                })?;
            filled.push(Filled {
                column: find_column(table, column)?,
                id: *id,
                name: line_item.name.clone(),
                format: line_item.format.clone(),
                coordinates,
            });
        }
        Ok(Self {
            table,
            decimal,
            dimensions: mapped,
            line_items: filled,
        })
    }

    fn run(&self, model: &mut Model) -> Applied {
        let mut applied = Applied::default();
        for (index, row) in self.table.rows.iter().enumerate() {
            match self.row(model, row) {
                Ok((effect, problems)) => applied.count(index, effect, problems),
                Err(problem) => applied.count(index, Effect::Nothing, vec![problem]),
            }
        }
        applied
    }

    fn row(&self, model: &mut Model, row: &Row) -> Result<(Effect, Vec<Problem>), Problem> {
        if let Some(problem) = malformed(row) {
            return Err(problem);
        }
        let mut items = Vec::new();
        for (dimension, name, place) in &self.dimensions {
            items.push(match place {
                Place::Item(item) => *item,
                Place::Column(column) => {
                    let text = row.field(*column);
                    match find_item(model, *dimension, text) {
                        Some(item) => item,
                        None => {
                            return problem(
                                "moduleImportInvalidListIdentifier",
                                format!("{name}: '{text}' is not an item"),
                            );
                        }
                    }
                }
            });
        }
        let mut problems = Vec::new();
        let mut effect = Effect::Nothing;
        for filled in &self.line_items {
            let text = row.field(filled.column);
            match parse(model, &filled.format, text, self.decimal) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let cell: Vec<u64> = filled.coordinates.iter().map(|at| items[*at]).collect();
                    let before = model.cells.insert((filled.id, cell), value.clone());
                    if before != Some(value) {
                        effect = Effect::Updated;
                    }
                }
                Err(reason) => problems.push(Problem {
                    code: value_code(&filled.format),
                    text: format!("{}: {reason}", filled.name),
                }),
            }
        }
        Ok((effect, problems))
    }
}

/// The item of a dimension, by code or name. Totals are no items here: nothing can be written to them.
fn find_item(model: &Model, dimension: Dimension, text: &str) -> Option<u64> {
    match dimension {
        TIME => {
            let calendar = &model.structure.calendar;
            let mut periods = calendar.periods_of(calendar.base()).into_iter();
            Some(periods.find(|period| key(&period.name) == key(text))?.id)
        }
        VERSIONS => {
            let mut versions = model.structure.versions.iter();
            let named = |code: &Option<String>| code.as_deref().map(key) == Some(key(text));
            let is_it = |name: &str, code| key(name) == key(text) || named(code);
            let version = versions.find(|version| is_it(&version.name, &version.code))?;
            Some(version.id)
        }
        id => {
            let list = model.structure.list_behind(id)?;
            let items = model.items.get(&list.id)?;
            let item = items.by_code(text).or_else(|| items.by_name(text))?;
            let inside = list.id == id || item.subsets.contains(&id);
            inside.then_some(item.id)
        }
    }
}

fn value_code(format: &Format) -> &'static str {
    match format {
        Format::Boolean => "moduleImportBooleanFormat",
        Format::Date => "moduleImportDateFormat",
        Format::List(_) => "moduleImportInvalidListIdentifier",
        Format::TimePeriod(_) => "moduleImportInvalidTimeEntityIdentifier",
        Format::Number | Format::Text | Format::None => "moduleImportNumberFormat",
    }
}

/// Reads a value; nothing is `None`.
fn parse(
    model: &Model,
    format: &Format,
    text: &str,
    decimal: char,
) -> Result<Option<CellValue>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = match format {
        Format::Number => {
            let group = if decimal == ',' { '.' } else { ',' };
            let plain: String = text
                .chars()
                .filter(|c| *c != group)
                .map(|c| if c == decimal { '.' } else { c })
                .collect();
            let number = plain
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite());
            number.map(CellValue::Number).ok_or("a number")
        }
        Format::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(CellValue::Boolean(true)),
            "false" | "no" | "0" => Ok(CellValue::Boolean(false)),
            _ => Err("a boolean"),
        },
        Format::Date => match text.parse::<jiff::civil::Date>() {
            Ok(date) => Ok(CellValue::Text(date.to_string())),
            Err(_) => Err("a date"),
        },
        Format::List(list) => find_item(model, *list, text)
            .map(CellValue::Item)
            .ok_or("an item of the list"),
        Format::Text => Ok(CellValue::Text(text.to_owned())),
        Format::TimePeriod(_) => Err("a period"),
        Format::None => Err("anything that a heading can hold"),
    };
    value
        .map(Some)
        .map_err(|wanted| format!("'{text}' is not {wanted}"))
}
