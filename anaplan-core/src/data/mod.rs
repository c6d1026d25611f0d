//! Plain data: errors, ids, URLs, hosts and lenient readers. Imports nothing else of the crate.

pub(crate) mod error;
pub(crate) mod hosts;
pub(crate) mod ids;
pub mod lenient;
mod open_enum;
#[cfg(feature = "pem")]
pub mod pem;
pub(crate) mod url;
