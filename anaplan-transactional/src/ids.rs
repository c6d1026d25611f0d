//! The ids of a model's objects: 12 or 13 decimal digits as a rule, and opaque text to this crate.

use anaplan_core::id_type;

id_type! {
    /// A module, and its default view.
    ModuleId
}
id_type! {
    /// A view: a saved one, a module's default view, or a line item seen as a view.
    ViewId
}
id_type! {
    /// A line item.
    LineItemId
}
id_type! {
    /// A list.
    ListId
}
id_type! {
    /// An item of a list.
    ListItemId
}
id_type! {
    /// A dimension: a list, a list subset, a line item subset, time, versions, users.
    DimensionId
}
id_type! {
    /// An item of a dimension, whatever kind of dimension that is.
    ItemId
}
id_type! {
    /// A version.
    VersionId
}
id_type! {
    /// An object of the model whose kind depends on where it is mentioned.
    ObjectId
}

macro_rules! also {
    ($($from:ident => $to:ident: $why:literal;)+) => {
        $(
            #[doc = $why]
            impl From<&$from> for $to {
                fn from(id: &$from) -> Self {
                    Self::new(id.as_str())
                }
            }

            #[doc = $why]
            impl From<$from> for $to {
                fn from(id: $from) -> Self {
                    Self::new(id.as_str())
                }
            }
        )+
    };
}

also! {
    ModuleId => ViewId: "A module's default view has the id of the module.";
    LineItemId => ViewId: "A line item can be read as a view.";
    ListId => DimensionId: "A list is a dimension.";
    ListItemId => ItemId: "An item of a list is an item of a dimension.";
    ItemId => ListItemId: "An item of a dimension that is a list.";
}
