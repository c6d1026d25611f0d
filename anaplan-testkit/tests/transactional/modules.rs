use crate::support::{Caller, column};
use anaplan_testkit::world::{Format, TIME_DIMENSION};
use serde_json::json;

#[test]
fn modules_come_in_pages_and_alike_under_both_forms_of_the_path() {
    let short = Caller::admin();
    let answer = short.get("modules?limit=2");
    let text = answer.text.clone();
    let json = answer.ok();
    assert_eq!(
        column(&json["modules"], "name"),
        ["Sales", "Sales by Product"]
    );
    assert_eq!(json["meta"]["paging"]["totalSize"], 4);
    assert!(json["meta"]["paging"]["next"].is_string());
    let long = short.through_workspace();
    let same = long.get("modules?limit=2").text;
    // Only the links differ, which name the path that was asked.
    let workspace = format!("/workspaces/{}", long.demo.workspace);
    assert_eq!(same.replace(&workspace, ""), text);
    assert_eq!(long.get("modules/").status, 200);
    assert_eq!(long.send("DELETE", "modules", None, None).status, 405);
}

#[test]
fn line_items_are_short_unless_everything_is_asked_for() {
    let caller = Caller::admin();
    let path = format!("modules/{}/lineItems", caller.demo.module);
    let items = caller.get(&path).ok();
    assert_eq!(items["items"][0].as_object().unwrap().len(), 4);
    assert!(items["meta"].get("paging").is_none());
    assert_eq!(items["items"][0]["id"], caller.demo.line_item.to_string());

    let items = caller.get(&format!("{path}?includeAll=True")).ok();
    let volume = &items["items"][0];
    assert_eq!(volume["code"], "VOL");
    assert_eq!(volume["cellCount"], 4);
    assert_eq!(
        volume["version"],
        json!({ "id": "16000000000", "name": "All" })
    );
    assert_eq!(column(&volume["appliesTo"], "name"), ["Regions"]);
    assert_eq!(column(&volume["referencedBy"], "name"), ["Revenue"]);
    assert!(volume.get("formula").is_none());
    assert_eq!(items["items"][2]["formula"], "Volume * Price");
    let formats = column(&items["items"], "format");
    assert_eq!(
        formats[2..8],
        ["NUMBER", "TEXT", "BOOLEAN", "DATE", "LIST", "TIME PERIOD"]
    );
    let tags: Vec<&str> = items["items"].as_array().unwrap()[2..8]
        .iter()
        .map(|item| item["formatMetadata"]["dataType"].as_str().unwrap())
        .collect();
    assert_eq!(
        tags,
        ["NUMBER", "TEXT", "BOOLEAN", "DATE", "ENTITY", "TIME_ENTITY"]
    );
    let list = &items["items"][6]["formatMetadata"]["hierarchyEntityLongId"];
    assert_eq!(list.as_u64(), Some(caller.demo.list));
    let period = &items["items"][7]["formatMetadata"]["periodType"];
    assert_eq!(period["entityLabel"], "Month");
    let single = &items["items"][8];
    assert_eq!(
        (single["cellCount"].as_u64(), single["appliesTo"].clone()),
        (Some(1), json!([]))
    );
}

#[test]
fn the_line_items_of_all_modules_come_together() {
    let caller = Caller::admin();
    let items = caller.get("lineItems").ok();
    let modules = column(&items["items"], "moduleName");
    assert!(modules.contains(&"Sales".into()) && modules.contains(&"Headcount".into()));
    let items = caller.get("lineItems?includeAll=true").ok();
    let plan = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == "Plan")
        .unwrap()
        .clone();
    assert_eq!(
        (&plan["timeScale"], &plan["timeRange"]),
        (&json!("Month"), &json!("Model Calendar"))
    );
}

#[test]
fn unknown_and_malformed_ids_are_not_found() {
    let caller = Caller::admin();
    for path in [
        "modules/1/lineItems",
        "modules/sales/lineItems",
        "modules/+1/views",
        "modules/1/views",
        "views/1",
        "views/1/data",
        "lineItems/1/dimensions",
        "lists/1",
        "lists/x/items",
        "dimensions/1/items",
        "modules/1/nothing",
    ] {
        let answer = caller.get(path);
        assert_eq!(answer.refused(), (404, "Not Found".into()), "{path}");
    }
    assert_eq!(caller.in_model(&"X".into()).get("modules").status, 404);
}

#[test]
fn headings_and_line_items_over_time_are_described_too() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let mut module = edit.module("Layout", [TIME_DIMENSION]);
        module.add_line_item("Section", Format::None);
        module.id()
    });
    let items = caller
        .get(&format!("modules/{module}/lineItems?includeAll=true"))
        .ok();
    let heading = &items["items"][0];
    assert_eq!(heading["formatMetadata"], json!({ "dataType": "NONE" }));
    // Three years of months, quarters and totals.
    assert_eq!(heading["cellCount"], 3 * 17);
}
