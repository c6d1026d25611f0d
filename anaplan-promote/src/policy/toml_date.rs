//! Dates and times of TOML, which are tables with one private key for other formats.

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Key of the crate `toml`.
const KEY: &str = "$__toml_private_datetime";

/// Replaces dates and times by strings.
pub(super) fn to_strings(value: Value) -> Value {
    match value {
        Value::Object(mut map) => match map.remove(KEY) {
            Some(text) if map.is_empty() => text,
            Some(text) => {
                map.insert(KEY.into(), text);
                Value::Object(map)
            }
            None => {
                let entries = map.into_iter().map(|(key, value)| (key, to_strings(value)));
                Value::Object(entries.collect())
            }
        },
        Value::Array(items) => Value::Array(items.into_iter().map(to_strings).collect()),
        other => other,
    }
}

/// Reads a date from a string or a TOML date.
pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let value = to_strings(Value::deserialize(deserializer)?);
    serde_json::from_value(value).map_err(D::Error::custom)
}
