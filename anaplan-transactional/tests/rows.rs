//! Views and list items as typed rows.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use anaplan_core::{ErrorKind, Result};
use anaplan_testkit::world::{CellValue, Format, LINE_ITEM_DIMENSION};
use anaplan_transactional::{
    DimensionId, ExportType, ItemId, Layout, Rows, TableFormat, ViewInfo, ViewRows,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use support::Stage;

type Values = Vec<String>;
type Map = BTreeMap<String, String>;

async fn collect<T: DeserializeOwned>(mut rows: Rows<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(row) = rows.next_row().await {
        all.push(row.unwrap());
    }
    all
}

async fn read<T: DeserializeOwned + 'static>(rows: ViewRows<T>) -> Vec<T> {
    collect(rows.await.unwrap()).await
}

/// Shapes that a view can be read in.
fn shapes(info: &ViewInfo) -> Vec<TableFormat> {
    let grid = info.table_format();
    let all = [grid.clone(), grid.clone().long(), grid.wide()];
    let readable = all.into_iter().filter(|format| format.check().is_ok());
    readable.collect()
}

/// A module with two dimensions on each axis of a view, and one on its pages.
struct Deep {
    view: u64,
    page: (u64, u64),
}

fn deep(stage: &Stage) -> Deep {
    stage.fake.world(|world| {
        let mut edit = world.edit(&stage.demo.dev);
        let mut list = |name: &str, items: [&str; 2]| {
            let mut list = edit.list(name);
            let items = items.map(|item| list.item_with(item, |_| {}));
            (list.id(), items)
        };
        let countries = list("Countries", ["DE", "IT"]);
        let sizes = list("Sizes", ["S", "L"]);
        let channels = list("Channels", ["Web", "Shop"]);
        let colours = list("Colours", ["Red", "Blue, dark"]);
        let all = [countries.0, sizes.0, channels.0, colours.0];
        let mut module = edit.module("Deep", all);
        let units = module.add_line_item("Units", Format::Number).id();
        module.add_line_item("Sold", Format::Boolean);
        let rows = [countries.0, sizes.0];
        let columns = [channels.0, LINE_ITEM_DIMENSION];
        let view = module.view("All", rows, columns, [colours.0]);
        for (page, colour) in colours.1.into_iter().enumerate() {
            let place = [countries.1[1], sizes.1[0], channels.1[1], colour];
            edit.cell(units, place, CellValue::Number(10.5 + page as f64));
        }
        Deep {
            view,
            page: (colours.0, colours.1[1]),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn view_rows_reads_every_view_in_every_shape_as_the_json_does() {
    let stage = Stage::set().await;
    deep(&stage);
    let views = stage.model.get_views();
    let views = views.with(|query| query.include_subsidiary_views()).await;
    let mut views: Vec<_> = views.unwrap().into_iter().map(|view| view.id).collect();
    views.push(stage.line_item.clone().into());
    let mut shaped = 0;
    for view in views {
        let info = stage.model.get_view_info(&view).await.unwrap();
        let data = stage.model.get_view_data(&view).await.unwrap();
        for format in shapes(&info) {
            let rows = stage.model.view_rows::<Values>(&view);
            let rows = match &format.layout {
                Layout::Grid(grid) if grid.shape == anaplan_transactional::GridShape::Long => {
                    rows.long()
                }
                Layout::Grid(grid) if grid.shape == anaplan_transactional::GridShape::Wide => {
                    rows.wide()
                }
                _ => rows,
            };
            let mut from_csv = rows.await.unwrap();
            let first = from_csv.next_row().await.unwrap().unwrap();
            assert_eq!(from_csv.columns().unwrap().len(), first.len());
            let mut from_csv = collect(from_csv).await;
            from_csv.insert(0, first);
            let from_json: Result<Vec<Values>> = data.rows(format.clone()).unwrap().collect();
            assert_eq!(from_csv, from_json.unwrap(), "{view}: {format:?}");
            shaped += 1;
        }
        let long = read(stage.model.view_rows::<Values>(&view).long()).await;
        let values: Vec<&str> = long
            .iter()
            .map(|row| row.last().unwrap().as_str())
            .collect();
        let cells: Vec<&str> = data.cells().map(|cell| cell.value).collect();
        assert_eq!(values, cells, "{view}");
    }
    assert!(shaped > 15, "{shaped}");
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sale {
    countries: String,
    sizes: String,
    channels: String,
    units: Option<f64>,
    sold: Option<bool>,
}

#[tokio::test(start_paused = true)]
async fn view_rows_names_the_dimensions_of_both_axes_and_selects_pages() {
    let stage = Stage::set().await;
    let deep = deep(&stage);
    let mut long = stage
        .model
        .view_rows::<Map>(deep.view)
        .long()
        .await
        .unwrap();
    let first = long.next_row().await.unwrap().unwrap();
    assert_eq!(
        long.columns().unwrap(),
        [
            "Colours",
            "Countries",
            "Sizes",
            "Channels",
            "Line Items",
            "Value"
        ]
    );
    assert_eq!(
        (first["Colours"].as_str(), first["Value"].as_str()),
        ("Red", "0")
    );

    let (dimension, item) = deep.page;
    let wide = stage.model.view_rows::<Sale>(deep.view).wide();
    let mut wide = wide
        .with(|query| query.page(DimensionId::from(dimension), ItemId::from(item)))
        .await
        .unwrap();
    let mut sold = Vec::new();
    while let Some(row) = wide.next_row().await {
        sold.extend(row.ok().filter(|row: &Sale| row.units == Some(11.5)));
    }
    assert_eq!(wide.pages(), ["Blue, dark"]);
    let expected = Sale {
        countries: "IT".into(),
        sizes: "S".into(),
        channels: "Shop".into(),
        units: Some(11.5),
        sold: Some(false),
    };
    assert_eq!(sold, [expected]);
}

#[tokio::test(start_paused = true)]
async fn view_rows_reads_all_pages_and_tabular_layouts() {
    let stage = Stage::set().await;
    let deep = deep(&stage);
    let module = stage.model.get_view_info(deep.view).await.unwrap();
    let modules = stage.model.get_modules().await.unwrap();
    let module_id = &modules
        .iter()
        .find(|found| found.name == "Deep")
        .unwrap()
        .id;
    assert_eq!(module.pages.len(), 1);
    let layout = |layout: ExportType| {
        let rows = stage.model.view_rows::<Map>(deep.view);
        rows.with(|query| query.export_type(layout).module(module_id))
    };
    let pages = read(layout(ExportType::GridAllPages).long()).await;
    let single = read(layout(ExportType::TabularSingleColumn)).await;
    assert_eq!((pages.len(), single.len()), (32, 32));
    let value = |rows: &[Map], colour: &str| -> Vec<String> {
        let place = [
            ("Colours", colour),
            ("Countries", "IT"),
            ("Sizes", "S"),
            ("Channels", "Shop"),
            ("Line Items", "Units"),
        ];
        let found = rows
            .iter()
            .filter(|row| place.iter().all(|(name, label)| row[*name] == *label));
        found.map(|row| row["Value"].clone()).collect()
    };
    for rows in [&pages, &single] {
        assert_eq!(value(rows, "Red"), ["10.5"]);
        assert_eq!(value(rows, "Blue, dark"), ["11.5"]);
    }
    let multi = read(layout(ExportType::TabularMultiColumn)).await;
    assert_eq!(multi.len(), 16);
    assert!(
        multi
            .iter()
            .any(|row| row["Units"] == "11.5" && row["Sold"] == "false")
    );
}

#[tokio::test(start_paused = true)]
async fn view_rows_of_a_large_view_uses_a_read_request_and_deletes_it() {
    let stage = Stage::set().await;
    let deep = deep(&stage);
    let small = read(stage.model.view_rows::<Values>(deep.view).long()).await;
    stage.fake.forget_requests();
    for repeat_headers in [false, true] {
        stage.fake.world(|world| {
            world.rules.largest_read = 3;
            world.rules.rows_per_page = 1;
            world.rules.repeat_headers = repeat_headers;
        });
        let before = stage.fake.world(|world| world.read_requests_kept());
        let large = read(stage.model.view_rows::<Values>(deep.view).long()).await;
        assert_eq!(large, small);
        let after = stage.fake.world(|world| world.read_requests_kept());
        assert_eq!(after, before);
    }
    let created = "POST /2/0/models/*/views/*/readRequests";
    assert_eq!(support::statuses(&stage.fake, created), [200, 200]);

    let (dimension, item) = deep.page;
    let selected = stage.model.view_rows::<Values>(deep.view);
    let selected = selected.with(|query| query.page(dimension, item));
    let error = selected.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(support::statuses(&stage.fake, created).len(), 2);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Region {
    regions: String,
    price: f64,
    approved: Option<bool>,
    launch: Option<String>,
}

#[tokio::test(start_paused = true)]
async fn view_rows_goes_on_after_a_totals_row_with_empty_values() {
    let stage = Stage::set().await;
    let mut rows = stage.model.view_rows::<Region>(&stage.view).await.unwrap();
    let (mut names, mut errors) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next_row().await {
        match row {
            Ok(row) => {
                assert_eq!((row.price, row.launch), (400.0, None));
                assert!(row.approved.is_some());
                names.push(row.regions);
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    assert_eq!(names, ["North", "South", "West"]);
    // The price of the total is empty.
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("'Price'"), "{}", errors[0]);
}

#[derive(Debug, Deserialize)]
struct Item {
    name: String,
    code: Option<String>,
    #[serde(
        rename = "Headroom",
        deserialize_with = "anaplan_transactional::or_default"
    )]
    headroom: f64,
    #[serde(rename = "Coastal")]
    coastal: bool,
}

#[tokio::test(start_paused = true)]
async fn list_item_rows_reads_what_get_list_items_reads() {
    use anaplan_transactional::NewListItem;

    let stage = Stage::set().await;
    let east = NewListItem::named("East")
        .property("Headroom", 2.5)
        .subset("Coastal", true);
    let added = stage.model.insert_list_items(&stage.list, [east]).await;
    assert_eq!(added.unwrap().complete().unwrap().written, 1);
    let items = stage.model.get_list_items(&stage.list).await.unwrap();
    let rows = stage.model.list_item_rows::<Item>(&stage.list).await;
    let rows = collect(rows.unwrap()).await;
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(&items) {
        assert_eq!((&row.name, &row.code), (&item.name, &item.code));
    }
    let east = rows.iter().find(|row| row.name == "East").unwrap();
    assert_eq!((east.headroom, east.coastal), (2.5, true));
    assert_eq!((rows[0].headroom, rows[0].coastal), (0.0, false));

    let csv = stage.model.get_list_items_csv(&stage.list);
    let csv = csv
        .with(|query| query.include_all())
        .stream()
        .await
        .unwrap();
    let from_csv: Rows<Map> = Rows::new(csv, TableFormat::default());
    let from_json = stage.model.list_item_rows::<Map>(&stage.list).await;
    assert_eq!(collect(from_csv).await, collect(from_json.unwrap()).await);
}
