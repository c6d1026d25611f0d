//! What bodies may hold: unknown fields, ids, novelties.

use std::collections::BTreeMap;

use anaplan_testkit::Pacing;
use serde_json::{Value, json};

use crate::ask::{Asker, keys, of_dev, readable};
use crate::table::behaviours;

behaviours! {
    16, "L D", "an unknown field in a body is refused with 400, and the text names it"
        => unknown_fields_are_refused;
    17, "L", "every id is a string, but for the ids of view and list in read requests, which are numbers"
        => ids_are_strings;
    18, "D", "by a switch, answers carry unknown fields and unknown enum values now and then, and errors never do"
        => novelties_come_now_and_then;
}

fn unknown_fields_are_refused() {
    let admin = Asker::admin();
    let (model, demo) = (of_dev(&admin), admin.fake.demo());
    let delete = format!("/2/0/workspaces/{}/bulkDeleteModels", demo.workspace);
    for path in [
        delete,
        format!("{model}/alm/revisions"),
        format!("{model}/alm/syncTasks"),
        format!("{model}/alm/comparisonReportTasks"),
        format!("{model}/alm/summaryReportTasks"),
        format!("{model}/imports/{}/tasks", demo.good_import),
    ] {
        let answer = admin.post(&path, &json!({ "modelIds": [] })).expect(400);
        assert_eq!(
            answer.message(),
            "Identified an unrecognized 'modelIds'. Amend the content so it only contains applicable fields."
        );
    }
    let online = admin.put(
        &format!("{model}/onlineStatus"),
        &json!({ "status": "online", "by": "me" }),
    );
    assert_eq!(
        online.expect(400).message(),
        "Unrecognised property detected"
    );
}

/// Every value whose key is an id, by its key.
fn ids<'v>(value: &'v Value, found: &mut BTreeMap<String, Vec<&'v Value>>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "id" || key.ends_with("Id") {
                    found.entry(key.clone()).or_default().push(value);
                }
                ids(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        _ => {}
    }
}

fn ids_are_strings() {
    let admin = Asker::admin();
    let (model, demo) = (of_dev(&admin), admin.fake.demo());
    for (path, _) in readable(&demo) {
        let mark = if path.contains('?') { '&' } else { '?' };
        let body = admin
            .get(&format!("{path}{mark}includeAll=true"))
            .expect(200)
            .json();
        let mut found = BTreeMap::new();
        ids(&body, &mut found);
        // The list of a line item's format is no id of this answer's objects.
        found.remove("hierarchyEntityLongId");
        for (key, values) in found {
            for value in values {
                assert!(value.is_string(), "{path}: {key} is {value}");
            }
        }
    }
    admin
        .fake
        .world(|world| world.rules.pacing = Pacing::Polls(1));
    for (path, body, key, id, number) in [
        (
            format!("{model}/views/{}/readRequests", demo.view),
            json!({ "exportType": "TABULAR_MULTI_COLUMN" }),
            "viewReadRequest",
            "viewId",
            demo.view,
        ),
        (
            format!("{model}/lists/{}/readRequests", demo.list),
            json!({}),
            "listReadRequest",
            "listId",
            demo.list,
        ),
    ] {
        let made = admin.post(&path, &body).expect(200).json();
        let request = made[key]["requestId"].as_str().unwrap().to_owned();
        let state = admin.get(&format!("{path}/{request}")).expect(200).json();
        assert_eq!(state[key][id], number);
        assert!(state[key]["requestId"].is_string());
    }
}

fn novelties_come_now_and_then() {
    let admin = Asker::admin();
    let path = "/2/0/models?modelDetails=true";
    admin.fake.world(|world| world.rules.novelties = true);
    let (mut new_fields, mut new_states, mut models) = (0, 0, 0);
    for _ in 0..20 {
        let body = admin.get(path).expect(200).json();
        for model in body["models"].as_array().unwrap() {
            models += 1;
            new_fields += usize::from(model.get("addedLater").is_some());
            new_states += usize::from(model["activeState"] == "SOMETHING_NEW");
            assert!(model["id"].is_string());
        }
    }
    for seen in [new_fields, new_states] {
        assert!(
            models / 4 < seen && seen < models * 3 / 4,
            "{seen} of {models}"
        );
    }
    assert_eq!(
        keys(&admin.get("/2/0/nowhere").json()),
        ["path", "status", "timestamp"]
    );
    admin.fake.world(|world| world.rules.novelty_chance = 0.0);
    assert!(!admin.get(path).text().contains("addedLater"));
}
