use anaplan_testkit::world::{CellValue, Format, ModelState, Selection, SortKey};
use serde_json::{Value, json};

use crate::support::{Caller, HOUR, both_forms, value};

fn names(caller: &Caller, list: u64) -> Vec<String> {
    let dev = caller.demo.dev.clone();
    caller.fake.world(|world| {
        let items = &world.model(&dev).unwrap().items[&list];
        items.iter().map(|item| item.name.clone()).collect()
    })
}

#[test]
fn actions_are_listed_and_described() {
    for caller in both_forms() {
        let demo = &caller.demo;
        let list = caller.get("actions").expect(200).json();
        let actions = list["actions"].as_array().unwrap();
        let named = |name: &str| {
            actions
                .iter()
                .find(|action| action["name"] == name)
                .unwrap()
        };
        assert_eq!(named("Sort Regions")["actionType"], "ORDER_HIERARCHY");
        assert_eq!(named("Open Sales Overview").get("actionType"), None);
        let sort = caller
            .get(&format!("actions/{}", demo.action))
            .expect(200)
            .json();
        assert_eq!(sort["action"]["listId"], demo.list.to_string());
        assert_eq!(sort["action"]["sortOrder"], "Ascending");
        let delete = caller
            .get(&format!("actions/{}", demo.delete_action))
            .expect(200)
            .json();
        assert_eq!(delete["action"]["actionType"], "DELETE_BY_SELECTION");
        caller.get("actions/117999999999").expect(404);
        // An import is no action of this kind.
        caller
            .get(&format!("actions/{}", demo.good_import))
            .expect(404);
        let dashboards = caller.get("dashboards").expect(200).json();
        assert_eq!(
            dashboards["dashboards"],
            json!([{ "id": demo.dashboard.to_string(), "name": "Sales Overview" }])
        );
    }
}

#[test]
fn sorting_changes_the_order_of_a_list() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller
        .fake
        .world(|world| world.edit(&demo.dev).edit_list(demo.list).item("Africa"));
    assert_eq!(
        names(&caller, demo.list),
        ["North", "South", "West", "Africa"]
    );
    let result = caller.run(&format!("actions/{}", demo.action));
    assert_eq!(
        (&result["successful"], &result["failureDumpAvailable"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(result["details"][0]["type"], "taskElementSucceeded");
    assert_eq!(
        names(&caller, demo.list),
        ["Africa", "North", "South", "West"]
    );
    let down = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        edit.action("Down")
            .sorts_descending(demo.list, SortKey::Code)
            .id()
    });
    caller.run(&format!("actions/{down}"));
    assert_eq!(
        names(&caller, demo.list),
        ["West", "South", "North", "Africa"]
    );
}

#[test]
fn deleting_by_selection_takes_the_chosen_items_and_their_cells() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (action, south) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let mut filters = edit.module("Filters", [demo.list]);
        let gone = filters.add_line_item("Gone?", Format::Boolean).id();
        let action = edit
            .action("Clean up")
            .deletes(demo.list, Selection::LineItem(gone))
            .id();
        let model = world.model(&demo.dev).unwrap();
        let south = model.items[&demo.list].by_name("South").unwrap().id;
        world
            .edit(&demo.dev)
            .cell(gone, [south], CellValue::Boolean(true));
        (action, south)
    });
    let result = caller.run(&format!("actions/{action}"));
    assert_eq!(result["details"][0]["type"], "deleteFromSelectionSucceeded");
    assert_eq!(value(&result["details"][0], "successRowCount"), "1");
    assert_eq!(names(&caller, demo.list), ["North", "West"]);
    caller.fake.world(|world| {
        let model = world.model(&demo.dev).unwrap();
        assert!(!model.cells.keys().any(|(_, items)| items.contains(&south)));
    });
    let again = caller.run(&format!("actions/{action}"));
    assert_eq!(value(&again["details"][0], "successRowCount"), "0");
}

#[test]
fn the_demo_deletes_closed_cost_centres() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.run(&format!("processes/{}", demo.process));
    let result = caller.run(&format!("actions/{}", demo.delete_action));
    assert_eq!(value(&result["details"][0], "successRowCount"), "1");
}

#[test]
fn copying_overwrites_the_cells_of_one_item_with_those_of_another() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let north = demo.cell_dimensions[0].1;
    let (action, south) = caller.fake.world(|world| {
        let model = world.model(&demo.dev).unwrap();
        let south = model.items[&demo.list].by_name("South").unwrap().id;
        let mut edit = world.edit(&demo.dev);
        (
            edit.action("Copy").copies(demo.list, north, south).id(),
            south,
        )
    });
    caller.run(&format!("actions/{action}"));
    caller.fake.world(|world| {
        let cells = &world.model(&demo.dev).unwrap().cells;
        assert_eq!(
            cells[&(demo.line_item, vec![south])],
            CellValue::Number(120.0)
        );
    });
    let metadata = caller.get(&format!("actions/{action}")).json();
    assert_eq!(metadata["action"]["sourceMember"], north.to_string());
}

#[test]
fn structural_lists_of_deployed_models_stay_as_they_are() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let action = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let id = edit
            .action("Delete Products")
            .deletes(demo.structural_list, Selection::Property("Gone".into()))
            .id();
        world.set_state(&demo.dev, ModelState::Production);
        id
    });
    let result = caller.run(&format!("actions/{action}"));
    assert_eq!(result["details"][0]["type"], "deleteFromSelectionFailed");
}

#[test]
fn the_optimizer_leaves_a_log_for_administrators() {
    let caller = Caller::admin().in_workspace();
    let demo = caller.demo.clone();
    let task = caller.start(&format!("actions/{}", demo.optimizer));
    caller.follow(&task);
    let task = task.rsplit('/').next().unwrap().to_owned();
    let log =
        |action: u64, task: &str| format!("optimizeActions/{action}/tasks/{task}/solutionLogs");
    let answer = caller.get(&log(demo.optimizer, &task)).expect(200);
    assert_eq!(answer.content_type(), Some("text/plain"));
    assert!(answer.text().contains("Optimal objective"));
    caller.get(&log(demo.action, &task)).expect(404);
    caller
        .get(&log(demo.optimizer, &"0".repeat(32)))
        .expect(404);
    // Who may not see logs is not told whether there are any.
    let limited = caller.other(&demo.limited);
    limited.get(&log(demo.optimizer, &task)).expect(403);
    limited.get(&log(1, "x")).expect(403);
    Caller::admin().get(&log(demo.optimizer, &task)).expect(404);
    caller.fake.advance(HOUR * 48);
    let caller = Caller::signed_in(&caller.fake, &demo.admin).in_workspace();
    caller.get(&log(demo.optimizer, &task)).expect(404);
}

#[test]
fn a_dashboard_opens_without_any_effect() {
    let caller = Caller::admin();
    let actions = caller.get("actions").json();
    let opens = |action: &Value| action.get("actionType").is_none();
    let id = actions["actions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|action| opens(action))
        .unwrap();
    let result = caller.run(&format!("actions/{}", id["id"].as_str().unwrap()));
    assert_eq!(result["successful"], true);
}
