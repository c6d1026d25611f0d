use crate::support::{Caller, column};
use anaplan_testkit::world::{CellValue, Format, LINE_ITEM_DIMENSION};
use serde_json::json;

#[test]
fn default_saved_and_subsidiary_views_are_listed() {
    let caller = Caller::admin();
    let path = format!("modules/{}/views", caller.demo.module);
    let views = caller.get(&path).ok();
    assert_eq!(
        column(&views["views"], "name"),
        ["Sales", "Sales.Volume by Region"]
    );
    assert_eq!(views["views"][0]["id"], views["views"][0]["moduleId"]);
    assert_eq!(views["meta"]["paging"]["totalSize"], 2);
    let with = caller
        .get(&format!("{path}?includesubsidiaryviews=true"))
        .ok();
    assert_eq!(column(&with["views"], "name")[2], "Currency Rate");
    // Nothing but the literal text and the literal name turn them on.
    for query in ["includesubsidiaryviews=True", "includeSubsidiaryViews=true"] {
        let views = caller.get(&format!("{path}?{query}")).ok();
        assert_eq!(views["views"].as_array().unwrap().len(), 2, "{query}");
    }
    let all = caller.get("views?limit=1&offset=1").ok();
    assert_eq!(all["views"][0]["id"], caller.demo.view.to_string());
}

#[test]
fn names_with_special_characters_are_quoted_by_their_parts() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let mut module = edit.module("P&L", []);
        module.view("2025: all", [LINE_ITEM_DIMENSION], [], []);
        module.id()
    });
    let views = caller.get(&format!("modules/{module}/views")).ok();
    assert_eq!(
        column(&views["views"], "name"),
        ["P&L", "'P&L'.'2025: all'"]
    );
}

#[test]
fn metadata_leave_out_axes_without_dimensions() {
    let caller = Caller::admin();
    let view = caller.get(&format!("views/{}", caller.demo.view)).ok();
    assert_eq!(view["viewId"], caller.demo.view.to_string());
    assert_eq!(column(&view["rows"], "name"), ["Regions"]);
    assert_eq!(column(&view["columns"], "id"), ["20000000012"]);
    assert!(view.get("pages").is_none() && view["status"]["code"] == 200);
    let paged = caller.get(&format!("views/{}", caller.demo.page_view)).ok();
    assert_eq!(column(&paged["pages"], "name"), ["Product Lines"]);
    let default = caller.get(&format!("views/{}", caller.demo.module)).ok();
    assert_eq!(default["viewName"], "Sales");
    // A line item is a view.
    let own = caller.get(&format!("views/{}", caller.demo.line_item)).ok();
    assert_eq!(
        (&own["viewName"], own.get("columns")),
        (&json!("Volume"), None)
    );
}

#[test]
fn json_needs_both_the_header_and_the_parameter() {
    let caller = Caller::admin();
    let path = format!("views/{}/data", caller.demo.view);
    let json = Some("application/json");
    assert_eq!(
        caller.send("GET", &path, json, None).content_type,
        "text/csv"
    );
    let with_format = format!("{path}?format=v1");
    assert_eq!(
        caller.send("GET", &with_format, None, None).content_type,
        "text/csv"
    );
    let answer = caller.grid(&path);
    assert_eq!(answer.content_type, "application/json");
    let grid = answer.ok();
    assert!(grid.get("meta").is_none() && grid.get("pages").is_none());
    assert_eq!(grid["columnCoordinates"][0], json!(["Volume"]));
    assert_eq!(grid["rows"][0]["rowCoordinates"], json!(["North"]));
    let cells = grid["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(
        cells[..5],
        ["120", "400", "48000", "", "false"].map(|text| json!(text))
    );
    // The total of the regions; prices are not summed up.
    let world = grid["rows"][3].clone();
    assert_eq!(world["rowCoordinates"], json!(["World"]));
    assert_eq!(
        world["cells"].as_array().unwrap()[..3],
        ["264.6", "", "105840"].map(|t| json!(t))
    );
}

#[test]
fn csv_has_a_line_for_each_column_dimension() {
    let caller = Caller::admin();
    let answer = caller.csv(&format!("views/{}/data", caller.demo.view));
    assert_eq!(
        answer.lines()[..2],
        [
            ",Volume,Price,Revenue,Comment,Approved,Launch,Lead Region,Review",
            "North,120,400,48000,,false,,,"
        ]
    );
    let own = caller.csv(&format!("views/{}/data", caller.demo.line_item));
    assert_eq!(
        own.lines(),
        ["North,120", "South,80", "West,64.6", "World,264.6"]
    );
    let limited = caller.csv(&format!("views/{}/data?maxRows=2", caller.demo.view));
    assert_eq!(limited.lines().len(), 3);
    assert_eq!(
        caller
            .csv(&format!("views/{}/data?maxRows=few", caller.demo.view))
            .status,
        400
    );
}

#[test]
fn pages_are_selected_in_both_spellings() {
    let caller = Caller::admin();
    let demo = &caller.demo;
    let (list, products) = (demo.list, demo.structural_list);
    let [helmets, south] = caller.fake.world(|world| {
        let model = world.model(&demo.dev).unwrap();
        let helmets = model.items[&products].by_name("Helmets").unwrap().id;
        [helmets, model.items[&list].by_code("S").unwrap().id]
    });
    let view = caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let module = world_module(&mut edit, "Paged", [list, products]);
        let mut handle = edit.edit_module(module);
        let units = handle.add_line_item("Units", Format::Number).id();
        let view = handle.view("V", [LINE_ITEM_DIMENSION], [], [list, products]);
        edit.cell(units, [south, helmets], CellValue::Number(7.0));
        view
    });
    let path = format!("views/{view}/data");
    assert_eq!(caller.csv(&path).lines(), ["North,Bicycles", "Units,0"]);
    for pages in [
        format!("pages={list}:{south}&pages={products}:{helmets}"),
        format!("pages={list}:{south},{products}:{helmets}"),
        format!("pages={products}%3A{helmets}%2C{list}%3A{south}"),
    ] {
        let answer = caller.csv(&format!("{path}?{pages}"));
        assert_eq!(answer.lines(), ["South,Helmets", "Units,7"], "{pages}");
        let grid = caller.grid(&format!("{path}?{pages}")).ok();
        assert_eq!(grid["pages"], json!(["South", "Helmets"]));
        assert_eq!(grid["rows"][0]["cells"], json!(["7"]));
    }
    for (pages, named) in [
        (format!("{list}"), format!("{list}")),
        ("20000000012:1".into(), "20000000012".into()),
        (format!("{list}:1"), "1".into()),
        ("x:y".into(), "x".into()),
    ] {
        let answer = caller.csv(&format!("{path}?pages={pages}"));
        assert_eq!(
            answer.refused(),
            (400, format!("Invalid page selector [{named}]"))
        );
    }
}

fn world_module(
    edit: &mut anaplan_testkit::world::ModelEdit<'_>,
    name: &str,
    dimensions: [u64; 2],
) -> u64 {
    edit.module(name, dimensions).id()
}

#[test]
fn four_layouts_are_there_and_the_tabular_ones_need_the_module() {
    let caller = Caller::admin();
    let view = caller.demo.page_view;
    let module = caller.get("views?limit=50").ok();
    let views = module["views"].as_array().unwrap();
    let id = view.to_string();
    let view_row = views.iter().find(|row| row["id"] == id).unwrap();
    let module = view_row["moduleId"].as_str().unwrap();
    let read = |query: &str| caller.csv(&format!("views/{view}/data?exportType={query}"));
    assert_eq!(
        read("GRID_CURRENT_PAGE").lines()[..3],
        ["Bicycles", ",Units,Discount", "North,12,0"]
    );
    let answer = read("GRID_ALL_PAGES");
    assert_eq!(answer.lines().len(), 9);
    assert_eq!(
        answer.lines()[..2],
        [",,Units,Discount", "Bicycles,North,12,0"]
    );
    let answer = read(&format!("TABULAR_SINGLE_COLUMN&moduleId={module}"));
    assert_eq!(answer.lines().len(), 1 + 2 * 4 * 2);
    assert_eq!(
        answer.lines()[..2],
        [
            "Product Lines,Regions,Line Items,Value",
            "Bicycles,North,Units,12"
        ]
    );
    let answer = read(&format!("TABULAR_MULTI_COLUMN&moduleId={module}&maxRows=1"));
    assert_eq!(
        answer.lines(),
        [
            "Product Lines,Regions,Units,Discount",
            "Bicycles,North,12,0"
        ]
    );
    assert_eq!(read("TABULAR_MULTI_COLUMN").status, 400);
    assert_eq!(read("TABULAR_MULTI_COLUMN&moduleId=1").status, 400);
    assert_eq!(read("PIE_CHART").status, 400);
}

#[test]
fn risky_fields_are_quoted_on_request() {
    let caller = Caller::admin();
    let module = caller.demo.module;
    let dimensions = r#"[{"dimensionName":"Regions","itemName":"North"}]"#;
    let body =
        format!(r#"[{{"lineItemName":"Comment","dimensions":{dimensions},"value":"=1+1"}}]"#);
    caller.post(&format!("modules/{module}/data"), &body).ok();
    let path = format!("views/{}/data?maxRows=1", caller.demo.view);
    assert!(caller.csv(&path).text.contains(",=1+1,"));
    let escaped = caller.send("GET", &path, Some("text/csv;escaped=true"), None);
    assert!(escaped.text.contains(",\"=1+1\","));
}

#[test]
fn views_are_read_up_to_a_limit_and_an_empty_module_is_an_error_of_the_server() {
    let caller = Caller::admin();
    caller.fake.world(|world| world.rules.largest_read = 31);
    let path = format!("views/{}/data", caller.demo.view);
    for answer in [caller.csv(&path), caller.grid(&path)] {
        assert_eq!(answer.status, 400, "32 cells");
        assert!(answer.message().contains("cells"));
    }
    caller.fake.world(|world| world.rules.largest_read = 32);
    assert_eq!(caller.csv(&path).status, 200);
    let module = caller
        .fake
        .world(|world| world.edit(&caller.demo.dev).module("Bare", []).id());
    assert_eq!(caller.csv(&format!("views/{module}/data")).status, 500);
}

#[test]
fn months_are_columns_with_their_totals_behind_them() {
    let caller = Caller::admin();
    let view = caller.demo.time_view;
    let grid = caller.grid(&format!("views/{view}/data")).ok();
    assert_eq!(grid["pages"], json!(["Plan"]));
    assert_eq!(grid["columnCoordinates"][3], json!(["Q1 FY24"]));
    assert_eq!(grid["columnCoordinates"].as_array().unwrap().len(), 51);
}

#[test]
fn a_view_of_hundreds_of_thousands_of_cells_arrives_whole() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let names = (0..50_000).map(|number| format!("Customer {number}"));
        let list = edit.list("Customers").production().items(names).id();
        edit.module("Large", [list])
            .line_item("A", Format::Number)
            .line_item("B", Format::Text)
            .id()
    });
    let path = format!("views/{module}/data");
    let answer = caller.csv(&path);
    assert_eq!(answer.lines().len(), 50_001);
    assert_eq!(answer.lines()[50_000], "Customer 49999,0,");
    assert_eq!(
        caller.grid(&path).ok()["rows"].as_array().unwrap().len(),
        50_000
    );
}
