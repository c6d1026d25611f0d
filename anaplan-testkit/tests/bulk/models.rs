use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller};

/// Asks for something outside of the model.
fn outside(caller: &Caller, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let kind = (!body.is_empty()).then_some("application/json");
    caller.send_raw(method, path, kind, body)
}

fn names(answer: &Answer, key: &str) -> Vec<String> {
    let values = answer.json()[key].as_array().unwrap().clone();
    values
        .iter()
        .map(|value| value["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn archived_models_can_be_left_out_of_lists_without_a_trace() {
    let caller = Caller::admin();
    let workspace = format!("workspaces/{}/models", caller.demo.workspace);
    for path in ["models", &workspace] {
        let all = outside(&caller, Method::GET, path, None).expect(200);
        let some = outside(
            &caller,
            Method::GET,
            &format!("{path}?archived=false"),
            None,
        )
        .expect(200);
        assert!(names(&all, "models").contains(&"Sales Planning 2019".to_owned()));
        assert_eq!(
            names(&some, "models").len() + 1,
            names(&all, "models").len()
        );
        let total = &some.json()["meta"]["paging"]["totalSize"];
        assert_eq!(*total, names(&some, "models").len());
    }
    let path = format!("models/{}?archived=false", caller.demo.archived);
    let one = outside(&caller, Method::GET, &path, None)
        .expect(200)
        .json();
    assert_eq!(one["model"]["activeState"], "ARCHIVED");
}

#[test]
fn details_of_a_model_say_whether_it_is_busy_and_archived_ones_take_no_memory() {
    let caller = Caller::admin();
    let details = |model: &anaplan_core::ModelId| {
        let path = format!("models/{model}?modelDetails=true");
        outside(&caller, Method::GET, &path, None)
            .expect(200)
            .json()["model"]
            .clone()
    };
    assert_eq!(details(&caller.demo.dev)["modelTransactionRunning"], false);
    assert_eq!(details(&caller.demo.dev)["categoryValues"], json!([]));
    assert!(details(&caller.demo.archived).get("memoryUsage").is_none());
    caller.start(&format!("actions/{}", caller.demo.action));
    assert_eq!(details(&caller.demo.dev)["modelTransactionRunning"], true);
    let list = outside(&caller, Method::GET, "models?modelDetails=true", None).json();
    assert!(list["models"][0].get("modelTransactionRunning").is_none());
}

#[test]
fn models_are_deleted_in_bulk_when_they_are_closed() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let path = format!("workspaces/{}/bulkDeleteModels", demo.workspace);
    let delete = |body: Value| outside(&caller, Method::POST, &path, Some(&body));
    let ids = json!({ "modelIdsToDelete": [demo.closable.as_str(), demo.dev.as_str(), "NOPE"] });
    let answer = delete(ids).expect(200).json();
    assert_eq!(answer["modelsDeleted"], 1);
    let failures = answer["bulkDeleteModelsFailures"].as_array().unwrap();
    assert!(
        failures[0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Model is open.")
    );
    assert_eq!(failures[1]["message"], "Model ID does not exist.");
    let again = delete(json!({ "modelIdsToDelete": [demo.closable.as_str()] }))
        .expect(200)
        .json();
    assert_eq!(again["modelsDeleted"], 0);
    let refused = delete(json!({ "modelIds": [] })).expect(400);
    assert!(refused.message().contains("unrecognized 'modelIds'"));
    delete(json!({ "modelIdsToDelete": [] })).expect(400);
    delete(json!({})).expect(400);
    outside(&caller, Method::GET, &path, None).expect(405);
}

#[test]
fn one_workspace_is_for_its_administrators_though_lists_show_it_to_others() {
    let caller = Caller::admin();
    let limited = caller.other(&caller.demo.limited);
    let path = format!("workspaces/{}", caller.demo.workspace);
    outside(&caller, Method::GET, &path, None).expect(200);
    outside(&limited, Method::GET, &path, None).expect(404);
    let list = outside(&limited, Method::GET, "workspaces", None).expect(200);
    assert_eq!(names(&list, "workspaces").len(), 1);
    let bare = outside(&caller, Method::GET, "workspaces", None).json();
    assert!(bare["workspaces"][0].get("sizeAllowance").is_none());
    let more = outside(&caller, Method::GET, "workspaces?tenantDetails=true", None).json();
    assert!(more["workspaces"][0]["sizeAllowance"].is_u64());
    outside(&limited, Method::GET, &format!("{path}/admins"), None).expect(500);
    let wm = format!("{path}/models/{}", caller.demo.dev);
    outside(&caller, Method::GET, &wm, None).expect(405);
}

#[test]
fn sorting_models_needs_a_sign_and_a_known_field() {
    let caller = Caller::admin();
    let sorted = outside(&caller, Method::GET, "models?sort=-name", None).expect(200);
    let mut expected = names(&sorted, "models");
    expected.sort_by_key(|name| std::cmp::Reverse(name.to_lowercase()));
    assert_eq!(names(&sorted, "models"), expected);
    let bare = outside(&caller, Method::GET, "models?sort=name", None).expect(400);
    assert!(bare.message().starts_with("Bad sort order format: 'name'."));
    let unknown = outside(&caller, Method::GET, "models?sort=-size", None).expect(400);
    assert_eq!(unknown.message(), "Failed to parse sort parameter");
}

#[test]
fn integration_objects_are_structure_that_alm_compares_and_brings_along() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let kinds: Vec<&str> = caller.fake.world(|world| {
        let before = world.add_revision(&demo.dev, "before");
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("new.csv").id();
        let import = edit
            .import("New import")
            .from_file(file)
            .into_list(demo.list)
            .id();
        edit.export("New export").of_list(demo.list);
        let action = edit.action("New action").id();
        edit.process("New process").step(import).step(action);
        edit.dashboard("New dashboard");
        assert!(world.has_structural_change(&demo.dev));
        let after = world.add_revision(&demo.dev, "after");
        let differences = world.compare(&before, &after);
        let target = world.model_from_revision(&demo.dev, &after, &demo.workspace, "Copy");
        assert!(
            world
                .model(&target)
                .unwrap()
                .structure
                .import(import)
                .is_some()
        );
        differences
            .iter()
            .map(|difference| difference.kind.summary_key())
            .collect()
    });
    assert_eq!(
        kinds,
        [
            "importDataSources",
            "imports",
            "exports",
            "actions",
            "processes",
            "dashboards"
        ]
    );
    // Content is no structure.
    caller
        .fake
        .world(|world| assert!(!world.has_structural_change(&demo.dev)));
    caller.upload(demo.source_file, "text");
    caller
        .fake
        .world(|world| assert!(!world.has_structural_change(&demo.dev)));
}
