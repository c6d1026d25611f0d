//! Records as Rust types.

mod error;
mod value;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

pub(crate) use value::parse_bool;

use crate::{Header, Record, Result, TableError, TableErrorKind};
use error::{DeError, Reason};
use value::Value;

/// Deserializes a record into a row type.
pub(crate) fn deserialize<'de, T: Deserialize<'de>>(record: &Record<'de>) -> Result<T> {
    T::deserialize(Row(*record)).map_err(|error| named(error, record))
}

/// Adds the position to an error.
fn named(error: DeError, record: &Record<'_>) -> TableError {
    let header = record.header();
    let named = match error.0.reason {
        Reason::Table(error) => error,
        Reason::Missing(name) => match header {
            Some(header) => header.missing(&name),
            None => {
                TableError::new(TableErrorKind::Width, "the row has too few values").in_column(name)
            }
        },
        Reason::Value(message) => TableError::new(TableErrorKind::Value, message),
        Reason::Type(message) => TableError::new(TableErrorKind::Type, message),
        Reason::Width(message) => TableError::new(TableErrorKind::Width, message),
    };
    let named = match error.0.column {
        Some(column) => named.in_column(Header::label(header, column)),
        None => named,
    };
    named.at(record.row(), record.line())
}

/// Deserializer of a whole record.
struct Row<'de>(Record<'de>);

impl<'de> Row<'de> {
    fn sequence(self) -> Sequence<'de> {
        Sequence {
            record: self.0,
            next: 0,
            start: 0,
        }
    }

    fn map<V: Visitor<'de>>(
        self,
        header: &'de Header,
        wanted: impl Fn(&str) -> bool,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        header
            .check_unique(wanted)
            .map_err(|error| DeError::new(Reason::Table(error)))?;
        visitor.visit_map(Columns {
            record: self.0,
            names: header.names(),
            next: 0,
            start: 0,
        })
    }

    /// The only value of the record, for row types that are a single value.
    fn single(self) -> Result<Value<'de>, DeError> {
        if self.0.len() != 1 {
            return Err(DeError::new(Reason::Type(format!(
                "the row type is a single value and the row has {}",
                self.0.len()
            ))));
        }
        Ok(Value::new(
            self.0.get(0).unwrap_or_default(),
            self.0.format(),
        ))
    }
}

/// Passes requests for a single value on to the only value of the record.
macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            let value = self.single()?;
            let text = value.text();
            value.$method(visitor).map_err(|error| error.in_column(0, text))
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0.header() {
            Some(header) => self.map(header, |_| true, visitor),
            None => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0.header() {
            Some(header) => self.map(header, |_| true, visitor),
            None => Err(DeError::new(Reason::Type(
                "the table has no column names, so its rows are not maps; set the columns of the format"
                    .to_owned(),
            ))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match self.0.header() {
            // Two columns of a name that no field has do no harm.
            Some(header) => self.map(header, |name| fields.contains(&name), visitor),
            None => self.deserialize_tuple(fields.len(), visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_seq(self.sequence())
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        if self.0.len() != length {
            return Err(DeError::new(Reason::Width(format!(
                "the row has {} values, the row type {length}",
                self.0.len()
            ))));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        if Value::is_own(name) {
            return self.single()?.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.0.iter().all(str::is_empty) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let value = self.single()?;
        let text = value.text();
        value
            .deserialize_enum(name, variants, visitor)
            .map_err(|error| error.in_column(0, text))
    }

    single! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier
    }
}

/// The values of a record in order.
struct Sequence<'de> {
    record: Record<'de>,
    next: usize,
    /// Byte at which the next value begins.
    start: usize,
}

impl<'de> SeqAccess<'de> for Sequence<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeError> {
        if self.next == self.record.len() {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        let (text, end) = self.record.slice(self.start, index);
        self.start = end;
        let value = Value::new(text, self.record.format());
        seed.deserialize(value)
            .map(Some)
            .map_err(|error| error.in_column(index, text))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.len() - self.next)
    }
}

/// The values of a record with their names.
struct Columns<'de> {
    record: Record<'de>,
    names: &'de [String],
    next: usize,
    /// Byte at which the next value begins.
    start: usize,
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DeError> {
        let Some(name) = self.names.get(self.next) else {
            return Ok(None);
        };
        seed.deserialize(Key(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let index = self.next;
        self.next += 1;
        let (text, end) = self.record.slice(self.start, index);
        self.start = end;
        let value = Value::new(text, self.record.format());
        seed.deserialize(value)
            .map_err(|error| error.in_column(index, text))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len() - self.next)
    }
}

/// The name of a column.
struct Key<'de>(&'de str);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        BorrowedStrDeserializer::new(self.0).deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
