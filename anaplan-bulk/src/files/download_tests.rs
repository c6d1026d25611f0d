use super::*;
use crate::test_server::{EMPTY_LIST, Fault, TestServer};
use crate::{ActionTask, RowStatus};
use std::collections::BTreeMap;

const FILE: &str = "116000000001";

fn server(chunks: usize) -> TestServer {
    let server = TestServer::default();
    let texts: Vec<String> = (0..chunks).map(|n| format!("<{n}>")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    server.put(FILE, &texts);
    server
}

fn whole(chunks: std::ops::Range<usize>) -> String {
    chunks.map(|n| format!("<{n}>")).collect()
}

#[tokio::test(start_paused = true)]
async fn chunks_come_in_order_however_they_arrive() {
    let server = server(12);
    assert_eq!(server.bulk().get_file(FILE).await.unwrap(), whole(0..12));
    assert_eq!(server.state().most_in_flight, 4);
    let mut written = server.bulk().get_file(FILE).from_chunk(9).stream();
    let first = written.chunk().await.unwrap().unwrap();
    assert_eq!((&first[..], written.position()), (&b"<9>"[..], 10));
    let error = server
        .bulk()
        .get_file(FILE)
        .from_chunk(13)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn a_broken_chunk_is_fetched_again_alone_and_nothing_is_cut_off() {
    let server = server(5);
    server.fault("chunks/1", Fault::Truncate);
    server.fault("chunks/3", Fault::DropBefore);
    server.fault("chunks/4", Fault::Status(502));
    assert_eq!(server.bulk().get_file(FILE).await.unwrap(), whole(0..5));
    let gets: Vec<_> = (0..5)
        .map(|n| server.count(&format!("chunks/{n}")))
        .collect();
    assert_eq!(gets, [1, 2, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_download_that_ended_goes_on_where_it_was() {
    let server = server(6);
    server.fault("chunks/3", Fault::Status(404));
    let mut stream = server.bulk().get_file(FILE).stream();
    let mut got = String::new();
    let error = loop {
        match stream.chunk().await.unwrap() {
            Ok(chunk) => got.push_str(std::str::from_utf8(&chunk).unwrap()),
            Err(error) => break error,
        }
    };
    assert!(error.is_not_found() && stream.chunk().await.is_none());
    let rest = server
        .bulk()
        .get_file(FILE)
        .from_chunk(stream.position())
        .await
        .unwrap();
    got.push_str(std::str::from_utf8(&rest).unwrap());
    assert_eq!(got, whole(0..6));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_overrun() {
    let server = server(20);
    let mut stream = server.bulk().get_file(FILE).concurrency(3).stream();
    stream.chunk().await.unwrap().unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert!(server.count("chunks/") <= 4, "{}", server.count("chunks/"));
}

#[tokio::test(start_paused = true)]
async fn a_hole_in_the_chunks_is_an_error() {
    let server = server(3);
    server.canned(
        "GET /2/0/models/M/files/116000000001/chunks",
        200,
        r#"{"chunks":[{"id":"0"},{"id":2}]}"#,
    );
    let error = server.bulk().get_file(FILE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(server.count("chunks/"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_the_list_of_chunks_is_told_with_the_file() {
    let server = server(3);
    let too_far = server
        .bulk()
        .get_file(FILE)
        .from_chunk(9)
        .await
        .unwrap_err();
    let path = "GET /2/0/models/M/files/116000000001/chunks";
    server.canned(path, 200, r#"{"chunks":[{"id":"0"},{"id":2}]}"#);
    let hole = server.bulk().get_file(FILE).await.unwrap_err();
    for error in [too_far, hole] {
        assert_eq!(error.operation(), Some("bulk.get_chunks"), "{error}");
        assert_eq!(error.id("fileId"), Some("116000000001"), "{error}");
        assert_eq!(error.id("modelId"), Some("M"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_told_from_none() {
    let server = TestServer::default();
    server.put(FILE, &[]);
    let error = server.bulk().get_file(FILE).await.unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("48 hours"),
        "{error}"
    );
    server.canned("GET /2/0/models/M/files/116000000001", 200, "");
    assert!(server.bulk().get_file(FILE).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_saved_file_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let server = server(5);
    server.fault("chunks/4", Fault::Status(404));
    assert!(server.bulk().get_file(FILE).save_to(&path).await.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(
        server.bulk().get_file(FILE).save_to(&path).await.unwrap(),
        15
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole(0..5));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let written = server
        .bulk()
        .get_file(FILE)
        .write_to(std::io::Cursor::new(Vec::new()));
    assert_eq!(written.await.unwrap(), 15);
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Row {
    name: String,
    amount: f64,
}

#[tokio::test(start_paused = true)]
async fn rows_are_read_across_chunks() {
    let server = TestServer::default();
    server.put(FILE, &["na", "me,amount\n\"a\n", "b\",1.", "5\nc,x\n"]);
    let mut rows = server
        .bulk()
        .get_file(FILE)
        .rows::<Row>(TableFormat::default());
    let row = rows.next_row().await.unwrap().unwrap();
    assert_eq!(
        row,
        Row {
            name: "a\nb".into(),
            amount: 1.5
        }
    );
    assert_eq!(rows.columns(), Some(vec!["name", "amount"]));
    let error = rows.next_row().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error
            .to_string()
            .contains("row 3 (line 4), column 'amount'"),
        "{error}"
    );
    assert!(rows.next_row().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn rows_may_have_no_header_or_more_above_it() {
    let server = TestServer::default();
    server.put(FILE, &["page;1\nname;amount\n-;-\na;1\n"]);
    let mut format = TableFormat::default();
    format.separator = ';';
    format.header_row = Some(2);
    format.first_data_row = 4;
    let mut rows = server
        .bulk()
        .get_file(FILE)
        .rows::<BTreeMap<String, String>>(format);
    assert_eq!(rows.next_row().await.unwrap().unwrap()["amount"], "1");
    assert!(rows.next_row().await.is_none());
    server.put(FILE, &["a,1\nb,2\n"]);
    let rows = server
        .bulk()
        .get_file(FILE)
        .rows::<Row>(TableFormat::default().without_header());
    let rows: Vec<Row> = rows.try_collect().await.unwrap();
    assert_eq!(
        rows[1],
        Row {
            name: "b".into(),
            amount: 2.0
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_dump_is_read_row_by_row_and_its_absence_has_one_face() {
    let server = TestServer::default();
    let task = ActionTask::new("M", "112000000007", "T");
    let path = "GET /2/0/models/M/imports/112000000007/tasks/T/dump/chunks";
    server.canned(path, 200, r#"{"chunks":[{"id":"0"},{"id":"1"}]}"#);
    server.canned(&format!("{path}/0"), 200, "_Status_\tCode\t_Line_\t_Err");
    server.canned(
        &format!("{path}/1"),
        200,
        "or_1_\nE\tA1\t2\tbad\nW\tA2\t3\todd\n",
    );
    let rows: Vec<_> = server
        .bulk()
        .get_dump(&task)
        .dump_rows()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].status, RowStatus::Warning);
    assert_eq!((rows[0].value("Code"), rows[0].line), (Some("A1"), Some(2)));

    for (status, body) in [(204, ""), (400, ""), (404, ""), (200, EMPTY_LIST)] {
        let server = TestServer::default();
        server.canned(path, status, body);
        let error = server.bulk().get_dump(&task).await.unwrap_err();
        assert!(error.is_not_found(), "{status}: {error}");
    }
    let server = TestServer::default();
    server.canned(path, 200, "{}");
    let error = server.bulk().get_dump(&task).await.unwrap_err();
    assert!(!error.is_not_found(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn fewer_listed_chunks_than_the_file_has_are_an_error() {
    for file in [FILE, "113000000001"] {
        let server = server(3);
        server.put(file, &["a", "b"]);
        let files = "GET /2/0/models/M/files";
        let row = |count: i32| format!(r#"{{"files":[{{"id":"{file}","chunkCount":{count}}}]}}"#);
        server.canned(files, 200, &row(3));
        let error = server.bulk().get_file(file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
        assert!(error.to_string().contains("3 chunks"), "{error}");
        assert_eq!(server.count("chunks/"), 0);

        let server = TestServer::default();
        server.put(file, &["a", "b"]);
        server.canned(files, 200, &row(2));
        assert_eq!(server.bulk().get_file(file).await.unwrap(), "ab");
        // A count that is out of date after the content was deleted.
        server.put(file, &[]);
        let error = server.bulk().get_file(file).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dump_of_a_step_lies_below_its_process() {
    let server = TestServer::default();
    let task = ActionTask::new("M", "118000000002", "T");
    let path = "GET /2/0/models/M/processes/118000000002/tasks/T/dumps/112000000007/chunks";
    server.canned(path, 200, r#"{"chunks":[{"id":"0"}]}"#);
    server.canned(&format!("{path}/0"), 200, "text");
    let dump = server
        .bulk()
        .get_process_dump(&task, "112000000007")
        .await
        .unwrap();
    assert_eq!(dump, "text");
}
