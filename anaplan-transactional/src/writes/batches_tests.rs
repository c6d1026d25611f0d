use std::sync::{Arc, Mutex};

use crate::testing::{Reply, offline, scripted};
use crate::{Cell, ListItemKey, NewListItem};
use anaplan_core::{ErrorKind, TransportErrorKind};

const DONE: Reply = Reply::Body(200, r#"{"numberOfCellsChanged":1}"#);

/// Cells for three requests of one cell each.
fn cells() -> Vec<Cell> {
    let text = "x".repeat(9_000_000);
    (0..3)
        .map(|_| Cell::named("Comment", text.as_str()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn reports_returns_one_report_for_each_request_in_order() {
    let (model, script) = scripted([DONE, DONE, DONE]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = Arc::clone(&seen);
    let mut reports = model
        .update_module_data_in_batches(102, cells())
        .progress(move |batch| watch.lock().unwrap().push((batch.number, batch.total)))
        .reports();
    let mut firsts = Vec::new();
    while let Some(report) = reports.next_report().await {
        assert_eq!(script.asked().len(), firsts.len() + 1);
        firsts.push(report.unwrap().first);
    }
    assert_eq!(firsts, [0, 1, 2]);
    assert_eq!(*seen.lock().unwrap(), [(1, 3), (2, 3), (3, 3)]);
}

#[tokio::test(start_paused = true)]
async fn batches_await_requests_in_progress_and_start_none_after_an_error() {
    let (model, script) = scripted([Reply::Body(403, ""), DONE]);
    let batches = model.update_module_data_in_batches(102, cells());
    let mut reports = batches.concurrency(2).reports();
    let error = reports.next_report().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(reports.next_report().await.unwrap().unwrap().first, 1);
    assert!(reports.next_report().await.is_none());
    assert_eq!((script.asked().len(), script.left()), (2, 0));

    let (model, script) = scripted([DONE, Reply::Body(403, "")]);
    let batches = model.update_module_data_in_batches(102, cells());
    let error = batches.await.unwrap_err();
    assert_eq!(error.id("requestIndex"), Some("1"));
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn batches_with_send_once_do_not_repeat_a_lost_request() {
    let lost = || Reply::Lost(TransportErrorKind::Interrupted);
    let (model, script) = scripted([lost(), DONE, DONE, DONE]);
    let report = model.update_module_data_in_batches(102, cells()).await;
    assert_eq!((report.unwrap().written, script.left()), (3, 0));
    let (model, script) = scripted([DONE, lost(), DONE]);
    let batches = model.update_module_data_in_batches(102, cells());
    let error = batches.send_once().await.unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!(error.id("requestIndex"), Some("1"));
    assert_eq!(script.left(), 1);
}

#[tokio::test(start_paused = true)]
async fn reports_returns_the_error_of_an_invalid_cell_and_sends_nothing() {
    let batches = offline().update_module_data_in_batches(102, [Cell::new(1, f64::NAN)]);
    let mut reports = batches.reports();
    let error = reports.next_report().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(reports.next_report().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn batches_of_new_items_are_sent_one_after_the_other() {
    // Without names and codes nothing is looked up before a request.
    let items = vec![NewListItem::unnamed(); 250_000];
    let added = |count| Reply::Body(200, count);
    let (model, script) = scripted([
        added(r#"{"added":100000,"ignored":0}"#),
        added(
            r#"{"added":99999,"failures":[{"requestIndex":7,"failureType":"INCORRECT_FORMAT"}]}"#,
        ),
        added(r#"{"added":50000}"#),
    ]);
    let mut reports = model.insert_list_items(101, items).concurrency(3).reports();
    let (mut firsts, mut failures) = (Vec::new(), Vec::new());
    while let Some(report) = reports.next_report().await {
        let batch = report.unwrap();
        firsts.push(batch.first);
        let refused = batch.report.failures.into_iter();
        failures.extend(refused.map(|failure| failure.request_index));
        assert_eq!(script.asked().len(), firsts.len());
    }
    assert_eq!(
        (firsts, failures),
        (vec![0, 100_000, 200_000], vec![100_007])
    );
}

#[tokio::test(start_paused = true)]
async fn batches_of_deletions_are_sent_concurrently_and_reported_in_order() {
    let items: Vec<_> = (1..=200_001_u64).map(ListItemKey::id).collect();
    // The others are in progress when the first one is refused.
    let (model, script) = scripted([
        Reply::Body(403, ""),
        Reply::Body(200, r#"{"deleted":100000}"#),
        Reply::Body(200, r#"{"deleted":1}"#),
    ]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = Arc::clone(&seen);
    let batches = model.delete_list_items(101, items).concurrency(3);
    let mut reports = batches
        .progress(move |batch| watch.lock().unwrap().push((batch.first, batch.report.sent)))
        .reports();
    let error = reports.next_report().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    while let Some(report) = reports.next_report().await {
        assert!(report.unwrap().report.is_complete());
    }
    assert_eq!(*seen.lock().unwrap(), [(100_000, 100_000), (200_000, 1)]);
    assert_eq!(script.left(), 0);
}
