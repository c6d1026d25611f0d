#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod answer;
pub mod case;
pub mod clock;
pub mod fairness;
pub mod http;
pub mod listing;
pub mod logs;
pub mod operations;
pub mod reply;
pub mod report;
pub mod routes;
mod rows;
pub mod run;
pub mod scene;
pub mod secrets;
pub mod server;
pub mod table;
pub mod verdict;
pub mod world;

/// The body of a page of the listing that the operation `list` returns, with a total of one's own.
#[must_use]
pub fn rows_of_list(offset: usize, total: usize) -> String {
    let rows: Vec<_> = (offset..routes::WORKSPACES.min(offset + 3))
        .map(rows::workspace_row)
        .collect();
    answer::list_body(200, "workspaces", &rows, offset, Some(total))
}
