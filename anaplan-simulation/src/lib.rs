#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod attempt;
mod coverage;
mod cut;
mod deeds;
mod generate;
mod judge;
mod ledger;
pub mod program;
mod run;
mod shrink;
mod stage;
mod wire;

pub use coverage::Coverage;
pub use generate::generate;
pub use judge::Violation;
pub use program::Program;
pub use run::{Report, run};
pub use shrink::shrink;
