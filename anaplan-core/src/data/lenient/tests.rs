use super::*;
use serde_json::json;

#[derive(Deserialize, Debug, PartialEq, Default)]
#[serde(default)]
struct All {
    #[serde(deserialize_with = "text_opt")]
    text: Option<String>,
    #[serde(deserialize_with = "id_opt")]
    id: Option<String>,
    #[serde(deserialize_with = "texts")]
    texts: Vec<String>,
    #[serde(deserialize_with = "texts_opt")]
    texts_opt: Vec<Option<String>>,
    #[serde(deserialize_with = "text_lists")]
    text_lists: Vec<Vec<String>>,
    #[serde(deserialize_with = "text_map")]
    text_map: BTreeMap<String, String>,
    #[serde(deserialize_with = "flag_map")]
    flag_map: BTreeMap<String, bool>,
    #[serde(deserialize_with = "number_opt")]
    number: Option<i64>,
    #[serde(deserialize_with = "count_opt")]
    count: Option<u64>,
    #[serde(deserialize_with = "decimal_opt")]
    decimal: Option<f64>,
    #[serde(deserialize_with = "flag")]
    flag: bool,
    #[serde(deserialize_with = "flag_opt")]
    flag_opt: Option<bool>,
    #[serde(deserialize_with = "seconds_opt")]
    seconds: Option<Duration>,
    #[serde(deserialize_with = "date_opt")]
    date: Option<Date>,
    #[serde(deserialize_with = "moment_opt")]
    moment: Option<Timestamp>,
}

#[allow(clippy::needless_pass_by_value)] // It reads better.
fn try_read(name: &str, value: Value) -> serde_json::Result<All> {
    // From JSON text, as responses are read.
    serde_json::from_str(&json!({ name: value }).to_string())
}

fn read(name: &str, value: Value) -> All {
    try_read(name, value).unwrap()
}

#[test]
fn null_is_read_as_absent() {
    for name in [
        "text",
        "id",
        "texts",
        "texts_opt",
        "text_lists",
        "text_map",
        "flag_map",
        "number",
        "count",
        "decimal",
        "flag",
        "flag_opt",
        "seconds",
        "date",
        "moment",
    ] {
        assert_eq!(read(name, Value::Null), All::default(), "{name}");
    }
}

#[test]
fn strings_are_read_from_any_value() {
    for (value, text) in [
        (json!("a"), Some("a")),
        (json!(""), None),
        (json!(7), Some("7")),
        (json!(3.0), Some("3.0")),
        (json!(u64::MAX), Some("18446744073709551615")),
        (json!(true), Some("true")),
        (json!([1, "b"]), Some(r#"[1,"b"]"#)),
    ] {
        assert_eq!(read("text", value.clone()).text.as_deref(), text, "{value}");
    }
    let list = json!(["a", null, "", 1]);
    assert_eq!(read("texts", list.clone()).texts, ["a", "", "", "1"]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        read("texts_opt", list).texts_opt,
        [some("a"), None, None, some("1")]
    );
    assert_eq!(
        read("text_lists", json!([["a", null], "b"])).text_lists,
        [vec!["a", ""], vec!["b"]]
    );
    assert_eq!(
        read("text_map", json!({"a": 1.5, "b": null})).text_map,
        [("a".into(), "1.5".into()), ("b".into(), String::new())].into()
    );
    assert_eq!(
        read("flag_map", json!({"a": true, "b": "TRUE", "c": 1})).flag_map,
        [("a".into(), true), ("b".into(), true), ("c".into(), false)].into()
    );
}

#[test]
fn ids_are_read_from_strings_and_numbers() {
    for (value, id) in [
        (json!("A1"), Some("A1")),
        (json!(112), Some("112")),
        (json!(" "), None),
        (json!({}), None),
    ] {
        assert_eq!(read("id", value.clone()).id.as_deref(), id, "{value}");
    }
}

#[test]
fn numbers_are_read_in_every_form_and_invalid_ones_are_none() {
    for (value, number) in [
        (json!(3), Some(3)),
        (json!(3.9), Some(3)),
        (json!(" 3 "), Some(3)),
        (json!("3.0"), Some(3)),
        (json!(-1), Some(-1)),
        (json!(1e300), None),
        (json!("NaN"), None),
        (json!("many"), None),
        (json!([3]), None),
    ] {
        assert_eq!(read("number", value.clone()).number, number, "{value}");
        let count = number.and_then(|number| u64::try_from(number).ok());
        assert_eq!(read("count", value.clone()).count, count, "{value}");
    }
    assert_eq!(read("count", json!(u64::MAX)).count, Some(u64::MAX));
    assert_eq!(read("number", json!(u64::MAX)).number, None);
}

#[test]
fn flags_and_decimals_are_read_in_every_form_and_invalid_ones_are_none() {
    for (value, flag) in [
        (json!(true), Some(true)),
        (json!(" TRUE "), Some(true)),
        (json!("1"), Some(true)),
        (json!(1), Some(true)),
        (json!("False"), Some(false)),
        (json!(0), Some(false)),
        (json!(2), None),
        (json!("yes"), None),
        (json!({}), None),
    ] {
        assert_eq!(read("flag_opt", value.clone()).flag_opt, flag, "{value}");
        let required = try_read("flag", value).map(|all| all.flag);
        assert_eq!(required.ok(), flag);
    }
    for (value, decimal) in [
        (json!(0.25), Some(0.25)),
        (json!("0.25 "), Some(0.25)),
        (json!(1), Some(1.0)),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!("half"), None),
        (json!(true), None),
    ] {
        assert_eq!(read("decimal", value.clone()).decimal, decimal, "{value}");
    }
}

#[test]
fn seconds_of_any_size_can_be_added_to_any_timestamp() {
    for (value, seconds) in [
        (json!(1800), Some(Duration::from_secs(1800))),
        (json!("1.5"), Some(Duration::from_millis(1500))),
        (json!(-7), Some(Duration::ZERO)),
        (json!(u64::MAX), Some(LONGEST)),
        (json!(1e300), Some(LONGEST)),
        (json!("soon"), None),
    ] {
        let read = read("seconds", value.clone()).seconds;
        assert_eq!(read, seconds, "{value}");
        if let Some(wait) = read {
            assert!(later(Timestamp::MAX, wait) == Timestamp::MAX);
            assert!(later(Timestamp::UNIX_EPOCH, wait) >= Timestamp::UNIX_EPOCH);
        }
    }
    assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
}

#[test]
fn byte_order_mark_is_removed() {
    assert_eq!(without_bom(b"\xef\xbb\xbf{}"), b"{}");
    assert_eq!(without_bom(b"{}"), b"{}");
    assert_eq!(without_bom(b"\xef\xbb"), b"\xef\xbb");
}

#[test]
fn dates_and_timestamps_are_read_in_every_form_and_invalid_ones_are_none() {
    let day = jiff::civil::date(2025, 3, 31);
    assert_eq!(read("date", json!("2025-03-31")).date, Some(day));
    assert_eq!(read("date", json!("")).date, None);
    for (value, moment) in [
        (
            json!("2024-12-04T18:18:48.500+0200"),
            "2024-12-04T16:18:48.5Z",
        ),
        (json!("2024-12-04T18:18:48Z"), "2024-12-04T18:18:48Z"),
        (json!(1_718_000_000_123_i64), "2024-06-10T06:13:20.123Z"),
        (json!("1718000000123"), "2024-06-10T06:13:20.123Z"),
        (json!(1.718e12), "2024-06-10T06:13:20Z"),
    ] {
        let read = read("moment", value.clone()).moment.unwrap();
        assert_eq!(read.to_string(), moment, "{value}");
    }
    for nonsense in [json!("yesterday"), json!(1e300), json!({})] {
        assert_eq!(read("moment", nonsense).moment, None);
    }
}
