use std::time::Duration;

use crate::support::Caller;
use anaplan_testkit::Pacing;
use serde_json::{Value, json};

const EXPORT: &str = r#"{"exportType":"TABULAR_MULTI_COLUMN"}"#;

impl Caller {
    fn make(&self, object: &str, body: Option<&str>) -> (String, Value) {
        let answer = self
            .send("POST", &format!("{object}/readRequests/"), None, body)
            .ok();
        let request = answer
            .as_object()
            .unwrap()
            .iter()
            .find(|(key, _)| key.ends_with("ReadRequest"))
            .unwrap()
            .1
            .clone();
        let id = request["requestId"].as_str().unwrap();
        (format!("{object}/readRequests/{id}"), request)
    }
}

#[test]
fn a_view_is_read_page_by_page_while_it_is_laid_out() {
    let caller = Caller::admin().through_workspace();
    caller.fake.world(|world| {
        world.rules.pacing = Pacing::Polls(3);
        world.rules.rows_per_page = 1;
    });
    let (path, made) = caller.make(&format!("views/{}", caller.demo.view), Some(EXPORT));
    assert_eq!(made["requestState"], "NOT_STARTED");
    assert!(made["url"].as_str().unwrap().ends_with(&path));
    assert!(made.get("successful").is_none() && made["requestId"].as_str().unwrap().len() == 32);
    let page = |number: usize| caller.csv(&format!("{path}/pages/{number}"));
    assert_eq!(page(0).status, 404, "nothing is there yet");
    let look = || caller.get(&path).ok()["viewReadRequest"].clone();
    let first = look();
    assert_eq!(
        (&first["requestState"], &first["availablePages"]),
        (&json!("IN_PROGRESS"), &json!(1))
    );
    assert_eq!(first["successful"], false);
    assert_eq!(first["viewId"].as_u64(), Some(caller.demo.view), "a number");
    assert_eq!((page(0).status, page(1).status), (200, 404));
    assert_eq!(look()["availablePages"], 2);
    let last = look();
    assert_eq!(
        (
            &last["requestState"],
            &last["successful"],
            &last["availablePages"]
        ),
        (&json!("COMPLETE"), &json!(true), &json!(4))
    );
    // One header over all pages together.
    let whole: String = (0..4).map(|number| page(number).text).collect();
    assert_eq!(whole.lines().count(), 5);
    assert!(whole.starts_with("Regions,Volume,Price") && whole.contains("\nWorld,264.6,"));
    assert_eq!(page(4).status, 404);
    assert_eq!(caller.csv(&format!("{path}/pages/x")).status, 404);
    let made = caller
        .fake
        .world(|world| world.books().read_requests_made.len());
    assert_eq!(made, 1);
}

#[test]
fn what_is_read_does_not_change_with_the_model() {
    let caller = Caller::admin();
    caller
        .fake
        .world(|world| world.rules.pacing = Pacing::Instant);
    let (path, made) = caller.make(&format!("lists/{}", caller.demo.list), None);
    assert_eq!(
        (&made["requestState"], &made["successful"]),
        (&json!("COMPLETE"), &json!(true))
    );
    assert_eq!(made["listId"].as_u64(), Some(caller.demo.list));
    let body = r#"{"items":[{"code":"N"},{"code":"S"}]}"#;
    caller
        .post(
            &format!("lists/{}/items?action=delete", caller.demo.list),
            body,
        )
        .ok();
    let page = caller.csv(&format!("{path}/pages/0"));
    assert_eq!(page.content_type, "text/csv");
    assert_eq!(page.lines().len(), 4);
    caller.fake.world(|world| world.rules.repeat_headers = true);
    assert_eq!(
        caller.csv(&format!("{path}/pages/0")).lines()[0],
        "id,name,code,parent,Manager,Headroom,Coastal"
    );
}

#[test]
fn headers_can_stand_on_every_page() {
    let caller = Caller::admin();
    caller.fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        world.rules.rows_per_page = 2;
        world.rules.repeat_headers = true;
    });
    let (path, _) = caller.make(&format!("lists/{}", caller.demo.list), None);
    for page in 0..2 {
        let text = caller.csv(&format!("{path}/pages/{page}")).text;
        assert!(text.starts_with("id,name"), "{text}");
    }
}

#[test]
fn a_deleted_request_is_gone() {
    let caller = Caller::admin();
    caller
        .fake
        .world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(10)));
    let object = format!("lists/{}", caller.demo.list);
    let delete = |path: &str| caller.send("DELETE", path, None, None);
    let (path, _) = caller.make(&object, None);
    assert_eq!(
        delete(&path).ok()["listReadRequest"]["requestState"],
        "CANCELLED"
    );
    for answer in [
        delete(&path),
        caller.get(&path),
        caller.csv(&format!("{path}/pages/0")),
    ] {
        assert_eq!(answer.status, 404);
    }
    let (path, _) = caller.make(&object, None);
    caller.fake.advance(Duration::from_secs(4));
    assert_eq!(
        caller.get(&path).ok()["listReadRequest"]["requestState"],
        "IN_PROGRESS"
    );
    caller.fake.advance(Duration::from_secs(6));
    assert_eq!(
        delete(&path).ok()["listReadRequest"]["requestState"],
        "COMPLETE"
    );
    assert_eq!(caller.fake.world(|world| world.read_requests_kept()), 0);
}

#[test]
fn only_pages_with_numbers_divisible_by_a_hundred_keep_a_request_alive() {
    let caller = Caller::admin();
    caller.fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        world.rules.rows_per_page = 1;
    });
    let (path, _) = caller.make(&format!("lists/{}", caller.demo.list), None);
    let after = |minutes: u64, page: usize| {
        caller.fake.advance(Duration::from_secs(minutes * 60));
        caller.csv(&format!("{path}/pages/{page}")).status
    };
    assert_eq!(after(29, 0), 200);
    assert_eq!(after(29, 1), 200, "the first page has prolonged its life");
    assert_eq!(after(2, 0), 404, "the second has not");
    assert_eq!(caller.get(&path).status, 404);
}

#[test]
fn requests_are_found_under_their_own_object_only() {
    let caller = Caller::admin();
    let (path, made) = caller.make(&format!("views/{}", caller.demo.view), Some(EXPORT));
    let id = made["requestId"].as_str().unwrap();
    for other in [
        format!("views/{}/readRequests/{id}", caller.demo.module),
        format!("lists/{}/readRequests/{id}", caller.demo.list),
        path.to_lowercase(),
    ] {
        assert_eq!(caller.get(&other).status, 404, "{other}");
    }
    assert_eq!(caller.post("views/1/readRequests", EXPORT).status, 404);
    assert_eq!(caller.put(&path, "{}").status, 405);
}

#[test]
fn a_read_of_a_view_needs_a_layout() {
    let caller = Caller::admin();
    let path = format!("views/{}/readRequests", caller.demo.view);
    for body in [
        "",
        "{}",
        r#"{"exportType":"PIE"}"#,
        r#"{"exportType":1}"#,
        r#"{"exportType":"GRID_ALL_PAGES","x":1}"#,
    ] {
        assert_eq!(caller.post(&path, body).status, 400, "{body}");
    }
    for layout in [
        "GRID_ALL_PAGES",
        "GRID_CURRENT_PAGE",
        "TABULAR_SINGLE_ITEMS",
        "TABULAR_SINGLE_COLUMN",
    ] {
        let body = json!({ "exportType": layout }).to_string();
        assert_eq!(caller.post(&path, &body).status, 200, "{layout}");
    }
}
