//! Workspaces and models: their states, and who sees them.

use std::time::Duration;

use anaplan_core::ModelId;
use anaplan_testkit::world::ModelState;
use http::Method;
use serde_json::json;

use crate::ask::{Asker, at, locale};
use crate::support::Answer;
use crate::table::behaviours;

behaviours! {
    22, "D", "an archived model is listed as such, and everything that is asked of it is answered with 422"
        => archived_models_answer_422;
    22, "D", "a locked model can be read, and every change of it is answered with 423"
        => locked_models_answer_423;
    22, "D A", "a model that is offline answers 424, but ALM works for administrators, unless the rules switch it off"
        => offline_models_answer_424;
    22, "D L", "a deployed model refuses changes of its structure with 425, and takes items of production lists"
        => deployed_models_answer_425;
    22, "L", "without access a model is 404 but for itself, its workspace's list, and its task lists, which are empty"
        => no_access_is_masked;
    23, "L", "one workspace is 404 for those who do not administer it, although the list shows it to them"
        => one_workspace_is_for_admins;
    23, "L", "the administrators and visitors of a workspace are 500 without tenant administration"
        => people_are_for_tenant_admins;
    23, "L", "a model below its workspace, without anything behind it, is answered with 405"
        => a_model_in_its_workspace_is_405;
    24, "L D", "opening answers 202 while the model loads and 200 when it is open, closing 204, all without a body"
        => models_open_and_close;
    24, "D", "asking again and again to open a model is answered with 404 for a while"
        => eager_openers_get_404;
    24, "D", "opening is for workspace administrators, and a model that is offline cannot be opened: 424"
        => opening_has_conditions;
}

fn ids(answer: Answer) -> Vec<String> {
    let models = answer.expect(200).json()["models"]
        .as_array()
        .unwrap()
        .clone();
    models
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

fn archived_models_answer_422() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let path = |path: &str| at(&demo.archived, path);
    for answer in [
        admin.get(&path("modules")),
        admin.get(&path("imports")),
        admin.get(&path("status")),
        admin.get(&path("alm/revisions")),
        admin.call(&path("open")),
        admin.call(&path("close")),
        admin.put(&path("onlineStatus"), &json!({ "status": "offline" })),
        admin.put(&path("currentPeriod"), &json!({ "date": "" })),
    ] {
        assert_eq!(answer.expect(422).message(), "Model is Archived");
    }
    let one = admin
        .get(&format!("/2/0/models/{}", demo.archived))
        .expect(200);
    assert_eq!(one.json()["model"]["activeState"], "ARCHIVED");
    let id = demo.archived.to_string();
    assert!(ids(admin.get("/2/0/models")).contains(&id));
    assert!(!ids(admin.get("/2/0/models?archived=false")).contains(&id));
}

fn locked_models_answer_423() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    admin
        .fake
        .world(|world| world.set_state(&demo.dev, ModelState::Locked));
    let path = |path: &str| at(&demo.dev, path);
    let item = json!({ "items": [{ "name": "Far East" }] });
    let pair = json!({ "sourceRevisionId": "A", "sourceModelId": demo.test.as_str(), "targetRevisionId": "B" });
    let octets = [("content-type", "application/octet-stream")];
    for answer in [
        admin.post(
            &path(&format!("lists/{}/items?action=add", demo.list)),
            &item,
        ),
        admin.post(&path(&format!("modules/{}/data", demo.module)), &json!([])),
        admin.post(
            &path(&format!("imports/{}/tasks", demo.good_import)),
            &locale(),
        ),
        admin.post(&path("alm/revisions"), &json!({ "name": "Next" })),
        admin.post(&path("alm/syncTasks"), &pair),
        admin.put(&path("currentPeriod"), &json!({ "date": "" })),
        admin.ask(
            Method::PUT,
            &path(&format!("files/{}", demo.source_file)),
            &octets,
            "a",
        ),
    ] {
        assert_eq!(answer.expect(423).message(), "Model is Locked");
    }
    for read in ["modules", "lists", "imports", "alm/revisions", "status"] {
        admin.get(&path(read)).expect(200);
    }
    let offline = admin.put(&path("onlineStatus"), &json!({ "status": "offline" }));
    assert_eq!(
        offline.expect(400).message(),
        "Cannot change status when model is in Locked or Archived mode"
    );
}

fn offline_models_answer_424() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let path = |path: &str| at(&demo.dev, path);
    admin
        .put(&path("onlineStatus"), &json!({ "status": "offline" }))
        .expect(204);
    for answer in [
        admin.get(&path("modules")),
        admin.get(&path("exports")),
        admin.get(&path(&format!("exports/{}/tasks", demo.export))),
        admin.post(&path(&format!("exports/{}/tasks", demo.export)), &locale()),
        admin.put(&path("currentPeriod"), &json!({ "date": "" })),
    ] {
        assert_eq!(answer.expect(424).message(), "Model is Offline");
    }
    admin.get(&path("alm/latestRevision")).expect(200);
    admin
        .fake
        .world(|world| world.rules.alm_while_offline = false);
    admin.get(&path("alm/latestRevision")).expect(424);
    admin
        .put(&path("onlineStatus"), &json!({ "status": "online" }))
        .expect(204);
    admin.get(&path("modules")).expect(200);
}

fn deployed_models_answer_425() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    admin
        .fake
        .world(|world| world.set_state(&demo.dev, ModelState::Production));
    let items = |list: u64| at(&demo.dev, &format!("lists/{list}/items?action=add"));
    let item = json!({ "items": [{ "name": "Something" }] });
    admin.post(&items(demo.structural_list), &item).expect(425);
    let added = admin.post(&items(demo.list), &item).expect(200).json();
    assert_eq!(added["added"], 1);
    let year = json!({ "year": demo.fiscal_year });
    admin
        .put(&at(&demo.dev, "modelCalendar/fiscalYear"), &year)
        .expect(425);
    admin.get(&at(&demo.dev, "modules")).expect(200);
}

fn no_access_is_masked() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let limited = Asker::signed_in(&admin.fake, &demo.limited);
    let path = |path: &str| at(&demo.unrelated, path);
    for path in [
        "modules",
        "lists",
        "imports",
        "files",
        "status",
        "alm/revisions",
        "versions",
    ] {
        limited.get(&self::at(&demo.unrelated, path)).expect(404);
    }
    limited.call(&path("open")).expect(404);
    let one = limited.get(&format!("/2/0/models/{}?modelDetails=true", demo.unrelated));
    assert_eq!(
        one.expect(200).json()["model"]["name"],
        "Workforce Planning"
    );
    let list = format!("/2/0/workspaces/{}/models", demo.workspace);
    assert!(ids(limited.get(&list)).contains(&demo.unrelated.to_string()));
    for kind in [
        "imports/112000000001",
        "exports/1",
        "actions/1",
        "processes/1",
    ] {
        let body = limited
            .get(&path(&format!("{kind}/tasks")))
            .expect(200)
            .json();
        assert!(body.get("tasks").is_none());
    }
}

fn one_workspace_is_for_admins() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let limited = Asker::signed_in(&admin.fake, &demo.limited);
    let path = format!("/2/0/workspaces/{}", demo.workspace);
    admin.get(&path).expect(200);
    limited.get(&path).expect(404);
    let all = limited.get("/2/0/workspaces").expect(200).json();
    assert_eq!(all["workspaces"][0]["id"], demo.workspace.as_str());
}

fn people_are_for_tenant_admins() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let boss = admin.fake.world(|world| {
        world
            .add_user("workspace.admin@northwind.example", "x")
            .admin_of(&demo.workspace)
            .id()
    });
    let mut credentials = demo.limited.clone();
    credentials.id = boss;
    credentials.user = "workspace.admin@northwind.example".into();
    credentials.password = "x".into();
    let boss = Asker::signed_in(&admin.fake, &credentials);
    for people in ["admins", "visitors"] {
        let path = format!("/2/0/workspaces/{}/{people}", demo.workspace);
        admin.get(&path).expect(200);
        boss.get(&path).expect(500);
        let unknown = "8a00000000000000000000000000dead";
        admin
            .get(&format!("/2/0/workspaces/{unknown}/{people}"))
            .expect(404);
    }
}

fn a_model_in_its_workspace_is_405() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let path = format!("/2/0/workspaces/{}/models/{}", demo.workspace, demo.dev);
    admin.get(&path).expect(405);
    admin.get(&format!("{path}/status")).expect(200);
}

fn step(admin: &Asker, model: &ModelId) -> String {
    let status = admin.get(&at(model, "status")).expect(200).json();
    status["requestStatus"]["currentStep"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn models_open_and_close() {
    let admin = Asker::admin();
    let model = admin.fake.demo().closable;
    let post = |path: &str, status: u16| {
        let answer = admin.call(&at(&model, path)).expect(status);
        assert!(answer.body.is_empty() && answer.content_type().is_none());
    };
    assert_eq!(step(&admin, &model), "Closed");
    post("open", 202);
    assert_ne!(step(&admin, &model), "Open");
    admin.fake.advance(Duration::from_secs(60));
    assert_eq!(step(&admin, &model), "Open");
    post("open", 200);
    post("close", 204);
    assert_eq!(step(&admin, &model), "Closing");
    admin.fake.advance(Duration::from_secs(60));
    assert_eq!(step(&admin, &model), "Closed");
    post("close", 204);
}

fn eager_openers_get_404() {
    let admin = Asker::admin();
    let open = at(&admin.fake.demo().dev, "open");
    let mut answers = (0..20).map(|_| admin.call(&open).status.as_u16());
    assert_eq!(answers.next(), Some(200));
    assert!(answers.any(|status| status == 404));
    admin.call(&open).expect(404);
    admin.fake.advance(Duration::from_secs(1200));
    admin.call(&open).expect(200);
}

fn opening_has_conditions() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let limited = Asker::signed_in(&admin.fake, &demo.limited);
    let open = at(&demo.dev, "open");
    assert!(limited.call(&open).status.is_client_error());
    admin
        .put(
            &at(&demo.dev, "onlineStatus"),
            &json!({ "status": "offline" }),
        )
        .expect(204);
    admin.call(&open).expect(424);
}
