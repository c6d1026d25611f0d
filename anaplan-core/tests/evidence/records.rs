//! Records of attempts: when they are passed on, and what they prove later.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_core::{ErrorKind, Evaluation, ReconciliationRecord};
use serde_json::json;

use crate::world::{CreateRow, PASSWORD, Row, Step, TOKEN, World, create, created, rows};

/// Records that a call passes on, with the number of writes that had been sent by then.
type Log = Arc<Mutex<Vec<(ReconciliationRecord, usize)>>>;

fn log(world: &Arc<World>) -> (Log, impl Fn(&ReconciliationRecord) + Send + Sync + use<>) {
    let log = Log::default();
    let (world, entries) = (Arc::clone(world), Arc::clone(&log));
    (log, move |record: &ReconciliationRecord| {
        let entry = (record.clone(), world.writes());
        entries.lock().unwrap().push(entry);
    })
}

#[tokio::test(start_paused = true)]
async fn on_attempt_receives_the_record_before_each_attempt_is_sent() {
    let writes = vec![Step::Respond(429, String::new()), created("own")];
    let world = World::new(vec![rows(&["a"]), rows(&["a", "b"])], writes);
    let (log, observe) = log(&world);
    world
        .session()
        .call(create())
        .on_attempt(observe)
        .await
        .unwrap();
    let log = log.lock().unwrap();
    let writes: Vec<_> = log.iter().map(|(_, writes)| *writes).collect();
    assert_eq!(writes, [0, 1]);
    let [(first, _), (second, _)] = &log[..] else {
        panic!("two attempts");
    };
    assert_eq!(first.baseline.as_deref().unwrap(), ["a"]);
    assert_eq!(second.baseline.as_deref().unwrap(), ["a", "b"]);
    assert_eq!(first.operation, "test.create_row");
    assert_eq!(first.path, "/P/rows");
    assert_eq!(first.request, json!({"name": "Spring"}));
    assert_ne!(first.nonce, second.nonce);
    let agents: Vec<_> = world.seen().into_iter().map(|seen| seen.agent).collect();
    assert!(agents[1].contains(&first.nonce) && agents[3].contains(&second.nonce));
    assert!(!agents[0].contains("attempt") && !agents[2].contains("attempt"));
}

/// Drops a call after its request was sent, and returns its record as another process would read it.
async fn record_of_a_dropped_call(world: &Arc<World>, row: CreateRow) -> ReconciliationRecord {
    let (log, observe) = log(world);
    let call = world.session().call(row).on_attempt(observe).into_future();
    let dropped = tokio::time::timeout(Duration::from_secs(1), call).await;
    assert!(dropped.is_err());
    assert_eq!(world.writes(), 1);
    let (record, _) = log.lock().unwrap().remove(0);
    let stored = serde_json::to_string(&record).unwrap();
    assert!(!stored.contains(TOKEN) && !stored.contains(PASSWORD));
    let read: ReconciliationRecord = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, record);
    read
}

#[tokio::test(start_paused = true)]
async fn record_of_a_dropped_call_is_evaluated_by_another_session() {
    let presumed = CreateRow {
        proven: false,
        ..create()
    };
    let expired = CreateRow {
        expires: true,
        ..create()
    };
    let own = || Row("own".into());
    for (row, later, expected) in [
        (create(), rows(&["a", "own"]), Evaluation::Confirmed(own())),
        (
            presumed,
            rows(&["a", "own"]),
            Evaluation::Presumed {
                id: "own".to_owned(),
                output: own(),
            },
        ),
        (
            expired,
            rows(&["a"]),
            Evaluation::NotExecuted("the parent is gone".to_owned()),
        ),
        (
            create(),
            rows(&["a"]),
            Evaluation::Unknown("no effect is visible".to_owned()),
        ),
        (
            create(),
            rows(&["a", "b", "c"]),
            Evaluation::Unknown("several rows are new".to_owned()),
        ),
    ] {
        let world = World::new(vec![rows(&["a"]), later], vec![Step::Hang]);
        let record = record_of_a_dropped_call(&world, row.clone()).await;
        let evaluation = world.session().evaluate(row, record).await.unwrap();
        assert_eq!(evaluation, expected);
        assert_eq!(world.writes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn record_of_an_ambiguous_error_can_be_evaluated() {
    let mut listings = vec![rows(&["a"]); 15];
    listings.push(rows(&["a", "own"]));
    let world = World::new(listings, vec![Step::Respond(503, String::new())]);
    let session = world.session();
    let error = session.call(create()).await.unwrap_err();
    let record = error.record().unwrap().clone();
    assert_eq!(record.checks.len(), 14);
    assert!(
        record
            .checks
            .iter()
            .all(|check| check.result == "no effect is visible")
    );
    let evaluation = session.evaluate(create(), record).await.unwrap();
    assert_eq!(evaluation, Evaluation::Confirmed(Row("own".into())));
    assert_eq!(world.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn evaluate_rejects_records_of_other_operations_and_versions() {
    let world = World::new(vec![rows(&[])], vec![Step::Hang]);
    let record = record_of_a_dropped_call(&world, create()).await;
    let mut other = record.clone();
    other.operation = "test.delete_row".to_owned();
    let mut newer = record;
    newer.version += 1;
    for record in [other, newer] {
        let error = world
            .session()
            .evaluate(create(), record)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn evaluate_reports_a_listing_that_cannot_be_read() {
    let listings = vec![rows(&[]), Step::Respond(200, "{}".to_owned())];
    let world = World::new(listings, vec![Step::Hang]);
    let record = record_of_a_dropped_call(&world, create()).await;
    let error = world
        .session()
        .evaluate(create(), record)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
}
