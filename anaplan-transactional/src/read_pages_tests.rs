use super::*;
use crate::testing::{Reply, scripted};
use crate::{ListId, ReadSource};

const RUNNING: &str =
    r#"{"listReadRequest":{"requestId":"AB","requestState":"IN_PROGRESS","availablePages":1}}"#;
const DONE: &str = r#"{"listReadRequest":{"listId":101,"requestId":"AB","requestState":"COMPLETE","availablePages":3,"successful":true}}"#;
const FAILED: &str =
    r#"{"listReadRequest":{"requestId":"AB","requestState":"COMPLETE","successful":false}}"#;
const GONE: &str = r#"{"listReadRequest":{"requestId":"AB","requestState":"CANCELLED"}}"#;

fn request() -> ReadRequest {
    ReadRequest {
        model: "M".into(),
        source: ReadSource::List(ListId::from(101)),
        request: "AB".into(),
    }
}

fn body(text: &'static str) -> Reply {
    Reply::Body(200, text)
}

#[tokio::test(start_paused = true)]
async fn pages_come_early_in_order_without_repeated_headers_and_the_request_is_deleted() {
    let (model, script) = scripted([
        body(RUNNING),
        body("\"Na\nme\",Code\r\nA,a\r\n"),
        body(RUNNING),
        body(DONE),
        body("\"Na\nme\",Code\r\nB,b\r\n"),
        body("Name,C\r\nC,c\r\n"),
        body(GONE),
    ]);
    let mut pages = model.read_pages(&request());
    let mut all = Vec::new();
    while let Some(page) = pages.next_page().await {
        all.extend_from_slice(&page.unwrap());
    }
    assert_eq!(
        String::from_utf8(all).unwrap(),
        "\"Na\nme\",Code\r\nA,a\r\nB,b\r\nName,C\r\nC,c\r\n"
    );
    let asked = script.asked();
    assert_eq!(
        asked[1].line,
        "GET /models/M/lists/101/readRequests/AB/pages/0"
    );
    assert_eq!(asked[1].accept, "text/csv");
    assert_eq!(asked[6].line, "DELETE /models/M/lists/101/readRequests/AB");
    assert!(pages.next_page().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_is_an_error_after_its_pages_and_stays() {
    for end in [FAILED, GONE] {
        let (model, script) = scripted([body(RUNNING), body("h\n1\n"), body(end)]);
        let mut pages = model.read_pages(&request());
        assert!(pages.next_page().await.unwrap().is_ok());
        let error = pages.next_page().await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.task_id()),
            (ErrorKind::TaskFailed, Some("AB"))
        );
        assert!(pages.next_page().await.is_none());
        assert_eq!(script.left(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_keeps_the_request_alive() {
    let (model, script) = scripted([
        body(DONE),
        body("h\n1\n"),
        body("h\n1\n"),
        body("h\n2\n"),
        body("h"),
    ]);
    let mut pages = model.read_pages(&request()).keep();
    pages.next_page().await.unwrap().unwrap();
    model
        .session
        .clock()
        .sleep(Duration::from_secs(11 * 60))
        .await;
    assert_eq!(pages.next_page().await.unwrap().unwrap(), "2\n");
    assert_eq!(pages.next_page().await.unwrap().unwrap(), "");
    assert!(pages.next_page().await.is_none());
    let numbers: Vec<_> = script.lines()[1..]
        .iter()
        .map(|line| line.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(numbers, ["0", "0", "1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn the_request_is_deleted_after_writing_and_a_failed_deletion_loses_nothing() {
    let (model, script) = scripted([
        body(DONE),
        body("h\n1\n"),
        body("h\n2\n"),
        body("h\n3\n"),
        Reply::Body(403, ""),
    ]);
    let written = model
        .read_pages(&request())
        .write_to(tokio::io::sink())
        .await
        .unwrap();
    assert_eq!((written, script.left()), (8, 0));
}

#[test]
fn a_line_ends_outside_of_quotes() {
    assert_eq!(first_line(b"a,b\n1"), 4);
    assert_eq!(first_line(b"\"a\n\"\"b\",c\n1"), 10);
    assert_eq!(first_line(b"no end"), 6);
    assert!(is_only_header(b"h", b"h\r\n") && !is_only_header(b"", b"\n"));
}
