//! Reading what the server writes in more than one form.

use anaplan_core::Timestamp;
pub(crate) use anaplan_core::or_default;
use serde::{Deserialize, Deserializer};

/// Any scalar as text; `null`, arrays and objects are nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Other(serde::de::IgnoredAny),
}

impl Scalar {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Other(_) => None,
        }
    }
}

/// Text, from a string or any other scalar.
pub(crate) fn text_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<Scalar>::deserialize(deserializer)?.and_then(Scalar::text))
}

/// A list of texts, each of which may be null.
pub(crate) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<String>>, D::Error> {
    let list = Option::<Vec<Option<Scalar>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list
        .into_iter()
        .map(|value| value.and_then(Scalar::text))
        .collect())
}

/// A whole number, from a number or its digits; anything else is nothing.
pub(crate) fn number_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<Scalar>::deserialize(deserializer)? {
        Some(Scalar::Integer(number)) => Some(number),
        Some(Scalar::Float(number)) if number.is_finite() => Some(number as i64),
        Some(Scalar::Text(text)) => text.trim().parse().ok(),
        _ => None,
    })
}

/// The same for what cannot be negative.
pub(crate) fn count_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(number_opt(deserializer)?.and_then(|number| number.try_into().ok()))
}

/// A moment in one of the server's forms: `2024-12-04T18:18:48.000+0000`, RFC 3339, milliseconds. A
/// date that cannot be read is nothing, since it must not hide everything around it.
pub(crate) fn moment_opt<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Option::<Scalar>::deserialize(deserializer)? {
        Some(Scalar::Integer(millis)) => Timestamp::from_millisecond(millis).ok(),
        Some(Scalar::Text(text)) => text
            .parse()
            .or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &text))
            .ok(),
        _ => None,
    })
}

/// An id that may be `null` or empty, which both mean that there is none.
pub(crate) fn id_opt<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    Ok(text_opt(deserializer)?
        .filter(|id| !id.trim().is_empty())
        .map(T::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_value_is_read() {
        #[derive(Deserialize)]
        struct All {
            #[serde(deserialize_with = "moment_opt")]
            at: Option<Timestamp>,
            #[serde(deserialize_with = "number_opt")]
            number: Option<i64>,
            #[serde(deserialize_with = "text_opt")]
            text: Option<String>,
        }
        let read = |at: &str, number: &str, text: &str| {
            let json = format!(r#"{{"at":{at},"number":{number},"text":{text}}}"#);
            serde_json::from_str::<All>(&json).unwrap()
        };
        let all = read(r#""2024-12-04T18:18:48.500+0200""#, "\"42\"", "7");
        assert_eq!(all.at.unwrap().to_string(), "2024-12-04T16:18:48.5Z");
        assert_eq!((all.number, all.text.as_deref()), (Some(42), Some("7")));
        let all = read("1718000000123", "42.0", "null");
        assert_eq!(all.at.unwrap().as_millisecond(), 1_718_000_000_123);
        assert_eq!((all.number, all.text), (Some(42), None));
        let all = read(r#""yesterday""#, "{}", "[1]");
        assert_eq!((all.at, all.number, all.text), (None, None, None));
    }
}
