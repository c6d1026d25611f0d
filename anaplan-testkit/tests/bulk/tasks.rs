use std::time::Duration;

use anaplan_testkit::Pacing;
use anaplan_testkit::world::{ModelState, RunKind};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Caller, HOUR, both_forms};

fn state(caller: &Caller, task: &str) -> String {
    let task = caller.get(task).expect(200).json();
    task["task"]["taskState"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_waits_works_and_is_over() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            let body = json!({ "localeName": "en_US" });
            let started = caller
                .post(&format!("{path}/tasks"), &body)
                .expect(200)
                .json();
            assert_eq!(started["task"]["taskState"], "NOT_STARTED");
            assert!(started["task"]["creationTime"].is_i64());
            let id = started["task"]["taskId"].as_str().unwrap();
            assert!(
                id.len() == 32
                    && id
                        .bytes()
                        .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
            );
            let task = format!("{path}/tasks/{id}");
            let first = caller.get(&task).expect(200).json();
            assert_eq!(first["task"]["taskState"], "IN_PROGRESS");
            assert!(first["task"].get("result").is_none());
            assert_eq!(first["task"]["progress"], 0.5);
            let second = caller.get(&task).expect(200).json();
            assert_eq!(second["task"]["taskState"], "COMPLETE");
            assert_eq!(second["task"]["progress"], 1.0);
            assert!(second["task"]["result"].is_object());
            let third = caller.get(&task).expect(200).json();
            assert_eq!(second["task"], third["task"]);
        }
        let done = caller.fake.world(|world| world.books().runs_started.len());
        assert_eq!(done, 4);
    }
}

#[test]
fn pacing_can_follow_the_clock_or_be_instant() {
    let caller = Caller::admin();
    caller.pace(Pacing::Time(Duration::from_secs(90)));
    let path = format!("actions/{}", caller.demo.action);
    let task = caller.start(&path);
    assert_eq!(state(&caller, &task), "IN_PROGRESS");
    caller.fake.advance(Duration::from_secs(45));
    let half = caller.get(&task).json()["task"]["progress"]
        .as_f64()
        .unwrap();
    assert!((0.49..0.6).contains(&half), "{half}");
    caller.fake.advance(Duration::from_secs(45));
    assert_eq!(state(&caller, &task), "COMPLETE");
    caller.pace(Pacing::Instant);
    let task = caller.start(&path);
    assert_eq!(caller.fake.world(|world| world.books().runs_done.len()), 2);
    assert_eq!(state(&caller, &task), "COMPLETE");
}

#[test]
fn a_busy_model_lets_the_next_run_wait() {
    for pacing in [Pacing::Polls(2), Pacing::Time(Duration::from_secs(10))] {
        let caller = Caller::admin();
        caller.pace(pacing);
        let [_, export, action, process] = caller.kinds_of_runs();
        let first = caller.start(&action);
        let second = caller.start(&export);
        let third = caller.start(&process);
        assert_eq!(state(&caller, &third), "NOT_STARTED");
        assert_eq!(
            state(&caller, &first).len(),
            if pacing == Pacing::Polls(2) { 8 } else { 11 }
        );
        for task in [&first, &second, &third] {
            assert_eq!(caller.follow(task)["result"]["successful"], true);
        }
        let order: Vec<RunKind> = caller.fake.world(|world| {
            let done = world.books().runs_done.iter();
            done.filter(|run| run.process.is_none())
                .map(|run| run.kind)
                .collect()
        });
        assert_eq!(order, [RunKind::Action, RunKind::Export, RunKind::Process]);
    }
}

#[test]
fn whoever_waits_for_a_busy_model_sees_it_go_on() {
    let caller = Caller::admin();
    let [_, export, action, _] = caller.kinds_of_runs();
    let _abandoned = caller.start(&action);
    let task = caller.start(&export);
    assert_eq!(caller.follow(&task)["taskState"], "COMPLETE");
}

#[test]
fn runs_of_different_models_do_not_wait_for_each_other() {
    let caller = Caller::admin();
    let action = format!("actions/{}", caller.demo.action);
    let test = caller.of_model(&caller.demo.test);
    let _busy = caller.start(&action);
    let task = test.start(&action);
    assert_eq!(state(&test, &task), "IN_PROGRESS");
}

#[test]
fn the_locale_is_a_must_and_nothing_unknown_is_taken() {
    for caller in both_forms() {
        for path in caller.kinds_of_runs() {
            let tasks = format!("{path}/tasks");
            let refused = caller.post(&tasks, &json!({})).expect(400);
            assert!(refused.message().contains("localeName"));
            caller
                .post(&tasks, &json!({ "localeName": "" }))
                .expect(400);
            caller
                .post(&tasks, &json!({ "localeName": null }))
                .expect(400);
            caller.post(&tasks, &json!({ "localeName": 1 })).expect(400);
            caller
                .post(&tasks, &json!({ "localeName": "de_DE" }))
                .expect(400);
            caller
                .post(&tasks, &json!({ "localeName": "en_US", "x": 1 }))
                .expect(400);
            caller.post(&tasks, &json!([])).expect(400);
            let kind = Some("application/json");
            caller
                .send(Method::POST, &tasks, kind, Bytes::new())
                .expect(400);
            caller
                .send(Method::POST, &tasks, None, "{}".into())
                .expect(415);
            let mapping =
                |entry: Value| json!({ "localeName": "en_US", "mappingParameters": entry });
            caller.post(&tasks, &mapping(json!({}))).expect(400);
            caller
                .post(&tasks, &mapping(json!([{ "entityType": "Version" }])))
                .expect(400);
            let strange = json!([{ "entityType": "V", "entityName": "A", "more": 1 }]);
            caller.post(&tasks, &mapping(strange)).expect(400);
        }
        assert!(
            caller
                .fake
                .world(|world| world.books().runs_started.is_empty())
        );
    }
}

#[test]
fn a_task_is_known_under_its_own_parent_only() {
    let caller = Caller::admin();
    let [import, export, action, _] = caller.kinds_of_runs();
    let task = caller.start(&action);
    let id = task.rsplit('/').next().unwrap();
    for wrong in [&import, &export, &"actions/117999999999".to_owned()] {
        caller.get(&format!("{wrong}/tasks/{id}")).expect(404);
        caller.delete(&format!("{wrong}/tasks/{id}")).expect(404);
    }
    caller.of_model(&caller.demo.test).get(&task).expect(404);
    caller.get(&task.to_lowercase()).expect(404);
    caller
        .get(&format!("{action}/tasks/{}", "0".repeat(32)))
        .expect(404);
    caller.get(&task).expect(200);
}

#[test]
fn tasks_are_listed_oldest_first_and_the_key_is_missing_when_there_are_none() {
    for caller in both_forms() {
        let action = format!("actions/{}", caller.demo.action);
        let list = |query: &str| {
            caller
                .get(&format!("{action}/tasks{query}"))
                .expect(200)
                .json()
        };
        let empty = list("");
        assert_eq!(
            (empty.get("tasks"), &empty["meta"]["paging"]["totalSize"]),
            (None, &json!(0))
        );
        let first = caller.start(&action);
        caller.follow(&first);
        caller.fake.advance(Duration::from_secs(1));
        caller.other(&caller.demo.second).start(&action);
        let tasks = list("");
        assert_eq!(tasks["tasks"].as_array().unwrap().len(), 2);
        let states = |tasks: &Value| -> Vec<String> {
            let tasks = tasks["tasks"].as_array().unwrap().iter();
            tasks
                .map(|task| task["taskState"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(states(&tasks), ["COMPLETE", "IN_PROGRESS"]);
        let keys: Vec<&String> = tasks["tasks"][0].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["creationTime", "taskId", "taskState"]);
        assert_eq!(
            states(&list("?sort=-creationTime")),
            ["IN_PROGRESS", "COMPLETE"]
        );
        assert_eq!(
            states(&list("?sort=-creationDate")),
            ["IN_PROGRESS", "COMPLETE"]
        );
        assert_eq!(states(&list("?limit=1&offset=1")), ["IN_PROGRESS"]);
    }
}

#[test]
fn lists_of_tasks_tell_neither_unknown_parents_nor_missing_access() {
    for caller in both_forms() {
        caller.start(&format!("actions/{}", caller.demo.action));
        let outsider = caller.other(&caller.demo.outsider);
        for path in caller.kinds_of_runs() {
            let list = outsider.get(&format!("{path}/tasks")).expect(200).json();
            assert!(list.get("tasks").is_none());
            outsider.get(&path).expect(404);
            let body = json!({ "localeName": "en_US" });
            outsider.post(&format!("{path}/tasks"), &body).expect(404);
        }
        for kind in ["imports/112", "exports/116", "actions/117", "processes/118"] {
            let list = caller
                .get(&format!("{kind}999999999/tasks"))
                .expect(200)
                .json();
            assert!(list.get("tasks").is_none());
            let body = json!({ "localeName": "en_US" });
            caller
                .post(&format!("{kind}999999999/tasks"), &body)
                .expect(404);
        }
    }
    let caller = Caller::admin();
    let nowhere = caller.of_model(&"0".repeat(32).into());
    nowhere.get("imports/112000000001/tasks").expect(404);
}

#[test]
fn a_run_under_way_is_cancelled_and_nothing_of_it_happens() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.source_file, &demo.good_csv);
        let task = caller.start(&format!("imports/{}", demo.good_import));
        assert_eq!(state(&caller, &task), "IN_PROGRESS");
        let answer = caller.delete(&task).expect(200).json();
        assert_eq!(answer["task"]["taskState"], "CANCELLING");
        assert!(answer["task"].get("result").is_none());
        assert_eq!(state(&caller, &task), "CANCELLING");
        let over = caller.get(&task).expect(200).json();
        assert_eq!(over["task"]["taskState"], "CANCELLED");
        assert_eq!(over["task"]["cancelledBy"], demo.admin.id.as_str());
        assert_eq!(over["task"]["result"]["successful"], false);
        assert_eq!(
            over["task"]["result"]["details"][0]["type"],
            "msgImportCancelled"
        );
        assert!(
            caller
                .fake
                .world(|world| world.books().runs_done.is_empty())
        );
    }
}

#[test]
fn a_waiting_run_is_cancelled_and_a_finished_one_is_not() {
    let caller = Caller::admin();
    let [_, export, action, _] = caller.kinds_of_runs();
    let (first, second) = (caller.start(&action), caller.start(&export));
    caller.delete(&second).expect(200);
    assert_eq!(caller.follow(&second)["taskState"], "CANCELLED");
    caller.follow(&first);
    let answer = caller.delete(&first).expect(200).json();
    assert_eq!(answer["task"]["taskState"], "COMPLETE");
    assert_eq!(answer["task"]["result"]["successful"], true);
    // The model is free again.
    assert_eq!(caller.run(&export)["successful"], true);
}

#[test]
fn runs_are_remembered_longer_than_their_dumps_but_not_for_ever() {
    let caller = Caller::admin();
    let task = caller.start(&format!("actions/{}", caller.demo.action));
    caller.follow(&task);
    let later = |hours: u32| {
        caller.fake.advance(HOUR * hours);
        Caller::signed_in(&caller.fake, &caller.demo.admin)
    };
    later(29 * 24).get(&task).expect(200);
    later(2 * 24).get(&task).expect(404);
}

#[test]
fn dumps_are_for_who_ran_it_and_of_the_last_run_only() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let import = format!("imports/{}", demo.bad_import);
    caller.upload(demo.bad_source_file, &demo.bad_csv);
    let first = caller.start(&import);
    caller.get(&format!("{first}/dump/chunks")).expect(404);
    caller.follow(&first);
    caller.get(&format!("{first}/dump/chunks")).expect(200);
    let second = caller.other(&demo.second);
    second.get(&format!("{first}/dump")).expect(404);
    // A later run takes its place, though the earlier task goes on saying that it has one.
    let later = caller.start(&import);
    caller.follow(&later);
    caller.get(&format!("{first}/dump")).expect(404);
    let task = caller.get(&first).json();
    assert_eq!(task["task"]["result"]["failureDumpAvailable"], true);
    caller.get(&format!("{later}/dump")).expect(200);
    // A clean run takes it away.
    caller.upload(
        demo.bad_source_file,
        "Region,Volume,Approved\nNorth,1,true\n",
    );
    let clean = caller.start(&import);
    caller.follow(&clean);
    caller.get(&format!("{later}/dump")).expect(404);
    caller.get(&format!("{clean}/dump")).expect(204);
    caller.get(&format!("{clean}/dump/chunks")).expect(404);
    caller.get(&format!("{clean}/dump/nonsense")).expect(404);
    caller.delete(&format!("{clean}/dump")).expect(405);
}

#[test]
fn dumps_live_for_48_hours_after_the_last_access() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.upload(demo.bad_source_file, &demo.bad_csv);
    let task = caller.start(&format!("imports/{}", demo.bad_import));
    caller.follow(&task);
    let later = |hours: u32| {
        caller.fake.advance(HOUR * hours);
        Caller::signed_in(&caller.fake, &demo.admin)
    };
    later(47).get(&format!("{task}/dump")).expect(200);
    later(47).get(&format!("{task}/dump/chunks")).expect(200);
    let after = later(48);
    after.get(&format!("{task}/dump")).expect(404);
    let result = &after.get(&task).expect(200).json()["task"]["result"];
    assert_eq!(result["failureDumpAvailable"], true);
}

#[test]
fn a_large_dump_comes_in_chunks() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let mut text = String::from("Region,Volume,Approved\n");
    let padding = "x".repeat(1_000);
    for row in 0..11_000 {
        text.push_str(&format!("{padding}{row},1,true\n"));
    }
    caller.upload(demo.bad_source_file, &text);
    let task = caller.start(&format!("imports/{}", demo.bad_import));
    caller.follow(&task);
    let chunks = caller
        .get(&format!("{task}/dump/chunks"))
        .expect(200)
        .json();
    let chunks = chunks["chunks"].as_array().unwrap().len();
    assert!(chunks > 1);
    let joined: String = (0..chunks)
        .map(|chunk| {
            let chunk = caller
                .get(&format!("{task}/dump/chunks/{chunk}"))
                .expect(200);
            assert!(chunk.body.len() <= 10_000_000);
            chunk.text()
        })
        .collect();
    assert!(joined == caller.get(&format!("{task}/dump")).text());
}

#[test]
fn the_state_of_the_model_is_told() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let [import, export, ..] = caller.kinds_of_runs();
    let body = json!({ "localeName": "en_US" });
    let start = |path: &str| caller.post(&format!("{path}/tasks"), &body);
    let set = |state| caller.fake.world(|world| world.set_state(&demo.dev, state));
    set(ModelState::Archived);
    start(&import).expect(422);
    caller.get("imports").expect(422);
    set(ModelState::Locked);
    start(&import).expect(423);
    start(&export).expect(200);
    caller.chunk_count(demo.source_file, 1).expect(423);
    set(ModelState::Maintenance);
    start(&import).expect(424);
    caller.get("files").expect(424);
    set(ModelState::Production);
    start(&import).expect(200);
}

#[test]
fn starting_can_answer_with_the_bare_id() {
    let caller = Caller::admin();
    caller.fake.world(|world| world.rules.bare_task_ids = true);
    let path = format!("actions/{}/tasks", caller.demo.action);
    let answer = caller
        .post(&path, &json!({ "localeName": "en_US" }))
        .expect(200)
        .json();
    assert_eq!(answer.as_object().unwrap().len(), 1);
    caller
        .get(&format!("{path}/{}", answer["taskId"].as_str().unwrap()))
        .expect(200);
}

#[test]
fn methods_that_are_not_there_are_not_allowed() {
    let caller = Caller::admin();
    let [import, ..] = caller.kinds_of_runs();
    caller.delete(&import).expect(405);
    caller.delete("imports").expect(405);
    caller.delete(&format!("{import}/tasks")).expect(405);
    caller.post("dashboards", &json!({})).expect(405);
    caller.get(&format!("{import}/nonsense")).expect(404);
}
