//! Summary in Markdown.

use crate::evidence::document::{EvidenceDocument, outcome_text, seconds, state_text, status_text};
use crate::evidence::text::{markdown as escape, shortened};
use crate::plan::Plan;

/// Size limit. GitHub accepts 64 kB in comments.
const LIMIT: usize = 60_000;
/// Size that is kept free for the notes about omitted rows.
const RESERVE: usize = 500;
/// Longest cell, in characters.
const CELL: usize = 300;

/// Text with a size limit. Rows beyond it are counted.
struct Summary {
    text: String,
    omitted: usize,
}

impl Summary {
    /// Appends a line, unless the summary is full.
    fn line(&mut self, line: &str) {
        if self.omitted == 0 && self.text.len() + line.len() + 1 + RESERVE <= LIMIT {
            self.text.push_str(line);
            self.text.push('\n');
        } else {
            self.omitted += 1;
        }
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| escape(&shortened(cell, CELL)))
            .collect();
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn table(&mut self, title: &str, columns: &[&str]) {
        self.line(&format!("\n### {title}\n"));
        self.row(columns);
        self.line(&format!("|{}", " --- |".repeat(columns.len())));
    }
}

pub(super) fn render(document: &EvidenceDocument, plan: &Plan) -> String {
    let mut summary = Summary {
        text: String::new(),
        omitted: 0,
    };
    summary.line(&format!(
        "## {}: {}\n",
        escape(&shortened(&document.release, CELL)),
        status_text(document)
    ));
    summary.row(&["", ""]);
    summary.line("| --- | --- |");
    let source = document.source.full_name();
    summary.row(&[
        "revision",
        &format!("{} of {source}", document.revision.name),
    ]);
    summary.row(&["policy", &document.decision.to_string()]);
    let user = document
        .made
        .by
        .as_ref()
        .map_or("unknown", |user| user.as_str());
    summary.row(&[
        "planned",
        &format!("{} by user {user}", seconds(document.made.at)),
    ]);
    summary.row(&["plan", document.plan.as_str()]);
    if let Some(run) = &document.run {
        summary.row(&[
            "run",
            &format!("{} to {}", seconds(run.started), seconds(run.last)),
        ]);
        if let Some(reason) = &run.reason {
            summary.row(&["reason", reason]);
        }
    }
    summary.table("Targets", &["wave", "target", "before", "after", "outcome"]);
    for target in &document.targets {
        let (before, after) = (state_text(&target.before), state_text(&target.after));
        summary.row(&[
            &target.wave,
            &target.name,
            &before,
            &after,
            &outcome_text(target),
        ]);
    }
    if !document.findings.is_empty() {
        summary.table(
            "Findings",
            &["severity", "rule", "target", "subject", "message", "waiver"],
        );
    }
    for finding in &document.findings {
        let target = document
            .targets
            .iter()
            .find(|target| Some(&target.model) == finding.target.as_ref());
        let target = target.map_or("", |target| target.name.as_str());
        let waiver = finding.waived.as_ref();
        let waiver = waiver.map_or(String::new(), |waived| {
            format!("{} ({})", waived.reason, waived.by)
        });
        let severity = finding.severity.to_string();
        summary.row(&[
            &severity,
            &finding.rule,
            target,
            &finding.subject,
            &finding.message,
            &waiver,
        ]);
    }
    for comparison in &plan.comparisons {
        let title = format!(
            "Losses of {} → {}",
            short(comparison.from.as_str()),
            short(comparison.to.as_str())
        );
        let mut losses = comparison.diff.data_losses().peekable();
        if losses.peek().is_some() {
            summary.table(&title, &["object", "change", "reason"]);
        }
        for loss in losses {
            let reasons: Vec<&str> = loss
                .impacts
                .iter()
                .map(|impact| impact.reason.as_str())
                .collect();
            summary.row(&[
                &loss.subject(),
                &loss.change.to_string(),
                &reasons.join("; "),
            ]);
        }
    }
    for note in &document.notes {
        summary.line(&format!("\n> {}", escape(&shortened(note, CELL))));
    }
    if summary.omitted > 0 {
        let omitted = summary.omitted;
        summary
            .text
            .push_str(&format!("\n{omitted} more lines are in evidence.json.\n"));
    }
    summary.text
}

fn short(id: &str) -> String {
    escape(&shortened(id, 8))
}
