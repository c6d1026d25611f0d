//! The calendar, the current period, and versions.

use serde_json::Value;

use super::modelling::{READ, WRITE};
use super::operation::{Operation, Success, envelope, get, need, op};
use super::shape::{Shape, key, optional};
use anaplan_testkit::Request;

const CALENDAR_TYPE: Shape = Shape::OneOf(&[
    "Calendar Months/Quarters/Years",
    "Weeks: 4-4-5, 4-5-4 or 5-4-4",
    "Weeks: General",
    "Weeks: 13 4-week Periods",
]);
const CURRENT_PERIOD: &[Success] = &[envelope(&[key(
    "currentPeriod",
    Shape::Object(&[
        key("periodText", Shape::Text),
        key("lastDay", Shape::DayOrBlank),
        key("calendarType", CALENDAR_TYPE),
    ]),
)])];
const CALENDAR: &[Success] = &[envelope(&[key(
    "modelCalendar",
    Shape::Object(&[
        key("calendarType", CALENDAR_TYPE),
        optional(
            "fiscalYear",
            Shape::Object(&[
                key("year", Shape::Filled),
                key("startDate", Shape::Day),
                key("endDate", Shape::Day),
            ]),
        ),
        optional("pastYearsCount", Shape::Count),
        optional("futureYearsCount", Shape::Count),
        key(
            "currentPeriod",
            Shape::Object(&[
                key("periodText", Shape::Text),
                key("lastDay", Shape::DayOrBlank),
            ]),
        ),
        optional("startDate", Shape::Day),
        optional("weeksCount", Shape::Count),
        optional(
            "weekFormat",
            Shape::OneOf(&["Numbered", "Week Commencing", "Week Ending"]),
        ),
        optional("weekGrouping", Shape::OneOf(&["4-4-5", "4-5-4", "5-4-4"])),
        optional(
            "extraWeekMonth",
            Shape::Either(&[Shape::Count, Shape::Text]),
        ),
        optional(
            "totalsSelection",
            Shape::Object(&[
                key("quarterTotals", Shape::Flag),
                key("halfYearTotals", Shape::Flag),
                key("yearToDateSummary", Shape::Flag),
                key("yearToGoSummary", Shape::Flag),
                key("totalOfAllPeriods", Shape::Flag),
                optional("extraMonthQuarter", Shape::Positive),
            ]),
        ),
    ]),
)])];

const EDGE: Shape = Shape::Object(&[key("periodText", Shape::Text), key("date", Shape::Day)]);
const VERSION: Shape = Shape::Object(&[
    key("id", Shape::Kind("107")),
    key("name", Shape::Filled),
    key("isCurrent", Shape::Flag),
    key("isActual", Shape::Flag),
    key("editFrom", EDGE),
    key("editTo", EDGE),
    optional("switchover", EDGE),
    optional("formula", Shape::Filled),
    optional("notes", Shape::Text),
    optional("code", Shape::Text),
]);
const SWITCHOVER: &[Success] = &[envelope(&[key(
    "versionSwitchover",
    Shape::Object(&[
        key("periodText", Shape::Text),
        key("date", Shape::DayOrBlank),
        key("calendarType", CALENDAR_TYPE),
    ]),
)])];

/// The presence of the fields goes by the type of the calendar.
fn fields_of_calendar(_: &Request, body: &Value) -> Result<(), String> {
    let calendar = &body["modelCalendar"];
    let always = ["calendarType", "currentPeriod"];
    let more: &[&str] = match calendar["calendarType"].as_str() {
        Some("Calendar Months/Quarters/Years") => {
            &["pastYearsCount", "fiscalYear", "totalsSelection"]
        }
        Some("Weeks: 4-4-5, 4-5-4 or 5-4-4") => &[
            "pastYearsCount",
            "fiscalYear",
            "totalsSelection",
            "futureYearsCount",
            "extraWeekMonth",
            "weekFormat",
            "weekGrouping",
        ],
        Some("Weeks: 13 4-week Periods") => &[
            "pastYearsCount",
            "fiscalYear",
            "totalsSelection",
            "futureYearsCount",
            "extraWeekMonth",
            "weekFormat",
        ],
        Some("Weeks: General") => &["startDate", "weeksCount"],
        _ => return Ok(()),
    };
    for key in more {
        need(
            calendar.get(key).is_some(),
            &format!("`modelCalendar.{key}` is missing"),
        )?;
    }
    let mut keys = calendar.as_object().into_iter().flat_map(|map| map.keys());
    let strange = keys.find(|key| {
        let key = key.as_str();
        !always.contains(&key) && !more.contains(&key) && key != "addedLater"
    });
    match strange {
        Some(key) => Err(format!("`modelCalendar.{key}` does not go with the type")),
        None => Ok(()),
    }
}

pub(super) const OPERATIONS: &[Operation] = &[
    get("currentPeriod", CURRENT_PERIOD).refuses(READ),
    op("PUT", "currentPeriod")
        .gives(CURRENT_PERIOD)
        .refuses(WRITE),
    get("modelCalendar", CALENDAR)
        .refuses(READ)
        .rules(&[fields_of_calendar]),
    op("PUT", "modelCalendar/fiscalYear")
        .gives(CALENDAR)
        .refuses(WRITE)
        .rules(&[fields_of_calendar]),
    get(
        "versions",
        &[envelope(&[key("versionMetadata", Shape::List(&VERSION))])],
    )
    .refuses(READ),
    op("PUT", "versions/*/switchover")
        .gives(SWITCHOVER)
        .refuses(WRITE),
];
