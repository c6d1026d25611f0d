//! Large reads of views and lists, and the preview of a list.

use std::time::Duration;

use anaplan_testkit::Pacing;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    53, "D", "a read request is answered 200 with its id, its state NOT_STARTED and its url, and no more"
        => a_read_begins;
    53, "D", "availablePages grows while a read is IN_PROGRESS, and its first pages can be fetched already"
        => pages_grow;
    53, "D", "a finished read is COMPLETE and successful; its pages together have the header once, or each where the rules say so"
        => pages_are_put_together;
    53, "D", "a read over the quota of its workspace is COMPLETE without success, and has no pages"
        => a_quota_makes_reads_fail;
    53, "D", "a read goes after 30 minutes, and only pages whose number is divisible by 100 keep it"
        => some_pages_keep_a_read;
    53, "D", "DELETE is answered 200 with CANCELLED for a running read and COMPLETE for a finished one, and 404 afterwards"
        => a_read_is_deleted;
    53, "D", "viewId and listId are numbers, the only ids that are"
        => two_ids_are_numbers;
    53, "D", "old and new export types are taken, and anything else is 400"
        => export_types_are_taken;
    54, "D", "lists are read the same way, with every property and subset in their columns"
        => lists_are_read_too;
    54, "D", "the preview of a list is CSV of at most 1,000 rows, for administrators"
        => a_preview_is_short;
}

fn view(caller: &Caller) -> String {
    format!("views/{}/readRequests", caller.demo.view)
}

fn list(caller: &Caller) -> String {
    format!("lists/{}/readRequests", caller.demo.list)
}

/// Makes a read, and gives its path and what was answered.
fn make(caller: &Caller, path: &str) -> (String, Value) {
    let answer = if path.starts_with("views") {
        caller.post(path, &json!({ "exportType": "TABULAR_MULTI_COLUMN" }))
    } else {
        caller.send(Method::POST, path, None, Bytes::new())
    };
    let made = request(answer);
    (
        format!("{path}/{}", made["requestId"].as_str().unwrap()),
        made,
    )
}

fn request(answer: Answer) -> Value {
    let answer = answer.expect(200).json();
    assert_eq!(
        answer["status"],
        json!({ "code": 200, "message": "Success" })
    );
    let mut read = ["viewReadRequest", "listReadRequest"].into_iter();
    read.find_map(|key| answer.get(key)).unwrap().clone()
}

fn page(caller: &Caller, read: &str, number: usize) -> Answer {
    caller.get_as(&format!("{read}/pages/{number}"), "text/csv")
}

fn a_read_begins() {
    for caller in both_forms() {
        for path in [view(&caller), format!("{}/", view(&caller))] {
            let (_, made) = make(&caller, &path);
            let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["requestId", "requestState", "url"]);
            assert_eq!(made["requestState"], "NOT_STARTED");
            let id = made["requestId"].as_str().unwrap();
            let upper = |c: u8| c.is_ascii_digit() || (b'A'..=b'F').contains(&c);
            assert!(id.len() == 32 && id.bytes().all(upper));
            let url = made["url"].as_str().unwrap();
            assert!(url.ends_with(&format!("/readRequests/{id}")) && !url.contains("//views"));
        }
    }
}

fn pages_grow() {
    for caller in both_forms() {
        caller.fake.world(|world| {
            world.rules.pacing = Pacing::Polls(3);
            world.rules.rows_per_page = 1;
        });
        let (read, made) = make(&caller, &view(&caller));
        assert!(made["url"].as_str().unwrap().ends_with(&read));
        page(&caller, &read, 0).expect(404);
        let mut seen = Vec::new();
        let mut successes = Vec::new();
        for _ in 0..3 {
            let status = request(caller.get(&read));
            let available = status["availablePages"].as_u64().unwrap();
            seen.push((status["requestState"].clone(), available));
            successes.push(status["successful"] == true);
            assert!(status["successful"].is_boolean());
            assert_eq!(status["viewId"].as_u64(), Some(caller.demo.view));
            page(&caller, &read, 0).expect(200);
            page(&caller, &read, usize::try_from(available).unwrap()).expect(404);
        }
        assert_eq!(
            seen,
            [
                (json!("IN_PROGRESS"), 1),
                (json!("IN_PROGRESS"), 2),
                (json!("COMPLETE"), 4)
            ]
        );
        assert_eq!(successes, [false, false, true]);
        // One header over all pages together.
        let pages = (0..4).map(|number| page(&caller, &read, number).expect(200).text());
        let whole: String = pages.collect();
        assert_eq!(whole.lines().count(), 5);
        assert!(whole.starts_with("Regions,Volume,Price") && whole.contains("\nWorld,264.6,"));
        caller
            .get_as(&format!("{read}/pages/x"), "text/csv")
            .expect(404);
        let made = caller
            .fake
            .world(|world| world.books().read_requests_made.len());
        assert_eq!(made, 1);
    }
}

fn pages_are_put_together() {
    for caller in both_forms() {
        caller.fake.world(|world| {
            world.rules.pacing = Pacing::Instant;
            world.rules.rows_per_page = 2;
        });
        let whole = || {
            let (read, made) = make(&caller, &view(&caller));
            assert_eq!(
                (&made["requestState"], &made["successful"]),
                (&json!("COMPLETE"), &json!(true))
            );
            assert_eq!(made["availablePages"], 2);
            let pages = [0, 1].map(|number| page(&caller, &read, number).expect(200));
            assert!(
                pages
                    .iter()
                    .all(|page| page.content_type() == Some("text/csv"))
            );
            pages.map(|page| page.text())
        };
        let once = whole();
        assert!(once[0].starts_with("Regions,Volume,Price") && once[1].starts_with("West,64.6"));
        caller.fake.world(|world| world.rules.repeat_headers = true);
        let each = whole();
        assert_eq!(each[0], once[0]);
        assert!(each[1].starts_with("Regions,Volume,Price") && each[1].ends_with(&once[1]));
    }
}

fn a_quota_makes_reads_fail() {
    for caller in both_forms() {
        caller.fake.world(|world| world.rules.read_quota = Some(1));
        let (first, _) = make(&caller, &view(&caller));
        let (second, _) = make(&caller, &list(&caller));
        for _ in 0..2 {
            caller.get(&first).expect(200);
            caller.get(&second).expect(200);
        }
        let good = request(caller.get(&first));
        assert_eq!(
            (&good["requestState"], &good["successful"]),
            (&json!("COMPLETE"), &json!(true))
        );
        let failed = request(caller.get(&second));
        assert_eq!(failed["requestState"], "COMPLETE");
        assert_eq!(
            (&failed["successful"], &failed["availablePages"]),
            (&json!(false), &json!(0))
        );
        page(&caller, &second, 0).expect(404);
        for read in [first, second] {
            caller.delete(&read).expect(200);
        }
        let (third, _) = make(&caller, &list(&caller));
        caller.get(&third).expect(200);
        assert_eq!(request(caller.get(&third))["successful"], true);
    }
}

fn some_pages_keep_a_read() {
    let caller = Caller::admin();
    caller.fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        world.rules.rows_per_page = 1;
        world.rules.token_life = Duration::from_secs(24 * 3600);
        let mut edit = world.edit(&caller.demo.dev);
        let names = (0..200).map(|number| format!("Region {number}"));
        edit.edit_list(caller.demo.list).items(names);
    });
    let caller = Caller::signed_in(&caller.fake, &caller.demo.admin);
    let (read, _) = make(&caller, &list(&caller));
    let after = |minutes: u64, number: usize| {
        caller.fake.advance(Duration::from_secs(minutes * 60));
        page(&caller, &read, number).status.as_u16()
    };
    assert_eq!(after(29, 0), 200);
    assert_eq!(after(29, 100), 200);
    assert_eq!(after(29, 101), 200);
    // Neither that page nor a look at the state has kept it.
    caller.get(&read).expect(200);
    assert_eq!(after(1, 200), 404);
    caller.get(&read).expect(404);
}

fn a_read_is_deleted() {
    for caller in both_forms() {
        for path in [view(&caller), list(&caller)] {
            let (running, _) = make(&caller, &path);
            caller.get(&running).expect(200);
            assert_eq!(
                request(caller.delete(&running))["requestState"],
                "CANCELLED"
            );
            let (finished, _) = make(&caller, &path);
            caller.get(&finished).expect(200);
            assert_eq!(request(caller.get(&finished))["requestState"], "COMPLETE");
            assert_eq!(
                request(caller.delete(&finished))["requestState"],
                "COMPLETE"
            );
            for gone in [running, finished] {
                caller.get(&gone).expect(404);
                caller.delete(&gone).expect(404);
                page(&caller, &gone, 0).expect(404);
            }
        }
        assert_eq!(caller.fake.world(|world| world.read_requests_kept()), 0);
    }
}

fn two_ids_are_numbers() {
    for caller in both_forms() {
        let (read, _) = make(&caller, &view(&caller));
        assert_eq!(
            request(caller.get(&read))["viewId"],
            json!(caller.demo.view)
        );
        let (read, _) = make(&caller, &list(&caller));
        assert_eq!(
            request(caller.get(&read))["listId"],
            json!(caller.demo.list)
        );
    }
}

fn export_types_are_taken() {
    for caller in both_forms() {
        let post = |body: Value| caller.post(&view(&caller), &body);
        for layout in [
            "GRID_ALL_PAGES",
            "GRID_CURRENT_PAGE",
            "TABULAR_SINGLE_ITEMS",
            "TABULAR_SINGLE_COLUMN",
            "TABULAR_MULTI_COLUMN",
        ] {
            post(json!({ "exportType": layout })).expect(200);
        }
        for bad in [
            json!({}),
            json!({ "exportType": "PIE" }),
            json!({ "exportType": 1 }),
            json!({ "exportType": "GRID_ALL_PAGES", "x": 1 }),
        ] {
            post(bad).expect(400);
        }
        let kind = Some("application/json");
        caller
            .send(Method::POST, &view(&caller), kind, Bytes::new())
            .expect(400);
    }
}

fn lists_are_read_too() {
    for caller in both_forms() {
        caller.pace(Pacing::Instant);
        let (read, made) = make(&caller, &list(&caller));
        assert_eq!(made["availablePages"], 1);
        let text = page(&caller, &read, 0).expect(200).text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "id,name,code,parent,Manager,Headroom,Coastal");
        assert_eq!(lines.len(), 4);
        assert!(lines[1].contains(",North,N,"));
        caller.fake.world(|world| {
            world.rules.rows_per_page = 2;
            world.rules.repeat_headers = true;
        });
        let (read, _) = make(&caller, &list(&caller));
        for number in 0..2 {
            let text = page(&caller, &read, number).expect(200).text();
            assert!(text.starts_with("id,name"), "{text}");
        }
        caller
            .send(Method::POST, "lists/1/readRequests", None, Bytes::new())
            .expect(404);
    }
}

fn a_preview_is_short() {
    for caller in both_forms() {
        let list = caller.demo.empty_list;
        let path = format!("lists/{list}/preview");
        let fill = |range: std::ops::Range<usize>| {
            caller.fake.world(|world| {
                let names = range.map(|number| format!("C{number}"));
                world.edit(&caller.demo.dev).edit_list(list).items(names);
            });
        };
        fill(0..3);
        let preview = caller.get(&path).expect(200);
        assert_eq!(preview.content_type(), Some("text/csv"));
        assert_eq!(preview.text().lines().count(), 1 + 3);
        fill(3..1_200);
        assert_eq!(
            caller.get(&path).expect(200).text().lines().count(),
            1 + 1_000
        );
        caller.other(&caller.demo.limited).get(&path).expect(403);
    }
}
