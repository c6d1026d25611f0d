//! A fixed share of the table.

use anaplan_adversary::{report, run, table};

/// The table is divided into so many shares, of which the first runs here.
const SHARES: usize = 120;

#[test]
fn first_share_of_the_table_runs_without_violation() {
    run::collect_panics();
    let cases = table::share(table::all(), 1, SHARES);
    let total = cases.len();
    let ran = run::run_all(cases, 2, &|_| {});
    assert_eq!(ran.len(), total, "every case ends");
    let violating = report::violating(&ran).count();
    assert!(
        violating == 0,
        "{}\n{}{violating} of {total} cases violate a rule",
        report::details(&ran),
        report::table(&ran)
    );
}
