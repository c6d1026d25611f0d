//! Every model that is read can be written: JSON of the server, read, written and read again.

use anaplan_conformance::round_trip::difference;

use crate::{
    BatchReport, CurrentPeriod, Dimension, DimensionItem, FiscalYear, FormatMetadata, LineItem,
    List, ListItem, ListItemKey, ListItemUpdate, ListMetadata, ListProperty, Lookup, ModelCalendar,
    Module, NewListItem, ObjectRef, PeriodDate, ReadProgress, ReadRequest, ReadSource, Version,
    VersionSwitchover, View, ViewData, ViewInfo, ViewRow, WriteFailure, WriteReport,
};

macro_rules! assert_round_trips {
    ($($model:ty: $($json:expr),+;)+) => {
        $($(assert_eq!(difference::<$model>($json), None, stringify!($model));)+)+
    };
}

const NUMBER: &str = r#"{"dataType":"NUMBER","comparisonIncrease":"GOOD","customUnits":"kg","decimalPlaces":-1,
    "decimalSeparator":"COMMA","groupingSeparator":"SPACE","minimumSignificantDigits":4,
    "negativeNumberNotation":"MINUS_SIGN","unitsDisplayType":"CUSTOM_SUFFIX","unitsType":"CUSTOM","zeroFormat":"BLANK"}"#;
const LIST_FORMAT: &str = r#"{"dataType":"ENTITY","hierarchyEntityLongId":101000000007,"selectiveAccessApplied":true,
    "showAll":false,"entityFormatFilter":"f"}"#;
const TIME: &str = r#"{"dataType":"TIME_ENTITY","periodType":{"entityId":"MONTH","entityLabel":"Month","entityIndex":3}}"#;

#[test]
fn response_models_survive_a_round_trip_through_json() {
    let line_item = format!(
        r#"{{"id":206000000001,"name":"Sales","moduleId":"102","moduleName":"m","code":"C","notes":"n","format":"NUMBER",
        "formatMetadata":{NUMBER},"formula":"1","formulaScope":"All","summary":"Sum","timeScale":"Month","timeRange":"r",
        "style":"Normal","version":{{"id":"16000000000","name":"All"}},"appliesTo":[{{"id":101,"name":"R"}}],
        "dataTags":[{{"id":"1","name":"t"}}],"referencedBy":null,"parent":{{"id":"2","name":"p"}},
        "readAccessDriver":{{"id":"3","name":"d"}},"writeAccessDriver":{{"id":"4","name":"e"}},"cellCount":"12",
        "isSummary":"true","startOfSection":false,"broughtForward":true,"useSwitchover":false,"breakback":true}}"#
    );
    let list = r#"{"id":101000000001,"name":"R","properties":[{"name":"P","format":{"dataType":"TEXT"},"formula":"f",
        "notes":"n","referencedBy":["A",1]}],"subsets":[{"id":"1","name":"s"}],"parent":{"id":"2","name":"p"},
        "itemCount":5,"numberedList":true,"productionData":"true","hasSelectiveAccess":true,"managedBy":"m",
        "useTopLevelAsPageDefault":true,"workflowEnabled":false,"permittedItems":"9","nextitemIndex":7,
        "topLevelItem":"All","category":"c","displayNameProperty":"P"}"#;
    let calendar = r#"{"calendarType":"Weeks: 13 4-week Periods","fiscalYear":{"year":"FY25","startDate":"2025-01-01",
        "endDate":"2025-12-31"},"pastYearsCount":1,"futureYearsCount":"2","currentPeriod":{"periodText":"P","lastDay":""},
        "startDate":"2025-01-06","weeksCount":53,"weekFormat":"Numbered","weekGrouping":"4-4-5","extraWeekMonth":"M",
        "totalsSelection":{"isQuarterTotals":true,"halfYearTotals":true,"isYearToDateSummary":true,
        "yearToGoSummary":true,"isTotalOfAllPeriods":true,"extraMonthQuarter":4}}"#;
    let version = r#"{"id":107,"name":"Actual","code":"A","isCurrent":true,"isActual":"true",
        "editFrom":{"periodText":"Jan","date":"2025-01-01"},"editTo":{"periodText":"","date":""},
        "switchover":{"periodText":"Feb","date":"2025-02-01"},"formula":"f","notes":"n"}"#;
    let item = r#"{"id":201,"name":"Berlin","code":"B1","parent":"Germany","parentId":"202","listId":103,"listName":"C",
        "properties":{"Size":3.7,"Open":true},"subsets":{"Big":true,"Small":"false"},"read":["u"],"write":["v"]}"#;
    let report = r#"{"written":1,"ignored":0,"sent":2,"failures":[{"requestIndex":1,"failureType":"NEW",
        "failureMessageDetails":"no"}]}"#;
    let batch = format!(r#"{{"number":1,"total":2,"first":0,"report":{report}}}"#);
    let grid = r#"{"pages":["EU"],"columnCoordinates":[["Jan 25",1]],"rows":[{"rowCoordinates":["A"],"cells":[64.6]}]}"#;
    assert_round_trips! {
        BatchReport: &batch;
        CurrentPeriod: r#"{"periodText":"Jan","lastDay":"2025-01-31","calendarType":"Moons"}"#, "{}";
        Dimension: r#"{"id":20000000003,"name":"Time"}"#;
        DimensionItem: r#"{"id":"1","name":"A","code":"a"}"#, r#"{"id":"1","name":null}"#;
        FiscalYear: r#"{"year":"FY25","startDate":"2025-01-01","endDate":""}"#;
        FormatMetadata: NUMBER, LIST_FORMAT, TIME, r#"{"dataType":"TEXT","textType":"GENERAL"}"#,
            r#"{"dataType":"BOOLEAN"}"#, r#"{"dataType":"DATE"}"#, r#"{"dataType":"NONE"}"#,
            r#"{"dataType":"HOLOGRAM","depth":3}"#, "7";
        LineItem: &line_item, r#"{"id":"1"}"#;
        List: r#"{"id":101,"name":"R","code":""}"#;
        ListItem: item, r#"{"id":"1"}"#;
        ListItemKey: r#"{"id":"7"}"#, r#"{"code":"c"}"#, r#"{"name":"n"}"#;
        ListItemUpdate: r#"{"id":"7","name":"A","properties":{"Size":"3"},"subsets":{"Big":false}}"#;
        ListMetadata: list, r#"{"id":"1"}"#;
        ListProperty: r#"{"name":"P","referencedBy":"X"}"#;
        Lookup: r#"{"names":["A"]}"#;
        ModelCalendar: calendar, "{}";
        Module: r#"{"id":102,"name":"M","code":"c"}"#;
        NewListItem: r#"{"name":"A","code":"a","parent":"P","properties":{"S":"1"},"subsets":{"B":true}}"#;
        ObjectRef: r#"{"id":1,"name":"o"}"#;
        PeriodDate: r#"{"periodText":"Jan","date":"2025-01-01"}"#;
        ReadProgress: r#"{"availablePages":3,"successful":true}"#, "{}";
        ReadRequest: r#"{"modelId":"M","source":{"viewId":"5"},"requestId":"AB"}"#;
        ReadSource: r#"{"listId":"101"}"#;
        Version: version, r#"{"id":"1"}"#;
        VersionSwitchover: r#"{"periodText":"Jan","date":"2025-01-01","calendarType":"Weeks: General"}"#;
        View: r#"{"id":5,"name":"Sales.All","moduleId":102,"code":"c"}"#, r#"{"id":"5","name":null}"#;
        ViewData: grid, "{}";
        ViewInfo: r#"{"viewId":5,"viewName":"V","rows":[{"id":"1","name":"R"}],"columns":null}"#;
        ViewRow: r#"{"rowCoordinates":["A"],"cells":["1",2,true]}"#;
        WriteFailure: r#"{"requestIndex":1,"failureType":"INCORRECT_FORMAT","failureMessageDetails":"no"}"#;
        WriteReport: report;
    }
}

#[test]
fn written_models_have_the_keys_of_the_server() {
    let written = |json: &str| {
        let read: FormatMetadata = serde_json::from_str(json).unwrap();
        (serde_json::to_value(&read).unwrap(), read.to_string())
    };
    let (json, text) = written(LIST_FORMAT);
    assert_eq!(
        (&json["dataType"], text.as_str()),
        (&"ENTITY".into(), "ENTITY")
    );
    assert_eq!(json["hierarchyEntityLongId"], "101000000007");
    let (json, text) = written(r#"{"dataType":"HOLOGRAM","depth":3}"#);
    assert_eq!((&json["depth"], text), (&3.into(), json.to_string()));
}
