#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod matrix;
pub mod rejected_calls;
mod response_validator;
pub mod round_trip;
pub mod storm;
pub mod variants;

pub use response_validator::{validate_every_fake, validated};
