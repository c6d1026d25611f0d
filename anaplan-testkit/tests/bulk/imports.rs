use anaplan_testkit::world::{CellValue, Encoding, ModelState};
use serde_json::{Value, json};

use crate::support::{Caller, both_forms, value};

fn item(caller: &Caller, list: u64, name: &str) -> Option<anaplan_testkit::world::ListItem> {
    let dev = caller.demo.dev.clone();
    caller.fake.world(|world| {
        let items = &world.model(&dev).unwrap().items[&list];
        items.by_name(name).cloned()
    })
}

fn cell(caller: &Caller, line_item: u64, items: &[u64]) -> Option<CellValue> {
    let dev = caller.demo.dev.clone();
    let at = (line_item, items.to_vec());
    caller
        .fake
        .world(|world| world.model(&dev).unwrap().cells.get(&at).cloned())
}

#[test]
fn imports_are_listed_and_described() {
    for caller in both_forms() {
        let demo = &caller.demo;
        let list = caller
            .get("imports/?showImportDataSource=true")
            .expect(200)
            .json();
        let imports = list["imports"].as_array().unwrap();
        let find = |id: u64| imports.iter().find(|import| import["id"] == id.to_string());
        let import = find(demo.good_import).unwrap();
        assert_eq!(import["importType"], "HIERARCHY_DATA");
        assert_eq!(import["importDataSourceId"], demo.source_file.to_string());
        assert_eq!(import["importDataSource"]["type"], "FILE");
        assert_eq!(find(demo.bad_import).unwrap()["importType"], "MODULE_DATA");
        let one = caller
            .get(&format!("imports/{}", demo.good_import))
            .expect(200)
            .json();
        let metadata = &one["importMetadata"];
        assert_eq!(
            (&metadata["name"], &metadata["type"]),
            (&json!("Load Regions"), &json!("FILE"))
        );
        assert_eq!(metadata["source"]["columnCount"], 4);
        assert_eq!(metadata["source"]["headerNames"][0], "Region");
        assert!(metadata.get("id").is_none());
        caller.get("imports/112999999999").expect(500);
        caller.get("imports/nonsense").expect(404);
    }
}

#[test]
fn an_import_into_a_list_adds_and_changes_items() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.source_file, &demo.good_csv);
        let result = caller.run(&format!("imports/{}", demo.good_import));
        assert_eq!(result["successful"], true);
        assert_eq!(result["failureDumpAvailable"], false);
        assert_eq!(result["objectName"], "Load Regions");
        let detail = &result["details"][0];
        assert_eq!(detail["type"], "hierarchyRowsProcessed");
        assert_eq!(value(detail, "hierarchyName"), "Regions");
        assert_eq!(value(detail, "successRowCount"), "3");
        assert_eq!(value(detail, "successCreateCount"), "2");
        let east = item(&caller, demo.list, "East").unwrap();
        assert_eq!(east.code.as_deref(), Some("E"));
        assert_eq!(east.properties["Manager"], "Lovelace, Ada");
        let north = item(&caller, demo.list, "North").unwrap();
        assert_eq!(north.properties["Headroom"], "12");
        // Nothing is left to do the second time.
        let again = caller.run(&format!("imports/{}", demo.good_import));
        assert_eq!(again["details"][0]["type"], "hierarchyNoChanges");
        assert_eq!(value(&again["details"][0], "ignoredCount"), "3");
        let done = caller.fake.world(|world| world.books().runs_done.clone());
        assert_eq!(done.iter().map(|run| run.rows).collect::<Vec<_>>(), [3, 0]);
    }
}

#[test]
fn an_import_into_a_module_writes_cells() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.upload(demo.sales_file, &demo.sales_csv);
    let result = caller.run(&format!("imports/{}", demo.sales_import));
    assert_eq!(result["details"][0]["type"], "lineItemRowsProcessed");
    let west = item(&caller, demo.list, "West").unwrap().id;
    assert_eq!(
        cell(&caller, demo.line_item, &[west]),
        Some(CellValue::Number(1040.0))
    );
    let detail = &result["details"][0];
    assert_eq!(value(detail, "moduleCode"), &Value::Null);
}

#[test]
fn bad_rows_are_told_with_line_column_and_reason_and_the_rest_is_used() {
    for caller in both_forms() {
        let demo = caller.demo.clone();
        caller.upload(demo.bad_source_file, &demo.bad_csv);
        let task = caller.start(&format!("imports/{}", demo.bad_import));
        let result = caller.follow(&task)["result"].clone();
        assert_eq!(result["successful"], true);
        assert_eq!(result["failureDumpAvailable"], true);
        assert_eq!(
            result["details"][0]["type"],
            "lineItemRowsProcessedWithFailures"
        );
        assert_eq!(value(&result["details"][0], "failedCount"), "2");
        let kinds: Vec<&str> = result["details"]
            .as_array()
            .unwrap()
            .iter()
            .map(|detail| detail["type"].as_str().unwrap())
            .collect();
        assert!(kinds.contains(&"moduleImportInvalidListIdentifier"));
        let dump = caller.get(&format!("{task}/dump")).expect(200);
        assert_eq!(dump.content_type(), Some("text/plain"));
        assert_eq!(
            dump.text(),
            "_Status_,Region,Volume,Approved,_Line_,_Error_1_,_Error_2_\r\n\
             E,Narnia,5,true,3,Region: 'Narnia' is not an item,\r\n\
             E,South,many,perhaps,4,Volume: 'many' is not a number,Approved: 'perhaps' is not a boolean\r\n\
             W,West,1,maybe,5,Approved: 'maybe' is not a boolean,\r\n"
        );
        let chunks = caller
            .get(&format!("{task}/dump/chunks"))
            .expect(200)
            .json();
        assert_eq!(chunks["chunks"], json!([{ "id": "0", "name": "Chunk 0" }]));
        let chunk = caller.get(&format!("{task}/dump/chunks/0")).expect(200);
        assert_eq!(
            (chunk.content_type(), &chunk.body),
            (Some("text/plain"), &dump.body)
        );
        caller.get(&format!("{task}/dump/chunks/1")).expect(404);
        let west = item(&caller, demo.list, "West").unwrap().id;
        assert_eq!(
            cell(&caller, demo.line_item, &[west]),
            Some(CellValue::Number(1.0))
        );
    }
}

#[test]
fn without_content_an_import_fails_and_says_why() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let import = format!("imports/{}", demo.good_import);
    let why = |result: &Value| result["details"][0]["type"].clone();
    let result = caller.run(&import);
    assert_eq!(result["successful"], false);
    assert_eq!(why(&result), "uploadedFileNoLongerAvailable");
    // Nor is an upload used that has not been completed.
    caller.chunk_count(demo.source_file, -1).expect(200);
    let chunk = format!("files/{}/chunks/0", demo.source_file);
    caller.put(&chunk, demo.good_csv.clone()).expect(204);
    assert_eq!(why(&caller.run(&import)), "uploadedFileNoLongerAvailable");
    // Nor what somebody else has uploaded.
    caller.upload(demo.source_file, &demo.good_csv);
    let second = caller.other(&demo.second);
    assert_eq!(why(&second.run(&import)), "uploadedFileNoLongerAvailable");
    assert_eq!(caller.run(&import)["successful"], true);
}

#[test]
fn chunks_are_read_as_one_text_wherever_they_are_cut() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let file = demo.source_file;
    let bytes = demo.good_csv.as_bytes();
    caller
        .chunk_count(file, i64::try_from(bytes.len()).unwrap())
        .expect(200);
    for (at, byte) in bytes.iter().enumerate().rev() {
        caller
            .put_gzip(&format!("files/{file}/chunks/{at}"), &[*byte])
            .expect(204);
    }
    let result = caller.run(&format!("imports/{}", demo.good_import));
    assert_eq!(result["failureDumpAvailable"], false);
    let central = item(&caller, demo.list, "Central").unwrap();
    assert_eq!(central.properties["Manager"], "Émilie du Châtelet");
}

#[test]
fn a_missing_column_fails_the_whole_import() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.upload(demo.source_file, "Region,Code\nOslo,O\n");
    let result = caller.run(&format!("imports/{}", demo.good_import));
    assert_eq!(
        (&result["successful"], &result["details"][0]["type"]),
        (&json!(false), &json!("missingFields"))
    );
    assert!(item(&caller, demo.list, "Oslo").is_none());
}

#[test]
fn list_imports_check_keys_parents_and_names() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (file, import) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("stores.csv").id();
        let import = edit
            .import("Load Stores")
            .from_file(file)
            .into_list(demo.child_list)
            .name_from("Store")
            .code_from("Code")
            .parent_from("Region")
            .id();
        (file, import)
    });
    let long = "x".repeat(61);
    let text = format!(
        "Store,Code,Region\nOslo,1,North\nRome,2,s\nCairo,3,Nowhere\nNoCode,,North\n{long},4,North\nOslo,5,West\n\"Bad\"x,6,West\nTop,7,World\n"
    );
    caller.upload(file, &text);
    let task = caller.start(&format!("imports/{import}"));
    let result = caller.follow(&task)["result"].clone();
    assert_eq!(value(&result["details"][0], "successRowCount"), "3");
    assert_eq!(value(&result["details"][0], "failedCount"), "5");
    let kinds: Vec<&str> = result["details"].as_array().unwrap()[1..]
        .iter()
        .map(|detail| detail["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "columnSeparatorExpected",
            "hierarchyImportEmptyKey",
            "hierarchyImportInvalidName",
            "hierarchyImportInvalidParent",
            "hierarchyImportNameOrCodeExists",
        ]
    );
    let oslo = item(&caller, demo.child_list, "Oslo").unwrap();
    let north = item(&caller, demo.list, "North").unwrap();
    assert_eq!(oslo.parent, Some(north.id));
    assert_eq!(item(&caller, demo.child_list, "Top").unwrap().parent, None);
    let dump = caller.get(&format!("{task}/dump")).expect(200).text();
    assert!(dump.contains("E,Cairo,3,Nowhere,4,Stores: Parent 'Nowhere' does not exist"));
}

#[test]
fn numbered_lists_grow_by_every_row_without_a_known_code() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (file, import) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("deals.csv").id();
        let import = edit
            .import("Load Deals")
            .from_file(file)
            .into_list(demo.numbered_list)
            .property_from("Amount", "Amount")
            .id();
        (file, import)
    });
    caller.upload(file, "Amount\n10\n20\n");
    caller.run(&format!("imports/{import}"));
    caller.run(&format!("imports/{import}"));
    let names: Vec<String> = caller.fake.world(|world| {
        let items = &world.model(&demo.dev).unwrap().items[&demo.numbered_list];
        items.iter().map(|item| item.name.clone()).collect()
    });
    assert_eq!(names, ["#1", "#2", "#3", "#4"]);
}

#[test]
fn files_are_read_as_they_are_described() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (file, import) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit
            .file("old.txt")
            .encoding(Encoding::Utf16Le)
            .separator(';')
            .delimiter('\'')
            .decimal_separator(',')
            .rows(2, 4)
            .id();
        let import = edit
            .import("Load old sales")
            .from_file(file)
            .into_module(demo.module)
            .dimension_from(demo.list, "Gebiet")
            .line_item_from("Menge", demo.line_item)
            .id();
        (file, import)
    });
    let text = "Report of 2020\nGebiet;Menge\n---;---\n'North';1.234,5\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    caller.put(&format!("files/{file}"), bytes).expect(204);
    let result = caller.run(&format!("imports/{import}"));
    assert_eq!(result["failureDumpAvailable"], false);
    let north = demo.cell_dimensions[0].1;
    assert_eq!(
        cell(&caller, demo.line_item, &[north]),
        Some(CellValue::Number(1234.5))
    );
}

#[test]
fn what_an_import_asks_is_answered_by_mapping_parameters_which_are_written_down() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (file, import) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("one.csv").id();
        let import = edit
            .import("Load one region")
            .from_file(file)
            .into_module(demo.module)
            .dimension_asked(demo.list, "Region")
            .line_item_from("Volume", demo.line_item)
            .id();
        (file, import)
    });
    caller.upload(file, "Volume\n77\n");
    let unanswered = caller.run(&format!("imports/{import}"));
    assert_eq!(unanswered["details"][0]["type"], "failedToLocateEntity");
    let body = json!({
        "localeName": "en_US",
        "mappingParameters": [{ "entityType": "Region", "entityName": "South" }],
        "connectorParameters": [
            { "sourceIdOrType": "UPLOADED_FILE", "parameterId": "PASSWORD", "value": "hunter2" },
        ],
    });
    let started = caller
        .post(&format!("imports/{import}/tasks"), &body)
        .expect(200)
        .json();
    let task = started["task"]["taskId"].as_str().unwrap();
    let task = format!("imports/{import}/tasks/{task}");
    assert_eq!(caller.follow(&task)["result"]["successful"], true);
    let south = item(&caller, demo.list, "South").unwrap().id;
    assert_eq!(
        cell(&caller, demo.line_item, &[south]),
        Some(CellValue::Number(77.0))
    );
    let books = caller
        .fake
        .world(|world| format!("{:?}", world.books().runs_started));
    assert!(books.contains("South") && books.contains("PASSWORD") && !books.contains("hunter2"));
}

#[test]
fn lists_of_the_structure_are_closed_to_imports_in_a_deployed_model() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let (file, import) = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let file = edit.file("products.csv").id();
        let import = edit
            .import("Load Products")
            .from_file(file)
            .into_list(demo.structural_list)
            .name_from("Name")
            .id();
        (file, import)
    });
    caller.upload(file, "Name\nTricycles\n");
    caller
        .fake
        .world(|world| world.set_state(&demo.dev, ModelState::Production));
    let result = caller.run(&format!("imports/{import}"));
    assert_eq!(result["successful"], false);
    assert_eq!(result["details"][0]["type"], "hierarchyImportFailed");
    assert!(item(&caller, demo.structural_list, "Tricycles").is_none());
    caller
        .fake
        .world(|world| world.set_state(&demo.dev, ModelState::Unlocked));
    assert_eq!(caller.run(&format!("imports/{import}"))["successful"], true);
    assert!(item(&caller, demo.structural_list, "Tricycles").is_some());
}

#[test]
fn a_model_is_read_by_another_ones_import() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    let import = caller.fake.world(|world| {
        let employees = world.model(&demo.unrelated).unwrap().structure.lists[0].id;
        let mut edit = world.edit(&demo.dev);
        edit.import("Employees as Campaigns")
            .from_model(&demo.unrelated, employees)
            .into_list(demo.empty_list)
            .name_from("Employees")
            .id()
    });
    let metadata = caller.get(&format!("imports/{import}")).expect(200).json();
    let metadata = &metadata["importMetadata"];
    assert_eq!(
        (&metadata["type"], metadata.get("source")),
        (&json!("MODEL"), None)
    );
    assert_eq!(caller.run(&format!("imports/{import}"))["successful"], true);
    assert!(item(&caller, demo.empty_list, "Ada").is_some());
    caller
        .fake
        .world(|world| world.set_state(&demo.unrelated, ModelState::Archived));
    let result = caller.run(&format!("imports/{import}"));
    assert_eq!(result["details"][0]["type"], "sourceModelArchived");
    caller
        .fake
        .world(|world| world.delete_model(&demo.unrelated));
    let result = caller.run(&format!("imports/{import}"));
    assert_eq!(result["details"][0]["type"], "failedToLocateModel");
}

#[test]
fn a_role_that_may_not_write_a_module_may_not_import_into_it() {
    let caller = Caller::admin();
    let demo = caller.demo.clone();
    caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let role = edit.role("Planner");
        edit.edit_role(role, |role| {
            role.write.remove(&demo.module);
        });
    });
    let limited = caller.other(&demo.limited);
    limited.upload(demo.sales_file, &demo.sales_csv);
    let result = limited.run(&format!("imports/{}", demo.sales_import));
    assert_eq!(result["details"][0]["type"], "moduleImportNoWriteAccess");
}
