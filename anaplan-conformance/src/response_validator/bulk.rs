//! Files, imports, exports, actions, processes, and their tasks.

use serde_json::Value;

use super::operation::{
    Operation, Success, bare, bytes, envelope, get, need, nothing, op, page, page_or_none,
};
use super::shape::{Field, STATES, Shape, key, optional, optional_with};
use anaplan_testkit::Request;

const ENCODING: Shape = Shape::OneOf(&["UTF-8", "UTF-16LE", "ISO-8859-1"]);

const FILE: Shape = Shape::Object(&[
    key("id", Shape::Digits),
    key("name", Shape::Filled),
    key("chunkCount", Shape::Whole),
    optional("delimiter", Shape::Text),
    optional("encoding", ENCODING),
    optional("firstDataRow", Shape::Whole),
    optional("format", Shape::Filled),
    optional("headerRow", Shape::Whole),
    optional("separator", Shape::Text),
    optional("code", Shape::Text),
    optional("origin", Shape::Text),
    optional("country", Shape::Text),
    optional("language", Shape::Text),
]);
const ONE_FILE: &[Success] = &[envelope(&[key("file", FILE)])];
const CHUNKS: &[Success] = &[page_or_none(
    "chunks",
    Shape::Object(&[
        key("id", Shape::Digits),
        key("name", Shape::Filled),
        optional("code", Shape::Text),
    ]),
)];

const LAYOUT: Shape = Shape::OneOf(&[
    "AUDIT_LOG",
    "GRID_CURRENT_PAGE",
    "GRID_ALL_PAGES",
    "TABULAR_ALL_LINE_ITEMS",
    "TABULAR_CURRENT_LINE_ITEM",
    "TABULAR_MULTI_COLUMN",
    "TABULAR_SINGLE_COLUMN",
]);
const IMPORT_TYPE: Shape = Shape::OneOf(&[
    "MODULE_DATA",
    "HIERARCHY_DATA",
    "LINE_ITEM_DEFINITION",
    "USERS",
    "VERSIONS",
]);
const ACTION_TYPE: Shape = Shape::OneOf(&[
    "DELETE_BY_SELECTION",
    "ORDER_HIERARCHY",
    "SIMPLE_CREATE",
    "BULK_DELETE_ENTITIES",
    "SELECT_CHILDREN",
    "UPDATE_CURRENT_PERIOD",
    "BULK_ENTITY_COPY",
    "COPY_TO_NUMBERED_LIST",
    "OPTIMIZER",
    "BULK_COPY",
]);

const NAME: Field = key("name", Shape::Filled);
const CODE: Field = optional("code", Shape::Text);
const SOURCE: Field = optional_with(
    "showImportDataSource",
    "importDataSource",
    Shape::Object(&[
        key("importDataSourceId", Shape::Text),
        key("type", Shape::Filled),
        optional("sourceModelId", Shape::Upper),
        optional("sourceModelName", Shape::Filled),
        optional("sourceWorkspaceId", Shape::Lower),
    ]),
);

const IMPORT: Shape = Shape::Object(&[
    key("id", Shape::Kind("112")),
    NAME,
    CODE,
    key("importType", IMPORT_TYPE),
    key("importDataSourceId", Shape::Text),
    SOURCE,
]);
const IMPORT_METADATA: Field = key(
    "importMetadata",
    Shape::Object(&[
        NAME,
        key("type", Shape::OneOf(&["FILE", "MODEL"])),
        optional(
            "source",
            Shape::Object(&[
                key("textEncoding", ENCODING),
                key("columnSeparator", Shape::Text),
                key("textDelimiter", Shape::Text),
                key("headerRow", Shape::Whole),
                key("firstDataRow", Shape::Whole),
                key("decimalSeparator", Shape::Filled),
                key("headerNames", Shape::List(&Shape::Text)),
                key("columnCount", Shape::Count),
            ]),
        ),
    ]),
);

const EXPORT: Shape = Shape::Object(&[
    key("id", Shape::Kind("116")),
    NAME,
    CODE,
    key("exportType", LAYOUT),
    key("exportFormat", Shape::Filled),
    optional("encoding", ENCODING),
    key("layout", LAYOUT),
]);
const EXPORT_METADATA: Field = key(
    "exportMetadata",
    Shape::Object(&[
        key("columnCount", Shape::Count),
        key(
            "dataTypes",
            Shape::List(&Shape::OneOf(&[
                "NONE",
                "NUMBER",
                "ENTITY",
                "DATE",
                "TEXT",
                "BOOLEAN",
                "FORMAT",
                "SUMMARY",
                "MULTISELECT_HIERARCHY",
                "MULTISELECT_USER",
                "MULTISELECT_ENTITY",
                "MULTISELECT_MODULE",
                "ACTION_DEFINITION",
                "MIXED",
                "TIME_ENTITY",
                "REMOTE_MODEL_DEFINITION",
                "MULTISELECT_TAG",
            ])),
        ),
        key("delimiter", Shape::Text),
        key("encoding", ENCODING),
        key("exportFormat", Shape::Filled),
        key("headerNames", Shape::List(&Shape::Text)),
        key("listNames", Shape::List(&Shape::Text)),
        key("rowCount", Shape::Count),
        key("separator", Shape::Text),
        optional("layout", LAYOUT),
    ]),
);

const ACTION: Shape = Shape::Object(&[
    key("id", Shape::Kind("117")),
    NAME,
    CODE,
    optional("actionType", ACTION_TYPE),
]);
const ACTION_METADATA: Field = key(
    "action",
    Shape::Object(&[
        key("id", Shape::Kind("117")),
        NAME,
        CODE,
        optional("actionType", ACTION_TYPE),
        optional("listId", Shape::Digits),
        optional("filterLineItemId", Shape::Digits),
        optional("sortOrder", Shape::OneOf(&["Ascending", "Descending"])),
        optional("lineItemId", Shape::Digits),
        optional("sourceMember", Shape::Filled),
        optional("targetMember", Shape::Filled),
    ]),
);

const PROCESS: Shape = Shape::Object(&[key("id", Shape::Kind("118")), NAME, CODE]);
const STEP: Shape = Shape::Either(&[
    Shape::Object(&[
        key("id", Shape::Kind("112")),
        NAME,
        CODE,
        key("actionType", Shape::OneOf(&["IMPORT"])),
        key("importType", IMPORT_TYPE),
        key("importDataSourceId", Shape::Text),
        SOURCE,
    ]),
    Shape::Object(&[
        key("id", Shape::Kind("116")),
        NAME,
        CODE,
        key("actionType", Shape::OneOf(&["EXPORT"])),
        key("exportType", LAYOUT),
        key("exportFormat", Shape::Filled),
        key("layout", LAYOUT),
    ]),
    ACTION,
]);
const PROCESS_METADATA: Field = key(
    "processMetadata",
    Shape::Object(&[NAME, key("actions", Shape::List(&STEP))]),
);

const DASHBOARD: Shape = Shape::Object(&[key("id", Shape::Kind("115")), NAME, CODE]);

const LISTED_TASK: Shape = Shape::Object(&[
    key("taskId", Shape::Upper),
    key("taskState", STATES),
    key("creationTime", Shape::Millis),
]);
const STARTED: &[Success] = &[
    envelope(&[key(
        "task",
        Shape::Object(&[
            key("taskId", Shape::Upper),
            optional("taskState", Shape::OneOf(&["NOT_STARTED"])),
            optional("creationTime", Shape::Millis),
        ]),
    )]),
    // As in some official samples.
    bare(200, &[key("taskId", Shape::Upper)]),
];

const DETAIL: Shape = Shape::Object(&[
    optional("type", Shape::Filled),
    optional("localMessageText", Shape::Text),
    optional("occurrences", Shape::Count),
    optional("values", Shape::List(&Shape::OrNull(&Shape::Text))),
]);
/// The result of a run or of a step of it. A static, because it refers to itself.
static RESULT: [Field; 8] = [
    key("successful", Shape::Flag),
    key("failureDumpAvailable", Shape::Flag),
    optional("objectId", Shape::Digits),
    optional("objectName", Shape::Filled),
    optional("details", Shape::List(&DETAIL)),
    optional("nestedResults", Shape::List(&NESTED)),
    optional_with("includeProcessDetails", "duration", Shape::Number),
    optional_with("includeProcessDetails", "startTime", Shape::Millis),
];
static NESTED: Shape = Shape::Object(&RESULT);
static TASK: [Field; 8] = [
    optional("type", Shape::OneOf(&["taskInformation"])),
    key("taskId", Shape::Upper),
    key("taskState", STATES),
    optional("currentStep", Shape::Filled),
    optional("progress", Shape::Number),
    optional("creationTime", Shape::Millis),
    optional("cancelledBy", Shape::Filled),
    optional("result", Shape::Object(&RESULT)),
];
static RUN: [Success; 1] = [envelope(&RUN_KEYS)];
static RUN_KEYS: [Field; 1] = [key("task", Shape::Object(&TASK))];

const OCTETS: &[Success] = &[bytes("application/octet-stream")];
const PLAIN: &[Success] = &[bytes("text/plain")];
const DUMP: &[Success] = &[bytes("text/plain"), nothing(204)];

/// The result comes at the end; steps are those of processes.
fn result_of_run(request: &Request, body: &Value) -> Result<(), String> {
    let task = &body["task"];
    let over = task["taskState"] == "COMPLETE" || task["taskState"] == "CANCELLED";
    need(
        task.get("result").is_some() == over,
        "`task.result` is not there at the end, or before",
    )?;
    let progress = task["progress"].as_f64().unwrap_or(0.0);
    need(
        (0.0..=1.0).contains(&progress),
        "`task.progress` is not from 0 to 1",
    )?;
    let result = &task["result"];
    let of = |kind: &str| request.path().contains(kind);
    need(
        of("/processes/") || result.get("nestedResults").is_none(),
        "`task.result.nestedResults` is of no process",
    )?;
    need(
        !(of("/actions/") || of("/exports/")) || result["failureDumpAvailable"] != true,
        "`task.result.failureDumpAvailable` is of nothing that leaves a dump",
    )?;
    let nested = result["nestedResults"].as_array().into_iter().flatten();
    for result in nested.chain([result]) {
        let details = result["details"].as_array().into_iter().flatten();
        for detail in details {
            let values = detail["values"].as_array().map_or(0, Vec::len);
            need(values % 2 == 0, "`values` has a key without a value")?;
        }
    }
    Ok(())
}

/// A source model has no file.
fn source_of_import(_: &Request, body: &Value) -> Result<(), String> {
    let import = &body["importMetadata"];
    need(
        import["type"] != "MODEL" || import.get("source").is_none(),
        "`importMetadata.source` is of an import from a model",
    )
}

const START: &[u16] = &[400, 403, 415, 423];
const WRITE: &[u16] = &[400, 403, 415, 423];

pub(super) static OPERATIONS: [Operation; 41] = [
    get("files", &[page("files", FILE)]),
    get("files/*", OCTETS),
    op("POST", "files/*").gives(ONE_FILE).refuses(WRITE),
    op("PUT", "files/*").gives(&[nothing(204)]).refuses(WRITE),
    op("DELETE", "files/*")
        .gives(&[nothing(204)])
        .refuses(&[403, 423]),
    get("files/*/chunks", CHUNKS),
    get("files/*/chunks/*", OCTETS),
    op("PUT", "files/*/chunks/*")
        .gives(&[nothing(204)])
        .refuses(WRITE),
    op("POST", "files/*/complete")
        .gives(ONE_FILE)
        .refuses(&[400, 403, 415, 423, 500]),
    get("imports", &[page("imports", IMPORT)]),
    get("imports/*", &[envelope(&[IMPORT_METADATA])])
        .refuses(&[500])
        .rules(&[source_of_import]),
    get("exports", &[page("exports", EXPORT)]),
    get("exports/*", &[envelope(&[EXPORT_METADATA])]),
    get("actions", &[page("actions", ACTION)]),
    get("actions/*", &[envelope(&[ACTION_METADATA])]),
    get("processes", &[page("processes", PROCESS)]),
    get("processes/*", &[envelope(&[PROCESS_METADATA])]),
    get("dashboards", &[page("dashboards", DASHBOARD)]),
    op("POST", "imports/*/tasks").gives(STARTED).refuses(START),
    op("POST", "exports/*/tasks").gives(STARTED).refuses(START),
    op("POST", "actions/*/tasks").gives(STARTED).refuses(START),
    op("POST", "processes/*/tasks")
        .gives(STARTED)
        .refuses(START),
    get("imports/*/tasks", &[page_or_none("tasks", LISTED_TASK)]),
    get("exports/*/tasks", &[page_or_none("tasks", LISTED_TASK)]),
    get("actions/*/tasks", &[page_or_none("tasks", LISTED_TASK)]),
    get("processes/*/tasks", &[page_or_none("tasks", LISTED_TASK)]),
    get("imports/*/tasks/*", &RUN).rules(&[result_of_run]),
    get("exports/*/tasks/*", &RUN).rules(&[result_of_run]),
    get("actions/*/tasks/*", &RUN).rules(&[result_of_run]),
    get("processes/*/tasks/*", &RUN).rules(&[result_of_run]),
    op("DELETE", "imports/*/tasks/*")
        .gives(&RUN)
        .rules(&[result_of_run]),
    op("DELETE", "exports/*/tasks/*")
        .gives(&RUN)
        .rules(&[result_of_run]),
    op("DELETE", "actions/*/tasks/*")
        .gives(&RUN)
        .rules(&[result_of_run]),
    op("DELETE", "processes/*/tasks/*")
        .gives(&RUN)
        .rules(&[result_of_run]),
    // A published client asks for both words under all four kinds.
    get("*/*/tasks/*/dump", DUMP),
    get("*/*/tasks/*/dump/chunks", CHUNKS),
    get("*/*/tasks/*/dump/chunks/*", PLAIN),
    get("*/*/tasks/*/dumps/*", DUMP),
    get("*/*/tasks/*/dumps/*/chunks", CHUNKS),
    get("*/*/tasks/*/dumps/*/chunks/*", PLAIN),
    get("optimizeActions/*/tasks/*/solutionLogs", PLAIN)
        .refuses(&[403])
        .below_workspace_only(),
];
