use serde_json::{Value, json};

use crate::support::{Caller, both_forms};

#[test]
fn processes_are_described_step_by_step() {
    for caller in both_forms() {
        let demo = &caller.demo;
        let list = caller.get("processes").expect(200).json();
        assert_eq!(list["processes"].as_array().unwrap().len(), 2);
        let path = format!("processes/{}?showImportDataSource=true", demo.process);
        let one = caller.get(&path).expect(200).json();
        let process = &one["processMetadata"];
        assert_eq!(process["name"], "Nightly Load");
        let kinds: Vec<&Value> = process["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| &step["actionType"])
            .collect();
        assert_eq!(kinds, ["IMPORT", "ORDER_HIERARCHY", "EXPORT"]);
        assert_eq!(process["actions"][0]["importType"], "HIERARCHY_DATA");
        assert_eq!(process["actions"][0]["importDataSource"]["type"], "FILE");
        assert_eq!(process["actions"][2]["id"], demo.export.to_string());
        caller.get("processes/118999999999").expect(404);
    }
}

#[test]
fn the_steps_of_a_process_are_its_nested_results() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let task = caller.start(&format!("processes/{}", demo.process));
        let result = caller.follow(&task)["result"].clone();
        assert_eq!(result["successful"], true);
        assert_eq!(result["objectId"], demo.process.to_string());
        let steps = result["nestedResults"].as_array().unwrap();
        assert_eq!(steps.len(), 3);
        assert!(steps.iter().all(|step| step["successful"] == true));
        assert!(steps[0].get("duration").is_none());
        let more = caller
            .get(&format!("{task}?includeProcessDetails=true"))
            .json();
        let step = &more["task"]["result"]["nestedResults"][0];
        assert!(step["duration"].is_u64() && step["startTime"].is_i64());
        caller.get(&format!("files/{}", demo.export)).expect(200);
        let books = caller.fake.world(|world| world.books().clone());
        assert_eq!(books.runs_started.len(), 1);
        assert_eq!(books.runs_done.len(), 4);
        assert_eq!(books.times_done(&demo.dev, demo.action), 1);
        assert_eq!(books.runs_done[0].process, Some(demo.process));
    }
}

#[test]
fn a_failed_step_is_told_and_what_came_before_it_stays() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let task = caller.start(&format!("processes/{}", demo.bad_process));
        let result = caller.follow(&task)["result"].clone();
        assert_eq!(
            (&result["successful"], &result["failureDumpAvailable"]),
            (&json!(false), &json!(true))
        );
        let steps = result["nestedResults"].as_array().unwrap();
        let outcomes: Vec<_> = steps
            .iter()
            .map(|step| {
                (
                    step["successful"].as_bool(),
                    step["failureDumpAvailable"].as_bool(),
                )
            })
            .collect();
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(outcomes, [(yes, yes), (no, no), (yes, no)]);
        let reason = &steps[1]["details"][0]["type"];
        assert_eq!(reason, "uploadedFileNoLongerAvailable");
        let dumps = format!("{task}/dumps/{}", steps[0]["objectId"].as_str().unwrap());
        let dump = caller.get(&dumps).expect(200).text();
        assert!(
            dump.starts_with("_Status_,Name,Code,Closed,_Line_,_Error_1_\r\nE,Telegraphy,,true,3,")
        );
        let chunks = caller.get(&format!("{dumps}/chunks")).expect(200).json();
        assert_eq!(chunks["chunks"].as_array().unwrap().len(), 1);
        assert_eq!(caller.get(&format!("{dumps}/chunks/0")).text(), dump);
        let failed = steps[1]["objectId"].as_str().unwrap();
        caller.get(&format!("{task}/dumps/{failed}")).expect(204);
        caller
            .get(&format!("{task}/dumps/{failed}/chunks"))
            .expect(404);
        caller
            .get(&format!("{task}/dumps/112999999999/chunks"))
            .expect(404);
        let done = caller
            .fake
            .world(|world| world.books().times_done(&demo.dev, demo.action));
        assert_eq!(done, 1);
    }
}

#[test]
fn a_process_can_stop_at_the_first_failure() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let process = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        edit.process("Careful")
            .step(demo.action)
            .step(demo.good_import)
            .step(demo.export)
            .stops_on_failure()
            .id()
    });
    let result = caller.run(&format!("processes/{process}"));
    assert_eq!(result["successful"], false);
    assert_eq!(result["nestedResults"].as_array().unwrap().len(), 2);
    caller.get(&format!("files/{}", demo.export)).expect(404);
}

#[test]
fn a_step_that_is_gone_fails() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller
        .fake
        .world(|world| world.edit(&demo.dev).remove_object(demo.export));
    let result = caller.run(&format!("processes/{}", demo.process));
    assert_eq!(result["successful"], false);
    assert_eq!(
        result["nestedResults"][2]["details"][0]["type"],
        "actionFailed"
    );
}
