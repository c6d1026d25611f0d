use crate::support::{Caller, column};
use serde_json::{Value, json};

impl Caller {
    fn write(&self, cells: &Value) -> crate::support::Answer {
        let path = format!("modules/{}/data", self.demo.module);
        self.post(&path, &cells.to_string())
    }

    fn north(&self, column: usize) -> String {
        let grid = self.grid(&format!("views/{}/data", self.demo.view)).ok();
        grid["rows"][0]["cells"][column]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn cell(line_item: &str, region: &str, value: impl Into<Value>) -> Value {
    json!({
        "lineItemName": line_item,
        "dimensions": [{ "dimensionName": "Regions", "itemName": region }],
        "value": value.into(),
    })
}

#[test]
fn a_cell_is_written_by_ids_names_or_codes_and_read_back() {
    let caller = Caller::admin();
    let (line_item, dimensions) = (caller.demo.line_item, caller.demo.cell_dimensions.clone());
    let (list, north) = dimensions[0];
    let write = |item: Value, value: f64| {
        let mut dimension = json!({ "dimensionId": list.to_string() });
        dimension
            .as_object_mut()
            .unwrap()
            .extend(item.as_object().unwrap().clone());
        let answer = caller
            .write(&json!([{ "lineItemId": line_item.to_string(), "dimensions": [dimension], "value": value }]))
            .ok();
        assert_eq!(answer["numberOfCellsChanged"], 1);
        assert!(answer.get("failures").is_none());
        caller.north(0)
    };
    assert_eq!(write(json!({ "itemId": north.to_string() }), 1.5), "1.5");
    assert_eq!(
        write(json!({ "itemId": north }), 7.0),
        "7",
        "a number will do"
    );
    assert_eq!(write(json!({ "itemName": "north" }), 2.0), "2");
    assert_eq!(write(json!({ "itemCode": "n" }), 3.25), "3.25");
    // What depends on it is calculated when the answer arrives.
    assert_eq!(caller.north(2), "1300");
    let csv = caller.csv(&format!("views/{}/data", caller.demo.view)).text;
    assert!(csv.contains("North,3.25,400,1300"));
    assert_eq!(caller.fake.world(|world| world.books().cells_written), 4);
}

#[test]
fn every_format_takes_its_own_kind_of_value() {
    let caller = Caller::admin();
    for (line_item, value, column, shown) in [
        ("Volume", json!("12.5"), 0, Some("12.5")),
        ("Volume", json!(-3), 0, Some("-3")),
        ("Volume", json!(""), 0, Some("0")),
        ("Volume", json!("many"), 0, None),
        ("Volume", json!(true), 0, None),
        (
            "Comment",
            json!("Good, \"really\""),
            3,
            Some("Good, \"really\""),
        ),
        ("Comment", json!(7), 3, Some("7")),
        ("Approved", json!(true), 4, Some("true")),
        ("Approved", json!("FALSE"), 4, Some("false")),
        ("Approved", json!("perhaps"), 4, None),
        ("Approved", json!(1), 4, None),
        ("Launch", json!("2025-02-28"), 5, Some("2025-02-28")),
        ("Launch", json!("2025-02-29"), 5, None),
        ("Launch", json!("28.2.2025"), 5, None),
        ("Lead Region", json!("South"), 6, Some("South")),
        ("Lead Region", json!("w"), 6, Some("West")),
        (
            "Lead Region",
            json!(caller.demo.cell_dimensions[0].1.to_string()),
            6,
            Some("North"),
        ),
        ("Lead Region", json!("East"), 6, None),
        ("Lead Region", json!(""), 6, Some("")),
        ("Review", json!("Mar 25"), 7, Some("Mar 25")),
        ("Review", json!("Q1 FY25"), 7, None),
    ] {
        let answer = caller
            .write(&json!([cell(line_item, "North", value.clone())]))
            .ok();
        match shown {
            Some(shown) => {
                assert_eq!(
                    answer["numberOfCellsChanged"], 1,
                    "{line_item} {value} {answer}"
                );
                assert_eq!(caller.north(column), shown, "{line_item} {value}");
            }
            None => {
                assert_eq!(answer["numberOfCellsChanged"], 0, "{line_item} {value}");
                assert_eq!(answer["failures"][0]["failureType"], "invalidValue");
            }
        }
    }
}

#[test]
fn bad_cells_are_told_by_their_index_and_the_others_are_written() {
    let caller = Caller::admin();
    let nowhere = json!({ "lineItemName": "Volume", "value": 1 });
    let twice = json!({
        "lineItemName": "Volume", "value": 1,
        "dimensions": [
            { "dimensionName": "Regions", "itemCode": "N" },
            { "dimensionName": "Regions", "itemCode": "S" },
        ],
    });
    let elsewhere = json!({
        "lineItemName": "Currency Rate", "value": 1,
        "dimensions": [{ "dimensionName": "Regions", "itemCode": "N" }],
    });
    let single = json!({ "lineItemName": "Currency Rate", "value": 1.1 });
    let answer = caller
        .write(&json!([
            cell("Volume", "North", 1),
            cell("Revenue", "North", 1),
            cell("Volume", "World", 1),
            cell("Nothing", "North", 1),
            cell("Volume", "East", 1),
            nowhere,
            twice,
            elsewhere,
            single,
            cell("Volume", "South", 2),
        ]))
        .ok();
    assert_eq!(answer["numberOfCellsChanged"], 3);
    assert_eq!(
        column(&answer["failures"], "requestIndex"),
        ["1", "2", "3", "4", "5", "6", "7"]
    );
    assert_eq!(
        column(&answer["failures"], "failureType"),
        [
            "cellIsCalculated",
            "cellIsAggregate",
            "invalidLineItem",
            "invalidDimensionItem",
            "invalidDimension",
            "invalidDimension",
            "invalidDimension"
        ]
    );
    assert_eq!(caller.north(0), "1");
}

#[test]
fn cells_over_time_take_months_and_no_totals() {
    let caller = Caller::admin();
    let modules = caller.get("modules").ok();
    let modules = modules["modules"].as_array().unwrap();
    let plan = modules
        .iter()
        .find(|module| module["name"] == "Monthly Plan")
        .unwrap();
    let at = |period: &str, value: i64| {
        json!({
            "lineItemName": "Plan",
            "dimensions": [
                { "dimensionId": "20000000003", "itemName": period },
                { "dimensionName": "Regions", "itemCode": "S" },
            ],
            "value": value,
        })
    };
    let body = json!([
        at("Jan 25", 5),
        at("Mar 25", 7),
        at("Q1 FY25", 1),
        at("Jan 99", 1)
    ]);
    let path = format!("modules/{}/data", plan["id"].as_str().unwrap());
    let answer = caller.post(&path, &body.to_string()).ok();
    assert_eq!(
        column(&answer["failures"], "failureType"),
        ["cellIsAggregate", "invalidDimensionItem"]
    );
    let grid = caller
        .grid(&format!("views/{}/data", caller.demo.time_view))
        .ok();
    let labels = grid["columnCoordinates"].as_array().unwrap();
    let of = |row: usize, label: &str| {
        let index = labels.iter().position(|own| own[0] == label).unwrap();
        grid["rows"][row]["cells"][index].clone()
    };
    assert_eq!(
        (of(1, "Mar 25"), of(1, "Q1 FY25"), of(3, "FY25")),
        (json!("7"), json!("12"), json!("12"))
    );
}
