//! Values as text.

use std::fmt::Write;

use serde::ser::{Impossible, Serialize, Serializer};

use super::cells::{Cells, WriteError};
use crate::serde_helpers::number::NUMBER;
use crate::{TableErrorKind, TableFormat, date, numbers};

type Result<T> = std::result::Result<T, WriteError>;

/// Serializer of a single value: appends its text.
pub(super) struct Value<'a> {
    pub(super) cells: &'a mut Cells,
    pub(super) format: &'a TableFormat,
}

pub(super) fn not_a_value(what: &str) -> WriteError {
    WriteError::new(
        TableErrorKind::Type,
        format!("{what} cannot be written into a column, which holds one value"),
    )
}

pub(super) fn not_finite(_: numbers::NotFinite) -> WriteError {
    WriteError::value("the number is not finite; NaN and infinity cannot be written")
}

macro_rules! shown {
    ($($method:ident($kind:ty))*) => {$(
        fn $method(self, value: $kind) -> Result<()> {
            // Writing to a string cannot fail.
            let _ = write!(self.cells.text, "{value}");
            Ok(())
        }
    )*};
}

impl Serializer for Value<'_> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Impossible<(), WriteError>;
    type SerializeTuple = Impossible<(), WriteError>;
    type SerializeTupleStruct = Impossible<(), WriteError>;
    type SerializeTupleVariant = Impossible<(), WriteError>;
    type SerializeMap = Impossible<(), WriteError>;
    type SerializeStruct = Impossible<(), WriteError>;
    type SerializeStructVariant = Impossible<(), WriteError>;

    shown! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_i128(i128) serialize_u8(u8) serialize_u16(u16) serialize_u32(u32)
        serialize_u64(u64) serialize_u128(u128)
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.serialize_str(if value { "true" } else { "false" })
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.cells.text.push(value);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.cells.text.push_str(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        numbers::write_f32(value, self.format.decimal, &mut self.cells.text).map_err(not_finite)
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        numbers::write_f64(value, self.format.decimal, &mut self.cells.text).map_err(not_finite)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<()> {
        Err(not_a_value("bytes"))
    }

    fn serialize_none(self) -> Result<()> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        if !matches!(name, NUMBER | date::DATE) {
            return value.serialize(self);
        }
        let mut inner = Cells::default();
        value.serialize(Value {
            cells: &mut inner,
            format: &TableFormat::default(),
        })?;
        if name == NUMBER {
            return self.cells.number_text(&inner.text, self.format.decimal);
        }
        let date = inner.text.parse();
        let date = date.map_err(|_| WriteError::value("the value is not a date"))?;
        date::write(date, &self.format.dates, &mut self.cells.text)
            .map_err(|()| WriteError::value("the date does not fit the date pattern"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        Err(not_a_value("an enum with data"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
        Err(not_a_value("a sequence"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        Err(not_a_value("a tuple"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        Err(not_a_value("a tuple"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(not_a_value("an enum with data"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
        Err(not_a_value("a map"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
        Err(not_a_value("a struct"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(not_a_value("an enum with data"))
    }
}
