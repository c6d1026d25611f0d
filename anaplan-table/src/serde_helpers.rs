//! Helpers for `#[serde(with = ..)]` and `#[serde(deserialize_with = ..)]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Deserializes a value, or the default of its type if the value is empty.
///
/// For totals rows and unset cells, where a boolean or a number may be empty:
///
/// ```
/// use anaplan_table::{TableFormat, read_rows};
///
/// #[derive(serde::Deserialize)]
/// struct Row {
///     #[serde(deserialize_with = "anaplan_table::or_default")]
///     open: bool,
/// }
///
/// let csv = "region,open\nNorth,true\nAll regions,\n".as_bytes();
/// let open: Vec<bool> = read_rows::<Row, _>(csv, TableFormat::default())?
///     .map(|row| Ok(row?.open))
///     .collect::<Result<_, anaplan_table::TableError>>()?;
/// assert_eq!(open, [true, false]);
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
///
/// # Errors
///
/// Those of the deserializer for a value that is not empty.
pub fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Numbers of types that serialize as text, such as decimals: `#[serde(with = "anaplan_table::number")]`.
///
/// The type must implement `Display` and `FromStr` with `.` as decimal sign. The number is read and
/// written with the decimal sign of the table. Without this, such a type is text, and text is never
/// changed.
///
/// ```
/// use anaplan_table::{Decimal, RowWriter, TableFormat};
///
/// #[derive(serde::Serialize)]
/// struct Row {
///     #[serde(with = "anaplan_table::number")]
///     price: f64,
/// }
///
/// let format = TableFormat::default().with_separator(';').with_decimal(Decimal::Comma);
/// let mut writer = RowWriter::new(format)?;
/// writer.write_row(&Row { price: 1.5 })?;
/// assert_eq!(writer.finish()?, "price\n1,5\n".as_bytes());
/// # Ok::<(), anaplan_table::TableError>(())
/// ```
pub mod number {
    use super::{Deserializer, NumberVisitor, PhantomData, fmt};
    use serde::{Serialize, Serializer};

    /// Name by which this crate's serializers know a number.
    pub(crate) const NUMBER: &str = "$anaplan_table::Number";

    /// Serializes a number.
    ///
    /// # Errors
    ///
    /// Those of the serializer, also if the text is not a finite number.
    pub fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: fmt::Display,
        S: Serializer,
    {
        struct Text<'a, T>(&'a T);
        impl<T: fmt::Display> Serialize for Text<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self.0)
            }
        }
        serializer.serialize_newtype_struct(NUMBER, &Text(value))
    }

    /// Deserializes a number.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, also if the value is not a number.
    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: std::str::FromStr,
        D: Deserializer<'de>,
    {
        deserializer.deserialize_newtype_struct(NUMBER, NumberVisitor(PhantomData))
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<'de, T: std::str::FromStr> Visitor<'de> for NumberVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|_| E::custom("the value is not a number of this type"))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<T, D::Error> {
        d.deserialize_str(self)
    }
}
