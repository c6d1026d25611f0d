//! Runs of imports, exports, actions and processes, and their status.

use anaplan_core::{
    Call, Cancellable, Endpoint, LongRunning, Method, Page, Paged, PagedCall, Path, Query,
    Response, Result, RetryClass, Task, TaskId, TaskStatus,
};
use serde::{Deserialize, Serialize};

use crate::runs::outcome::outcome;
use crate::{ActionKind, ActionOutcome, ActionRef, ActionResult, Bulk, ModelRef};

/// Address of a run, from which a [`Task`] can be resumed. Plain data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionTask {
    /// The model.
    #[serde(flatten)]
    pub model: ModelRef,
    /// Action.
    #[serde(flatten)]
    pub action: ActionRef,
    /// The run.
    #[serde(rename = "taskId")]
    pub task: TaskId,
}

impl ActionTask {
    /// Creates the address of a run.
    pub fn new(
        model: impl Into<ModelRef>,
        action: impl Into<ActionRef>,
        task: impl Into<TaskId>,
    ) -> Self {
        Self {
            model: model.into(),
            action: action.into(),
            task: task.into(),
        }
    }

    pub(crate) fn path(&self) -> Path {
        tasks_path(&self.model, &self.action).seg("taskId", &self.task)
    }
}

impl From<&ActionTask> for ActionTask {
    fn from(task: &ActionTask) -> Self {
        task.clone()
    }
}

impl LongRunning for ActionTask {
    const KIND: &'static str = "action";
    type Result = ActionResult;
    type Outcome = ActionOutcome;
    type Poll = GetTaskStatus;

    fn task_id(&self) -> &TaskId {
        &self.task
    }

    fn poll(&self) -> GetTaskStatus {
        GetTaskStatus { task: self.clone() }
    }

    fn outcome(&self, status: TaskStatus<ActionResult>) -> Result<ActionOutcome> {
        outcome(self.clone(), status)
    }
}

impl Cancellable for ActionTask {
    type Cancel = CancelTask;

    fn cancel(&self) -> CancelTask {
        CancelTask { task: self.clone() }
    }
}

impl Bulk {
    /// Returns the runs of one import, export, action or process, by all users: all of them when awaited, or as a
    /// stream with `.items()`. The rows have no results. An unknown id has no runs.
    ///
    /// `GET /models/{modelId}/{imports|exports|actions|processes}/{id}/tasks`. Reads only: retried
    /// freely, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the id does not determine the kind: see [`ActionRef`]. `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = bulk.run_action(ids.action).await?;
    /// let runs = bulk.get_task_summaries(ids.action).await?;
    /// assert!(runs.iter().any(|run| run.task_id == *task.id()));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_task_status")]
    pub fn get_task_summaries(&self, action: impl Into<ActionRef>) -> PagedCall<GetTaskSummaries> {
        self.session
            .paged(GetTaskSummaries::new(self.model.clone(), action))
    }

    /// Returns the status of a run, with its result once it has finished.
    ///
    /// `GET /models/{modelId}/{imports|exports|actions|processes}/{id}/tasks/{taskId}`. Reads only:
    /// retried freely, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the id does not tell what it is: see [`ActionRef`]. `NotFound` for an
    /// unknown run, and for a run of something else.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = bulk.run_action(ids.process).await?;
    /// let status = bulk.get_task_status(ids.process, task.id()).await?;
    /// println!("{}", status.task_state);
    /// # Ok(()) });
    /// ```
    pub fn get_task_status(
        &self,
        action: impl Into<ActionRef>,
        task: impl Into<TaskId>,
    ) -> Call<GetTaskStatus> {
        self.session.call(GetTaskStatus {
            task: ActionTask::new(self.model.clone(), action, task),
        })
    }

    /// Returns the handle of a run that was started earlier, by this or another process. Sends nothing.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let id = bulk.run_action(ids.action).await?.id().clone();
    /// let outcome = bulk.resume_task(ids.action, id).wait().await?;
    /// assert!(outcome.result.successful);
    /// # Ok(()) });
    /// ```
    pub fn resume_task(
        &self,
        action: impl Into<ActionRef>,
        task: impl Into<TaskId>,
    ) -> Task<ActionTask> {
        let address = ActionTask::new(self.model.clone(), action, task);
        Task::resume(self.session.clone(), address)
    }
}

pub(crate) fn tasks_path(model: &ModelRef, action: &ActionRef) -> Path {
    action.path(model).lit("tasks")
}

/// Endpoint of [`Bulk::get_task_summaries`].
#[derive(Debug, Clone)]
pub struct GetTaskSummaries {
    model: ModelRef,
    action: ActionRef,
    sort: Option<String>,
}

impl GetTaskSummaries {
    /// Creates the endpoint for an action.
    pub fn new(model: impl Into<ModelRef>, action: impl Into<ActionRef>) -> Self {
        Self {
            model: model.into(),
            action: action.into(),
            sort: None,
        }
    }

    /// Sorts by `creationDate`, `taskId`, `taskState` or `progress`; with `-` in front, backwards. The
    /// server ignores other names, and has been seen to ignore these.
    #[must_use]
    pub fn sort(mut self, property: impl Into<String>) -> Self {
        self.sort = Some(property.into());
        self
    }
}

impl Endpoint for GetTaskSummaries {
    const NAME: &'static str = "bulk.get_task_summaries";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<TaskStatus<ActionResult>>;

    fn path(&self) -> Path {
        tasks_path(&self.model, &self.action)
    }

    fn query(&self, query: &mut Query) {
        query.push_some("sort", self.sort.as_ref());
    }

    fn check(&self) -> Result<()> {
        self.action.check()
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        // One sample of the API has a single run under another key.
        match response.field_opt("task")? {
            Some(task) => Ok(Page::new(vec![task], None)),
            None => response.page("tasks"),
        }
    }
}

impl Paged for GetTaskSummaries {
    type Item = TaskStatus<ActionResult>;
}

/// Endpoint of [`Bulk::get_task_status`].
#[derive(Debug, Clone)]
pub struct GetTaskStatus {
    /// The run.
    pub task: ActionTask,
}

impl Endpoint for GetTaskStatus {
    const NAME: &'static str = "bulk.get_task_status";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<ActionResult>;

    fn path(&self) -> Path {
        self.task.path()
    }

    fn query(&self, query: &mut Query) {
        if self.task.action.kind() == Some(ActionKind::Process) {
            query.push("includeProcessDetails", "true");
        }
    }

    fn check(&self) -> Result<()> {
        self.task.action.check()
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.field("task")
    }
}

/// Cancels a run. Used by [`Task::cancel`]. Idempotent: retried.
///
/// `DELETE /models/{modelId}/{imports|exports|actions|processes}/{id}/tasks/{taskId}`. What the run has
/// done is rolled back, says the API; steps of a process that are over stay done.
#[derive(Debug, Clone)]
pub struct CancelTask {
    /// The run.
    pub task: ActionTask,
}

impl Endpoint for CancelTask {
    const NAME: &'static str = "bulk.cancel_task";
    const METHOD: Method = Method::DELETE;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[];
    type Output = ();

    fn path(&self) -> Path {
        self.task.path()
    }

    fn check(&self) -> Result<()> {
        self.task.action.check()
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}
