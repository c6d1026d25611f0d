//! Large reads of views and lists.

use serde_json::Value;

use super::modelling::{CSV, READ};
use super::operation::{Operation, Success, envelope, get, need, op};
use super::shape::{STATES, Shape, key, optional};
use anaplan_testkit::Request;

macro_rules! read_request {
    ($key:literal, $id:literal) => {
        &[envelope(&[key(
            $key,
            Shape::Object(&[
                key("requestId", Shape::Upper),
                key("requestState", STATES),
                key("url", Shape::Address),
                optional($id, Shape::Count),
                optional("availablePages", Shape::Count),
                optional("successful", Shape::Flag),
            ]),
        )])]
    };
}
const VIEW_READ: &[Success] = read_request!("viewReadRequest", "viewId");
const LIST_READ: &[Success] = read_request!("listReadRequest", "listId");

/// The end of a large read says whether it is any good.
fn end_of_read(_: &Request, body: &Value) -> Result<(), String> {
    let read = body.get("viewReadRequest").or(body.get("listReadRequest"));
    let complete = read.is_some_and(|read| read["requestState"] == "COMPLETE");
    need(
        !complete || read.is_some_and(|read| read.get("successful").is_some()),
        "a complete read does not say whether it was successful",
    )
}

pub(super) const OPERATIONS: &[Operation] = &[
    op("POST", "views/*/readRequests")
        .gives(VIEW_READ)
        .refuses(&[400, 403, 415])
        .rules(&[end_of_read]),
    get("views/*/readRequests/*", VIEW_READ)
        .refuses(READ)
        .rules(&[end_of_read]),
    get("views/*/readRequests/*/pages/*", &[CSV]).refuses(READ),
    op("DELETE", "views/*/readRequests/*")
        .gives(VIEW_READ)
        .refuses(READ),
    op("POST", "lists/*/readRequests")
        .gives(LIST_READ)
        .refuses(&[400, 403, 415])
        .rules(&[end_of_read]),
    get("lists/*/readRequests/*", LIST_READ)
        .refuses(READ)
        .rules(&[end_of_read]),
    get("lists/*/readRequests/*/pages/*", &[CSV]).refuses(READ),
    op("DELETE", "lists/*/readRequests/*")
        .gives(LIST_READ)
        .refuses(READ),
];
