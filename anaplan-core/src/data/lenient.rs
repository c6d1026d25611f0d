//! Lenient readers of JSON values, for `#[serde(default, deserialize_with = "...")]`.
//!
//! All of them follow the same rules:
//!
//! * `null` is the same as an absent field.
//! * A string may be any other value: numbers and booleans are read as they are written, arrays and
//!   objects as their JSON.
//! * An empty string is `None` if the field is optional.
//! * A number may be a string of digits. A whole number loses its fraction.
//! * A number, a date or a timestamp that cannot be read is `None`, so that the other fields can be read.
//!
//! ```
//! use anaplan_core::lenient;
//!
//! #[derive(serde::Deserialize)]
//! struct Period {
//!     #[serde(default, deserialize_with = "lenient::text_opt")]
//!     text: Option<String>,
//!     #[serde(default, deserialize_with = "lenient::count_opt")]
//!     days: Option<u64>,
//! }
//!
//! let period: Period = serde_json::from_str(r#"{"text":"","days":"31"}"#)?;
//! assert_eq!((period.text, period.days), (None, Some(31)));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Errors
//!
//! They fail only if a collection is expected and the value is not one.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Longest duration that is returned: 100 years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Reads `null` like an absent field: for `#[serde(default, deserialize_with = "or_default")]`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Module {
///     #[serde(default, deserialize_with = "anaplan_core::or_default")]
///     views: Vec<String>,
/// }
///
/// let module: Module = serde_json::from_str(r#"{"views":null}"#)?;
/// assert!(module.views.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Those of the value, if there is one.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn text_of(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn some_text(value: Value) -> Option<String> {
    Some(text_of(value)).filter(|text| !text.is_empty())
}

/// Reads an optional string.
pub fn text_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(some_text(Value::deserialize(deserializer)?))
}

/// Reads an optional id from a string or a number. A blank one is `None`.
pub fn id_opt<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let id = match Value::deserialize(deserializer)? {
        value @ (Value::String(_) | Value::Number(_)) => text_of(value),
        _ => return Ok(None),
    };
    Ok((!id.trim().is_empty()).then(|| T::from(id)))
}

/// Reads a list of strings. `null` in it is an empty string.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list: Vec<Value> = or_default(deserializer)?;
    Ok(list.into_iter().map(text_of).collect())
}

/// Reads a list of optional strings.
pub fn texts_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<String>>, D::Error> {
    let list: Vec<Value> = or_default(deserializer)?;
    Ok(list.into_iter().map(some_text).collect())
}

/// Reads a list of lists of strings. A single string is a list of one.
pub fn text_lists<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Vec<String>>, D::Error> {
    let list: Vec<Value> = or_default(deserializer)?;
    Ok(list
        .into_iter()
        .map(|entry| match entry {
            Value::Array(parts) => parts.into_iter().map(text_of).collect(),
            other => vec![text_of(other)],
        })
        .collect())
}

/// Reads a map of strings.
pub fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let map: BTreeMap<String, Value> = or_default(deserializer)?;
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, text_of(value)))
        .collect())
}

/// Reads a map of flags, from booleans or strings.
pub fn flag_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, bool>, D::Error> {
    let map = text_map(deserializer)?;
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, value.eq_ignore_ascii_case("true")))
        .collect())
}

/// Reads an optional whole number.
pub fn number_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(whole(&Value::deserialize(deserializer)?).and_then(|number| number.try_into().ok()))
}

/// Reads an optional number, also from a string.
pub fn float_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number| number.is_finite()))
}

/// Reads an optional count. A negative number is `None`.
pub fn count_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(whole(&Value::deserialize(deserializer)?).and_then(|number| number.try_into().ok()))
}

/// Reads a count. An absent one is zero.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(count_opt(deserializer)?.unwrap_or_default())
}

fn whole(value: &Value) -> Option<i128> {
    let cut = |float: f64| float.is_finite().then_some(float as i128);
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Some(number.into()),
            (_, Some(number)) => Some(number.into()),
            _ => cut(number.as_f64()?),
        },
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| cut(text.parse().ok()?))
        }
        _ => None,
    }
}

/// Reads an optional decimal number, such as a progress between 0 and 1. Infinity is `None`.
pub fn decimal_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(decimal(&Value::deserialize(deserializer)?))
}

fn decimal(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Reads an optional flag: a boolean, `"true"` or `"false"` in any case, 1 or 0. Others are `None`.
pub fn flag_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(flag_of(Value::deserialize(deserializer)?).ok())
}

/// Reads a flag in any of the forms of [`flag_opt`]. An absent one or `null` is `false`.
///
/// # Errors
///
/// That of the deserializer for any other value: a result must not become a failure because its form is new.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(false),
        value => flag_of(value).map_err(|value| {
            let kind = match value {
                Value::Number(_) => "a number",
                Value::String(_) => "a text",
                Value::Array(_) => "a list",
                _ => "an object",
            };
            D::Error::custom(format_args!("{kind} is not a flag"))
        }),
    }
}

fn flag_of(value: Value) -> Result<bool, Value> {
    match &value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        Value::String(text) if text.trim() == "1" => Ok(true),
        Value::String(text) if text.trim() == "0" => Ok(false),
        Value::Number(number) if number.as_f64() == Some(1.0) => Ok(true),
        Value::Number(number) if number.as_f64() == Some(0.0) => Ok(false),
        _ => Err(value),
    }
}

/// Reads an optional duration in seconds, also with a fraction. A negative one is zero. One of more than
/// 100 years is 100 years, so that sums with it cannot overflow.
pub fn seconds_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let seconds = decimal(&Value::deserialize(deserializer)?);
    Ok(seconds.map(|seconds| {
        let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST);
        wait.min(LONGEST)
    }))
}

/// Returns the timestamp `wait` after `now`, or the last one that can be represented.
#[must_use]
pub fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Returns the JSON without the byte order mark that gateways may add.
#[must_use]
pub fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads an optional date: `2025-03-31`.
pub fn date_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    Ok(text_opt(deserializer)?.and_then(|text| text.trim().parse().ok()))
}

/// Reads an optional timestamp: RFC 3339, the same without a colon in the offset (`2024-12-04T18:18:48.000+0000`), or
/// milliseconds since 1970.
pub fn moment_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let millis = || Timestamp::from_millisecond(whole(&value)?.try_into().ok()?).ok();
    let written = || {
        let text = value.as_str()?.trim();
        let without_colon = |_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text);
        text.parse().or_else(without_colon).ok()
    };
    Ok(written().or_else(millis))
}

#[cfg(test)]
mod tests;
