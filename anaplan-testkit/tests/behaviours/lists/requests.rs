//! Requests for the items of a list, and their responses.

use serde_json::{Value, json};

use crate::support::{Answer, Caller};

pub(super) fn path(list: u64) -> String {
    format!("lists/{list}/items")
}

pub(super) fn add(caller: &Caller, list: u64, items: &Value) -> Answer {
    let body = json!({ "items": items });
    caller.post(&format!("{}?action=add", path(list)), &body)
}

pub(super) fn update(caller: &Caller, list: u64, items: &Value) -> Answer {
    caller.put_json(&path(list), &json!({ "items": items }))
}

pub(super) fn delete(caller: &Caller, list: u64, items: &Value) -> Answer {
    let body = json!({ "items": items });
    caller.post(&format!("{}?action=delete", path(list)), &body)
}

pub(super) fn items(caller: &Caller, list: u64) -> Vec<Value> {
    let answer = caller
        .get(&format!("{}?includeAll=true", path(list)))
        .expect(200);
    answer.json()["listItems"].as_array().unwrap().clone()
}

pub(super) fn names(caller: &Caller, list: u64) -> Vec<String> {
    let items = items(caller, list).into_iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The index and the kind of every failure.
pub(super) fn failures(answer: &Value) -> Vec<(u64, &str)> {
    let failures = answer["failures"].as_array().into_iter().flatten();
    failures
        .map(|failure| {
            assert!(failure["failureMessageDetails"].is_string());
            let kind = failure["failureType"].as_str().unwrap();
            (failure["requestIndex"].as_u64().unwrap(), kind)
        })
        .collect()
}
