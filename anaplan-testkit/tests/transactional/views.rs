use crate::support::{Caller, column};
use anaplan_testkit::world::{Format, LINE_ITEM_DIMENSION};
use serde_json::json;

#[test]
fn names_with_special_characters_are_quoted_by_their_parts() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let mut module = edit.module("P&L", []);
        module.view("2025: all", [LINE_ITEM_DIMENSION], [], []);
        module.id()
    });
    let views = caller.get(&format!("modules/{module}/views")).ok();
    assert_eq!(
        column(&views["views"], "name"),
        ["P&L", "'P&L'.'2025: all'"]
    );
}

#[test]
fn csv_has_a_line_for_each_column_dimension() {
    let caller = Caller::admin();
    let answer = caller.csv(&format!("views/{}/data", caller.demo.view));
    assert_eq!(
        answer.lines()[..2],
        [
            ",Volume,Price,Revenue,Comment,Approved,Launch,Lead Region,Review",
            "North,120,400,48000,,false,,,"
        ]
    );
    let limited = caller.csv(&format!("views/{}/data?maxRows=2", caller.demo.view));
    assert_eq!(limited.lines().len(), 3);
    assert_eq!(
        caller
            .csv(&format!("views/{}/data?maxRows=few", caller.demo.view))
            .status,
        400
    );
}

#[test]
fn months_are_columns_with_their_totals_behind_them() {
    let caller = Caller::admin();
    let view = caller.demo.time_view;
    let grid = caller.grid(&format!("views/{view}/data")).ok();
    assert_eq!(grid["pages"], json!(["Plan"]));
    assert_eq!(grid["columnCoordinates"][3], json!(["Q1 FY24"]));
    assert_eq!(grid["columnCoordinates"].as_array().unwrap().len(), 51);
}

#[test]
fn a_view_of_hundreds_of_thousands_of_cells_arrives_whole() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let names = (0..50_000).map(|number| format!("Customer {number}"));
        let list = edit.list("Customers").production().items(names).id();
        edit.module("Large", [list])
            .line_item("A", Format::Number)
            .line_item("B", Format::Text)
            .id()
    });
    let path = format!("views/{module}/data");
    let answer = caller.csv(&path);
    assert_eq!(answer.lines().len(), 50_001);
    assert_eq!(answer.lines()[50_000], "Customer 49999,0,");
    assert_eq!(
        caller.grid(&path).ok()["rows"].as_array().unwrap().len(),
        50_000
    );
}
