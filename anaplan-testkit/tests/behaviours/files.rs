//! Files: their objects, and whose content they hold.

use serde_json::json;

use crate::support::{Caller, HOUR, both_forms};
use crate::table::behaviours;

behaviours! {
    29, "S", "a chunk count for an unknown file id creates a new file of another id, undescribed, with tabs between columns"
        => an_unknown_file_becomes_a_new_one;
    29, "J", "a chunk count for an unknown name creates a file of that name, and one that exists keeps its id"
        => a_name_becomes_a_file;
    29, "D", "a chunk count for the name of a file that exists announces that file, and makes no second one"
        => a_known_name_is_not_created_again;
    29, "D", "bytes for a file that does not exist are answered 404, and so is its deletion"
        => bytes_create_no_file;
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

fn a_known_name_is_not_created_again() {
    for caller in both_forms() {
        let all = || caller.get("files").json()["files"].clone();
        let body = json!({ "name": "new.csv", "chunkCount": -1 });
        let first = caller.post("files/new.csv", &body).expect(200).json();
        let before = all();
        let again = caller.post("files/new.csv", &body).expect(200).json();
        assert_eq!(again["file"]["id"], first["file"]["id"]);
        let described = before
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["id"] == caller.demo.source_file.to_string())
            .unwrap();
        let path = format!("files/{}", described["name"].as_str().unwrap());
        let known = caller.post(&path, &json!({ "chunkCount": 3 })).expect(200);
        let known = known.json();
        assert_eq!(known["file"]["id"], described["id"]);
        assert_eq!(known["file"]["chunkCount"], 3);
        let count = |all: &serde_json::Value| all.as_array().unwrap().len();
        assert_eq!(count(&all()), count(&before));
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

fn content_is_private() {
    for caller in both_forms() {
        let id = caller.demo.source_file;
        let path = format!("files/{id}");
        let other = caller.other(&caller.demo.second);
        caller.upload(id, "mine");
        other.get(&path).expect(404);
        assert_eq!(other.file(id)["chunkCount"], 0);
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
        assert_eq!(caller.file(id)["chunkCount"], 1);
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
        caller.put_chunk(id, 0, "mine").expect(404);
        caller.chunk_count(id, 1).expect(200);
        caller.put_chunk(id, 0, "mine").expect(204);
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
        caller.put_chunk(id, 0, "Region,Co").expect(204);
        caller.put_chunk(id, 1, "de\nNorth,N\n").expect(204);
        let whole = caller.get(&format!("files/{id}")).expect(200);
        assert_eq!(whole.content_type(), Some("application/octet-stream"));
        let mut joined = String::new();
        for chunk in caller.chunks(id).unwrap() {
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
        assert_eq!(caller.file(id)["chunkCount"], 0);
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
        let described = caller.file(export);
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
        assert_eq!(caller.chunks(export).unwrap(), ["0"]);
        caller.other(&caller.demo.second).get(&path).expect(404);
    }
}
