//! Models as a workspace has them: deleting them, and what is told of each.

use anaplan_testkit::world::OpenState;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::Caller;
use crate::table::behaviours;

behaviours! {
    27, "D", "bulk delete takes closed models away; an open and an unknown one are failures with texts of their own, in a 200"
        => open_and_unknown_models_are_not_deleted;
    27, "L", "the key of the failures is left out of a bulk delete when every model was deleted"
        => without_failures_their_key_is_missing;
    27, "L", "bulk delete answers 400 to another field name and to an empty list, and 405 to DELETE"
        => bulk_delete_knows_one_field;
    28, "L", "every model has categoryValues, usually an empty array"
        => every_model_has_categories;
    28, "L", "modelDetails adds memoryUsage, but not to an archived model"
        => archived_models_use_no_memory;
    28, "L", "modelTransactionRunning stands only in the answer about one model, asked with modelDetails"
        => a_running_transaction_is_told_of_one_model;
}

fn bulk_delete(caller: &Caller, method: Method, body: &Value) -> crate::support::Answer {
    let path = format!("workspaces/{}/bulkDeleteModels", caller.demo.workspace);
    let body = Bytes::from(body.to_string());
    caller.send_raw(method, &path, Some("application/json"), body)
}

fn get(caller: &Caller, path: &str) -> Value {
    let answer = caller.send_raw(Method::GET, path, None, Bytes::new());
    answer.expect(200).json()
}

fn open_and_unknown_models_are_not_deleted() {
    let caller = Caller::admin();
    let (closed, open) = (caller.demo.closable.clone(), caller.demo.plain.clone());
    let unknown = "0".repeat(32);
    let ids = json!([closed.as_str(), open.as_str(), unknown]);
    let answer = bulk_delete(&caller, Method::POST, &json!({ "modelIdsToDelete": ids }));
    let answer = answer.expect(200).json();
    assert_eq!(answer["modelsDeleted"], 1);
    assert_eq!(
        answer["bulkDeleteModelsFailures"],
        json!([
            {
                "modelId": open.as_str(),
                "message": "Model is open. Please close the model before trying again.",
            },
            { "modelId": unknown, "message": "Model ID does not exist." },
        ])
    );
    let left = |id| caller.fake.world(|world| world.model(id).is_some());
    assert_eq!((left(&closed), left(&open)), (false, true));
    caller
        .fake
        .world(|world| assert!(world.model(&open).unwrap().open == OpenState::Open));
    // Closed by hand, it goes too.
    let close = format!("models/{open}/close");
    caller
        .send_raw(Method::POST, &close, None, Bytes::new())
        .expect(204);
    caller.fake.advance(crate::support::HOUR / 60);
    let ids = json!({ "modelIdsToDelete": [open.as_str()] });
    let answer = bulk_delete(&caller, Method::POST, &ids).expect(200).json();
    assert_eq!(answer["modelsDeleted"], 1);
}

fn without_failures_their_key_is_missing() {
    let caller = Caller::admin();
    let ids = json!({ "modelIdsToDelete": [caller.demo.closable.as_str()] });
    let answer = bulk_delete(&caller, Method::POST, &ids).expect(200).json();
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["meta", "modelsDeleted", "status"]);
    // A repeat harms nothing, and says that there is no such model any more.
    let again = bulk_delete(&caller, Method::POST, &ids).expect(200).json();
    let failure = &again["bulkDeleteModelsFailures"][0];
    assert_eq!(failure["message"], "Model ID does not exist.");
}

fn bulk_delete_knows_one_field() {
    let caller = Caller::admin();
    let refused = |body: Value| {
        bulk_delete(&caller, Method::POST, &body)
            .expect(400)
            .message()
    };
    let id = caller.demo.closable.as_str();
    assert_eq!(
        refused(json!({ "modelIds": [id] })),
        "Identified an unrecognized 'modelIds'. Amend the content so it only contains applicable fields."
    );
    for empty in [json!({}), json!({ "modelIdsToDelete": [] })] {
        assert_eq!(
            refused(empty),
            "Expected mandatory field 'modelIdsToDelete' to be present and not empty."
        );
    }
    let body = json!({ "modelIdsToDelete": [id] });
    bulk_delete(&caller, Method::DELETE, &body).expect(405);
    bulk_delete(&caller, Method::GET, &body).expect(405);
    assert!(
        caller
            .fake
            .world(|world| world.model(&caller.demo.closable).is_some())
    );
}

fn every_model_has_categories() {
    let caller = Caller::admin();
    let (workspace, dev) = (&caller.demo.workspace, &caller.demo.dev);
    let mut models = Vec::new();
    for path in [
        "models".to_owned(),
        format!("workspaces/{workspace}/models"),
    ] {
        models.extend(get(&caller, &path)["models"].as_array().unwrap().clone());
    }
    models.push(get(&caller, &format!("models/{dev}"))["model"].clone());
    assert!(models.len() > 10);
    assert!(
        models
            .iter()
            .all(|model| model["categoryValues"] == json!([]))
    );
}

fn archived_models_use_no_memory() {
    let caller = Caller::admin();
    let answer = get(&caller, "models?modelDetails=true");
    for model in answer["models"].as_array().unwrap() {
        let archived = model["activeState"] == "ARCHIVED";
        assert_eq!(archived, model["id"] == caller.demo.archived.as_str());
        assert_eq!(model.get("memoryUsage").is_none(), archived);
        assert!(
            model["isoCreationDate"]
                .as_str()
                .unwrap()
                .ends_with("+0000")
        );
    }
    let plain = get(&caller, "models");
    for model in plain["models"].as_array().unwrap() {
        assert!(model.get("memoryUsage").is_none() && model.get("lastModified").is_none());
    }
    let archived = format!("models/{}?modelDetails=true", caller.demo.archived);
    assert!(
        get(&caller, &archived)["model"]
            .get("memoryUsage")
            .is_none()
    );
}

fn a_running_transaction_is_told_of_one_model() {
    let caller = Caller::admin();
    let path = format!("models/{}", caller.demo.dev);
    let key = "modelTransactionRunning";
    let of_one = |query: &str| get(&caller, &format!("{path}{query}"))["model"].clone();
    assert!(of_one("").get(key).is_none());
    assert_eq!(of_one("?modelDetails=true")[key], false);
    let task = caller.start(&format!("actions/{}", caller.demo.action));
    assert_eq!(of_one("?modelDetails=true")[key], true);
    caller.follow(&task);
    assert_eq!(of_one("?modelDetails=true")[key], false);
    let all = get(&caller, "models?modelDetails=true");
    assert!(
        all["models"]
            .as_array()
            .unwrap()
            .iter()
            .all(|model| model.get(key).is_none())
    );
}
