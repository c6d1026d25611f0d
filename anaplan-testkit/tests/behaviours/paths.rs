//! Both forms of the paths: with and without the workspace.

use anaplan_core::Timestamp;
use anaplan_testkit::world::OpenState;
use anaplan_testkit::{Demo, FakeAnaplan, Pacing, World, story};
use http::Method;
use serde_json::{Value, json};

use crate::ask::{Asker, locale};
use crate::support::{Answer, gzip};
use crate::table::behaviours;

behaviours! {
    26, "L A", "paths with and without the workspace answer the same: reads of every kind, and their errors"
        => both_forms_read_the_same;
    26, "A", "both forms of the paths write the same: files, chunks, cells, lists, the calendar"
        => both_forms_write_the_same;
    26, "A", "both forms of the paths start, poll and cancel tasks, read dumps, and read in pages"
        => both_forms_run_the_same;
    26, "L", "a model below a workspace that is not its own is 404"
        => the_workspace_must_be_the_right_one;
}

/// The same story in two worlds of the same ids and the same moment, once with each form of the paths.
/// What is answered is compared without the workspace in it.
fn in_both_forms(tell: impl Fn(&mut Teller)) {
    story(async |_| {
        let now: Timestamp = "2026-05-04T10:00:00Z".parse()?;
        let told = [false, true].map(|in_workspace| {
            let (mut world, demo) = World::demo(now);
            world.rules.pacing = Pacing::Polls(2);
            let admin = Asker::signed_in(&FakeAnaplan::with_world(world), &demo.admin);
            let mut teller = Teller {
                admin,
                demo,
                in_workspace,
                answers: Vec::new(),
            };
            tell(&mut teller);
            teller.answers
        });
        let [direct, below] = told;
        assert_eq!(direct.len(), below.len());
        assert!(direct.len() > 5);
        for (direct, below) in direct.iter().zip(&below) {
            assert_eq!(direct, below);
        }
        Ok(())
    });
}

struct Teller {
    admin: Asker,
    demo: Demo,
    in_workspace: bool,
    answers: Vec<String>,
}

impl Teller {
    fn ask(
        &mut self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let workspace = format!("workspaces/{}/", self.demo.workspace);
        let model = format!("models/{}/{path}", self.demo.dev);
        let before = if self.in_workspace { &workspace } else { "" };
        let path = format!("/2/0/{before}{model}");
        let answer = self
            .admin
            .ask(method.clone(), &path, headers, body.to_vec());
        let text = format!(
            "{method} {model}: {} {:?} {:?} {}",
            answer.status,
            answer.content_type(),
            answer.headers.get("location"),
            String::from_utf8_lossy(&answer.body)
        );
        self.answers.push(text.replace(&workspace, ""));
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask(&Method::GET, path, &[], b"")
    }

    fn json(&mut self, method: &Method, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask(method, path, &json, body.to_string().as_bytes())
    }

    fn octets(&mut self, path: &str, body: &[u8]) -> Answer {
        let kind = [("content-type", "application/octet-stream")];
        self.ask(&Method::PUT, path, &kind, body)
    }
}

fn both_forms_read_the_same() {
    in_both_forms(|teller| {
        let demo = teller.demo.clone();
        let (module, view, list) = (demo.module, demo.view, demo.list);
        for path in [
            "status",
            "modules",
            "lineItems",
            "views",
            "lists",
            "versions",
            "currentPeriod",
            "modelCalendar",
            "files",
            "imports/",
            "exports",
            "actions",
            "processes",
            "dashboards",
            "alm/revisions",
            "alm/latestRevision",
            "alm/syncTasks",
            "modelCalendar/fiscalYear",
            "nowhere",
            "lists/1",
        ] {
            teller.get(path);
        }
        for path in [
            format!("modules/{module}/lineItems?includeAll=true"),
            format!("modules/{module}/views"),
            format!("modules/{module}/data"),
            format!("lineItems/{}/dimensions", demo.line_item),
            format!("lineItems/{}/dimensions/{list}/items", demo.line_item),
            format!("views/{view}"),
            format!("views/{view}/data"),
            format!("views/{view}/dimensions/{list}/items"),
            format!("dimensions/{list}/items"),
            format!("lists/{list}"),
            format!("lists/{list}/items?includeAll=true"),
            format!("lists/{list}/preview"),
            format!("imports/{}", demo.good_import),
            format!("exports/{}", demo.export),
            format!("actions/{}", demo.action),
            format!("processes/{}", demo.process),
            format!("imports/{}/tasks", demo.good_import),
            format!("files/{}", demo.source_file),
            format!("files/{}/chunks", demo.source_file),
        ] {
            teller.get(&path);
        }
    });
}

fn both_forms_write_the_same() {
    in_both_forms(|teller| {
        let demo = teller.demo.clone();
        let (list, file) = (demo.list, format!("files/{}", demo.source_file));
        teller.octets(&file, demo.good_csv.as_bytes()).expect(204);
        teller.get(&file).expect(200);
        teller
            .json(&Method::POST, &file, &json!({ "chunkCount": -1 }))
            .expect(200);
        teller
            .octets(&format!("{file}/chunks/0"), b"Region,Co")
            .expect(204);
        let zipped = [("content-type", "application/x-gzip")];
        let rest = gzip(b"de,Manager,Headroom\nEast,E,,\n");
        teller
            .ask(&Method::PUT, &format!("{file}/chunks/1"), &zipped, &rest)
            .expect(204);
        teller
            .json(&Method::POST, &format!("{file}/complete"), &json!({}))
            .expect(200);
        teller.get(&format!("{file}/chunks")).expect(200);
        teller.get(&format!("{file}/chunks/1")).expect(200);
        teller.ask(&Method::DELETE, &file, &[], b"").expect(204);

        let (dimension, item) = demo.cell_dimensions[0];
        let cell = json!([{
            "lineItemId": demo.line_item.to_string(),
            "dimensions": [{ "dimensionId": dimension.to_string(), "itemId": item.to_string() }],
            "value": 7,
        }]);
        teller
            .json(
                &Method::POST,
                &format!("modules/{}/data", demo.module),
                &cell,
            )
            .expect(200);
        let items = json!({ "items": [{ "name": "Far East", "code": "FE" }] });
        teller
            .json(
                &Method::POST,
                &format!("lists/{list}/items?action=add"),
                &items,
            )
            .expect(200);
        teller
            .json(&Method::PUT, &format!("lists/{list}/items"), &items)
            .expect(200);
        let delete = json!({ "items": [{ "code": "FE" }] });
        teller
            .json(
                &Method::POST,
                &format!("lists/{list}/items?action=delete"),
                &delete,
            )
            .expect(200);
        let index = format!("lists/{}/resetIndex", demo.empty_list);
        teller.ask(&Method::POST, &index, &[], b"").expect(200);
        let period = json!({ "date": demo.set_current_period });
        teller
            .json(&Method::PUT, "currentPeriod", &period)
            .expect(200);
        let year = json!({ "year": demo.fiscal_year });
        teller
            .json(&Method::PUT, "modelCalendar/fiscalYear", &year)
            .expect(200);
        teller
            .json(&Method::POST, "alm/revisions", &json!({ "name": "Next" }))
            .expect(201);
        teller
            .json(
                &Method::PUT,
                "onlineStatus",
                &json!({ "status": "offline" }),
            )
            .expect(204);
    });
}

fn both_forms_run_the_same() {
    in_both_forms(|teller| {
        let demo = teller.demo.clone();
        let file = format!("files/{}", demo.bad_source_file);
        teller.octets(&file, demo.bad_csv.as_bytes()).expect(204);
        let mut run = |object: String, key: &str| {
            let tasks = format!("{object}/tasks");
            let started = teller
                .json(&Method::POST, &tasks, &locale())
                .expect(200)
                .json();
            let task = format!("{tasks}/{}", started["task"][key].as_str().unwrap());
            for _ in 0..3 {
                teller.get(&task).expect(200);
            }
            teller.get(&tasks).expect(200);
            task
        };
        let import = run(format!("imports/{}", demo.bad_import), "taskId");
        run(format!("exports/{}", demo.export), "taskId");
        run(format!("actions/{}", demo.action), "taskId");
        let process = run(format!("processes/{}", demo.bad_process), "taskId");
        teller.get(&format!("files/{}", demo.export)).expect(200);
        for dump in ["dump", "dump/chunks", "dump/chunks/0"] {
            teller.get(&format!("{import}/{dump}")).expect(200);
        }
        let done = teller.get(&process).json();
        let step = done["task"]["result"]["nestedResults"][0]["objectId"].clone();
        let step = step.as_str().unwrap();
        for dump in ["", "/chunks", "/chunks/0"] {
            teller
                .get(&format!("{process}/dumps/{step}{dump}"))
                .expect(200);
        }
        let tasks = format!("exports/{}/tasks", demo.export);
        let started = teller
            .json(&Method::POST, &tasks, &locale())
            .expect(200)
            .json();
        let task = format!("{tasks}/{}", started["task"]["taskId"].as_str().unwrap());
        teller.ask(&Method::DELETE, &task, &[], b"").expect(200);

        for (object, body, key) in [
            (
                format!("views/{}", demo.view),
                json!({ "exportType": "GRID_ALL_PAGES" }),
                "viewReadRequest",
            ),
            (format!("lists/{}", demo.list), json!({}), "listReadRequest"),
        ] {
            let requests = format!("{object}/readRequests");
            let made = teller
                .json(&Method::POST, &requests, &body)
                .expect(200)
                .json();
            let request = format!("{requests}/{}", made[key]["requestId"].as_str().unwrap());
            for _ in 0..3 {
                teller.get(&request).expect(200);
            }
            teller.get(&format!("{request}/pages/0")).expect(200);
            teller.ask(&Method::DELETE, &request, &[], b"").expect(200);
            teller.get(&format!("{request}/pages/0")).expect(404);
        }
    });
}

fn the_workspace_must_be_the_right_one() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let other = admin.fake.world(|world| world.add_workspace("Elsewhere"));
    for path in ["modules", "alm/revisions", "imports", "status"] {
        let path = format!("/2/0/workspaces/{other}/models/{}/{path}", demo.dev);
        admin.get(&path).expect(404);
    }
    let open = admin
        .fake
        .world(|world| world.model(&demo.dev).unwrap().open);
    assert_eq!(open, OpenState::Open);
}
