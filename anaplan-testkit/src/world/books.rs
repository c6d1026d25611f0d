//! The effects that requests really had, whatever their responses said.

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::runs::{ConnectorParameter, MappingParameter, RunKind};

/// The work that was done, in its order. Faults of the connection do not show here: what is written in
/// the books has happened.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Books {
    /// Every revision that was created through the API: the model, the revision's id and name.
    pub revisions_created: Vec<(ModelId, String, String)>,
    /// Every task that was started through the API, of any kind: who started it, and when.
    pub tasks_started: Vec<TaskStarted>,
    /// Every sync that was started: the target, the task, the source revision.
    pub syncs_started: Vec<(ModelId, TaskId, String)>,
    /// Every sync that has brought a revision to its target.
    pub syncs_applied: Vec<(ModelId, TaskId, String)>,
    /// Every import, export, action and process that was started through the API.
    pub runs_started: Vec<RunStarted>,
    /// Every import, export, action and process that was carried out, the steps of processes before the
    /// processes themselves.
    pub runs_done: Vec<RunDone>,
    /// Every upload that was completed.
    pub files_completed: Vec<FileCompleted>,
    /// The number of list items added through the API.
    pub items_added: u64,
    /// The number of list items changed through the API.
    pub items_updated: u64,
    /// The number of list items deleted through the API.
    pub items_deleted: u64,
    /// The number of cells written through the API; one that is written twice counts twice.
    pub cells_written: u64,
    /// Every read request that was made: the model, the request's id.
    pub read_requests_made: Vec<(ModelId, String)>,
    /// The number of sessions that were opened.
    pub sign_ins: u64,
    /// The number of sessions that were refreshed.
    pub refreshes: u64,
    /// The number of sessions ended by their users.
    pub sign_outs: u64,
    /// The number of times the OAuth service issued tokens for a sign-in by code or by device.
    pub oauth_sign_ins: u64,
    /// The number of times the OAuth service issued tokens for a refresh token.
    pub oauth_refreshes: u64,
    /// The number of requests refused because they were too many.
    pub throttled: u64,
}

/// A task that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskStarted {
    /// The task.
    pub task: TaskId,
    /// The user who started it.
    pub user: UserId,
    /// The time of the start.
    pub at: Timestamp,
}

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunStarted {
    /// The kind of object.
    pub kind: RunKind,
    /// The model.
    pub model: ModelId,
    /// The import, export, action or process.
    pub object: u64,
    /// The task.
    pub task: TaskId,
    /// Who started it.
    pub user: UserId,
    /// The answers that were given with it.
    pub mapping: Vec<MappingParameter>,
    /// The parameters of connectors that were given with it, without their values.
    pub connectors: Vec<ConnectorParameter>,
}

/// Work that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunDone {
    /// The kind of object.
    pub kind: RunKind,
    /// The model.
    pub model: ModelId,
    /// The import, export, action or process.
    pub object: u64,
    /// The task in which it was done.
    pub task: TaskId,
    /// Who started the task.
    pub user: UserId,
    /// The process that it was a step of.
    pub process: Option<u64>,
    /// `true` if it succeeded.
    pub successful: bool,
    /// The number of rows had an effect, or how many items or cells an action changed.
    pub rows: u64,
}

/// An upload that was completed: its last chunk has come, or its end was told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCompleted {
    /// The model.
    pub model: ModelId,
    /// The file.
    pub file: u64,
    /// Whose content it is.
    pub user: UserId,
    /// The number of bytes it has.
    pub bytes: u64,
    /// The number of chunks.
    pub chunks: usize,
}

impl Books {
    /// Returns the user who started a task.
    #[must_use]
    pub fn starter(&self, task: &TaskId) -> Option<&UserId> {
        let started = self.tasks_started.iter();
        let mut started = started.filter(|started| started.task == *task);
        started.next().map(|started| &started.user)
    }

    /// Returns how often an object was carried out, within processes or by itself.
    #[must_use]
    pub fn times_done(&self, model: &ModelId, object: u64) -> usize {
        let done = self.runs_done.iter();
        done.filter(|run| run.object == object && run.model == *model)
            .count()
    }
}
