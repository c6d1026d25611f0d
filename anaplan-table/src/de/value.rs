//! Values of a record.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};

use super::error::{DeError, Reason};
use crate::numbers::{self, Whole};
use crate::serde_helpers::number::NUMBER;
use crate::{TableFormat, date};

/// Deserializer of a single value. Text unless the type asks for something else.
#[derive(Clone, Copy)]
pub(super) struct Value<'de> {
    text: &'de str,
    format: &'de TableFormat,
}

const EMPTY: &str = "the value is empty; use an Option or anaplan_table::or_default";

impl<'de> Value<'de> {
    #[inline]
    pub(super) fn new(text: &'de str, format: &'de TableFormat) -> Self {
        Self { text, format }
    }

    pub(super) fn text(&self) -> &'de str {
        self.text
    }

    /// Returns `true` if `name` stands for a type of this crate.
    pub(super) fn is_own(name: &str) -> bool {
        matches!(name, NUMBER | date::DATE)
    }

    fn is_empty(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    fn float(&self, kind: &str) -> Result<f64, DeError> {
        numbers::parse(self.text, self.format.decimal).ok_or_else(|| self.not_a_number(kind))
    }

    fn whole<T: std::str::FromStr>(&self, kind: &str) -> Result<T, DeError> {
        match numbers::parse_whole(self.text, self.format.decimal) {
            Whole::Value(value) => Ok(value),
            Whole::NotANumber => Err(self.not_a_number(kind)),
            Whole::Fraction => Err(DeError::value(format!(
                "the value is not a whole number, expected {kind}"
            ))),
            Whole::OutOfRange => Err(out_of_range(kind)),
        }
    }

    fn not_a_number(&self, kind: &str) -> DeError {
        if self.is_empty() {
            return DeError::value(EMPTY);
        }
        DeError::value(format!("the value is not a number, expected {kind}"))
    }
}

fn out_of_range(kind: &str) -> DeError {
    DeError::value(format!("the value is out of range for {kind}"))
}

/// Parses a boolean, in any case.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    let text = text.trim_ascii();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

macro_rules! whole {
    ($($method:ident $visit:ident $kind:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            visitor.$visit(self.whole(stringify!($kind))?)
        }
    )*};
}

macro_rules! nested {
    ($($method:ident($($name:ident: $kind:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $kind,)* _: V) -> Result<V::Value, DeError> {
            $(let _ = $name;)*
            Err(DeError::new(Reason::Type(
                "the field is a struct, a map or a sequence; a column holds one value".to_owned(),
            )))
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match parse_bool(self.text) {
            Some(value) => visitor.visit_bool(value),
            None if self.is_empty() => Err(DeError::value(EMPTY)),
            None => Err(DeError::value(
                "the value is not a boolean, expected true or false",
            )),
        }
    }

    whole! {
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        // Parsed as such: rounding twice can yield a neighbour.
        let number = numbers::parse_as::<f32>(self.text, self.format.decimal);
        let number = number
            .filter(|number| !number.is_nan())
            .ok_or_else(|| self.not_a_number("f32"))?;
        if !number.is_finite() {
            return Err(out_of_range("f32"));
        }
        visitor.visit_f32(number)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_f64(self.float("f64")?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let mut chars = self.text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => visitor.visit_char(c),
            (None, _) => Err(DeError::value(EMPTY)),
            _ => Err(DeError::value("the value is longer than one character")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_bytes(self.text.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_bytes(self.text.as_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.text.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.text.is_empty() {
            return visitor.visit_unit();
        }
        Err(DeError::value("the value is not empty, expected ()"))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match name {
            NUMBER => match numbers::plain(self.text, self.format.decimal) {
                Some(text) => visitor.visit_str(&text),
                None => Err(self.not_a_number("a number")),
            },
            date::DATE => match date::parse(self.text, &self.format.dates) {
                Some(date) => visitor.visit_str(&date.to_string()),
                None if self.is_empty() => Err(DeError::value(EMPTY)),
                None => Err(DeError::value(match &self.format.dates {
                    crate::DateFormat::Iso => {
                        "the value is not a date, expected YYYY-MM-DD".to_owned()
                    }
                    crate::DateFormat::Pattern(pattern) => {
                        format!("the value is not a date, expected {pattern}")
                    }
                })),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let name: BorrowedStrDeserializer<'de, DeError> = BorrowedStrDeserializer::new(self.text);
        visitor.visit_enum(name)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    nested! {
        deserialize_seq()
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
    }
}

impl<'de> IntoDeserializer<'de, DeError> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
