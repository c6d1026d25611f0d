//! Dimensions of models, views and line items, and their items.

mod dimension;
mod line_item;

pub use dimension::{
    Dimension, DimensionItem, GetDimensionItems, GetViewDimensionItems, Lookup,
    LookupDimensionItems,
};
pub use line_item::{GetLineItemDimensionItems, GetLineItemDimensions};

pub(crate) use dimension::items_path;
