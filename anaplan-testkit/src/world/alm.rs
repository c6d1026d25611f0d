//! Application lifecycle management: revisions, syncs, reports.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anaplan_core::{ModelId, TaskId, Timestamp, UserId, WorkspaceId};
use jiff::civil::Date;

use crate::world::World;
use crate::world::diff::{Change, Difference, ObjectKind, differences};
use crate::world::model::{Model, ModelState, SyncFailure};
use crate::world::structure::Snapshot;
use crate::world::tasks::{Parent, RETENTION, TaskRecord, Work};
use crate::world::tokens::later;

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
    /// How it came to be.
    pub creation_method: &'static str,
    /// Where it was created.
    pub created_in: ModelId,
    /// What it holds.
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
    /// How.
    pub method: &'static str,
}

/// Which of the two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReportKind {
    Comparison,
    Summary,
}

/// A report that was made.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) kept_until: Timestamp,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) differences: Vec<Difference>,
    /// The comparison report's text; empty for summaries.
    pub(crate) text: String,
}

/// What a finished task says.
#[derive(Debug, Clone)]
pub(crate) struct AlmOutcome {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) failure: Option<SyncFailure>,
}

/// Why ALM refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AlmRefusal {
    /// 400 with a message.
    Rule(String),
    /// 404.
    Unknown,
}

fn rule<T>(message: impl Into<String>) -> Result<T, AlmRefusal> {
    Err(AlmRefusal::Rule(message.into()))
}

/// What the list of revisions is narrowed to.
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

    /// Whether it has this revision.
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
    /// Adds a revision of a model as it is now, as if somebody had done it in the user interface.
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

    /// Makes every sync of a model start and then fail like this.
    pub fn fail_syncs(&mut self, model: &ModelId, failure: Option<SyncFailure>) {
        if let Some(model) = self.model_mut(model) {
            model.sync_fails = failure;
        }
    }

    /// Whether a model's structure is another one than that of its latest revision.
    #[must_use]
    pub fn has_structural_change(&self, model: &ModelId) -> bool {
        self.model(model).is_some_and(|model| {
            let latest = model
                .latest()
                .and_then(|latest| self.revisions.get(&latest.revision));
            latest.is_none_or(|latest| latest.snapshot != model.snapshot())
        })
    }

    /// What would have to change for one revision to become another.
    #[must_use]
    pub fn compare(&self, target: &str, source: &str) -> Vec<Difference> {
        match (self.revisions.get(target), self.revisions.get(source)) {
            (Some(target), Some(source)) => differences(&target.snapshot, &source.snapshot),
            _ => Vec::new(),
        }
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

/// What the API does.
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

    pub(crate) fn start_report(
        &mut self,
        kind: ReportKind,
        target: &ModelId,
        by: &UserId,
        source_model: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> Result<TaskId, AlmRefusal> {
        self.check_pair(target, source_model, source, target_revision)?;
        let work = Work::Report {
            kind,
            source_model: source_model.clone(),
            source: source.to_owned(),
            target: target_revision.to_owned(),
        };
        Ok(self.begin(Parent::Report(kind, target.clone()), by, work))
    }

    fn check_pair(
        &self,
        target: &ModelId,
        source_model: &ModelId,
        source: &str,
        target_revision: &str,
    ) -> Result<(), AlmRefusal> {
        if !self.rules.alm_enabled {
            return rule("The tenant is not enabled for ALM.");
        }
        let target = self.model(target).ok_or(AlmRefusal::Unknown)?;
        let source_model = self.model(source_model).ok_or(AlmRefusal::Unknown)?;
        if !source_model.has_revision(source) {
            return rule("The source revision id is not valid for the source model.");
        }
        if !target.has_revision(target_revision) {
            return rule("The target revision id is not valid for the target model.");
        }
        Ok(())
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

    pub(crate) fn report(
        &mut self,
        kind: ReportKind,
        target_model: &ModelId,
        source_model: &ModelId,
        source: &str,
        target: &str,
    ) -> AlmOutcome {
        let differences = self.compare(target, source);
        let text = match kind {
            ReportKind::Comparison => {
                self.report_text(target_model, source_model, source, target, &differences)
            }
            ReportKind::Summary => String::new(),
        };
        let report = Report {
            kept_until: later(self.now, RETENTION),
            source: source.to_owned(),
            target: target.to_owned(),
            differences,
            text,
        };
        let key = (
            kind,
            target_model.clone(),
            target.to_owned(),
            source.to_owned(),
        );
        self.reports.insert(key, report);
        AlmOutcome {
            source: source.to_owned(),
            target: target.to_owned(),
            failure: None,
        }
    }

    /// A report that was made and has not expired. Reading a summary prolongs its life.
    pub(crate) fn read_report(
        &mut self,
        kind: ReportKind,
        model: &ModelId,
        target: &str,
        source: &str,
    ) -> Option<Report> {
        let key = (kind, model.clone(), target.to_owned(), source.to_owned());
        let until = later(self.now, RETENTION);
        let report = self.reports.get_mut(&key)?;
        if kind == ReportKind::Summary {
            report.kept_until = until;
        }
        Some(report.clone())
    }

    pub(crate) fn drop_dead_reports(&mut self) {
        let now = self.now;
        self.reports.retain(|_, report| now < report.kept_until);
    }

    fn report_text(
        &self,
        target_model: &ModelId,
        source_model: &ModelId,
        source: &str,
        target: &str,
        differences: &[Difference],
    ) -> String {
        let mut text = String::new();
        let mut side = |label: &str, model: &ModelId, revision: &str| {
            let model = self.model(model);
            let workspace = model.and_then(|model| self.workspace(&model.workspace));
            let revision = self.revisions.get(revision);
            let _ = writeln!(
                text,
                "{label} Workspace\t{}\t{}\n{label} Model\t{}\t{}\n{label} Revision\t{}\t{}\t{}",
                workspace.map_or("null", |workspace| workspace.id.as_str()),
                workspace.map_or("null", |workspace| workspace.name.as_str()),
                model.map_or("null", |model| model.id.as_str()),
                model.map_or("null", |model| model.name.as_str()),
                revision.map_or("null", |revision| revision.id.as_str()),
                revision.map_or("null", |revision| revision.name.as_str()),
                revision
                    .and_then(|revision| revision.description.as_deref())
                    .unwrap_or("null"),
            );
        };
        side("Source", source_model, source);
        side("Target", target_model, target);
        let mut sections: BTreeMap<(ObjectKind, Change), Vec<&Difference>> = BTreeMap::new();
        for difference in differences {
            sections
                .entry((difference.kind, difference.change))
                .or_default()
                .push(difference);
        }
        let mut last_title = String::new();
        for ((kind, change), rows) in sections {
            let title = kind.section(change);
            // Different changes within roles share one section.
            if title != last_title {
                let _ = write!(
                    text,
                    "\n=== {title} ===\n{}",
                    column_row(kind, change, &rows)
                );
                last_title = title;
            }
            for row in rows {
                text.push_str(&value_rows(kind, change, row));
            }
        }
        text
    }
}

fn sync_failure(message: &str) -> SyncFailure {
    SyncFailure {
        title: "Model Synchronization Failed".into(),
        message: message.into(),
        subtitle: None,
    }
}

/// Whether a section has a row for each attribute that differs, rather than one for each object.
fn by_attribute(kind: ObjectKind, change: Change) -> bool {
    change == Change::Modified || kind == ObjectKind::RoleContents
}

fn column_row(kind: ObjectKind, change: Change, rows: &[&Difference]) -> String {
    let mut columns = vec!["Id", "Name"];
    columns.extend(kind.owner_column());
    if by_attribute(kind, change) {
        columns.extend(["Property", "Target", "Source"]);
    } else if let Some(first) = rows.first() {
        let names = first.attributes.iter().map(|(name, ..)| *name);
        columns.extend(names.filter(|name| *name != "Name"));
    }
    line(&columns)
}

fn value_rows(kind: ObjectKind, change: Change, row: &Difference) -> String {
    let id = row.id.map(|id| id.to_string()).unwrap_or_default();
    let mut fixed = vec![id.as_str(), row.name.as_str()];
    fixed.extend(row.owner.as_deref());
    if by_attribute(kind, change) {
        return row
            .attributes
            .iter()
            .map(|(name, before, after)| {
                let mut cells = fixed.clone();
                cells.extend([*name, before.as_str(), after.as_str()]);
                line(&cells)
            })
            .collect();
    }
    let values = row
        .attributes
        .iter()
        .filter(|(name, ..)| *name != "Name")
        .map(|(_, before, after)| match change {
            Change::Deleted => before.as_str(),
            Change::Created | Change::Modified => after.as_str(),
        });
    fixed.extend(values);
    line(&fixed)
}

/// A tab or a line end within a value would break the table.
fn line(cells: &[&str]) -> String {
    let clean: Vec<String> = cells
        .iter()
        .map(|cell| cell.replace(['\t', '\n', '\r'], " "))
        .collect();
    format!("{}\n", clean.join("\t"))
}
