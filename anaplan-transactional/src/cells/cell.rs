//! Cells, as they are written.

use anaplan_core::{Error, Result};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{DimensionId, ItemId, LineItemId};

/// A cell and the value that it shall have.
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

/// A line item by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum LineItemRef {
    /// By its id.
    #[serde(rename = "lineItemId")]
    Id(LineItemId),
    /// By its name.
    #[serde(rename = "lineItemName")]
    Name(String),
}

/// A dimension by id or by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum DimensionRef {
    /// By its id.
    #[serde(rename = "dimensionId")]
    Id(DimensionId),
    /// By its name.
    #[serde(rename = "dimensionName")]
    Name(String),
}

/// An item of a dimension by id, name or code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum ItemRef {
    /// By its id.
    #[serde(rename = "itemId")]
    Id(ItemId),
    /// By its name.
    #[serde(rename = "itemName")]
    Name(String),
    /// By its code.
    #[serde(rename = "itemCode")]
    Code(String),
}

/// An item of a dimension: where a cell stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Coordinate {
    /// The dimension.
    #[serde(flatten)]
    pub dimension: DimensionRef,
    /// The item.
    #[serde(flatten)]
    pub item: ItemRef,
}

/// What a cell can be given. There is no "nothing": an empty text empties a text cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CellValue {
    /// A finite number. Written without an exponent: as an integer, as a decimal fraction, or as a
    /// string where JSON would need an exponent.
    #[serde(serialize_with = "plain_number")]
    Number(f64),
    /// A whole number, digit by digit.
    Integer(i64),
    /// A text; also the name or code of a list item or of a period, for cells of those formats.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Date(Date),
}

impl CellValue {
    /// An item of the list that the cell is formatted as, by its name or code.
    pub fn item(name_or_code: impl Into<String>) -> Self {
        Self::Text(name_or_code.into())
    }
}

impl Cell {
    /// A cell of this line item. [`at`](Self::at) and its sisters say which: once for each dimension.
    pub fn new(line_item: impl Into<LineItemId>, value: impl Into<CellValue>) -> Self {
        Self::of(LineItemRef::Id(line_item.into()), value)
    }

    /// A cell of the line item of this name.
    pub fn named(line_item: impl Into<String>, value: impl Into<CellValue>) -> Self {
        Self::of(LineItemRef::Name(line_item.into()), value)
    }

    /// A cell of this line item, by id or by name.
    pub fn of(line_item: LineItemRef, value: impl Into<CellValue>) -> Self {
        Self {
            line_item,
            dimensions: Vec::new(),
            value: value.into(),
        }
    }

    /// At this item of this dimension.
    #[must_use]
    pub fn at(self, dimension: impl Into<DimensionId>, item: impl Into<ItemId>) -> Self {
        self.coordinate(Coordinate {
            dimension: DimensionRef::Id(dimension.into()),
            item: ItemRef::Id(item.into()),
        })
    }

    /// At the item of this name, of the dimension of this name.
    #[must_use]
    pub fn at_named(self, dimension: impl Into<String>, item: impl Into<String>) -> Self {
        self.coordinate(Coordinate {
            dimension: DimensionRef::Name(dimension.into()),
            item: ItemRef::Name(item.into()),
        })
    }

    /// At this item of this dimension, each by id, name or code.
    #[must_use]
    pub fn coordinate(mut self, coordinate: Coordinate) -> Self {
        self.dimensions.push(coordinate);
        self
    }

    /// The value that it shall have.
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
}
