//! Tables whose format differs from the default, through the public API.

use std::collections::BTreeMap;

use anaplan_core::{Bytes, ErrorKind};

use crate::test_server::{EMPTY_LIST, TestServer};
use crate::{Content, Encoding, File, ImportMetadata, TableFormat};

const FILE: &str = "113000000001";
const EXPORT: &str = "116000000001";

type Map = BTreeMap<String, String>;

fn server(content: &[u8]) -> TestServer {
    let server = TestServer::default();
    let chunk = BTreeMap::from([(0, Bytes::copy_from_slice(content))]);
    server.state().files.insert(FILE.into(), chunk);
    server
}

fn file(json: &str) -> File {
    serde_json::from_str(json).unwrap()
}

async fn maps(server: &TestServer, format: TableFormat) -> (Vec<Map>, Vec<String>) {
    let mut rows = server.bulk().get_file(FILE).rows::<Map>(format);
    let mut all = Vec::new();
    let mut errors = Vec::new();
    while let Some(row) = rows.next_row().await {
        match row {
            Ok(row) => all.push(row),
            Err(error) => errors.push(error.to_string()),
        }
    }
    (all, errors)
}

fn map<const N: usize>(values: [(&str, &str); N]) -> Map {
    let owned = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Map::from(owned)
}

const PRICES: &str = r#"{"importMetadata":{"name":"Prices","type":"FILE","source":{
    "textEncoding":"UTF-8","columnSeparator":";","textDelimiter":"\"","headerRow":1,"firstDataRow":2,
    "decimalSeparator":",","headerNames":["Region","Price"],"columnCount":2}}}"#;

#[tokio::test(start_paused = true)]
async fn rows_for_an_import_are_written_with_its_decimal_comma() {
    let server = server(b"old");
    let import = "112000000001";
    server.canned(&format!("GET /2/0/models/M/imports/{import}"), 200, PRICES);
    let bulk = server.bulk();
    let metadata: ImportMetadata = bulk.get_import_metadata(import).await.unwrap();
    let format = metadata.source.unwrap().table_format().unwrap();
    let rows = vec![("North", 1.5), ("South", 1234.25)];
    bulk.upload_file(FILE, Content::rows(rows, format.clone()))
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8(server.content(FILE)).unwrap(),
        "Region;Price\nNorth;1,5\nSouth;1234,25\n"
    );
    let rows = bulk.get_file(FILE).rows::<(String, f64)>(format);
    let rows: Vec<_> = futures_util::TryStreamExt::try_collect(rows).await.unwrap();
    assert_eq!(rows[1], ("South".to_owned(), 1234.25));
}

#[tokio::test(start_paused = true)]
async fn unknown_decimal_sign_is_rejected_before_the_upload() {
    let metadata = PRICES.replace(r#"Separator":",","header"#, r#"Separator":"'","header"#);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let metadata: ImportMetadata =
        serde_json::from_value(metadata["importMetadata"].clone()).unwrap();
    let error = metadata.source.unwrap().table_format().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("decimal sign"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn blank_lines_count_as_rows() {
    let file = file(r#"{"id":"113000000001","headerRow":3,"firstDataRow":5,"separator":","}"#);
    for text in [
        "Sales report\n\nA,B\nEUR,pcs\n1,2\n3,4\n",
        "Sales report,\n,\nA,B\nEUR,pcs\n1,2\n3,4\n",
        "Sales report,\nEurope,\nA,B\n\n1,2\n3,4\n",
    ] {
        let server = server(text.as_bytes());
        let (rows, errors) = maps(&server, file.table_format().unwrap()).await;
        assert_eq!(errors, Vec::<String>::new(), "{text}");
        let wanted = [map([("A", "1"), ("B", "2")]), map([("A", "3"), ("B", "4")])];
        assert_eq!(rows, wanted, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn grid_export_has_the_columns_of_its_metadata() {
    let server = TestServer::default();
    let export = format!("/2/0/models/M/exports/{EXPORT}");
    let metadata = r#"{"exportMetadata":{"columnCount":5,
        "dataTypes":["ENTITY","MIXED","MIXED","MIXED","MIXED"],"delimiter":"\"","encoding":"UTF-8",
        "exportFormat":"text/csv","headerNames":["","Jan 20","Feb 20","Mar 20","Q1 FY20"],
        "listNames":["Line Items","","","",""],"rowCount":2,"separator":",","layout":"GRID_CURRENT_PAGE"}}"#;
    server.canned(&format!("GET {export}"), 200, metadata);
    server.canned(&format!("GET {export}/tasks"), 200, EMPTY_LIST);
    server.canned(&format!("POST {export}/tasks"), 200, r#"{"taskId":"E"}"#);
    server.canned(
        &format!("GET {export}/tasks/E"),
        200,
        r#"{"task":{"taskId":"E","taskState":"COMPLETE","result":{"successful":true}}}"#,
    );
    server.put(
        EXPORT,
        &["Apple,UK\n,Jan 20,Feb 20,Mar 20,Q1 FY20\nQuantity,23,22,0,45\nCost,12,0,0,12\n"],
    );
    let mut rows = server.bulk().export_rows::<Map>(EXPORT).await.unwrap();
    let first = rows.next_row().await.unwrap().unwrap();
    assert_eq!((&*first[""], &*first["Feb 20"]), ("Quantity", "22"));
    assert_eq!(rows.pages(), ["Apple", "UK"]);
    let second = rows.next_row().await.unwrap().unwrap();
    assert_eq!((&*second[""], &*second["Q1 FY20"]), ("Cost", "12"));
    assert!(rows.next_row().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn two_columns_of_one_name_are_an_error_for_fields_by_name() {
    let server = server(b"Name,Code,Name\nNorth,N,North region\n");
    let (rows, errors) = maps(&server, TableFormat::default()).await;
    assert_eq!(rows, Vec::<Map>::new());
    assert!(errors[0].contains("'Name'"), "{errors:?}");
    let rows = server.bulk().get_file(FILE);
    let mut rows = rows.rows::<(String, String, String)>(TableFormat::default());
    assert_eq!(rows.next_row().await.unwrap().unwrap().2, "North region");
}

#[tokio::test(start_paused = true)]
async fn row_of_another_width_is_an_error_and_the_next_row_follows() {
    let server = server(b"A,B\n1,2,3\n4,5\n");
    let (rows, errors) = maps(&server, TableFormat::default()).await;
    assert_eq!(rows, [map([("A", "4"), ("B", "5")])]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("row 2"), "{errors:?}");
}

#[tokio::test(start_paused = true)]
async fn utf_16_is_read_in_both_byte_orders_whatever_the_label() {
    let text = "\u{feff}A\tB\r\n\u{41c}\u{43e}\t1\r\n";
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [big, little] {
        for label in ["UTF-16BE", "UTF-16LE", "UTF-16", "utf-8"] {
            let server = server(&bytes);
            let mut format = TableFormat::default().with_encoding(Encoding::from(label));
            format.separator = '\t';
            let (rows, errors) = maps(&server, format).await;
            assert_eq!(errors, Vec::<String>::new(), "{label}");
            assert_eq!(
                rows,
                [map([("A", "\u{41c}\u{43e}"), ("B", "1")])],
                "{label}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_written_fail_before_the_old_content_is_discarded() {
    #[derive(serde::Serialize)]
    struct Row {
        name: &'static str,
        amount: f64,
    }
    let latin = file(r#"{"id":"113000000001","encoding":"ISO-8859-1"}"#);
    let unquoted = file(r#"{"id":"113000000001","delimiter":""}"#);
    for (file, name, amount, part) in [
        (&latin, "\u{20ac}", 1.0, "column 'name'"),
        (&unquoted, "a,b", 1.0, "column 'name'"),
        (&latin, "a", f64::NAN, "column 'amount'"),
    ] {
        let server = server(b"old");
        let rows = vec![
            Row {
                name: "a",
                amount: 0.5,
            },
            Row { name, amount },
        ];
        let upload = server.bulk().upload_rows(file, rows).unwrap();
        let failed = upload.await.unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::InvalidInput, "{failed}");
        let text = failed.to_string();
        assert!(text.contains("row 3") || text.contains("row 2"), "{text}");
        assert!(text.contains(part), "{text}");
        assert!(failed.state.is_none());
        assert_eq!(server.content(FILE), b"old");
    }
    let server = server(b"old");
    let unknown = file(r#"{"id":"113000000001","encoding":"X-UNKNOWN"}"#);
    assert!(server.bulk().upload_rows(&unknown, vec![("a", 1)]).is_err());
    assert_eq!(server.count(""), 0);
}
