//! Comparison of the counters of a summary with the changes of a report.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{ChangeKind, CountMismatch, ObjectChange, ObjectKind};
use crate::{ComparisonSummary, Differences};

/// Counters of one kind in a report.
#[derive(Debug, Default)]
struct Counted {
    created: u64,
    modified: u64,
    deleted: u64,
    /// Objects that only moved. The summary may count them as modified.
    moved: u64,
    /// `true` if the report has counters instead of names.
    counters: bool,
}

/// Returns the counters that differ.
pub(super) fn mismatches(
    changes: &[ObjectChange],
    summary: &ComparisonSummary,
) -> Vec<CountMismatch> {
    let report = count(changes);
    let mut kinds: BTreeSet<ObjectKind> = report.keys().cloned().collect();
    kinds.extend(
        summary
            .differences
            .keys()
            .map(|key| ObjectKind::from(key.as_str())),
    );
    let mut all = Vec::new();
    roles(changes, summary, &mut all);
    let none = Counted::default();
    for kind in kinds {
        if matches!(kind, ObjectKind::Role | ObjectKind::RoleContents) {
            continue;
        }
        let counted = report.get(&kind).unwrap_or(&none);
        let stated = of(summary, &kind);
        let mut check = |counter, summary, range: std::ops::RangeInclusive<u64>| {
            if !range.contains(&summary) {
                all.push(mismatch(&kind, counter, summary, *range.start()));
            }
        };
        let exactly = |number| number..=number;
        check("deleted", stated.deleted, exactly(counted.deleted));
        if counted.counters {
            // `Items Added/Moved` has moved items as well, which the summary counts as modified.
            let changed = counted.created + counted.modified;
            let sum = stated.created + stated.modified;
            check(
                "created and modified",
                sum,
                changed..=changed + counted.moved,
            );
        } else {
            check("created", stated.created, exactly(counted.created));
            let modified = counted.modified..=counted.modified + counted.moved;
            check("modified", stated.modified, modified);
        }
    }
    totals(summary, &mut all);
    all
}

fn count(changes: &[ObjectChange]) -> BTreeMap<ObjectKind, Counted> {
    let mut report: BTreeMap<ObjectKind, Counted> = BTreeMap::new();
    for change in changes {
        let counted = report.entry(change.kind.clone()).or_default();
        counted.counters |= change.name.is_none();
        match change.change {
            ChangeKind::Added => counted.created += change.count,
            ChangeKind::Deleted => counted.deleted += change.count,
            ChangeKind::Recreated => {
                counted.created += change.count;
                counted.deleted += change.count;
            }
            ChangeKind::Within => counted.moved += change.count,
            ChangeKind::Changed | ChangeKind::Renamed { .. } | ChangeKind::Unknown { .. } => {
                counted.modified += change.count;
            }
        }
    }
    report
}

fn of(summary: &ComparisonSummary, kind: &ObjectKind) -> Differences {
    summary
        .differences
        .get(kind.as_str())
        .copied()
        .unwrap_or_default()
}

fn mismatch(kind: &ObjectKind, counter: &str, summary: u64, report: u64) -> CountMismatch {
    CountMismatch {
        kind: kind.clone(),
        counter: counter.to_owned(),
        summary,
        report,
    }
}

/// The report has one row for a changed role, and none for the permissions of an added or deleted one.
fn roles(changes: &[ObjectChange], summary: &ComparisonSummary, all: &mut Vec<CountMismatch>) {
    let (roles, contents) = (
        of(summary, &ObjectKind::Role),
        of(summary, &ObjectKind::RoleContents),
    );
    let is_role =
        |change: &&ObjectChange| matches!(change.kind, ObjectKind::Role | ObjectKind::RoleContents);
    let counted = count(
        &changes
            .iter()
            .filter(|change| change.kind == ObjectKind::Role)
            .cloned()
            .collect::<Vec<_>>(),
    );
    let counted = counted.get(&ObjectKind::Role);
    let (created, deleted) = counted.map_or((0, 0), |counted| (counted.created, counted.deleted));
    let changed: BTreeSet<&str> = changes
        .iter()
        .filter(is_role)
        .filter(|change| !matches!(change.change, ChangeKind::Added | ChangeKind::Deleted))
        .filter_map(|change| change.name.as_deref())
        .collect();
    let changed = changed.len() as u64;
    if roles.created != created {
        all.push(mismatch(
            &ObjectKind::Role,
            "created",
            roles.created,
            created,
        ));
    }
    if roles.deleted != deleted {
        all.push(mismatch(
            &ObjectKind::Role,
            "deleted",
            roles.deleted,
            deleted,
        ));
    }
    let range = roles.modified.max(contents.modified)..=roles.modified + contents.count();
    if !range.contains(&changed) {
        all.push(mismatch(
            &ObjectKind::Role,
            "modified",
            *range.start(),
            changed,
        ));
    }
    for (counter, stated, covered) in [
        ("created", contents.created, created + changed),
        ("deleted", contents.deleted, deleted + changed),
    ] {
        if stated > covered {
            all.push(mismatch(
                &ObjectKind::RoleContents,
                counter,
                stated,
                covered,
            ));
        }
    }
}

/// The totals must be the sums of the kinds.
fn totals(summary: &ComparisonSummary, all: &mut Vec<CountMismatch>) {
    let sum = |counter: fn(&Differences) -> u64| summary.differences.values().map(counter).sum();
    let kind = ObjectKind::Unknown("totals".into());
    for (name, counter) in [
        ("created", (|of| of.created) as fn(&Differences) -> u64),
        ("modified", |of| of.modified),
        ("deleted", |of| of.deleted),
    ] {
        let (stated, sum): (u64, u64) = (counter(&summary.totals), sum(counter));
        if stated != sum {
            all.push(mismatch(&kind, name, stated, sum));
        }
    }
}
