//! The bundled transport over real sockets and faulty networks.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod bodies;
mod breaks;
mod encodings;
mod limits;
mod paths;
mod proxies;
mod raw;
mod redirects;
mod reuse;
