//! Rules about the differences of a target.

use std::collections::BTreeSet;

use anaplan_alm::{ChangeKind, CountMismatch, ImpactKind, ModelDiff, ObjectChange, ObjectKind};

use crate::glob::any_matches;
use crate::plan::{Comparison, PlannedTarget, SyncStep};
use crate::policy::Rule;

/// A violation, before it becomes a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) subject: String,
    pub(super) message: String,
    pub(super) inconclusive: bool,
}

impl Hit {
    pub(super) fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
            inconclusive: false,
        }
    }

    pub(super) fn inconclusive(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            inconclusive: true,
            ..Self::new(subject, message)
        }
    }
}

/// The differences of a target on all its routes.
#[derive(Debug)]
pub(super) struct Differences<'a> {
    routes: Vec<Vec<&'a ModelDiff>>,
    missing: Vec<String>,
}

impl<'a> Differences<'a> {
    pub(super) fn of(target: &'a PlannedTarget, comparisons: &'a [Comparison]) -> Self {
        let mut missing = BTreeSet::new();
        let mut route = |steps: &'a [SyncStep]| {
            let mut diffs = Vec::new();
            for step in steps {
                let comparison = step.comparison.and_then(|index| comparisons.get(index));
                match comparison {
                    Some(comparison) => diffs.push(&comparison.diff),
                    None => {
                        let (from, to) = (&step.pair.target_revision, &step.pair.source_revision);
                        missing.insert(format!("comparison: {from} -> {to}"));
                    }
                }
            }
            diffs
        };
        Self {
            routes: vec![route(target.steps()), route(target.fallback())],
            missing: missing.into_iter().collect(),
        }
    }

    fn diffs(&self) -> impl Iterator<Item = &'a ModelDiff> {
        self.routes.iter().flatten().copied()
    }

    /// Returns the violations of a rule, each subject once. `None` for rules about other things.
    pub(super) fn violations(&self, rule: &Rule) -> Option<Vec<Hit>> {
        let mut hits = match rule {
            Rule::NoDeletions { kinds } => {
                let selected = |kind: &ObjectKind| kinds.is_empty() || kinds.contains(kind);
                let hit = |change: &ObjectChange| {
                    (change.is_deletion() && selected(&change.kind))
                        .then(|| Hit::new(change.subject(), format!("is {}", change.change)))
                };
                self.hits(hit, selected)
            }
            Rule::NoDataLoss { certainty } => {
                let hit = |change: &ObjectChange| {
                    let impacts = change.impacts.iter();
                    let mut losses = impacts.filter(|impact| {
                        impact.kind == ImpactKind::DataLoss && impact.certainty >= *certainty
                    });
                    let loss = losses.next()?;
                    let verb = match loss.certainty {
                        anaplan_alm::Certainty::Certain => "loses data",
                        anaplan_alm::Certainty::Possible => "may lose data",
                    };
                    Some(Hit::new(
                        change.subject(),
                        format!("{verb}: {}", loss.reason),
                    ))
                };
                self.hits(hit, |_| true)
            }
            Rule::Untouched { modules, lists } => {
                let hit = |change: &ObjectChange| {
                    touches(change, modules, lists)
                        .then(|| Hit::new(change.subject(), format!("is {}", change.change)))
                };
                self.hits(hit, |kind| {
                    !modules.is_empty() && in_modules(kind) || !lists.is_empty() && in_lists(kind)
                })
            }
            Rule::AtMost { changes, kinds } => {
                let selected = |kind: &ObjectKind| kinds.is_empty() || kinds.contains(kind);
                let count = |route: &Vec<&ModelDiff>| -> u64 {
                    let all = route.iter().flat_map(|diff| &diff.changes);
                    all.filter(|change| selected(&change.kind))
                        .map(|change| change.count)
                        .sum()
                };
                let count = self.routes.iter().map(count).max().unwrap_or(0);
                let mut hits = self.hits(|_| None, selected);
                if count > *changes {
                    let message = format!("has more than {changes} changes");
                    hits.push(Hit::new(format!("changes: {count}"), message));
                }
                hits
            }
            _ => return None,
        };
        let missing = self.missing.iter();
        hits.extend(
            missing.map(|subject| {
                Hit::inconclusive(subject, "could not be read when the plan was made")
            }),
        );
        Some(hits)
    }

    /// Returns the violations of the changes, and an inconclusive one for each mismatch of a selected kind.
    fn hits(
        &self,
        hit: impl Fn(&ObjectChange) -> Option<Hit>,
        selected: impl Fn(&ObjectKind) -> bool,
    ) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut subjects = BTreeSet::new();
        let mut add = |new: Hit| {
            if subjects.insert(new.subject.clone()) {
                hits.push(new);
            }
        };
        for diff in self.diffs() {
            diff.changes.iter().filter_map(&hit).for_each(&mut add);
            let all = ObjectKind::Unknown("totals".into());
            let mismatches = diff.count_mismatches.iter();
            mismatches
                .filter(|mismatch| mismatch.kind == all || selected(&mismatch.kind))
                .map(contradiction)
                .for_each(&mut add);
        }
        hits
    }

    /// Returns the content that is not recognized, and the changes with unknown impact.
    pub(super) fn unrecognized(&self) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut subjects = BTreeSet::new();
        for diff in self.diffs() {
            let sections = diff.unrecognized.iter().map(|section| {
                let subject = format!("section: {} ({} rows)", section.title, section.rows);
                Hit::new(subject, format!("is not recognized: {}", section.reason))
            });
            let changes = diff.changes.iter().filter_map(|change| {
                let mut impacts = change.impacts.iter();
                let unknown = impacts.find(|impact| impact.kind == ImpactKind::Unknown)?;
                Some(Hit::new(
                    change.subject(),
                    format!("is {}: {}", change.change, unknown.reason),
                ))
            });
            // Kinds that the summary counts and that have no meaning here.
            let kinds = diff.count_mismatches.iter();
            let kinds = kinds.filter(|mismatch| matches!(mismatch.kind, ObjectKind::Unknown(_)));
            hits.extend(sections.chain(changes).chain(kinds.map(contradiction)));
        }
        hits.retain(|hit: &Hit| subjects.insert(hit.subject.clone()));
        hits
    }
}

fn contradiction(mismatch: &CountMismatch) -> Hit {
    let CountMismatch {
        kind,
        counter,
        summary,
        report,
        ..
    } = mismatch;
    let subject = format!("{kind}: {summary} {counter} in the summary, {report} in the report");
    Hit::inconclusive(subject, "summary and report contradict each other")
}

fn in_modules(kind: &ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Module
            | ObjectKind::LineItem
            | ObjectKind::LineItemSubset
            | ObjectKind::SavedView
    )
}

fn in_lists(kind: &ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::List | ObjectKind::ListItem | ObjectKind::ListProperty | ObjectKind::ListSubset
    )
}

/// Returns `true` if a change concerns a selected object or one of its children.
fn touches(change: &ObjectChange, modules: &[String], lists: &[String]) -> bool {
    let patterns = match &change.kind {
        kind if in_modules(kind) => modules,
        kind if in_lists(kind) => lists,
        _ => return false,
    };
    let is_container = matches!(change.kind, ObjectKind::Module | ObjectKind::List);
    let mut names = vec![change.parent.as_deref()];
    if is_container {
        names.push(change.name.as_deref());
        if let ChangeKind::Renamed { from } = &change.change {
            names.push(Some(from));
        }
    }
    names
        .into_iter()
        .flatten()
        .any(|name| any_matches(patterns, name))
}
