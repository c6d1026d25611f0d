//! Cells to write.

use std::fmt;

use anaplan_core::{Error, Result};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{DimensionId, ItemId, LineItemId};

/// A cell and its new value.
///
/// ```
/// use anaplan_transactional::Cell;
///
/// // By ids, which never change:
/// let cell = Cell::new(206_000_000_001, 64.5).at(101_000_000_001, 201_000_000_001);
/// // By names:
/// let cell = Cell::named("Sales", 64.5).at_named("Regions", "Berlin").at_named("Time", "Jan 25");
/// # let _ = cell;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    #[serde(flatten)]
    line_item: LineItemRef,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dimensions: Vec<Coordinate>,
    value: CellValue,
}

/// Line item by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum LineItemRef {
    /// Id.
    #[serde(rename = "lineItemId")]
    Id(LineItemId),
    /// Name.
    #[serde(rename = "lineItemName")]
    Name(String),
}

/// Dimension by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum DimensionRef {
    /// Id.
    #[serde(rename = "dimensionId")]
    Id(DimensionId),
    /// Name.
    #[serde(rename = "dimensionName")]
    Name(String),
}

/// Item of a dimension by id, name or code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum ItemRef {
    /// Id.
    #[serde(rename = "itemId")]
    Id(ItemId),
    /// Name.
    #[serde(rename = "itemName")]
    Name(String),
    /// Code.
    #[serde(rename = "itemCode")]
    Code(String),
}

/// Position of a cell in one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Coordinate {
    /// Dimension.
    #[serde(flatten)]
    pub dimension: DimensionRef,
    /// Item.
    #[serde(flatten)]
    pub item: ItemRef,
}

/// Value of a cell. There is no null value: an empty string clears a text cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CellValue {
    /// A finite number. Written without an exponent: as an integer, as a decimal fraction, or as a
    /// string where JSON would need an exponent.
    #[serde(serialize_with = "plain_number")]
    Number(f64),
    /// An integer.
    Integer(i64),
    /// A string. Also the name or code of a list item or a time period, for cells of those formats.
    Text(String),
    /// Booleans.
    Boolean(bool),
    /// A date.
    Date(Date),
}

impl CellValue {
    /// Creates the value of a cell formatted as a list: the name or code of an item.
    pub fn item(name_or_code: impl Into<String>) -> Self {
        Self::Text(name_or_code.into())
    }
}

impl Cell {
    /// Creates a cell of a line item. It needs one coordinate for each dimension: see [`at`](Self::at).
    pub fn new(line_item: impl Into<LineItemId>, value: impl Into<CellValue>) -> Self {
        Self::of(LineItemRef::Id(line_item.into()), value)
    }

    /// Creates a cell of a line item given by name.
    pub fn named(line_item: impl Into<String>, value: impl Into<CellValue>) -> Self {
        Self::of(LineItemRef::Name(line_item.into()), value)
    }

    /// Creates a cell of a line item given by id or by name.
    pub fn of(line_item: LineItemRef, value: impl Into<CellValue>) -> Self {
        Self {
            line_item,
            dimensions: Vec::new(),
            value: value.into(),
        }
    }

    /// Adds a coordinate: dimension and item by id.
    #[must_use]
    pub fn at(self, dimension: impl Into<DimensionId>, item: impl Into<ItemId>) -> Self {
        self.coordinate(Coordinate {
            dimension: DimensionRef::Id(dimension.into()),
            item: ItemRef::Id(item.into()),
        })
    }

    /// Adds a coordinate: dimension and item by name.
    #[must_use]
    pub fn at_named(self, dimension: impl Into<String>, item: impl Into<String>) -> Self {
        self.coordinate(Coordinate {
            dimension: DimensionRef::Name(dimension.into()),
            item: ItemRef::Name(item.into()),
        })
    }

    /// Adds a coordinate, with dimension and item by id, name or code.
    #[must_use]
    pub fn coordinate(mut self, coordinate: Coordinate) -> Self {
        self.dimensions.push(coordinate);
        self
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> &CellValue {
        &self.value
    }

    pub(crate) fn check(&self) -> Result<()> {
        let problem = if matches!(self.value, CellValue::Number(number) if !number.is_finite()) {
            "has a value that is no finite number"
        } else if self.line_item.is_empty() {
            "names no line item"
        } else if self.dimensions.iter().any(Coordinate::is_empty) {
            "names a dimension or an item by nothing"
        } else {
            return Ok(());
        };
        Err(Error::invalid_input("cell", problem))
    }
}

impl LineItemRef {
    fn is_empty(&self) -> bool {
        match self {
            Self::Id(id) => id.as_str().is_empty(),
            Self::Name(name) => name.is_empty(),
        }
    }
}

impl Coordinate {
    fn is_empty(&self) -> bool {
        let dimension = match &self.dimension {
            DimensionRef::Id(id) => id.as_str(),
            DimensionRef::Name(name) => name,
        };
        let item = match &self.item {
            ItemRef::Id(id) => id.as_str(),
            ItemRef::Name(text) | ItemRef::Code(text) => text,
        };
        dimension.is_empty() || item.is_empty()
    }
}

fn plain_number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Every integer up to 2^53 has an exact `f64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return serializer.serialize_i64(*number as i64);
    }
    match number.abs() {
        // serde_json writes these without an exponent.
        1e-4..1e15 => serializer.serialize_f64(*number),
        _ => serializer.collect_str(number),
    }
}

impl fmt::Display for CellValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Boolean(value) => value.fmt(f),
            Self::Date(date) => date.fmt(f),
        }
    }
}

impl fmt::Display for LineItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "'{name}'"),
        }
    }
}

impl fmt::Display for DimensionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "'{name}'"),
        }
    }
}

impl fmt::Display for ItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => write!(f, "'{name}'"),
            Self::Code(code) => write!(f, "code '{code}'"),
        }
    }
}

macro_rules! values {
    ($($from:ty => $variant:ident;)+) => {
        $(impl From<$from> for CellValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

values! {
    f64 => Number;
    f32 => Number;
    i64 => Integer;
    i32 => Integer;
    u32 => Integer;
    &str => Text;
    String => Text;
    bool => Boolean;
    Date => Date;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_written_under_its_own_key_and_nothing_else() {
        let cell = Cell::new(206, 1.5).at(101, 201).coordinate(Coordinate {
            dimension: DimensionRef::Name("Time".into()),
            item: ItemRef::Code("J".into()),
        });
        assert_eq!(
            serde_json::to_string(&cell).unwrap(),
            r#"{"lineItemId":"206","dimensions":[{"dimensionId":"101","itemId":"201"},{"dimensionName":"Time","itemCode":"J"}],"value":1.5}"#
        );
        for (value, json) in [
            (CellValue::from(7), "7"),
            (true.into(), "true"),
            ("x".into(), "\"x\""),
            (jiff::civil::date(2025, 3, 31).into(), "\"2025-03-31\""),
        ] {
            let cell = Cell::named("Sales", value);
            assert_eq!(
                serde_json::to_string(&cell).unwrap(),
                format!(r#"{{"lineItemName":"Sales","value":{json}}}"#)
            );
        }
    }

    #[test]
    fn cell_value_writes_numbers_without_an_exponent() {
        for (number, json) in [
            (2.0, "2"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (1e15, "1000000000000000"),
            (1e16, "\"10000000000000000\""),
            (1.5e-7, "\"0.00000015\""),
            (-2.5e-5, "\"-0.000025\""),
            (1e-4, "0.0001"),
            (123_456_789_012_345.6, "123456789012345.6"),
        ] {
            let value = CellValue::Number(number);
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
    }

    #[test]
    fn cells_that_cannot_be_written_are_told() {
        for bad in [
            Cell::new(1, f64::NAN),
            Cell::new(1, f64::INFINITY),
            Cell::named("", 1),
            Cell::new(1, 1).at("", 2),
            Cell::new(1, 1).at_named("a", ""),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert!(Cell::new(1, "").check().is_ok());
    }

    #[test]
    fn display_shows_values_and_keys() {
        let day = jiff::civil::date(2025, 3, 31);
        for (value, text) in [
            (CellValue::from(1.5), "1.5"),
            (7.into(), "7"),
            ("x".into(), "x"),
            (true.into(), "true"),
            (day.into(), "2025-03-31"),
        ] {
            assert_eq!(value.to_string(), text);
        }
        assert_eq!(LineItemRef::Name("Sales".into()).to_string(), "'Sales'");
        assert_eq!(DimensionRef::Id(101.into()).to_string(), "101");
        assert_eq!(ItemRef::Code("B1".into()).to_string(), "code 'B1'");
    }
}
