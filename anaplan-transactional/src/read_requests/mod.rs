//! Read requests: views and lists of more than 1,000,000 cells or items.

mod calls;
mod pages;
mod task;

pub use calls::{CreateReadRequest, DeleteReadRequest, GetReadRequest, GetReadRequestPage};
pub use pages::ReadPages;
pub use task::{ReadProgress, ReadRequest, ReadSource};

pub(crate) use task::status;
