#![doc = include_str!("guide/blocking.md")]

#[doc(inline)]
pub use anaplan_core::blocking::Blocking;
#[doc(inline)]
pub use anaplan_core::{ByteStream, Call, Items, PagedCall, Pages, Pending, Progress, Task};
