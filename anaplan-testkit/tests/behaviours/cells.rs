//! Writing cells.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    48, "D", "cells are written by an array; any other body is 400, and GET of the same path 405"
        => cells_come_in_an_array;
    48, "S", "bad cells are failures with index, type and details in a 200, and the others are written; without any the key is missing"
        => bad_cells_fail_alone;
    48, "D", "a line item, a dimension and an item are pointed out by id, name or code, one of them"
        => a_cell_is_pointed_out_in_three_ways;
    48, "D", "calculated cells and totals take no input"
        => only_input_cells_are_written;
    48, "I", "more than 100,000 cells, or more than 15 MB, are 400, and nothing of them is written"
        => a_write_has_limits;
    48, "D", "what depends on a cell is calculated when the answer to its write arrives"
        => a_write_is_over_when_it_is_answered;
}

fn path(caller: &Caller) -> String {
    format!("modules/{}/data", caller.demo.module)
}

fn write(caller: &Caller, cells: &Value) -> Answer {
    caller.post(&path(caller), cells)
}

fn cell(line_item: &str, region: &str, value: impl Into<Value>) -> Value {
    json!({
        "lineItemName": line_item,
        "dimensions": [{ "dimensionName": "Regions", "itemName": region }],
        "value": value.into(),
    })
}

/// The cells of a region, as the view shows them.
fn row(caller: &Caller, region: &str) -> String {
    let text = caller
        .get(&format!("views/{}/data", caller.demo.view))
        .expect(200)
        .text();
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with(region))
        .unwrap()
        .to_owned()
}

fn written(caller: &Caller) -> u64 {
    caller.fake.world(|world| world.books().cells_written)
}

fn cells_come_in_an_array() {
    for caller in both_forms() {
        for body in [
            json!({}),
            json!("x"),
            cell("Volume", "North", 1),
            json!({ "cells": [] }),
            json!([{ "value": 1 }]),
            json!([{ "lineItemName": "Volume" }]),
            json!([{ "lineItemName": "Volume", "value": null }]),
            json!([{ "lineItemName": "Volume", "value": [] }]),
            json!([{ "lineItemName": "Volume", "value": 1, "dimensions": [{ "dimensionName": "Regions" }] }]),
        ] {
            write(&caller, &body).expect(400);
        }
        for body in ["", "[{", "[1]"] {
            let kind = Some("application/json");
            caller
                .send(Method::POST, &path(&caller), kind, body.into())
                .expect(400);
        }
        let null = json!([cell("Volume", "North", Value::Null)]);
        write(&caller, &null).expect(400);
        let mut strange = cell("Volume", "North", 1);
        strange["colour"] = "red".into();
        assert_eq!(
            write(&caller, &json!([strange])).expect(400).message(),
            "Identified an unrecognized 'colour'. Amend the content so it only contains applicable fields."
        );
        caller.get(&path(&caller)).expect(405);
        caller.post("modules/1/data", &json!([])).expect(404);
        assert_eq!(written(&caller), 0);
    }
}

fn bad_cells_fail_alone() {
    for caller in both_forms() {
        let cells = json!([
            cell("Volume", "North", 5),
            cell("Nothing", "North", 1),
            cell("Volume", "Narnia", 1),
            cell("Volume", "South", "many"),
            cell("Volume", "South", 6),
        ]);
        let answer = write(&caller, &cells).expect(200).json();
        assert_eq!(answer["numberOfCellsChanged"], 2);
        let failures = answer["failures"].as_array().unwrap();
        let indices: Vec<u64> = failures
            .iter()
            .map(|one| one["requestIndex"].as_u64().unwrap())
            .collect();
        assert_eq!(indices, [1, 2, 3]);
        for failure in failures {
            assert!(failure["failureType"].is_string());
            assert!(failure["failureMessageDetails"].is_string());
        }
        assert!(row(&caller, "North").starts_with("North,5,"));
        assert!(row(&caller, "South").starts_with("South,6,"));
        let clean = write(&caller, &json!([cell("Volume", "West", 7)]))
            .expect(200)
            .json();
        assert_eq!(clean["numberOfCellsChanged"], 1);
        assert!(clean.get("failures").is_none());
    }
}

fn a_cell_is_pointed_out_in_three_ways() {
    for caller in both_forms() {
        let (list, north) = caller.demo.cell_dimensions[0];
        let line_item = caller.demo.line_item.to_string();
        for (number, (dimension, item)) in [
            (
                ("dimensionId", list.to_string()),
                ("itemId", north.to_string()),
            ),
            (
                ("dimensionName", "regions".into()),
                ("itemName", "NORTH".into()),
            ),
            (("dimensionId", list.to_string()), ("itemCode", "n".into())),
        ]
        .into_iter()
        .enumerate()
        {
            let at = json!({ dimension.0: dimension.1, item.0: item.1 });
            let cell =
                json!([{ "lineItemId": line_item, "dimensions": [at], "value": number + 1 }]);
            let answer = write(&caller, &cell).expect(200).json();
            assert_eq!(answer["numberOfCellsChanged"], 1);
            assert!(row(&caller, "North").starts_with(&format!("North,{},", number + 1)));
        }
        let both = json!([{ "lineItemId": line_item, "lineItemName": "Volume", "value": 1 }]);
        write(&caller, &both).expect(400);
        // A line item without dimensions needs none.
        let single = json!([{ "lineItemName": "Currency Rate", "value": "1.5" }]);
        let answer = write(&caller, &single).expect(200).json();
        assert_eq!(answer["numberOfCellsChanged"], 1);
    }
}

fn only_input_cells_are_written() {
    for caller in both_forms() {
        let cells = json!([cell("Revenue", "North", 1), cell("Volume", "World", 1)]);
        let answer = write(&caller, &cells).expect(200).json();
        assert_eq!(answer["numberOfCellsChanged"], 0);
        assert_eq!(answer["failures"][0]["failureType"], "cellIsCalculated");
        assert_eq!(answer["failures"][1]["requestIndex"], 1);
    }
}

fn a_write_has_limits() {
    let caller = Caller::admin();
    let one = cell("Volume", "North", 1).to_string();
    let send = |body: String| {
        let body = Bytes::from(body);
        caller.send(Method::POST, &path(&caller), Some("application/json"), body)
    };
    let many = |count: usize| format!("[{}]", vec![one.as_str(); count].join(","));
    send(many(100_001)).expect(400);
    let large = cell("Comment", "North", "x".repeat(15 * 1024 * 1024));
    send(json!([large]).to_string()).expect(400);
    assert_eq!(written(&caller), 0);
    let answer = send(many(100_000)).expect(200).json();
    assert_eq!(answer["numberOfCellsChanged"], 100_000);
}

fn a_write_is_over_when_it_is_answered() {
    for caller in both_forms() {
        let cells = json!([cell("Volume", "North", 10), cell("Price", "North", 2.5)]);
        write(&caller, &cells).expect(200);
        assert!(row(&caller, "North").starts_with("North,10,2.5,25,"));
        assert!(row(&caller, "World").starts_with("World,154.6,"));
    }
}
