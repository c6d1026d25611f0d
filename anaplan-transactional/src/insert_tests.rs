use super::*;
use crate::FailureType;
use crate::testing::{Reply, offline, scripted, told};
use anaplan_core::TransportErrorKind;

const NONE: Reply = Reply::Body(200, "{}");

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
async fn one_look_before_and_none_after_when_all_goes_well() {
    let (model, script) = scripted([
        NONE,
        Reply::Body(200, r#"{"added":3,"ignored":0,"total":3}"#),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert!(report.is_complete());
    let asked = script.asked();
    assert_eq!(asked[0].line, "POST /models/M/dimensions/101/items");
    assert_eq!(asked[0].body, r#"{"names":["B"],"codes":["a","c"]}"#);
    assert_eq!(asked[1].line, "POST /models/M/lists/101/items?action=add");
    assert_eq!(
        asked[1].body,
        r#"{"items":[{"name":"A","code":"a"},{"name":"B"},{"code":"c"}]}"#
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_lost_attempt_has_added_counts_as_added() {
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

#[tokio::test(start_paused = true)]
async fn only_the_rest_is_sent_again_and_what_was_there_before_is_refused() {
    let (model, script) = scripted([
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
        lost(TransportErrorKind::Timeout),
        Reply::Body(
            200,
            r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#,
        ),
        Reply::Body(
            200,
            r#"{"added":1,"ignored":1,"total":2,"failures":[{"requestIndex":0,"failureType":"DUPLICATE","failureMessageDetails":"x"}]}"#,
        ),
        Reply::Body(
            200,
            r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"},{"id":"3","name":"C","code":"c"}]}"#,
        ),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!(
        (report.written, report.ignored, report.failures.len()),
        (2, 1, 1)
    );
    assert_eq!(report.failures[0].request_index, 0);
    assert_eq!(
        report.failures[0].failure_type,
        FailureType::Unknown("DUPLICATE".into())
    );
    assert_eq!(
        script.asked()[3].body,
        r#"{"items":[{"name":"A","code":"a"},{"code":"c"}]}"#
    );
    assert_eq!(script.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_attempt_that_ends_late_is_still_ours() {
    let (model, _) = scripted([
        NONE,
        lost(TransportErrorKind::Timeout),
        NONE,
        Reply::Body(
            200,
            r#"{"added":0,"ignored":3,"failures":[{"requestIndex":0},{"requestIndex":1},{"requestIndex":2}]}"#,
        ),
        Reply::Body(
            200,
            r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#,
        ),
    ]);
    let report = model.insert_list_items(101, abc()).await.unwrap();
    assert_eq!((report.written, report.ignored), (2, 1));
    assert_eq!(report.failures[0].request_index, 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_items_by_the_same_key_one_was_added() {
    let twice = vec![
        NewListItem::named("A").code("a"),
        NewListItem::named("A"),
        NewListItem::coded("A"),
    ];
    let (model, script) = scripted([
        NONE,
        lost(TransportErrorKind::Interrupted),
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
        Reply::Body(
            200,
            r#"{"added":0,"ignored":2,"failures":[{"requestIndex":0},{"requestIndex":1}]}"#,
        ),
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
    ]);
    let report = model.insert_list_items(101, twice).await.unwrap();
    let places: Vec<_> = report
        .failures
        .iter()
        .map(|failure| failure.request_index)
        .collect();
    assert_eq!((report.written, places, script.left()), (1, vec![1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn indices_of_a_later_batch_are_the_callers_after_a_lost_answer_too() {
    let (model, _) = scripted([
        NONE,
        lost(TransportErrorKind::Interrupted),
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
        Reply::Body(
            200,
            r#"{"added":0,"ignored":1,"failures":[{"requestIndex":0}]}"#,
        ),
        Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
    ]);
    let mut items = vec![NewListItem::named("earlier"); 2];
    items.extend(abc());
    let mut batch = InsertListItems::new("M", 101, items);
    batch.items = batch
        .items
        .split(2, usize::MAX, |_| Ok(0))
        .unwrap()
        .remove(1);
    let report = model.session.call(batch).await.unwrap();
    assert_eq!((report.written, report.sent), (1, 2));
    assert_eq!(report.failures[0].request_index, 3);
}

#[tokio::test(start_paused = true)]
async fn items_that_cannot_be_found_again_are_sent_once() {
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
async fn a_list_that_refuses_the_lookup_is_read_instead() {
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
fn empty_names_and_codes_are_refused_before_sending() {
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
