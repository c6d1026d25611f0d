//! The engine: one send loop, classification of outcomes, and reconciliation.

pub(crate) mod attempt;
pub(crate) mod body;
pub(crate) mod classify;
pub(crate) mod evaluate;
pub(crate) mod execute;
pub(crate) mod fetch;
pub(crate) mod options;
pub(crate) mod reconcile;
pub(crate) mod request;
pub(crate) mod send;
