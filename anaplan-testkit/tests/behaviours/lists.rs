//! Lists: adding, changing and deleting their items.

mod requests;

use anaplan_testkit::world::Format;
use serde_json::{Value, json};

use self::requests::{add, delete, failures, items, names, path, update};
use crate::support::{Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    49, "D", "an item of a general list needs a name; its name and its code must be new"
        => general_items_are_added;
    49, "D", "items of a numbered list are named by the server; a name is refused, and so is a code that exists"
        => numbered_items_are_added;
    49, "D", "a property value that does not fit its format is a failure INCORRECT_FORMAT"
        => wrong_formats_fail;
    49, "D", "an update finds items by id, code or name, by the table of what was there and what was sent"
        => updates_follow_their_table;
    49, "D", "an update keeps the properties and subsets that it does not name"
        => updates_keep_the_rest;
    49, "D", "items are deleted by id, by code or by name; id and code together, and a missing item, are failures"
        => items_are_deleted;
    49, "I", "by a switch the deletion of items counts ignored and total, as adding and updating do"
        => deletions_may_count_what_was_ignored;
    49, "C", "by a switch topLevelItem of a list is an object with id and name instead of the name"
        => the_top_level_item_has_two_forms;
    49, "D", "ignored counts the items that were not applied, and failures is left out when there is none"
        => ignored_items_are_counted;
    49, "D", "values of properties are JSON strings, in requests and in answers"
        => property_values_are_strings;
    49, "D", "more than 100,000 items in a request are 400, for adding, changing and deleting"
        => a_request_has_a_limit;
    49, "I", "a repeat adds nothing that has a name or a code, but numbered items without a code again"
        => a_repeat_adds_numbered_items_again;
    49, "L", "adding to a list of the structure is 425 in a deployed model, and to production data it is not"
        => deployed_structure_is_closed;
    49, "D", "the items of a list are given all at once, paged only where the rules say so, with a parent's list"
        => items_are_read;
}

fn general_items_are_added() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let answer = add(
            &caller,
            list,
            &json!([
                { "name": "East", "code": "E" },
                { "name": "north" },
                { "name": "Far North", "code": "n" },
                { "code": "X" },
                { "name": "World" },
                { "name": "A", "parent": "Nobody" },
                { "name": "B", "properties": { "Headroom": "much" } },
                { "name": "C", "properties": { "Colour": "red" } },
                { "name": "D", "subsets": { "Alpine": true } },
                { "name": "Far South", "code": "S" },
            ]),
        );
        let answer = answer.expect(200).json();
        let counts = [&answer["added"], &answer["ignored"], &answer["total"]];
        assert_eq!(counts, [1, 9, 10]);
        assert_eq!(
            failures(&answer),
            [
                (1, "DUPLICATE_NAME"),
                (2, "DUPLICATE_CODE"),
                (3, "INCOMPLETE_DATA"),
                (4, "DUPLICATE_NAME"),
                (5, "INCORRECT_FORMAT"),
                (6, "INCORRECT_FORMAT"),
                (7, "INCORRECT_FORMAT"),
                (8, "INCORRECT_FORMAT"),
                (9, "DUPLICATE_CODE"),
            ]
        );
        assert_eq!(names(&caller, list), ["North", "South", "West", "East"]);
        assert_eq!(caller.fake.world(|world| world.books().items_added), 1);
    }
}

fn numbered_items_are_added() {
    for caller in both_forms() {
        let list = caller.demo.numbered_list;
        let all = json!([
            { "code": "D1", "properties": { "Amount": "5" } },
            { "name": "Deal" },
            { "code": "d1" },
            {},
        ]);
        let answer = add(&caller, list, &all).expect(200).json();
        assert_eq!(answer["added"], 2);
        let failed: Vec<u64> = failures(&answer).iter().map(|(index, _)| *index).collect();
        assert_eq!(failed, [1, 2]);
        assert_eq!(names(&caller, list), ["#1", "#2"]);
        let next = || {
            let list = caller.get(&format!("lists/{list}")).expect(200).json();
            list["metadata"]["nextitemIndex"].as_u64()
        };
        assert_eq!(next(), Some(3));
        let again = add(&caller, list, &all).expect(200).json();
        assert_eq!(again["added"], 1);
        assert_eq!(names(&caller, list), ["#1", "#2", "#3"]);
        assert_eq!(next(), Some(4));
    }
}

fn wrong_formats_fail() {
    for caller in both_forms() {
        let (general, numbered) = (caller.demo.list, caller.demo.numbered_list);
        let all = json!([{ "name": "A", "properties": { "Headroom": "much" } }]);
        let answer = add(&caller, general, &all).expect(200).json();
        assert_eq!(failures(&answer), [(0, "INCORRECT_FORMAT")]);
        let all = json!([{ "properties": { "Amount": "much" } }]);
        let answer = add(&caller, numbered, &all).expect(200).json();
        assert_eq!(failures(&answer), [(0, "INCORRECT_FORMAT")]);
        let all = json!([{ "code": "N", "properties": { "Headroom": "much" } }]);
        let answer = update(&caller, general, &all).expect(200).json();
        assert_eq!(failures(&answer), [(0, "INCORRECT_FORMAT")]);
        assert_eq!(names(&caller, numbered).len(), 0);
    }
}

fn updates_follow_their_table() {
    const INCOMPLETE: Option<&str> = Some("INCOMPLETE_DATA");
    for caller in both_forms() {
        for (code, sent, outcome) in [
            (Some("c1"), json!({ "name": "n2", "code": "c1" }), None),
            (
                Some("c1"),
                json!({ "id": "own", "name": "n1", "code": "c2" }),
                None,
            ),
            (None, json!({ "name": "n1", "code": "c1" }), None),
            (
                Some("c1"),
                json!({ "name": "n1", "code": "c2" }),
                INCOMPLETE,
            ),
            (
                Some("c1"),
                json!({ "id": "own", "name": "n1", "code": "" }),
                INCOMPLETE,
            ),
            (Some("c1"), json!({ "name": "n1" }), INCOMPLETE),
            (None, json!({ "name": "n1" }), None),
            (Some("c1"), json!({ "code": "c1" }), None),
        ] {
            let list = caller
                .fake
                .world(|world| world.edit(&caller.demo.dev).list("L").id());
            let mut there = json!({ "name": "n1" });
            if let Some(code) = code {
                there["code"] = code.into();
            }
            add(&caller, list, &json!([there])).expect(200);
            let own = items(&caller, list)[0]["id"].clone();
            let mut request = sent.clone();
            if sent.get("id").is_some() {
                request["id"] = own.clone();
            }
            let answer = update(&caller, list, &json!([request])).expect(200).json();
            let kind = failures(&answer).first().map(|(_, kind)| kind.to_string());
            assert_eq!(kind.as_deref(), outcome, "{code:?} {sent}");
            let done = u64::from(outcome.is_none());
            assert_eq!(
                (&answer["updated"], &answer["ignored"]),
                (&json!(done), &json!(1 - done))
            );
            let after = items(&caller, list)[0].clone();
            assert_eq!(after["id"], own);
            for key in ["name", "code"] {
                let kept = there
                    .get(key)
                    .filter(|_| outcome.is_some() || sent.get(key).is_none());
                let wanted = kept.or_else(|| sent.get(key).filter(|_| outcome.is_none()));
                assert_eq!(after.get(key), wanted, "{code:?} {sent}");
            }
        }
    }
}

fn updates_keep_the_rest() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let full = json!([{
            "code": "N", "properties": { "Manager": "Ada", "Headroom": "3" },
            "subsets": { "Coastal": true },
        }]);
        update(&caller, list, &full).expect(200);
        let part = json!([{ "code": "N", "properties": { "Manager": "Bob" } }]);
        assert_eq!(
            update(&caller, list, &part).expect(200).json()["updated"],
            1
        );
        let north = &items(&caller, list)[0];
        assert_eq!(
            north["properties"],
            json!({ "Manager": "Bob", "Headroom": "3" })
        );
        assert_eq!(north["subsets"], json!({ "Coastal": true }));
        assert_eq!(
            (&north["name"], &north["code"]),
            (&json!("North"), &json!("N"))
        );
    }
}

fn items_are_deleted() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let north = caller.demo.cell_dimensions[0].1.to_string();
        let all = json!([
            { "id": north },
            { "code": "S" },
            { "name": "West" },
            { "name": "West" },
            { "id": "1", "code": "S" },
        ]);
        let answer = delete(&caller, list, &all).expect(200).json();
        assert_eq!(answer["deleted"], 3);
        let failed: Vec<u64> = failures(&answer).iter().map(|(index, _)| *index).collect();
        assert_eq!(failed, [3, 4]);
        assert!(answer.get("added").is_none() && answer.get("total").is_none());
        assert!(names(&caller, list).is_empty());
        caller.fake.world(|world| {
            let cells = world.model(&caller.demo.dev).unwrap().cells.len();
            assert_eq!((cells, world.books().items_deleted), (0, 3));
        });
    }
}

fn deletions_may_count_what_was_ignored() {
    for caller in both_forms() {
        caller
            .fake
            .world(|world| world.rules.count_ignored_deletes = true);
        let items = json!([{ "code": "S" }, { "name": "Nowhere" }]);
        let answer = delete(&caller, caller.demo.list, &items).expect(200).json();
        let counts = [&answer["deleted"], &answer["ignored"], &answer["total"]];
        assert_eq!(counts, [1, 1, 2]);
        assert_eq!(failures(&answer).len(), 1);
    }
}

fn the_top_level_item_has_two_forms() {
    for caller in both_forms() {
        let list = format!("lists/{}", caller.demo.list);
        let item = || caller.get(&list).expect(200).json()["metadata"]["topLevelItem"].clone();
        assert_eq!(item(), "World");
        caller
            .fake
            .world(|world| world.rules.top_level_item_object = true);
        let object = item();
        assert_eq!(object["name"], "World");
        let items = caller
            .get(&format!("dimensions/{}/items", caller.demo.list))
            .expect(200)
            .json();
        let items = items["items"].as_array().unwrap();
        let same = items.iter().find(|item| item["name"] == "World").unwrap();
        assert_eq!(object["id"], same["id"]);
    }
}

fn ignored_items_are_counted() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let keys = |answer: &Value| -> Vec<String> {
            answer.as_object().unwrap().keys().cloned().collect()
        };
        let clean = add(&caller, list, &json!([{ "name": "East" }]))
            .expect(200)
            .json();
        assert_eq!(
            keys(&clean),
            ["added", "ignored", "meta", "status", "total"]
        );
        assert_eq!(clean["ignored"], 0);
        let half = json!([{ "name": "East" }, { "name": "Centre" }]);
        let half = add(&caller, list, &half).expect(200).json();
        let counts = [&half["added"], &half["ignored"], &half["total"]];
        assert_eq!(counts, [1, 1, 2]);
        assert_eq!(failures(&half).len(), 1);
        let clean = update(&caller, list, &json!([{ "name": "East" }]))
            .expect(200)
            .json();
        assert_eq!(
            keys(&clean),
            ["ignored", "meta", "status", "total", "updated"]
        );
        let clean = delete(&caller, list, &json!([{ "name": "East" }]))
            .expect(200)
            .json();
        assert_eq!(keys(&clean), ["deleted", "meta", "status"]);
    }
}

fn property_values_are_strings() {
    for caller in both_forms() {
        let list = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            let list = edit.list("L").property("Size", Format::Number);
            list.property("Open", Format::Boolean)
                .property("Since", Format::TimePeriod("MONTH".into()))
                .id()
        });
        let values = json!({ "Size": "123456", "Open": "true", "Since": "Mar 25" });
        let good = json!([{ "name": "A", "properties": values }]);
        assert_eq!(add(&caller, list, &good).expect(200).json()["added"], 1);
        assert_eq!(items(&caller, list)[0]["properties"], values);
        for value in [json!(1), json!(true)] {
            let bad = json!([{ "name": "B", "properties": { "Size": value } }]);
            add(&caller, list, &bad).expect(400);
        }
    }
}

fn a_request_has_a_limit() {
    let caller = Caller::admin();
    let list = caller.demo.empty_list;
    let many = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({ "code": format!("{n}") }))
            .collect()
    };
    let one_too_many = many(100_001);
    add(&caller, list, &one_too_many).expect(400);
    update(&caller, list, &one_too_many).expect(400);
    delete(&caller, list, &one_too_many).expect(400);
    let answer = delete(&caller, list, &many(100_000)).expect(200).json();
    assert_eq!(answer["deleted"], 0);
    add(&caller, list, &json!([])).expect(400);
}

fn a_repeat_adds_numbered_items_again() {
    for caller in both_forms() {
        let (general, numbered) = (caller.demo.empty_list, caller.demo.numbered_list);
        for (list, all, second) in [
            (
                general,
                json!([{ "name": "A" }, { "name": "B", "code": "b" }]),
                0,
            ),
            (numbered, json!([{ "code": "a" }]), 0),
            (numbered, json!([{}, {}]), 2),
        ] {
            let count = all.as_array().unwrap().len();
            assert_eq!(add(&caller, list, &all).expect(200).json()["added"], count);
            let again = add(&caller, list, &all).expect(200).json();
            assert_eq!(
                (&again["added"], &again["ignored"]),
                (&json!(second), &json!(count - second))
            );
        }
    }
}

fn deployed_structure_is_closed() {
    let caller = Caller::admin();
    let prod = caller.of_model(&caller.demo.prod);
    let item = json!([{ "name": "East" }]);
    add(&prod, caller.demo.structural_list, &item).expect(425);
    assert_eq!(
        add(&prod, caller.demo.list, &item).expect(200).json()["added"],
        1
    );
    add(&caller, caller.demo.structural_list, &item).expect(200);
}

fn items_are_read() {
    for caller in both_forms() {
        let child = caller.demo.child_list;
        add(
            &caller,
            child,
            &json!([{ "name": "Oslo", "parent": "North" }]),
        )
        .expect(200);
        let oslo = &items(&caller, child)[0];
        assert_eq!(
            (&oslo["parent"], &oslo["listName"]),
            (&json!("North"), &json!("Regions"))
        );
        assert_eq!(oslo["listId"], caller.demo.list.to_string());
        let list = format!("{}?limit=2&offset=1", path(caller.demo.list));
        let read = || caller.get(&list).expect(200).json();
        let whole = read();
        assert_eq!(whole["listItems"].as_array().unwrap().len(), 3);
        assert!(whole["meta"].get("paging").is_none());
        caller
            .fake
            .world(|world| world.rules.page_list_items = true);
        let page = read();
        let found = page["listItems"].as_array().unwrap();
        assert_eq!(
            (&found[0]["name"], &found[1]["name"]),
            (&json!("South"), &json!("West"))
        );
        assert_eq!(
            (found.len(), &page["meta"]["paging"]["totalSize"]),
            (2, &json!(3))
        );
        let csv = caller
            .get_as(&path(caller.demo.list), "text/csv")
            .expect(200);
        assert_eq!(csv.content_type(), Some("text/csv"));
    }
}
