use crate::support::{Answer, Caller, column};
use serde_json::{Value, json};

impl Caller {
    fn add(&self, list: u64, items: &Value) -> Answer {
        let body = json!({ "items": items }).to_string();
        self.post(&format!("lists/{list}/items?action=add"), &body)
    }

    fn delete(&self, list: u64, items: &Value) -> Answer {
        let body = json!({ "items": items }).to_string();
        self.post(&format!("lists/{list}/items?action=delete"), &body)
    }

    fn items(&self, list: u64) -> Value {
        self.get(&format!("lists/{list}/items?includeAll=true"))
            .ok()["listItems"]
            .clone()
    }
}

#[test]
fn lists_and_their_metadata() {
    let caller = Caller::admin();
    let lists = caller.get("lists?limit=1").ok();
    assert_eq!(
        lists["lists"],
        json!([{ "id": caller.demo.list.to_string(), "name": "Regions", "code": "REG" }])
    );
    assert_eq!(lists["meta"]["paging"]["currentPageSize"], 1);

    let regions = caller.get(&format!("lists/{}", caller.demo.list)).ok();
    let regions = &regions["metadata"];
    assert_eq!(regions["itemCount"], 4, "the item above all others counts");
    assert_eq!(regions["topLevelItem"], "World");
    assert_eq!(column(&regions["properties"], "format"), ["TEXT", "NUMBER"]);
    assert_eq!(column(&regions["subsets"], "name"), ["Coastal"]);
    assert_eq!(
        (&regions["productionData"], &regions["managedBy"]),
        (&json!(true), &json!(""))
    );
    assert!(regions.get("nextitemIndex").is_none() && regions.get("parent").is_none());

    let stores = caller
        .get(&format!("lists/{}", caller.demo.child_list))
        .ok();
    assert_eq!(stores["metadata"]["parent"]["name"], "Regions");
    let deals = caller
        .get(&format!("lists/{}", caller.demo.numbered_list))
        .ok();
    assert_eq!(
        (
            &deals["metadata"]["numberedList"],
            &deals["metadata"]["nextitemIndex"]
        ),
        (&json!(true), &json!(1))
    );
}

#[test]
fn items_show_their_parent_and_on_request_everything() {
    let caller = Caller::admin();
    let stores = caller.demo.child_list;
    let answer = caller
        .add(
            stores,
            &json!([{ "name": "Oslo", "code": "OSL", "parent": "North" }, { "name": "Lost" }]),
        )
        .ok();
    assert_eq!(
        (&answer["added"], &answer["ignored"], &answer["total"]),
        (&json!(2), &json!(0), &json!(2))
    );
    let items = caller.get(&format!("lists/{stores}/items")).ok();
    let oslo = &items["listItems"][0];
    assert_eq!(
        (&oslo["parent"], &oslo["listName"]),
        (&json!("North"), &json!("Regions"))
    );
    assert_eq!(
        oslo["parentId"],
        caller.demo.cell_dimensions[0].1.to_string()
    );
    assert_eq!(oslo["listId"], caller.demo.list.to_string());
    assert!(oslo.get("properties").is_none());
    assert!(
        items["listItems"][1].get("parent").is_none()
            && items["listItems"][1].get("code").is_none()
    );

    let list = caller.demo.list;
    let all = json!([{ "name": "East", "properties": { "Manager": "Ada", "Headroom": "12.5" }, "subsets": { "Coastal": true } }]);
    caller.add(list, &all).ok();
    let east = caller.items(list)[3].clone();
    assert_eq!(
        east["properties"],
        json!({ "Headroom": "12.5", "Manager": "Ada" })
    );
    assert_eq!(east["subsets"], json!({ "Coastal": true }));
    let csv = caller.csv(&format!("lists/{list}/items?includeAll=true"));
    assert_eq!(
        csv.lines()[0],
        "id,name,code,parent,Manager,Headroom,Coastal"
    );
    assert!(csv.lines()[4].ends_with(",East,,,Ada,12.5,true"));
}

#[test]
fn updating_changes_what_is_given_and_keeps_the_rest() {
    let caller = Caller::admin();
    let list = caller.demo.list;
    let put = |items: Value| {
        let body = json!({ "items": items }).to_string();
        caller.put(&format!("lists/{list}/items"), &body)
    };
    let north = caller.demo.cell_dimensions[0].1.to_string();
    let answer = put(json!([
        { "code": "N", "properties": { "Manager": "Ada" } },
        { "id": north, "name": "Norden" },
        { "name": "South", "code": "S2" },
        { "name": "South" },
        { "id": north, "code": "" },
        { "id": "1", "name": "X" },
        { "code": "W", "name": "Norden" },
        {},
    ]))
    .ok();
    assert_eq!(
        (&answer["updated"], &answer["ignored"], &answer["total"]),
        (&json!(2), &json!(6), &json!(8))
    );
    assert_eq!(
        column(&answer["failures"], "failureType"),
        [
            "INCOMPLETE_DATA",
            "INCOMPLETE_DATA",
            "INCOMPLETE_DATA",
            "UNKNOWN_ITEM",
            "DUPLICATE_NAME",
            "INCOMPLETE_DATA"
        ]
    );
    let item = caller.items(list)[0].clone();
    assert_eq!(
        (&item["name"], &item["code"]),
        (&json!("Norden"), &json!("N"))
    );
    assert_eq!(item["properties"]["Manager"], "Ada");
    assert_eq!(caller.fake.world(|world| world.books().items_updated), 2);
}

#[test]
fn requests_that_are_no_list_of_items_are_refused_whole() {
    let caller = Caller::admin();
    let list = caller.demo.list;
    let path = format!("lists/{list}/items");
    for (query, body, text) in [
        ("?action=add", "", "The request body is null."),
        ("?action=add", "{}", "Expected mandatory field 'items'"),
        (
            "?action=add",
            r#"{"items":[]}"#,
            "Expected mandatory field 'items'",
        ),
        (
            "?action=add",
            r#"{"items":{}}"#,
            "The data provided is not in the expected format.",
        ),
        (
            "?action=add",
            r#"{"items":[1]}"#,
            "The data provided is not in the expected format.",
        ),
        (
            "?action=add",
            r#"{"items":[{"name":1}]}"#,
            "Found a value with an unexpected string format",
        ),
        (
            "?action=add",
            r#"{"items":[{"name":"A","id":"1"}]}"#,
            "Identified an unrecognized 'id'.",
        ),
        (
            "?action=add",
            r#"{"item":[]}"#,
            "Identified an unrecognized 'item'.",
        ),
        (
            "?action=add",
            r#"{"items":["#,
            "An unterminated JSON object was found.",
        ),
        (
            "?action=delete",
            r#"{"items":[{"parent":"A"}]}"#,
            "Identified an unrecognized 'parent'.",
        ),
        (
            "?action=steal",
            r#"{"items":[{"name":"A"}]}"#,
            "The parameter 'action'",
        ),
        ("", r#"{"items":[{"name":"A"}]}"#, "The parameter 'action'"),
    ] {
        let answer = caller.post(&format!("{path}{query}"), body);
        assert_eq!(answer.status, 400, "{query} {body}");
        assert!(
            answer.message().starts_with(text),
            "{body}: {}",
            answer.message()
        );
    }
    assert_eq!(caller.send("DELETE", &path, None, None).status, 405);
    assert_eq!(caller.items(list).as_array().unwrap().len(), 3);
}

#[test]
fn a_hundred_thousand_items_are_added_at_once_and_one_more_is_refused() {
    let caller = Caller::admin();
    let list = caller.demo.empty_list;
    let items = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({ "name": format!("Item {number}"), "code": format!("I{number}") }))
            .collect()
    };
    assert_eq!(caller.add(list, &items(100_001)).status, 400);
    let answer = caller.add(list, &items(100_000)).ok();
    assert_eq!(answer["added"], 100_000);
    let read = caller.get(&format!("lists/{list}/items")).ok();
    assert_eq!(read["listItems"].as_array().unwrap().len(), 100_000);
    let codes: Value = (0..100_000)
        .map(|number| json!({ "code": format!("I{number}") }))
        .collect();
    assert_eq!(caller.delete(list, &codes).ok()["deleted"], 100_000);
    caller.fake.world(|world| world.rules.largest_read = 2);
    assert_eq!(
        caller
            .get(&format!("lists/{}/items", caller.demo.list))
            .status,
        400
    );
}

#[test]
fn structural_lists_change_the_structure_and_are_closed_in_deployed_models() {
    let caller = Caller::admin();
    let (list, structural) = (caller.demo.list, caller.demo.structural_list);
    let dev = caller.demo.dev.clone();
    caller
        .fake
        .world(|world| world.add_revision(&dev, "Everything"));
    let changed = || caller.fake.world(|world| world.has_structural_change(&dev));
    caller.add(list, &json!([{ "name": "East" }])).ok();
    assert!(!changed(), "production data are no structure");
    caller.add(structural, &json!([{ "name": "Locks" }])).ok();
    assert!(changed());
    let prod = caller.demo.prod.clone();
    let caller = caller.in_model(&prod);
    for answer in [
        caller.add(structural, &json!([{ "name": "Bells" }])),
        caller.delete(structural, &json!([{ "name": "Helmets" }])),
        caller.put(
            &format!("lists/{structural}/items"),
            r#"{"items":[{"code":"HEL","name":"Hats"}]}"#,
        ),
    ] {
        assert_eq!(answer.status, 425);
    }
    assert_eq!(
        caller.add(list, &json!([{ "name": "East" }])).ok()["added"],
        1
    );
}

#[test]
fn children_of_a_deleted_item_hang_under_nothing() {
    let caller = Caller::admin();
    caller
        .add(
            caller.demo.child_list,
            &json!([{ "name": "Oslo", "parent": "N" }]),
        )
        .ok();
    caller
        .delete(caller.demo.list, &json!([{ "code": "N" }]))
        .ok();
    assert!(
        caller.items(caller.demo.child_list)[0]
            .get("parent")
            .is_none()
    );
}
