//! The objects of a structure, flattened so that any two of a kind can be compared.

use std::collections::BTreeMap;

use crate::world::calendar::{Calendar, Version, year_name};
use crate::world::diff::{ObjectKind, Thing};
use crate::world::items::ListItem;
use crate::world::structure::{Format, List, Module, Snapshot, Structure};

/// By kind, owner and id; properties have no id but a name.
pub(super) type Key = (ObjectKind, u64, u64, String);

pub(super) fn things(snapshot: &Snapshot) -> BTreeMap<Key, Thing> {
    let mut all = BTreeMap::new();
    let mut add = |owner: u64, unnamed: Option<&str>, thing: Thing| {
        let key = (
            thing.kind,
            owner,
            thing.id.unwrap_or_default(),
            unnamed.unwrap_or_default().to_owned(),
        );
        all.insert(key, thing);
    };
    let structure = &snapshot.structure;
    let name_of = |id: u64| match structure.list(id) {
        Some(list) => list.name.clone(),
        None => id.to_string(),
    };
    let names = |ids: &[u64]| {
        ids.iter()
            .map(|id| name_of(*id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for list in &structure.lists {
        add(0, None, list_thing(list, &name_of));
        for property in &list.properties {
            let thing = Thing {
                kind: ObjectKind::ListProperty,
                id: None,
                name: property.name.clone(),
                owner: Some(list.name.clone()),
                attributes: vec![("Format", format_text(&property.format, &name_of))],
            };
            add(list.id, Some(&property.name), thing);
        }
        for subset in &list.subsets {
            let thing = Thing {
                kind: ObjectKind::ListSubset,
                id: Some(subset.id),
                name: subset.name.clone(),
                owner: Some(list.name.clone()),
                attributes: vec![("Name", subset.name.clone())],
            };
            add(list.id, None, thing);
        }
        for item in snapshot
            .items
            .get(&list.id)
            .into_iter()
            .flat_map(|items| items.iter())
        {
            add(list.id, None, item_thing(list, item));
        }
    }
    for module in &structure.modules {
        let thing = Thing {
            kind: ObjectKind::Module,
            id: Some(module.id),
            name: module.name.clone(),
            owner: None,
            attributes: vec![
                ("Name", module.name.clone()),
                ("Code", module.code.clone().unwrap_or_default()),
                ("Applies To", names(&module.dimensions)),
            ],
        };
        add(0, None, thing);
        module_parts(module, &name_of, &names, &mut add);
    }
    for role in &structure.roles {
        let thing = |kind, attributes| Thing {
            kind,
            id: Some(role.id),
            name: role.name.clone(),
            owner: None,
            attributes,
        };
        let modules = |ids: &std::collections::BTreeSet<u64>| {
            ids.iter()
                .map(|id| {
                    structure
                        .module(*id)
                        .map_or_else(|| id.to_string(), |m| m.name.clone())
                })
                .collect::<Vec<_>>()
                .join(", ")
        };
        add(
            0,
            None,
            thing(ObjectKind::Role, vec![("Name", role.name.clone())]),
        );
        let contents = vec![
            ("Read", modules(&role.read)),
            ("Write", modules(&role.write)),
        ];
        add(0, None, thing(ObjectKind::RoleContents, contents));
    }
    integration_things(structure, &mut add);
    add(0, None, calendar_thing(&structure.calendar));
    for version in &structure.versions {
        add(0, None, version_thing(version));
    }
    all
}

/// Imports and their like. What they do is one attribute: it differs or it does not.
fn integration_things(structure: &Structure, add: &mut dyn FnMut(u64, Option<&str>, Thing)) {
    let mut thing = |kind, id, name: &str, code: &Option<String>, definition: String| {
        let thing = Thing {
            kind,
            id: Some(id),
            name: name.to_owned(),
            owner: None,
            attributes: vec![
                ("Name", name.to_owned()),
                ("Code", code.clone().unwrap_or_default()),
                ("Definition", definition),
            ],
        };
        add(0, None, thing);
    };
    for file in &structure.files {
        let definition = format!(
            "{} '{}' '{}' '{}' {} {} {}",
            file.encoding.as_str(),
            file.separator,
            file.delimiter,
            file.decimal_separator,
            file.header_row,
            file.first_data_row,
            file.columns.join(", "),
        );
        let kind = ObjectKind::ImportDataSource;
        thing(kind, file.id, &file.name, &file.code, definition);
    }
    for import in &structure.imports {
        let definition = format!("{:?} {:?}", import.source, import.target);
        thing(
            ObjectKind::Import,
            import.id,
            &import.name,
            &import.code,
            definition,
        );
    }
    for export in &structure.exports {
        let encoding = export.encoding.as_str();
        let definition = format!("{:?} {encoding} '{}'", export.source, export.separator);
        thing(
            ObjectKind::Export,
            export.id,
            &export.name,
            &export.code,
            definition,
        );
    }
    for action in &structure.actions {
        let definition = format!("{:?}", action.act);
        thing(
            ObjectKind::Action,
            action.id,
            &action.name,
            &action.code,
            definition,
        );
    }
    for process in &structure.processes {
        let definition = format!("{:?} {}", process.steps, process.stops_on_failure);
        thing(
            ObjectKind::Process,
            process.id,
            &process.name,
            &process.code,
            definition,
        );
    }
    for dashboard in &structure.dashboards {
        thing(
            ObjectKind::Dashboard,
            dashboard.id,
            &dashboard.name,
            &dashboard.code,
            String::new(),
        );
    }
}

fn module_parts(
    module: &Module,
    name_of: &dyn Fn(u64) -> String,
    names: &dyn Fn(&[u64]) -> String,
    add: &mut dyn FnMut(u64, Option<&str>, Thing),
) {
    for (position, line_item) in module.line_items.iter().enumerate() {
        let thing = Thing {
            kind: ObjectKind::LineItem,
            id: Some(line_item.id),
            name: line_item.name.clone(),
            owner: Some(module.name.clone()),
            attributes: vec![
                ("Name", line_item.name.clone()),
                ("Code", line_item.code.clone().unwrap_or_default()),
                ("Format", format_text(&line_item.format, name_of)),
                ("Formula", line_item.formula.clone().unwrap_or_default()),
                ("Summary", line_item.summary.clone()),
                (
                    "Applies To",
                    line_item
                        .applies_to
                        .as_deref()
                        .map(names)
                        .unwrap_or_default(),
                ),
                ("Notes", line_item.notes.clone()),
                ("Position", (position + 1).to_string()),
            ],
        };
        add(module.id, None, thing);
    }
    for view in &module.views {
        let thing = Thing {
            kind: ObjectKind::SavedView,
            id: Some(view.id),
            name: view.name.clone(),
            owner: Some(module.name.clone()),
            attributes: vec![
                ("Name", view.name.clone()),
                ("Rows", names(&view.rows)),
                ("Columns", names(&view.columns)),
                ("Pages", names(&view.pages)),
            ],
        };
        add(module.id, None, thing);
    }
}

fn list_thing(list: &List, name_of: &dyn Fn(u64) -> String) -> Thing {
    let yes_no = |flag: bool| if flag { "true" } else { "false" }.to_owned();
    Thing {
        kind: ObjectKind::List,
        id: Some(list.id),
        name: list.name.clone(),
        owner: None,
        attributes: vec![
            ("Name", list.name.clone()),
            ("Code", list.code.clone().unwrap_or_default()),
            (
                "Parent Hierarchy",
                list.parent.map(name_of).unwrap_or_default(),
            ),
            ("Numbered", yes_no(list.numbered)),
            ("Production Data", yes_no(list.production)),
            ("Top Level Item", list.top_level.clone().unwrap_or_default()),
        ],
    }
}

fn calendar_thing(calendar: &Calendar) -> Thing {
    Thing {
        kind: ObjectKind::ModelCalendar,
        id: None,
        name: "Model Calendar".into(),
        owner: None,
        attributes: vec![
            ("Calendar Type", calendar.kind.as_str().to_owned()),
            ("Fiscal Year", year_name(calendar.fiscal_year)),
            ("First Month", calendar.first_month.to_string()),
            ("Past Years", calendar.past_years.to_string()),
            ("Future Years", calendar.future_years.to_string()),
            (
                "Totals",
                format!(
                    "{} {} {} {} {}",
                    calendar.quarters,
                    calendar.half_years,
                    calendar.year_to_date,
                    calendar.year_to_go,
                    calendar.all_periods
                ),
            ),
            (
                "Weeks",
                format!(
                    "{:?} {} {} {:?} {} {}",
                    calendar.grouping,
                    calendar.extra_week_month,
                    calendar.extra_month_quarter,
                    calendar.week_format,
                    calendar.start,
                    calendar.weeks
                ),
            ),
        ],
    }
}

fn version_thing(version: &Version) -> Thing {
    Thing {
        kind: ObjectKind::Version,
        id: Some(version.id),
        name: version.name.clone(),
        owner: None,
        attributes: vec![
            ("Name", version.name.clone()),
            ("Code", version.code.clone().unwrap_or_default()),
            ("Current", version.current.to_string()),
            ("Actual", version.actual.to_string()),
            ("Formula", version.formula.clone().unwrap_or_default()),
            ("Notes", version.notes.clone()),
        ],
    }
}

fn item_thing(list: &List, item: &ListItem) -> Thing {
    let joined = |parts: Vec<String>| parts.join(", ");
    Thing {
        kind: ObjectKind::ListItem,
        id: Some(item.id),
        name: item.name.clone(),
        owner: Some(list.name.clone()),
        attributes: vec![
            ("Name", item.name.clone()),
            ("Code", item.code.clone().unwrap_or_default()),
            (
                "Parent",
                item.parent.map(|id| id.to_string()).unwrap_or_default(),
            ),
            (
                "Properties",
                joined(
                    item.properties
                        .iter()
                        .map(|(k, v)| format!("{k}={v}"))
                        .collect(),
                ),
            ),
            (
                "Subsets",
                joined(item.subsets.iter().map(u64::to_string).collect()),
            ),
        ],
    }
}

fn format_text(format: &Format, name_of: &dyn Fn(u64) -> String) -> String {
    match format {
        Format::List(list) => format!("LIST {}", name_of(*list)),
        Format::TimePeriod(period) => format!("TIME PERIOD {period}"),
        plain => plain.as_str().to_owned(),
    }
}
