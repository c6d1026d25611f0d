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
async fn a_failed_request_is_an_error_after_its_pages_and_is_deleted() {
    for end in [FAILED, GONE] {
        let deleted = Reply::Body(404, "");
        let (model, script) = scripted([body(RUNNING), body("h\n1\n"), body(end), deleted]);
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
async fn a_request_that_could_not_be_read_stays_for_another_try() {
    let (model, script) = scripted([body(DONE), Reply::Body(403, "")]);
    let mut pages = model.read_pages(&request());
    let error = pages.next_page().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    drop(pages);
    model.session.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!((script.lines().len(), script.left()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_early_is_deleted_in_the_background_unless_it_is_kept() {
    for (keep, asked) in [(false, true), (true, true), (false, false)] {
        let (model, script) = scripted([body(DONE), body("h\n1\n"), body(GONE)]);
        let mut pages = model.read_pages(&request());
        if keep {
            pages = pages.keep();
        }
        if asked {
            pages.next_page().await.unwrap().unwrap();
        }
        drop(pages);
        model.session.clock().sleep(Duration::from_secs(1)).await;
        let deleted = script
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("DELETE"));
        assert_eq!(deleted, asked && !keep);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_off_while_it_is_written_is_deleted_as_well() {
    let (model, script) = scripted([body(RUNNING), body("h\n1\n"), body(RUNNING), body(GONE)]);
    let writing = model.read_pages(&request()).write_to(tokio::io::sink());
    let limit = model.session.clock().sleep(Duration::from_millis(1500));
    tokio::select! {
        biased;
        _ = writing.into_future() => panic!("it cannot be over"),
        () = limit => {}
    }
    model.session.clock().sleep(Duration::from_secs(1)).await;
    assert!(script.lines().last().unwrap().starts_with("DELETE"));
}

#[cfg(feature = "blocking")]
#[test]
fn an_iterator_that_is_dropped_early_leaves_nothing_behind() {
    let (model, script) = scripted([body(DONE), body("h\n1\n"), body(GONE)]);
    let first = model.read_pages(&request()).next();
    assert_eq!(first.unwrap().unwrap(), "h\n1\n");
    let deleted = Pending::new(async move {
        for _ in 0..10_000_000 {
            if script.left() == 0 {
                return Ok(true);
            }
            tokio::task::yield_now().await;
        }
        Ok(false)
    });
    assert!(deleted.run().unwrap());
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
    assert_eq!(header_length(b"a,b\n1", 1), 4);
    assert_eq!(header_length(b"\"a\n\"\"b\",c\n1", 1), 10);
    assert_eq!(header_length(b"no end", 1), 6);
    assert!(is_only_header(b"h", b"h\r\n") && !is_only_header(b"", b"\n"));
}
