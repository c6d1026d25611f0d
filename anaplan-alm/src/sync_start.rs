//! Start of a sync, and the search for it after an unknown outcome.

use anaplan_core::{
    Age, Endpoint, Evidence, Finding, Lookup, Method, ModelId, Path, Reconcile, RequestBody,
    Response, Result, RetryClass, TaskId, TaskState, TaskStatus, async_trait,
};
use anaplan_tenant::endpoints::GetCurrentUser;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::RevisionId;
use crate::applied_models::GetModelsForRevision;
use crate::revisions::{GetLatestRevision, GetRevisions, Revision, alm_path};
use crate::syncs::{GetSyncTask, GetSyncTasks, Sync};
use crate::tasks::{AlmTaskResult, RevisionPair, started};

/// Endpoint of [`Alm::sync_models`](crate::Alm::sync_models).
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
        Ok(by == Some(lookup.call(&GetCurrentUser).await?.id))
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

/// Returns the revision as the model has it. The latest one is read first, because it is usually it.
pub(crate) async fn applied_revision(
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
