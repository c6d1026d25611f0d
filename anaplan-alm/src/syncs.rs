//! Syncs: bring a model to a newer revision.

use anaplan_core::{
    Age, Call, Endpoint, Error, ErrorKind, Evidence, Finding, LongRunning, Lookup, Method, ModelId,
    Path, Reconcile, RequestBody, Response, Result, RetryClass, Task, TaskId, TaskState,
    TaskStatus, async_trait,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::current_user::GetCurrentUser;
use crate::revisions::{GetLatestRevision, GetModelsForRevision, GetRevisions, Revision, alm_path};
use crate::tasks::{AlmTaskResult, RevisionPair, started, successful};
use crate::{Alm, RevisionId};

impl Alm {
    /// Starts a sync of the model to a newer revision of its family, and returns the handle of the task.
    ///
    /// The pair names the source revision, the source model and the latest revision of this model.
    /// [`wait`](Task::wait) waits for the end of the sync and verifies it by the revisions of the model.
    ///
    /// `POST /models/{modelId}/alm/syncTasks`. Must not run twice: never sent again after an unknown
    /// outcome. The client lists the tasks before each attempt. After a lost response it searches for a
    /// new task, and claims it if the revisions of the model show that this user applied the source
    /// revision after the attempt.
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

/// A successful sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncOutcome {
    /// The task.
    pub task_id: TaskId,
    /// The revision that the model has now, where this is known.
    pub source_revision: Option<RevisionId>,
    /// The revision that it had before, where this is known.
    pub target_revision: Option<RevisionId>,
    /// Whether the revisions of the model contain the source revision. `false` if they could not be
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
    async fn verify(&self, outcome: SyncOutcome, lookup: &Lookup<'_>) -> Result<SyncOutcome> {
        let Some(source) = &outcome.source_revision else {
            return Ok(outcome);
        };
        match applied_revision(&self.model, source, lookup).await {
            Ok(Some(_)) => Ok(SyncOutcome {
                verified: true,
                ..outcome
            }),
            Ok(None) => {
                let text = "the task succeeded, but the model does not have the source revision";
                Err(Error::new(ErrorKind::Ambiguous, text)
                    .about("modelId", self.model.as_str())
                    .about("sourceRevisionId", source.as_str()))
            }
            Err(error) => {
                tracing::warn!(target: "anaplan::task", error = %error, "sync could not be verified");
                Ok(outcome)
            }
        }
    }
}

/// Returns the revision as the model has it. The latest one is read first, because it is usually it.
async fn applied_revision(
    model: &ModelId,
    revision: &RevisionId,
    lookup: &Lookup<'_>,
) -> Result<Option<Revision>> {
    let latest = GetLatestRevision {
        model: model.clone(),
    };
    if let Some(latest) = lookup.call(&latest).await? {
        if latest.id == *revision {
            return Ok(Some(latest));
        }
    }
    let all = lookup.list(&GetRevisions::new(model)).await?;
    Ok(all.into_iter().find(|known| known.id == *revision))
}

/// Endpoint of [`Alm::sync_models`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncModels {
    /// Target model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// Source revision, source model and target revision.
    pub revisions: RevisionPair,
}

impl Endpoint for SyncModels {
    const NAME: &'static str = "alm.sync_models";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = Sync;

    fn check(&self) -> Result<()> {
        self.revisions.check()
    }

    fn path(&self) -> Path {
        alm_path(&self.model).lit("syncTasks")
    }

    fn body(&self) -> Result<RequestBody> {
        self.revisions.body()
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<Sync>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<Sync> {
        Ok(self.address(started(&response)?.task_id))
    }
}

impl SyncModels {
    fn address(&self, task: TaskId) -> Sync {
        Sync {
            model: self.model.clone(),
            task,
            revisions: Some(self.revisions.clone()),
        }
    }

    async fn tasks(&self, lookup: &Lookup<'_>) -> Result<Vec<TaskStatus<AlmTaskResult>>> {
        let model = self.model.clone();
        lookup.call(&GetSyncTasks { model }).await
    }

    /// Returns the details of the listed tasks that can be the result of the attempt.
    async fn candidates(
        &self,
        listed: Vec<TaskStatus<AlmTaskResult>>,
        evidence: &Evidence<'_>,
    ) -> Result<Vec<TaskStatus<AlmTaskResult>>> {
        let mut candidates = Vec::new();
        for task in listed {
            if !evidence.is_candidate(task.task_id.as_str(), task.creation_time) {
                continue;
            }
            let detail = evidence
                .lookup()
                .call(&GetSyncTask {
                    model: self.model.clone(),
                    task: task.task_id,
                })
                .await?;
            let other = detail
                .result
                .as_ref()
                .is_some_and(|result| !self.revisions.fits(result));
            if !other {
                candidates.push(detail);
            }
        }
        Ok(candidates)
    }

    /// Returns `true` if the model shows that this user applied the source revision after the attempt.
    ///
    /// The revision itself may lack user and time of the application; `appliedToModels` has both.
    async fn is_applied_by_us(&self, evidence: &Evidence<'_>) -> Result<bool> {
        let (source, lookup) = (&self.revisions.source_revision, evidence.lookup());
        let Some(revision) = applied_revision(&self.model, source, lookup).await? else {
            return Ok(false);
        };
        let (mut by, mut on) = (revision.applied_by, revision.applied_on);
        if by.is_none() || on.is_none() {
            let models = lookup
                .call(&GetModelsForRevision {
                    model: self.model.clone(),
                    revision: source.clone(),
                })
                .await?;
            let mut models = models.into_iter();
            if let Some(own) = models.find(|model| model.model_id.as_ref() == Some(&self.model)) {
                (by, on) = (own.applied_by, own.applied_on);
            }
        }
        if by.is_none() || evidence.attempt().age_of(on) != Age::Newer {
            return Ok(false);
        }
        Ok(by == Some(lookup.call(&GetCurrentUser).await?))
    }
}

/// Period for which the server lists a task.
const TASKS_ARE_LISTED: SignedDuration = SignedDuration::from_hours(48);

/// The list of tasks exposes neither user nor revisions, so a task is only claimed together with the
/// revisions of the model.
#[async_trait]
impl Reconcile<Sync> for SyncModels {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let tasks = self.tasks(lookup).await?;
        let ids = tasks.into_iter().map(|task| task.task_id.to_string());
        Ok(ids.collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<Sync>> {
        let listed = self.tasks(evidence.lookup()).await?;
        let complete = evidence.lists_baseline(listed.iter().map(|task| task.task_id.as_str()));
        let mut candidates = self.candidates(listed, evidence).await?;
        let Some(task) = candidates.pop() else {
            return Ok(Finding::Nothing);
        };
        if !candidates.is_empty() {
            let text = format!("{} new syncs are listed", candidates.len() + 1);
            return Ok(Finding::Unclear(text));
        }
        let newer = evidence.attempt().age_of(task.creation_time) == Age::Newer;
        let finished = task.is_finished();
        let successful = task.task_state == TaskState::Complete
            && task.result.as_ref().is_some_and(|result| result.successful);
        let address = self.address(task.task_id);
        if complete && newer && successful && self.is_applied_by_us(evidence).await? {
            return Ok(Finding::Confirmed(address));
        }
        Ok(Finding::Presumed {
            id: address.task.to_string(),
            output: address,
            undecided: !finished || successful,
        })
    }

    /// A sync whose target revision is no longer the latest is refused. A sync that is in progress is
    /// listed, so the list has to be complete.
    async fn cannot_take_effect(&self, evidence: &Evidence<'_>) -> Result<Option<String>> {
        let lookup = evidence.lookup();
        let listed = self.tasks(lookup).await?;
        let complete = evidence.lists_baseline(listed.iter().map(|task| task.task_id.as_str()));
        if !complete && evidence.elapsed() < TASKS_ARE_LISTED {
            return Ok(None);
        }
        let revisions = lookup.list(&GetRevisions::new(&self.model)).await?;
        let of = |id: &RevisionId| revisions.iter().find(|revision| revision.id == *id);
        let pair = &self.revisions;
        let (None, Some(target)) = (of(&pair.source_revision), of(&pair.target_revision)) else {
            return Ok(None);
        };
        let later = revisions
            .iter()
            .find(|revision| revision.is_applied_after(target));
        Ok(later.map(|later| {
            format!(
                "the model has revision {} since, so a sync from {} is refused",
                later.id, target.id
            )
        }))
    }

    fn id(&self, sync: &Sync) -> Option<String> {
        Some(sync.task.to_string())
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
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

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.list("tasks")
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

    fn decode(&self, response: Response) -> Result<Self::Output> {
        response.field("task")
    }
}
