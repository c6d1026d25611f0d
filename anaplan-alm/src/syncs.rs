//! Syncs: bringing a model to a newer revision.

use anaplan_core::{
    Answer, Bytes, Call, Endpoint, Error, ErrorKind, Found, LongRunning, Method, ModelId, Path,
    Reconcile, Result, RetryClass, Session, Task, TaskId, TaskStatus, async_trait,
};
use serde::{Deserialize, Serialize};

use crate::revisions::{GetLatestRevision, alm_path};
use crate::tasks::{AlmTaskResult, RevisionPair, started, successful};
use crate::{Alm, RevisionId};

impl Alm {
    /// Brings the model to a newer revision of its family: the source revision and model, and the
    /// model's own latest revision.
    ///
    /// Gives a handle as soon as the server has started; [`wait`](Task::wait) on it for the end.
    ///
    /// `POST /models/{modelId}/alm/syncTasks`. Must not run twice: the client notes which tasks exist
    /// before it sends, and when the answer gets lost, it looks for the task that its own request
    /// created. It sends the request again only when there is none and none can come any more.
    ///
    /// # Errors
    ///
    /// `Rejected` for revisions that do not fit (a target revision that is not the latest, unrelated
    /// models, changes in the target), `NotFound`, `Forbidden`, `ModelState`. `Ambiguous` when nobody
    /// can know whether the sync was started. A sync that starts and then fails is an error of
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
    pub fn sync_models(&self, revisions: impl Into<RevisionPair>) -> Call<SyncModels> {
        self.session.call(SyncModels {
            model: self.model.clone(),
            revisions: revisions.into(),
        })
    }

    /// The syncs of the model in the last 48 hours, newest first, without their results.
    ///
    /// `GET /models/{modelId}/alm/syncTasks`. Reads only: retried freely.
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

    /// One sync of the model, as it stands.
    ///
    /// `GET /models/{modelId}/alm/syncTasks/{syncTaskId}`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown task, and for one of more than 48 hours ago.
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

    /// A handle on a sync of this model that was started earlier, here or by another process. Sends
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

/// Where a sync can be found again: the address of a [`Task`]. Plain data to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sync {
    /// The model that is synced.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// The task.
    #[serde(rename = "taskId")]
    pub task: TaskId,
    /// What was asked for, where this is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisions: Option<RevisionPair>,
}

/// A sync that has succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncOutcome {
    /// The task.
    pub task_id: TaskId,
    /// The revision that the model has now, where this is known.
    pub source_revision: Option<RevisionId>,
    /// The revision that it had before, where this is known.
    pub target_revision: Option<RevisionId>,
}

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
                return Err(Error::new(
                    ErrorKind::Ambiguous,
                    "the task that was found after a lost answer has synced another revision",
                ));
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
        })
    }
}

/// The endpoint of [`Alm::sync_models`].
#[derive(Debug, Clone)]
pub struct SyncModels {
    /// The target.
    pub model: ModelId,
    /// What it shall be brought to, and from where.
    pub revisions: RevisionPair,
}

impl SyncModels {
    fn task(&self, session: &Session, task: TaskId) -> Task<Sync> {
        let address = Sync {
            model: self.model.clone(),
            task,
            revisions: Some(self.revisions.clone()),
        };
        Task::resume(session.clone(), address)
    }

    /// The tasks that appeared since `existing` and can be the work of this request.
    async fn candidates(&self, session: &Session, existing: &[String]) -> Result<Vec<TaskId>> {
        let model = self.model.clone();
        let tasks = session.call(GetSyncTasks { model }).await?;
        let mut fitting = Vec::new();
        for task in tasks {
            if existing.iter().any(|id| task.task_id == **id) {
                continue;
            }
            let poll = GetSyncTask {
                model: self.model.clone(),
                task: task.task_id,
            };
            let status = session.call(poll).await?;
            if status
                .result
                .as_ref()
                .is_none_or(|result| self.revisions.fits(result))
            {
                fitting.push(status.task_id);
            }
        }
        Ok(fitting)
    }
}

impl Endpoint for SyncModels {
    const NAME: &'static str = "alm.sync_models";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Task<Sync>;

    fn path(&self) -> Path {
        alm_path(&self.model).lit("syncTasks")
    }

    fn body(&self) -> Result<Bytes> {
        self.revisions.body()
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Task<Sync>>> {
        Some(self)
    }

    fn decode(&self, answer: Answer) -> Result<Task<Sync>> {
        Ok(self.task(answer.session(), started(&answer)?.task_id))
    }
}

/// The list of tasks tells; should it have forgotten, the target's latest revision does.
#[async_trait]
impl Reconcile<Task<Sync>> for SyncModels {
    async fn existing(&self, session: &Session) -> Result<Vec<String>> {
        let model = self.model.clone();
        let tasks = session.call(GetSyncTasks { model }).await?;
        Ok(tasks
            .into_iter()
            .map(|task| task.task_id.to_string())
            .collect())
    }

    async fn find(&self, session: &Session, existing: &[String]) -> Result<Found<Task<Sync>>> {
        let mut candidates = self.candidates(session, existing).await?;
        match (candidates.pop(), candidates.len()) {
            (Some(task), 0) => return Ok(Found::Own(self.task(session, task))),
            (Some(_), others) => {
                return Ok(Found::Unclear(format!(
                    "{} syncs have appeared meanwhile",
                    others + 1
                )));
            }
            (None, _) => {}
        }
        let model = self.model.clone();
        let latest = session.call(GetLatestRevision { model }).await?;
        Ok(match latest {
            Some(latest) if latest.id == self.revisions.source_revision => Found::Unclear(
                "the target has the revision now, but no task tells how it got there".into(),
            ),
            _ => Found::Nothing,
        })
    }
}

/// The endpoint of [`Alm::get_sync_tasks`].
#[derive(Debug, Clone)]
pub struct GetSyncTasks {
    /// The model.
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

    fn decode(&self, answer: Answer) -> Result<Self::Output> {
        answer.list("tasks")
    }
}

/// The endpoint of [`Alm::get_sync_task`].
#[derive(Debug, Clone)]
pub struct GetSyncTask {
    /// The model that is synced.
    pub model: ModelId,
    /// The task.
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

    fn decode(&self, answer: Answer) -> Result<Self::Output> {
        answer.field("task")
    }
}
