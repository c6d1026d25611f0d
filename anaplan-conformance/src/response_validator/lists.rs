//! Lists and their items.

use serde_json::Value;

use super::modelling::{
    BIG_READ, CSV, FAILURE, ID_AND_NAME, NAMES, READ, WRITE, object, wants_csv,
};
use super::operation::{Operation, envelope, get, need, nothing, op, page};
use super::shape::{Field, Shape, key, optional, optional_with, with};
use anaplan_testkit::Request;

const ALL: &str = "includeAll";

const LIST: Shape = Shape::Object(&object(Shape::Kind("101")));

const LIST_METADATA: Field = key(
    "metadata",
    Shape::Object(&[
        key("id", Shape::Kind("101")),
        key("name", Shape::Filled),
        optional("code", Shape::Text),
        key(
            "properties",
            Shape::List(&Shape::Object(&[
                key("name", Shape::Filled),
                key("format", Shape::Filled),
                optional("formula", Shape::Text),
                key("notes", Shape::Text),
                key("referencedBy", Shape::Either(&[Shape::Text, NAMES])),
                optional("dataTags", NAMES),
            ])),
        ),
        key("hasSelectiveAccess", Shape::Flag),
        optional("parent", ID_AND_NAME),
        key("managedBy", Shape::Text),
        key("numberedList", Shape::Flag),
        key("useTopLevelAsPageDefault", Shape::Flag),
        key("itemCount", Shape::Count),
        key("workflowEnabled", Shape::Flag),
        key("productionData", Shape::Flag),
        key("permittedItems", Shape::Count),
        optional("nextitemIndex", Shape::Count),
        optional("topLevelItem", Shape::Either(&[Shape::Filled, ID_AND_NAME])),
        optional("subsets", Shape::Rows(&ID_AND_NAME)),
        optional("category", Shape::Text),
        optional("dataTags", NAMES),
        optional("displayNameProperty", Shape::Text),
        optional("usedInAppliesTo", NAMES),
    ]),
);

const LIST_ITEM: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Text),
    optional("code", Shape::Filled),
    optional("parent", Shape::Text),
    optional("parentId", Shape::Digits),
    optional("listId", Shape::Kind("101")),
    optional("listName", Shape::Filled),
    with(ALL, "properties", Shape::Map(&Shape::Text)),
    with(ALL, "subsets", Shape::Map(&Shape::Flag)),
    optional_with(ALL, "read", Shape::List(&Shape::Text)),
    optional_with(ALL, "write", Shape::List(&Shape::Text)),
]);

/// Failures of list items: left out when there is none.
const ITEM_FAILURES: Field = optional("failures", Shape::Rows(&FAILURE));
const ADDED: &[Field] = &[
    key("added", Shape::Count),
    key("ignored", Shape::Count),
    key("total", Shape::Count),
    ITEM_FAILURES,
];
const UPDATED: &[Field] = &[
    key("updated", Shape::Count),
    key("ignored", Shape::Count),
    key("total", Shape::Count),
    ITEM_FAILURES,
];
const DELETED: &[Field] = &[
    key("deleted", Shape::Count),
    optional("ignored", Shape::Count),
    optional("total", Shape::Count),
    ITEM_FAILURES,
];

fn adds(request: &Request) -> bool {
    request.param("action") == Some("add")
}

/// Items that were not added or updated count as ignored, and each failure has the index of an item.
fn counters(_: &Request, body: &Value) -> Result<(), String> {
    let count = |key: &str| body[key].as_u64().unwrap_or(0);
    if let Some(total) = body["total"].as_u64() {
        let sum = count("added") + count("updated") + count("deleted") + count("ignored");
        need(sum == total, "the counters do not add up to the total")?;
        let failures = body["failures"].as_array().into_iter().flatten();
        for failure in failures {
            need(
                failure["requestIndex"].as_u64() < Some(total),
                "a failure is of nothing that was sent",
            )?;
        }
    }
    Ok(())
}

/// Numbered lists, and they only, have a next index.
fn next_index_of_numbered_lists(_: &Request, body: &Value) -> Result<(), String> {
    let list = &body["metadata"];
    need(
        (list["numberedList"] == true) == list.get("nextitemIndex").is_some(),
        "`nextitemIndex` is not as `numberedList` has it",
    )
}

pub(super) const OPERATIONS: &[Operation] = &[
    get("lists", &[page("lists", LIST)]).refuses(READ),
    get("lists/*", &[envelope(&[LIST_METADATA])])
        .refuses(READ)
        .rules(&[next_index_of_numbered_lists]),
    get(
        "lists/*/items",
        &[
            CSV.to(wants_csv),
            envelope(&[key("listItems", Shape::List(&LIST_ITEM))])
                .to(|request| !wants_csv(request)),
            page("listItems", LIST_ITEM).to(|request| !wants_csv(request)),
        ],
    )
    .refuses(BIG_READ),
    op("POST", "lists/*/items")
        .gives(&[
            envelope(ADDED).to(adds),
            envelope(DELETED).to(|request| !adds(request)),
        ])
        .refuses(WRITE)
        .rules(&[counters]),
    op("PUT", "lists/*/items")
        .gives(&[envelope(UPDATED)])
        .refuses(WRITE)
        .rules(&[counters]),
    op("POST", "lists/*/resetIndex")
        .gives(&[nothing(200).header("content-length")])
        .refuses(&[400, 403, 423]),
    get("lists/*/preview", &[CSV]).refuses(READ),
];
