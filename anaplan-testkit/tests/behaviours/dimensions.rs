//! The items of dimensions, and looking them up.

use anaplan_testkit::world::{Format, TIME_DIMENSION, USER_DIMENSION, VERSION_DIMENSION};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    47, "L", "the items of a dimension without any have no items key and no paging, on all three paths"
        => without_items_there_is_no_key;
    47, "D", "the items of Time and of Versions are 400 at model level, and those of a line item are not"
        => time_is_refused_at_model_level;
    47, "D", "the items of lists, subsets and users are given at model level"
        => lists_subsets_and_users_have_items;
    47, "S", "a code that is not set is empty at model level and in lookups, and left out for line items and views"
        => unset_codes_are_empty_or_left_out;
    47, "D", "a lookup does not mind case, finds names and codes, and leaves out what it does not find"
        => a_lookup_drops_what_it_misses;
    47, "D", "a lookup without any name or code is answered 400, and so is one by codes where there are none"
        => a_lookup_wants_something;
    47, "D", "lists, Time, Versions and Users can be looked up; an unknown dimension is 404"
        => four_kinds_are_looked_up;
    47, "D", "more than 1,000,000 items are answered 400"
        => too_many_items_are_refused;
}

fn names(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

fn look_up(caller: &Caller, dimension: u64, body: &Value) -> crate::support::Answer {
    caller.post(&format!("dimensions/{dimension}/items"), body)
}

fn without_items_there_is_no_key() {
    for caller in both_forms() {
        let empty = caller.demo.empty_list;
        let (line_item, view) = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            let mut module = edit.module("Nothing", [empty]);
            let view = module.id();
            (module.add_line_item("L", Format::Number).id(), view)
        });
        for path in [
            format!("dimensions/{empty}/items"),
            format!("lineItems/{line_item}/dimensions/{empty}/items"),
            format!("views/{view}/dimensions/{empty}/items"),
        ] {
            let answer = caller.get(&path).expect(200).json();
            assert!(answer.get("items").is_none(), "{path}");
            assert!(answer["meta"].get("paging").is_none());
            assert_eq!(answer["status"]["code"], 200);
        }
        let missing = json!({ "names": ["Nobody"] });
        let answer = look_up(&caller, caller.demo.list, &missing)
            .expect(200)
            .json();
        assert!(answer.get("items").is_none());
    }
}

fn time_is_refused_at_model_level() {
    for caller in both_forms() {
        for dimension in [TIME_DIMENSION, VERSION_DIMENSION] {
            caller
                .get(&format!("dimensions/{dimension}/items"))
                .expect(400);
        }
        let view = caller.demo.time_view;
        let path = format!("views/{view}/dimensions/{TIME_DIMENSION}/items");
        let answer = caller.get(&path).expect(200).json();
        assert!(names(&answer).contains(&"Jan 25"));
    }
}

fn lists_subsets_and_users_have_items() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let answer = caller
            .get(&format!("dimensions/{list}/items"))
            .expect(200)
            .json();
        assert_eq!(names(&answer), ["North", "South", "West", "World"]);
        assert_eq!(answer["items"][0]["code"], "N");
        assert!(answer["meta"].get("paging").is_none());
        let subset = caller.fake.world(|world| {
            let model = world.model(&caller.demo.dev).unwrap();
            model.structure.list(list).unwrap().subsets[0].id
        });
        let body = json!({ "items": [{ "code": "S", "subsets": { "Coastal": true } }] });
        caller
            .put_json(&format!("lists/{list}/items"), &body)
            .expect(200);
        let answer = caller
            .get(&format!("dimensions/{subset}/items"))
            .expect(200)
            .json();
        assert!(names(&answer).contains(&"South") && !names(&answer).contains(&"North"));
        let users = caller
            .get(&format!("dimensions/{USER_DIMENSION}/items"))
            .expect(200)
            .json();
        assert!(!names(&users).is_empty());
        caller.get("dimensions/101999999998/items").expect(404);
    }
}

fn unset_codes_are_empty_or_left_out() {
    for caller in both_forms() {
        let list = caller.demo.list;
        let world = json!({ "names": ["World"] });
        let looked_up = look_up(&caller, list, &world).expect(200).json();
        assert_eq!(looked_up["items"][0]["code"], "");
        let (line_item, view) = (caller.demo.line_item, caller.demo.view);
        for (path, unset) in [
            (format!("dimensions/{list}/items"), Some(json!(""))),
            (
                format!("lineItems/{line_item}/dimensions/{list}/items"),
                None,
            ),
            (format!("views/{view}/dimensions/{list}/items"), None),
        ] {
            let answer = caller.get(&path).expect(200).json();
            assert_eq!(names(&answer), ["North", "South", "West", "World"]);
            assert_eq!(answer["items"][3].get("code"), unset.as_ref(), "{path}");
        }
    }
}

fn a_lookup_drops_what_it_misses() {
    for caller in both_forms() {
        let body = json!({ "names": ["NORTH", "Nobody"], "codes": ["s", "zzz"] });
        let answer = look_up(&caller, caller.demo.list, &body).expect(200).json();
        assert_eq!(names(&answer), ["North", "South"]);
        assert_eq!(
            answer["items"][0]["id"],
            caller.demo.cell_dimensions[0].1.to_string()
        );
        let once = json!({ "names": ["north", "North"], "codes": ["N"] });
        let answer = look_up(&caller, caller.demo.list, &once).expect(200).json();
        assert_eq!(names(&answer), ["North"]);
    }
}

fn a_lookup_wants_something() {
    for caller in both_forms() {
        let list = caller.demo.list;
        for body in [
            json!({}),
            json!({ "names": [] }),
            json!({ "names": [], "codes": [] }),
            json!([]),
            json!({ "names": "North" }),
            json!({ "names": [1] }),
            json!({ "names": ["North"], "ids": ["1"] }),
        ] {
            look_up(&caller, list, &body).expect(400);
        }
        let (path, kind) = (format!("dimensions/{list}/items"), Some("application/json"));
        caller
            .send(Method::POST, &path, kind, Bytes::new())
            .expect(400);
        let codes = json!({ "codes": ["Jan 25"] });
        look_up(&caller, TIME_DIMENSION, &codes).expect(400);
        look_up(&caller, USER_DIMENSION, &codes).expect(400);
    }
}

fn four_kinds_are_looked_up() {
    for caller in both_forms() {
        let user = caller.fake.world(|world| {
            let user = world.user(&caller.demo.limited.id).unwrap();
            user.email.clone()
        });
        let found = |dimension: u64, name: &str| {
            let answer = look_up(&caller, dimension, &json!({ "names": [name] })).expect(200);
            answer.json()["items"].as_array().map_or(0, Vec::len)
        };
        assert_eq!(found(caller.demo.list, "west"), 1);
        assert_eq!(found(TIME_DIMENSION, "jan 25"), 1);
        assert_eq!(found(VERSION_DIMENSION, "actual"), 1);
        assert_eq!(found(USER_DIMENSION, &user), 1);
        let admin = caller.demo.admin.user.to_uppercase();
        assert_eq!(found(USER_DIMENSION, &admin), 1);
        for unknown in [101_999_999_998, 101_000_999_999] {
            look_up(&caller, unknown, &json!({ "names": ["x"] })).expect(404);
        }
        let periods = json!({ "names": ["feb 25", "FY25"] });
        let answer = look_up(&caller, TIME_DIMENSION, &periods)
            .expect(200)
            .json();
        assert_eq!(names(&answer), ["Feb 25", "FY25"]);
        let answer = look_up(&caller, VERSION_DIMENSION, &json!({ "names": ["actual"] }));
        assert_eq!(names(&answer.expect(200).json()), ["Actual"]);
    }
}

fn too_many_items_are_refused() {
    let caller = Caller::admin();
    let list = caller.demo.list;
    assert_eq!(
        caller.fake.world(|world| world.rules.largest_read),
        1_000_000
    );
    let paths = [
        format!("dimensions/{list}/items"),
        format!(
            "lineItems/{}/dimensions/{list}/items",
            caller.demo.line_item
        ),
        format!("views/{}/dimensions/{list}/items", caller.demo.view),
    ];
    for (limit, status) in [(4, 200), (3, 400)] {
        caller.fake.world(|world| world.rules.largest_read = limit);
        for path in &paths {
            caller.get(path).expect(status);
        }
    }
}
