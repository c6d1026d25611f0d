use proptest::prelude::*;

use super::*;
use crate::{ComparisonReport, ComparisonSummary};

fn diff(file: &str) -> ModelDiff {
    ModelDiff::parse(file.as_bytes(), None)
}

fn subjects(diff: &ModelDiff) -> Vec<String> {
    diff.changes
        .iter()
        .map(|change| format!("{} {}", change.subject(), change.change))
        .collect()
}

fn losses(file: &str) -> Vec<(String, Certainty)> {
    let diff = diff(file);
    let certainty = |change: &ObjectChange| change.certainty(ImpactKind::DataLoss);
    let losses = diff.data_losses();
    losses
        .map(|change| (change.subject(), certainty(change).unwrap()))
        .collect()
}

fn summary(json: &str) -> ComparisonSummary {
    serde_json::from_str(json).unwrap()
}

#[test]
fn counters_of_lists_become_changes_without_names() {
    let diff = diff(
        "=== CHANGES WITHIN LISTS ===\nList\tItems Added/Moved\tItems Deleted\tItems Changed\tProperties Added\t\
         Properties Moved\tProperties Deleted\tProperties Changed\nProducts\t2\t3\t0\t-\t1\t0\t\n",
    );
    assert_eq!(
        subjects(&diff),
        [
            "listItems: Products (2 added) added",
            "listItems: Products (3 deleted) deleted",
            "listProperties: Products (1 moved) moved",
        ]
    );
    assert_eq!(diff.data_losses().count(), 1);
}

#[test]
fn unknown_counter_of_a_list_is_unrecognized_unless_zero() {
    let file = |count: &str| {
        format!(
            "=== CHANGES WITHIN LISTS ===\nList\tItems Deleted\tItems Frozen\nProducts\t0\t{count}\n"
        )
    };
    assert!(diff(&file("0")).unrecognized.is_empty());
    let diff = diff(&file("1"));
    assert_eq!(diff.unrecognized[0].reason, "unknown column Items Frozen");
    assert!(!diff.is_empty());
}

#[test]
fn rows_of_one_object_become_one_change_with_its_properties() {
    let diff = diff(
        "=== LINE ITEMS CHANGED ===\nModule\tLine Item\tProperty\tTarget\tSource\nM\tA\tFormula\t-\t1\nM\tB\tNotes\t-\tx\n\
         M\tA\tApplies To\tP\tP, Q\n",
    );
    assert_eq!(
        subjects(&diff),
        ["lineItems: M / A changed", "lineItems: M / B changed"]
    );
    assert_eq!(diff.changes[0].properties.len(), 2);
    assert_eq!(diff.changes[0].impacts.len(), 2);
    assert!(diff.changes[1].impacts.is_empty());
}

#[test]
fn changed_name_is_a_rename_and_breaks_integrations() {
    let diff =
        diff("=== EXPORTS CHANGED ===\nName\tProperty\tTarget\tSource\nNew\tName\tOld\tNew\n");
    let change = &diff.changes[0];
    assert_eq!(change.change, ChangeKind::Renamed { from: "Old".into() });
    assert_eq!(
        change.certainty(ImpactKind::IntegrationBreak),
        Some(Certainty::Certain)
    );
    assert_eq!(diff.deletions().count(), 0);
}

#[test]
fn deletion_and_addition_of_one_name_is_a_recreated_object() {
    let file = "=== LINE ITEMS ADDED ===\nModule\tLine Item\nM\tA\nN\tA\n\n=== LINE ITEMS DELETED ===\nModule\tLine Item\nM\tA\n";
    let diff = diff(file);
    assert_eq!(
        subjects(&diff),
        ["lineItems: N / A added", "lineItems: M / A re-created"]
    );
    assert_eq!(diff.deletions().count(), 1);
    assert_eq!(
        losses(file),
        [("lineItems: M / A".to_owned(), Certainty::Certain)]
    );
}

#[test]
fn production_list_that_becomes_structural_loses_its_items() {
    let file = |to: &str, from: &str| {
        format!(
            "=== LISTS CHANGED ===\nName\tProperty\tTarget\tSource\nL\tIs Production Data\t{from}\t{to}\n"
        )
    };
    assert_eq!(losses(&file("false", "true"))[0].1, Certainty::Certain);
    assert!(losses(&file("true", "false")).is_empty());
}

#[test]
fn formula_over_entered_values_is_a_possible_loss() {
    let file = |from: &str, to: &str| {
        format!(
            "=== LINE ITEMS CHANGED ===\nModule\tLine Item\tProperty\tTarget\tSource\nM\tA\tFormula\t{from}\t{to}\n"
        )
    };
    assert_eq!(losses(&file("-", "1"))[0].1, Certainty::Possible);
    assert!(losses(&file("1", "2")).is_empty());
    assert!(losses(&file("1", "-")).is_empty());
}

#[test]
fn changed_object_without_stated_properties_has_an_unknown_impact() {
    let diff = diff("=== MODULES CHANGED ===\nName\tPosition\tApplies To\nM\tFirst\tP\n");
    assert_eq!(diff.changes[0].impacts[0].kind, ImpactKind::Unknown);
    assert!(diff.unrecognized.is_empty());
}

#[test]
fn sections_without_interpretation_are_kept() {
    for (file, reason) in [
        (
            "=== UX PAGES DELETED ===\nName\nP\n",
            "unknown kind of objects",
        ),
        ("=== MODULES MERGED ===\nName\nM\n", "unknown title"),
        ("=== LINE ITEMS DELETED ===\nName\nA\n", "no column Module"),
        ("=== MODULES DELETED ===\nTitle\nM\n", "no column Name"),
        (
            "=== MODULES DELETED ===\nName\nA\tB\n",
            "more cells than columns",
        ),
        ("=== MODULES DELETED ===\nName\tNotes\n-\tx\n", "no name"),
    ] {
        let diff = diff(file);
        assert_eq!(diff.unrecognized.len(), 1, "{file}");
        assert_eq!(diff.unrecognized[0].reason, reason);
        assert_eq!(diff.unrecognized[0].rows, 1);
        assert!(!diff.is_complete());
    }
}

#[test]
fn summary_that_counts_more_than_the_report_is_a_mismatch() {
    let report = b"=== LINE ITEMS DELETED ===\nModule\tLine Item\nM\tA\n";
    let agrees = summary(r#"{"totals":{"deleted":1},"differences":{"lineItems":{"deleted":1}}}"#);
    assert!(ModelDiff::parse(report, Some(&agrees)).is_complete());
    let more = summary(r#"{"totals":{"deleted":2},"differences":{"lineItems":{"deleted":2}}}"#);
    let diff = ModelDiff::parse(report, Some(&more));
    let mismatch = &diff.count_mismatches[0];
    assert_eq!(
        (&mismatch.kind, &*mismatch.counter),
        (&ObjectKind::LineItem, "deleted")
    );
    assert_eq!((mismatch.summary, mismatch.report), (2, 1));
    let other = summary(
        r#"{"totals":{"deleted":2},"differences":{"lineItems":{"deleted":1},"pages":{"deleted":1}}}"#,
    );
    let diff = ModelDiff::parse(report, Some(&other));
    assert_eq!(
        diff.count_mismatches[0].kind,
        ObjectKind::Unknown("pages".into())
    );
    let totals = summary(r#"{"totals":{"deleted":2},"differences":{"lineItems":{"deleted":1}}}"#);
    assert!(!ModelDiff::parse(report, Some(&totals)).is_complete());
}

#[test]
fn changed_roles_agree_with_both_kinds_of_the_summary() {
    let report = b"=== ROLES CHANGED ===\nName\tChanges\nPlanner\t2\n";
    let one = r#"{"totals":{"modified":1},"differences":{"rolesContents":{"modified":1}}}"#;
    let diff = ModelDiff::parse(report, Some(&summary(one)));
    assert!(diff.is_complete(), "{diff:?}");
    assert_eq!(
        diff.changes[0].certainty(ImpactKind::AccessChange),
        Some(Certainty::Certain)
    );
    let two = r#"{"totals":{"modified":2},"differences":{"rolesContents":{"modified":2}}}"#;
    assert!(!ModelDiff::parse(report, Some(&summary(two))).is_complete());
    let both = r#"{"totals":{"modified":2},"differences":{"rolesContents":{"modified":1},"roles":{"modified":1}}}"#;
    assert!(ModelDiff::parse(report, Some(&summary(both))).is_complete());
}

#[test]
fn diff_survives_serialization() {
    let one = summary(r#"{"totals":{"modified":1},"differences":{"x":{"modified":1}}}"#);
    let file = b"=== EXPORTS CHANGED ===\nName\tProperty\tTarget\tSource\nNew\tName\tOld\tNew\n=== A ===\nB\nC\n";
    let diff = ModelDiff::parse(file, Some(&one));
    let json = serde_json::to_string(&diff).unwrap();
    assert_eq!(serde_json::from_str::<ModelDiff>(&json).unwrap(), diff);
}

proptest! {
    /// A row is a change, or is reported as not recognized.
    #[test]
    fn no_row_disappears(
        title in prop_oneof![Just("LISTS ADDED"), Just("LINE ITEMS DELETED"), Just("X"), Just("MODULES CHANGED")],
        columns in prop_oneof![Just("Name\tNotes"), Just("Module\tLine Item"), Just("A")],
        rows in proptest::collection::vec("[a-c]{1,2}(\t[a-c]{1,2}){0,2}", 1..12),
    ) {
        let file = format!("=== {title} ===\n{columns}\n{}\n", rows.join("\n"));
        let diff = diff(&file);
        let unrecognized: u64 = diff.unrecognized.iter().map(|section| section.rows).sum();
        prop_assert_eq!(diff.changes.len() as u64 + unrecognized, rows.len() as u64);
        prop_assert_eq!(&diff, &ModelDiff::new(&ComparisonReport::parse(file.as_bytes()), None));
    }

    #[test]
    fn no_file_makes_the_parser_panic(file in "(=== [A-Z ]{1,9} ===\n)?([A-Za-z\t-]{0,9}\n){0,5}") {
        let _ = diff(&file);
    }
}
