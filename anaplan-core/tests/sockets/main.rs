//! What networks do to the bundled transport, over real sockets.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod limits;
mod raw;
