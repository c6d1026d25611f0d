//! The formats of line items.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{ListId, ObjectId};
use anaplan_core::lenient::{count_opt, text_opt};

/// The details of a line item's format.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FormatMetadata {
    /// Numbers.
    Number(NumberFormat),
    /// Texts.
    Text(TextFormat),
    /// Items of a list.
    List(ListFormat),
    /// Periods of time.
    TimePeriod(TimePeriodFormat),
    /// Yes or no.
    Boolean,
    /// Days.
    Date,
    /// No data: a headline.
    None,
    /// Something that this version of the SDK does not know, as JSON in the server's words.
    Unknown(String),
}

/// How numbers are shown. The words are the server's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NumberFormat {
    /// `true` if more is better: `GOOD`, `BAD` or `NEUTRAL`.
    #[serde(default, deserialize_with = "text_opt")]
    pub comparison_increase: Option<String>,
    /// The units, where they are custom ones.
    #[serde(default, deserialize_with = "text_opt")]
    pub custom_units: Option<String>,
    /// Number of decimal places are shown; negative when it does not matter.
    #[serde(default)]
    pub decimal_places: Option<i64>,
    /// `COMMA` or `FULL_STOP`.
    #[serde(default, deserialize_with = "text_opt")]
    pub decimal_separator: Option<String>,
    /// `COMMA`, `FULL_STOP`, `SPACE` or `NONE`.
    #[serde(default, deserialize_with = "text_opt")]
    pub grouping_separator: Option<String>,
    /// Number of significant digits are shown at least.
    #[serde(default, deserialize_with = "count_opt")]
    pub minimum_significant_digits: Option<u64>,
    /// `MINUS_SIGN` or `PARENTHESES`.
    #[serde(default, deserialize_with = "text_opt")]
    pub negative_number_notation: Option<String>,
    /// Where and how the units are shown.
    #[serde(default, deserialize_with = "text_opt")]
    pub units_display_type: Option<String>,
    /// `CUSTOM`, `CURRENCY`, `PERCENTAGE` or `NONE`.
    #[serde(default, deserialize_with = "text_opt")]
    pub units_type: Option<String>,
    /// How zero is shown: `HYPHEN`, `ZERO` or `BLANK`.
    #[serde(default, deserialize_with = "text_opt")]
    pub zero_format: Option<String>,
}

/// What kind of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TextFormat {
    /// `GENERAL`, `EMAIL_ADDRESS` or `DRILLTHRU_URI`.
    #[serde(default, deserialize_with = "text_opt")]
    pub text_type: Option<String>,
}

/// Items of which list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListFormat {
    /// The list.
    #[serde(default, rename = "hierarchyEntityLongId")]
    pub list: Option<ListId>,
    /// `true` if selective access narrows the choice.
    #[serde(default)]
    pub selective_access_applied: Option<bool>,
    /// `true` if all items are shown.
    #[serde(default)]
    pub show_all: Option<bool>,
    /// The filter on the items.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_format_filter: Option<String>,
}

/// Periods of which length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TimePeriodFormat {
    /// The length.
    #[serde(default)]
    pub period_type: Option<PeriodType>,
}

/// A length of periods.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PeriodType {
    /// `YEAR`, `HALF_YEAR`, `QUARTER`, `MONTH`, `WEEK` or `DAY`.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_id: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_label: Option<String>,
    /// Its place among the lengths.
    #[serde(default)]
    pub entity_index: Option<ObjectId>,
}

impl<'de> Deserialize<'de> for FormatMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let known = match value["dataType"].as_str() {
            Some("NUMBER") => NumberFormat::deserialize(&value).map(Self::Number),
            Some("TEXT") => TextFormat::deserialize(&value).map(Self::Text),
            Some("ENTITY") => ListFormat::deserialize(&value).map(Self::List),
            Some("TIME_ENTITY") => TimePeriodFormat::deserialize(&value).map(Self::TimePeriod),
            Some("BOOLEAN") => Ok(Self::Boolean),
            Some("DATE") => Ok(Self::Date),
            Some("NONE") => Ok(Self::None),
            _ => return Ok(Self::Unknown(value.to_string())),
        };
        // A known kind in a new form must not hide the line item.
        Ok(known.unwrap_or_else(|_| Self::Unknown(value.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> FormatMetadata {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn known_formats_are_typed_and_others_are_kept() {
        let FormatMetadata::Number(number) = read(
            r#"{"dataType":"NUMBER","comparisonIncrease":null,"decimalPlaces":-1,"zeroFormat":"HYPHEN","x":1}"#,
        ) else {
            unreachable!()
        };
        assert_eq!(
            (number.decimal_places, number.zero_format.as_deref()),
            (Some(-1), Some("HYPHEN"))
        );
        let FormatMetadata::List(list) =
            read(r#"{"dataType":"ENTITY","hierarchyEntityLongId":101000000007,"showAll":true}"#)
        else {
            unreachable!()
        };
        assert_eq!(list.list, Some(ListId::from(101_000_000_007)));
        let FormatMetadata::TimePeriod(time) = read(
            r#"{"dataType":"TIME_ENTITY","periodType":{"entityId":"MONTH","entityLabel":"Month","entityIndex":3}}"#,
        ) else {
            unreachable!()
        };
        assert_eq!(
            time.period_type.unwrap().entity_id.as_deref(),
            Some("MONTH")
        );
        assert_eq!(read(r#"{"dataType":"BOOLEAN"}"#), FormatMetadata::Boolean);
        for odd in [
            r#"{"dataType":"NEW","a":1}"#,
            r#"{"dataType":"ENTITY","showAll":"perhaps"}"#,
            "7",
            "{}",
        ] {
            let FormatMetadata::Unknown(json) = read(odd) else {
                panic!("{odd}")
            };
            assert_eq!(
                serde_json::from_str::<Value>(&json).unwrap(),
                serde_json::from_str::<Value>(odd).unwrap()
            );
        }
    }
}
