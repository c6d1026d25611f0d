//! Work of the server that goes on after the request that started it.

use std::fmt;

use async_trait::async_trait;

use crate::data::error::Result;
use crate::data::ids::TaskId;
use crate::data::task_status::TaskStatus;
use crate::operation::{Endpoint, Lookup};

/// Work of the server that goes on after the request that started it.
///
/// The implementing type is the address of the work: plain data with which another process can
/// resume waiting. [`Task`](crate::Task) polls it.
#[async_trait]
pub trait LongRunning: Clone + fmt::Debug + Send + Sync + 'static {
    /// Name in messages: `sync`, `comparison report`, ...
    const KIND: &'static str;
    /// Result that the server reports for finished work.
    type Result: fmt::Debug + Clone + Send + 'static;
    /// Value of a successful wait.
    type Outcome: Send + 'static;
    /// Endpoint that reads the status.
    type Poll: Endpoint<Output = TaskStatus<Self::Result>>;

    /// Returns the id that the server assigned.
    fn task_id(&self) -> &TaskId;

    /// Returns the request for the status.
    fn poll(&self) -> Self::Poll;

    /// Converts the last status to the outcome.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TaskFailed`](crate::ErrorKind::TaskFailed) if the work ended without success.
    fn outcome(&self, status: TaskStatus<Self::Result>) -> Result<Self::Outcome>;

    /// Verifies a successful outcome by the state of the server, where the task alone does not prove
    /// it. Default: returns the outcome unchanged.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ambiguous`](crate::ErrorKind::Ambiguous) if the state contradicts the outcome.
    async fn verify(&self, outcome: Self::Outcome, lookup: &Lookup<'_>) -> Result<Self::Outcome> {
        let _ = lookup;
        Ok(outcome)
    }
}

/// Work that can be asked to stop.
pub trait Cancellable: LongRunning {
    /// Endpoint that asks for it.
    type Cancel: Endpoint;

    /// Returns the request to stop.
    fn cancel(&self) -> Self::Cancel;
}
