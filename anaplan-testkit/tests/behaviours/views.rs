//! Views: what they are made of, and the cells that they show.

use anaplan_testkit::world::{CellValue, Format, LINE_ITEM_DIMENSION, TIME_DIMENSION};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    45, "D", "the data of a view are CSV unless both the Accept of JSON and format=v1 are sent"
        => json_wants_two_things;
    45, "D", "the CSV of a view has the chosen page first, a header line for each column dimension, and a cell for each row dimension"
        => csv_has_page_header_and_rows;
    45, "D", "the JSON of a view has no envelope, and every cell of it is a string"
        => json_has_no_envelope;
    45, "D", "Accept: text/csv;escaped=true puts quotes around fields that a spreadsheet takes for formulas"
        => risky_fields_are_quoted_on_request;
    45, "D", "page selectors are repeated or separated by commas"
        => pages_are_chosen_in_two_spellings;
    45, "D", "a selector of a dimension that is on no page is answered 400 with Invalid page selector and the id"
        => a_wrong_selector_is_named;
    45, "D", "exportType lays CSV out in four ways, the tabular ones with moduleId only; maxRows counts rows of data"
        => there_are_four_layouts;
    45, "D", "a view of more than 1,000,000 cells is answered 400, for one page as for all"
        => a_million_cells_are_the_most;
    45, "D", "the id of a line item is the id of a view"
        => a_line_item_is_a_view;
    45, "L", "the default view of a module without line items is answered 500"
        => an_empty_view_is_a_server_error;
    46, "D", "the metadata of a view leave out an axis without dimensions, and stand beside the envelope's keys"
        => empty_axes_are_left_out;
    46, "D", "the default view of a module has the module's id and name"
        => a_module_is_its_default_view;
    46, "D", "subsidiary views are listed for the literal includesubsidiaryviews=true alone"
        => subsidiary_views_want_the_literal_text;
}

fn view_path(caller: &Caller) -> String {
    format!("views/{}/data", caller.demo.view)
}

fn grid(caller: &Caller, path: &str) -> Answer {
    let sign = if path.contains('?') { '&' } else { '?' };
    caller.get_as(&format!("{path}{sign}format=v1"), "application/json")
}

/// The lines of a CSV.
fn lines(caller: &Caller, path: &str) -> Vec<String> {
    let text = caller.get(path).expect(200).text();
    text.lines().map(str::to_owned).collect()
}

fn json_wants_two_things() {
    for caller in both_forms() {
        let path = view_path(&caller);
        let with_format = format!("{path}?format=v1");
        for csv in [
            caller.get(&path),
            caller.get(&with_format),
            caller.get_as(&path, "application/json"),
            caller.get_as(&with_format, "text/csv"),
        ] {
            let csv = csv.expect(200);
            assert_eq!(csv.content_type(), Some("text/csv"));
            assert!(csv.text().starts_with(",Volume,Price"));
        }
        let json = grid(&caller, &path).expect(200);
        assert_eq!(json.content_type(), Some("application/json"));
        json.json();
    }
}

fn csv_has_page_header_and_rows() {
    for caller in both_forms() {
        let paged = lines(&caller, &format!("views/{}/data", caller.demo.page_view));
        assert_eq!(paged[..3], ["Bicycles", ",Units,Discount", "North,12,0"]);
        assert_eq!(paged.len(), 6, "three regions and the world");
        let columns = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            let dimensions = [caller.demo.list, caller.demo.structural_list];
            let mut module = edit
                .module("Wide", dimensions)
                .line_item("Units", Format::Number);
            module.view(
                "V",
                [caller.demo.list],
                [caller.demo.structural_list, LINE_ITEM_DIMENSION],
                [],
            )
        });
        let wide = lines(&caller, &format!("views/{columns}/data"));
        assert_eq!(
            wide[..3],
            [",Bicycles,Helmets", ",Units,Units", "North,0,0"]
        );
    }
}

fn json_has_no_envelope() {
    for caller in both_forms() {
        let plain = grid(&caller, &view_path(&caller)).expect(200).json();
        assert_eq!(plain["columnCoordinates"][0], json!(["Volume"]));
        let keys: Vec<&String> = plain.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["columnCoordinates", "rows"]);
        let row = &plain["rows"][0];
        assert_eq!(row["rowCoordinates"], json!(["North"]));
        let cells = row["cells"].as_array().unwrap();
        assert!(cells.iter().all(Value::is_string));
        assert_eq!(cells[..5], ["120", "400", "48000", "", "false"]);
        // The total of the regions. Prices are not summed up.
        let world = &plain["rows"][3];
        assert_eq!(world["rowCoordinates"], json!(["World"]));
        let totals = world["cells"].as_array().unwrap();
        assert_eq!(totals[..3], ["264.6", "", "105840"]);
        let paged = format!("views/{}/data", caller.demo.page_view);
        assert_eq!(
            grid(&caller, &paged).expect(200).json()["pages"],
            json!(["Bicycles"])
        );
    }
}

fn risky_fields_are_quoted_on_request() {
    for caller in both_forms() {
        let at = json!([{ "dimensionName": "Regions", "itemName": "North" }]);
        let cell = json!([{ "lineItemName": "Comment", "dimensions": at, "value": "=1+1" }]);
        let module = caller.demo.module;
        caller
            .post(&format!("modules/{module}/data"), &cell)
            .expect(200);
        let path = view_path(&caller);
        assert!(caller.get(&path).expect(200).text().contains(",=1+1,"));
        let escaped = caller.get_as(&path, "text/csv;escaped=true").expect(200);
        assert!(escaped.text().contains(",\"=1+1\","));
        assert_eq!(escaped.content_type(), Some("text/csv"));
    }
}

/// A view with regions and product lines on its pages: its id, and the selectors of another page.
fn paged(caller: &Caller) -> (u64, String, String) {
    let demo = &caller.demo;
    let (regions, products) = (demo.list, demo.structural_list);
    caller.fake.world(|world| {
        let items = &world.model(&demo.dev).unwrap().items;
        let south = items[&regions].by_code("S").unwrap().id;
        let helmets = items[&products].by_code("HEL").unwrap().id;
        let mut edit = world.edit(&demo.dev);
        let mut module = edit.module("Paged", [regions, products]);
        let units = module.add_line_item("Units", Format::Number).id();
        let view = module.view("V", [LINE_ITEM_DIMENSION], [], [regions, products]);
        edit.cell(units, [south, helmets], CellValue::Number(7.0));
        let selectors = (
            format!("{regions}:{south}"),
            format!("{products}:{helmets}"),
        );
        (view, selectors.0, selectors.1)
    })
}

fn pages_are_chosen_in_two_spellings() {
    for caller in both_forms() {
        let (view, region, product) = paged(&caller);
        let path = format!("views/{view}/data");
        assert_eq!(lines(&caller, &path), ["North,Bicycles", "Units,0"]);
        let escaped = format!("{product},{region}")
            .replace(':', "%3A")
            .replace(',', "%2C");
        for pages in [
            format!("pages={region}&pages={product}"),
            format!("pages={region},{product}"),
            format!("pages={product},{region}"),
            format!("pages={escaped}"),
        ] {
            let path = format!("{path}?{pages}");
            assert_eq!(lines(&caller, &path), ["South,Helmets", "Units,7"]);
            let json = grid(&caller, &path).expect(200).json();
            assert_eq!(json["pages"], json!(["South", "Helmets"]));
            assert_eq!(json["rows"][0]["cells"], json!(["7"]));
        }
    }
}

fn a_wrong_selector_is_named() {
    for caller in both_forms() {
        let (view, region, _) = paged(&caller);
        let list = caller.demo.list;
        for (view, pages, named) in [
            (view, list.to_string(), list.to_string()),
            (view, "20000000012:1".into(), "20000000012".into()),
            (view, format!("{list}:1"), "1".into()),
            (view, "x:y".into(), "x".into()),
            (
                view,
                format!("{TIME_DIMENSION}:1"),
                TIME_DIMENSION.to_string(),
            ),
            (
                caller.demo.view,
                region.clone(),
                caller.demo.list.to_string(),
            ),
        ] {
            let refused = caller
                .get(&format!("views/{view}/data?pages={pages}"))
                .expect(400);
            assert_eq!(
                refused.message(),
                format!("Invalid page selector [{named}]")
            );
        }
    }
}

fn there_are_four_layouts() {
    for caller in both_forms() {
        let view = caller.demo.page_view;
        let metadata = caller.get("views").expect(200).json();
        let mut views = metadata["views"].as_array().unwrap().iter();
        let view_row = views.find(|row| row["id"] == view.to_string()).unwrap();
        let module = view_row["moduleId"].as_str().unwrap();
        let lines = |query: &str| lines(&caller, &format!("views/{view}/data?exportType={query}"));
        assert_eq!(
            lines("GRID_CURRENT_PAGE")[..3],
            ["Bicycles", ",Units,Discount", "North,12,0"]
        );
        let all = lines("GRID_ALL_PAGES");
        assert_eq!(all.len(), 9);
        assert_eq!(all[..2], [",,Units,Discount", "Bicycles,North,12,0"]);
        let single = lines(&format!("TABULAR_SINGLE_COLUMN&moduleId={module}"));
        assert_eq!(single.len(), 1 + 2 * 4 * 2);
        assert_eq!(
            single[..2],
            [
                "Product Lines,Regions,Line Items,Value",
                "Bicycles,North,Units,12"
            ]
        );
        let several = lines(&format!("TABULAR_MULTI_COLUMN&moduleId={module}"));
        assert_eq!(several.len(), 1 + 2 * 4);
        assert_eq!(
            several[..2],
            [
                "Product Lines,Regions,Units,Discount",
                "Bicycles,North,12,0"
            ]
        );
        let capped = lines(&format!("TABULAR_MULTI_COLUMN&moduleId={module}&maxRows=3"));
        assert_eq!(capped, several[..4]);
        for bad in [
            "TABULAR_MULTI_COLUMN",
            "TABULAR_MULTI_COLUMN&moduleId=1",
            "PIE",
        ] {
            caller
                .get(&format!("views/{view}/data?exportType={bad}"))
                .expect(400);
        }
    }
}

fn a_million_cells_are_the_most() {
    let caller = Caller::admin();
    let module = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let rows = edit
            .list("Rows")
            .items((0..1_001).map(|n| format!("R{n}")))
            .id();
        let columns = edit
            .list("Columns")
            .items((0..1_000).map(|n| format!("C{n}")))
            .id();
        let mut large = edit
            .module("Large", [rows, columns])
            .line_item("L", Format::Number);
        large.view("All", [rows], [columns], [LINE_ITEM_DIMENSION])
    });
    let path = format!("views/{module}/data");
    caller.get(&path).expect(400);
    grid(&caller, &path).expect(400);
    // The limit counts cells, not rows.
    let path = view_path(&caller);
    caller.fake.world(|world| world.rules.largest_read = 4 * 8);
    caller.get(&path).expect(200);
    caller
        .fake
        .world(|world| world.rules.largest_read = 4 * 8 - 1);
    for refused in [caller.get(&path), grid(&caller, &path)] {
        assert!(refused.expect(400).message().contains("cells"));
    }
}

fn a_line_item_is_a_view() {
    for caller in both_forms() {
        let id = caller.demo.line_item;
        let metadata = caller.get(&format!("views/{id}")).expect(200).json();
        assert_eq!(metadata["viewId"], id.to_string());
        assert_eq!(metadata["viewName"], "Volume");
        assert_eq!(metadata.get("columns"), None);
        assert_eq!(
            lines(&caller, &format!("views/{id}/data")),
            ["North,120", "South,80", "West,64.6", "World,264.6"]
        );
    }
}

fn an_empty_view_is_a_server_error() {
    for caller in both_forms() {
        let empty = caller.fake.world(|world| {
            let mut edit = world.edit(&caller.demo.dev);
            edit.module("Empty", [caller.demo.list]).id()
        });
        caller.get(&format!("views/{empty}/data")).expect(500);
        caller.get(&format!("views/{empty}")).expect(200);
        let bare = caller
            .fake
            .world(|world| world.edit(&caller.demo.dev).module("Bare", []).id());
        caller.get(&format!("views/{bare}/data")).expect(500);
    }
}

fn empty_axes_are_left_out() {
    for caller in both_forms() {
        let view = caller
            .get(&format!("views/{}", caller.demo.view))
            .expect(200)
            .json();
        let keys: Vec<&String> = view.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["columns", "meta", "rows", "status", "viewId", "viewName"]
        );
        assert_eq!(view["viewName"], "Sales.Volume by Region");
        let list = caller.demo.list.to_string();
        assert_eq!(view["rows"], json!([{ "id": list, "name": "Regions" }]));
        assert_eq!(view["viewId"], caller.demo.view.to_string());
        assert_eq!(view["columns"][0]["id"], "20000000012");
        assert_eq!(view["columns"].as_array().unwrap().len(), 1);
        assert_eq!(view["status"]["code"], 200);
        let paged = caller
            .get(&format!("views/{}", caller.demo.page_view))
            .expect(200)
            .json();
        assert_eq!(paged["pages"][0]["name"], "Product Lines");
        assert_eq!(paged["pages"].as_array().unwrap().len(), 1);
    }
}

fn a_module_is_its_default_view() {
    for caller in both_forms() {
        let id = caller.demo.module;
        let view = caller.get(&format!("views/{id}")).expect(200).json();
        assert_eq!(view["viewId"], id.to_string());
        assert_eq!(view["viewName"], "Sales");
        let views = caller
            .get(&format!("modules/{id}/views"))
            .expect(200)
            .json();
        assert_eq!(views["views"][0]["id"], id.to_string());
        assert_eq!(views["views"][0]["moduleId"], id.to_string());
        assert_eq!(views["views"][0]["name"], "Sales");
        assert_eq!(views["views"][1]["name"], "Sales.Volume by Region");
        assert_eq!(views["meta"]["paging"]["totalSize"], 2);
        let second = caller.get("views?limit=1&offset=1").expect(200).json();
        assert_eq!(second["views"][0]["id"], caller.demo.view.to_string());
    }
}

fn subsidiary_views_want_the_literal_text() {
    for caller in both_forms() {
        let count = |query: &str| {
            let path = format!("modules/{}/views{query}", caller.demo.module);
            let views = caller.get(&path).expect(200).json();
            views["views"].as_array().unwrap().len()
        };
        assert_eq!(count("?includesubsidiaryviews=true"), 3);
        let path = format!(
            "modules/{}/views?includesubsidiaryviews=true",
            caller.demo.module
        );
        let views = caller.get(&path).expect(200).json();
        assert_eq!(views["views"][2]["name"], "Currency Rate");
        for without in [
            "",
            "?includesubsidiaryviews=True",
            "?includeSubsidiaryViews=true",
        ] {
            assert_eq!(count(without), 2, "{without}");
        }
    }
}
