//! Modules, line items, views, cells, dimensions, and what the answers about lists share with them.

use serde_json::Value;

use super::operation::{Operation, Success, bare, bytes, envelope, get, need, op, page};
use super::shape::{Field, Shape, key, optional, optional_with, with};
use anaplan_testkit::Request;

pub(super) const ID_AND_NAME: Shape =
    Shape::Object(&[key("id", Shape::Digits), key("name", Shape::Filled)]);
pub(super) const NAMES: Shape = Shape::List(&ID_AND_NAME);

pub(super) const fn object(id: Shape) -> [Field; 3] {
    [
        key("id", id),
        key("name", Shape::Filled),
        optional("code", Shape::Text),
    ]
}
const MODULE: Shape = Shape::Object(&object(Shape::Kind("102")));

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

pub(super) const CSV: Success = bytes("text/csv");

fn wants_json(request: &Request) -> bool {
    request.asks_for("application/json") && request.param("format") == Some("v1")
}

pub(super) fn wants_csv(request: &Request) -> bool {
    request.asks_for("text/csv")
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

/// An item of a request that failed.
pub(super) const FAILURE: Shape = Shape::Object(&[
    key("requestIndex", Shape::Count),
    key("failureType", Shape::Filled),
    key("failureMessageDetails", Shape::Filled),
]);

pub(super) const READ: &[u16] = &[403];
pub(super) const BIG_READ: &[u16] = &[400, 403];
pub(super) const WRITE: &[u16] = &[400, 403, 415, 423, 425];

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
            optional("failures", Shape::List(&FAILURE)),
        ])])
        .refuses(WRITE),
];
