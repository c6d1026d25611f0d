//! The online status of models.

use http::Method;
use serde_json::json;

use crate::ask::Asker;
use crate::table::behaviours;

behaviours! {
    60, "D", "the online status is set with PUT or POST and answered with 204, also when it is so already"
        => the_online_status_is_set;
    60, "D", "each mistake in setting the online status has its text and is 400; an archived model is 422"
        => mistakes_in_the_online_status;
    60, "D", "an online status whose content type is not JSON is 415, and the model stays as it is"
        => the_online_status_is_sent_as_json;
}

fn the_online_status_is_set() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    for (model, offline, online) in [
        (&demo.dev, "MAINTENANCE", "UNLOCKED"),
        (&demo.prod, "PRODUCTION_MAINTENANCE", "PRODUCTION"),
    ] {
        let path = format!("/2/0/models/{model}/onlineStatus");
        let state =
            || admin.get(&format!("/2/0/models/{model}")).json()["model"]["activeState"].clone();
        for (text, expected) in [
            ("offline", offline),
            ("offline", offline),
            ("online", online),
            ("online", online),
        ] {
            let body = json!({ "status": text });
            for answer in [admin.put(&path, &body), admin.post(&path, &body)] {
                assert!(answer.expect(204).body.is_empty());
            }
            assert_eq!(state(), expected);
        }
    }
}

fn the_online_status_is_sent_as_json() {
    let admin = Asker::admin();
    let dev = admin.fake.demo().dev;
    let path = format!("/2/0/models/{dev}/onlineStatus");
    let body = json!({ "status": "offline" }).to_string();
    for headers in [&[][..], &[("content-type", "text/plain")]] {
        for method in [Method::PUT, Method::POST] {
            admin.ask(method, &path, headers, body.clone()).expect(415);
        }
    }
    let model = admin.get(&format!("/2/0/models/{dev}")).json();
    assert_eq!(model["model"]["activeState"], "UNLOCKED");
}

fn mistakes_in_the_online_status() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let path = format!("/2/0/models/{}/onlineStatus", demo.dev);
    let json = [("content-type", "application/json")];
    for (body, text) in [
        ("{", "Error parsing request body as JSON"),
        (
            r#"{"status":"online","x":1}"#,
            "Unrecognised property detected",
        ),
        ("{}", "Missing mandatory property 'status'"),
        (
            r#"{"status":"asleep"}"#,
            "Invalid value for 'status', must be one of [online, offline]",
        ),
    ] {
        let answer = admin.ask(Method::PUT, &path, &json, body).expect(400);
        assert_eq!(answer.message(), text, "{body}");
    }
    let archived = format!("/2/0/models/{}/onlineStatus", demo.archived);
    let answer = admin
        .put(&archived, &json!({ "status": "online" }))
        .expect(422);
    assert_eq!(answer.message(), "Model is Archived");
}
