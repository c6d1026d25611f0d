//! Responses with another shape: each is read, or refused with the path of the field.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_alm::{Alm, RevisionPair};
use anaplan_conformance::matrix;
use anaplan_core::{Error, ErrorKind, Pending, Result};
use anaplan_testkit::Fault;
use support::{OPERATIONS, Stage, runtime};

#[tokio::test(start_paused = true)]
async fn variant_of_a_response_is_read_or_rejected_with_its_path() {
    matrix::reads_or_rejects_variants(&OPERATIONS, 13, |_| false).await;
}

#[test]
fn mixture_of_variants_is_read_or_rejected() {
    matrix::reads_or_rejects_mixtures(&OPERATIONS, &runtime(), |_| false);
}

/// A call, the response, and a part of the `Debug` text of the value or of the error.
struct Row {
    call: fn(&Alm) -> Pending<String>,
    route: &'static str,
    body: &'static str,
    expected: std::result::Result<&'static str, &'static str>,
}

fn shown<T, F>(call: F) -> Pending<String>
where
    T: std::fmt::Debug,
    F: std::future::IntoFuture<Output = Result<T>> + Send + 'static,
    F::IntoFuture: Send,
{
    Pending::new(async move { call.into_future().await.map(|value| format!("{value:?}")) })
}

fn pair() -> RevisionPair {
    RevisionPair::new("A", "B", "C")
}

/// Text of the error for a collection that is missing and not proven to be empty.
const UNPROVEN: &str = "does not prove that there are none";
const REVISIONS: &str = "GET /2/0/models/*/alm/revisions";
const TASK: &str = "GET /2/0/models/*/alm/syncTasks/*";
const SUMMARY: &str = "GET /2/0/models/*/alm/summaryReports/*/*";

macro_rules! rows {
    ($(($route:expr, |$alm:ident| $call:expr): [$($body:literal => $expected:expr,)+])+) => {
        &[$($(Row {
            route: $route,
            call: |$alm| shown($call),
            body: $body,
            expected: $expected,
        },)+)+]
    };
}

const ROWS: &[Row] = rows! {
    (REVISIONS, |alm| alm.get_revisions()): [
        r#"{"revisions":[{"id":"AB","creationMethod":"By telepathy"}]}"#
            => Ok(r#"creation_method: Some(Unknown("By telepathy"))"#),
        r#"{"revisions":[{"id":"AB","colour":{"red":[1]}}],"links":{}}"# => Ok(r#"id: "AB""#),
        r#"{"revisions":[{"id":"AB","name":"N"}]}"# => Ok("description: None, created_on: None"),
        r#"{"revisions":[{"id":101000000001}]}"# => Ok(r#"id: "101000000001""#),
        r#"{"status":{"code":200}}"# => Err(UNPROVEN),
        r#"{"status":{"code":200},"meta":{"paging":{"totalSize":0}}}"# => Ok("[]"),
        r#"{"revisions":null,"meta":null}"# => Err(UNPROVEN),
        r#"{}"# => Err(UNPROVEN),
        r#"{"status":{"code":200},"revisions":null,"meta":null}"# => Err(UNPROVEN),
        r#"{"status":{"code":200},"revisions":null,"meta":{"paging":{"totalSize":0}}}"# => Ok("[]"),
        r#"{"status":{"code":503}}"# => Err("its status.code is 503"),
        r#"{"status":{"code":200},"meta":{"paging":{"totalSize":3}}}"# => Err(UNPROVEN),
        r#"{"revisions":[{"id":"AB","createdOn":null,"createdBy":null}]}"# => Ok("created_by: None"),
        r#"{"revisions":[{"id":"AB","name":null}]}"# => Ok(r#"name: """#),
        "" => Err("the response is empty"),
        " <html></html>" => Err("the response is HTML"),
        r#"{"revisions":[{"id":"AB","createdOn":"yesterday"}]}"# => Err("at revisions[0].createdOn"),
        r#"{"revisions":[{"id":"AB"},{"name":"x"}]}"# => Err("at revisions[1]: missing field `id`"),
        r#"{"revisions":[{"id":["AB"]}]}"# => Err("at revisions[0].id"),
        r#"{"revisions":{}}"# => Err("at revisions"),
        "[]" => Err("the response has another shape"),
    ]
    (TASK, |alm| alm.get_sync_task("T")): [
        r#"{"task":{"taskId":7,"taskState":"DREAMING","progress":0.5}}"#
            => Ok(r#"task_id: "7", task_state: Unknown("DREAMING")"#),
        r#"{"task":{"taskId":"T","creationTime":1718000000123}}"# => Ok("2024-06-10T06:13:20.123Z"),
        r#"{"task":{"taskId":"T","result":null}}"# => Ok("result: None"),
        r#"{"task":{"taskId":"T","result":{}}}"# => Ok("successful: false"),
        r#"{"task":{"taskId":"T","result":{"successful":true,"error":null}}}"# => Ok("error: None"),
        r#"{"task":{"taskId":"T","result":{"successful":"yes"}}}"# => Err("at task.result.successful"),
        r#"{"task":{}}"# => Err("at task: missing field `taskId`"),
        r#"{"task":null}"# => Err("the response has no 'task'"),
        r#"{"task":[]}"# => Err("at task"),
    ]
    (SUMMARY, |alm| alm.get_comparison_summary(pair())): [
        r#"{"summaryReport":{}}"# => Ok("ComparisonSummary"),
        r#"{"summaryReport":{"totals":null,"differences":null}}"# => Ok("created: 0"),
        r#"{"summaryReport":{"differences":{"x":{"created":null}}}}"# => Ok(r#"{"x": Differences"#),
        r#"{"summaryReport":{"totals":{"created":"many"}}}"# => Err("at summaryReport.totals"),
        r#"{}"# => Err("the response has no 'summaryReport'"),
    ]
};

#[tokio::test(start_paused = true)]
async fn response_is_read_or_refused_as_in_the_table() {
    let stage = Stage::set().await;
    for row in ROWS {
        stage.fake.inject(Fault::reply(200, row.body).on(row.route));
        let outcome = (row.call)(&stage.alm).await;
        stage.fake.clear_faults();
        let told = outcome.as_ref().map_err(Error::to_string);
        match (&row.expected, &told) {
            (Ok(part), Ok(value)) => assert!(value.contains(part), "{}: {value}", row.body),
            (Err(part), Err(error)) => {
                assert!(error.contains(part), "{}: {error}", row.body);
                let kind = if *part == UNPROVEN {
                    ErrorKind::Incomplete
                } else {
                    ErrorKind::Decode
                };
                assert_eq!(outcome.unwrap_err().kind(), kind, "{}", row.body);
            }
            _ => panic!("{}: {told:?}", row.body),
        }
    }
}
