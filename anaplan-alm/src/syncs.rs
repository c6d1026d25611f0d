//! Syncs: bring a model to a newer revision.

use anaplan_core::{
    Call, Endpoint, Error, ErrorKind, LongRunning, Lookup, Method, ModelId, Path, Response, Result,
    RetryClass, Task, TaskId, TaskStatus, async_trait,
};
use serde::{Deserialize, Serialize};

use crate::revisions::alm_path;
use crate::sync_start::{SyncModels, applied_revision};
use crate::tasks::{AlmTaskResult, RevisionPair, successful};
use crate::{Alm, RevisionId};

impl Alm {
    /// Starts a sync of the model to a newer revision of its family, and returns the handle of the task.
    ///
    /// The pair names the source revision, the source model and the latest revision of this model.
    /// [`wait`](Task::wait) waits for the end of the sync and verifies it by the revisions of the model.
    ///
    /// `POST /models/{modelId}/alm/syncTasks`. Must not run twice: never sent again after an unknown
    /// outcome. The client lists the tasks before each attempt. After a lost response it searches for a
    /// new task, and returns it if the revisions of the model show that this user applied the source
    /// revision after the attempt. Dropping the future after the request left does not stop the sync: see
    /// [`Call::on_attempt`].
    ///
    /// # Errors
    ///
    /// `Rejected` for revisions that do not match (a target revision that is not the latest, unrelated
    /// models, changes in the target), `NotFound`, `Forbidden`, `ModelState`. `Ambiguous` if it is
    /// unknown whether the sync was started. A sync that starts and then fails is an error of
    /// [`wait`](Task::wait): `TaskFailed`, with the server's title, message and subtitle.
    ///
    /// ```
    /// # use anaplan_alm::{Alm, RevisionPair};
    /// # anaplan_testkit::story(async |fake| {
    /// # let dev: Alm = fake.namespace()?;
    /// # let production = dev.with_model(fake.demo().prod);
    /// let from = dev.get_latest_revision().await?.expect("dev has revisions");
    /// let to = production.get_latest_revision().await?.expect("production has revisions");
    ///
    /// let task = production.sync_models(RevisionPair::new(&from.id, dev.model(), &to.id)).await?;
    /// println!("started {}", task.id());
    /// let done = task.wait_with(|status| println!("{:?}", status.current_step)).await?;
    /// assert_eq!(done.task_id, *task.id());
    /// # Ok(()) });
    /// ```
    #[doc(alias = "create_sync_task")]
    pub fn sync_models(&self, revisions: impl Into<RevisionPair>) -> Call<SyncModels, Task<Sync>> {
        self.session.start(SyncModels {
            model: self.model.clone(),
            revisions: revisions.into(),
        })
    }

    /// Returns the syncs of the model in the last 48 hours, newest first, without their results.
    ///
    /// `GET /models/{modelId}/alm/syncTasks`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// for task in alm.get_sync_tasks().await? {
    ///     println!("{} {}", task.task_id, task.task_state);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_sync_tasks(&self) -> Call<GetSyncTasks> {
        self.session.call(GetSyncTasks {
            model: self.model.clone(),
        })
    }

    /// Returns the status of one sync of the model.
    ///
    /// `GET /models/{modelId}/alm/syncTasks/{syncTaskId}`. Reads only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown task, and for a task older than 48 hours.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// let error = alm.get_sync_task("00000000000000000000000000000000").await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_sync_task(&self, task: impl Into<TaskId>) -> Call<GetSyncTask> {
        self.session.call(GetSyncTask {
            model: self.model.clone(),
            task: task.into(),
        })
    }

    /// Creates a handle for a sync of this model that was started earlier, also by another process. Sends
    /// nothing.
    ///
    /// ```
    /// # use anaplan_alm::Alm;
    /// # anaplan_testkit::story(async |fake| {
    /// # let alm: Alm = fake.namespace()?;
    /// let task = alm.resume_sync("6C283D93A9E64570BF502B8F7AF67A00");
    /// assert_eq!(task.id().as_str(), "6C283D93A9E64570BF502B8F7AF67A00");
    /// # Ok(()) });
    /// ```
    pub fn resume_sync(&self, task: impl Into<TaskId>) -> Task<Sync> {
        Task::resume(
            self.session.clone(),
            Sync {
                model: self.model.clone(),
                task: task.into(),
                revisions: None,
            },
        )
    }
}

/// Address of the task of a sync. Plain data that serializes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sync {
    /// Target model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// Task.
    #[serde(rename = "taskId")]
    pub task: TaskId,
    /// Requested revisions, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisions: Option<RevisionPair>,
}

/// A successful sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncOutcome {
    /// Task.
    pub task_id: TaskId,
    /// Revision that the sync applied, if known.
    pub source_revision: Option<RevisionId>,
    /// Latest revision before the sync, if known.
    pub target_revision: Option<RevisionId>,
    /// `true` if the revisions of the model contain the source revision. `false` if they could not be
    /// read, or if the source revision is not known.
    pub verified: bool,
}

#[async_trait]
impl LongRunning for Sync {
    const KIND: &'static str = "sync";
    type Result = AlmTaskResult;
    type Outcome = SyncOutcome;
    type Poll = GetSyncTask;

    fn task_id(&self) -> &TaskId {
        &self.task
    }

    fn poll(&self) -> GetSyncTask {
        GetSyncTask {
            model: self.model.clone(),
            task: self.task.clone(),
        }
    }

    fn outcome(&self, status: TaskStatus<AlmTaskResult>) -> Result<SyncOutcome> {
        let result = successful(Self::KIND, status)
            .map_err(|error| error.about("modelId", self.model.as_str()))?;
        if let Some(asked) = &self.revisions {
            if !asked.fits(&result) {
                let text = "the task synced another revision: it belongs to another call";
                return Err(Error::new(ErrorKind::Ambiguous, text));
            }
        }
        let asked = self.revisions.clone();
        let (source, target) = asked.map_or((None, None), |pair| {
            (Some(pair.source_revision), Some(pair.target_revision))
        });
        Ok(SyncOutcome {
            task_id: self.task.clone(),
            source_revision: result.source_revision_id.or(source),
            target_revision: result.target_revision_id.or(target),
            verified: false,
        })
    }

    /// A task in the list can belong to another user, so only the revisions of the model prove that
    /// it has the source revision.
    async fn verify(&self, outcome: &mut SyncOutcome, lookup: &Lookup<'_>) -> Result<()> {
        let Some(source) = &outcome.source_revision else {
            return Ok(());
        };
        if applied_revision(&self.model, source, lookup)
            .await?
            .is_none()
        {
            let text = "the task succeeded, but the model does not have the source revision";
            return Err(Error::new(ErrorKind::Ambiguous, text)
                .about("modelId", self.model.as_str())
                .about("sourceRevisionId", source.as_str()));
        }
        outcome.verified = true;
        Ok(())
    }
}

/// Endpoint of [`Alm::get_sync_tasks`].
#[derive(Debug, Clone)]
pub struct GetSyncTasks {
    /// Target model.
    pub model: ModelId,
}

impl Endpoint for GetSyncTasks {
    const NAME: &'static str = "alm.get_sync_tasks";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<TaskStatus<AlmTaskResult>>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("syncTasks")
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.list("tasks")
    }
}

/// Endpoint of [`Alm::get_sync_task`].
#[derive(Debug, Clone)]
pub struct GetSyncTask {
    /// Target model.
    pub model: ModelId,
    /// Task.
    pub task: TaskId,
}

impl Endpoint for GetSyncTask {
    const NAME: &'static str = "alm.get_sync_task";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<AlmTaskResult>;

    fn path(&self) -> Path {
        alm_path(&self.model)
            .lit("syncTasks")
            .seg("taskId", &self.task)
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.field("task")
    }
}
