//! Calls that must not run twice, against a scripted server under paused time: what is sent, what is
//! not sent again, and which error the caller gets.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod baseline;
mod concurrency;
mod deadlines;
mod masking;
mod records;
mod resending;
mod waiting;
mod world;
