//! Lists, modules, views, cells, dimensions, calendar.

use serde_json::Value;

use super::operation::{Operation, Success, bare, bytes, envelope, get, nothing, op, page};
use super::shape::{Field, Shape, key, optional, optional_with, with};
use crate::http::Request;

const ID_AND_NAME: Shape = Shape::Object(&[key("id", Shape::Digits), key("name", Shape::Filled)]);
const NAMES: Shape = Shape::List(&ID_AND_NAME);

const fn object(id: Shape) -> [Field; 3] {
    [
        key("id", id),
        key("name", Shape::Filled),
        optional("code", Shape::Text),
    ]
}
const MODULE: Shape = Shape::Object(&object(Shape::Kind("102")));
const LIST: Shape = Shape::Object(&object(Shape::Kind("101")));

const VIEW: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Filled),
    key("moduleId", Shape::Kind("102")),
    optional("code", Shape::Text),
]);

const AXES: &[Field] = &[
    key("viewId", Shape::Digits),
    key("viewName", Shape::Filled),
    optional("rows", Shape::Rows(&ID_AND_NAME)),
    optional("columns", Shape::Rows(&ID_AND_NAME)),
    optional("pages", Shape::Rows(&ID_AND_NAME)),
];

const COORDINATES: Shape = Shape::List(&Shape::Text);
const VIEW_DATA: &[Field] = &[
    optional("pages", COORDINATES),
    key("columnCoordinates", Shape::List(&COORDINATES)),
    key(
        "rows",
        Shape::List(&Shape::Object(&[
            key("rowCoordinates", COORDINATES),
            key("cells", Shape::List(&Shape::Text)),
        ])),
    ),
];

const NUMBER_FORMAT: Shape = Shape::Object(&[
    key("dataType", Shape::OneOf(&["NUMBER"])),
    key(
        "comparisonIncrease",
        Shape::OrNull(&Shape::OneOf(&["GOOD", "BAD", "NEUTRAL"])),
    ),
    optional("customUnits", Shape::OrNull(&Shape::Text)),
    key("decimalPlaces", Shape::Whole),
    key("decimalSeparator", Shape::OneOf(&["COMMA", "FULL_STOP"])),
    key(
        "groupingSeparator",
        Shape::OneOf(&["COMMA", "FULL_STOP", "SPACE", "NONE"]),
    ),
    key("minimumSignificantDigits", Shape::Whole),
    key(
        "negativeNumberNotation",
        Shape::OneOf(&["MINUS_SIGN", "PARENTHESES"]),
    ),
    key(
        "unitsDisplayType",
        Shape::OneOf(&[
            "CUSTOM_SUFFIX",
            "CUSTOM_PREFIX",
            "CURRENCY_CODE",
            "CURRENCY_SYMBOL",
            "PERCENTAGE_SUFFIX",
            "NONE",
        ]),
    ),
    key(
        "unitsType",
        Shape::OneOf(&["CUSTOM", "CURRENCY", "PERCENTAGE", "NONE"]),
    ),
    key("zeroFormat", Shape::OneOf(&["HYPHEN", "ZERO", "BLANK"])),
]);
const FORMAT: Shape = Shape::Either(&[
    NUMBER_FORMAT,
    Shape::Object(&[
        key("dataType", Shape::OneOf(&["TEXT"])),
        key(
            "textType",
            Shape::OneOf(&["GENERAL", "EMAIL_ADDRESS", "DRILLTHRU_URI"]),
        ),
    ]),
    Shape::Object(&[
        key("dataType", Shape::OneOf(&["ENTITY"])),
        key("hierarchyEntityLongId", Shape::Count),
        key("selectiveAccessApplied", Shape::Flag),
        key("showAll", Shape::Flag),
        optional("entityFormatFilter", Shape::Text),
    ]),
    Shape::Object(&[
        key("dataType", Shape::OneOf(&["TIME_ENTITY"])),
        key(
            "periodType",
            Shape::Object(&[
                key(
                    "entityId",
                    Shape::OneOf(&["YEAR", "HALF_YEAR", "QUARTER", "MONTH", "WEEK", "DAY"]),
                ),
                key("entityLabel", Shape::Filled),
                key("entityIndex", Shape::Count),
            ]),
        ),
    ]),
    Shape::Object(&[key("dataType", Shape::OneOf(&["BOOLEAN", "DATE", "NONE"]))]),
]);

const ALL: &str = "includeAll";
const LINE_ITEM: Shape = Shape::Object(&[
    key("moduleId", Shape::Kind("102")),
    key("moduleName", Shape::Filled),
    key("id", Shape::Digits),
    key("name", Shape::Filled),
    with(ALL, "isSummary", Shape::Flag),
    with(ALL, "startOfSection", Shape::Flag),
    with(ALL, "broughtForward", Shape::Flag),
    with(ALL, "useSwitchover", Shape::Flag),
    with(ALL, "breakback", Shape::Flag),
    optional_with(ALL, "cellCount", Shape::Count),
    with(ALL, "version", ID_AND_NAME),
    optional_with(ALL, "appliesTo", NAMES),
    optional_with(ALL, "dataTags", NAMES),
    optional_with(ALL, "referencedBy", NAMES),
    optional_with(ALL, "parent", ID_AND_NAME),
    optional_with(ALL, "readAccessDriver", ID_AND_NAME),
    optional_with(ALL, "writeAccessDriver", ID_AND_NAME),
    with(
        ALL,
        "format",
        Shape::OneOf(&[
            "NUMBER",
            "BOOLEAN",
            "TEXT",
            "NONE",
            "DATE",
            "LIST",
            "TIME PERIOD",
        ]),
    ),
    with(ALL, "formatMetadata", FORMAT),
    with(ALL, "summary", Shape::Filled),
    with(ALL, "timeScale", Shape::Filled),
    with(ALL, "timeRange", Shape::Filled),
    with(ALL, "formulaScope", Shape::Filled),
    optional_with(ALL, "formula", Shape::Text),
    with(ALL, "style", Shape::Filled),
    optional_with(ALL, "code", Shape::Text),
    with(ALL, "notes", Shape::Text),
]);
const LINE_ITEMS: &[Success] = &[envelope(&[key("items", Shape::List(&LINE_ITEM))])];

/// Of a line item or a view: a code that is not set is left out.
const ITEM: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Text),
    optional("code", Shape::Filled),
]);
const ITEMS: &[Success] = &[envelope(&[optional("items", Shape::Rows(&ITEM))])];
/// Of the model: the code may be empty.
const MODEL_ITEM: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Text),
    optional("code", Shape::Text),
    optional("parent", Shape::Text),
    optional("parentId", Shape::Digits),
    optional("listId", Shape::Kind("101")),
    optional("listName", Shape::Filled),
]);
const MODEL_ITEMS: &[Success] = &[envelope(&[optional("items", Shape::Rows(&MODEL_ITEM))])];

const LIST_METADATA: Field = key(
    "metadata",
    Shape::Object(&[
        key("id", Shape::Kind("101")),
        key("name", Shape::Filled),
        optional("code", Shape::Text),
        key(
            "properties",
            Shape::List(&Shape::Object(&[
                key("name", Shape::Filled),
                key("format", Shape::Filled),
                optional("formula", Shape::Text),
                key("notes", Shape::Text),
                key("referencedBy", Shape::Either(&[Shape::Text, NAMES])),
                optional("dataTags", NAMES),
            ])),
        ),
        key("hasSelectiveAccess", Shape::Flag),
        optional("parent", ID_AND_NAME),
        key("managedBy", Shape::Text),
        key("numberedList", Shape::Flag),
        key("useTopLevelAsPageDefault", Shape::Flag),
        key("itemCount", Shape::Count),
        key("workflowEnabled", Shape::Flag),
        key("productionData", Shape::Flag),
        key("permittedItems", Shape::Count),
        optional("nextitemIndex", Shape::Count),
        optional("topLevelItem", Shape::Filled),
        optional("subsets", Shape::Rows(&ID_AND_NAME)),
        optional("category", Shape::Text),
        optional("dataTags", NAMES),
        optional("displayNameProperty", Shape::Text),
        optional("usedInAppliesTo", NAMES),
    ]),
);

const LIST_ITEM: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Text),
    optional("code", Shape::Filled),
    optional("parent", Shape::Text),
    optional("parentId", Shape::Digits),
    optional("listId", Shape::Kind("101")),
    optional("listName", Shape::Filled),
    with(ALL, "properties", Shape::Map(&Shape::Text)),
    with(ALL, "subsets", Shape::Map(&Shape::Flag)),
    optional_with(ALL, "read", Shape::List(&Shape::Text)),
    optional_with(ALL, "write", Shape::List(&Shape::Text)),
]);

const FAILURES: Shape = Shape::List(&Shape::Object(&[
    key("requestIndex", Shape::Count),
    key("failureType", Shape::Filled),
    key("failureMessageDetails", Shape::Filled),
]));
/// Failures of list items: left out when there is none.
const ITEM_FAILURES: Field = optional(
    "failures",
    Shape::Rows(&Shape::Object(&[
        key("requestIndex", Shape::Count),
        key("failureType", Shape::Filled),
        key("failureMessageDetails", Shape::Filled),
    ])),
);
const ADDED: &[Field] = &[
    key("added", Shape::Count),
    key("ignored", Shape::Count),
    key("total", Shape::Count),
    ITEM_FAILURES,
];
const UPDATED: &[Field] = &[
    key("updated", Shape::Count),
    key("ignored", Shape::Count),
    key("total", Shape::Count),
    ITEM_FAILURES,
];
const DELETED: &[Field] = &[key("deleted", Shape::Count), ITEM_FAILURES];

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

macro_rules! read_request {
    ($key:literal, $id:literal) => {
        &[envelope(&[key(
            $key,
            Shape::Object(&[
                key("requestId", Shape::Upper),
                key(
                    "requestState",
                    Shape::OneOf(&[
                        "NOT_STARTED",
                        "IN_PROGRESS",
                        "COMPLETE",
                        "CANCELLING",
                        "CANCELLED",
                    ]),
                ),
                key("url", Shape::Address),
                optional($id, Shape::Count),
                optional("availablePages", Shape::Count),
                optional("successful", Shape::Flag),
            ]),
        )])]
    };
}
const VIEW_READ: &[Success] = read_request!("viewReadRequest", "viewId");
const LIST_READ: &[Success] = read_request!("listReadRequest", "listId");

const CSV: Success = bytes("text/csv");

fn wants_json(request: &Request) -> bool {
    request.asks_for("application/json") && request.param("format") == Some("v1")
}

fn wants_csv(request: &Request) -> bool {
    request.asks_for("text/csv")
}

fn adds(request: &Request) -> bool {
    request.param("action") == Some("add")
}

fn need(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Each row has a cell for each column.
fn a_cell_for_each_column(_: &Request, body: &Value) -> Result<(), String> {
    let columns = body["columnCoordinates"].as_array().map(Vec::len);
    let rows = body["rows"].as_array().into_iter().flatten();
    for row in rows {
        let cells = row["cells"].as_array().map(Vec::len);
        need(
            cells == columns,
            "a row has not as many cells as there are columns",
        )?;
    }
    Ok(())
}

/// What was not added or updated was ignored, and each failure is of something that was sent.
fn counters(_: &Request, body: &Value) -> Result<(), String> {
    let count = |key: &str| body[key].as_u64().unwrap_or(0);
    if let Some(total) = body["total"].as_u64() {
        let sum = count("added") + count("updated") + count("ignored");
        need(sum == total, "the counters do not add up to the total")?;
        let failures = body["failures"].as_array().into_iter().flatten();
        for failure in failures {
            need(
                failure["requestIndex"].as_u64() < Some(total),
                "a failure is of nothing that was sent",
            )?;
        }
    }
    Ok(())
}

/// Numbered lists, and they only, have a next index.
fn next_index_of_numbered_lists(_: &Request, body: &Value) -> Result<(), String> {
    let list = &body["metadata"];
    need(
        (list["numberedList"] == true) == list.get("nextitemIndex").is_some(),
        "`nextitemIndex` is not as `numberedList` has it",
    )
}

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

/// The end of a large read says whether it is any good.
fn end_of_read(_: &Request, body: &Value) -> Result<(), String> {
    let read = body.get("viewReadRequest").or(body.get("listReadRequest"));
    let complete = read.is_some_and(|read| read["requestState"] == "COMPLETE");
    need(
        !complete || read.is_some_and(|read| read.get("successful").is_some()),
        "a complete read does not say whether it was successful",
    )
}

const READ: &[u16] = &[403];
const BIG_READ: &[u16] = &[400, 403];
const WRITE: &[u16] = &[400, 403, 415, 423, 425];

pub(super) const OPERATIONS: &[Operation] = &[
    get("modules", &[page("modules", MODULE)]).refuses(READ),
    get("modules/*/lineItems", LINE_ITEMS).refuses(READ),
    get("lineItems", LINE_ITEMS).refuses(READ),
    get(
        "lineItems/*/dimensions",
        &[envelope(&[key("dimensions", Shape::List(&ID_AND_NAME))])],
    )
    .refuses(READ),
    get("lineItems/*/dimensions/*/items", ITEMS).refuses(BIG_READ),
    get("views", &[page("views", VIEW)]).refuses(READ),
    get("modules/*/views", &[page("views", VIEW)]).refuses(READ),
    get("views/*", &[envelope(AXES)]).refuses(READ),
    get(
        "views/*/data",
        &[
            bare(200, VIEW_DATA).to(wants_json),
            CSV.to(|request| !wants_json(request)),
        ],
    )
    .refuses(&[400, 403, 500])
    .rules(&[a_cell_for_each_column]),
    get("views/*/dimensions/*/items", ITEMS).refuses(BIG_READ),
    get("dimensions/*/items", MODEL_ITEMS).refuses(BIG_READ),
    op("POST", "dimensions/*/items")
        .gives(MODEL_ITEMS)
        .refuses(&[400, 403, 415]),
    op("POST", "modules/*/data")
        .gives(&[envelope(&[
            key("numberOfCellsChanged", Shape::Count),
            optional("failures", FAILURES),
        ])])
        .refuses(WRITE),
    get("lists", &[page("lists", LIST)]).refuses(READ),
    get("lists/*", &[envelope(&[LIST_METADATA])])
        .refuses(READ)
        .rules(&[next_index_of_numbered_lists]),
    get(
        "lists/*/items",
        &[
            CSV.to(wants_csv),
            envelope(&[key("listItems", Shape::List(&LIST_ITEM))])
                .to(|request| !wants_csv(request)),
            page("listItems", LIST_ITEM).to(|request| !wants_csv(request)),
        ],
    )
    .refuses(BIG_READ),
    op("POST", "lists/*/items")
        .gives(&[
            envelope(ADDED).to(adds),
            envelope(DELETED).to(|request| !adds(request)),
        ])
        .refuses(WRITE)
        .rules(&[counters]),
    op("PUT", "lists/*/items")
        .gives(&[envelope(UPDATED)])
        .refuses(WRITE)
        .rules(&[counters]),
    op("POST", "lists/*/resetIndex")
        .gives(&[nothing(200).header("content-length")])
        .refuses(&[400, 403, 423]),
    get("lists/*/preview", &[CSV]).refuses(READ),
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
    op("POST", "views/*/readRequests")
        .gives(VIEW_READ)
        .refuses(&[400, 403, 415])
        .rules(&[end_of_read]),
    get("views/*/readRequests/*", VIEW_READ)
        .refuses(READ)
        .rules(&[end_of_read]),
    get("views/*/readRequests/*/pages/*", &[CSV]).refuses(READ),
    op("DELETE", "views/*/readRequests/*")
        .gives(VIEW_READ)
        .refuses(READ),
    op("POST", "lists/*/readRequests")
        .gives(LIST_READ)
        .refuses(&[400, 403, 415])
        .rules(&[end_of_read]),
    get("lists/*/readRequests/*", LIST_READ)
        .refuses(READ)
        .rules(&[end_of_read]),
    get("lists/*/readRequests/*/pages/*", &[CSV]).refuses(READ),
    op("DELETE", "lists/*/readRequests/*")
        .gives(LIST_READ)
        .refuses(READ),
];
