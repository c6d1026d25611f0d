//! Lists and their items.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_core::ErrorKind;
use anaplan_testkit::Fault;
use anaplan_transactional::{FailureType, ListItemKey, ListItemUpdate, NewListItem};
use support::Stage;

const ADD: &str = "POST /2/0/models/*/lists/*/items";

#[tokio::test(start_paused = true)]
async fn a_quarter_of_a_million_items_are_added_streamed_back_and_deleted() {
    const COUNT: usize = 250_000;
    let stage = Stage::set().await;
    let list = &stage.empty_list;
    let items = (0..COUNT).map(|number| {
        NewListItem::named(format!("Customer {number}")).code(format!("C{number:06}"))
    });
    let report = stage.model.insert_list_items(list, items).await.unwrap();
    assert_eq!((report.written, report.sent), (COUNT as u64, COUNT));
    assert!(report.is_complete());
    assert_eq!(stage.fake.requests().count(ADD), 3);
    assert_eq!(
        stage
            .model
            .get_list_metadata(list)
            .await
            .unwrap()
            .item_count,
        Some(COUNT as u64)
    );

    let mut stream = stage.model.stream_list_items(list);
    let mut keys = Vec::with_capacity(COUNT);
    while let Some(item) = stream.next_item().await {
        let item = item.unwrap();
        assert_eq!(
            item.code.as_deref(),
            Some(format!("C{:06}", keys.len()).as_str())
        );
        keys.push(ListItemKey::id(item.id));
    }
    assert_eq!(keys.len(), COUNT);

    let report = stage.model.delete_list_items(list, keys).await.unwrap();
    assert_eq!(report.written, COUNT as u64);
    assert!(report.is_complete());
    assert!(stage.model.get_list_items(list).await.unwrap().is_empty());
    stage.fake.world(|world| {
        let books = world.books();
        assert_eq!(
            (books.items_added, books.items_deleted),
            (COUNT as u64, COUNT as u64)
        );
    });
}

#[tokio::test(start_paused = true)]
async fn refused_items_of_later_batches_keep_the_callers_indices() {
    let stage = Stage::set().await;
    let mut items: Vec<NewListItem> = (0..100_001)
        .map(|number| NewListItem::named(format!("Item {number}")))
        .collect();
    items[5] = NewListItem::named("Item 4");
    items[100_000] = NewListItem::named("Item 0");
    let report = stage
        .model
        .insert_list_items(&stage.empty_list, items.clone())
        .await
        .unwrap();
    let indices: Vec<usize> = report
        .failures
        .iter()
        .map(|failure| failure.request_index)
        .collect();
    assert_eq!(
        (indices, report.written, report.ignored),
        (vec![5, 100_000], 99_999, 2)
    );
    let refused: Vec<_> = report
        .refused(&items)
        .map(|(item, _)| item.clone())
        .collect();
    assert_eq!(refused, [items[5].clone(), items[100_000].clone()]);
}

#[tokio::test(start_paused = true)]
async fn items_with_everything_about_them() {
    let stage = Stage::set().await;
    let list = &stage.list;
    let east = NewListItem::named("East")
        .code("E")
        .property("Headroom", 12.5)
        .property("Manager", "Ada");
    let call = stage
        .model
        .insert_list_items(list, [east.subset("Coastal", true)]);
    assert!(call.await.unwrap().is_complete());
    let call = stage.model.get_list_items(list);
    let items = call.with(|query| query.include_all()).await.unwrap();
    let east = items.iter().find(|item| item.name == "East").unwrap();
    assert_eq!(
        (
            east.properties["Headroom"].as_str(),
            east.subsets["Coastal"]
        ),
        ("12.5", true)
    );

    let updates = [
        ListItemUpdate::by_id(&east.id)
            .name("Orient")
            .property("Manager", "Grace"),
        ListItemUpdate::by_code("N").subset("Coastal", true),
        ListItemUpdate::by_name("South").property("Manager", "X"),
        ListItemUpdate::by_code("W").property("Headroom", "wide"),
    ];
    let report = stage.model.update_list_items(list, updates).await.unwrap();
    assert_eq!((report.written, report.ignored), (2, 2));
    let kinds: Vec<_> = report
        .failures
        .iter()
        .map(|f| (f.request_index, f.failure_type.clone()))
        .collect();
    assert_eq!(
        kinds,
        [
            (2, FailureType::IncompleteData),
            (3, FailureType::IncorrectFormat)
        ]
    );

    let csv = stage.model.get_list_items_csv(list).await.unwrap();
    assert!(std::str::from_utf8(&csv).unwrap().contains("Orient,E"));

    // Children show the list that their parent is in.
    let stores = stage.demo.child_list;
    let oslo = NewListItem::named("Oslo").parent("North");
    let call = stage.model.insert_list_items(stores, [oslo]);
    assert!(call.await.unwrap().is_complete());
    let items = stage.model.get_list_items(stores).await.unwrap();
    assert_eq!(
        (items[0].parent.as_deref(), items[0].list_id.as_ref()),
        (Some("North"), Some(list))
    );
}

#[tokio::test(start_paused = true)]
async fn insert_list_items_is_sent_once_if_its_response_is_lost() {
    for (fault, added) in [
        (Fault::drop_after(), 10),
        (Fault::drop_before(), 0),
        (Fault::status_after(502), 10),
    ] {
        let stage = Stage::set().await;
        stage.fake.inject(fault.on(ADD).times(1));
        let items = (0..10).map(|number| NewListItem::named(format!("Item {number}")));
        let outcome = stage
            .model
            .insert_list_items(&stage.empty_list, items)
            .await;
        match outcome {
            Ok(report) => assert_eq!((report.written, report.failures.len()), (added, 0)),
            Err(error) => assert!(added == 0 && error.is_ambiguous(), "{error}"),
        }
        assert_eq!(stage.fake.requests().count(ADD), 1);
        assert_eq!(stage.fake.world(|world| world.books().items_added), added);
    }
}

#[tokio::test(start_paused = true)]
async fn numbered_items_without_a_code_are_never_sent_again() {
    let stage = Stage::set().await;
    let list = stage.demo.numbered_list;
    stage.fake.inject(Fault::drop_after().on(ADD).times(1));
    let error = stage
        .model
        .insert_list_items(list, [NewListItem::unnamed()])
        .await
        .unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!(stage.fake.requests().count(ADD), 1);
    assert_eq!(stage.fake.world(|world| world.books().items_added), 1);

    // With codes they are recognised.
    stage.fake.inject(Fault::drop_after().on(ADD).times(1));
    let report = stage
        .model
        .insert_list_items(list, [NewListItem::coded("D1")])
        .await
        .unwrap();
    assert_eq!(report.written, 1);
    assert_eq!(stage.fake.world(|world| world.books().items_added), 2);
    let metadata = stage.model.get_list_metadata(list).await.unwrap();
    assert_eq!(
        (metadata.numbered_list, metadata.next_item_index),
        (true, Some(3))
    );
}

#[tokio::test(start_paused = true)]
async fn an_index_is_reset_on_an_empty_list_only() {
    let stage = Stage::set().await;
    stage
        .model
        .reset_list_index(&stage.empty_list)
        .await
        .unwrap();
    let error = stage.model.reset_list_index(&stage.list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(
        error
            .server_message()
            .unwrap()
            .starts_with("We can't reset the list item index")
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_list_is_read_in_pages() {
    let stage = Stage::set().await;
    stage.fake.world(|world| {
        world
            .edit(&stage.demo.dev)
            .edit_list(stage.demo.empty_list)
            .items((0..2_500).map(|n| format!("Item {n}")));
        world.rules.rows_per_page = 1_000;
    });
    let task = stage
        .model
        .create_list_read_request(&stage.empty_list)
        .await
        .unwrap();
    assert_eq!(task.wait().await.unwrap(), 3);
    let written = stage
        .model
        .read_pages(task.address())
        .write_to(Vec::new())
        .await
        .unwrap();
    assert!(written > 2_500 * 10);
    let preview = stage.model.preview_list(&stage.empty_list).await.unwrap();
    assert_eq!(preview.iter().filter(|byte| **byte == b'\n').count(), 1_001);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_pages_items_is_followed_to_the_end() {
    let stage = Stage::set().await;
    stage.fake.world(|world| {
        world.rules.page_list_items = true;
        world.rules.page_cap = 2;
    });
    assert_eq!(
        stage.model.get_list_items(&stage.list).await.unwrap().len(),
        3
    );
    let mut stream = stage.model.stream_list_items(&stage.list);
    let mut count = 0;
    while let Some(item) = stream.next_item().await {
        item.unwrap();
        count += 1;
    }
    assert_eq!(count, 3);
}
