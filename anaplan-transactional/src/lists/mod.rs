//! Lists and their metadata.

mod list;

pub use list::{
    GetListMetadata, GetLists, List, ListMetadata, ListProperty, PreviewList, ResetListIndex,
};

pub(crate) use list::list_path;
