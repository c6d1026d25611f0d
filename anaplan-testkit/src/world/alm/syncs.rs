//! Syncs: their start, their effect on the model, and their failures.

use anaplan_core::{ModelId, TaskId, UserId};

use crate::world::World;
use crate::world::alm::revisions::{Applied, BY_SYNC};
use crate::world::alm::{AlmOutcome, AlmRefusal, rule};
use crate::world::model::SyncFailure;
use crate::world::rules::SecondSync;
use crate::world::tasks::{Parent, TaskRecord, Work};

impl World {
    /// Sets the failure of every sync of a model. Syncs start as usual.
    pub fn fail_syncs(&mut self, model: &ModelId, failure: Option<SyncFailure>) {
        if let Some(model) = self.model_mut(model) {
            model.sync_fails = failure;
        }
    }

    /// Sets the failure of the next sync of a model. Later ones succeed.
    pub fn fail_next_sync(&mut self, model: &ModelId, failure: SyncFailure) {
        if let Some(model) = self.model_mut(model) {
            model.next_sync_fails = Some(failure);
        }
    }

    /// Sets the failure of every sync of a model that skips a revision of the source. Syncs from one
    /// revision to the next succeed.
    pub fn fail_syncs_that_skip(&mut self, model: &ModelId, failure: SyncFailure) {
        if let Some(model) = self.model_mut(model) {
            model.skipping_sync_fails = Some(failure);
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
        self.check_pair(false, target, source_model, source, target_revision)?;
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
        if self.rules.second_sync == SecondSync::Reject && self.tasks.is_syncing(target) {
            return rule("A synchronization of the target model is in progress.");
        }
        let skips = newer
            .last()
            .is_some_and(|(revision, _)| revision.id != source);
        if self.has_structural_change(target) {
            return rule("The target model has structural changes since its latest revision.");
        }
        let work = Work::Sync {
            source: source.to_owned(),
            target: target_revision.to_owned(),
            skips,
        };
        // Logged before it can be complete.
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
        skips: bool,
    ) -> AlmOutcome {
        let now = self.now;
        let failed = |failure: SyncFailure| AlmOutcome {
            source: source.to_owned(),
            target: target_revision.to_owned(),
            failure: Some(failure),
        };
        let revision = self.revisions.get(source).cloned();
        let (Some(revision), Some(model)) = (revision, self.model_mut(target)) else {
            return failed(SyncFailure::unknown_model());
        };
        let skipping = model.skipping_sync_fails.clone().filter(|_| skips);
        let failure = model.next_sync_fails.take().or(skipping);
        if let Some(failure) = failure.or_else(|| model.sync_fails.clone()) {
            return failed(failure);
        }
        if model
            .latest()
            .is_none_or(|latest| latest.revision != target_revision)
        {
            return failed(SyncFailure::target_changed());
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
