use super::*;
use crate::testing::{Reply, offline, scripted, told};
use anaplan_core::{Evaluation, TransportErrorKind};

const NONE: Reply = Reply::Body(200, r#"{"status":{"code":200}}"#);

fn lost(kind: TransportErrorKind) -> Reply {
    Reply::Lost(kind)
}

fn abc() -> Vec<NewListItem> {
    vec![
        NewListItem::named("A").code("a"),
        NewListItem::named("B"),
        NewListItem::coded("c"),
    ]
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_makes_one_lookup_before_the_request() {
    let (model, script) = scripted([
        NONE,
        Reply::Body(200, r#"{"added":3,"ignored":0,"total":3}"#),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert!(report.is_complete());
    let asked = script.asked();
    assert_eq!(asked[0].line, "POST /models/M/dimensions/101/items");
    assert_eq!(asked[0].body, r#"{"names":["A","B"],"codes":["a","c"]}"#);
    assert_eq!(asked[1].line, "POST /models/M/lists/101/items?action=add");
    assert_eq!(
        asked[1].body,
        r#"{"items":[{"name":"A","code":"a"},{"name":"B"},{"code":"c"}]}"#
    );
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_confirms_a_lost_request_whose_items_exist() {
    let (model, script) = scripted([
        NONE,
        lost(TransportErrorKind::Interrupted),
        Reply::Body(
            200,
            r#"{"items":[{"id":"1","name":"A","code":"A"},{"id":"2","name":"b"},{"id":"3","name":"No 3","code":"c"}]}"#,
        ),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!(
        (report.written, report.is_complete(), script.left()),
        (3, true, 0)
    );
}

/// Every check after the loss finds the same.
fn always(body: &'static str) -> impl Iterator<Item = Reply> {
    std::iter::repeat_with(move || Reply::Body(200, body)).take(30)
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_reports_items_that_existed_before_as_refused() {
    let before = r#"{"items":[{"id":"1","name":"A","code":"z"}]}"#;
    let after = r#"{"items":[{"id":"1","name":"A","code":"z"},{"id":"2","name":"B"},{"id":"3","name":"C","code":"c"}]}"#;
    let (model, script) = scripted([
        Reply::Body(200, before),
        lost(TransportErrorKind::Timeout),
        Reply::Body(200, after),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!(
        (report.written, report.ignored, report.failures.len()),
        (2, 1, 1)
    );
    assert_eq!(report.failures[0].request_index, 0);
    assert_eq!(script.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_is_never_sent_again_after_a_lost_response() {
    for after in [
        r#"{"status":{"code":200}}"#,
        r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#,
        // Incomplete, and not JSON.
        "{}",
        "<html>",
    ] {
        for loss in [
            lost(TransportErrorKind::Timeout),
            lost(TransportErrorKind::Interrupted),
            Reply::Body(500, ""),
            Reply::Body(408, ""),
            Reply::Body(302, ""),
            Reply::Body(200, "{}"),
            Reply::Body(200, r#"{"status":{"code":200},"ignored":0,"total":3}"#),
            Reply::Body(200, r#"{"added":4,"ignored":0,"total":4}"#),
        ] {
            let (model, script) = scripted([NONE, loss].into_iter().chain(always(after)));
            let error = model.insert_list_items(101, abc()).await.unwrap_err();
            assert!(error.is_ambiguous() && !error.is_retryable(), "{error}");
            assert!(error.record().is_some());
            let sent = script.lines();
            let sent = sent.iter().filter(|line| line.ends_with("action=add"));
            assert_eq!(sent.count(), 1, "{after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_confirms_a_request_that_takes_effect_late() {
    let all = r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"},{"id":"3","name":"C","code":"c"}]}"#;
    let some = r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#;
    let (model, script) = scripted([
        NONE,
        lost(TransportErrorKind::Timeout),
        NONE,
        Reply::Body(200, some),
        Reply::Body(200, all),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!((report.written, report.ignored, script.left()), (3, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_counts_one_of_several_items_with_one_code() {
    let items = vec![
        NewListItem::named("A").code("a"),
        NewListItem::named("A"),
        NewListItem::coded("A"),
    ];
    let (model, script) = scripted([
        NONE,
        lost(TransportErrorKind::Interrupted),
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
    ]);
    let report = model.insert_list_items(101, items).await.unwrap();
    let failures = report.failures.iter();
    let refused: Vec<_> = failures.map(|failure| failure.request_index).collect();
    assert_eq!((report.written, refused, script.left()), (1, vec![1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_keeps_the_callers_indices_in_a_confirmed_report() {
    let (model, _) = scripted([
        Reply::Body(200, r#"{"items":[{"id":"7","name":"X","code":"c"}]}"#),
        lost(TransportErrorKind::Interrupted),
        Reply::Body(
            200,
            r#"{"items":[{"id":"7","name":"X","code":"c"},{"id":"2","name":"B"}]}"#,
        ),
    ]);
    let mut items = vec![NewListItem::named("earlier"); 2];
    items.extend(abc());
    let mut batch = InsertListItems::new("M", 101, items);
    batch.items = batch
        .items
        .split(3, usize::MAX, |_| Ok(0))
        .unwrap()
        .remove(1);
    let report = model.session.call(batch).await.unwrap();
    assert_eq!((report.written, report.sent), (1, 2));
    assert_eq!(report.failures[0].request_index, 4);
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_rejects_an_item_of_another_user_with_other_values() {
    let items = || [NewListItem::named("A").parent("North").property("Size", 3)];
    let exists = |parent, size| {
        format!(
            r#"{{"listItems":[{{"id":"1","name":"A","parent":"{parent}","properties":{{"Size":"{size}"}}}}]}}"#
        )
    };
    for (parent, size, confirmed) in [
        ("North", "3", true),
        ("South", "3", false),
        ("North", "4", false),
    ] {
        let body: &'static str = exists(parent, size).leak();
        let loss = lost(TransportErrorKind::Interrupted);
        let (model, script) = scripted([NONE, loss].into_iter().chain(always(body)));
        let outcome = model.insert_list_items(101, items()).await;
        assert_eq!(
            script.lines()[2],
            "GET /models/M/lists/101/items?includeAll=true"
        );
        match outcome {
            Ok(report) => assert!(confirmed && report.written == 1, "{parent} {size}"),
            Err(error) => assert!(!confirmed && error.is_ambiguous(), "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_counts_items_that_the_response_does_not_mention_as_ignored() {
    let (model, _) = scripted([NONE, Reply::Body(200, r#"{"added":1}"#)]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!((report.written, report.ignored), (1, 2));
    assert!(!report.is_complete());
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_without_names_is_ambiguous_after_a_lost_response() {
    let (model, script) = scripted([lost(TransportErrorKind::Interrupted), NONE]);
    let items = [
        NewListItem::coded("a"),
        NewListItem::unnamed().property("P", 1),
    ];
    let error = model.insert_list_items(101, items).await.unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!((script.lines().len(), script.left()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_reads_the_list_if_the_lookup_is_rejected() {
    let (model, script) = scripted([
        Reply::Body(400, "{}"),
        Reply::Body(200, r#"{"listItems":[{"id":"7","name":"Z"}]}"#),
        lost(TransportErrorKind::Interrupted),
        Reply::Body(400, "{}"),
        Reply::Body(
            200,
            r#"{"listItems":[{"id":"7","name":"Z"},{"id":"8","name":"No 8","code":"c"}]}"#,
        ),
    ]);
    let report = model
        .insert_list_items(101, [NewListItem::coded("c")])
        .await
        .unwrap();
    assert_eq!((report.written, script.left()), (1, 0));
}

#[test]
fn insert_list_items_rejects_empty_names_and_codes() {
    let model = offline();
    for bad in [NewListItem::named(" "), NewListItem::coded("")] {
        assert!(model.insert_list_items(101, [bad]).into_calls().is_err());
    }
    let mut calls = model
        .insert_list_items(
            101,
            [NewListItem::named("A")
                .parent("P")
                .property("n", 1.5)
                .subset("s", true)],
        )
        .into_calls()
        .unwrap();
    let (_, body) = told(calls.remove(0).into_request());
    assert_eq!(
        body,
        r#"{"items":[{"name":"A","parent":"P","properties":{"n":"1.5"},"subsets":{"s":true}}]}"#
    );
}

#[tokio::test(start_paused = true)]
async fn evaluate_insert_confirms_a_recorded_insertion_whose_items_exist_later() {
    let existing = r#"{"items":[{"id":"1","name":"A","code":"A"},{"id":"2","name":"b"},{"id":"3","name":"No 3","code":"c"}]}"#;
    let replies = [NONE, lost(TransportErrorKind::Interrupted)].into_iter();
    let (model, _) = scripted(replies.chain(always(r#"{"status":{"code":200}}"#)));
    let error = model.insert_list_items(101, abc()).await.unwrap_err();
    let stored = serde_json::to_string(error.record().unwrap()).unwrap();

    let (model, script) = scripted([Reply::Body(200, existing)]);
    let record = serde_json::from_str(&stored).unwrap();
    let found = model.evaluate_insert(record).await.unwrap();
    let Evaluation::Confirmed(report) = found else {
        panic!("{found:?}");
    };
    assert_eq!((report.written, script.left()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn evaluate_insert_rejects_a_record_of_another_operation_before_anything_is_sent() {
    let replies = [NONE, lost(TransportErrorKind::Interrupted)].into_iter();
    let (model, _) = scripted(replies.chain(always(r#"{"status":{"code":200}}"#)));
    let error = model.insert_list_items(101, abc()).await.unwrap_err();
    let mut record = error.record().unwrap().clone();
    record.request = serde_json::Value::Null;
    let (model, script) = scripted([]);
    let error = model.evaluate_insert(record).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(script.asked().is_empty());
}
