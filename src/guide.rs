//! Guides: one page for each thing that takes more than a paragraph. Every example runs.

#[doc = include_str!("guide/signing_in.md")]
pub mod signing_in {}

#[doc = include_str!("guide/paging.md")]
pub mod paging {}

#[doc = include_str!("guide/tasks.md")]
pub mod tasks {}

#[doc = include_str!("guide/retries.md")]
pub mod retries {}

#[doc = include_str!("guide/errors.md")]
pub mod errors {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/custom_endpoints.md")]
pub mod custom_endpoints {}
