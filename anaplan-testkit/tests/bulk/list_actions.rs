use anaplan_testkit::world::{
    ActionEdit, CellValue, Format, ListItem, ModelState, Selection, SortKey,
};
use serde_json::{Value, json};

use crate::support::{Caller, both_forms};

/// Adds an action to the dev model.
fn action(caller: &Caller, act: impl FnOnce(ActionEdit<'_>) -> ActionEdit<'_>) -> String {
    let id = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        act(edit.action("Act")).id()
    });
    format!("actions/{id}")
}

fn kind(caller: &Caller, path: &str) -> Value {
    let action = caller.get(path).expect(200).json()["action"].clone();
    let list = caller.get("actions").expect(200).json();
    let mut listed = list["actions"].as_array().unwrap().iter();
    let listed = listed.find(|listed| listed["id"] == action["id"]).unwrap();
    assert_eq!(listed["actionType"], action["actionType"]);
    action["actionType"].clone()
}

fn failure(result: &Value) -> &Value {
    assert_eq!(result["successful"], false);
    &result["details"][0]["type"]
}

fn items(caller: &Caller, list: u64) -> Vec<ListItem> {
    caller.fake.world(|world| {
        let items = &world.model(&caller.demo.dev).unwrap().items[&list];
        items.iter().cloned().collect()
    })
}

fn names(caller: &Caller, list: u64) -> Vec<String> {
    items(caller, list)
        .into_iter()
        .map(|item| item.name)
        .collect()
}

/// Two stores in the north, one in the south.
fn stores(caller: &Caller) -> [u64; 2] {
    let regions: Vec<u64> = items(caller, caller.demo.list)
        .iter()
        .map(|item| item.id)
        .collect();
    caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let mut list = edit.edit_list(caller.demo.child_list);
        for (name, region) in [
            ("Oslo", regions[0]),
            ("Bergen", regions[0]),
            ("Rome", regions[1]),
        ] {
            list.item_with(name, |item| item.parent = Some(region));
        }
    });
    [regions[0], regions[1]]
}

#[test]
fn creating_adds_an_item_under_a_name_of_the_servers() {
    for caller in both_forms() {
        let (general, numbered) = (caller.demo.empty_list, caller.demo.numbered_list);
        let path = action(&caller, |action| action.creates(general));
        assert_eq!(kind(&caller, &path), "SIMPLE_CREATE");
        for _ in 0..2 {
            assert_eq!(caller.run(&path)["successful"], true);
        }
        assert_eq!(names(&caller, general), ["New item", "New item 2"]);
        let path = action(&caller, |action| action.creates(numbered));
        for _ in 0..2 {
            caller.run(&path);
        }
        assert_eq!(names(&caller, numbered), ["#1", "#2"]);
        let rows = caller.fake.world(|world| world.books().runs_done[0].rows);
        assert_eq!(rows, 1);
    }
}

#[test]
fn a_branch_is_deleted_with_all_that_hangs_under_it() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let [north, _] = stores(&caller);
        let path = action(&caller, |action| action.deletes_branch(demo.list, north));
        assert_eq!(kind(&caller, &path), "BULK_DELETE_ENTITIES");
        assert_eq!(caller.run(&path)["successful"], true);
        assert_eq!(names(&caller, demo.list), ["South", "West"]);
        assert_eq!(names(&caller, demo.child_list), ["Rome"]);
        caller.fake.world(|world| {
            let cells = &world.model(&demo.dev).unwrap().cells;
            assert!(!cells.keys().any(|(_, items)| items.contains(&north)));
        });
        assert_eq!(failure(&caller.run(&path)), "failedToLocateEntity");
    }
}

#[test]
fn a_branch_is_copied_with_its_items_and_cells() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let [north, _] = stores(&caller);
        let path = action(&caller, |action| action.copies_branch(demo.list, north));
        assert_eq!(kind(&caller, &path), "BULK_ENTITY_COPY");
        assert_eq!(caller.run(&path)["successful"], true);
        let copy = items(&caller, demo.list).pop().unwrap();
        assert_eq!(
            (copy.name.as_str(), copy.code.as_deref()),
            ("North 2", None)
        );
        let stores = items(&caller, demo.child_list);
        let of_copy: Vec<&str> = stores
            .iter()
            .filter(|store| store.parent == Some(copy.id))
            .map(|store| store.name.as_str())
            .collect();
        assert_eq!(of_copy, ["Oslo 2", "Bergen 2"]);
        caller.fake.world(|world| {
            let cells = &world.model(&demo.dev).unwrap().cells;
            let at = (demo.line_item, vec![copy.id]);
            assert_eq!(cells[&at], CellValue::Number(120.0));
        });
    }
}

#[test]
fn chosen_items_are_hung_under_another_parent() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let [north, south] = stores(&caller);
        caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.edit_list(demo.child_list)
                .property("Moves", Format::Boolean)
                .id();
        });
        let bergen = json!({ "items": [{ "name": "Bergen", "properties": { "Moves": "true" } }] });
        let path = format!("lists/{}/items", demo.child_list);
        caller.put_json(&path, &bergen).expect(200);
        let selection = || Selection::Property("Moves".into());
        let path = action(&caller, |action| {
            action.assigns(demo.child_list, selection(), south)
        });
        assert_eq!(kind(&caller, &path), "SELECT_CHILDREN");
        assert_eq!(caller.run(&path)["successful"], true);
        let parents: Vec<Option<u64>> = items(&caller, demo.child_list)
            .iter()
            .map(|store| store.parent)
            .collect();
        assert_eq!(parents, [Some(north), Some(south), Some(south)]);
        let path = action(&caller, |action| {
            action.assigns(demo.child_list, selection(), 1)
        });
        assert_eq!(failure(&caller.run(&path)), "failedToLocateEntity");
    }
}

#[test]
fn items_are_copied_into_a_numbered_list_once() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.edit_list(demo.list)
                .property("Amount", Format::Number)
                .id();
        });
        let amount = json!({ "items": [{ "code": "N", "properties": { "Amount": "7" } }] });
        caller
            .put_json(&format!("lists/{}/items", demo.list), &amount)
            .expect(200);
        let path = action(&caller, |action| {
            action.numbers(demo.list, demo.numbered_list)
        });
        assert_eq!(kind(&caller, &path), "COPY_TO_NUMBERED_LIST");
        for _ in 0..2 {
            assert_eq!(caller.run(&path)["successful"], true);
        }
        let deals = items(&caller, demo.numbered_list);
        let codes: Vec<_> = deals
            .iter()
            .map(|deal| deal.code.as_deref().unwrap())
            .collect();
        assert_eq!(
            (names(&caller, demo.numbered_list), codes),
            (
                ["#1", "#2", "#3"].map(str::to_owned).to_vec(),
                vec!["N", "S", "W"],
            )
        );
        assert_eq!(
            deals[0].properties,
            [("Amount".to_owned(), "7".to_owned())].into()
        );
        let path = action(&caller, |action| {
            action.numbers(demo.numbered_list, demo.list)
        });
        assert_eq!(failure(&caller.run(&path)), "actionFailed");
    }
}

#[test]
fn the_current_period_is_set_or_moved_on() {
    for caller in both_forms() {
        let current = || {
            let answer = caller.get("currentPeriod").expect(200).json();
            answer["currentPeriod"]["periodText"].clone()
        };
        let next = action(&caller, |action| action.sets_current_period(None));
        assert_eq!(kind(&caller, &next), "UPDATE_CURRENT_PERIOD");
        for period in ["Jan 24", "Feb 24"] {
            assert_eq!(caller.run(&next)["successful"], true);
            assert_eq!(current(), period);
        }
        let set = |day: &str| {
            let day = day.parse().unwrap();
            action(&caller, |action| action.sets_current_period(Some(day)))
        };
        assert_eq!(caller.run(&set("2026-12-31"))["successful"], true);
        assert_eq!(current(), "Dec 26");
        assert_eq!(failure(&caller.run(&next)), "actionFailed");
        assert_eq!(failure(&caller.run(&set("2031-01-01"))), "actionFailed");
        assert_eq!(current(), "Dec 26");
    }
}

#[test]
fn lists_are_ordered_by_the_values_of_a_line_item() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let key = SortKey::LineItem(demo.line_item);
        let path = action(&caller, |action| action.sorts(demo.list, key.clone()));
        let described = caller.get(&path).expect(200).json();
        assert_eq!(
            described["action"]["lineItemId"],
            demo.line_item.to_string()
        );
        caller.run(&path);
        assert_eq!(names(&caller, demo.list), ["West", "South", "North"]);
        let path = action(&caller, |action| action.sorts_descending(demo.list, key));
        caller.run(&path);
        assert_eq!(names(&caller, demo.list), ["North", "South", "West"]);
    }
}

#[test]
fn a_deployed_model_keeps_the_lists_of_its_structure() {
    let caller = Caller::admin();
    let list = caller.demo.structural_list;
    let bicycles = items(&caller, list)[0].id;
    let acts = [
        action(&caller, |action| action.creates(list)),
        action(&caller, |action| action.deletes_branch(list, bicycles)),
        action(&caller, |action| action.copies_branch(list, bicycles)),
        action(&caller, |action| {
            action.assigns(list, Selection::Property("x".into()), bicycles)
        }),
        action(&caller, |action| action.numbers(caller.demo.list, list)),
    ];
    let before = items(&caller, list);
    caller
        .fake
        .world(|world| world.set_state(&caller.demo.dev, ModelState::Production));
    for act in acts {
        assert_eq!(failure(&caller.run(&act)), "actionFailed");
    }
    assert_eq!(items(&caller, list), before);
}
