//! Users, workspaces and models.

use serde_json::Value;

use super::operation::{Errors, Operation, Place, bare, envelope, get, nothing, op, page};
use super::shape::{Field, Shape, key, optional, optional_with, with};
use super::{alm, bulk, calendar, lists, modelling, read_requests};
use anaplan_testkit::Request;

const USER: Shape = Shape::Object(&[
    key("id", Shape::Lower),
    key("active", Shape::Flag),
    key("email", Shape::Filled),
    key("emailOptIn", Shape::Flag),
    key("firstName", Shape::Text),
    key("lastName", Shape::Text),
    optional("customerId", Shape::Lower),
    optional("lastLoginDate", Shape::LongStamp),
]);

const WORKSPACE: Shape = Shape::Object(&[
    key("id", Shape::Lower),
    key("name", Shape::Filled),
    key("active", Shape::Flag),
    with("tenantDetails", "sizeAllowance", Shape::Count),
    optional_with("tenantDetails", "currentSize", Shape::Count),
]);

/// An administrator or a visitor.
const PERSON: Shape = Shape::Object(&[
    key("firstName", Shape::Text),
    key("lastName", Shape::Text),
    optional("email", Shape::Filled),
    key("active", Shape::Flag),
    key("otherWorkspaces", Shape::List(&Shape::Filled)),
]);

const ACTIVE_STATE: Shape = Shape::OneOf(&[
    "UNLOCKED",
    "PRODUCTION",
    "MAINTENANCE",
    "PRODUCTION_MAINTENANCE",
    "LOCKED",
    "ARCHIVED",
    "ACTIVE",
]);
const CATEGORY: Shape = Shape::Object(&[
    key("id", Shape::Filled),
    key("attribute", Shape::Text),
    key("categoryId", Shape::Filled),
    key("categoryName", Shape::Text),
    key("customerId", Shape::Lower),
]);

macro_rules! model {
    ($($more:expr),*) => {
        Shape::Object(&[
            key("id", Shape::Upper),
            key("name", Shape::Filled),
            key("activeState", ACTIVE_STATE),
            key("currentWorkspaceId", Shape::Lower),
            key("currentWorkspaceName", Shape::Filled),
            key("modelUrl", Shape::Filled),
            key("categoryValues", Shape::List(&CATEGORY)),
            with("modelDetails", "isoCreationDate", Shape::LongStamp),
            with("modelDetails", "lastModified", Shape::LongStamp),
            with("modelDetails", "lastModifiedByUserGuid", Shape::Lower),
            with("modelDetails", "lastSavedSerialNumber", Shape::Either(&[Shape::Count, Shape::Digits])),
            optional_with("modelDetails", "memoryUsage", Shape::Count),
            $($more),*
        ])
    };
}
/// One of a list.
const LISTED_MODEL: Shape = model!();
const MODEL: Shape = model!(with("modelDetails", "modelTransactionRunning", Shape::Flag));

const STATUS: Field = key(
    "requestStatus",
    Shape::Object(&[
        key("tooltip", Shape::OrNull(&Shape::Filled)),
        key("progress", Shape::Number),
        key("currentStep", Shape::Filled),
        key("exportTaskType", Shape::OrNull(&Shape::Filled)),
        key("creationTime", Shape::Millis),
        key("taskId", Shape::OrNull(&Shape::Upper)),
        key("peakMemoryUsageEstimate", Shape::OrNull(&Shape::Count)),
        key("peakMemoryUsageTime", Shape::OrNull(&Shape::Millis)),
    ]),
);

const DELETED: &[Field] = &[
    key("modelsDeleted", Shape::Count),
    optional(
        "bulkDeleteModelsFailures",
        Shape::Rows(&Shape::Object(&[
            key("modelId", Shape::Text),
            key(
                "message",
                Shape::OneOf(&[
                    "Model is open. Please close the model before trying again.",
                    "Model ID does not exist.",
                    "Something went wrong. Deleting this model failed.",
                ]),
            ),
        ])),
    ),
];

/// Archived models take no memory, all others do.
fn memory_of_archived(request: &Request, body: &Value) -> Result<(), String> {
    let listed = body["models"].as_array().into_iter().flatten();
    for model in listed.chain(body.get("model")) {
        let archived = model["activeState"] == "ARCHIVED";
        let known = model["activeState"] != "SOMETHING_NEW";
        let has_memory = model.get("memoryUsage").is_some();
        if known && request.flag("modelDetails") && archived == has_memory {
            return Err(format!(
                "`memoryUsage` of {model} is not as its state has it"
            ));
        }
    }
    Ok(())
}

/// Without work it is -1, with work from 0 to 1.
fn progress_of_status(_: &Request, body: &Value) -> Result<(), String> {
    let progress = body["requestStatus"]["progress"]
        .as_f64()
        .unwrap_or(f64::NAN);
    if progress == -1.0 || (0.0..=1.0).contains(&progress) {
        Ok(())
    } else {
        Err(format!("`requestStatus.progress` is {progress}"))
    }
}

const OPERATIONS: &[Operation] = &[
    get("users", &[page("users", USER)]).refuses(&[400]),
    get("users/*", &[envelope(&[key("user", USER)])]),
    get("users/*/workspaces", &[page("workspaces", WORKSPACE)]).refuses(&[400]),
    get("users/*/models", &[page("models", LISTED_MODEL)]).rules(&[memory_of_archived]),
    get("workspaces/*/users", &[page("users", USER)]).refuses(&[400]),
    get("workspaces", &[page("workspaces", WORKSPACE)]).refuses(&[400]),
    get("workspaces/*", &[envelope(&[key("workspace", WORKSPACE)])]),
    get("workspaces/*/admins", &[page("admins", PERSON)]).refuses(&[500]),
    get("workspaces/*/visitors", &[page("visitors", PERSON)]).refuses(&[500]),
    get("workspaces/*/models", &[page("models", LISTED_MODEL)]).rules(&[memory_of_archived]),
    op("POST", "workspaces/*/bulkDeleteModels")
        .gives(&[envelope(DELETED)])
        .refuses(&[400, 403, 415]),
    get("models", &[page("models", LISTED_MODEL)])
        .refuses(&[400])
        .rules(&[memory_of_archived]),
    get("models/*", &[envelope(&[key("model", MODEL)])]).rules(&[memory_of_archived]),
    // It is known to be no way to a model.
    get("workspaces/*/models/*", &[]).refuses(&[405]),
];

const OF_MODEL: &[Operation] = &[
    get("users", &[page("users", USER)]).refuses(&[400]),
    get("status", &[bare(200, &[STATUS])]).rules(&[progress_of_status]),
    op("POST", "status")
        .gives(&[envelope(&[STATUS])])
        .rules(&[progress_of_status]),
    op("POST", "open")
        .gives(&[nothing(200), nothing(202)])
        .refuses(&[403]),
    op("POST", "close").gives(&[nothing(204)]).refuses(&[403]),
];

/// Operations outside of models.
pub(super) const PLACE: Place = Place {
    name: "/2/0",
    errors: Errors::Integration,
    refuses: &[401, 429],
    operations: &[OPERATIONS],
};

/// Operations below a model, in both forms of the path.
pub(super) const BELOW_MODELS: Place = Place {
    name: "/2/0/models/*",
    errors: Errors::Integration,
    // Archived, and offline.
    refuses: &[401, 422, 424, 429],
    operations: &[
        OF_MODEL,
        alm::OPERATIONS,
        modelling::OPERATIONS,
        lists::OPERATIONS,
        calendar::OPERATIONS,
        read_requests::OPERATIONS,
        &bulk::OPERATIONS,
    ],
};
