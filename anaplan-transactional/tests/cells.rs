//! Cells, written and read back.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_core::ErrorKind;
use anaplan_testkit::Fault;
use anaplan_testkit::world::CellValue as Stored;
use anaplan_transactional::{Cell, ExportType, FailureType, FormatMetadata};
use jiff::civil::date;
use support::Stage;

const WRITE: &str = "POST /2/0/models/*/modules/*/data";

#[tokio::test(start_paused = true)]
async fn a_written_cell_is_read_back_as_json_and_as_csv() {
    let stage = Stage::set().await;
    let (dimension, item) = stage.demo.cell_dimensions[0];
    let cell = Cell::new(&stage.line_item, 1234.5).at(dimension, item);
    let report = stage
        .model
        .update_module_data(&stage.module, [cell])
        .await
        .unwrap();
    assert_eq!(report.written, 1);
    assert!(report.is_complete());

    let (row, column) = (&stage.demo.readback_row, &stage.demo.readback_column);
    let data = stage.model.get_view_data(&stage.view).await.unwrap();
    let cell = data.cell(&[row], &[column]).unwrap();
    assert_eq!(cell.number(), Some(1234.5));
    // Formulas and totals have followed.
    assert_eq!(
        data.cell(&[row.as_str()], &["Revenue"]).unwrap().value,
        "493800"
    );
    assert_eq!(
        data.cell(&["World"], &["Volume"]).unwrap().number(),
        Some(1379.1)
    );

    let csv = stage.model.get_view_data_csv(&stage.view).await.unwrap();
    let csv = String::from_utf8(csv.to_vec()).unwrap();
    let mut lines = csv.lines();
    let place = lines
        .next()
        .unwrap()
        .split(',')
        .position(|label| label == column)
        .unwrap();
    let line = csv
        .lines()
        .find(|line| line.starts_with(row.as_str()))
        .unwrap();
    assert_eq!(line.split(',').nth(place), Some("1234.5"));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_value_arrives() {
    let stage = Stage::set().await;
    let at = |cell: Cell| cell.at_named("Regions", "South");
    let cells = [
        at(Cell::named("Comment", "Steady, \"as ever\"")),
        at(Cell::named("Approved", true)),
        at(Cell::named("Launch", date(2025, 4, 1))),
        at(Cell::named("Lead Region", "N")),
        at(Cell::named("Review", "Mar 25")),
        Cell::named("Currency Rate", 1.07),
    ];
    let report = stage
        .model
        .update_module_data(&stage.module, cells)
        .await
        .unwrap();
    assert!(report.is_complete());
    let data = stage.model.get_view_data(&stage.view).await.unwrap();
    for (column, value) in [
        ("Comment", "Steady, \"as ever\""),
        ("Approved", "true"),
        ("Launch", "2025-04-01"),
        ("Lead Region", "North"),
        ("Review", "Mar 25"),
    ] {
        assert_eq!(data.cell(&["South"], &[column]).unwrap().value, value);
    }
    // The line item without dimensions is a view of one cell.
    let items = stage
        .model
        .get_module_line_items(&stage.module)
        .await
        .unwrap();
    let rate = items
        .iter()
        .find(|item| item.name == "Currency Rate")
        .unwrap();
    let data = stage.model.get_view_data(&rate.id).await.unwrap();
    assert_eq!(data.rows[0].cells, ["1.07"]);
}

#[tokio::test(start_paused = true)]
async fn refused_cells_are_told_with_the_callers_indices() {
    let stage = Stage::set().await;
    let at = |line_item: &str, region: &str| Cell::named(line_item, 1).at_named("Regions", region);
    let mut cells: Vec<Cell> = (0..100_000).map(|_| at("Volume", "North")).collect();
    cells[99_999] = at("Revenue", "North");
    cells.extend([
        at("Volume", "South"),
        at("Volume", "World"),
        at("Volume", "Nowhere"),
    ]);
    let report = stage
        .model
        .update_module_data_in_batches(&stage.module, cells.clone())
        .await
        .unwrap();
    assert_eq!(stage.fake.requests().count(WRITE), 2);
    assert_eq!((report.written, report.sent), (100_000, 100_003));
    let indices: Vec<usize> = report
        .failures
        .iter()
        .map(|failure| failure.request_index)
        .collect();
    assert_eq!(indices, [99_999, 100_001, 100_002]);
    assert_eq!(
        report.failures[0].failure_type,
        FailureType::CellIsCalculated
    );
    let refused: Vec<&Cell> = report.refused(&cells).map(|(cell, _)| cell).collect();
    assert_eq!(refused[2], &cells[100_002]);
    assert_eq!(report.complete().unwrap_err().kind(), ErrorKind::Rejected);
    let written = stage.fake.world(|world| world.books().cells_written);
    assert_eq!(written, 100_000);
}

#[tokio::test(start_paused = true)]
async fn many_bytes_are_written_in_several_requests_and_only_when_that_is_asked_for() {
    let stage = Stage::set().await;
    let text = "x".repeat(600_000);
    let mut cells: Vec<Cell> = (0..40)
        .map(|_| Cell::named("Comment", text.as_str()).at_named("Regions", "South"))
        .collect();
    cells[30] = Cell::named("No such line item", 1);
    let at_once = stage.model.update_module_data(&stage.module, cells.clone());
    assert_eq!(at_once.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(stage.fake.requests().count(WRITE), 0);

    let batches = stage
        .model
        .update_module_data_in_batches(&stage.module, cells);
    let report = batches.await.unwrap();
    assert_eq!(stage.fake.requests().count(WRITE), 2);
    assert_eq!((report.written, report.sent), (39, 40));
    assert_eq!(report.failures[0].request_index, 30);
}

#[tokio::test(start_paused = true)]
async fn cell_write_is_repeated_after_a_lost_response_except_with_send_once() {
    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_after().on(WRITE).times(1));
    let report = stage
        .model
        .update_module_data(&stage.module, stage.cells.clone())
        .await
        .unwrap();
    assert_eq!(
        (report.written, stage.stored()),
        (1, Some(Stored::Number(7.0)))
    );
    assert_eq!(stage.fake.requests().count(WRITE), 2);

    let stage = Stage::set().await;
    stage.fake.inject(Fault::drop_after().on(WRITE).times(1));
    let call = stage
        .model
        .update_module_data(&stage.module, stage.cells.clone());
    let error = call.send_once().await.unwrap_err();
    assert!(error.is_ambiguous());
    assert_eq!(stage.fake.requests().count(WRITE), 1);
    assert_eq!(stage.fake.world(|world| world.books().cells_written), 1);
}

#[tokio::test(start_paused = true)]
async fn pages_are_selected_and_wrong_ones_are_refused() {
    let stage = Stage::set().await;
    let view = stage.demo.page_view;
    let info = stage.model.get_view_info(view).await.unwrap();
    let page = &info.pages[0];
    let items = stage
        .model
        .get_view_dimension_items(view, &page.id)
        .await
        .unwrap();
    let bicycles = items.iter().find(|item| item.name == "Bicycles").unwrap();
    let call = stage.model.get_view_data(view);
    let data = call
        .with(|query| query.page(&page.id, &bicycles.id))
        .await
        .unwrap();
    assert_eq!(data.pages, ["Bicycles"]);
    assert_eq!(data.cell(&["North"], &["Units"]).unwrap().value, "12");

    let call = stage.model.get_view_data(view);
    let error = call
        .with(|query| query.page(&info.rows[0].id, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let text = format!("Invalid page selector [{}]", info.rows[0].id);
    assert_eq!(error.server_message(), Some(text.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_view_that_is_too_large_is_told_apart_and_read_in_pages_instead() {
    let stage = Stage::set().await;
    stage.fake.world(|world| {
        world.rules.largest_read = 31;
        world.rules.rows_per_page = 1;
        world.rules.pacing = anaplan_testkit::Pacing::Polls(3);
    });
    let error = stage.model.get_view_data(&stage.view).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let task = stage
        .model
        .create_view_read_request(&stage.view, ExportType::TabularMultiColumn)
        .await
        .unwrap();
    let mut pages = stage.model.read_pages(task.address());
    let mut text = String::new();
    while let Some(page) = pages.next_page().await {
        text.push_str(std::str::from_utf8(&page.unwrap()).unwrap());
    }
    assert_eq!(text.lines().count(), 5);
    assert!(text.starts_with("Regions,Volume,Price,Revenue"));
    // Neither the first request of the stage nor this one is left to the server's quota.
    assert_eq!(stage.fake.world(|world| world.read_requests_kept()), 1);
}

#[tokio::test(start_paused = true)]
async fn read_request_is_repeated_after_a_lost_response_and_repeated_headers_are_dropped() {
    let stage = Stage::set().await;
    let route = "POST /2/0/models/*/views/*/readRequests";
    stage.fake.inject(Fault::drop_after().on(route).times(1));
    let made = stage
        .fake
        .world(|world| world.books().read_requests_made.len());
    let call = || {
        stage
            .model
            .create_view_read_request(&stage.view, ExportType::TabularMultiColumn)
    };
    let task = call().await.unwrap();
    let (count, last) = stage.fake.world(|world| {
        let made = &world.books().read_requests_made;
        (made.len(), made.last().unwrap().1.clone())
    });
    assert_eq!((count, task.id().as_str()), (made + 2, last.as_str()));
    task.cancel().await.unwrap();

    stage.fake.world(|world| {
        world.rules.rows_per_page = 1;
        world.rules.repeat_headers = true;
    });
    let task = call().await.unwrap();
    assert_eq!(task.wait().await.unwrap(), 4);
    let mut pages = stage.model.read_pages(task.address());
    let mut lines = 0;
    while let Some(page) = pages.next_page().await {
        lines += page.unwrap().iter().filter(|byte| **byte == b'\n').count();
    }
    assert_eq!(lines, 5);
}

#[tokio::test(start_paused = true)]
async fn line_items_are_described_by_their_formats() {
    let stage = Stage::set().await;
    let call = stage.model.get_module_line_items(&stage.module);
    let items = call.with(|query| query.include_all()).await.unwrap();
    let format = |name: &str| {
        let item = items.iter().find(|item| item.name == name).unwrap();
        item.format_metadata.clone().unwrap()
    };
    assert!(matches!(format("Volume"), FormatMetadata::Number(_)));
    assert!(matches!(format("Comment"), FormatMetadata::Text(_)));
    assert!(matches!(format("Approved"), FormatMetadata::Boolean));
    assert!(matches!(format("Launch"), FormatMetadata::Date));
    assert!(
        matches!(format("Lead Region"), FormatMetadata::List(list) if list.list == Some(stage.list.clone()))
    );
    assert!(matches!(format("Review"), FormatMetadata::TimePeriod(_)));
    let revenue = items.iter().find(|item| item.name == "Revenue").unwrap();
    assert_eq!(revenue.formula.as_deref(), Some("Volume * Price"));
}
