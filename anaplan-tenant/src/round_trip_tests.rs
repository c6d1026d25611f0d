//! Every model that is read can be written: JSON of the server, read, written and read again.

use anaplan_conformance::round_trip::difference;

use crate::{
    CategoryValue, DeletedModels, Model, ModelRef, ModelStatus, User, Workspace, WorkspaceMember,
};

#[test]
fn response_models_survive_a_round_trip_through_json() {
    let model = r#"{"id":"M","name":"m","activeState":"NEW_STATE","currentWorkspaceId":"W",
        "currentWorkspaceName":"w","modelUrl":"u","categoryValues":[{"id":"1","attribute":"a"}],
        "isoCreationDate":"2023-03-15T16:22:33.000+0000","lastModified":"2023-03-15T16:22:33.000+0000",
        "lastModifiedByUserGuid":"U","lastSavedSerialNumber":1,"memoryUsage":12,
        "modelTransactionRunning":false}"#;
    let deleted =
        r#"{"modelsDeleted":1,"bulkDeleteModelsFailures":[{"modelId":"M","message":"open"}]}"#;
    let status = r#"{"currentStep":"Processing","progress":0.5,"tooltip":"t","exportTaskType":"e","taskId":"T",
        "creationTime":1786576465308,"peakMemoryUsageEstimate":"7","peakMemoryUsageTime":1786576465308}"#;
    let user = r#"{"id":"U","active":"true","email":"a@b","emailOptIn":true,"firstName":"A","lastName":"B",
        "customerId":"C","lastLoginDate":"2024-09-07T08:05:37.000+0000"}"#;
    let member =
        r#"{"firstName":"A","lastName":"B","email":"a@b","active":true,"otherWorkspaces":["W"]}"#;
    let workspace = r#"{"id":"W","name":"w","active":true,"sizeAllowance":"5","currentSize":3}"#;
    let category = r#"{"id":"1","categoryName":"c"}"#;
    let reference = r#"{"workspaceId":"W","modelId":"M"}"#;
    let differences = [
        ("CategoryValue", difference::<CategoryValue>(category)),
        ("DeletedModels", difference::<DeletedModels>(deleted)),
        ("Model", difference::<Model>(model)),
        ("ModelRef", difference::<ModelRef>(reference)),
        ("ModelStatus", difference::<ModelStatus>(status)),
        ("User", difference::<User>(user)),
        ("Workspace", difference::<Workspace>(workspace)),
        ("WorkspaceMember", difference::<WorkspaceMember>(member)),
    ];
    for (model, difference) in differences {
        assert_eq!(difference, None, "{model}");
    }
}
