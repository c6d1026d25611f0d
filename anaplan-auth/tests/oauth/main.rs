//! Sign-in through the OAuth service of the fake, in tokio's paused time.

#![cfg(feature = "oauth")]
#![allow(clippy::unwrap_used)]

mod code;
mod device;
mod files;
mod renewal;
mod support;
mod unknown_outcome;
