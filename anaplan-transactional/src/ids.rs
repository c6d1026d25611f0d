//! Ids of a model's objects. Usually 12 or 13 decimal digits, opaque to this crate.

use anaplan_core::id_type;

id_type! {
    /// Id of a module, and of its default view.
    ModuleId
}
id_type! {
    /// Id of a view: a saved view, the default view of a module, or a line item.
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
    /// Id of a dimension: a list, a list subset, a line item subset, time, versions, users.
    DimensionId
}
id_type! {
    /// Id of an item of any dimension.
    ItemId
}
id_type! {
    /// A version.
    VersionId
}
id_type! {
    /// Id of an object of any kind.
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
