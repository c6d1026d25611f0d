//! Runs whose answers get lost, and the ways around them.

use crate::Content;
use anaplan_core::{ErrorKind, Origin};

use crate::test_server::{EMPTY_LIST, Fault, TestServer};

const TASKS: &str = "/2/0/models/M/imports/112000000007/tasks";
const ACTION: &str = "112000000007";
const GET: &str = "GET /2/0/models/M/imports/112000000007/tasks";

fn server(lists: &[&str]) -> TestServer {
    let server = TestServer::default();
    for list in lists {
        server.canned(GET, 200, list);
    }
    server.canned(
        &format!("POST {TASKS}"),
        200,
        r#"{"task":{"taskId":"NEW"}}"#,
    );
    server
}

const OLD: &str = r#"{"tasks":[{"taskId":"OLD","taskState":"COMPLETE"}]}"#;
const ONE: &str = r#"{"tasks":[{"taskId":"OLD","taskState":"COMPLETE"},{"taskId":"NEW","taskState":"NOT_STARTED"}]}"#;
const TWO: &str = r#"{"tasks":[{"taskId":"OLD"},{"taskId":"NEW"},{"taskId":"OTHER"}]}"#;

#[tokio::test(start_paused = true)]
async fn single_new_run_after_a_lost_response_is_presumed_and_never_started_again() {
    let lost = || {
        let server = server(&[OLD, ONE]);
        server.fault(&format!("POST {TASKS}"), Fault::DropAfter);
        server
    };
    let server = lost();
    let error = server.bulk().run_action(ACTION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(error.id("taskId"), Some("NEW"), "{error}");
    assert!(error.record().is_some());
    assert_eq!(server.count("POST"), 1);

    let server = lost();
    let task = server.bulk().run_action(ACTION).accept_presumed();
    let task = task.await.unwrap();
    assert_eq!(
        (task.id().as_str(), task.origin()),
        ("NEW", Origin::Presumed)
    );
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test(start_paused = true)]
async fn run_is_not_started_again_because_nothing_was_found() {
    let server = server(&[OLD]);
    server.fault(&format!("POST {TASKS}"), Fault::DropBefore);
    let error = server.bulk().run_import(ACTION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test(start_paused = true)]
async fn several_new_runs_after_a_lost_response_are_ambiguous() {
    let server = server(&[OLD, TWO]);
    server.fault(&format!("POST {TASKS}"), Fault::DropAfter);
    let error = server.bulk().run_action(ACTION).accept_presumed();
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("2 new runs"), "{error}");
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_run_unless_the_upload_is_complete() {
    let server = server(&[OLD]);
    server.put("113000000001", &[]);
    server.fault("chunks/0", Fault::Status(404));
    let failed = server
        .bulk()
        .upload_and_import("113000000001", Content::text("a,b\n"), "112000000007")
        .await;
    let error = failed.unwrap_err();
    assert_eq!(
        (error.kind(), error.id("chunksSent")),
        (ErrorKind::NotFound, Some("0"))
    );
    assert_eq!(server.count("/tasks"), 0);

    let error = server
        .bulk()
        .upload_and_import("113000000001", Content::text("a"), "101000000001")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn data_go_in_and_come_out_in_one_call() {
    let server = server(&[OLD]);
    server.put("113000000001", &[]);
    server.canned(
        &format!("{GET}/NEW"),
        200,
        r#"{"task":{"taskId":"NEW","taskState":"COMPLETE","result":{"successful":true,"failureDumpAvailable":true}}}"#,
    );
    let bulk = server.bulk();
    let outcome = bulk
        .upload_and_import("113000000001", Content::text("a,b\n"), "112000000007")
        .await
        .unwrap();
    assert!(outcome.failure_dump_available());
    assert_eq!(server.content("113000000001"), b"a,b\n");

    let export = "/2/0/models/M/exports/116000000001";
    server.put("116000000001", &["a,b\n", "1,2\n"]);
    server.canned(&format!("GET {export}/tasks"), 200, EMPTY_LIST);
    server.canned(&format!("POST {export}/tasks"), 200, r#"{"taskId":"E"}"#);
    server.canned(
        &format!("GET {export}/tasks/E"),
        200,
        r#"{"task":{"taskId":"E","taskState":"COMPLETE","result":{"successful":true}}}"#,
    );
    server.canned(
        &format!("GET {export}"),
        200,
        r#"{"exportMetadata":{"exportFormat":"text/csv","separator":","}}"#,
    );
    let export = "116000000001";
    assert_eq!(
        bulk.export_and_download(export).await.unwrap(),
        "a,b\n1,2\n"
    );
    let mut rows = bulk.export_rows::<(u8, u8)>(export).await.unwrap();
    assert_eq!(rows.next_row().await.unwrap().unwrap(), (1, 2));
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_code_does_the_same() {
    const FILE: &str = "113000000001";
    let server = TestServer::default();
    server.put(FILE, &["old"]);
    server.state().at_once = true;
    let bulk = server.bulk();
    let lines = (0..100_000).map(|n| format!("{n},name {n}\n"));
    let done = bulk
        .upload_file(FILE, crate::Content::iter(lines))
        .chunk_size(1_000_000)
        .run()
        .unwrap();
    assert_eq!(done.chunks, 2);
    let whole = bulk.get_file(FILE).run().unwrap();
    let chunks: Vec<anaplan_core::Bytes> = bulk
        .get_file_stream(FILE)
        .collect::<anaplan_core::Result<_>>()
        .unwrap();
    assert_eq!((chunks.len(), chunks.concat()), (2, whole.to_vec()));
    let format = crate::TableFormat::default().without_header();
    let rows = bulk.get_file(FILE).rows::<(u32, String)>(format);
    let last = rows.map(|row| row.unwrap()).last();
    assert_eq!(last, Some((99_999, "name 99999".into())));
}
