#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod actions;
mod attempt;
mod cancel;
pub mod checker;
mod clock;
mod coverage;
mod environment;
mod expectations;
mod generate;
pub mod program;
mod records;
mod run;
mod shrink;
mod transport;

pub use checker::Violation;
pub use coverage::Coverage;
pub use generate::{generate, generate_plain};
pub use program::Program;
pub use run::{Report, run};
pub use shrink::shrink;
