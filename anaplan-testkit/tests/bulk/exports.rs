use serde_json::{Value, json};

use crate::support::{Caller, both_forms};

#[test]
fn exports_are_listed_and_described() {
    for caller in both_forms() {
        let demo = &caller.demo;
        let list = caller.get("exports").expect(200).json();
        let export = list["exports"].as_array().unwrap().iter();
        let export = export
            .clone()
            .find(|export| export["id"] == demo.export.to_string())
            .unwrap();
        assert_eq!(export["exportType"], "TABULAR_MULTI_COLUMN");
        assert_eq!(export["exportFormat"], "text/csv");
        let one = caller
            .get(&format!("exports/{}", demo.export))
            .expect(200)
            .json();
        let metadata = &one["exportMetadata"];
        let columns = metadata["columnCount"].as_u64().unwrap();
        assert_eq!(
            metadata["headerNames"].as_array().unwrap().len() as u64,
            columns
        );
        assert_eq!(
            metadata["dataTypes"].as_array().unwrap().len() as u64,
            columns
        );
        assert_eq!(metadata["listNames"], json!(["Regions"]));
        assert_eq!(metadata["rowCount"], 3);
        caller.get("exports/116999999999").expect(404);
    }
}

#[test]
fn an_export_writes_what_is_in_the_world_for_the_one_who_ran_it() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        let file = format!("files/{}", demo.export);
        caller.get(&file).expect(404);
        let result = caller.run(&format!("exports/{}", demo.export));
        assert_eq!(result["successful"], true);
        assert_eq!(result["details"][0]["type"], "exportSucceeded");
        let text = caller.get(&file).expect(200).text();
        let mut lines = text.lines();
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with("Regions,Volume,Price,Revenue,")
        );
        assert!(
            lines.next().unwrap().starts_with("North,120,400,48000,"),
            "{text}"
        );
        assert_eq!(lines.count(), 2);
        let chunks = caller.get(&format!("{file}/chunks")).expect(200).json();
        assert_eq!(chunks["chunks"].as_array().unwrap().len(), 1);
        assert_eq!(caller.get(&format!("{file}/chunks/0")).text(), text);
        caller.other(&demo.second).get(&file).expect(404);
    }
}

#[test]
fn a_list_is_exported_with_codes_parents_and_properties() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.upload(demo.source_file, &demo.good_csv);
    caller.run(&format!("imports/{}", demo.good_import));
    caller.run(&format!("exports/{}", demo.list_export));
    let text = caller.get(&format!("files/{}", demo.list_export)).text();
    assert!(
        text.starts_with("Regions,Code,Parent,Manager,Headroom\r\n"),
        "{text}"
    );
    assert!(
        text.contains("East,E,World,\"Lovelace, Ada\",7.5\r\n"),
        "{text}"
    );
}

#[test]
fn running_an_export_again_replaces_the_file() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let export = format!("exports/{}", demo.list_export);
    caller.run(&export);
    caller.fake.world(|world| {
        world
            .edit(&demo.dev)
            .edit_list(demo.list)
            .item("Antarctica")
    });
    caller.run(&export);
    let text = caller.get(&format!("files/{}", demo.list_export)).text();
    assert!(text.contains("Antarctica"));
}

#[test]
fn a_large_export_comes_in_chunks_of_ten_megabytes() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let export = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        edit.export("Transactions").of_bytes(25_000_000).id()
    });
    caller.run(&format!("exports/{export}"));
    let chunks = caller
        .get(&format!("files/{export}/chunks"))
        .expect(200)
        .json();
    assert_eq!(chunks["chunks"].as_array().unwrap().len(), 3);
    let whole = caller.get(&format!("files/{export}")).expect(200).body;
    assert_eq!(whole.len(), 25_000_000);
    let mut joined = Vec::new();
    for chunk in 0..3 {
        let chunk = caller
            .get(&format!("files/{export}/chunks/{chunk}"))
            .expect(200);
        assert!(chunk.body.len() <= 10_000_000);
        joined.extend_from_slice(&chunk.body);
    }
    assert!(joined == whole);
    caller.get(&format!("files/{export}/chunks/3")).expect(404);
}

#[test]
fn an_export_of_what_is_gone_fails() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller
        .fake
        .world(|world| world.edit(&demo.dev).remove_module(demo.module));
    let result = caller.run(&format!("exports/{}", demo.export));
    assert_eq!(result["successful"], false);
    assert_eq!(result["failureDumpAvailable"], false);
    caller.get(&format!("files/{}", demo.export)).expect(404);
    assert_eq!(result.get("nestedResults"), None::<&Value>);
}
