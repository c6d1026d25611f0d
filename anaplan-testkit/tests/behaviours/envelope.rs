//! What is around the answers: envelopes, errors, empty collections.

use std::collections::HashSet;

use http::Method;
use serde_json::{Value, json};

use crate::ask::{Asker, keys, of_dev, readable};
use crate::support::Answer;
use crate::table::behaviours;

behaviours! {
    8, "L", "answers of Integration and ALM stand in an envelope: meta with a schema, status with code and message, and a named key"
        => answers_stand_in_an_envelope;
    8, "D", "what is created is answered with 201, and the envelope says the same: code 201, message Created"
        => the_envelope_repeats_the_status;
    8, "L", "the status of a model and the JSON of view data have no envelope; metadata of views and writes lay their keys beside it"
        => some_answers_break_the_envelope;
    8, "L", "the content of a file comes as bare bytes, always as application/octet-stream"
        => content_is_bare;
    8, "D", "a switch lays out each answer anew: keys in another order, pretty-printed or not, spaces around colons"
        => layout_varies;
    9, "L", "an error of Integration or ALM is status, path and a timestamp with nanoseconds; that of the token service is a code and a text"
        => errors_have_the_form_of_their_family;
    9, "D", "bodies that are no JSON, not an object, empty, or of another type are told apart by their texts"
        => broken_bodies_are_told_apart;
    9, "D", "a body that is cut inside a string is an unterminated string, one cut anywhere else an unterminated object"
        => cut_bodies_are_told_apart;
    10, "L", "OPTIONS lists the methods of the path, a wrong method is 405 with the same list, an unknown path 404"
        => allowed_methods_are_those_of_the_path;
    10, "L", "an unknown route and an unknown object are answered with the same 404"
        => every_404_looks_the_same;
    11, "L", "where the real API leaves an empty collection out, the key is not there"
        => empty_collections_are_left_out;
    11, "L", "everywhere else an empty collection is an empty array"
        => other_empty_collections_are_empty_arrays;
}

fn answers_stand_in_an_envelope() {
    let admin = Asker::admin();
    for (path, key) in readable(&admin.fake.demo()) {
        let answer = admin.get(&path).expect(200);
        assert_eq!(answer.content_type(), Some("application/json"), "{path}");
        let body = answer.json();
        let mut expected = vec!["meta", "status", key];
        expected.sort_unstable();
        assert_eq!(keys(&body), expected, "{path}");
        let schema = body["meta"]["schema"].as_str().unwrap();
        assert!(
            schema.starts_with("https://api.anaplan.com/2/0"),
            "{schema}"
        );
        assert_eq!(body["status"], json!({ "code": 200, "message": "Success" }));
    }
}

fn the_envelope_repeats_the_status() {
    let admin = Asker::admin();
    let path = format!("{}/alm/revisions", of_dev(&admin));
    let body = admin
        .post(&path, &json!({ "name": "Next" }))
        .expect(201)
        .json();
    assert_eq!(body["status"], json!({ "code": 201, "message": "Created" }));
}

fn some_answers_break_the_envelope() {
    let admin = Asker::admin();
    let (model, demo) = (of_dev(&admin), admin.fake.demo());
    let status = admin.get(&format!("{model}/status")).expect(200).json();
    assert_eq!(keys(&status), ["requestStatus"]);
    let posted = admin.call(&format!("{model}/status")).expect(200).json();
    assert_eq!(keys(&posted), ["meta", "requestStatus", "status"]);

    let path = format!("{model}/views/{}/data?format=v1", demo.view);
    let accept = [("accept", "application/json")];
    let data = admin
        .ask(Method::GET, &path, &accept, "")
        .expect(200)
        .json();
    assert_eq!(keys(&data), ["columnCoordinates", "rows"]);

    let view = admin.get(&format!("{model}/views/{}", demo.page_view));
    let expected = [
        "columns", "meta", "pages", "rows", "status", "viewId", "viewName",
    ];
    assert_eq!(keys(&view.expect(200).json()), expected);

    let items = format!("{model}/lists/{}/items?action=add", demo.list);
    let one = json!({ "items": [{ "name": "Far East" }] });
    let added = admin.post(&items, &one).expect(200).json();
    assert_eq!(
        keys(&added),
        ["added", "ignored", "meta", "status", "total"]
    );
}

fn content_is_bare() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let file = format!("{}/files/{}", of_dev(&admin), demo.source_file);
    let kind = [("content-type", "application/octet-stream")];
    admin
        .ask(Method::PUT, &file, &kind, demo.good_csv.clone())
        .expect(204);
    for path in [file.clone(), format!("{file}/chunks/0")] {
        let answer = admin.get(&path).expect(200);
        assert_eq!(answer.content_type(), Some("application/octet-stream"));
        assert_eq!(answer.text(), demo.good_csv);
    }
}

fn layout_varies() {
    let admin = Asker::admin();
    let path = of_dev(&admin);
    let plain = admin.get(&path).json();
    admin.fake.world(|world| world.rules.untidy = true);
    let texts: HashSet<String> = (0..20)
        .map(|_| admin.get(&path).expect(200).text())
        .collect();
    assert!(texts.len() > 10);
    assert!(texts.iter().any(|text| text.contains("\n")));
    assert!(texts.iter().any(|text| !text.contains("\n")));
    assert!(texts.iter().any(|text| text.contains(" : ")));
    for text in &texts {
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), plain);
    }
    let first = |text: &String| {
        text.trim_start_matches(['{', '\n', ' ', '"'])
            .chars()
            .next()
    };
    assert!(texts.iter().map(first).collect::<HashSet<_>>().len() > 1);
}

fn errors_have_the_form_of_their_family() {
    let admin = Asker::admin();
    let path = "/2/0/models/NOPE/modules";
    let body = admin.get(path).expect(404).json();
    assert_eq!(keys(&body), ["path", "status", "timestamp"]);
    assert_eq!(
        body["status"],
        json!({ "code": 404, "message": "Not Found" })
    );
    assert_eq!(body["path"], path);
    let time = body["timestamp"].as_str().unwrap();
    let (_, fraction) = time.split_once('.').unwrap();
    assert_eq!(fraction.len(), 10, "{time}");
    assert!(fraction.ends_with('Z') && time.parse::<anaplan_core::Timestamp>().is_ok());

    for answer in [
        admin.with("Bearer", "x").call("/token/refresh"),
        admin.call("/token/validate"),
        admin.get("/token/nowhere"),
    ] {
        let body = answer.json();
        assert_eq!(keys(&body), ["status", "statusMessage"]);
        assert!(body["status"].as_str().unwrap().starts_with("FAILURE_"));
    }
}

fn broken_bodies_are_told_apart() {
    let admin = Asker::admin();
    let path = format!("{}/alm/syncTasks", of_dev(&admin));
    let ask = |body: &str| {
        let json = [("content-type", "application/json")];
        admin.ask(Method::POST, &path, &json, body.to_owned())
    };
    for (body, text) in [
        (
            "",
            "The request body is null. To continue, change the format to a non-empty state.",
        ),
        (
            "{\"a\": ",
            "An unterminated JSON object was found. Ensure the object is terminated.",
        ),
        (
            "\"a",
            "An unterminated string was identified. Ensure the string is terminated.",
        ),
        (
            "{a}",
            "Check if the content is compatible with JSON format.",
        ),
        (
            "[]",
            "The data provided is not in the expected format. Change the data format.",
        ),
    ] {
        assert_eq!(ask(body).expect(400).message(), text, "{body}");
    }
    let kind = [("content-type", "text/plain")];
    admin.ask(Method::POST, &path, &kind, "{}").expect(415);
}

fn cut_bodies_are_told_apart() {
    const STRING: &str = "An unterminated string was identified. Ensure the string is terminated.";
    const OBJECT: &str = "An unterminated JSON object was found. Ensure the object is terminated.";
    let admin = Asker::admin();
    let path = format!("{}/alm/syncTasks", of_dev(&admin));
    let json = [("content-type", "application/json")];
    let whole = r#"{"sourceRevisionId":"AB","sourceModelId":["C"]}"#;
    let mut seen = HashSet::new();
    for end in 1..whole.len() {
        let body = &whole[..end];
        let in_string = body.matches('"').count() % 2 == 1;
        let answer = admin.ask(Method::POST, &path, &json, body.to_owned());
        let expected = if in_string { STRING } else { OBJECT };
        assert_eq!(answer.expect(400).message(), expected, "{body}");
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 2);
}

fn allowed_methods_are_those_of_the_path() {
    let admin = Asker::admin();
    let nobody = Asker::nobody(&admin.fake);
    let allow = |answer: &Answer| answer.headers["allow"].to_str().unwrap().to_owned();
    let model = of_dev(&admin);
    let workspace = admin.fake.demo().workspace;
    for (path, expected, wrong) in [
        (
            format!("/2/0/workspaces/{workspace}/bulkDeleteModels"),
            "POST,OPTIONS",
            Method::DELETE,
        ),
        (format!("{model}/modules"), "GET,HEAD,OPTIONS", Method::POST),
        (
            format!("{model}/lists/1/items"),
            "GET,HEAD,POST,PUT,OPTIONS",
            Method::DELETE,
        ),
        ("/token/refresh".to_owned(), "POST,OPTIONS", Method::GET),
    ] {
        let options = nobody.ask(Method::OPTIONS, &path, &[], "").expect(200);
        assert_eq!(allow(&options), expected, "{path}");
        let refused = admin.ask(wrong, &path, &[], "").expect(405);
        assert_eq!(allow(&refused), expected, "{path}");
    }
    let unknown = format!("{model}/nowhere");
    nobody.ask(Method::OPTIONS, &unknown, &[], "").expect(404);
}

fn every_404_looks_the_same() {
    let admin = Asker::admin();
    let model = of_dev(&admin);
    let bare = |answer: Answer| {
        let mut body = answer.expect(404).json();
        let map = body.as_object_mut().unwrap();
        assert!(map.remove("path").is_some() && map.remove("timestamp").is_some());
        body
    };
    let expected = json!({ "status": { "code": 404, "message": "Not Found" } });
    for path in [
        "/2/0/nowhere".to_owned(),
        "/2/0/models/00000000000000000000000000000000".to_owned(),
        format!("{model}/nowhere"),
        format!("{model}/modules/102999999999/lineItems"),
        format!("{model}/exports/116999999999"),
        format!("{model}/alm/nowhere"),
        format!("{model}/alm/syncTasks/00000000000000000000000000000000"),
    ] {
        assert_eq!(bare(admin.get(&path)), expected, "{path}");
    }
}

fn empty_collections_are_left_out() {
    let admin = Asker::admin();
    let (model, demo) = (of_dev(&admin), admin.fake.demo());
    let without = |path: &str, key: &str| {
        let body = admin.get(path).expect(200).json();
        assert!(body.get(key).is_none(), "{path}: {body}");
        body
    };
    let body = without(
        &format!("{model}/dimensions/{}/items", demo.empty_list),
        "items",
    );
    assert!(body["meta"].get("paging").is_none());
    without(
        &format!("{model}/files/{}/chunks", demo.empty_file),
        "chunks",
    );
    without(&format!("{model}/alm/syncTasks"), "tasks");
    let plain = format!("/2/0/models/{}/alm", demo.plain);
    without(&format!("{plain}/latestRevision"), "revisions");
    without(&format!("{plain}/revisions"), "revisions");
    for run in [
        format!("imports/{}", demo.good_import),
        format!("exports/{}", demo.export),
        format!("actions/{}", demo.action),
        format!("processes/{}", demo.process),
    ] {
        let body = without(&format!("{model}/{run}/tasks"), "tasks");
        assert_eq!(body["meta"]["paging"]["totalSize"], 0);
    }
    let view = format!("{model}/views/{}", demo.view);
    without(&view, "pages");

    let items = format!("{model}/lists/{}/items", demo.list);
    let one = json!({ "items": [{ "name": "Far East", "code": "FE" }] });
    let writes = [
        admin.post(&format!("{items}?action=add"), &one),
        admin.put(&items, &one),
        admin.post(
            &format!("{items}?action=delete"),
            &json!({ "items": [{ "code": "FE" }] }),
        ),
    ];
    for write in writes {
        assert!(write.expect(200).json().get("failures").is_none());
    }
    let delete = format!("/2/0/workspaces/{}/bulkDeleteModels", demo.workspace);
    let closed = json!({ "modelIdsToDelete": [demo.closable.as_str()] });
    let deleted = admin.post(&delete, &closed).expect(200).json();
    assert_eq!(keys(&deleted), ["meta", "modelsDeleted", "status"]);
}

fn other_empty_collections_are_empty_arrays() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let empty = format!("/2/0/models/{}", demo.unrelated);
    for (path, key) in [
        (format!("{empty}/modules"), "modules"),
        (format!("{empty}/lineItems"), "items"),
        (format!("{empty}/views"), "views"),
        (format!("{empty}/files"), "files"),
        (format!("{empty}/imports"), "imports"),
        (format!("{empty}/exports"), "exports"),
        (format!("{empty}/actions"), "actions"),
        (format!("{empty}/processes"), "processes"),
        (format!("{empty}/dashboards"), "dashboards"),
        (
            format!("{}/lists/{}/items", of_dev(&admin), demo.empty_list),
            "listItems",
        ),
        (
            format!("/2/0/workspaces/{}/visitors", demo.workspace),
            "visitors",
        ),
        (
            format!(
                "/2/0/models/{}/alm/syncableRevisions?sourceModelId={}",
                demo.dev, demo.prod
            ),
            "revisions",
        ),
        ("/2/0/users?s=nobody".to_owned(), "users"),
    ] {
        assert_eq!(
            admin.get(&path).expect(200).json()[key],
            json!([]),
            "{path}"
        );
    }
}
