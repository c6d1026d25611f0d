//! Page in HTML.

use anaplan_alm::{Certainty, ImpactKind, ObjectChange};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::evidence::document::{
    EvidenceDocument, TargetEvidence, outcome_text, seconds, state_text, status_text,
};
use crate::evidence::report_path;
use crate::evidence::text::visible;
use crate::plan::{Comparison, Plan, RevisionRef};
use crate::policy::{Decision, Finding, Severity};
use crate::run::TargetOutcome;

/// Rows of one section of differences. The comparison report has all of them.
const ROWS: usize = 1_000;
/// The page needs styles, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn render(document: &EvidenceDocument, plan: &Plan) -> String {
    let status = status_text(document);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (visible(&document.release)) ": " (status) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                h1 { (visible(&document.release)) }
                p { "Run: " span class=(status_class(document)) { (status) }
                    " · Policy: " span class=(decision_class(document.decision)) { (document.decision.to_string()) } }
                (overview(document))
                h2 { "Targets" }
                (targets(document))
                (findings(document))
                (exceptions(document))
                @if !plan.comparisons.is_empty() { h2 { "Differences" } }
                @for comparison in &plan.comparisons { (differences(plan, comparison)) }
                @if !document.notes.is_empty() {
                    h2 { "Notes" }
                    ul { @for note in &document.notes { li { (visible(note)) } } }
                }
            }
        }
    };
    page.into_string()
}

fn overview(document: &EvidenceDocument) -> Markup {
    let revision = &document.revision;
    html! {
        dl {
            dt { "Revision" } dd { (visible(&revision.name)) " " span.id.soft { (visible(revision.id.as_str())) } }
            dt { "Source" } dd { (visible(&document.source.full_name())) }
            dt { "Planned" } dd {
                (seconds(document.made.at))
                @if let Some(user) = &document.made.by { " by user " span.id { (visible(user.as_str())) } }
            }
            dt { "Plan" } dd { span.id { (document.plan.to_string()) } }
            dt { "API" } dd { (visible(&document.made.api)) }
            @if let Some(run) = &document.run {
                dt { "Run" } dd { (seconds(run.started)) " to " (seconds(run.last))
                    @if run.resumed > 0 { ", number of continuations: " (run.resumed) } }
                @if let Some(reason) = &run.reason { dt { "Reason" } dd { (visible(reason)) } }
            }
            @for (name, value) in &document.pipeline {
                dt { (visible(name)) } dd { (visible(value)) }
            }
        }
    }
}

fn targets(document: &EvidenceDocument) -> Markup {
    html! {
        div.scroll { table.stack {
            thead { tr { th { "Wave" } th { "Target" } th { "Before" } th { "After" } th { "Outcome" } th { "Syncs" } } }
            tbody {
                @for target in &document.targets {
                    tr {
                        td data-label="Wave" { (visible(&target.wave)) }
                        td data-label="Target" { span { (visible(&target.name)) } }
                        td data-label="Before" { (visible(&state_text(&target.before))) }
                        td data-label="After" { (visible(&state_text(&target.after))) }
                        td data-label="Outcome" {
                            span { span class=(outcome_class(target)) { (visible(&outcome_text(target))) }
                                @if let Some(reason) = &target.left_offline { br; "left offline: " (visible(reason)) } }
                        }
                        td data-label="Syncs" { span {
                            @for sync in &target.syncs {
                                span.id { (visible(sync.task.as_str())) } " "
                                span.soft.time { (seconds(sync.started)) }
                                @if sync.successful == Some(false) { " " span.bad { "failed" } }
                                br;
                            }
                            @if target.syncs.is_empty() { "–" }
                        } }
                    }
                }
            }
        } }
    }
}

fn findings(document: &EvidenceDocument) -> Markup {
    let plan = document
        .findings
        .iter()
        .filter(|finding| finding.target.is_none());
    let mut groups: Vec<(&str, Vec<&Finding>)> = vec![("The plan", plan.collect())];
    for target in &document.targets {
        groups.push((&target.name, document.findings_of(&target.model).collect()));
    }
    groups.retain(|(_, findings)| !findings.is_empty());
    html! {
        h2 { "Findings" }
        @if groups.is_empty() { p.soft { "None." } }
        @for (name, findings) in &groups {
            details open[findings.len() <= 20] {
                summary { (visible(name)) " " span.soft { "(" (findings.len()) ")" } }
                div.scroll { table.stack {
                    thead { tr { th { "Severity" } th { "Rule" } th { "Subject" } th { "Message" } } }
                    tbody { @for finding in findings.iter().take(ROWS) { (finding_row(finding)) } }
                } }
                @if findings.len() > ROWS { p.soft { "All " (findings.len()) " findings are in evidence.json." } }
            }
        }
    }
}

fn finding_row(finding: &Finding) -> Markup {
    let class = match (&finding.waived, finding.severity) {
        (Some(_), _) | (None, Severity::Warn) => "soft",
        (None, Severity::Review) => "warn",
        (None, Severity::Deny) => "bad",
    };
    html! {
        tr {
            td data-label="Severity" { span class=(class) { (finding.severity.to_string()) } }
            td data-label="Rule" { (visible(&finding.rule)) }
            td data-label="Subject" { span { (visible(&finding.subject)) } }
            td data-label="Message" { span {
                (visible(&finding.message))
                @if finding.inconclusive { " " span.soft { "(inconclusive)" } }
                @if let Some(waived) = &finding.waived {
                    br; span.soft { "waived by " (visible(&waived.by)) " until " (waived.expires.to_string()) ": " (visible(&waived.reason)) }
                }
            } }
        }
    }
}

fn exceptions(document: &EvidenceDocument) -> Markup {
    html! {
        @if !document.approvals.is_empty() || !document.waivers.is_empty() {
            h2 { "Approvals and waivers" }
            ul {
                @for approval in &document.approvals {
                    @let what = match &approval.of {
                        crate::policy::ApprovalOf::Rule(rule) => format!("rule {rule}"),
                        crate::policy::ApprovalOf::Gate(wave) => format!("wave {wave}"),
                    };
                    li { "Approved " (visible(&what)) " by " (visible(&approval.by))
                        @if let Some(at) = approval.at { " at " (seconds(at)) }
                        @if let Some(comment) = &approval.comment { ": " (visible(comment)) } }
                }
                @for waiver in &document.waivers {
                    li { "Waiver of " (visible(&waiver.rule)) " for " (visible(&waiver.subjects.join(", ")))
                        " by " (visible(&waiver.by)) " until " (waiver.expires.to_string()) ": " (visible(&waiver.reason))
                        @if document.unused_waivers.contains(waiver) { " " span.warn { "unused" } } }
                }
            }
        }
    }
}

fn differences(plan: &Plan, comparison: &Comparison) -> Markup {
    let diff = &comparison.diff;
    let mut kinds: Vec<_> = diff.changes.iter().map(|change| &change.kind).collect();
    kinds.sort();
    kinds.dedup();
    let (from, to) = (
        name(plan, comparison.from.as_str()),
        name(plan, comparison.to.as_str()),
    );
    html! {
        p { strong { (visible(&from)) " → " (visible(&to)) } " " span.soft {
            (diff.changes.len()) " changes, " (diff.data_losses().count()) " with certain or possible data loss, "
            (comparison.report_bytes) " bytes of report" }
            @if !diff.is_complete() { " " span.warn { "incomplete" } } }
        @for kind in kinds {
            @let of_kind: Vec<_> = diff.changes.iter().filter(|change| change.kind == *kind).collect();
            @let losses = of_kind.iter().filter(|change| change.loses_data()).count();
            details {
                summary { (visible(kind.as_str())) " " span.soft { "(" (of_kind.len()) ")" }
                    @if losses > 0 { " " span.bad { (losses) " with data loss" } } }
                div.scroll { table.stack {
                    thead { tr { th { "Object" } th { "Change" } th { "Properties" } th { "Impact" } } }
                    tbody { @for change in of_kind.iter().take(ROWS) { (change_row(change)) } }
                } }
                @if of_kind.len() > ROWS {
                    p.soft { "The first " (ROWS) " of " (of_kind.len()) " rows. "
                        a href=(report_path(comparison)) { "All rows are in the comparison report." } }
                }
            }
        }
        @for section in &diff.unrecognized {
            p.warn { "Section not recognized: " (visible(&section.title)) ", " (section.rows) " rows: " (visible(&section.reason)) }
        }
        @for mismatch in &diff.count_mismatches {
            p.warn { (visible(mismatch.kind.as_str())) ": " (mismatch.summary) " " (visible(&mismatch.counter))
                " in the summary, " (mismatch.report) " in the report" }
        }
    }
}

fn change_row(change: &ObjectChange) -> Markup {
    html! {
        tr {
            td data-label="Object" { span { (visible(&change.subject())) } }
            td data-label="Change" { span { (visible(&change.change.to_string())) } }
            td data-label="Properties" { span {
                @for property in change.properties.iter().take(20) {
                    (visible(&property.name)) ": "
                    span.soft { (visible(property.from.as_deref().unwrap_or("–"))) } " → "
                    (visible(property.to.as_deref().unwrap_or("–"))) br;
                }
                @if change.properties.is_empty() { "–" }
            } }
            td data-label="Impact" { span {
                @for impact in &change.impacts {
                    @let class = match (impact.kind, impact.certainty) {
                        (ImpactKind::DataLoss, Certainty::Certain) => "bad",
                        (ImpactKind::DataLoss | ImpactKind::Unknown | ImpactKind::IntegrationBreak, _) => "warn",
                        _ => "soft",
                    };
                    span class=(class) { (impact_name(impact.kind)) } ": " (visible(&impact.reason)) br;
                }
                @if change.impacts.is_empty() { "–" }
            } }
        }
    }
}

fn impact_name(kind: ImpactKind) -> &'static str {
    match kind {
        ImpactKind::DataLoss => "data loss",
        ImpactKind::IntegrationBreak => "integrations",
        ImpactKind::AccessChange => "access",
        _ => "unknown",
    }
}

/// Returns the name of a revision of the plan, or its id.
fn name(plan: &Plan, id: &str) -> String {
    let bases = plan
        .targets()
        .filter_map(|target| target.model.latest.as_ref());
    let steps = plan
        .targets()
        .flat_map(|target| target.steps().iter().chain(target.fallback()));
    let mut known = bases.chain(steps.map(|step| &step.to));
    let found = known.find(|revision: &&RevisionRef| revision.id.as_str() == id);
    found.map_or_else(|| id.to_owned(), |revision| revision.name.clone())
}

fn status_class(document: &EvidenceDocument) -> &'static str {
    match status_text(document) {
        "finished" => "good",
        "failed" => "bad",
        "not applied" => "soft",
        _ => "warn",
    }
}

fn decision_class(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "good",
        Decision::NeedsApproval => "warn",
        Decision::Denied => "bad",
    }
}

fn outcome_class(target: &TargetEvidence) -> &'static str {
    match &target.outcome {
        _ if target.blocked.is_some() => "warn",
        None => "soft",
        Some(outcome) if outcome.is_success() => "good",
        Some(TargetOutcome::Failed { .. }) => "bad",
        Some(_) => "warn",
    }
}
