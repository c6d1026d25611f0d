use crate::support::{Caller, column};
use anaplan_testkit::world::CalendarKind;
use serde_json::{Value, json};

#[test]
fn the_current_period_is_set_by_query_or_body_and_reset_by_nothing() {
    let caller = Caller::admin();
    let unset = json!({ "periodText": "", "lastDay": "", "calendarType": "Calendar Months/Quarters/Years" });
    assert_eq!(caller.get("currentPeriod").ok()["currentPeriod"], unset);
    let by_query = caller
        .send("PUT", "currentPeriod?date=2025-03-31", None, None)
        .ok();
    let march = &by_query["currentPeriod"];
    assert_eq!(
        (&march["periodText"], &march["lastDay"]),
        (&json!("Mar 25"), &json!("2025-03-31"))
    );
    caller.put("currentPeriod", r#"{"date":"2025-05-02"}"#).ok();
    let may = caller.get("currentPeriod").ok();
    assert_eq!(may["currentPeriod"]["lastDay"], "2025-05-31");
    assert_eq!(
        caller.put("currentPeriod", r#"{"date":""}"#).ok()["currentPeriod"],
        unset
    );
    caller.put("currentPeriod", r#"{"date":"2025-05-02"}"#).ok();
    let reset = caller.send("PUT", "currentPeriod?date=", None, None).ok();
    assert_eq!(reset["currentPeriod"], unset);
}

#[test]
fn wrong_dates_are_refused_in_the_words_of_the_server() {
    let caller = Caller::admin();
    for (path, body, text) in [
        (
            "currentPeriod?date=2025-03-31",
            Some(r#"{"date":"2025-03-31"}"#),
            "use query parameter or body to set date, not both",
        ),
        (
            "currentPeriod?date=31.3.2025",
            None,
            "Invalid ISO date format '31.3.2025'. Date should match format YYYY-MM-DD",
        ),
        (
            "currentPeriod?date=2025-02-30",
            None,
            "Invalid ISO date format '2025-02-30'. Date should match format YYYY-MM-DD",
        ),
        (
            "currentPeriod?date=2031-01-01",
            None,
            "Specified date '2031-01-01' is out of timescale range 2024-01-01 - 2026-12-31",
        ),
        (
            "currentPeriod",
            Some("{}"),
            "Expected mandatory field 'date' to be present and not empty.",
        ),
        (
            "currentPeriod",
            Some(r#"{"day":"x"}"#),
            "Identified an unrecognized 'day'. Amend the content so it only contains applicable fields.",
        ),
        (
            "currentPeriod",
            None,
            "The request body is null. To continue, change the format to a non-empty state.",
        ),
    ] {
        let answer = caller.send("PUT", path, None, body);
        assert_eq!(answer.refused(), (400, text.into()), "{path} {body:?}");
    }
}

#[test]
fn each_kind_of_calendar_has_its_own_fields() {
    let caller = Caller::admin();
    let keys = |kind: CalendarKind| -> Vec<String> {
        caller.fake.world(|world| {
            world
                .edit(&caller.demo.dev)
                .calendar(|calendar| calendar.kind = kind);
        });
        let calendar = caller.get("modelCalendar").ok();
        let calendar = calendar["modelCalendar"].as_object().unwrap().clone();
        assert_eq!(calendar["calendarType"], kind.as_str());
        calendar.keys().cloned().collect()
    };
    let months = [
        "calendarType",
        "currentPeriod",
        "fiscalYear",
        "pastYearsCount",
        "totalsSelection",
    ];
    assert_eq!(keys(CalendarKind::Months), months);
    let grouped = keys(CalendarKind::WeeksGrouped);
    for key in [
        "futureYearsCount",
        "extraWeekMonth",
        "weekFormat",
        "weekGrouping",
        "fiscalYear",
    ] {
        assert!(grouped.contains(&key.to_owned()), "{key}");
    }
    assert!(!keys(CalendarKind::FourWeeks).contains(&"weekGrouping".into()));
    let totals = caller.get("modelCalendar").ok();
    assert_eq!(
        totals["modelCalendar"]["totalsSelection"]["extraMonthQuarter"],
        4
    );
    let general = keys(CalendarKind::WeeksGeneral);
    assert_eq!(
        general,
        ["calendarType", "currentPeriod", "startDate", "weeksCount"]
    );
    let answer = caller.put("modelCalendar/fiscalYear", r#"{"year":"FY26"}"#);
    assert_eq!(answer.status, 400, "there is no fiscal year");
    let week = caller.put("currentPeriod", r#"{"date":"2024-01-10"}"#).ok();
    assert_eq!(week["currentPeriod"]["periodText"], "Week 2");
}

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

#[test]
fn versions_switch_over_but_the_actual_one_does_not() {
    let caller = Caller::admin();
    let versions = caller.get("versions").ok();
    let versions = &versions["versionMetadata"];
    assert_eq!(column(versions, "name"), ["Actual", "Forecast"]);
    assert_eq!(column(versions, "isActual"), ["true", "false"]);
    assert_eq!(versions[0]["editFrom"]["date"], "1900-01-01");
    assert_eq!(versions[0]["editTo"]["date"], "2399-12-31");
    let path = |index: usize| {
        format!(
            "versions/{}/switchover",
            versions[index]["id"].as_str().unwrap()
        )
    };
    let set =
        |index: usize, date: &str| caller.put(&path(index), &json!({ "date": date }).to_string());
    assert_eq!(set(0, "2025-06-01").status, 400);
    let done = set(1, "2025-06-01").ok();
    assert_eq!(done["versionSwitchover"]["periodText"], "Jun 25");
    let forecast = caller.get("versions").ok()["versionMetadata"][1].clone();
    assert_eq!(
        forecast["switchover"],
        json!({ "periodText": "Jun 25", "date": "2025-06-01" })
    );
    for wrong in ["2025-05-01", "2026-01-01", "soon"] {
        assert_eq!(set(1, wrong).status, 400, "{wrong}");
    }
    assert_eq!(set(1, "").ok()["versionSwitchover"]["date"], "");
    assert!(
        caller.get("versions").ok()["versionMetadata"][1]
            .get("switchover")
            .is_none()
    );
    assert_eq!(
        caller.put("versions/1/switchover", r#"{"date":""}"#).status,
        404
    );
    assert_eq!(caller.get(&path(1)).status, 405);
}
