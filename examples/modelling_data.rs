//! Reads and writes the data of a model: cells, list items, a read too large for one answer, the calendar.
//!
//! `cargo run --example modelling_data`. Needs no credentials: it plays on the embedded fake.

#![allow(clippy::print_stdout)]

use std::error::Error;

use anaplan::Client;
use anaplan::transactional::{Cell, ExportType, NewListItem, Transactional};
use anaplan_testkit::{Demo, FakeAnaplan};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let fake = FakeAnaplan::in_process();
    let (demo, admin) = (fake.demo(), fake.admin());
    let client = Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .model_id(&demo.dev)
        .build()?;
    let model = client.transactional()?;
    // Real pages are much larger: this way there is more than one of them.
    fake.world(|world| world.rules.rows_per_page = 12);

    write_and_read_cells(&model, &demo).await?;
    add_items(&model, &demo).await?;
    stream_items(&model, &demo).await?;
    read_large(&model, &demo).await?;
    calendar(&model).await
}

async fn write_and_read_cells(model: &Transactional, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let cells = [
        Cell::named("Volume", 131.5).at_named("Regions", "North"),
        Cell::named("Revenue", 1).at_named("Regions", "North"),
        Cell::named("Volume", "a lot").at_named("Regions", "South"),
    ];
    let report = model.update_module_data(demo.module, cells.clone()).await?;
    println!("cells written: {} of {}", report.written, report.sent);
    for (cell, failure) in report.refused(&cells) {
        let why = failure.message.as_deref().unwrap_or("no reason given");
        println!(
            "  refused, cell {}: {why} ({:?})",
            failure.request_index,
            cell.value()
        );
    }

    let grid = model.get_view_data(demo.view).await?;
    let north = grid.cell(&["North"], &["Volume"]);
    println!(
        "Volume of North: {:?}",
        north.and_then(|cell| cell.number())
    );

    let csv = model
        .get_view_data_csv(demo.view)
        .with(|query| {
            query
                .export_type(ExportType::TabularMultiColumn)
                .module(demo.module)
        })
        .await?;
    println!("the same as CSV:");
    for line in String::from_utf8_lossy(&csv).lines().take(3) {
        println!("  {line}");
    }
    Ok(())
}

async fn add_items(model: &Transactional, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let items = [
        NewListItem::named("Lisbon").code("LIS").parent("South"),
        NewListItem::named("Porto").code("LIS").parent("South"),
        NewListItem::named("Atlantis").parent("No such region"),
        NewListItem::named("Oslo").code("OSL").parent("North"),
    ];
    // Any number of items: they are cut into requests, and the indices stay those of `items`.
    let report = model
        .insert_list_items(demo.child_list, items.clone())
        .await?;
    println!("stores added: {} of {}", report.written, report.sent);
    for failure in &report.failures {
        println!(
            "  item {}: {} {}",
            failure.request_index,
            failure.failure_type,
            failure.message.as_deref().unwrap_or_default()
        );
    }
    // Where anything refused is a failure of the whole, `complete` makes it one.
    if let Err(error) = report.complete() {
        println!("  as an error: {error}");
    }
    Ok(())
}

async fn stream_items(model: &Transactional, demo: &Demo) -> Result<(), Box<dyn Error>> {
    println!("stores:");
    let mut items = model.stream_list_items(demo.child_list).include_all();
    while let Some(item) = items.next_item().await {
        let item = item?;
        println!(
            "  {} {} in {}",
            item.code.as_deref().unwrap_or("-"),
            item.name,
            item.parent.as_deref().unwrap_or("-")
        );
    }
    Ok(())
}

/// The server prepares the cells in pages, which can be read while it makes the next ones.
async fn read_large(model: &Transactional, demo: &Demo) -> Result<(), Box<dyn Error>> {
    let task = model
        .create_view_read_request(demo.view, ExportType::TabularSingleColumn)
        .await?;
    let mut pages = model.read_pages(task.address());
    let (mut count, mut lines) = (0, 0);
    while let Some(page) = pages.next_page().await {
        count += 1;
        lines += page?.split(|byte| *byte == b'\n').count() - 1;
    }
    // The request has been deleted with the last page.
    println!("large read: {lines} lines in {count} pages");
    Ok(())
}

async fn calendar(model: &Transactional) -> Result<(), Box<dyn Error>> {
    let calendar = model.get_model_calendar().await?;
    let year = calendar.fiscal_year.and_then(|year| year.year);
    println!("fiscal year: {}", year.as_deref().unwrap_or("none"));
    // Everything outside a new timescale is lost, so that a program should look before it sets one.
    let period = model.set_current_period("2025-03-31".parse()?).await?;
    println!(
        "current period: {}",
        period.period_text.as_deref().unwrap_or("none")
    );
    Ok(())
}
