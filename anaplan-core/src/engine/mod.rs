//! The engine: sends requests, classifies outcomes, retries, reconciles.

pub(crate) mod exchange;
pub(crate) mod prepared;
pub(crate) mod verdict;
