//! Requests that nobody thought of: whatever is asked, the fake answers, and its world stays in order.

#![allow(clippy::unwrap_used)]

#[path = "../support/caller.rs"]
mod caller;
mod malformed;
mod order;
mod sequences;

/// Does something while time is paused.
fn on_paused_time(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work);
}
