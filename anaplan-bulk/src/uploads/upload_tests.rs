use super::*;
use crate::PutChunk;
use crate::test_server::{Fault, TestServer};

const FILE: &str = "113000000001";
const MB: usize = 1_000_000;

fn server() -> TestServer {
    let server = TestServer::default();
    server.put(FILE, &["old"]);
    server
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 7 % 251) as u8).collect()
}

/// The same bytes from a source that does not tell its length.
fn unknown(bytes: Vec<u8>) -> Content {
    Content::blocking_reader(std::io::Cursor::new(bytes))
}

#[tokio::test(start_paused = true)]
async fn chunks_arrive_whole_whatever_order_they_take() {
    for (gzip, known) in [(true, true), (false, true), (true, false), (false, false)] {
        let server = server();
        let content = bytes(5 * MB + 17);
        let source = match known {
            true => Content::from(content.clone()),
            false => unknown(content.clone()),
        };
        let upload = server
            .bulk()
            .upload_file(FILE, source)
            .chunk_size(MB)
            .gzip_level(1);
        let upload = if gzip { upload } else { upload.without_gzip() };
        let done = upload.await.unwrap();
        assert_eq!((done.bytes, done.chunks), (content.len() as u64, 6));
        assert!(server.content(FILE) == content);
        assert_eq!(server.state().completed.len(), usize::from(!known));
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_chunk_is_sent_again_alone() {
    let server = server();
    for (chunk, fault) in [
        ("chunks/1", Fault::DropBefore),
        ("chunks/2", Fault::DropAfter),
        ("chunks/3", Fault::Status(503)),
    ] {
        server.fault(chunk, fault);
    }
    let content = bytes(5 * MB);
    server
        .bulk()
        .upload_file(FILE, content.clone())
        .chunk_size(MB)
        .gzip_level(1)
        .await
        .unwrap();
    assert!(server.content(FILE) == content);
    let puts: Vec<_> = (0..5)
        .map(|n| server.count(&format!("PUT /2/0/models/M/files/{FILE}/chunks/{n}")))
        .collect();
    assert_eq!(puts, [1, 2, 2, 2, 1]);
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test(start_paused = true)]
async fn memory_and_connections_are_bounded() {
    let server = server();
    let content = unknown(bytes(12 * MB));
    let upload = server
        .bulk()
        .upload_file(FILE, content)
        .chunk_size(MB)
        .gzip_level(1)
        .without_gzip();
    upload.concurrency(3).await.unwrap();
    assert_eq!(server.state().most_in_flight, 3);
    assert_eq!(server.state().most_bytes, 3 * MB);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_upload_tells_what_arrived_and_goes_on_from_there() {
    for known in [true, false] {
        let server = server();
        let source = |content: &Vec<u8>| match known {
            true => Content::from(content.clone()),
            false => unknown(content.clone()),
        };
        let content = bytes(7 * MB + 5);
        server.fault("chunks/2", Fault::Status(404));
        let upload = server
            .bulk()
            .upload_file(FILE, source(&content))
            .chunk_size(MB)
            .gzip_level(1);
        let failed = upload.without_gzip().concurrency(2).await.unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::NotFound);
        assert_eq!(failed.failed_chunks[0].0, 2);
        let state = failed.state.unwrap();
        let arrived: Vec<u32> = server.state().files[FILE].keys().copied().collect();
        assert_eq!(state.sent_chunks(), arrived);
        assert!(!arrived.contains(&2) && arrived.len() < 6);
        assert!(server.state().completed.is_empty());

        let stored = serde_json::to_string(&state).unwrap();
        let state: UploadState = serde_json::from_str(&stored).unwrap();
        let before = server.count("chunks/");
        let done = server
            .bulk()
            .resume_upload(state.clone(), source(&content))
            .without_gzip()
            .await
            .unwrap();
        assert_eq!((done.bytes, done.chunks), (content.len() as u64, 8));
        assert!(server.content(FILE) == content);
        assert_eq!(server.count("chunks/") - before, 8 - arrived.len());
        let announced = server.count("POST") - server.count("complete");
        assert_eq!(announced, 1, "the chunks were announced again");
        assert_eq!(server.state().completed.len(), usize::from(!known));

        let mut other = content.clone();
        other[0] ^= 1;
        let error = server
            .bulk()
            .resume_upload(state, source(&other))
            .without_gzip()
            .await
            .unwrap_err();
        assert_eq!(error.error.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_breaks_is_never_completed() {
    let server = server();
    let items = [
        Ok(bytes(MB)),
        Ok(bytes(MB)),
        Err(std::io::Error::other("boom")),
    ];
    let upload = server
        .bulk()
        .upload_file_stream(FILE, futures_util::stream::iter(items));
    let failed = upload.chunk_size(MB).gzip_level(1).await.unwrap_err();
    assert_eq!(failed.error.kind(), ErrorKind::Io);
    assert_eq!(failed.state.unwrap().sent_chunks(), [0, 1]);
    assert!(server.state().completed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_not_true_is_an_error() {
    for said in [MB + 1, 3 * MB] {
        let server = server();
        let content = unknown(bytes(2 * MB + 1)).with_length(said as u64);
        let failed = server
            .bulk()
            .upload_file(FILE, content)
            .chunk_size(MB)
            .gzip_level(1)
            .await
            .unwrap_err();
        assert_eq!(
            failed.error.kind(),
            ErrorKind::InvalidInput,
            "{said}: {failed}"
        );
        assert!(failed.state.is_none(), "{failed}");
        assert_eq!(server.count("POST"), 0, "the old content was discarded");
        assert_eq!(server.content(FILE), b"old");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_length_beyond_the_first_chunks_is_an_error_of_the_upload() {
    for length in [5 * MB + 1, 7 * MB] {
        let server = server();
        let content = unknown(bytes(6 * MB + 1)).with_length(length as u64);
        let upload = server.bulk().upload_file(FILE, content);
        let failed = upload.chunk_size(MB).without_gzip().await.unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::InvalidInput, "{failed}");
        assert!(failed.state.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn uploads_to_one_file_wait_for_each_other() {
    let server = server();
    let contents = [bytes(3 * MB), vec![7; 2 * MB]];
    let bulk = server.bulk();
    let upload = |content: &Vec<u8>| {
        let upload = bulk.upload_file(FILE, content.clone());
        upload.chunk_size(MB).without_gzip().into_future()
    };
    let (first, second) = tokio::join!(upload(&contents[0]), upload(&contents[1]));
    assert_eq!((first.unwrap().chunks, second.unwrap().chunks), (3, 2));
    assert!(server.content(FILE) == contents[1]);
    let log = server.state().log.clone();
    let announced = |line: &String| line.starts_with("POST");
    let last = log.iter().rposition(announced).unwrap();
    let puts = |lines: &[String]| lines.iter().filter(|line| line.starts_with("PUT")).count();
    assert_eq!((puts(&log[..last]), puts(&log[last..])), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn fewer_chunks_are_sent_at_once_after_a_timeout() {
    let server = server();
    for chunk in 0..4 {
        server.fault(&format!("chunks/{chunk}"), Fault::Timeout);
    }
    let content = bytes(12 * MB);
    let watched = server.clone();
    let upload = server.bulk().upload_file(FILE, content.clone());
    let upload = upload
        .chunk_size(MB)
        .without_gzip()
        .on_progress(move |state| {
            // The chunks that timed out together are still in flight before.
            if state.sent_chunks().len() == 4 {
                watched.state().most_in_flight = 0;
            }
        });
    upload.await.unwrap();
    assert!(server.content(FILE) == content);
    assert_eq!(server.state().most_in_flight, 2);
}

#[tokio::test(start_paused = true)]
async fn refused_large_chunk_hints_at_the_chunk_size() {
    let server = server();
    server.fault("chunks/0", Fault::Status(413));
    let failed = server.bulk().upload_file(FILE, bytes(MB)).await;
    let failed = failed.unwrap_err();
    assert!(failed.to_string().contains("`chunk_size`"), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_one_empty_chunk() {
    for source in [Content::text(""), unknown(Vec::new())] {
        let server = server();
        let done = server.bulk().upload_file(FILE, source).await.unwrap();
        assert_eq!((done.bytes, done.chunks), (0, 1));
        assert_eq!(server.state().files[FILE].len(), 1);
        assert!(server.content(FILE).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_does_not_exist_is_noticed() {
    let server = server();
    let failed = server
        .bulk()
        .upload_file("101000000001", Content::text("a"))
        .await
        .unwrap_err();
    assert!(failed.error.is_not_found() && failed.state.is_none());
    assert_eq!(server.count("POST"), 0, "nothing was created");
    let failed = server
        .bulk()
        .upload_file("113000000077", Content::text("a"))
        .await
        .unwrap_err();
    assert!(failed.error.is_not_found() && failed.state.is_none());
    assert!(
        failed.to_string().contains("created 113999999999"),
        "{failed}"
    );
    assert_eq!(server.count("PUT"), 0);
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let server = server();
    let upload = |length: usize| {
        let content = unknown(Vec::new()).with_length(length as u64);
        server.bulk().upload_file(FILE, content)
    };
    for bad in [
        upload(1).chunk_size(MB - 1),
        upload(1).chunk_size(50 * MB + 1),
        upload(1).gzip_level(10),
        upload(1000 * MB + 1).chunk_size(MB).gzip_level(1),
        upload(50_000 * MB + 1),
    ] {
        let failed = bad.await.unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::InvalidInput);
        assert!(failed.state.is_none());
    }
    assert_eq!(server.count(""), 0);
    let mut large = upload(20_000 * MB);
    large.plan(Some(20_000 * MB as u64)).unwrap();
    assert_eq!(
        (large.state.chunk_size, large.state.total_chunks()),
        (20 * MB, Some(1000))
    );
}

#[tokio::test(start_paused = true)]
async fn progress_counts_up_to_the_end() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let watched = seen.clone();
    let server = server();
    let upload = server
        .bulk()
        .upload_file(FILE, bytes(3 * MB))
        .chunk_size(MB)
        .gzip_level(1);
    let watch = move |state: &UploadState| watched.lock().unwrap().push(state.sent_bytes());
    upload.on_progress(watch).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3].map(|n| (n * MB) as u64));
}

#[test]
fn only_the_content_type_says_that_a_chunk_is_compressed() {
    let session = server().session();
    let request = |gzip| {
        let put = PutChunk {
            model: "M".into(),
            file: FILE.into(),
            chunk: 7,
            body: Bytes::from_static(b"x"),
            gzip,
        };
        session.call(put).into_request().unwrap()
    };
    assert_eq!(
        request(true).headers()["content-type"],
        "application/x-gzip"
    );
    assert!(!request(true).headers().contains_key("content-encoding"));
    assert_eq!(
        request(false).headers()["content-type"],
        "application/octet-stream"
    );
    assert!(
        request(false)
            .uri()
            .path()
            .ends_with("/files/113000000001/chunks/7")
    );
}

#[test]
fn the_count_is_announced_as_the_server_wants_it() {
    let session = server().session();
    let body = |count| {
        let set = SetChunkCount {
            model: "M".into(),
            file: FILE.into(),
            count,
        };
        session
            .call(set)
            .into_request()
            .map(|request| request.into_body())
    };
    assert_eq!(&body(None).unwrap()[..], br#"{"chunkCount":-1}"#);
    assert_eq!(&body(Some(3)).unwrap()[..], br#"{"chunkCount":3}"#);
    assert!(body(Some(0)).is_err() && body(Some(1001)).is_err());
}
