//! Calls, tasks and streams: the types that methods of namespaces return.

#[cfg(feature = "blocking")]
pub mod blocking;
pub(crate) mod call;
pub(crate) mod download;
pub(crate) mod find;
pub(crate) mod namespace;
pub(crate) mod page_stream;
pub(crate) mod paged_call;
pub(crate) mod part_file;
pub(crate) mod pending;
pub(crate) mod progress;
pub(crate) mod task;
