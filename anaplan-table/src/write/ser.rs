//! Rows of Rust types as values.

use std::borrow::Cow;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
    Serializer,
};

use super::cells::{Cells, WriteError};
use super::value::{Value, not_a_value};
use crate::serde_helpers::number::NUMBER;
use crate::{TableErrorKind, TableFormat, date};

type Result<T> = std::result::Result<T, WriteError>;

/// Serializer of a whole row.
pub(super) struct Row<'a> {
    pub(super) cells: &'a mut Cells,
    pub(super) format: &'a TableFormat,
}

impl Row<'_> {
    /// Adds a value with the name of its column.
    fn named<T: Serialize + ?Sized>(&mut self, name: Cow<'static, str>, value: &T) -> Result<()> {
        self.value(value)
            .map_err(|error| error.in_column(name.as_ref()))?;
        self.cells.names.push(name);
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let format = self.format;
        let cells = &mut *self.cells;
        value.serialize(Value { cells, format })?;
        self.cells.end();
        Ok(())
    }

    fn numbered<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let number = self.cells.len() + 1;
        self.value(value)
            .map_err(|error| error.in_column(number.to_string()))
    }
}

/// A row type that is a single value: a table with one column.
macro_rules! single {
    ($($method:ident($kind:ty))*) => {$(
        fn $method(mut self, value: $kind) -> Result<()> {
            self.numbered(&value)
        }
    )*};
}

impl Serializer for Row<'_> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = serde::ser::Impossible<(), WriteError>;
    type SerializeMap = Map<Self>;
    type SerializeStruct = Self;
    type SerializeStructVariant = serde::ser::Impossible<(), WriteError>;

    single! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_i64(i64) serialize_i128(i128) serialize_u8(u8) serialize_u16(u16)
        serialize_u32(u32) serialize_u64(u64) serialize_u128(u128) serialize_f32(f32)
        serialize_f64(f64) serialize_char(char) serialize_str(&str)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<()> {
        Err(not_a_value("bytes"))
    }

    fn serialize_none(mut self) -> Result<()> {
        self.numbered(&())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(mut self) -> Result<()> {
        self.numbered(&())
    }

    fn serialize_unit_struct(mut self, _: &'static str) -> Result<()> {
        self.numbered(&())
    }

    fn serialize_unit_variant(mut self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.numbered(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        if matches!(name, NUMBER | date::DATE) {
            let Self { cells, format } = &mut self;
            Value { cells, format }.serialize_newtype_struct(name, value)?;
            self.cells.end();
            return Ok(());
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        Err(not_a_row())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(not_a_row())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map<Self>> {
        Ok(Map {
            row: self,
            key: None,
        })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(not_a_row())
    }
}

fn not_a_row() -> WriteError {
    WriteError::new(
        TableErrorKind::Type,
        "an enum with data is not a row; a row is a struct, a map or a sequence",
    )
}

impl SerializeSeq for Row<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.numbered(value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl SerializeTuple for Row<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.numbered(value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl SerializeTupleStruct for Row<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.numbered(value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl SerializeStruct for Row<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.named(Cow::Borrowed(name), value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.named(Cow::Borrowed(name), &())
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

/// Serializer of a map as a row.
pub(super) struct Map<R> {
    row: R,
    key: Option<String>,
}

impl SerializeMap for Map<Row<'_>> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let mut cells = Cells::default();
        key.serialize(Value {
            cells: &mut cells,
            format: self.row.format,
        })?;
        self.key = Some(cells.text);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let name = self.key.take().unwrap_or_default();
        self.row.named(Cow::Owned(name), value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}
