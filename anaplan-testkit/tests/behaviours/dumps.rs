//! What a run tells of its rows: details, and the dump of those that it could not use.

use serde_json::Value;

use crate::support::{Caller, HOUR, both_forms, value};
use crate::table::behaviours;

behaviours! {
    42, "D", "a dump is text/plain with the columns of the source between _Status_ and _Line_, then the errors"
        => a_dump_has_its_columns;
    42, "A", "the dump is its chunks put together, of at most 10 MB each, under dump and under dumps of a process"
        => a_dump_comes_in_chunks;
    42, "D", "only the last run of a user has its dump: a failing run replaces it, a clean one takes it away"
        => only_the_last_run_has_a_dump;
    42, "D", "a dump goes 48 hours after its last access, and the task goes on saying that it is available"
        => a_dump_lives_48_hours;
    42, "D", "the dump of a run without failures is answered 204, or 404 where the rules say so"
        => a_clean_run_has_no_dump;
    43, "J", "the values of a detail are names and values in turn, and may be null"
        => values_may_be_null;
    43, "D", "a run whose rows failed in part is successful and has a dump"
        => success_may_have_a_dump;
}

fn task(caller: &Caller, path: &str) -> Value {
    caller.get(path).expect(200).json()["task"].clone()
}

fn bad_import(caller: &Caller) -> String {
    caller.upload(caller.demo.bad_source_file, &caller.demo.bad_csv);
    format!("imports/{}", caller.demo.bad_import)
}

fn a_dump_has_its_columns() {
    for caller in both_forms() {
        let path = bad_import(&caller);
        let run = caller.start(&path);
        caller.follow(&run);
        let dump = caller.get(&format!("{run}/dump")).expect(200);
        assert_eq!(dump.content_type(), Some("text/plain"));
        let text = dump.text();
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some("_Status_,Region,Volume,Approved,_Line_,_Error_1_,_Error_2_")
        );
        let starts: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(
            starts,
            ["E", "E", "W"],
            "rows that were lost, and one used in part"
        );
    }
}

fn a_dump_comes_in_chunks() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        // Rows that fail, with long texts.
        let long = "x".repeat(200_000);
        let mut csv = String::from("Region,Volume,Approved\n");
        for row in 0..60 {
            csv.push_str(&format!("{row}{long},1,true\n"));
        }
        caller.upload(demo.bad_source_file, &csv);
        let process = caller.fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.process("P").step(demo.bad_import).id()
        });
        let alone = caller.start(&format!("imports/{}", demo.bad_import));
        caller.follow(&alone);
        assert_chunked(&caller, &format!("{alone}/dump"));
        let inside = caller.start(&format!("processes/{process}"));
        caller.follow(&inside);
        assert_chunked(&caller, &format!("{inside}/dumps/{}", demo.bad_import));
        caller
            .get(&format!("{inside}/dumps/{}", demo.good_import))
            .expect(404);
    }
}

fn assert_chunked(caller: &Caller, path: &str) {
    let whole = caller.get(path).expect(200).body;
    let list = caller.get(&format!("{path}/chunks")).expect(200).json();
    let ids = list["chunks"].as_array().unwrap();
    assert!(ids.len() > 1);
    let mut joined = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(id["id"], number.to_string());
        let chunk = caller.get(&format!("{path}/chunks/{number}")).expect(200);
        assert_eq!(chunk.content_type(), Some("text/plain"));
        assert!(chunk.body.len() <= 10_000_000);
        joined.extend_from_slice(&chunk.body);
    }
    assert!(joined == whole);
    caller
        .get(&format!("{path}/chunks/{}", ids.len()))
        .expect(404);
}

fn only_the_last_run_has_a_dump() {
    for caller in both_forms() {
        let path = bad_import(&caller);
        let (first, second) = (caller.start(&path), caller.start(&path));
        for run in [&first, &second] {
            assert_eq!(caller.follow(run)["result"]["failureDumpAvailable"], true);
        }
        caller.get(&format!("{first}/dump")).expect(404);
        caller.get(&format!("{second}/dump")).expect(200);
        // Another user's run is another user's dump.
        let other = caller.other(&caller.demo.second);
        other.upload(caller.demo.bad_source_file, &caller.demo.bad_csv);
        let third = other.start(&path);
        other.follow(&third);
        caller.get(&format!("{third}/dump")).expect(404);
        caller.get(&format!("{second}/dump")).expect(200);
        caller.upload(
            caller.demo.bad_source_file,
            "Region,Volume,Approved\nNorth,1,true\n",
        );
        assert_eq!(caller.run(&path)["failureDumpAvailable"], false);
        caller.get(&format!("{second}/dump")).expect(404);
        assert_eq!(
            task(&caller, &second)["result"]["failureDumpAvailable"],
            true
        );
    }
}

fn a_dump_lives_48_hours() {
    let caller = Caller::admin();
    caller
        .fake
        .world(|world| world.rules.token_life = HOUR * 24 * 30);
    let caller = Caller::signed_in(&caller.fake, &caller.demo.admin);
    let path = bad_import(&caller);
    let run = caller.start(&path);
    caller.follow(&run);
    for _ in 0..2 {
        caller.fake.advance(HOUR * 47);
        caller.get(&format!("{run}/dump/chunks/0")).expect(200);
    }
    caller.fake.advance(HOUR * 48);
    for gone in ["dump", "dump/chunks", "dump/chunks/0"] {
        caller.get(&format!("{run}/{gone}")).expect(404);
    }
    assert_eq!(task(&caller, &run)["result"]["failureDumpAvailable"], true);
}

fn a_clean_run_has_no_dump() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.source_file, &demo.good_csv);
        let run = caller.start(&format!("imports/{}", demo.good_import));
        caller.follow(&run);
        let dump = caller.get(&format!("{run}/dump")).expect(204);
        assert!(dump.body.is_empty());
        caller.get(&format!("{run}/dump/chunks")).expect(404);
        caller.fake.world(|world| world.rules.empty_dumps = false);
        caller.get(&format!("{run}/dump")).expect(404);
    }
}

fn values_may_be_null() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.sales_file, &demo.sales_csv);
        let result = caller.run(&format!("imports/{}", demo.sales_import));
        let detail = &result["details"][0];
        assert_eq!(value(detail, "moduleName"), "Sales");
        assert_eq!(value(detail, "moduleCode"), &Value::Null);
        assert_eq!(value(detail, "successRowCount"), "3");
        let values = detail["values"].as_array().unwrap();
        assert!(values.len() % 2 == 0 && values.iter().step_by(2).all(Value::is_string));
        assert!(detail["localMessageText"].is_string());
    }
}

fn success_may_have_a_dump() {
    for caller in both_forms() {
        let path = bad_import(&caller);
        let result = caller.run(&path);
        assert_eq!(result["successful"], true);
        assert_eq!(result["failureDumpAvailable"], true);
        let detail = &result["details"][0];
        assert_eq!(detail["type"], "lineItemRowsProcessedWithFailures");
        assert_eq!(value(detail, "failedCount"), "2");
        let codes = result["details"].as_array().unwrap()[1..].iter();
        for detail in codes {
            assert!(detail["type"].as_str().unwrap().starts_with("moduleImport"));
            assert!(detail["occurrences"].as_u64().unwrap() > 0);
        }
    }
}
