//! Files: their objects, their chunks, and whose content they hold.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, HOUR, both_forms, gzip};
use crate::table::behaviours;

behaviours! {
    29, "S", "a chunk count for an unknown file id creates a new file of another id, undescribed, with tabs between columns"
        => an_unknown_file_becomes_a_new_one;
    29, "J", "a chunk count for an unknown name creates a file of that name, and one that exists keeps its id"
        => a_name_becomes_a_file;
    29, "D", "bytes for a file that does not exist are answered 404, and so is its deletion"
        => bytes_create_no_file;
    30, "J", "a positive chunk count shows every announced chunk at once, before any bytes have come"
        => announced_chunks_are_listed;
    30, "D", "a new chunk count throws away what was uploaded before"
        => a_new_count_starts_over;
    30, "L", "with a chunk count of -1 the chunks are listed as they come, also before complete"
        => streamed_chunks_are_listed_as_they_come;
    30, "L", "a chunk is answered 204, without a body and without a content type"
        => a_chunk_is_answered_by_nothing;
    30, "I", "a chunk outside the announced count is answered 404"
        => chunks_have_a_limit;
    30, "D", "a chunk count that is neither -1 nor from 1 to 1,000 is answered 400"
        => counts_are_checked;
    31, "D", "chunks of type application/x-gzip are unpacked one by one and put together in the order of their numbers"
        => packed_chunks_are_unpacked;
    31, "I", "the single PUT takes the bytes as they are, packed or not"
        => a_single_put_is_literal;
    32, "I", "an import that starts before complete fails with uploadedFileNoLongerAvailable"
        => before_complete_nothing_is_there;
    32, "L", "complete with the content type of JSON but no body is answered 500, unless the rules say otherwise"
        => complete_wants_a_body;
    32, "J", "complete takes an empty object, the id alone, or the whole file object, and gives the file with its real count"
        => complete_takes_any_of_three_bodies;
    33, "D", "content belongs to who uploaded it: another user finds their own or nothing"
        => content_is_private;
    33, "L", "DELETE empties the file and leaves its object; the list may go on showing the old chunk count"
        => deletion_leaves_a_stale_count;
    33, "D", "content goes 48 hours after the last access, and an access keeps it"
        => content_lives_48_hours;
    33, "D", "without private content the default file is served, to everyone or to administrators only"
        => a_default_file_stands_in;
    33, "D", "a file with default content takes chunks only after the count was set"
        => a_default_file_wants_the_count;
    34, "L", "a file is answered as application/octet-stream, and is all its chunks put together"
        => a_file_is_its_chunks;
    34, "L", "a file without chunks is answered 404, and its list of chunks has no key"
        => a_file_without_chunks_is_not_found;
    35, "D", "an export writes the file of its own id, for the user who ran it"
        => an_export_writes_its_own_file;
}

fn file(caller: &Caller, id: u64) -> Value {
    let files = caller.get("files").expect(200).json();
    let mut files = files["files"].as_array().unwrap().iter();
    let id = id.to_string();
    files
        .find(|file| file["id"] == id.as_str())
        .unwrap()
        .clone()
}

fn chunks(caller: &Caller, id: u64) -> Option<Vec<String>> {
    let list = caller.get(&format!("files/{id}/chunks")).expect(200).json();
    let chunks = list.get("chunks")?.as_array()?.iter();
    Some(
        chunks
            .map(|chunk| {
                let id = chunk["id"].as_str().unwrap().to_owned();
                assert_eq!(chunk["name"], format!("Chunk {id}"));
                id
            })
            .collect(),
    )
}

fn put(caller: &Caller, id: u64, chunk: usize, text: &str) -> Answer {
    caller.put(&format!("files/{id}/chunks/{chunk}"), text.to_owned())
}

fn an_unknown_file_becomes_a_new_one() {
    for caller in both_forms() {
        let before = caller.get("files").json()["files"]
            .as_array()
            .unwrap()
            .len();
        let created = caller.chunk_count(113_999_999_999, 1).expect(200).json();
        let created = &created["file"];
        assert_ne!(created["id"], "113999999999");
        assert!(created["id"].as_str().unwrap().starts_with("113"));
        assert_eq!(
            (&created["headerRow"], &created["firstDataRow"]),
            (&json!(-1), &json!(-1))
        );
        assert_eq!(
            (&created["encoding"], &created["separator"]),
            (&json!("UTF-8"), &json!("\t"))
        );
        let after = caller.get("files").json()["files"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(after, before + 1);
    }
}

fn a_name_becomes_a_file() {
    for caller in both_forms() {
        let body = json!({ "name": "new.csv", "chunkCount": -1, "origin": "SDK" });
        let created = caller.post("files/new.csv", &body).expect(200).json();
        assert_eq!(created["file"]["name"], "new.csv");
        let known = caller
            .chunk_count(caller.demo.source_file, 3)
            .expect(200)
            .json();
        assert_eq!(known["file"]["id"], caller.demo.source_file.to_string());
        assert_eq!(known["file"]["chunkCount"], 3);
    }
}

fn bytes_create_no_file() {
    for caller in both_forms() {
        let path = "files/113999999999";
        caller.put(path, "a").expect(404);
        caller.put(&format!("{path}/chunks/0"), "a").expect(404);
        caller.delete(path).expect(404);
        caller.get(path).expect(404);
    }
}

fn announced_chunks_are_listed() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 3).expect(200);
        assert_eq!(chunks(&caller, id).unwrap(), ["0", "1", "2"]);
        assert_eq!(file(&caller, id)["chunkCount"], 3);
        caller.get(&format!("files/{id}/chunks/0")).expect(404);
        caller.get(&format!("files/{id}")).expect(404);
    }
}

fn a_new_count_starts_over() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 2).expect(200);
        put(&caller, id, 0, "a").expect(204);
        put(&caller, id, 1, "b").expect(204);
        caller.get(&format!("files/{id}")).expect(200);
        caller.chunk_count(id, 2).expect(200);
        for gone in [format!("files/{id}"), format!("files/{id}/chunks/0")] {
            caller.get(&gone).expect(404);
        }
    }
}

fn streamed_chunks_are_listed_as_they_come() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, -1).expect(200);
        assert_eq!(chunks(&caller, id), None);
        put(&caller, id, 0, "a").expect(204);
        assert_eq!(chunks(&caller, id).unwrap(), ["0"]);
        put(&caller, id, 1, "b").expect(204);
        assert_eq!(chunks(&caller, id).unwrap(), ["0", "1"]);
        assert_eq!(file(&caller, id)["chunkCount"], -1);
    }
}

fn a_chunk_is_answered_by_nothing() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 1).expect(200);
        let answer = put(&caller, id, 0, "a").expect(204);
        assert!(answer.body.is_empty());
        assert!(answer.headers.get("content-type").is_none());
    }
}

fn chunks_have_a_limit() {
    let caller = Caller::admin();
    let id = caller.demo.source_file;
    caller.chunk_count(id, 2).expect(200);
    put(&caller, id, 2, "c").expect(404);
    put(&caller, id, 1, "b").expect(204);
}

fn counts_are_checked() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        for count in [-2, 0, 1_001] {
            caller.chunk_count(id, count).expect(400);
        }
        caller.chunk_count(id, 1_000).expect(200);
        caller
            .post(&format!("files/{id}"), &json!({ "chunkCount": "1" }))
            .expect(400);
        let missing = caller.post(&format!("files/{id}"), &json!({})).expect(400);
        assert_eq!(
            missing.message(),
            "Expected mandatory field 'chunkCount' to be present and not empty."
        );
    }
}

fn packed_chunks_are_unpacked() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 3).expect(200);
        caller
            .put_gzip(&format!("files/{id}/chunks/2"), b"three")
            .expect(204);
        caller
            .put_gzip(&format!("files/{id}/chunks/0"), b"one,")
            .expect(204);
        put(&caller, id, 1, "two,").expect(204);
        assert_eq!(
            caller.get(&format!("files/{id}")).expect(200).text(),
            "one,two,three"
        );
        let first = caller.get(&format!("files/{id}/chunks/0")).expect(200);
        assert_eq!(first.text(), "one,");
    }
}

fn a_single_put_is_literal() {
    for caller in both_forms() {
        let path = format!("files/{}", caller.demo.source_file);
        caller.put_gzip(&path, b"text").expect(204);
        assert_eq!(caller.get(&path).expect(200).body, gzip(b"text"));
        caller.put(&path, "shorter").expect(204);
        assert_eq!(caller.get(&path).expect(200).text(), "shorter");
    }
}

fn before_complete_nothing_is_there() {
    for caller in both_forms() {
        let (id, import) = (caller.demo.source_file, caller.demo.good_import);
        let csv = caller.demo.good_csv.clone();
        caller.chunk_count(id, -1).expect(200);
        put(&caller, id, 0, &csv).expect(204);
        let result = caller.run(&format!("imports/{import}"));
        assert_eq!(result["successful"], false);
        assert_eq!(
            result["details"][0]["type"],
            "uploadedFileNoLongerAvailable"
        );
        caller
            .post(&format!("files/{id}/complete"), &json!({}))
            .expect(200);
        assert_eq!(caller.run(&format!("imports/{import}"))["successful"], true);
    }
}

fn complete_wants_a_body() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        let complete = || {
            let (path, kind) = (format!("files/{id}/complete"), Some("application/json"));
            caller.send(Method::POST, &path, kind, Bytes::new())
        };
        caller.chunk_count(id, -1).expect(200);
        put(&caller, id, 0, "a").expect(204);
        complete().expect(500);
        caller.get(&format!("files/{id}")).expect(404);
        caller
            .fake
            .world(|world| world.rules.complete_needs_body = false);
        complete().expect(200);
        caller.get(&format!("files/{id}")).expect(200);
    }
}

fn complete_takes_any_of_three_bodies() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        let whole = file(&caller, id);
        for body in [json!({}), json!({ "id": id.to_string() }), whole] {
            caller.chunk_count(id, -1).expect(200);
            put(&caller, id, 0, "a").expect(204);
            put(&caller, id, 1, "b").expect(204);
            let done = caller
                .post(&format!("files/{id}/complete"), &body)
                .expect(200)
                .json();
            assert_eq!(done["file"]["id"], id.to_string());
            assert_eq!(done["file"]["chunkCount"], 2);
            assert_eq!(caller.get(&format!("files/{id}")).expect(200).text(), "ab");
        }
    }
}

fn content_is_private() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        let path = format!("files/{id}");
        let other = caller.other(&caller.demo.second);
        caller.upload(id, "mine");
        other.get(&path).expect(404);
        assert_eq!(file(&other, id)["chunkCount"], 0);
        other.upload(id, "yours");
        assert_eq!(caller.get(&path).expect(200).text(), "mine");
        other.delete(&path).expect(204);
        assert_eq!(caller.get(&path).expect(200).text(), "mine");
    }
}

fn deletion_leaves_a_stale_count() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.upload(id, "text");
        let answer = caller.delete(&format!("files/{id}")).expect(204);
        assert!(answer.body.is_empty());
        assert_eq!(file(&caller, id)["chunkCount"], 1);
        caller.get(&format!("files/{id}/chunks/0")).expect(404);
        caller.get(&format!("files/{id}")).expect(404);
        caller.upload(id, "again");
        caller.get(&format!("files/{id}")).expect(200);
    }
}

fn content_lives_48_hours() {
    let caller = Caller::admin();
    caller
        .fake
        .world(|world| world.rules.token_life = HOUR * 24 * 30);
    let caller = Caller::signed_in(&caller.fake, &caller.demo.admin);
    let path = format!("files/{}", caller.demo.source_file);
    caller.upload(caller.demo.source_file, "text");
    caller.fake.advance(HOUR * 47);
    caller.get(&path).expect(200);
    caller.fake.advance(HOUR * 47);
    caller.get(&path).expect(200);
    caller.fake.advance(HOUR * 48);
    caller.get(&path).expect(404);
}

fn a_default_file_stands_in() {
    for caller in both_forms() {
        let (all, admins) = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            let all = edit.file("all.csv").default_content("for all", true).id();
            let admins = edit.file("few.csv").default_content("for few", false).id();
            (format!("files/{all}"), format!("files/{admins}"))
        });
        let limited = caller.other(&caller.demo.limited);
        assert_eq!(limited.get(&all).expect(200).text(), "for all");
        limited.get(&admins).expect(404);
        assert_eq!(caller.get(&admins).expect(200).text(), "for few");
        // One's own content comes first, for as long as it lasts.
        limited.put(&admins, "my own").expect(204);
        assert_eq!(limited.get(&admins).expect(200).text(), "my own");
        caller.put(&all, "mine").expect(204);
        caller.delete(&all).expect(204);
        assert_eq!(caller.get(&all).expect(200).text(), "for all");
    }
}

fn a_default_file_wants_the_count() {
    for caller in both_forms() {
        let id = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            edit.file("all.csv").default_content("for all", true).id()
        });
        put(&caller, id, 0, "mine").expect(404);
        caller.chunk_count(id, 1).expect(200);
        put(&caller, id, 0, "mine").expect(204);
        assert_eq!(
            caller.get(&format!("files/{id}")).expect(200).text(),
            "mine"
        );
    }
}

fn a_file_is_its_chunks() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 2).expect(200);
        put(&caller, id, 0, "Region,Co").expect(204);
        put(&caller, id, 1, "de\nNorth,N\n").expect(204);
        let whole = caller.get(&format!("files/{id}")).expect(200);
        assert_eq!(whole.content_type(), Some("application/octet-stream"));
        let mut joined = String::new();
        for chunk in chunks(&caller, id).unwrap() {
            let answer = caller
                .get(&format!("files/{id}/chunks/{chunk}"))
                .expect(200);
            assert_eq!(answer.content_type(), Some("application/octet-stream"));
            joined.push_str(&answer.text());
        }
        assert_eq!(whole.text(), joined);
    }
}

fn a_file_without_chunks_is_not_found() {
    for caller in both_forms() {
        let id = caller.demo.empty_file;
        assert_eq!(file(&caller, id)["chunkCount"], 0);
        let answer = caller.get(&format!("files/{id}")).expect(404).json();
        assert_eq!(
            answer["status"],
            json!({ "code": 404, "message": "Not Found" })
        );
        let list = caller.get(&format!("files/{id}/chunks")).expect(200).json();
        assert!(list.get("chunks").is_none());
        assert_eq!(list["meta"]["paging"]["totalSize"], 0);
    }
}

fn an_export_writes_its_own_file() {
    for caller in both_forms() {
        let export = caller.demo.export;
        let path = format!("files/{export}");
        caller.get(&path).expect(404);
        let exports = caller.get("exports").expect(200).json();
        let mut ids = exports["exports"].as_array().unwrap().iter();
        assert!(ids.any(|one| one["id"] == export.to_string()));
        let described = file(&caller, export);
        assert_eq!(
            (&described["headerRow"], &described["firstDataRow"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(caller.run(&format!("exports/{export}"))["successful"], true);
        assert!(
            caller
                .get(&path)
                .expect(200)
                .text()
                .starts_with("Regions,Volume")
        );
        assert_eq!(chunks(&caller, export).unwrap(), ["0"]);
        caller.other(&caller.demo.second).get(&path).expect(404);
    }
}
