//! Runs of imports, exports, actions and processes.

use std::time::Duration;

use anaplan_testkit::world::RunKind;
use anaplan_testkit::{Pacing, World};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    36, "D", "a run without localeName is answered 400 with the text of a missing mandatory field, and starts nothing"
        => the_locale_is_mandatory;
    36, "D", "a run in a locale other than en_US and en_GB is answered 400, and so is one with an unknown field"
        => the_locale_is_american;
    36, "D", "a run in en_GB starts like one in en_US"
        => the_locale_may_be_british;
    37, "D", "a run is NOT_STARTED when it is created, IN_PROGRESS while it works and COMPLETE at its end; only then is there a result"
        => a_run_goes_through_its_states;
    37, "I", "runs go forward by the clock, by the number of polls, or at once, as the rules say"
        => runs_follow_their_pace;
    37, "D", "a run that fails is a 200 with COMPLETE and successful false, its step Failed."
        => a_failed_run_is_complete;
    37, "D", "a second run of a busy model stays NOT_STARTED until the first is over"
        => runs_wait_for_each_other;
    38, "D", "a task id is 32 hexadecimal digits in upper case; in lower case it is 404"
        => task_ids_are_upper_case;
    38, "D", "a task is 404 under any other parent, whose list does not have it either"
        => a_task_belongs_to_its_parent;
    39, "L", "the tasks of a parent that does not exist are 200 without rows, and so are those of a model without access"
        => invented_parents_have_no_tasks;
    40, "D", "DELETE of a run gives the task as CANCELLING; it is CANCELLED afterwards, and nothing of it is done"
        => a_run_is_cancelled;
    40, "D", "DELETE of a finished run changes nothing"
        => a_finished_run_stays;
    44, "D", "mapping parameters answer what an import asks, are written down for tests, and are 400 when incomplete"
        => mapping_parameters_are_kept;
}

fn locale() -> Value {
    json!({ "localeName": "en_US" })
}

fn task(caller: &Caller, path: &str) -> Value {
    caller.get(path).expect(200).json()["task"].clone()
}

fn started(caller: &Caller) -> usize {
    caller.fake.world(|world| world.books().runs_started.len())
}

fn done(caller: &Caller) -> Vec<RunKind> {
    let kinds = |world: &mut World| {
        let done = world.books().runs_done.iter();
        done.map(|run| run.kind).collect()
    };
    caller.fake.world(kinds)
}

fn the_locale_is_mandatory() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            for body in [
                json!({}),
                json!({ "localeName": "" }),
                json!({ "localeName": null }),
            ] {
                let refused = caller.post(&format!("{path}/tasks"), &body).expect(400);
                assert_eq!(
                    refused.message(),
                    "Expected mandatory field 'localeName' to be present and not empty."
                );
            }
            let (tasks, kind) = (format!("{path}/tasks"), Some("application/json"));
            caller
                .send(Method::POST, &tasks, kind, Bytes::new())
                .expect(400);
        }
        assert_eq!(started(&caller), 0);
    }
}

fn the_locale_is_american() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            let tasks = format!("{path}/tasks");
            caller
                .post(&tasks, &json!({ "localeName": "fr_FR" }))
                .expect(400);
            let unknown = json!({ "localeName": "en_US", "locale": "en_US" });
            assert_eq!(
                caller.post(&tasks, &unknown).expect(400).message(),
                "Identified an unrecognized 'locale'. Amend the content so it only contains applicable fields."
            );
        }
        assert_eq!(started(&caller), 0);
    }
}

fn the_locale_may_be_british() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            let british = json!({ "localeName": "en_GB" });
            caller.post(&format!("{path}/tasks"), &british).expect(200);
        }
        assert_eq!(started(&caller), caller.kinds_of_runs().len());
    }
}

fn a_run_goes_through_its_states() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            let created = caller
                .post(&format!("{path}/tasks"), &locale())
                .expect(200)
                .json();
            assert_eq!(
                created["status"],
                json!({ "code": 200, "message": "Success" })
            );
            let created = &created["task"];
            assert_eq!(created["taskState"], "NOT_STARTED");
            assert!(created["creationTime"].is_i64());
            let path = format!("{path}/tasks/{}", created["taskId"].as_str().unwrap());
            let first = task(&caller, &path);
            assert_eq!(first["taskState"], "IN_PROGRESS");
            assert!(first.get("result").is_none());
            let progress = first["progress"].as_f64().unwrap();
            assert!((0.0..1.0).contains(&progress));
            let last = task(&caller, &path);
            assert_eq!(last["taskState"], "COMPLETE");
            assert_eq!(last["progress"], 1.0);
            assert!(last["result"]["successful"].is_boolean());
        }
    }
}

fn runs_follow_their_pace() {
    let caller = Caller::admin();
    let path = format!("actions/{}", caller.demo.action);
    let state = |path: &str| task(&caller, path)["taskState"].clone();
    caller.pace(Pacing::Time(Duration::from_secs(60)));
    let run = caller.start(&path);
    for _ in 0..5 {
        assert_eq!(state(&run), "IN_PROGRESS");
    }
    caller.fake.advance(Duration::from_secs(60));
    assert_eq!(state(&run), "COMPLETE");
    caller.pace(Pacing::Polls(3));
    let run = caller.start(&path);
    caller.fake.advance(Duration::from_secs(600));
    let states = [state(&run), state(&run), state(&run)];
    assert_eq!(states, ["IN_PROGRESS", "IN_PROGRESS", "COMPLETE"]);
    caller.pace(Pacing::Instant);
    assert_eq!(state(&caller.start(&path)), "COMPLETE");
}

fn a_failed_run_is_complete() {
    for caller in both_forms() {
        let run = caller.start(&format!("imports/{}", caller.demo.good_import));
        let failed = caller.follow(&run);
        assert_eq!(failed["taskState"], "COMPLETE");
        assert_eq!(failed["currentStep"], "Failed.");
        assert_eq!(failed["result"]["successful"], false);
        assert_eq!(failed["result"]["failureDumpAvailable"], false);
        let sort = caller.start(&format!("actions/{}", caller.demo.action));
        assert_eq!(caller.follow(&sort)["currentStep"], "Complete.");
    }
}

fn runs_wait_for_each_other() {
    for caller in both_forms() {
        let [_, export, action, _] = caller.kinds_of_runs();
        let (first, second) = (caller.start(&action), caller.start(&export));
        let list = caller.get(&format!("{export}/tasks")).expect(200).json();
        assert_eq!(list["tasks"][0]["taskState"], "NOT_STARTED");
        assert_eq!(caller.follow(&first)["taskState"], "COMPLETE");
        assert_eq!(task(&caller, &second)["taskState"], "IN_PROGRESS");
        assert_eq!(caller.follow(&second)["taskState"], "COMPLETE");
        assert_eq!(done(&caller), [RunKind::Action, RunKind::Export]);
    }
}

fn task_ids_are_upper_case() {
    for caller in both_forms() {
        let action = format!("actions/{}", caller.demo.action);
        let run = caller.start(&action);
        let id = run.rsplit('/').next().unwrap();
        let upper = |c: u8| c.is_ascii_digit() || (b'A'..=b'F').contains(&c);
        assert!(id.len() == 32 && id.bytes().all(upper), "{id}");
        let lower = format!("{action}/tasks/{}", id.to_lowercase());
        caller.get(&lower).expect(404);
        caller.delete(&lower).expect(404);
    }
}

fn a_task_belongs_to_its_parent() {
    for caller in both_forms() {
        let [import, export, action, process] = caller.kinds_of_runs();
        let run = caller.start(&action);
        let id = run.rsplit('/').next().unwrap();
        let optimizer = format!("actions/{}", caller.demo.optimizer);
        for wrong in [import, export, process, optimizer] {
            caller.get(&format!("{wrong}/tasks/{id}")).expect(404);
            caller.delete(&format!("{wrong}/tasks/{id}")).expect(404);
            let list = caller.get(&format!("{wrong}/tasks")).expect(200).json();
            assert!(list.get("tasks").is_none());
        }
        assert_eq!(caller.follow(&run)["taskState"], "COMPLETE");
    }
}

fn invented_parents_have_no_tasks() {
    for caller in both_forms() {
        caller.start(&format!("actions/{}", caller.demo.action));
        let outsider = caller.other(&caller.demo.outsider);
        let invented = [
            "imports/112999999999",
            "exports/116999999999",
            "actions/117999999999",
            "processes/118999999999",
        ];
        let lists = invented
            .map(|path| caller.get(&format!("{path}/tasks")))
            .into_iter()
            .chain(
                caller
                    .kinds_of_runs()
                    .map(|path| outsider.get(&format!("{path}/tasks"))),
            );
        for list in lists {
            let list = list.expect(200).json();
            assert!(list.get("tasks").is_none());
            assert_eq!(list["meta"]["paging"]["totalSize"], 0);
        }
        caller
            .post("imports/112999999999/tasks", &locale())
            .expect(404);
    }
}

fn a_run_is_cancelled() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.source_file, &demo.good_csv);
        let run = caller.start(&format!("imports/{}", demo.good_import));
        let answer = caller.delete(&run).expect(200).json();
        assert_eq!(answer["task"]["taskState"], "CANCELLING");
        assert!(answer["task"].get("result").is_none());
        assert_eq!(task(&caller, &run)["taskState"], "CANCELLING");
        let over = task(&caller, &run);
        assert_eq!(over["taskState"], "CANCELLED");
        assert_eq!(over["cancelledBy"], demo.admin.id.as_str());
        assert_eq!(over["result"]["successful"], false);
        let items = |world: &mut World| world.model(&demo.dev).unwrap().items[&demo.list].len();
        assert_eq!((caller.fake.world(items), done(&caller).len()), (3, 0));
    }
}

fn a_finished_run_stays() {
    for caller in both_forms() {
        let run = caller.start(&format!("actions/{}", caller.demo.action));
        let before = caller.follow(&run);
        let answer = caller.delete(&run).expect(200).json();
        assert_eq!(answer["task"], before);
        assert_eq!(task(&caller, &run), before);
    }
}

fn mapping_parameters_are_kept() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let (file, import) = caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            let file = edit.file("one.csv").id();
            let import = edit.import("Load one region").from_file(file);
            let import = import
                .into_module(demo.module)
                .dimension_asked(demo.list, "Region");
            (file, import.line_item_from("Volume", demo.line_item).id())
        });
        caller.upload(file, "Volume\n77\n");
        let run = |mapping: Value| {
            let body = json!({ "localeName": "en_US", "mappingParameters": mapping });
            caller.post(&format!("imports/{import}/tasks"), &body)
        };
        for incomplete in [
            json!([{ "entityType": "Region" }]),
            json!([{ "entityName": "South" }]),
        ] {
            run(incomplete).expect(400);
        }
        let south = json!([{
            "importId": import.to_string(), "entityType": "Region", "entityName": "South",
        }]);
        let answer = run(south).expect(200).json();
        let id = answer["task"]["taskId"].as_str().unwrap();
        let result = caller.follow(&format!("imports/{import}/tasks/{id}"))["result"].clone();
        assert_eq!(result["successful"], true);
        let books = caller
            .fake
            .world(|world| world.books().runs_started.clone());
        assert_eq!(books.len(), 1);
        let mapping = &books[0].mapping[0];
        assert_eq!(
            (
                mapping.import,
                mapping.entity_type.as_str(),
                mapping.entity_name.as_str()
            ),
            (Some(import), "Region", "South")
        );
    }
}
