//! Up and down, byte for byte the same, whatever the connection does on the way.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::future::IntoFuture as _;

use anaplan_bulk::{Bulk, Content, UploadError};
use anaplan_core::{Bytes, ErrorKind, Evaluation, RetryPolicy, Settings};
use anaplan_testkit::{Demo, FakeAnaplan, Fault, Pacing, RetryAfter};
use futures_util::StreamExt;
use support::{bulk_of, numbered};

const MEGABYTE: usize = 1_000_000;

fn stage() -> (FakeAnaplan, Demo, Bulk) {
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    fake.world(|world| world.rules.pacing = Pacing::Instant);
    let bulk = fake.namespace().unwrap();
    let demo = fake.demo();
    (fake, demo, bulk)
}

/// What the server has, asked behind the client's back.
fn on_server(fake: &FakeAnaplan, file: u64) -> Option<Bytes> {
    let demo = fake.demo();
    fake.world(|world| world.file_content(&demo.dev, file, &demo.admin.id))
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::truncate(100),
        Fault::status(503),
        Fault::status_after(500),
        Fault::expire_token(),
        Fault::throttle(RetryAfter::Seconds(3)),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_chunk_of_an_upload_changes_nothing_of_what_arrives() {
    let text = numbered(4 * MEGABYTE + 4321);
    for (number, fault) in faults().into_iter().enumerate() {
        let compressed = number == 1;
        for chunk in 0..5 {
            for known in [true, false] {
                let (fake, demo, bulk) = stage();
                let route = format!("PUT /2/0/workspaces/*/models/*/files/*/chunks/{chunk}");
                fake.inject(fault.clone().on(route.as_str()).times(1));
                let content = if known {
                    Content::text(text.clone())
                } else {
                    let pieces: Vec<Bytes> = text
                        .as_bytes()
                        .chunks(77_777)
                        .map(Bytes::copy_from_slice)
                        .collect();
                    Content::iter(pieces)
                };
                // Compressing is slow without optimization: every chunk is tried, not every fault.
                let upload = bulk.upload_file(demo.source_file, content);
                let upload = upload.chunk_size(MEGABYTE);
                let upload = if known && compressed {
                    upload.gzip_level(1)
                } else {
                    upload.without_gzip()
                };
                let done = upload
                    .await
                    .unwrap_or_else(|error| panic!("{fault:?} in {chunk}: {error}"));
                assert_eq!((done.bytes, done.chunks), (text.len() as u64, 5));
                let arrived = on_server(&fake, demo.source_file).unwrap();
                assert!(
                    arrived == text,
                    "{fault:?} in chunk {chunk}, known: {known}"
                );
                let completed = fake.world(|world| world.books().files_completed.len());
                assert_eq!(completed, 1);
                // Only the chunk that failed was sent again.
                let sent = fake
                    .requests()
                    .count("PUT /2/0/workspaces/*/models/*/files/*/chunks/*");
                assert_eq!(sent, 6, "{fault:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_chunk_of_a_download_changes_nothing_of_what_is_read() {
    for fault in faults() {
        for chunk in 0..3 {
            let (fake, demo, bulk) = stage();
            let export = fake.world(|world| {
                let mut edit = world.edit(&demo.dev);
                edit.export("Transactions").of_bytes(21_000_000).id()
            });
            bulk.run_export(export).await.unwrap().wait().await.unwrap();
            let route = format!("GET /2/0/workspaces/*/models/*/files/*/chunks/{chunk}");
            fake.inject(fault.clone().on(route.as_str()).times(1));
            let read = bulk
                .get_file(export)
                .await
                .unwrap_or_else(|error| panic!("{fault:?} in {chunk}: {error}"));
            assert!(
                read == on_server(&fake, export).unwrap(),
                "{fault:?} in chunk {chunk}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_breaks_off_anywhere_is_read_again_from_its_beginning() {
    let (fake, demo, bulk) = stage();
    let text = numbered(100_000);
    bulk.upload_file(demo.source_file, Content::text(text.clone()))
        .await
        .unwrap();
    for at in [0, 1, 65_535, 65_536, 65_537, 99_999] {
        let route = "GET /2/0/workspaces/*/models/*/files/*/chunks/0";
        fake.inject(Fault::truncate(at).on(route).times(2));
        let read = bulk.get_file(demo.source_file).await.unwrap();
        assert!(read == text, "cut at {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateways_page_is_neither_the_content_of_a_file_nor_the_receipt_of_one() {
    let routes = [
        "PUT /2/0/workspaces/*/models/*/files/*/chunks/*",
        "POST /2/0/workspaces/*/models/*/files/*/complete",
        "GET /2/0/workspaces/*/models/*/files/*/chunks/*",
    ];
    for route in routes {
        let (fake, demo, bulk) = stage();
        let content = || Content::iter([demo.good_csv.clone()]);
        bulk.upload_file(demo.source_file, content()).await.unwrap();
        fake.inject(Fault::garbage("<html>Please sign in</html>").on(route));
        let error = match route.starts_with("GET") {
            true => bulk.get_file(demo.source_file).await.unwrap_err(),
            false => {
                let failed = bulk.upload_file(demo.source_file, content()).await;
                failed.unwrap_err().error
            }
        };
        assert_eq!(error.kind(), ErrorKind::Decode, "{route}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_given_up_says_what_has_arrived_and_goes_on_from_there() {
    let text = numbered(5 * MEGABYTE);
    for chunk in 0..5 {
        let (fake, demo, _) = stage();
        let mut settings = Settings::default();
        settings.retry = RetryPolicy::none();
        let bulk = bulk_of(fake.session_with(settings).unwrap(), &demo.dev);
        let route = format!("PUT /2/0/models/*/files/*/chunks/{chunk}");
        fake.inject(Fault::drop_before().on(route.as_str()).times(1));
        let upload = || {
            let upload = bulk.upload_file(demo.source_file, Content::text(text.clone()));
            upload.chunk_size(MEGABYTE).without_gzip().concurrency(2)
        };
        let failed: UploadError = upload().await.unwrap_err();
        let failed_chunks: Vec<u32> = failed.failed_chunks.iter().map(|(n, _)| *n).collect();
        assert_eq!(failed_chunks, [chunk]);
        let state = failed.state.unwrap();
        assert!(state.missing_chunks().unwrap().contains(&chunk));
        assert!(on_server(&fake, demo.source_file).is_none());

        // As another process would: from what was stored.
        let stored = serde_json::to_string(&state).unwrap();
        let state = serde_json::from_str(&stored).unwrap();
        fake.forget_requests();
        bulk.resume_upload(state, Content::text(text.clone()))
            .without_gzip()
            .await
            .unwrap();
        assert!(on_server(&fake, demo.source_file).unwrap() == text);
        assert_eq!(fake.requests().count("POST /2/0/models/*/files/*"), 0);
        let sent = fake.requests().count("PUT /2/0/models/*/files/*/chunks/*");
        assert!(
            sent < 5,
            "what had arrived was not sent again, but {sent} chunks were"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn announcement_with_unknown_outcome_is_confirmed_or_ambiguous_and_never_repeated() {
    let route = "POST /2/0/workspaces/*/models/*/files/*";
    let (fake, demo, bulk) = stage();
    fake.inject(Fault::late(std::time::Duration::from_secs(3600)).on(route));
    let failed = bulk
        .upload_file(demo.source_file, Content::text("text"))
        .await;
    let error = failed.unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    tokio::time::sleep(std::time::Duration::from_secs(2 * 3600)).await;
    assert_eq!(fake.requests().count(route), 1, "sent again");

    let faults = [
        (Fault::drop_before(), false),
        (Fault::drop_after(), true),
        (Fault::truncate(9), true),
        (Fault::status_after(502), true),
    ];
    for (fault, executed) in faults {
        let (fake, demo, bulk) = stage();
        fake.inject(fault.clone().on(route).times(1));
        let done = bulk
            .upload_file(demo.source_file, Content::text("text"))
            .await;
        assert_eq!(fake.requests().count(route), 1, "{fault:?}: sent again");
        if executed {
            done.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
            assert_eq!(on_server(&fake, demo.source_file).unwrap(), "text");
        } else {
            let error = done.unwrap_err().error;
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{fault:?}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn recorded_announcement_is_confirmed_once_it_has_taken_effect() {
    let route = "POST /2/0/workspaces/*/models/*/files/*";
    let (fake, demo, bulk) = stage();
    let later = std::time::Duration::from_secs(600);
    fake.inject(Fault::drop_late(later).on(route));
    let content = Content::from(numbered(3 * MEGABYTE).into_bytes());
    let upload = bulk.upload_file(demo.source_file, content);
    let failed = upload.chunk_size(MEGABYTE).await.unwrap_err();
    let record = failed.error.record().unwrap().clone();
    let early = bulk.evaluate_chunk_count(record.clone()).await.unwrap();
    assert!(matches!(early, Evaluation::Unknown(_)), "{early:?}");
    tokio::time::sleep(later).await;
    let json = serde_json::to_string(&record).unwrap();
    let stored = serde_json::from_str(&json).unwrap();
    let late = bulk.evaluate_chunk_count(stored).await.unwrap();
    assert!(matches!(late, Evaluation::Confirmed(())), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn put_and_delete_wait_for_an_upload_to_the_same_file() {
    let chunk = "PUT /2/0/workspaces/*/models/*/files/*/chunks/*";
    for deletes in [false, true] {
        let (fake, demo, bulk) = stage();
        let slow = std::time::Duration::from_secs(10);
        fake.inject(Fault::delay(slow).on(chunk).times(2));
        let content = Content::from(numbered(3 * MEGABYTE).into_bytes());
        let upload = bulk.upload_file(demo.source_file, content);
        let upload = upload.chunk_size(MEGABYTE).concurrency(1);
        let change = async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            match deletes {
                true => bulk.delete_file(demo.source_file).await,
                false => bulk.put_file(demo.source_file, "new").await,
            }
        };
        let (uploaded, changed) = tokio::join!(upload.into_future(), change);
        uploaded.unwrap();
        changed.unwrap();
        let expected = (!deletes).then(|| Bytes::from("new"));
        assert_eq!(on_server(&fake, demo.source_file), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_uploaded_to_its_end_is_not_downloaded_as_if_it_were_all() {
    let text = numbered(3 * MEGABYTE);
    for known in [true, false] {
        let (fake, demo, bulk) = stage();
        let route = "PUT /2/0/workspaces/*/models/*/files/*/chunks/2";
        fake.inject(Fault::drop_before().on(route));
        let content = match known {
            true => Content::text(text.clone()),
            false => Content::iter([text.clone()]),
        };
        let upload = bulk.upload_file(demo.source_file, content);
        let failed = upload.chunk_size(MEGABYTE).without_gzip().await;
        assert_eq!(failed.unwrap_err().state.unwrap().sent_chunks(), [0, 1]);
        let error = bulk.get_file(demo.source_file).await.unwrap_err();
        let expected = match known {
            true => ErrorKind::NotFound,
            false => ErrorKind::Conflict,
        };
        assert_eq!(error.kind(), expected, "{error}");
        assert_eq!(
            error.id("fileId"),
            Some(demo.source_file.to_string().as_str())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_to_a_file_that_does_not_exist_is_an_error_and_not_a_new_file_nobody_reads() {
    let (fake, _, bulk) = stage();
    let error = bulk
        .upload_file(113_999_999_999_u64, Content::text("text"))
        .await
        .unwrap_err();
    assert_eq!(error.error.kind(), ErrorKind::NotFound);
    let error = bulk
        .upload_file("regions.csv", Content::text("text"))
        .await
        .unwrap_err();
    assert_eq!(error.error.kind(), ErrorKind::NotFound);
    let error = bulk
        .put_file(113_999_999_998_u64, "text")
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert!(fake.world(|world| world.books().files_completed.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_too_small() {
    let (fake, demo, bulk) = stage();
    bulk.upload_file(demo.source_file, Content::text("x"))
        .await
        .unwrap();
    assert_eq!(on_server(&fake, demo.source_file).unwrap(), "x");
    bulk.upload_file(demo.source_file, Content::text(""))
        .await
        .unwrap();
    assert_eq!(on_server(&fake, demo.source_file).unwrap(), "");
    assert_eq!(bulk.get_file(demo.source_file).await.unwrap(), "");
    bulk.upload_file(demo.source_file, Content::iter(Vec::<Bytes>::new()))
        .await
        .unwrap();
    assert_eq!(on_server(&fake, demo.source_file).unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn every_way_to_upload_and_to_download_gives_the_same_bytes() {
    let (fake, demo, bulk) = stage();
    let text = numbered(2 * MEGABYTE + 17);
    let file = demo.source_file;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("up.csv");
    std::fs::write(&path, &text).unwrap();
    let stream = || {
        let pieces: Vec<Bytes> = text
            .as_bytes()
            .chunks(1_000)
            .map(Bytes::copy_from_slice)
            .collect();
        futures_util::stream::iter(pieces).map(Ok::<_, std::io::Error>)
    };
    let reader = std::io::Cursor::new(text.clone().into_bytes());
    let uploads = [
        bulk.upload_file(file, Content::text(text.clone())),
        bulk.upload_file(file, Content::file(&path)),
        bulk.upload_file_stream(file, stream()),
        bulk.upload_file(
            file,
            Content::stream(stream()).with_length(text.len() as u64),
        ),
        bulk.upload_file(file, Content::blocking_reader(reader)),
        bulk.upload_file(file, Content::text(text.clone()))
            .without_gzip(),
    ];
    for (way, upload) in uploads.into_iter().enumerate() {
        bulk.delete_file(file).await.unwrap();
        upload.chunk_size(MEGABYTE).await.unwrap();
        assert!(on_server(&fake, file).unwrap() == text, "way {way}");
    }
    let down = folder.path().join("down.csv");
    bulk.get_file(file).save_to(&down).await.unwrap();
    assert!(std::fs::read(&down).unwrap() == text.as_bytes());
    let mut streamed = Vec::new();
    let mut chunks = bulk.get_file_stream(file);
    while let Some(chunk) = chunks.chunk().await {
        streamed.extend_from_slice(&chunk.unwrap());
    }
    assert!(streamed == text.as_bytes());
    let written = folder.path().join("written.csv");
    let writer = tokio::fs::File::create(&written).await.unwrap();
    bulk.get_file(file)
        .concurrency(3)
        .write_to(writer)
        .await
        .unwrap();
    assert!(std::fs::read(&written).unwrap() == text.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_replaced_by_a_broken_download_is_still_the_old_one() {
    let (fake, demo, bulk) = stage();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    std::fs::write(&path, "yesterday's").unwrap();
    bulk.upload_file(demo.source_file, Content::text(numbered(1_000)))
        .await
        .unwrap();
    fake.inject(Fault::drop_before().on("GET /2/0/workspaces/*/models/*/files/*/chunks/*"));
    let error = bulk
        .get_file(demo.source_file)
        .save_to(&path)
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "yesterday's");
}

#[tokio::test(start_paused = true)]
async fn a_gigabyte_comes_down_in_pieces() {
    const GIGABYTE: u64 = 1_000_000_000;
    let (fake, demo, bulk) = stage();
    let export = fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        edit.export("Transactions").of_bytes(GIGABYTE).id()
    });
    bulk.run_export(export).await.unwrap().wait().await.unwrap();
    let (mut bytes, mut largest) = (0, 0);
    let mut chunks = bulk.get_file_stream(export);
    while let Some(chunk) = chunks.chunk().await {
        let chunk = chunk.unwrap();
        bytes += chunk.len() as u64;
        largest = largest.max(chunk.len());
    }
    assert_eq!(bytes, GIGABYTE);
    assert!(largest <= 10_000_000, "{largest}");
}

#[tokio::test(start_paused = true)]
async fn no_content_is_not_found_and_says_so() {
    let (_, demo, bulk) = stage();
    let error = bulk.get_file(demo.empty_file).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(error.to_string().contains("no content"), "{error}");
    assert!(bulk.get_file(demo.export).await.unwrap_err().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_in_the_middle_of_a_long_transfer_is_renewed() {
    let (fake, demo, bulk) = stage();
    let text = numbered(6 * MEGABYTE);
    let route = "PUT /2/0/workspaces/*/models/*/files/*/chunks/*";
    fake.inject(Fault::delay(std::time::Duration::from_secs(20 * 60)).on(route));
    let mut settings = Settings::default();
    settings.attempt_timeout = support::FOR_EVER;
    settings.idle_timeout = support::FOR_EVER;
    let session = fake.session_with(settings).unwrap();
    let slow = bulk_of(session, &demo.dev);
    let _ = bulk;
    slow.upload_file(demo.source_file, Content::text(text.clone()))
        .chunk_size(MEGABYTE)
        .concurrency(1)
        .gzip_level(1)
        .await
        .unwrap();
    assert!(on_server(&fake, demo.source_file).unwrap() == text);
}

#[cfg(feature = "blocking")]
#[test]
fn transfers_run_without_an_async_runtime() {
    let (fake, demo, bulk) = {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        stage()
    };
    let text = numbered(3 * MEGABYTE);
    fake.inject(
        Fault::drop_after()
            .on("PUT /2/0/workspaces/*/models/*/files/*/chunks/1")
            .times(1),
    );
    let upload = bulk.upload_file(demo.source_file, Content::text(text.clone()));
    upload.chunk_size(MEGABYTE).gzip_level(1).run().unwrap();
    assert!(on_server(&fake, demo.source_file).unwrap() == text);
    assert!(bulk.get_file(demo.source_file).run().unwrap() == text);
    let chunks = bulk.get_file_stream(demo.source_file);
    let streamed: Vec<Bytes> = Iterator::map(chunks, Result::unwrap).collect();
    assert!(streamed.len() == 3 && streamed.concat() == text.as_bytes());

    let reader = std::io::Cursor::new(text.clone().into_bytes());
    let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for content in [Content::blocking_reader(reader), Content::iter(lines)] {
        bulk.delete_file(demo.source_file).run().unwrap();
        let upload = bulk.upload_file(demo.source_file, content);
        upload.chunk_size(MEGABYTE).gzip_level(1).run().unwrap();
        assert!(on_server(&fake, demo.source_file).unwrap() == text);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("down.csv");
    let saved = bulk.get_file(demo.source_file).save_to(&path).run();
    assert_eq!(saved.unwrap(), text.len() as u64);
    assert!(std::fs::read(&path).unwrap() == text.as_bytes());
    let rows = bulk.get_file(demo.source_file);
    let mut rows = rows.rows::<Vec<String>>(anaplan_bulk::TableFormat::default());
    assert!(Iterator::next(&mut rows).unwrap().is_ok());
    assert!(
        bulk.get_file(demo.empty_file)
            .run()
            .unwrap_err()
            .is_not_found()
    );
}
