//! Files, imports, exports, actions and processes of the fake, asked without any client.

#![allow(clippy::unwrap_used, clippy::cmp_owned)]

mod actions;
mod exports;
mod files;
mod imports;
mod models;
mod processes;
#[path = "../support/caller.rs"]
mod support;
mod tasks;
