//! Requests that nobody thought of: whatever is asked, the fake answers, and its world stays in order.

#![allow(clippy::unwrap_used)]

#[path = "../support/caller.rs"]
mod caller;
mod malformed;
mod order;
mod sequences;
