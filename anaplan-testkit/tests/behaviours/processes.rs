//! Processes: one step after the other.

use anaplan_testkit::world::RunKind;
use serde_json::Value;

use crate::support::both_forms;
use crate::table::behaviours;

behaviours! {
    41, "D", "a process has one nested result for each step, with its object's id and name"
        => a_process_has_nested_results;
    41, "D", "includeProcessDetails adds duration and startTime to the nested results"
        => a_process_tells_its_times;
    41, "D", "a process goes on after a failed step, unless it is told to stop; what was done stays done"
        => a_process_is_not_atomic;
    41, "D", "a process within a process is not run"
        => a_process_has_no_processes;
}

fn a_process_has_nested_results() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let result = caller.run(&format!("processes/{}", demo.process));
        assert_eq!(result["objectId"], demo.process.to_string());
        assert_eq!(result["successful"], true);
        let nested = result["nestedResults"].as_array().unwrap();
        let names: Vec<&str> = nested
            .iter()
            .map(|step| step["objectName"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Load Cost Centres", "Sort Regions", "Sales"]);
        assert_eq!(nested[1]["objectId"], demo.action.to_string());
        assert_eq!(nested[2]["objectId"], demo.export.to_string());
        assert!(
            nested
                .iter()
                .all(|step| step["failureDumpAvailable"] == false)
        );
        let metadata = caller
            .get(&format!("processes/{}", demo.process))
            .expect(200)
            .json();
        let actions = metadata["processMetadata"]["actions"].as_array().unwrap();
        let ids = |steps: &[Value], key: &str| -> Vec<Value> {
            steps.iter().map(|step| step[key].clone()).collect()
        };
        assert_eq!(ids(actions, "id"), ids(nested, "objectId"));
    }
}

fn a_process_tells_its_times() {
    for caller in both_forms() {
        let run = caller.start(&format!("processes/{}", caller.demo.process));
        let plain = caller.follow(&run);
        let more = caller
            .get(&format!("{run}?includeProcessDetails=true"))
            .expect(200)
            .json()["task"]
            .clone();
        let steps = |task: &Value| task["result"]["nestedResults"].as_array().unwrap().clone();
        for step in steps(&plain) {
            assert!(step.get("duration").is_none() && step.get("startTime").is_none());
        }
        for step in steps(&more) {
            assert!(step["duration"].is_u64() && step["startTime"].is_i64());
        }
    }
}

fn a_process_is_not_atomic() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let going_on = caller.run(&format!("processes/{}", demo.bad_process));
        assert_eq!(going_on["successful"], false);
        let outcomes = |result: &Value| -> Vec<bool> {
            let steps = result["nestedResults"].as_array().unwrap().iter();
            steps
                .map(|step| step["successful"].as_bool().unwrap())
                .collect()
        };
        assert_eq!(outcomes(&going_on), [true, false, true]);
        let stopping = caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            let sort = demo.action;
            let process = edit.process("Careful").step(sort).step(demo.good_import);
            process.step(demo.export).stops_on_failure().id()
        });
        caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.edit_list(demo.list).item("Aland");
        });
        let stopped = caller.run(&format!("processes/{stopping}"));
        assert_eq!(outcomes(&stopped), [true, false]);
        let first = caller.fake.world(|world| {
            let items = &world.model(&demo.dev).unwrap().items[&demo.list];
            items.iter().next().unwrap().name.clone()
        });
        assert_eq!(first, "Aland", "what the first step did stays");
    }
}

fn a_process_has_no_processes() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let process = caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            let process = edit.process("Outer");
            let own = process.id();
            process.step(demo.process).step(own).id()
        });
        let result = caller.run(&format!("processes/{process}"));
        assert_eq!(result["successful"], false);
        assert_eq!(result["nestedResults"].as_array().unwrap().len(), 2);
        let done: Vec<RunKind> = caller.fake.world(|world| {
            let done = world.books().runs_done.iter();
            done.map(|run| run.kind).collect()
        });
        assert_eq!(done, [RunKind::Process]);
    }
}
