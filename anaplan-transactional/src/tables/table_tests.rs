use std::collections::BTreeMap;

use anaplan_core::{Bytes, ErrorKind, Result};
use anaplan_table::{Grid, TableFormat};

use crate::testing::{Reply, offline, scripted};
use crate::{ReadRequest, ReadSource, Rows, ViewData, ViewInfo};

type Map = BTreeMap<String, String>;

async fn all<T: serde::de::DeserializeOwned>(mut rows: Rows<T>) -> Vec<Result<T>> {
    let mut all = Vec::new();
    while let Some(row) = rows.next_row().await {
        all.push(row);
    }
    all
}

fn metadata() -> Reply {
    Reply::Body(
        200,
        r#"{"metadata":{"id":"101","name":"Cities","properties":[{"name":"Size"},{"name":"Open"}],
        "subsets":[{"id":"1","name":"Big"}]}}"#,
    )
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct City {
    name: String,
    code: Option<String>,
    #[serde(rename = "Size")]
    size: f64,
    #[serde(rename = "Open")]
    open: Option<bool>,
    #[serde(rename = "Big")]
    big: bool,
}

#[tokio::test(start_paused = true)]
async fn list_item_rows_reads_properties_and_subsets_as_typed_columns() {
    let (model, script) = scripted([
        metadata(),
        Reply::Body(
            200,
            r#"{"listItems":[{"id":"1","name":"Berlin","code":"B","properties":{"Size":"3.7","Open":true},"subsets":{"Big":true}},
            {"id":"2","name":"Rome"},{"id":"3","name":"Oslo","properties":{"Size":"0.7","Open":""}}]}"#,
        ),
    ]);
    let rows = model.list_item_rows::<City>(101).await.unwrap();
    let expected = ["id", "name", "code", "parent", "Size", "Open", "Big"];
    assert_eq!(rows.columns().unwrap(), expected);
    let rows = all(rows).await;
    let berlin = City {
        name: "Berlin".into(),
        code: Some("B".into()),
        size: 3.7,
        open: Some(true),
        big: true,
    };
    assert_eq!(*rows[0].as_ref().unwrap(), berlin);
    // An empty number is an error of its row. The next row follows.
    let error = rows[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    assert!(text.contains("row 2") && text.contains("'Size'"), "{text}");
    let oslo = rows[2].as_ref().unwrap();
    assert_eq!((oslo.size, oslo.open, oslo.big), (0.7, None, false));
    assert_eq!(
        script.lines(),
        [
            "GET /models/M/lists/101",
            "GET /models/M/lists/101/items?includeAll=true"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn list_item_rows_keeps_properties_that_the_metadata_lacks() {
    let (model, _) = scripted([
        metadata(),
        Reply::Body(
            200,
            r#"{"listItems":[{"id":"1","name":"Berlin","properties":{"New":"x"},"subsets":{"Old":true}},{"id":"2","name":"Rome"}]}"#,
        ),
    ]);
    let rows = all(model.list_item_rows::<Map>(101).await.unwrap()).await;
    let berlin = rows[0].as_ref().unwrap();
    assert_eq!(
        (berlin["New"].as_str(), berlin["Old"].as_str()),
        ("x", "true")
    );
    assert_eq!(
        (berlin["Size"].as_str(), berlin["Big"].as_str()),
        ("", "false")
    );
    assert!(!rows[1].as_ref().unwrap().contains_key("New"));
}

#[tokio::test(start_paused = true)]
async fn list_item_rows_ends_after_an_error_of_the_stream() {
    let (model, _) = scripted([
        metadata(),
        Reply::Body(200, r#"{"listItems":[{"id":"1","name":"Berlin"},"#),
    ]);
    let rows = all(model.list_item_rows::<Map>(101).await.unwrap()).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].as_ref().unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test(start_paused = true)]
async fn view_rows_sends_no_request_for_cells_that_it_cannot_read() {
    let view =
        r#"{"viewId":"5","columns":[{"id":"1","name":"Time"},{"id":"2","name":"Versions"}]}"#;
    let (model, script) = scripted([Reply::Body(200, view)]);
    // Neither row labels nor line items on the columns.
    let error = model.view_rows::<Map>(5).wide().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(script.lines(), ["GET /models/M/views/5"]);
    for layout in ["PIVOT", "TABULAR_SINGLE_COLUMN"] {
        let rows = offline()
            .view_rows::<Map>(5)
            .with(|query| query.export_type(layout.into()));
        let error = rows.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{layout}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_of_read_pages_skip_repeated_headers_of_several_lines() {
    let pages = || {
        [
            Reply::Body(
                200,
                r#"{"viewReadRequest":{"requestId":"R","requestState":"COMPLETE","availablePages":3,"successful":true}}"#,
            ),
            Reply::Body(200, "EU\r\n,Jan,Feb\r\n,Units,Units\r\nA,1,2\r\n"),
            Reply::Body(200, "EU\r\n,Jan,Feb\r\n,Units,Units\r\nB,3,4\r\n"),
            Reply::Body(200, "C,5,6\r\n"),
            Reply::Body(200, ""),
        ]
    };
    let request = ReadRequest {
        model: "M".into(),
        source: ReadSource::View(5.into()),
        request: "R".into(),
    };
    let grid = Grid::view(["Region"], ["Product"], ["Time", "Line Items"]);
    let format = TableFormat::default().with_layout(grid).long();
    let (model, script) = scripted(pages());
    let mut rows = model
        .read_pages(&request)
        .rows::<(String, String, String, String, u32)>(format);
    let first = rows.next_row().await.unwrap().unwrap();
    assert_eq!(rows.pages(), ["EU"]);
    assert_eq!(
        rows.columns().unwrap(),
        ["Region", "Product", "Time", "Line Items", "Value"]
    );
    let mut values = vec![first.4];
    values.extend(all(rows).await.into_iter().map(|row| row.unwrap().4));
    assert_eq!(values, [1, 2, 3, 4, 5, 6]);
    assert_eq!(script.left(), 0);
}

#[test]
fn rows_of_view_data_read_totals_and_quotation_marks() {
    let data: ViewData = serde_json::from_str(
        r#"{"columnCoordinates":[["Price"],["Note, long"]],"rows":[
        {"rowCoordinates":["A"],"cells":["1.5","say \"hi\"\nthere"]},{"rowCoordinates":["Total"],"cells":["",""]}]}"#,
    )
    .unwrap();
    let info: ViewInfo = serde_json::from_str(
        r#"{"viewId":"1","rows":[{"id":"1","name":"R"}],"columns":[{"id":"2","name":"Line Items"}]}"#,
    )
    .unwrap();
    type Row = (String, Option<f64>, String);
    let rows: Vec<Row> = data
        .rows(info.table_format())
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    assert_eq!(rows[0], ("A".into(), Some(1.5), "say \"hi\"\nthere".into()));
    assert_eq!(rows[1], ("Total".into(), None, String::new()));
    let typed: Vec<Result<(String, f64, String)>> =
        data.rows(info.table_format()).unwrap().collect();
    assert!(typed[0].is_ok() && typed[1].is_err());
}

#[test]
fn rows_of_view_data_with_a_missing_cell_are_an_error() {
    let data: ViewData = serde_json::from_str(
        r#"{"columnCoordinates":[["A"],["B"]],"rows":[{"rowCoordinates":["x"],"cells":["1"]},
        {"rowCoordinates":["y"],"cells":["2","3"]}]}"#,
    )
    .unwrap();
    let format = TableFormat::default().with_layout(Grid::view([""; 0], ["R"], ["Line Items"]));
    let rows: Vec<Result<Vec<String>>> = data.rows(format).unwrap().collect();
    assert_eq!(rows[0].as_ref().unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(*rows[1].as_ref().unwrap(), ["y", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_stream_reject_a_format_before_the_stream_is_polled() {
    let source = futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes>>> {
        panic!("the stream was polled")
    });
    let mut rows: Rows<Map> = Rows::new(source, TableFormat::default().with_separator('"'));
    let error = rows.next_row().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(rows.next_row().await.is_none());
}
