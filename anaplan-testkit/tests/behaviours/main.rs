//! What the fake does as Anaplan does it: one table of behaviours, each with the test that shows it.
//!
//! ```sh
//! cargo test -p anaplan-testkit --test behaviours            # runs them and prints the table
//! cargo test -p anaplan-testkit --test behaviours -- oauth   # those whose line has the word in it
//! BLESS=1 cargo test -p anaplan-testkit --test behaviours    # also writes src/behaviours.md anew
//! ```

#![allow(clippy::unwrap_used, clippy::cmp_owned, clippy::print_stdout)]

mod identity;
mod oauth;
#[path = "../support/caller.rs"]
mod support;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    table::run(&[identity::BEHAVIOURS, oauth::BEHAVIOURS])
}
