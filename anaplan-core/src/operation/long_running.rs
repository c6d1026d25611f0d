//! Work of the server that goes on after the request that started it.

use std::fmt;

use async_trait::async_trait;

use crate::data::error::Result;
use crate::data::ids::TaskId;
use crate::data::task_status::TaskStatus;
use crate::operation::{Endpoint, Lookup, Requests};

/// Work of the server that goes on after the request that started it.
///
/// The implementing type is the address of the work: plain data with which another process can
/// resume waiting. [`Task`](crate::Task) polls it.
#[async_trait]
pub trait LongRunning: Clone + fmt::Debug + Send + Sync + 'static {
    /// Name in messages: `sync`, `comparison report`, ...
    const KIND: &'static str;
    /// Name of the id in errors. Default: `taskId`.
    const ID_NAME: &'static str = "taskId";
    /// `true` if the server may not list new work yet, so that `NotFound` in the first three polls does
    /// not end the wait. Default: `true`.
    const APPEARS_LATE: bool = true;
    /// Result that the server reports for finished work.
    type Result: fmt::Debug + Clone + Send + Sync + 'static;
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

    /// Does what the work needs to continue, after each poll that found it unfinished. `previous` is the
    /// status of the poll before. Default: returns `status` unchanged.
    ///
    /// A finished status ends the wait.
    ///
    /// # Errors
    ///
    /// Any. An error ends the wait.
    async fn advance(
        &self,
        previous: Option<&TaskStatus<Self::Result>>,
        status: TaskStatus<Self::Result>,
        requests: &Requests<'_>,
    ) -> Result<TaskStatus<Self::Result>> {
        let _ = (previous, requests);
        Ok(status)
    }

    /// Verifies a successful outcome by the state of the server, where the task alone does not prove
    /// it, and notes in the outcome that it is verified. Default: does nothing.
    ///
    /// [`Task::wait`](crate::Task::wait) calls it again for up to 30 s after an error, because a listing
    /// may lag behind the task.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ambiguous`](crate::ErrorKind::Ambiguous) if the state contradicts the outcome. Any
    /// other error means that the state could not be read: the wait returns the outcome unverified.
    async fn verify(&self, outcome: &mut Self::Outcome, lookup: &Lookup<'_>) -> Result<()> {
        let _ = (outcome, lookup);
        Ok(())
    }
}

/// Work that can be asked to stop.
pub trait Cancellable: LongRunning {
    /// Endpoint that asks for it.
    type Cancel: Endpoint;

    /// Returns the request to stop.
    fn cancel(&self) -> Self::Cancel;
}
