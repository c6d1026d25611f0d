#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod answer;
pub mod case;
pub mod clock;
pub mod http;
pub mod listing;
pub mod logs;
pub mod operations;
pub mod reply;
pub mod report;
pub mod routes;
mod rows;
pub mod run;
pub mod secrets;
pub mod server;
pub mod table;
pub mod verdict;
pub mod world;
