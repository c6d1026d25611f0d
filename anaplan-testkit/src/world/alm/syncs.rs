//! Syncs: what starts one, and what it does to the model.

use anaplan_core::{ModelId, TaskId, UserId};

use crate::world::World;
use crate::world::alm::revisions::{Applied, BY_SYNC};
use crate::world::alm::{AlmOutcome, AlmRefusal, rule};
use crate::world::model::SyncFailure;
use crate::world::tasks::{Parent, TaskRecord, Work};

impl World {
    /// Makes every sync of a model start and then fail like this.
    pub fn fail_syncs(&mut self, model: &ModelId, failure: Option<SyncFailure>) {
        if let Some(model) = self.model_mut(model) {
            model.sync_fails = failure;
        }
    }

    pub(crate) fn start_sync(
        &mut self,
        target: &ModelId,
        by: &UserId,
        source_model: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> Result<TaskId, AlmRefusal> {
        self.check_pair(target, source_model, source, target_revision)?;
        let model = self.model(target).ok_or(AlmRefusal::Unknown)?;
        if model
            .latest()
            .is_none_or(|latest| latest.revision != target_revision)
        {
            return rule("The target revision is not the latest revision of the target model.");
        }
        if model.has_revision(source) {
            return rule("The target model has the source revision already.");
        }
        let from = self.model(source_model).ok_or(AlmRefusal::Unknown)?;
        let newer = self.syncable(model, from)?;
        if !newer.iter().any(|(revision, _)| revision.id == source) {
            return rule("The source revision cannot be synchronized to the target model.");
        }
        if self.has_structural_change(target) {
            return rule("The target model has structural changes since its latest revision.");
        }
        let work = Work::Sync {
            source: source.to_owned(),
            target: target_revision.to_owned(),
        };
        // Booked before it can be over.
        let booked = self.books.syncs_started.len();
        self.books
            .syncs_started
            .push((target.clone(), TaskId::from(""), source.to_owned()));
        let task = self.begin(Parent::Sync(target.clone()), by, work);
        self.books.syncs_started[booked].1 = task.clone();
        Ok(task)
    }

    pub(crate) fn sync(
        &mut self,
        task: &TaskRecord,
        target: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> AlmOutcome {
        let now = self.now;
        let failed = |failure: SyncFailure| AlmOutcome {
            source: source.to_owned(),
            target: target_revision.to_owned(),
            failure: Some(failure),
        };
        let revision = self.revisions.get(source).cloned();
        let (Some(revision), Some(model)) = (revision, self.model_mut(target)) else {
            return failed(sync_failure("The model is no longer there."));
        };
        if let Some(failure) = model.sync_fails.clone() {
            return failed(failure);
        }
        if model
            .latest()
            .is_none_or(|latest| latest.revision != target_revision)
        {
            return failed(sync_failure("The target model has changed meanwhile."));
        }
        model.adopt(&revision.snapshot);
        model.applied.push(Applied {
            revision: source.to_owned(),
            by: task.by.clone(),
            on: now,
            method: BY_SYNC,
        });
        model.last_modified = now;
        model.serial += 1;
        self.books
            .syncs_applied
            .push((target.clone(), task.id.clone(), source.to_owned()));
        AlmOutcome {
            source: source.to_owned(),
            target: target_revision.to_owned(),
            failure: None,
        }
    }
}

fn sync_failure(message: &str) -> SyncFailure {
    SyncFailure {
        title: "Model Synchronization Failed".into(),
        message: message.into(),
        subtitle: None,
    }
}
