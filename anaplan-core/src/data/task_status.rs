//! States of the server's tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::data::ids::TaskId;
use crate::data::lenient::{float_opt, moment_opt, text_opt};

crate::open_enum! {
    /// Progress of a task.
    pub enum TaskState {
        /// Queued.
        NotStarted = "NOT_STARTED",
        /// Running.
        InProgress = "IN_PROGRESS",
        /// Finished, successfully or not.
        Complete = "COMPLETE",
        /// Asked to stop, and still running.
        Cancelling = "CANCELLING",
        /// Stopped before it finished.
        Cancelled = "CANCELLED",
    }
}

impl TaskState {
    /// Returns `true` for the documented states in which a task stays.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled)
    }
}

/// Status of a task, as the server reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
#[non_exhaustive]
pub struct TaskStatus<R> {
    /// Task id.
    pub task_id: TaskId,
    /// State.
    #[serde(default = "in_progress")]
    pub task_state: TaskState,
    /// Current step, in the server's words.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_opt"
    )]
    pub current_step: Option<String>,
    /// Progress from 0 to 1, if the server reports it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "float_opt"
    )]
    pub progress: Option<f64>,
    /// Creation time, by the server's clock.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "moment_opt"
    )]
    pub creation_time: Option<Timestamp>,
    /// Result, once there is one.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub result: Option<R>,
}

impl<R> TaskStatus<R> {
    /// Creates a status with these two fields, for endpoints that read it from another shape.
    #[must_use]
    pub fn new(task_id: impl Into<TaskId>, task_state: TaskState) -> Self {
        Self {
            task_id: task_id.into(),
            task_state,
            current_step: None,
            progress: None,
            creation_time: None,
            result: None,
        }
    }

    /// Returns `true` if the task is finished: in a terminal state, or in a state that this release
    /// does not know and with a result.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.task_state {
            TaskState::Unknown(_) => self.result.is_some(),
            state => state.is_terminal(),
        }
    }
}

fn none<R>() -> Option<R> {
    None
}

/// A creation response may hold nothing but the id; the work has begun then.
fn in_progress() -> TaskState {
    TaskState::InProgress
}
