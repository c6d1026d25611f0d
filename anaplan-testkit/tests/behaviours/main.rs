//! What the fake does as Anaplan does it: one table of behaviours, each with the test that shows it.
//!
//! ```sh
//! cargo test -p anaplan-testkit --test behaviours            # runs them and prints the table
//! cargo test -p anaplan-testkit --test behaviours -- oauth   # those whose line has the word in it
//! BLESS=1 cargo test -p anaplan-testkit --test behaviours    # also writes src/behaviours.md anew
//! ```

#![allow(clippy::unwrap_used, clippy::cmp_owned, clippy::print_stdout)]

mod alm;
mod ask;
mod busy;
mod calendar;
mod cells;
mod dimensions;
mod dumps;
mod envelope;
mod fields;
mod files;
mod identity;
mod limits;
mod list_index;
mod listings;
mod lists;
mod models;
mod oauth;
mod online;
mod paths;
mod processes;
mod read_requests;
mod reports;
#[path = "../support/caller.rs"]
mod support;
mod syncs;
mod table;
mod tasks;
mod uploads;
mod views;
mod workspaces;

use std::process::ExitCode;

fn main() -> ExitCode {
    anaplan_conformance::validate_every_fake();
    table::run(&[
        identity::BEHAVIOURS,
        oauth::BEHAVIOURS,
        envelope::BEHAVIOURS,
        listings::BEHAVIOURS,
        fields::BEHAVIOURS,
        limits::BEHAVIOURS,
        models::BEHAVIOURS,
        busy::BEHAVIOURS,
        paths::BEHAVIOURS,
        alm::BEHAVIOURS,
        syncs::BEHAVIOURS,
        reports::BEHAVIOURS,
        online::BEHAVIOURS,
        workspaces::BEHAVIOURS,
        files::BEHAVIOURS,
        uploads::BEHAVIOURS,
        tasks::BEHAVIOURS,
        processes::BEHAVIOURS,
        dumps::BEHAVIOURS,
        views::BEHAVIOURS,
        dimensions::BEHAVIOURS,
        cells::BEHAVIOURS,
        lists::BEHAVIOURS,
        list_index::BEHAVIOURS,
        calendar::BEHAVIOURS,
        read_requests::BEHAVIOURS,
    ])
}
