//! Reading what a server writes in more than one form: for `#[serde(default, deserialize_with = "...")]`.
//!
//! All of these have one meaning of everything:
//!
//! * `null` is the same as an absent field.
//! * A text may come as any other value: numbers and booleans are taken as they are written, arrays and
//!   objects as their JSON, so that nothing is lost.
//! * Where there may be nothing, an empty text is nothing.
//! * A number may come as its digits. The fraction of one that should be whole is cut off.
//! * A number, a day or a moment that cannot be read is nothing: it must not hide everything around it.
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
//! All of them fail where a collection is expected and something else comes, and nowhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest duration that is returned: 100 years.
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

/// A text, if there is one.
pub fn text_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(some_text(Value::deserialize(deserializer)?))
}

/// An id, from text or a number; a blank one is none.
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

/// A list of texts by position; `null` in it is an empty one.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list: Vec<Value> = or_default(deserializer)?;
    Ok(list.into_iter().map(text_of).collect())
}

/// A list of texts by position, each of which may be missing.
pub fn texts_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<String>>, D::Error> {
    let list: Vec<Value> = or_default(deserializer)?;
    Ok(list.into_iter().map(some_text).collect())
}

/// Lists of texts by position; a single text is a list of one.
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

/// Texts by name.
pub fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let map: BTreeMap<String, Value> = or_default(deserializer)?;
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, text_of(value)))
        .collect())
}

/// Flags by name, from booleans or their text.
pub fn flag_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, bool>, D::Error> {
    let map = text_map(deserializer)?;
    Ok(map
        .into_iter()
        .map(|(name, value)| (name, value.eq_ignore_ascii_case("true")))
        .collect())
}

/// A whole number.
pub fn number_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(whole(&Value::deserialize(deserializer)?).and_then(|number| number.try_into().ok()))
}

/// A number, also as text.
pub fn float_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number| number.is_finite()))
}

/// A count; a negative number is none.
pub fn count_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(whole(&Value::deserialize(deserializer)?).and_then(|number| number.try_into().ok()))
}

/// A count where nothing is zero.
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

/// A decimal number, such as a progress between 0 and 1. What is not finite is nothing.
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

/// A flag: a boolean, `"true"` or `"false"` in any case, 1 or 0. Anything else is nothing.
pub fn flag_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = text_of(value).trim().to_ascii_lowercase();
    Ok(match text.as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    })
}

/// A flag where nothing is `false`.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(flag_opt(deserializer)?.unwrap_or_default())
}

/// A duration in seconds, also with a fraction. A negative one is zero, and one of more than 100 years is
/// 100 years, so that sums with it cannot overflow.
pub fn seconds_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let seconds = decimal(&Value::deserialize(deserializer)?);
    Ok(seconds.map(|seconds| {
        let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST);
        wait.min(LONGEST)
    }))
}

/// The moment that comes `wait` after `now`, or the last one that can be represented.
#[must_use]
pub fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// JSON without the byte order mark that some gateways write in front of it.
#[must_use]
pub fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// A day, `2025-03-31`.
pub fn date_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    Ok(text_opt(deserializer)?.and_then(|text| text.trim().parse().ok()))
}

/// A moment: RFC 3339, the same without a colon in the offset (`2024-12-04T18:18:48.000+0000`), or
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
