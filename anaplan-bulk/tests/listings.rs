//! Objects of a model: listed, described and found by name.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_bulk::{ActionId, FileId, TableFormat};
use support::stage;

#[tokio::test(start_paused = true)]
async fn what_a_model_has_is_listed_and_described() {
    let (_, demo, bulk) = stage();
    let imports = bulk
        .get_imports()
        .with(|list| list.data_source())
        .await
        .unwrap();
    let import = imports
        .iter()
        .find(|import| import.id == ActionId::from(demo.good_import))
        .unwrap();
    assert_eq!(
        import.source_file().unwrap(),
        FileId::from(demo.source_file)
    );
    let metadata = bulk.get_import_metadata(demo.good_import).await.unwrap();
    let source = metadata.source.unwrap();
    assert_eq!(
        source.header_names,
        ["Region", "Code", "Manager", "Headroom"]
    );
    let _: TableFormat = source.table_format().unwrap();
    let export = bulk.find_export("Sales").await.unwrap();
    assert_eq!(export.file(), FileId::from(demo.export));
    let metadata = bulk.get_export_metadata(demo.export).await.unwrap();
    assert_eq!(metadata.header_names[0], "Regions");
    let process = bulk.get_process_metadata(demo.process).await.unwrap();
    assert_eq!(process.steps.len(), 3);
    assert_eq!(
        bulk.find_process("Nightly Load").await.unwrap().id,
        ActionId::from(demo.process)
    );
    assert_eq!(
        bulk.find_import("Load Sales").await.unwrap().id,
        ActionId::from(demo.sales_import)
    );
    assert_eq!(
        bulk.find_action("Sort Regions").await.unwrap().id,
        ActionId::from(demo.action)
    );
    assert_eq!(
        bulk.find_file("regions.csv").await.unwrap().id,
        FileId::from(demo.source_file)
    );
    assert_eq!(bulk.get_dashboards().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lists_longer_than_a_page_come_whole_and_in_order() {
    let (fake, demo, bulk) = stage();
    fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        for number in 0..250 {
            edit.file(format!("file {number:03}.csv"));
        }
        world.rules.page_cap = 20;
    });
    let files = bulk
        .get_files()
        .with(|list| list.sort("name"))
        .await
        .unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("file "))
            .count(),
        250
    );
    assert!(
        names.is_sorted_by_key(|name| name.to_lowercase()),
        "{names:?}"
    );
}
