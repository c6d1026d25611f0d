//! Moves data in and out of a model: upload, import, what of it was refused, a process, exports.
//!
//! `cargo run --example moving_data`. Needs no credentials: it plays on the embedded fake.

#![allow(clippy::print_stdout)]

use std::error::Error;

use anaplan::Client;
use anaplan::bulk::{ActionResult, Bulk, Content};
use anaplan_testkit::{Demo, FakeAnaplan};
use serde::Deserialize;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let fake = FakeAnaplan::in_process();
    let (demo, admin) = (fake.demo(), fake.admin());
    let client = Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .model_id(&demo.dev)
        .build()?;
    let bulk = client.bulk()?;

    import(&bulk, &demo).await?;
    import_with_errors(&bulk, &demo).await?;
    process_with_a_failing_step(&bulk, &demo).await?;
    export(&bulk, &demo).await
}

async fn import(bulk: &Bulk, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let total = demo.good_csv.len();
    let done = bulk
        .upload_file(demo.source_file, Content::text(&demo.good_csv))
        .on_progress(move |state| println!("uploaded {} of {total} bytes", state.sent_bytes()))
        .await?;
    println!(
        "the file has {} bytes in {} chunks",
        done.bytes, done.chunks
    );

    let before = regions(bulk, demo).await?;
    let task = bulk.run_import(demo.good_import).await?;
    let outcome = task
        .wait_with(|status| println!("import: {}", status.task_state))
        .await?;
    for detail in outcome.details() {
        println!("  {}", detail.local_message_text.as_deref().unwrap_or(""));
    }
    for region in regions(bulk, demo).await? {
        if !before.contains(&region) {
            println!("  new or changed: {region:?}");
        }
    }
    Ok(())
}

/// The import uses what it can, succeeds, and keeps a dump of the rest.
async fn import_with_errors(bulk: &Bulk, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let outcome = bulk
        .upload_and_import(
            demo.bad_source_file,
            Content::text(&demo.bad_csv),
            demo.bad_import,
        )
        .await?;
    println!(
        "an import with errors; is there a dump? {}",
        outcome.failure_dump_available()
    );
    let mut rows = bulk.get_dump(&outcome.task).dump_rows();
    while let Some(row) = rows.next_row().await {
        let row = row?;
        let columns: Vec<_> = row
            .columns
            .iter()
            .map(|(column, value)| format!("{column}={value}"))
            .collect();
        println!(
            "  {} line {}: {}: {}",
            row.status,
            row.line.unwrap_or_default(),
            columns.join(" "),
            row.errors.join("; ")
        );
    }
    Ok(())
}

/// A run without success comes out of `wait` as an error, with the results of all steps.
async fn process_with_a_failing_step(bulk: &Bulk, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let task = bulk.run_process(demo.bad_process).await?;
    let Err(error) = task.wait().await else {
        return Err("the process was meant to fail".into());
    };
    println!("{error}");
    let result = ActionResult::of(&error).ok_or("the server gave no result")?;
    for step in &result.nested_results {
        println!(
            "  {}: {}",
            step.object_name.as_deref().unwrap_or("?"),
            if step.successful { "done" } else { "failed" }
        );
        if let (true, Some(id)) = (step.failure_dump_available, &step.object_id) {
            let mut rows = bulk.get_process_dump(task.address(), id).dump_rows();
            while let Some(row) = rows.next_row().await {
                let row = row?;
                let line = row.line.unwrap_or_default();
                println!("    line {line}: {}", row.errors.join("; "));
            }
        }
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
struct Sales {
    #[serde(rename = "Regions")]
    region: String,
    #[serde(rename = "Volume")]
    volume: f64,
    #[serde(rename = "Revenue")]
    revenue: f64,
}

async fn export(bulk: &Bulk, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let mut rows = bulk.export_rows::<Sales>(demo.export).await?;
    println!("sales:");
    while let Some(row) = rows.next_row().await {
        let Sales {
            region,
            volume,
            revenue,
        } = row?;
        println!("  {region}: {volume} sold for {revenue}");
    }

    let path = std::env::temp_dir().join("anaplan-sales.csv");
    let size = bulk.export_and_download(demo.export).save_to(&path).await?;
    println!("the same: {size} bytes in {}", path.display());
    // And back again, from the disk.
    let back = bulk
        .upload_file(demo.sales_file, Content::file(&path))
        .await?;
    println!("sent back {} bytes", back.bytes);
    Ok(())
}

#[derive(Debug, Deserialize, PartialEq)]
struct Region {
    #[serde(rename = "Regions")]
    name: String,
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Manager")]
    manager: String,
}

/// The list of regions, as an export writes it.
async fn regions(bulk: &Bulk, demo: &Demo) -> Result<Vec<Region>, Box<dyn Error>> {
    let mut rows = bulk.export_rows(demo.list_export).await?;
    let mut regions = Vec::new();
    while let Some(row) = rows.next_row().await {
        regions.push(row?);
    }
    Ok(regions)
}
