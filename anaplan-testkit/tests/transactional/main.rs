//! The modelling half of the fake, asked without any client.

#![allow(unreachable_pub, clippy::unwrap_used)]

mod access;
mod calendar;
mod cells;
mod dimensions;
mod lists;
mod modules;
mod read_requests;
mod support;
mod views;
