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
