//! Reading what the server writes in more than one form.

use std::collections::BTreeMap;

use anaplan_core::Timestamp;
pub(crate) use anaplan_core::or_default;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text as it is; anything else as its JSON; `null` is empty.
fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Text, from a string or any other value; empty text and `null` are nothing.
pub(crate) fn text_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = text(Value::deserialize(deserializer)?);
    Ok((!text.is_empty()).then_some(text))
}

/// A list of texts, whatever is in it.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list.into_iter().map(text).collect())
}

/// A list of texts by position; a single text is a list of one.
pub(crate) fn labels<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Vec<String>>, D::Error> {
    let list = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list
        .into_iter()
        .map(|entry| match entry {
            Value::Array(parts) => parts.into_iter().map(text).collect(),
            other => vec![text(other)],
        })
        .collect())
}

/// Texts by name, whatever the values are.
pub(crate) fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let map = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect())
}

/// Flags by name, from booleans or their text.
pub(crate) fn flag_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, bool>, D::Error> {
    let map = text_map(deserializer)?;
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, value.eq_ignore_ascii_case("true")))
        .collect())
}

/// A count, from a number (`3` or `3.0`) or its digits; anything else is nothing.
pub(crate) fn count_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            (float >= 0.0 && float <= u64::MAX as f64).then_some(float as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// The same where nothing is zero.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(count_opt(deserializer)?.unwrap_or_default())
}

/// A day; the server's empty text is nothing.
pub(crate) fn date_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Date>, D::Error> {
    Ok(text_opt(deserializer)?.and_then(|text| text.trim().parse().ok()))
}

/// A moment: RFC 3339, its relative without a colon in the offset, or epoch milliseconds. One that
/// cannot be read is nothing, since it must not hide everything around it.
pub(crate) fn moment_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number
            .as_i64()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Row {
        #[serde(default, deserialize_with = "count_opt")]
        count: Option<u64>,
        #[serde(default, deserialize_with = "date_opt")]
        date: Option<Date>,
        #[serde(default, deserialize_with = "moment_opt")]
        moment: Option<Timestamp>,
        #[serde(default, deserialize_with = "texts")]
        texts: Vec<String>,
    }

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_form_is_read_and_nonsense_is_nothing() {
        for (json, count) in [
            ("3", Some(3)),
            ("3.0", Some(3)),
            ("\"3\"", Some(3)),
            ("-1", None),
            ("null", None),
        ] {
            assert_eq!(row(&format!("{{\"count\":{json}}}")).count, count, "{json}");
        }
        assert_eq!(row(r#"{"date":""}"#).date, None);
        assert_eq!(
            row(r#"{"date":"2025-03-31"}"#).date,
            Some(jiff::civil::date(2025, 3, 31))
        );
        let moment = row(r#"{"moment":"2024-12-04T18:18:48.000+0000"}"#).moment;
        assert_eq!(moment.unwrap().to_string(), "2024-12-04T18:18:48Z");
        assert_eq!(row(r#"{"moment":"yesterday"}"#).moment, None);
        assert_eq!(
            row(r#"{"texts":["a",1,true,null]}"#).texts,
            ["a", "1", "true", ""]
        );
    }
}
