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
        let mut text = self.report_head("Source", source_model, source);
        text.push_str(&self.report_head("Target", target_model, target));
        if layout != ReportLayout::WithIds {
            let snapshots = (self.revisions.get(target), self.revisions.get(source));
            if let (Some(target), Some(source)) = snapshots {
                let (target, source) = (&target.snapshot, &source.snapshot);
                for section in published_report::sections(target, source, differences, layout) {
                    let _ = write!(text, "\n=== {} ===\n", section.title);
                    text.push_str(&line(&section.columns));
                    text.extend(section.rows.iter().map(|row| line(row)));
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

    /// Returns the three lines of one side. The published layout has the id of the workspace only.
    fn report_head(&self, label: &str, model: &ModelId, revision: &str) -> String {
        let with_ids = self.rules.report_layout == ReportLayout::WithIds;
        let model = self.model(model);
        let workspace = model.and_then(|model| self.workspace(&model.workspace));
        let revision = self.revisions.get(revision);
        let mut rows = [
            vec![
                workspace.map(|workspace| workspace.id.as_str()),
                workspace.map(|workspace| workspace.name.as_str()),
            ],
            vec![
                model.map(|model| model.id.as_str()),
                model.map(|model| model.name.as_str()),
            ],
            vec![
                revision.map(|revision| revision.id.as_str()),
                revision.map(|revision| revision.name.as_str()),
                revision.and_then(|revision| revision.description.as_deref()),
            ],
        ];
        if !with_ids {
            rows[1].remove(0);
            rows[2].remove(0);
        }
        let subjects = ["Workspace", "Model", "Revision"];
        let lines = subjects.iter().zip(rows).map(|(subject, values)| {
            let mut cells = vec![format!("{label} {subject}")];
            cells.extend(
                values
                    .iter()
                    .map(|value| value.unwrap_or("null").to_owned()),
            );
            line(&cells)
        });
        lines.collect()
    }
}

/// Returns whether a section has a row for each attribute that differs, rather than one for each object.
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
