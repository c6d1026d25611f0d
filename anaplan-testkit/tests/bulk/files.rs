use bytes::Bytes;
use http::Method;
use serde_json::json;

use crate::support::{Caller, HOUR, both_forms, gzip};

#[test]
fn files_are_listed_with_how_to_read_them_and_outputs_with_less() {
    for caller in both_forms() {
        let demo = &caller.demo;
        let file = caller.file(demo.source_file);
        assert_eq!(file["name"], "regions.csv");
        assert_eq!(
            (&file["headerRow"], &file["firstDataRow"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(
            (&file["separator"], &file["encoding"]),
            (&json!(","), &json!("UTF-8"))
        );
        assert_eq!(file["chunkCount"], 0);
        let output = caller.file(demo.export);
        assert_eq!(
            (&output["headerRow"], output.get("separator")),
            (&json!(0), None)
        );
    }
}

#[test]
fn lists_are_paged_and_sorted_leniently() {
    let caller = Caller::admin();
    let all = caller.get("files?sort=-name").expect(200).json();
    let names: Vec<&str> = all["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable_by_key(|name| std::cmp::Reverse(name.to_lowercase()));
    assert_eq!(names, sorted);
    caller.get("files?sort=nonsense").expect(200);
    let page = caller.get("files?limit=2&offset=1").expect(200).json();
    let paging = &page["meta"]["paging"];
    assert_eq!(paging["currentPageSize"], 2);
    assert_eq!(paging["totalSize"], names.len());
    assert!(paging.get("next").is_some() && paging.get("previous").is_some());
}

#[test]
fn chunks_of_a_known_number_may_come_in_any_order() {
    for caller in both_forms() {
        let file = caller.demo.source_file;
        let path = format!("files/{file}");
        let answer = caller.chunk_count(file, 3).expect(200).json();
        assert_eq!(answer["file"]["chunkCount"], 3);
        assert_eq!(answer["file"]["id"], file.to_string());
        assert_eq!(caller.chunks(file).unwrap(), ["0", "1", "2"]);
        caller.get(&path).expect(404);
        let answer = caller.put(&format!("{path}/chunks/2"), "c").expect(204);
        assert_eq!((answer.content_type(), answer.body.len()), (None, 0));
        caller.get(&format!("{path}/chunks/1")).expect(404);
        caller.put(&format!("{path}/chunks/0"), "a").expect(204);
        caller.get(&path).expect(404);
        caller
            .put_gzip(&format!("{path}/chunks/1"), b"bb")
            .expect(204);
        let whole = caller.get(&path).expect(200);
        assert_eq!(whole.content_type(), Some("application/octet-stream"));
        assert_eq!(whole.body, "abbc");
        assert_eq!(
            caller.get(&format!("{path}/chunks/1")).expect(200).body,
            "bb"
        );
        // The same number again replaces the chunk, and completes nothing twice.
        caller.put(&format!("{path}/chunks/0"), "x").expect(204);
        assert_eq!(caller.get(&path).body, "xbbc");
        let completed = caller
            .fake
            .world(|world| world.books().files_completed.clone());
        assert_eq!(
            (completed.len(), completed[0].bytes, completed[0].chunks),
            (1, 4, 3)
        );
    }
}

#[test]
fn a_chunk_outside_the_announced_ones_is_not_found() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.chunk_count(file, 2).expect(200);
    caller.put_chunk(file, 2, "x").expect(404);
    caller
        .put(&format!("files/{file}/chunks/-1"), "x")
        .expect(404);
    caller
        .put(&format!("files/{file}/chunks/01"), "x")
        .expect(404);
    caller.put_chunk(file, 1000, "x").expect(404);
}

#[test]
fn an_upload_of_unknown_length_ends_when_it_is_told() {
    for caller in both_forms() {
        let file = caller.demo.source_file;
        let path = format!("files/{file}");
        let answer = caller.chunk_count(file, -1).expect(200).json();
        assert_eq!(answer["file"]["chunkCount"], -1);
        assert_eq!(caller.chunks(file), None);
        caller.put(&format!("{path}/chunks/0"), "a,").expect(204);
        caller.put(&format!("{path}/chunks/1"), "b").expect(204);
        assert_eq!(caller.chunks(file).unwrap(), ["0", "1"]);
        caller.get(&path).expect(404);
        let done = caller
            .post(&format!("{path}/complete"), &json!({}))
            .expect(200);
        assert_eq!(done.json()["file"]["chunkCount"], 2);
        assert_eq!(caller.get(&path).body, "a,b");
        // Again, with what other clients send.
        let object = done.json()["file"].clone();
        caller
            .post(&format!("{path}/complete"), &object)
            .expect(200);
        caller
            .post(
                &format!("{path}/complete"),
                &json!({ "id": file.to_string() }),
            )
            .expect(200);
        let completed = caller
            .fake
            .world(|world| world.books().files_completed.len());
        assert_eq!(completed, 1);
    }
}

#[test]
fn completing_without_a_body_fails_as_the_real_server_does_unless_the_rules_say_otherwise() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.chunk_count(file, -1).expect(200);
    caller.put_chunk(file, 0, "a").expect(204);
    let complete = || {
        let path = format!("files/{file}/complete");
        caller.send(Method::POST, &path, Some("application/json"), Bytes::new())
    };
    complete().expect(500);
    caller
        .fake
        .world(|world| world.rules.complete_needs_body = false);
    complete().expect(200);
}

#[test]
fn an_upload_with_a_gap_cannot_be_completed() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.chunk_count(file, -1).expect(200);
    caller.put_chunk(file, 0, "a").expect(204);
    caller.put_chunk(file, 2, "c").expect(204);
    caller
        .post(&format!("files/{file}/complete"), &json!({}))
        .expect(400);
    caller
        .post(&format!("files/{file}/complete"), &json!({ "strange": 1 }))
        .expect(400);
}

#[test]
fn announcing_a_number_again_throws_away_what_was_there() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.upload(file, "old");
    caller.chunk_count(file, 2).expect(200);
    caller.get(&format!("files/{file}")).expect(404);
    caller.get(&format!("files/{file}/chunks/0")).expect(404);
}

#[test]
fn numbers_of_chunks_are_checked() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    let path = format!("files/{file}");
    for count in [0, -2, 1_001] {
        caller.chunk_count(file, count).expect(400);
    }
    caller.chunk_count(file, 1_000).expect(200);
    caller.post(&path, &json!({})).expect(400);
    caller
        .post(&path, &json!({ "chunkCount": "3" }))
        .expect(400);
    let refused = caller
        .post(&path, &json!({ "chunkCount": 3, "chunks": 3 }))
        .expect(400);
    assert!(refused.message().contains("unrecognized 'chunks'"));
    let kind = Some("application/json");
    caller
        .send(Method::POST, &path, kind, "{\"chunk".into())
        .expect(400);
    caller
        .send(Method::POST, &path, kind, Bytes::new())
        .expect(400);
    caller
        .send(Method::POST, &path, None, "{}".into())
        .expect(415);
}

#[test]
fn bytes_of_another_type_are_refused_and_gzip_must_be_gzip() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.chunk_count(file, 1).expect(200);
    let chunk = format!("files/{file}/chunks/0");
    let kind = Some("application/json");
    caller
        .send(Method::PUT, &chunk, kind, "{}".into())
        .expect(415);
    let kind = Some("application/x-gzip");
    caller
        .send(Method::PUT, &chunk, kind, "plain".into())
        .expect(400);
    // Compressed bytes without their type are taken as they are.
    caller.put(&chunk, gzip(b"text")).expect(204);
    assert_eq!(caller.get(&chunk).body, gzip(b"text"));
}

#[test]
fn a_small_file_is_put_at_once_and_as_it_is() {
    for caller in both_forms() {
        let file = caller.demo.source_file;
        caller.upload(file, "first");
        caller.upload(file, "second");
        assert_eq!(caller.get(&format!("files/{file}")).body, "second");
        assert_eq!(caller.file(file)["chunkCount"], 1);
        caller
            .put_gzip(&format!("files/{file}"), b"text")
            .expect(204);
        assert_eq!(caller.get(&format!("files/{file}")).body, gzip(b"text"));
    }
}

#[test]
fn content_is_private() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.upload(file, "mine");
    let second = caller.other(&caller.demo.second);
    second.get(&format!("files/{file}")).expect(404);
    assert_eq!(second.chunks(file), None);
    assert_eq!(second.file(file)["chunkCount"], 0);
    second.upload(file, "theirs");
    assert_eq!(caller.get(&format!("files/{file}")).body, "mine");
}

#[test]
fn deleting_takes_the_content_and_leaves_the_file_with_its_old_count() {
    for caller in both_forms() {
        let file = caller.demo.source_file;
        caller.chunk_count(file, 2).expect(200);
        caller.put_chunk(file, 0, "a").expect(204);
        caller.put_chunk(file, 1, "b").expect(204);
        caller.delete(&format!("files/{file}")).expect(204);
        assert_eq!(caller.file(file)["chunkCount"], 2);
        caller.get(&format!("files/{file}/chunks/0")).expect(404);
        caller.get(&format!("files/{file}")).expect(404);
        caller.delete(&format!("files/{file}")).expect(204);
        caller.delete("files/113999999999").expect(404);
    }
}

#[test]
fn content_lives_for_48_hours_after_the_last_access() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    caller.upload(file, "text");
    let again = |caller: &Caller| Caller::signed_in(&caller.fake, &caller.demo.admin);
    caller.fake.advance(HOUR * 47);
    let caller = again(&caller);
    assert_eq!(
        caller.get(&format!("files/{file}")).expect(200).body,
        "text"
    );
    caller.fake.advance(HOUR * 47);
    let caller = again(&caller);
    caller.get(&format!("files/{file}")).expect(200);
    caller.fake.advance(HOUR * 48);
    let caller = again(&caller);
    caller.get(&format!("files/{file}")).expect(404);
    assert_eq!(caller.file(file)["chunkCount"], 0);
}

#[test]
fn a_default_file_is_there_until_something_is_uploaded_and_again_when_that_is_gone() {
    let caller = Caller::admin();
    let (everyone, admins) = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        (
            edit.file("all.csv").default_content("default", true).id(),
            edit.file("admins.csv")
                .default_content("secret", false)
                .id(),
        )
    });
    let limited = caller.other(&caller.demo.limited);
    assert_eq!(
        limited.get(&format!("files/{everyone}")).expect(200).body,
        "default"
    );
    assert_eq!(
        caller.get(&format!("files/{admins}")).expect(200).body,
        "secret"
    );
    limited.get(&format!("files/{admins}")).expect(404);
    // The number of chunks comes first here.
    caller.put_chunk(everyone, 0, "x").expect(404);
    caller.chunk_count(everyone, 1).expect(200);
    caller.put_chunk(everyone, 0, "x").expect(204);
    assert_eq!(caller.get(&format!("files/{everyone}")).body, "x");
    assert_eq!(limited.get(&format!("files/{everyone}")).body, "default");
    caller.delete(&format!("files/{everyone}")).expect(204);
    assert_eq!(caller.get(&format!("files/{everyone}")).body, "default");
}

#[test]
fn an_unknown_id_becomes_a_new_file_of_another_id() {
    for caller in both_forms() {
        let revisable = |caller: &Caller| {
            let dev = caller.demo.dev.clone();
            caller
                .fake
                .world(|world| world.model(&dev).unwrap().structure.clone())
        };
        let before = revisable(&caller);
        let body = json!({ "name": "new.csv", "chunkCount": -1, "origin": "java" });
        let answer = caller.post("files/113777777777", &body).expect(200).json();
        let file = &answer["file"];
        assert_ne!(file["id"], "113777777777");
        assert_eq!(
            (&file["headerRow"], &file["firstDataRow"]),
            (&json!(-1), &json!(-1))
        );
        assert_eq!(
            (&file["separator"], &file["encoding"]),
            (&json!("\t"), &json!("UTF-8"))
        );
        let named = caller
            .post("files/other.csv", &json!({ "chunkCount": 1 }))
            .expect(200);
        assert_eq!(named.json()["file"]["name"], "other.csv");
        let id = file["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(caller.file(id)["name"], "new.csv");
        caller.put_chunk(id, 0, "x").expect(204);
        assert!(before == revisable(&caller), "such a file is no structure");
    }
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_not_done_not_allowed() {
    let caller = Caller::admin();
    let file = caller.demo.source_file;
    for path in ["files/113999999999", "files/x", "files/113999999999/chunks"] {
        caller.get(path).expect(404);
    }
    caller.put("files/113999999999", "x").expect(404);
    caller.put("files/113999999999/chunks/0", "x").expect(404);
    caller
        .post("files/113999999999/complete", &json!({}))
        .expect(404);
    caller
        .post(&format!("files/{file}/complete"), &json!({}))
        .expect(404);
    caller.get(&format!("files/{file}/nonsense")).expect(404);
    caller.get(&format!("files/{file}/complete")).expect(405);
    caller
        .post(&format!("files/{file}/chunks"), &json!({}))
        .expect(405);
    caller.delete("files").expect(405);
    let outsider = caller.other(&caller.demo.outsider);
    outsider.get("files").expect(404);
    outsider.get(&format!("files/{file}")).expect(404);
}
