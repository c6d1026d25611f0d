//! Formats of line items.

use std::fmt;

use anaplan_table::ColumnKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{ListId, ObjectId};
use anaplan_core::lenient::{count_opt, text_opt};

/// Details of a line item's format.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FormatMetadata {
    /// Numbers.
    Number(NumberFormat),
    /// Text.
    Text(TextFormat),
    /// Items of a list.
    List(ListFormat),
    /// Time periods.
    TimePeriod(TimePeriodFormat),
    /// Booleans.
    Boolean,
    /// Dates.
    Date,
    /// No data, as for headings.
    None,
    /// A format that this version of the SDK does not support, as the JSON of the server.
    Unknown(String),
}

/// Display format of numbers, in the values of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NumberFormat {
    /// Meaning of an increase: `GOOD`, `BAD` or `NEUTRAL`.
    #[serde(default, deserialize_with = "text_opt")]
    pub comparison_increase: Option<String>,
    /// Custom units.
    #[serde(default, deserialize_with = "text_opt")]
    pub custom_units: Option<String>,
    /// Number of decimal places. Negative if it is not fixed.
    #[serde(default)]
    pub decimal_places: Option<i64>,
    /// `COMMA` or `FULL_STOP`.
    #[serde(default, deserialize_with = "text_opt")]
    pub decimal_separator: Option<String>,
    /// `COMMA`, `FULL_STOP`, `SPACE` or `NONE`.
    #[serde(default, deserialize_with = "text_opt")]
    pub grouping_separator: Option<String>,
    /// Minimum number of significant digits.
    #[serde(default, deserialize_with = "count_opt")]
    pub minimum_significant_digits: Option<u64>,
    /// `MINUS_SIGN` or `PARENTHESES`.
    #[serde(default, deserialize_with = "text_opt")]
    pub negative_number_notation: Option<String>,
    /// Position and form of the units, such as `CUSTOM_SUFFIX`.
    #[serde(default, deserialize_with = "text_opt")]
    pub units_display_type: Option<String>,
    /// `CUSTOM`, `CURRENCY`, `PERCENTAGE` or `NONE`.
    #[serde(default, deserialize_with = "text_opt")]
    pub units_type: Option<String>,
    /// Display of zero: `HYPHEN`, `ZERO` or `BLANK`.
    #[serde(default, deserialize_with = "text_opt")]
    pub zero_format: Option<String>,
}

/// Format of text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TextFormat {
    /// `GENERAL`, `EMAIL_ADDRESS` or `DRILLTHRU_URI`.
    #[serde(default, deserialize_with = "text_opt")]
    pub text_type: Option<String>,
}

/// Format of list items.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListFormat {
    /// List.
    #[serde(default, rename = "hierarchyEntityLongId")]
    pub list: Option<ListId>,
    /// `true` if selective access restricts the items.
    #[serde(default)]
    pub selective_access_applied: Option<bool>,
    /// `true` if all items are shown.
    #[serde(default)]
    pub show_all: Option<bool>,
    /// Filter of the items.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_format_filter: Option<String>,
}

/// Format of time periods.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TimePeriodFormat {
    /// Length.
    #[serde(default)]
    pub period_type: Option<PeriodType>,
}

/// Length of time periods.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PeriodType {
    /// `YEAR`, `HALF_YEAR`, `QUARTER`, `MONTH`, `WEEK` or `DAY`.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_id: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "text_opt")]
    pub entity_label: Option<String>,
    /// Index among the lengths.
    #[serde(default)]
    pub entity_index: Option<ObjectId>,
}

impl FormatMetadata {
    /// Returns the data type as the server writes it, such as `NUMBER`. Empty for
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub fn data_type(&self) -> &'static str {
        match self {
            Self::Number(_) => "NUMBER",
            Self::Text(_) => "TEXT",
            Self::List(_) => "ENTITY",
            Self::TimePeriod(_) => "TIME_ENTITY",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::None => "NONE",
            Self::Unknown(_) => "",
        }
    }

    /// Returns the kind of a column with values of this format.
    #[must_use]
    pub fn column_kind(&self) -> ColumnKind {
        ColumnKind::from_data_type(self.data_type())
    }
}

impl fmt::Display for FormatMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(json) => f.write_str(json),
            known => f.write_str(known.data_type()),
        }
    }
}

impl Serialize for FormatMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Tagged<'a, T> {
            data_type: &'static str,
            #[serde(flatten)]
            details: Option<&'a T>,
        }
        fn tagged<'a, T>(format: &FormatMetadata, details: Option<&'a T>) -> Tagged<'a, T> {
            Tagged {
                data_type: format.data_type(),
                details,
            }
        }
        match self {
            Self::Number(details) => tagged(self, Some(details)).serialize(serializer),
            Self::Text(details) => tagged(self, Some(details)).serialize(serializer),
            Self::List(details) => tagged(self, Some(details)).serialize(serializer),
            Self::TimePeriod(details) => tagged(self, Some(details)).serialize(serializer),
            Self::Boolean | Self::Date | Self::None => {
                tagged::<TextFormat>(self, None).serialize(serializer)
            }
            Self::Unknown(json) => match serde_json::from_str::<Value>(json) {
                Ok(value) => value.serialize(serializer),
                Err(_) => serializer.serialize_str(json),
            },
        }
    }
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
