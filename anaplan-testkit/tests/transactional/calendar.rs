use crate::support::Caller;
use serde_json::{Value, json};

#[test]
fn the_fiscal_year_moves_the_range_and_what_is_outside_is_lost() {
    let caller = Caller::admin();
    let modules = caller.get("modules").ok();
    let plan = modules["modules"][2]["id"].as_str().unwrap().to_owned();
    let cell = |period: &str| {
        json!({ "lineItemName": "Plan", "value": 1, "dimensions": [
            { "dimensionName": "Time", "itemName": period }, { "dimensionName": "Regions", "itemCode": "N" } ] })
    };
    let body = Value::from(vec![cell("Jan 24"), cell("Jan 26")]).to_string();
    let written = caller.post(&format!("modules/{plan}/data"), &body).ok();
    assert_eq!(written["numberOfCellsChanged"], 2);
    let before = caller
        .fake
        .world(|world| world.model(&caller.demo.dev).unwrap().cells.len());
    caller.put("currentPeriod", r#"{"date":"2024-05-02"}"#).ok();
    let answer = caller
        .put("modelCalendar/fiscalYear", r#"{"year":"FY26"}"#)
        .ok();
    let year = json!({ "year": "FY26", "startDate": "2026-01-01", "endDate": "2026-12-31" });
    assert_eq!(answer["modelCalendar"]["fiscalYear"], year);
    let after = caller
        .fake
        .world(|world| world.model(&caller.demo.dev).unwrap().cells.len());
    assert_eq!(after, before - 1);
    assert_eq!(
        caller.get("currentPeriod").ok()["currentPeriod"]["periodText"],
        ""
    );
    for (body, text) in [
        (r#"{"year":"FY40"}"#, "Specified year is out of range: 2040"),
        (r#"{"year":"2026"}"#, "Invalid fiscal year '2026'"),
        (
            "{}",
            "Expected mandatory field 'year' to be present and not empty.",
        ),
    ] {
        assert_eq!(
            caller.put("modelCalendar/fiscalYear", body).refused(),
            (400, text.into())
        );
    }
    assert_eq!(caller.get("modelCalendar/fiscalYear").status, 405);
}

#[test]
fn calendar_and_versions_belong_to_the_structure_but_the_current_period_does_not() {
    let caller = Caller::admin();
    let dev = caller.demo.dev.clone();
    let first = caller.fake.world(|world| world.add_revision(&dev, "First"));
    let changed = || caller.fake.world(|world| world.has_structural_change(&dev));
    caller.put("currentPeriod", r#"{"date":"2025-05-02"}"#).ok();
    assert!(!changed());
    caller
        .put("modelCalendar/fiscalYear", r#"{"year":"FY26"}"#)
        .ok();
    assert!(changed());
    caller.fake.world(|world| {
        world.edit(&dev).version("Budget", |_| {});
        let second = world.add_revision(&dev, "Second");
        let kinds: Vec<&str> = world
            .compare(&first, &second)
            .iter()
            .map(|difference| difference.kind.summary_key())
            .collect();
        assert_eq!(kinds, ["modelCalendar", "versions"]);
    });
    let prod = caller.demo.prod.clone();
    let prod = caller.in_model(&prod);
    assert_eq!(
        prod.put("modelCalendar/fiscalYear", r#"{"year":"FY26"}"#)
            .status,
        425
    );
    assert_eq!(
        prod.put("currentPeriod", r#"{"date":"2025-05-02"}"#).status,
        200
    );
}
