//! Current period, calendar and versions.

use anaplan_testkit::world::CalendarKind;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    51, "D", "the current period is set by a date in the query or in the body; both together are 400 with their text"
        => the_date_comes_from_one_place;
    51, "D", "a blank date resets the current period, whose texts are empty then"
        => a_blank_date_resets;
    51, "D", "a date of another form, or outside the timescale, is answered 400 with its text"
        => dates_are_checked;
    51, "L", "fiscalYear is set by PUT; GET of it is 405, on both forms of the path"
        => the_fiscal_year_is_only_set;
    51, "D", "a fiscal year out of range, or of a calendar without one, is answered 400"
        => fiscal_years_have_a_range;
    51, "S", "each of the four calendar types has its own fields"
        => calendars_have_their_own_fields;
    52, "D", "a version's switchover is set, shown with its period, and reset by an empty date"
        => a_switchover_is_set;
    52, "D", "a switchover is 400 for the actual version, before the one that is set, and outside the year"
        => a_switchover_is_refused;
}

fn put(caller: &Caller, path: &str, body: Option<Value>) -> Answer {
    match body {
        Some(body) => caller.put_json(path, &body),
        None => caller.send(Method::PUT, path, None, Bytes::new()),
    }
}

fn period(answer: Answer) -> Value {
    answer.expect(200).json()["currentPeriod"].clone()
}

fn the_date_comes_from_one_place() {
    for caller in both_forms() {
        let march = period(put(&caller, "currentPeriod?date=2025-03-31", None));
        assert_eq!(
            march,
            json!({
                "periodText": "Mar 25", "lastDay": "2025-03-31",
                "calendarType": "Calendar Months/Quarters/Years",
            })
        );
        let body = json!({ "date": "2025-05-02" });
        let may = period(put(&caller, "currentPeriod", Some(body.clone())));
        assert_eq!(
            (&may["periodText"], &may["lastDay"]),
            (&json!("May 25"), &json!("2025-05-31"))
        );
        let both = put(&caller, "currentPeriod?date=2025-03-31", Some(body)).expect(400);
        assert_eq!(
            both.message(),
            "use query parameter or body to set date, not both"
        );
        assert_eq!(period(caller.get("currentPeriod")), may);
    }
}

fn a_blank_date_resets() {
    for caller in both_forms() {
        assert_eq!(period(caller.get("currentPeriod"))["periodText"], "");
        for (path, body) in [
            ("currentPeriod?date=", None),
            ("currentPeriod", Some(json!({ "date": "" }))),
        ] {
            put(&caller, "currentPeriod?date=2025-03-31", None).expect(200);
            let blank = period(put(&caller, path, body));
            let unset = json!({
                "periodText": "", "lastDay": "",
                "calendarType": "Calendar Months/Quarters/Years",
            });
            assert_eq!(blank, unset);
            assert_eq!(period(caller.get("currentPeriod")), blank);
        }
    }
}

fn dates_are_checked() {
    for caller in both_forms() {
        for (date, text) in [
            (
                "31.3.2025",
                "Invalid ISO date format '31.3.2025'. Date should match format YYYY-MM-DD",
            ),
            (
                "2025-02-30",
                "Invalid ISO date format '2025-02-30'. Date should match format YYYY-MM-DD",
            ),
            (
                "2031-01-01",
                "Specified date '2031-01-01' is out of timescale range 2024-01-01 - 2026-12-31",
            ),
        ] {
            let refused = put(&caller, &format!("currentPeriod?date={date}"), None).expect(400);
            assert_eq!(refused.message(), text);
            put(&caller, "currentPeriod", Some(json!({ "date": date }))).expect(400);
        }
        for (body, text) in [
            (
                Some(json!({})),
                "Expected mandatory field 'date' to be present and not empty.",
            ),
            (
                Some(json!({ "day": "x" })),
                "Identified an unrecognized 'day'. Amend the content so it only contains applicable fields.",
            ),
            (
                None,
                "The request body is null. To continue, change the format to a non-empty state.",
            ),
        ] {
            let refused = put(&caller, "currentPeriod", body).expect(400);
            assert_eq!(refused.message(), text);
        }
        assert_eq!(period(caller.get("currentPeriod"))["lastDay"], "");
    }
}

fn the_fiscal_year_is_only_set() {
    for caller in both_forms() {
        caller.get("modelCalendar/fiscalYear").expect(405);
        let year = json!({ "year": "FY26" });
        let set = put(&caller, "modelCalendar/fiscalYear", Some(year))
            .expect(200)
            .json();
        let wanted = json!({ "year": "FY26", "startDate": "2026-01-01", "endDate": "2026-12-31" });
        assert_eq!(set["modelCalendar"]["fiscalYear"], wanted);
        let read = caller.get("modelCalendar").expect(200).json();
        assert_eq!(read["modelCalendar"]["fiscalYear"], wanted);
    }
}

fn set_kind(caller: &Caller, kind: CalendarKind) {
    caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        edit.calendar(|calendar| calendar.kind = kind);
    });
}

fn fiscal_years_have_a_range() {
    for caller in both_forms() {
        let set = |year: &str| {
            put(
                &caller,
                "modelCalendar/fiscalYear",
                Some(json!({ "year": year })),
            )
        };
        assert_eq!(
            set("FY40").expect(400).message(),
            "Specified year is out of range: 2040"
        );
        set_kind(&caller, CalendarKind::WeeksGeneral);
        set("FY26").expect(400);
        let calendar = caller.get("modelCalendar").expect(200).json();
        assert!(calendar["modelCalendar"].get("fiscalYear").is_none());
        let week = json!({ "date": "2024-01-10" });
        let week = period(put(&caller, "currentPeriod", Some(week)));
        assert_eq!(week["periodText"], "Week 2");
    }
}

fn calendars_have_their_own_fields() {
    for caller in both_forms() {
        let common = [
            "calendarType",
            "currentPeriod",
            "fiscalYear",
            "pastYearsCount",
            "totalsSelection",
        ];
        let weeks = ["extraWeekMonth", "futureYearsCount", "weekFormat"];
        for (kind, name, fields) in [
            (
                CalendarKind::Months,
                "Calendar Months/Quarters/Years",
                common.to_vec(),
            ),
            (
                CalendarKind::WeeksGrouped,
                "Weeks: 4-4-5, 4-5-4 or 5-4-4",
                [&common[..], &weeks[..], &["weekGrouping"]].concat(),
            ),
            (
                CalendarKind::FourWeeks,
                "Weeks: 13 4-week Periods",
                [&common[..], &weeks[..]].concat(),
            ),
            (
                CalendarKind::WeeksGeneral,
                "Weeks: General",
                vec!["calendarType", "currentPeriod", "startDate", "weeksCount"],
            ),
        ] {
            set_kind(&caller, kind);
            let answer = caller.get("modelCalendar").expect(200).json();
            let calendar = answer["modelCalendar"].as_object().unwrap();
            assert_eq!(calendar["calendarType"], name);
            let mut fields = fields;
            fields.sort_unstable();
            let keys: Vec<&String> = calendar.keys().collect();
            assert_eq!(keys, fields, "{name}");
            let totals = calendar.get("totalsSelection");
            let extra = totals.and_then(|totals| totals.get("extraMonthQuarter"));
            let quarter = (kind == CalendarKind::FourWeeks).then(|| json!(4));
            assert_eq!(extra, quarter.as_ref());
            if let Some(totals) = totals {
                for flag in [
                    "quarterTotals",
                    "halfYearTotals",
                    "yearToDateSummary",
                    "yearToGoSummary",
                    "totalOfAllPeriods",
                ] {
                    assert!(totals[flag].is_boolean(), "{flag}");
                }
            }
        }
    }
}

fn versions(caller: &Caller) -> Vec<Value> {
    let answer = caller.get("versions").expect(200).json();
    answer["versionMetadata"].as_array().unwrap().clone()
}

fn switch(caller: &Caller, version: &Value, date: &str) -> Answer {
    let path = format!("versions/{}/switchover", version["id"].as_str().unwrap());
    put(caller, &path, Some(json!({ "date": date })))
}

fn a_switchover_is_set() {
    for caller in both_forms() {
        let forecast = versions(&caller).remove(1);
        assert!(forecast.get("switchover").is_none());
        let set = switch(&caller, &forecast, "2025-06-01").expect(200).json();
        assert_eq!(
            set["versionSwitchover"],
            json!({
                "periodText": "Jun 25", "date": "2025-06-01",
                "calendarType": "Calendar Months/Quarters/Years",
            })
        );
        let shown = versions(&caller).remove(1);
        assert_eq!(
            shown["switchover"],
            json!({ "periodText": "Jun 25", "date": "2025-06-01" })
        );
        let reset = switch(&caller, &forecast, "").expect(200).json();
        assert_eq!(reset["versionSwitchover"]["date"], "");
        assert!(versions(&caller)[1].get("switchover").is_none());
        let path = format!("versions/{}/switchover", forecast["id"].as_str().unwrap());
        caller.get(&path).expect(405);
    }
}

fn a_switchover_is_refused() {
    for caller in both_forms() {
        let versions = versions(&caller);
        let (actual, forecast) = (&versions[0], &versions[1]);
        assert_eq!(
            (&actual["isActual"], &forecast["isActual"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&actual["name"], &forecast["name"], versions.len()),
            (&json!("Actual"), &json!("Forecast"), 2)
        );
        assert_eq!(actual["editFrom"]["date"], "1900-01-01");
        assert_eq!(actual["editTo"]["date"], "2399-12-31");
        switch(&caller, actual, "2025-06-01").expect(400);
        switch(&caller, forecast, "2025-06-01").expect(200);
        for wrong in ["2025-05-01", "2026-01-01", "2024-12-31", "soon"] {
            switch(&caller, forecast, wrong).expect(400);
        }
        switch(&caller, forecast, "2025-07-01").expect(200);
        put(
            &caller,
            "versions/1/switchover",
            Some(json!({ "date": "" })),
        )
        .expect(404);
    }
}
