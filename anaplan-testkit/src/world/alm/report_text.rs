//! The text of a comparison report: its head, and the sections of the layout with ids.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anaplan_core::ModelId;

use crate::world::World;
use crate::world::alm::published_report;
use crate::world::diff::{Change, Difference, ObjectKind};
use crate::world::rules::ReportLayout;

impl World {
    pub(super) fn report_text(
        &self,
        target_model: &ModelId,
        source_model: &ModelId,
        source: &str,
        target: &str,
        differences: &[Difference],
    ) -> String {
        let layout = self.rules.report_layout;
        let mut text = String::new();
        let mut side = |label: &str, model: &ModelId, revision: &str| {
            let model = self.model(model);
            let workspace = model.and_then(|model| self.workspace(&model.workspace));
            let revision = self.revisions.get(revision);
            let mut row = |what: &str, id: Option<&str>, texts: &[Option<&str>]| {
                let title = format!("{label} {what}");
                let mut cells = vec![title.as_str()];
                cells.extend(id);
                cells.extend(texts.iter().map(|text| text.unwrap_or("null")));
                text.push_str(&line(&cells));
            };
            let id = |id: Option<&'_ str>| Some(id.unwrap_or("null").to_owned());
            let workspace_id = id(workspace.map(|workspace| workspace.id.as_str()));
            let name = workspace.map(|workspace| workspace.name.as_str());
            row("Workspace", workspace_id.as_deref(), &[name]);
            // The published layout has no id of models and revisions.
            let with_ids = layout == ReportLayout::WithIds;
            let model_id = id(model.map(|model| model.id.as_str())).filter(|_| with_ids);
            row(
                "Model",
                model_id.as_deref(),
                &[model.map(|model| model.name.as_str())],
            );
            let revision_id =
                id(revision.map(|revision| revision.id.as_str())).filter(|_| with_ids);
            let name = revision.map(|revision| revision.name.as_str());
            let description = revision.and_then(|revision| revision.description.as_deref());
            row("Revision", revision_id.as_deref(), &[name, description]);
        };
        side("Source", source_model, source);
        side("Target", target_model, target);
        if layout != ReportLayout::WithIds {
            let snapshots = (self.revisions.get(target), self.revisions.get(source));
            if let (Some(target), Some(source)) = snapshots {
                let (target, source) = (&target.snapshot, &source.snapshot);
                for section in published_report::sections(target, source, differences, layout) {
                    let _ = write!(text, "\n=== {} ===\n", section.title);
                    text.push_str(&line(&section.columns));
                    for row in section.rows {
                        text.push_str(&line(&row));
                    }
                }
            }
            return text;
        }
        let mut sections: BTreeMap<(ObjectKind, Change), Vec<&Difference>> = BTreeMap::new();
        for difference in differences {
            sections
                .entry((difference.kind, difference.change))
                .or_default()
                .push(difference);
        }
        let mut last_title = String::new();
        for ((kind, change), rows) in sections {
            let title = kind.section(change);
            // Different changes within roles share one section.
            if title != last_title {
                let _ = write!(
                    text,
                    "\n=== {title} ===\n{}",
                    column_row(kind, change, &rows)
                );
                last_title = title;
            }
            for row in rows {
                text.push_str(&value_rows(kind, change, row));
            }
        }
        text
    }
}

/// Whether a section has a row for each attribute that differs, rather than one for each object.
fn by_attribute(kind: ObjectKind, change: Change) -> bool {
    change == Change::Modified || kind == ObjectKind::RoleContents
}

fn column_row(kind: ObjectKind, change: Change, rows: &[&Difference]) -> String {
    let mut columns = vec!["Id", "Name"];
    columns.extend(kind.owner_column());
    if by_attribute(kind, change) {
        columns.extend(["Property", "Target", "Source"]);
    } else if let Some(first) = rows.first() {
        let names = first.attributes.iter().map(|(name, ..)| *name);
        columns.extend(names.filter(|name| *name != "Name"));
    }
    line(&columns)
}

fn value_rows(kind: ObjectKind, change: Change, row: &Difference) -> String {
    let id = row.id.map(|id| id.to_string()).unwrap_or_default();
    let mut fixed = vec![id.as_str(), row.name.as_str()];
    fixed.extend(row.owner.as_deref());
    if by_attribute(kind, change) {
        return row
            .attributes
            .iter()
            .map(|(name, before, after)| {
                let mut cells = fixed.clone();
                cells.extend([*name, before.as_str(), after.as_str()]);
                line(&cells)
            })
            .collect();
    }
    let values = row
        .attributes
        .iter()
        .filter(|(name, ..)| *name != "Name")
        .map(|(_, before, after)| match change {
            Change::Deleted => before.as_str(),
            Change::Created | Change::Modified => after.as_str(),
        });
    fixed.extend(values);
    line(&fixed)
}

/// A tab or a line end within a value would break the table.
fn line(cells: &[impl AsRef<str>]) -> String {
    let clean: Vec<String> = cells
        .iter()
        .map(|cell| cell.as_ref().replace(['\t', '\n', '\r'], " "))
        .collect();
    format!("{}\n", clean.join("\t"))
}
