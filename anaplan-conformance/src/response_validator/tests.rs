use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::*;

const MODEL: &str = "/2/0/models/0123456789ABCDEF0123456789ABCDEF";

fn ask(method: &str, path: &str) -> Request {
    let request = http::Request::builder().method(method).uri(path);
    Request::new(request.body(Bytes::new()).unwrap())
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    Response::new(status, "application/json", body.to_string().into_bytes())
}

fn validate_json(method: &str, path: &str, status: u16, body: &Value) -> Result<(), String> {
    validate(&ask(method, path), answer(status, body), false).1
}

fn error(path: &str, status: u16, message: &str) -> Value {
    json!({
        "status": { "code": status, "message": message },
        "path": path,
        "timestamp": "2026-07-14T13:55:12.198115662Z",
    })
}

fn envelope(status: u16, key: &str, value: Value) -> Value {
    let message = if status == 201 { "Created" } else { "Success" };
    let mut body = json!({
        "meta": { "schema": "https://api.anaplan.com/2/0/objects/thing" },
        "status": { "code": status, "message": message },
    });
    body[key] = value;
    body
}

fn page(key: &str, rows: Value, offset: u64, total: u64) -> Value {
    let size = rows.as_array().map(Vec::len);
    let mut body = envelope(200, key, rows);
    body["meta"]["paging"] = json!({
        "currentPageSize": size,
        "offset": offset,
        "totalSize": total,
    });
    body
}

fn modules() -> Value {
    json!([{ "id": "102000000001", "name": "Sales" }, { "id": "102000000002", "name": "Plan" }])
}

#[test]
fn good_answers_pass() {
    let path = format!("{MODEL}/modules");
    validate_json("GET", &path, 200, &page("modules", modules(), 0, 2)).unwrap();
    validate_json("GET", &path, 404, &error(&path, 404, "Not Found")).unwrap();
    validate_json("POST", &path, 405, &error(&path, 405, "Method Not Allowed")).unwrap();
    let refused = json!({ "status": "FAILURE_BAD_CREDENTIAL", "statusMessage": "No" });
    validate_json("POST", "/token/authenticate", 401, &refused).unwrap();
    let empty = Response::empty(StatusCode::NO_CONTENT);
    validate(&ask("POST", &format!("{MODEL}/close")), empty, false)
        .1
        .unwrap();
}

#[test]
fn other_routes_statuses_and_families_are_contradictions() {
    let path = format!("{MODEL}/modules");
    for (method, path, status, body) in [
        (
            "GET",
            "/2/0/models/A/inventions",
            200,
            page("inventions", json!([]), 0, 0),
        ),
        ("PATCH", &*path, 200, page("modules", modules(), 0, 2)),
        ("GET", "/3/0/models", 200, page("models", json!([]), 0, 0)),
        (
            "GET",
            "/2/0/models/A/inventions",
            405,
            error("/2/0/models/A/inventions", 405, "No"),
        ),
        ("GET", &path, 201, page("modules", modules(), 0, 2)),
        (
            "GET",
            &path,
            500,
            error(&path, 500, "Internal Server Error"),
        ),
        ("GET", &path, 423, error(&path, 423, "Model is Locked")),
        (
            "GET",
            &path,
            404,
            json!({ "status": "FAILURE_NOT_FOUND", "statusMessage": "No" }),
        ),
        (
            "GET",
            "/token/validate",
            401,
            error("/token/validate", 401, "Unauthorized"),
        ),
    ] {
        let problem = validate_json(method, path, status, &body).unwrap_err();
        assert!(problem.starts_with(&format!("{method} {path} is answered with {status}, but ")));
    }
}

#[test]
fn errors_are_looked_at_closely() {
    let path = format!("{MODEL}/modules");
    let good = error(&path, 404, "Not Found");
    let changed = |change: fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        validate_json("GET", &path, 404, &body)
    };
    changed(|_| ()).unwrap();
    changed(|body| body["status"]["message"] = "No such module".into()).unwrap_err();
    changed(|body| body["status"]["code"] = 400.into()).unwrap_err();
    changed(|body| body["path"] = "/2/0/elsewhere".into()).unwrap_err();
    changed(|body| body["timestamp"] = "2026-07-14T13:55:12Z".into()).unwrap_err();
    changed(|body| body["more"] = "details".into()).unwrap_err();
    let silent = error(&path, 424, "");
    validate_json("GET", &path, 424, &silent).unwrap_err();
    let report = format!("{MODEL}/alm/summaryReportTasks/A");
    validate_json("GET", &report, 424, &error(&report, 424, "")).unwrap();
    let late = answer(429, &error(&path, 429, "Too Many Requests"));
    let late = late.with_header("retry-after", "in a while");
    validate(&ask("GET", &path), late, false).1.unwrap_err();
}

#[test]
fn envelopes_and_pages_are_looked_at_closely() {
    let path = format!("{MODEL}/modules?limit=2");
    let good = page("modules", modules(), 0, 3);
    let changed = |change: fn(&mut Value)| {
        let mut body = good.clone();
        body["meta"]["paging"]["next"] = "https://api.anaplan.com/2/0/x?limit=2&offset=2".into();
        change(&mut body);
        validate_json("GET", &path, 200, &body)
    };
    changed(|_| ()).unwrap();
    for change in [
        (|body| body["meta"]["paging"] = Value::Null) as fn(&mut Value),
        |body| body["meta"]["schema"] = "objects/module".into(),
        |body| body["meta"]["paging"]["currentPageSize"] = 1.into(),
        |body| body["meta"]["paging"]["totalSize"] = 1.into(),
        |body| body["meta"]["paging"]["totalSize"] = 2.into(),
        |body| body["meta"]["paging"]["offset"] = 1.into(),
        |body| body["meta"]["paging"]["previous"] = "https://api.anaplan.com/2/0/x".into(),
        |body| body["meta"]["paging"]["next"] = Value::Null,
        |body| body["status"]["code"] = 201.into(),
        |body| body["status"]["message"] = "Fine".into(),
        |body| body["modules"][0]["id"] = 102_000_000_001_u64.into(),
        |body| body["modules"][0]["id"] = "101000000001".into(),
        |body| body["modules"][0]["size"] = 1.into(),
        |body| body["modules"] = Value::Null,
        |body| body["module"] = json!([]),
    ] {
        changed(change).unwrap_err();
    }
    let mut body = good.clone();
    let paging = body["meta"]["paging"].as_object_mut().unwrap();
    paging.remove("next");
    validate_json("GET", &path, 200, &body).unwrap_err();
    let bare = json!({ "modules": modules() });
    validate_json("GET", &path, 200, &bare).unwrap_err();
}

#[test]
fn what_is_left_out_when_empty_is_never_there_empty() {
    for (path, key, left_out) in [
        ("alm/revisions", "revisions", true),
        ("actions/117000000001/tasks", "tasks", true),
        ("files/113000000001/chunks", "chunks", true),
        ("modules", "modules", false),
    ] {
        let path = format!("{MODEL}/{path}");
        let there = page(key, json!([]), 0, 0);
        let mut missing = there.clone();
        missing.as_object_mut().unwrap().remove(key);
        assert_eq!(
            validate_json("GET", &path, 200, &there).is_err(),
            left_out,
            "{path}"
        );
        assert_eq!(
            validate_json("GET", &path, 200, &missing).is_ok(),
            left_out,
            "{path}"
        );
    }
}

#[test]
fn bodies_without_json_are_looked_at_as_well() {
    let file = ask("GET", &format!("{MODEL}/files/113000000001"));
    let text = Response::new(StatusCode::OK, "text/csv", "a,b");
    validate(&file, text, false).1.unwrap_err();
    let octets = Response::new(StatusCode::OK, "application/octet-stream", "a,b");
    validate(&file, octets, false).1.unwrap();
    let chunk = ask("PUT", &format!("{MODEL}/files/113000000001/chunks/0"));
    let wordy = Response::new(StatusCode::NO_CONTENT, "text/plain", "");
    validate(&chunk, wordy, false).1.unwrap_err();
    let started = ask("POST", &format!("{MODEL}/alm/syncTasks"));
    let task = json!({
        "taskId": "6C283D93A9E64570BF502B8F7AF67A00",
        "taskUrl": format!("https://api.anaplan.com{MODEL}/alm/syncTasks/6C283D93A9E64570BF502B8F7AF67A00"),
        "taskState": "IN_PROGRESS",
        "creationTime": 1_714_618_651_855_u64,
    });
    let body = envelope(201, "task", task.clone());
    validate(&started, answer(201, &body), false).1.unwrap_err();
    let located = || answer(201, &body).with_header("location", task["taskUrl"].as_str().unwrap());
    validate(&started, located(), false).1.unwrap();
}

#[test]
fn the_parts_of_an_answer_must_agree() {
    let path = format!("{MODEL}/alm/syncTasks/6C283D93A9E64570BF502B8F7AF67A00");
    let task = |state: &str, step: &str, result: Value| {
        let mut task = json!({
            "taskId": "6C283D93A9E64570BF502B8F7AF67A00",
            "currentStep": step,
            "taskState": state,
            "creationTime": 1_714_618_651_855_u64,
        });
        if !result.is_null() {
            task["result"] = result;
        }
        validate_json("GET", &path, 200, &envelope(200, "task", task))
    };
    let result = |successful: bool| {
        json!({
            "successful": successful,
            "sourceRevisionId": "6C283D93A9E64570BF502B8F7AF67A00",
            "targetRevisionId": "6C283D93A9E64570BF502B8F7AF67A00",
        })
    };
    let mut failed = result(false);
    failed["error"] = json!({ "title": "Failed", "messageText": "No space" });
    task("IN_PROGRESS", "Processing", Value::Null).unwrap();
    task("COMPLETE", "Complete.", result(true)).unwrap();
    task("COMPLETE", "Failed.", failed.clone()).unwrap();
    task("COMPLETE", "Complete.", Value::Null).unwrap_err();
    task("IN_PROGRESS", "Processing", result(true)).unwrap_err();
    task("COMPLETE", "Complete.", failed).unwrap_err();
    task("COMPLETE", "Failed.", result(false)).unwrap_err();
}

#[test]
fn novelties_pass_when_they_are_asked_for_and_types_never_change() {
    let path = format!("{MODEL}/modules");
    let mut body = page("modules", modules(), 0, 2);
    body["modules"][0]["addedLater"] = json!([1]);
    let outcome =
        |body: &Value, novelties| validate(&ask("GET", &path), answer(200, body), novelties).1;
    outcome(&body, false).unwrap_err();
    outcome(&body, true).unwrap();
    body["modules"][0]["name"] = 1.into();
    outcome(&body, true).unwrap_err();
}

#[test]
fn bodies_in_pieces_are_read_ahead_and_sent_as_they_were() {
    let path = format!("{MODEL}/lists/101000000001/items");
    let text = |id: &str| {
        let items = json!([{ "id": id, "name": "North" }]);
        envelope(200, "listItems", items).to_string().into_bytes()
    };
    for (id, good) in [("207000000001", true), ("north", false)] {
        let text = text(id);
        let pieces: Vec<Bytes> = text.chunks(7).map(Bytes::copy_from_slice).collect();
        let body = Body::pieces(pieces.into_iter());
        let response = Response::new(StatusCode::OK, "application/json", "");
        let (response, outcome) =
            validate(&ask("GET", &path), Response { body, ..response }, false);
        assert_eq!(outcome.is_ok(), good);
        assert!(matches!(response.body, Body::Pieces(_)));
        assert_eq!(response.body.into_bytes().unwrap(), text);
    }
}

/// Empties every JSON response once it is switched on.
struct Corruption(Arc<AtomicBool>);

impl Observer for Corruption {
    fn response(&self, _: &Request, response: Response, _: &Rules) -> Response {
        if self.0.load(Ordering::Relaxed) {
            Response::new(response.status, "application/json", "{}")
        } else {
            response
        }
    }
}

/// A validated fake, and the switch that corrupts its responses.
fn corruptible(fake: FakeAnaplan) -> (FakeAnaplan, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    fake.observe(Arc::new(Corruption(Arc::clone(&switch))));
    (validated(fake), switch)
}

fn me(fake: &FakeAnaplan) -> http::Request<Bytes> {
    http::Request::get(format!("{}/2/0/users/me", fake.url()))
        .body(Bytes::new())
        .unwrap()
}

#[test]
fn a_violation_panics_at_every_later_use_of_the_fake() {
    let panics = |run: &mut dyn FnMut()| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
    };
    let (fake, corrupt) = corruptible(FakeAnaplan::in_process());
    let request = me(&fake);
    assert_eq!(fake.answer(request.clone()).unwrap().status(), 401);
    corrupt.store(true, Ordering::Relaxed);
    assert!(panics(&mut || drop(fake.answer(request.clone()))));
    assert!(panics(&mut || fake.world(|_| ())));
    let mut fake = Some(fake);
    assert!(panics(&mut || drop(fake.take())));
}

/// Makes a fake violate its description over a socket, where the panic stays in a task.
async fn violate(fake: FakeAnaplan, corrupt: &AtomicBool) {
    use anaplan_core::Transport as _;
    use anaplan_core::transport::reqwest::ReqwestTransport;

    corrupt.store(true, Ordering::Relaxed);
    let request = me(&fake).map(Into::into);
    let answer = ReqwestTransport::new().unwrap().send(request).await;
    assert!(answer.is_err());
    let dropped = std::panic::AssertUnwindSafe(|| drop(fake));
    assert!(std::panic::catch_unwind(dropped).is_err());
}

#[tokio::test]
async fn a_violation_over_wiremock_panics_on_drop() {
    let (fake, corrupt) = corruptible(FakeAnaplan::start().await);
    violate(fake, &corrupt).await;
}

#[tokio::test]
async fn a_violation_over_the_server_panics_on_drop() {
    let (fake, corrupt) = corruptible(FakeAnaplan::in_process());
    let server = anaplan_testkit::Server::builder(fake);
    let server = server.listen("127.0.0.1:0").await.unwrap();
    let fake = server.fake();
    // The server holds the fake too, and its drop would panic once more.
    std::mem::forget(server);
    violate(fake, &corrupt).await;
}
