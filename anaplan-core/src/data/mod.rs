//! Plain data: errors, ids, URLs, hosts and lenient readers. Imports nothing else of the crate.

pub(crate) mod error;
pub(crate) mod hosts;
pub(crate) mod ids;
pub mod lenient;
pub(crate) mod mask;
mod open_enum;
#[cfg(feature = "pem")]
pub mod pem;
pub(crate) mod record;
pub(crate) mod retry_after;
pub(crate) mod scope;
pub(crate) mod server_message;
pub(crate) mod task_failure;
pub(crate) mod task_status;
pub(crate) mod transport_error;
pub(crate) mod url;
