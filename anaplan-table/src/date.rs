//! Dates as [`jiff::civil::Date`] in serde rows: `#[serde(with = "anaplan_table::date")]`.
//!
//! Dates are read and written in the [`DateFormat`] of the table. Other serde formats
//! see the ISO form.
//!
//! ```
//! use anaplan_table::{TableFormat, read_rows};
//! use jiff::civil::Date;
//!
//! #[derive(serde::Deserialize)]
//! struct Row {
//!     #[serde(with = "anaplan_table::date")]
//!     start: Date,
//!     #[serde(with = "anaplan_table::date::option")]
//!     end: Option<Date>,
//! }
//!
//! let csv = "start,end\n31/01/2026,\n".as_bytes();
//! let row: Row = read_rows(csv, TableFormat::default().with_dates("%d/%m/%Y"))?.next().unwrap()?;
//! assert_eq!((row.start.to_string(), row.end), ("2026-01-31".to_owned(), None));
//! # Ok::<(), anaplan_table::TableError>(())
//! ```

use std::fmt;

use jiff::civil::Date;
use jiff::fmt::strtime;
use serde::de::{self, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::{DateFormat, Result, TableError};

/// Name by which this crate's serializers know a date.
pub(crate) const DATE: &str = "$anaplan_table::Date";

/// Serializes a date.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    Iso(*date).serialize(serializer)
}

/// Deserializes a date.
///
/// # Errors
///
/// Those of the deserializer, also if the value is empty or not a date of the table's format.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    deserializer.deserialize_newtype_struct(DATE, DateVisitor)
}

/// Optional dates: `#[serde(with = "anaplan_table::date::option")]`. An empty value is `None`.
pub mod option {
    use super::{Date, DateVisitor, Deserializer, Serializer, Visitor, de, fmt};
    use crate::Result;

    /// Serializes an optional date.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.serialize_some(&super::Iso(*date)),
            None => serializer.serialize_none(),
        }
    }

    /// Deserializes an optional date.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, also if the value is not a date of the table's format.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        deserializer.deserialize_option(OptionVisitor)
    }

    struct OptionVisitor;

    impl<'de> Visitor<'de> for OptionVisitor {
        type Value = Option<Date>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a date or an empty value")
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
            d.deserialize_newtype_struct(super::DATE, DateVisitor)
                .map(Some)
        }
    }
}

/// A date that serializes in the format of the table.
struct Iso(Date);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Text(Date);
        impl Serialize for Text {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
        serializer.serialize_newtype_struct(DATE, &Text(self.0))
    }
}

struct DateVisitor;

impl<'de> Visitor<'de> for DateVisitor {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
        text.parse()
            .map_err(|_| E::custom("the value is not a date"))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Date, D::Error> {
        d.deserialize_str(self)
    }
}

/// Parses a date in the format of the table.
pub(crate) fn parse(text: &str, format: &DateFormat) -> Option<Date> {
    let text = text.trim_ascii();
    match format {
        DateFormat::Iso => text.parse().ok(),
        DateFormat::Pattern(pattern) => strtime::parse(pattern, text).ok()?.to_date().ok(),
    }
}

/// Appends a date in the format of the table.
pub(crate) fn write(date: Date, format: &DateFormat, out: &mut String) -> Result<(), ()> {
    let text = match format {
        DateFormat::Iso => date.to_string(),
        DateFormat::Pattern(pattern) => strtime::format(pattern, date).map_err(drop)?,
    };
    out.push_str(&text);
    Ok(())
}

/// Checks that a date can be written and read in this format.
pub(crate) fn check(format: &DateFormat) -> Result<()> {
    let sample = jiff::civil::date(2026, 11, 23);
    let mut text = String::new();
    if write(sample, format, &mut text).is_ok() && parse(&text, format) == Some(sample) {
        return Ok(());
    }
    let DateFormat::Pattern(pattern) = format else {
        return Ok(());
    };
    Err(TableError::format(format!(
        "a date cannot be written and read with the pattern '{}'",
        crate::error::Short(pattern)
    )))
}
