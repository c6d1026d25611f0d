//! Revisions: how they come to be, which models have them, and which a model could be brought to.

use std::sync::Arc;

use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};
use jiff::civil::Date;

use crate::world::World;
use crate::world::alm::{AlmRefusal, rule};
use crate::world::model::{Model, ModelState};
use crate::world::structure::Snapshot;

pub(crate) const BY_HAND: &str = "User added revision";
pub(crate) const BY_API: &str = "User added revision via API";
pub(crate) const BY_SYNC: &str = "Revision synchronized";
pub(crate) const BY_COPY: &str = "Model copied";

/// A named state of a structure.
#[derive(Debug)]
#[non_exhaustive]
pub struct Revision {
    /// The same in every model that has it.
    pub id: String,
    /// The name.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// When it was created.
    pub created_on: Timestamp,
    /// Who created it.
    pub created_by: UserId,
    /// The creation method.
    pub creation_method: &'static str,
    /// The model in which it was created.
    pub created_in: ModelId,
    /// The structure that it holds.
    pub snapshot: Snapshot,
}

/// A revision in a model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Applied {
    /// The revision.
    pub revision: String,
    /// Who brought it there.
    pub by: UserId,
    /// When.
    pub on: Timestamp,
    /// The method.
    pub method: &'static str,
}

/// The filter of a list of revisions.
#[derive(Debug, Default)]
pub(crate) struct RevisionQuery {
    pub(crate) after: Option<Date>,
    pub(crate) before: Option<Date>,
    pub(crate) sort: Option<String>,
}

impl Model {
    /// The revision that it got last.
    #[must_use]
    pub fn latest(&self) -> Option<&Applied> {
        self.applied.last()
    }

    /// Returns whether it has this revision.
    #[must_use]
    pub fn has_revision(&self, revision: &str) -> bool {
        self.position(revision).is_some()
    }

    fn position(&self, revision: &str) -> Option<usize> {
        self.applied
            .iter()
            .position(|applied| applied.revision == revision)
    }
}

/// Building a world.
impl World {
    /// Returns a revision.
    #[must_use]
    pub fn revision(&self, id: &str) -> Option<&Revision> {
        self.revisions.get(id).map(AsRef::as_ref)
    }

    /// Adds a revision of a model as it is now, as in the user interface.
    ///
    /// # Panics
    ///
    /// When there is no such model.
    #[allow(clippy::expect_used)]
    pub fn add_revision(&mut self, model: &ModelId, name: impl Into<String>) -> String {
        let by = self.somebody();
        let revision = self.record(model, &by, name.into(), None, BY_HAND);
        revision.expect("a model of this world").0.id.clone()
    }

    /// Makes a model from a revision of another one, with the revisions up to it. Production lists are
    /// empty in it.
    ///
    /// # Panics
    ///
    /// When there is no such model, or it does not have the revision.
    #[allow(clippy::expect_used)]
    pub fn model_from_revision(
        &mut self,
        source: &ModelId,
        revision: &str,
        workspace: &WorkspaceId,
        name: impl Into<String>,
    ) -> ModelId {
        let by = self.somebody();
        let now = self.now;
        let source = self.model(source).expect("a model of this world").clone();
        let last = source.position(revision).expect("a revision of the model");
        let snapshot = Arc::clone(&self.revisions[revision]);
        let id = self.add_model(workspace, name);
        let model = self.model_mut(&id).expect("it was just made");
        model.users = source.users.clone();
        model.adopt(&snapshot.snapshot);
        model.applied = source.applied[..=last]
            .iter()
            .map(|applied| Applied {
                by: by.clone(),
                on: now,
                method: BY_COPY,
                ..applied.clone()
            })
            .collect();
        id
    }

    /// Returns whether a model's structure is another one than that of its latest revision.
    #[must_use]
    pub fn has_structural_change(&self, model: &ModelId) -> bool {
        self.model(model).is_some_and(|model| {
            let latest = model
                .latest()
                .and_then(|latest| self.revisions.get(&latest.revision));
            let snapshot = model.snapshot();
            latest.is_none_or(|latest| latest.snapshot != snapshot)
                && model.unlinked.as_ref() != Some(&snapshot)
        })
    }

    /// Unlinks the revisions that a model got after `revision`, as branched development does it before a
    /// sync from the main branch. The structure stays as it is until the next sync. That sync deletes the
    /// objects of the unlinked revisions and creates those of the source, so that identical line items lose
    /// their entered values.
    ///
    /// # Panics
    ///
    /// If there is no such model, or it does not have the revision.
    #[allow(clippy::expect_used)]
    pub fn unlink_revisions_after(&mut self, model: &ModelId, revision: &str) {
        let model = self.model_mut(model).expect("a model of this world");
        let last = model.position(revision).expect("a revision of the model");
        model.applied.truncate(last + 1);
        model.unlinked = Some(model.snapshot());
    }

    fn somebody(&self) -> UserId {
        let mut users = self.users.values();
        let admin = self.users.values().find(|user| !user.admin_of.is_empty());
        admin.or_else(|| users.next()).map_or_else(
            || UserId::from("8a000000000000000000000000000000"),
            |user| user.id.clone(),
        )
    }
}

/// The operations of the API.
impl World {
    pub(crate) fn create_revision(
        &mut self,
        model: &ModelId,
        by: &UserId,
        name: String,
        description: Option<String>,
    ) -> Result<(Arc<Revision>, Applied), AlmRefusal> {
        if !self.rules.alm_enabled {
            return rule("The tenant is not enabled for ALM.");
        }
        let state = self.model(model).map(|model| model.state);
        if !matches!(state, Some(ModelState::Unlocked | ModelState::Maintenance)) {
            return rule("A revision can be added to a model in standard mode only.");
        }
        if !self.has_structural_change(model) {
            return rule("There have been no structural changes since the last revision.");
        }
        let recorded = self
            .record(model, by, name.clone(), description, BY_API)
            .ok_or(AlmRefusal::Unknown)?;
        self.books
            .revisions_created
            .push((model.clone(), recorded.0.id.clone(), name));
        Ok(recorded)
    }

    fn record(
        &mut self,
        model: &ModelId,
        by: &UserId,
        name: String,
        description: Option<String>,
        method: &'static str,
    ) -> Option<(Arc<Revision>, Applied)> {
        let snapshot = self.model(model)?.snapshot();
        let revision = Arc::new(Revision {
            id: self.ids.upper_hex(),
            name,
            description,
            created_on: self.now,
            created_by: by.clone(),
            creation_method: method,
            created_in: model.clone(),
            snapshot,
        });
        self.revisions
            .insert(revision.id.clone(), Arc::clone(&revision));
        let applied = Applied {
            revision: revision.id.clone(),
            by: by.clone(),
            on: self.now,
            method,
        };
        self.model_mut(model)?.applied.push(applied.clone());
        Some((revision, applied))
    }

    /// The revisions of a model with how they came there: oldest first unless sorted.
    pub(crate) fn revisions_of(
        &self,
        model: &Model,
        query: &RevisionQuery,
    ) -> Vec<(Arc<Revision>, Applied)> {
        let day = |at: Timestamp| jiff::tz::Offset::UTC.to_datetime(at).date();
        let mut all: Vec<(Arc<Revision>, Applied)> = model
            .applied
            .iter()
            .filter(|applied| query.after.is_none_or(|after| day(applied.on) >= after))
            .filter(|applied| query.before.is_none_or(|before| day(applied.on) <= before))
            .filter_map(|applied| self.with_its_revision(applied))
            .collect();
        if let Some(sort) = &query.sort {
            let (property, descending) = match sort.strip_prefix('-') {
                Some(property) => (property, true),
                None => (sort.trim_start_matches('+'), false),
            };
            let key = |(revision, applied): &(Arc<Revision>, Applied)| match property {
                "id" => revision.id.clone(),
                "name" => revision.name.clone(),
                "description" => revision.description.clone().unwrap_or_default(),
                "createdBy" => revision.created_by.to_string(),
                "createdOn" => revision.created_on.to_string(),
                "creationMethod" => revision.creation_method.to_owned(),
                "appliedOn" => applied.on.to_string(),
                "appliedBy" => applied.by.to_string(),
                _ => String::new(),
            };
            if descending {
                // What is equal stays newest first.
                all.reverse();
                all.sort_by_key(|entry| std::cmp::Reverse(key(entry)));
            } else {
                all.sort_by_key(key);
            }
        }
        all
    }

    fn with_its_revision(&self, applied: &Applied) -> Option<(Arc<Revision>, Applied)> {
        let revision = self.revisions.get(&applied.revision)?;
        Some((Arc::clone(revision), applied.clone()))
    }

    /// The revisions of the source that the target could be brought to, newest first.
    pub(crate) fn syncable(
        &self,
        target: &Model,
        source: &Model,
    ) -> Result<Vec<(Arc<Revision>, Applied)>, AlmRefusal> {
        let common = target
            .applied
            .iter()
            .filter_map(|applied| source.position(&applied.revision))
            .max();
        let Some(common) = common else {
            return rule("The models are not compatible: they have no revision in common.");
        };
        let latest_is_shared = target
            .latest()
            .is_some_and(|latest| source.position(&latest.revision) == Some(common));
        if !latest_is_shared {
            // The target has gone its own way, or is ahead of the source.
            return Ok(Vec::new());
        }
        let newer = source.applied[common + 1..].iter().rev();
        Ok(newer
            .filter_map(|applied| self.with_its_revision(applied))
            .collect())
    }

    /// Every model that has a revision, the one where it was created first; then those that are gone.
    pub(crate) fn models_with<'a>(
        &'a self,
        revision: &'a str,
    ) -> Vec<(Option<&'a Model>, ModelId, Applied)> {
        let creator = self
            .revisions
            .get(revision)
            .map(|revision| &revision.created_in);
        let living = self.models.iter().filter_map(|model| {
            let position = model.position(revision)?;
            Some((
                Some(model),
                model.id.clone(),
                model.applied[position].clone(),
            ))
        });
        let gone = self.books_of_the_dead(revision);
        let mut all: Vec<_> = living.chain(gone).collect();
        all.sort_by_key(|(_, id, _)| Some(id) != creator);
        all
    }

    fn books_of_the_dead<'a>(
        &'a self,
        revision: &'a str,
    ) -> impl Iterator<Item = (Option<&'a Model>, ModelId, Applied)> + 'a {
        self.deleted.iter().flat_map(move |(model, applied)| {
            applied
                .iter()
                .filter(move |applied| applied.revision == revision)
                .map(move |applied| (None, model.clone(), applied.clone()))
        })
    }
}
