//! A fixed share of the table.

use anaplan_adversary::case::{Case, Op};
use anaplan_adversary::operations::{Outcome, Target, perform};
use anaplan_adversary::scene::Scene;
use anaplan_adversary::{report, run, table};

/// The table is divided into so many shares, of which the first runs here.
const SHARES: usize = 40;

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

#[tokio::test]
async fn every_operation_succeeds_against_an_honest_server() {
    for op in Op::ALL {
        let scene = Scene::new(Case::honest(op), &Target::new()).await.unwrap();
        let call = perform(op, &scene.client, None);
        let outcome = scene.drive(std::time::Duration::from_secs(600), call).await;
        let succeeded = match &outcome {
            Ok(Outcome::Started { waited, .. }) => !matches!(waited, Some(Err(_))),
            Ok(outcome) => outcome.failure().is_none(),
            Err(_) => false,
        };
        assert!(succeeded, "{op:?}: {outcome:?}\n{}", scene.story());
    }
}

#[test]
fn ids_of_cases_are_unique() {
    let mut ids: Vec<_> = table::all().iter().map(ToString::to_string).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
