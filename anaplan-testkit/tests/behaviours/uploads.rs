//! The three ways to bring bytes into a file.

use bytes::Bytes;
use http::Method;
use serde_json::json;

use crate::support::{Caller, both_forms, gzip};
use crate::table::behaviours;

behaviours! {
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
}

fn announced_chunks_are_listed() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 3).expect(200);
        assert_eq!(caller.chunks(id).unwrap(), ["0", "1", "2"]);
        assert_eq!(caller.file(id)["chunkCount"], 3);
        caller.get(&format!("files/{id}/chunks/0")).expect(404);
        caller.get(&format!("files/{id}")).expect(404);
    }
}

fn a_new_count_starts_over() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 2).expect(200);
        caller.put_chunk(id, 0, "a").expect(204);
        caller.put_chunk(id, 1, "b").expect(204);
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
        assert_eq!(caller.chunks(id), None);
        caller.put_chunk(id, 0, "a").expect(204);
        assert_eq!(caller.chunks(id).unwrap(), ["0"]);
        caller.put_chunk(id, 1, "b").expect(204);
        assert_eq!(caller.chunks(id).unwrap(), ["0", "1"]);
        assert_eq!(caller.file(id)["chunkCount"], -1);
    }
}

fn a_chunk_is_answered_by_nothing() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        caller.chunk_count(id, 1).expect(200);
        let answer = caller.put_chunk(id, 0, "a").expect(204);
        assert!(answer.body.is_empty());
        assert!(answer.headers.get("content-type").is_none());
    }
}

fn chunks_have_a_limit() {
    let caller = Caller::admin();
    let id = caller.demo.source_file;
    caller.chunk_count(id, 2).expect(200);
    caller.put_chunk(id, 2, "c").expect(404);
    caller.put_chunk(id, 1, "b").expect(204);
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
        caller.put_chunk(id, 1, "two,").expect(204);
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
        caller.put_chunk(id, 0, &csv).expect(204);
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
        caller.put_chunk(id, 0, "a").expect(204);
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
        let whole = caller.file(id);
        for body in [json!({}), json!({ "id": id.to_string() }), whole] {
            caller.chunk_count(id, -1).expect(200);
            caller.put_chunk(id, 0, "a").expect(204);
            caller.put_chunk(id, 1, "b").expect(204);
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
