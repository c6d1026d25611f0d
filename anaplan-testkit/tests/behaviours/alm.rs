//! Application lifecycle management: revisions and syncs.

use std::time::Duration;

use anaplan_core::ModelId;
use anaplan_testkit::Pacing;
use serde_json::{Value, json};

use crate::ask::{Asker, is_hex, keys};
use crate::support::{Answer, HOUR};
use crate::table::behaviours;

behaviours! {
    55, "L", "a sync or report without any one of its three fields is refused with the text that names all three"
        => three_fields_are_mandatory;
    55, "D", "starting a sync or report answers 201 with the task, and its address there and in the header Location"
        => starting_answers_201_with_a_location;
    55, "D", "a sync that fails is answered with 200: COMPLETE, successful false, and an error with title and text"
        => a_failed_sync_is_200;
    55, "L", "tasks are found under their own kind and model only: elsewhere they are 404"
        => tasks_are_scoped_by_kind;
    55, "I", "a sync to where the target is already, or from where it is not any more, is refused with 400"
        => stale_syncs_are_refused;
    55, "D", "the tasks of a model's syncs are listed newest first, and are gone after 48 hours"
        => sync_tasks_are_kept_48_hours;
    56, "D S", "a revision is created with 201 under the key revision, and revisions are listed under the key revisions"
        => revisions_have_two_keys;
    56, "D", "a revision has 60 characters for its name and 250 for its description at most, and a name it must have"
        => revisions_have_limits;
    56, "D", "without a structural change since the last revision, or in deployed mode, no revision is created: 400"
        => revisions_need_a_change;
    56, "D", "a revision has the same id in every model, and the model where it was made comes first among them"
        => revisions_are_shared;
    56, "D", "revisions are narrowed by days, with a text for each mistake, and sorted by any of their properties"
        => revisions_are_narrowed_and_sorted;
    56, "D", "syncable revisions come newest first, and asking for them without a source model is refused"
        => syncable_revisions_are_newest_first;
    57, "D", "a deleted model stays among those of a revision: with its id and modelDeleted, without name and workspace"
        => deleted_models_stay;
}

pub(crate) fn alm(model: &ModelId, path: &str) -> String {
    format!("/2/0/models/{model}/alm/{path}")
}

/// The ids of the revisions of a model, oldest first.
pub(crate) fn revisions(admin: &Asker, model: &ModelId) -> Vec<String> {
    let body = admin.get(&alm(model, "revisions")).expect(200).json();
    let all = body["revisions"].as_array().unwrap().clone();
    all.iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The body that brings `prod`, or the model whose syncs fail, to the newest revision of `dev`.
fn pair(admin: &Asker) -> Value {
    let demo = admin.fake.demo();
    json!({
        "sourceRevisionId": revisions(admin, &demo.dev)[2],
        "sourceModelId": demo.dev.as_str(),
        "targetRevisionId": revisions(admin, &demo.prod)[0],
    })
}

const KINDS: [&str; 3] = ["syncTasks", "comparisonReportTasks", "summaryReportTasks"];

/// Starts a task, and gives its path.
pub(crate) fn start(admin: &Asker, model: &ModelId, kind: &str) -> String {
    let body = admin
        .post(&alm(model, kind), &pair(admin))
        .expect(201)
        .json();
    alm(
        model,
        &format!("{kind}/{}", body["task"]["taskId"].as_str().unwrap()),
    )
}

/// The task when it is over.
pub(crate) fn follow(admin: &Asker, task: &str) -> Value {
    for _ in 0..10 {
        let task = admin.get(task).expect(200).json()["task"].clone();
        if task["taskState"] == "COMPLETE" {
            return task;
        }
        assert!(task.get("result").is_none());
    }
    panic!("the task does not end");
}

fn three_fields_are_mandatory() {
    let admin = Asker::admin();
    let prod = admin.fake.demo().prod;
    for kind in KINDS {
        for missing in ["sourceRevisionId", "sourceModelId", "targetRevisionId"] {
            let mut body = pair(&admin);
            body.as_object_mut().unwrap().remove(missing);
            let answer = admin.post(&alm(&prod, kind), &body).expect(400);
            assert_eq!(
                answer.message(),
                "Expected mandatory fields 'sourceRevisionId', 'sourceModelId' and 'targetRevisionId'"
            );
        }
    }
}

fn starting_answers_201_with_a_location() {
    let admin = Asker::admin();
    let prod = admin.fake.demo().prod;
    for kind in KINDS {
        let answer = admin.post(&alm(&prod, kind), &pair(&admin)).expect(201);
        let body = answer.json();
        assert_eq!(
            body["meta"]["schema"],
            "https://api.anaplan.com/2/0/objects/taskWithUrl"
        );
        assert_eq!(body["status"], json!({ "code": 201, "message": "Created" }));
        let task = &body["task"];
        assert_eq!(
            keys(task),
            ["creationTime", "taskId", "taskState", "taskUrl"]
        );
        assert!(is_hex(&task["taskId"], false));
        assert_eq!(task["taskState"], "IN_PROGRESS");
        assert!(task["creationTime"].is_i64());
        let url = format!(
            "https://api.anaplan.com{}/{}",
            alm(&prod, kind),
            task["taskId"].as_str().unwrap()
        );
        assert_eq!(task["taskUrl"], url.as_str());
        assert_eq!(answer.headers["location"], url.as_str());
    }
}

fn a_failed_sync_is_200() {
    let admin = Asker::admin();
    let task = start(&admin, &admin.fake.demo().sync_fails, "syncTasks");
    let task = follow(&admin, &task);
    assert_eq!(task["currentStep"], "Failed.");
    let result = &task["result"];
    assert_eq!(result["successful"], false);
    let error = &result["error"];
    assert_eq!(keys(error), ["messageText", "subtitle", "title"]);
    assert_eq!(error["title"], "Model Synchronization Failed");
    assert_eq!(
        error["messageText"],
        "The target workspace has not enough space left."
    );

    let good = start(&admin, &admin.fake.demo().prod, "syncTasks");
    let good = follow(&admin, &good);
    assert_eq!(good["currentStep"], "Complete.");
    assert_eq!(good["result"]["successful"], true);
    assert!(good["result"].get("error").is_none());
}

fn tasks_are_scoped_by_kind() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    for kind in KINDS {
        let task = start(&admin, &demo.prod, kind);
        admin.get(&task).expect(200);
        for other in KINDS {
            if other != kind {
                admin.get(&task.replace(kind, other)).expect(404);
            }
        }
        admin
            .get(&task.replace(demo.prod.as_str(), demo.test.as_str()))
            .expect(404);
    }
}

fn stale_syncs_are_refused() {
    let admin = Asker::admin();
    let prod = admin.fake.demo().prod;
    let body = pair(&admin);
    let task = start(&admin, &prod, "syncTasks");
    follow(&admin, &task);
    admin.post(&alm(&prod, "syncTasks"), &body).expect(400);
    let mut again = body.clone();
    again["targetRevisionId"] = body["sourceRevisionId"].clone();
    admin.post(&alm(&prod, "syncTasks"), &again).expect(400);
}

fn sync_tasks_are_kept_48_hours() {
    let admin = Asker::admin();
    let model = admin.fake.demo().sync_fails;
    admin.fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        world.rules.token_life = HOUR * 100;
    });
    let admin = Asker::signed_in(&admin.fake, &admin.fake.admin());
    let mut started = Vec::new();
    for _ in 0..3 {
        started.push(start(&admin, &model, "syncTasks"));
        admin.fake.advance(HOUR);
    }
    let list = || {
        let body = admin.get(&alm(&model, "syncTasks")).expect(200).json();
        body["tasks"].as_array().cloned().unwrap_or_default()
    };
    let tasks = list();
    started.reverse();
    for (task, path) in tasks.iter().zip(&started) {
        assert_eq!(keys(task), ["creationTime", "taskId", "taskState"]);
        assert!(path.ends_with(task["taskId"].as_str().unwrap()));
    }
    assert_eq!(tasks.len(), 3);
    admin.fake.advance(HOUR * 44);
    assert_eq!(list().len(), 3);
    admin.fake.advance(HOUR * 4);
    assert_eq!(list().len(), 0);
    admin.get(&started[0]).expect(404);
}

fn revisions_have_two_keys() {
    let admin = Asker::admin();
    let dev = admin.fake.demo().dev;
    let body = json!({ "name": "Next", "description": "Costs" });
    let body = admin
        .post(&alm(&dev, "revisions"), &body)
        .expect(201)
        .json();
    assert_eq!(keys(&body), ["meta", "revision", "status"]);
    let revision = &body["revision"];
    assert!(is_hex(&revision["id"], false));
    assert_eq!(revision["name"], "Next");
    assert_eq!(revision["description"], "Costs");
    assert_eq!(revision["creationMethod"], "User added revision via API");
    let created = revision["createdOn"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");

    let latest = admin.get(&alm(&dev, "latestRevision")).expect(200).json();
    assert_eq!(keys(&latest), ["meta", "revisions", "status"]);
    let latest = latest["revisions"].as_array().unwrap().clone();
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0]["id"], revision["id"]);
    assert_eq!(
        revisions(&admin, &dev).last(),
        revision["id"].as_str().map(str::to_owned).as_ref()
    );
}

fn revisions_have_limits() {
    let admin = Asker::admin();
    let path = alm(&admin.fake.demo().dev, "revisions");
    for (body, text) in [
        (
            json!({ "name": "n".repeat(61) }),
            "The title of your revision tag must be 60 characters or fewer.",
        ),
        (
            json!({ "name": "Next", "description": "d".repeat(251) }),
            "Revision tag descriptions must be 250 characters or fewer.",
        ),
        (
            json!({ "description": "d" }),
            "Expected mandatory field 'name' to be present and not empty.",
        ),
        (
            json!({ "name": "" }),
            "Expected mandatory field 'name' to be present and not empty.",
        ),
    ] {
        assert_eq!(admin.post(&path, &body).expect(400).message(), text);
    }
    // Characters, not bytes.
    let most = json!({ "name": "é".repeat(60), "description": "ü".repeat(250) });
    admin.post(&path, &most).expect(201);
}

fn revisions_need_a_change() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let path = alm(&demo.dev, "revisions");
    let next = json!({ "name": "Next" });
    admin.post(&path, &next).expect(201);
    admin.post(&path, &next).expect(400);
    admin
        .fake
        .world(|world| world.edit(&demo.dev).list("Suppliers").id());
    admin.post(&path, &next).expect(201);
    admin
        .fake
        .world(|world| world.edit(&demo.prod).list("Suppliers").id());
    admin.post(&alm(&demo.prod, "revisions"), &next).expect(400);
    admin.fake.world(|world| world.rules.alm_enabled = false);
    admin.post(&path, &next).expect(400);
}

fn applied(admin: &Asker, model: &ModelId, revision: &str) -> Vec<Value> {
    let path = alm(model, &format!("revisions/{revision}/appliedToModels"));
    let body = admin.get(&path).expect(200).json();
    body["appliedToModels"].as_array().unwrap().clone()
}

fn revisions_are_shared() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let all = revisions(&admin, &demo.dev);
    assert_eq!(revisions(&admin, &demo.prod), all[..1]);
    assert_eq!(revisions(&admin, &demo.test), all[..2]);
    for model in [&demo.dev, &demo.prod] {
        let models = applied(&admin, model, &all[0]);
        assert!(models.len() > 2);
        let first = &models[0];
        assert_eq!(first["modelId"], demo.dev.as_str());
        assert_eq!(first["modelName"], "Sales Planning DEV");
        assert_eq!(first["workspaceId"], demo.workspace.as_str());
        assert_eq!(first["appliedMethod"], "User added revision");
        assert!(first.get("modelDeleted").is_none());
        assert!(
            models
                .iter()
                .any(|model| model["modelId"] == demo.prod.as_str())
        );
    }
    let elsewhere = alm(&demo.prod, &format!("revisions/{}/appliedToModels", all[2]));
    admin.get(&elsewhere).expect(404);
}

fn revisions_are_narrowed_and_sorted() {
    let admin = Asker::admin();
    let dev = admin.fake.demo().dev;
    let ask = |query: &str| admin.get(&alm(&dev, &format!("revisions?{query}")));
    for day in ["appliedAfter=yesterday", "appliedBefore=2026-1-1"] {
        assert_eq!(
            ask(day).expect(400).message(),
            "Date query parameter must be of the format 'YYYY-MM-DD'"
        );
    }
    assert_eq!(
        ask("appliedAfter=2026-05-02&appliedBefore=2026-05-01")
            .expect(400)
            .message(),
        "'appliedAfter' must be an earlier date than 'appliedBefore'"
    );
    let names = |answer: Answer| -> Vec<String> {
        let all = answer.expect(200).json()["revisions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        all.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let oldest_first = ["Baseline", "Channels", "Headcount by region"];
    assert_eq!(names(ask("")), oldest_first);
    assert_eq!(
        names(ask("sort=-name")),
        ["Headcount by region", "Channels", "Baseline"]
    );
    assert_eq!(names(ask("sort=createdOn")), oldest_first);
    assert_eq!(names(ask("limit=1&offset=1")), ["Channels"]);
    let day = |ago: u64| {
        let now = admin.fake.world(|world| world.now());
        let at = now - Duration::from_secs(ago * 86_400);
        at.to_string()[..10].to_owned()
    };
    assert_eq!(
        names(ask(&format!("appliedAfter={}", day(40)))),
        oldest_first[1..]
    );
    assert_eq!(
        names(ask(&format!("appliedBefore={}", day(40)))),
        oldest_first[..1]
    );
    let between = format!("appliedAfter={}&appliedBefore={}", day(30), day(29));
    assert_eq!(names(ask(&between)), oldest_first[1..2]);
}

fn syncable_revisions_are_newest_first() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let missing = admin.get(&alm(&demo.prod, "syncableRevisions")).expect(400);
    assert_eq!(
        missing.message(),
        "Missing 'sourceModelId' request parameter."
    );
    let path = alm(
        &demo.prod,
        &format!("syncableRevisions?sourceModelId={}", demo.dev),
    );
    let body = admin.get(&path).expect(200).json();
    let found: Vec<&str> = body["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    let all = revisions(&admin, &demo.dev);
    assert_eq!(found, [&all[2], &all[1]]);
    let unrelated = alm(
        &demo.prod,
        &format!("syncableRevisions?sourceModelId={}", demo.unrelated),
    );
    admin.get(&unrelated).expect(400);
}

fn deleted_models_stay() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let all = revisions(&admin, &demo.dev);
    admin.fake.world(|world| world.delete_model(&demo.test));
    let models = applied(&admin, &demo.dev, &all[0]);
    let gone = models
        .iter()
        .find(|model| model["modelId"] == demo.test.as_str())
        .unwrap();
    assert_eq!(
        keys(gone),
        [
            "appliedBy",
            "appliedMethod",
            "appliedOn",
            "modelDeleted",
            "modelId"
        ]
    );
    assert_eq!(gone["modelDeleted"], true);
    assert_eq!(models[0]["modelId"], demo.dev.as_str());
}
