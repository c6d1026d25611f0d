//! Items of lists: reads, insertions, updates and deletions.

mod changes;
mod evaluate;
mod insert;
mod item;
mod new_item;
mod scanner;
mod states;
mod stream;
mod update;

pub use changes::{ListItemKey, ListItemUpdate};
pub use insert::InsertListItems;
pub use item::{GetListItems, GetListItemsCsv, GetListItemsJson, ListItem};
pub use new_item::NewListItem;
pub use stream::ListItems;
pub use update::{DeleteListItems, UpdateListItems};

pub(crate) use new_item::Key;
pub(crate) use scanner::{Flaw, Scanner, Step};
pub(crate) use states::{ItemState, item_states};
pub(crate) use update::{items_body, split_items};
