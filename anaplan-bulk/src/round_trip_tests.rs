//! Every model that is read can be written: JSON of the server, read, written and read again.

use anaplan_conformance::round_trip::difference;

use crate::{
    Action, ActionOutcome, ActionResult, ActionTask, Chunk, Dashboard, Detail, DumpRow, Export,
    ExportMetadata, File, Import, ImportDataSource, ImportMetadata, ImportSource, Process,
    ProcessMetadata, ProcessStep, Uploaded,
};

#[test]
fn response_models_survive_a_round_trip_through_json() {
    let file = r#"{"id":"113000000001","name":"a.csv","chunkCount":-1,"delimiter":"\"","encoding":"UTF-16LE",
        "firstDataRow":"2","format":"txt","headerRow":1,"separator":"\t","code":"C","origin":"O"}"#;
    let source = r#"{"textEncoding":"utf-8","columnSeparator":";","textDelimiter":"\"","headerRow":"1",
        "firstDataRow":2,"decimalSeparator":",","headerNames":["A"],"columnCount":"1"}"#;
    let result = r#"{"successful":true,"failureDumpAvailable":true,"objectId":112000000001,"objectName":"Load",
        "details":[{"type":"rows","localMessageText":"text","occurrences":"3","values":["a",null,5]}],
        "nestedResults":[{"successful":false}],"duration":5,"startTime":"x"}"#;
    let export = r#"{"columnCount":1,"rowCount":"2","dataTypes":["ENTITY","NEW"],"headerNames":["A"],
        "listNames":["L"],"delimiter":"\"","separator":",","encoding":"UTF-8","exportFormat":"text/csv",
        "layout":"GRID_ALL_PAGES"}"#;
    let metadata = format!(r#"{{"name":"n","type":"FILE","source":{source}}}"#);
    let dump = r#"{"status":"E","columns":[["A","1"]],"line":2,"errors":["bad"]}"#;
    let uploaded = r#"{"file":"113000000001","bytes":5,"chunks":1}"#;
    let steps = r#"{"name":"p","actions":[{"id":"112000000001","name":"a","importDataSourceId":"113000000001"}]}"#;
    let differences = [
        (
            "Action",
            difference::<Action>(
                r#"{"id":117000000001,"name":"a","actionType":"DELETE_BY_SELECTION"}"#,
            ),
        ),
        ("ActionResult", difference::<ActionResult>(result)),
        ("Chunk", difference::<Chunk>(r#"{"id":0,"name":"Chunk 0"}"#)),
        (
            "Dashboard",
            difference::<Dashboard>(r#"{"id":"1","name":"d"}"#),
        ),
        (
            "Detail",
            difference::<Detail>(r#"{"type":"t","values":["a",null]}"#),
        ),
        ("DumpRow", difference::<DumpRow>(dump)),
        (
            "Export",
            difference::<Export>(r#"{"id":"116000000001","name":"e","encoding":"UTF-8"}"#),
        ),
        ("ExportMetadata", difference::<ExportMetadata>(export)),
        ("File", difference::<File>(file)),
        (
            "Import",
            difference::<Import>(
                r#"{"id":"112000000001","name":"i","importDataSourceId":113000000001}"#,
            ),
        ),
        (
            "ImportDataSource",
            difference::<ImportDataSource>(
                r#"{"importDataSourceId":"113000000001","type":"FILE"}"#,
            ),
        ),
        ("ImportMetadata", difference::<ImportMetadata>(&metadata)),
        ("ImportSource", difference::<ImportSource>(source)),
        (
            "Process",
            difference::<Process>(r#"{"id":"118000000001","name":"p"}"#),
        ),
        ("ProcessMetadata", difference::<ProcessMetadata>(steps)),
        (
            "ProcessStep",
            difference::<ProcessStep>(r#"{"id":"112000000001","name":"a"}"#),
        ),
        ("Uploaded", difference::<Uploaded>(uploaded)),
    ];
    for (model, difference) in differences {
        assert_eq!(difference, None, "{model}");
    }
    let outcome = ActionOutcome {
        task: ActionTask::new("M", "112000000001", "T"),
        result: serde_json::from_str(result).unwrap(),
    };
    let written = serde_json::to_string(&outcome).unwrap();
    assert_eq!(difference::<ActionOutcome>(&written), None);
}
