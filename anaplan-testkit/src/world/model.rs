//! A model: its state, its structure, its data, and the revisions that it has.

use std::collections::{BTreeMap, HashMap, HashSet};

use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};
use jiff::civil::Date;

use crate::world::alm::Applied;
use crate::world::files::{DefaultFile, SourceFile};
use crate::world::items::Items;
use crate::world::structure::{CellValue, Snapshot, Structure, TIME};

/// The mode that a model is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelState {
    /// Standard mode.
    Unlocked,
    /// Deployed mode: the structure comes by syncs only.
    Production,
    /// Standard mode, offline.
    Maintenance,
    /// Deployed mode, offline.
    ProductionMaintenance,
    /// Changes are refused.
    Locked,
    /// All operations are refused.
    Archived,
}

impl ModelState {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unlocked => "UNLOCKED",
            Self::Production => "PRODUCTION",
            Self::Maintenance => "MAINTENANCE",
            Self::ProductionMaintenance => "PRODUCTION_MAINTENANCE",
            Self::Locked => "LOCKED",
            Self::Archived => "ARCHIVED",
        }
    }

    /// Returns whether the structure can be changed by syncs only.
    #[must_use]
    pub fn is_deployed(self) -> bool {
        matches!(self, Self::Production | Self::ProductionMaintenance)
    }

    /// Returns whether the model is in maintenance.
    #[must_use]
    pub fn is_offline(self) -> bool {
        matches!(self, Self::Maintenance | Self::ProductionMaintenance)
    }
}

/// The runtime state of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenState {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// It will be, at this moment.
    Opening(Timestamp),
    /// It will not be any more, at this moment.
    Closing(Timestamp),
}

/// Failure of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncFailure {
    /// The headline.
    pub title: String,
    /// The explanation.
    pub message: String,
    /// A further line.
    pub subtitle: Option<String>,
}

impl SyncFailure {
    /// The workspace of the target is full. The one sample that is published.
    #[must_use]
    pub fn no_space() -> Self {
        Self {
            title: "Model Synchronization Failed".into(),
            message: "The target workspace has not enough space left.".into(),
            subtitle: Some("The sync would exceed the workspace size limit.".into()),
        }
    }

    /// The target has another latest revision than the sync started from.
    #[must_use]
    pub fn target_changed() -> Self {
        Self::with_message("The target model has changed meanwhile.")
    }

    /// The target was deleted.
    #[must_use]
    pub fn unknown_model() -> Self {
        Self::with_message("The model is no longer there.")
    }

    /// The combination of changes cannot be applied at once. It can be applied revision by revision.
    #[must_use]
    pub fn incompatible_changes() -> Self {
        Self::with_message("The changes of the revisions cannot be applied in one synchronization.")
    }

    /// The target has structural changes.
    #[must_use]
    pub fn structural_changes() -> Self {
        Self::with_message("The target model has structural changes since its latest revision.")
    }

    /// The server gave up.
    #[must_use]
    pub fn internal() -> Self {
        Self::with_message("An internal error occurred.")
    }

    /// A failure with this text under the usual title.
    #[must_use]
    pub fn with_message(message: impl Into<String>) -> Self {
        Self {
            title: "Model Synchronization Failed".into(),
            message: message.into(),
            subtitle: None,
        }
    }
}

/// A model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Model {
    /// 32 hexadecimal digits in upper case.
    pub id: ModelId,
    /// The name.
    pub name: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its mode.
    pub state: ModelState,
    /// `true` if it is in memory.
    pub open: OpenState,
    /// The id by which ALM compares its structure.
    pub structure: Structure,
    /// The items of every list, structural or not.
    pub items: BTreeMap<u64, Items>,
    /// The cells that have a value: by line item, then by one item for each of its dimensions.
    pub cells: HashMap<(u64, Vec<u64>), CellValue>,
    /// The number of items each list has ever got, since its index was reset.
    pub list_indices: BTreeMap<u64, u64>,
    /// The day up to which the data are actual ones, where it is set.
    pub current_period: Option<Date>,
    /// From which day a version holds data of its own.
    pub switchovers: BTreeMap<u64, Date>,
    /// The revisions that it has, oldest first.
    pub applied: Vec<Applied>,
    /// The failure of every sync of it.
    pub sync_fails: Option<SyncFailure>,
    /// The failure of the next sync of it.
    pub next_sync_fails: Option<SyncFailure>,
    /// The failure of syncs that skip revisions.
    pub skipping_sync_fails: Option<SyncFailure>,
    /// The structure whose revisions were unlinked. A sync replaces it.
    pub(crate) unlinked: Option<Snapshot>,
    /// Who can open it, and the role that they have in it.
    pub users: BTreeMap<UserId, u64>,
    /// When it was created.
    pub created: Timestamp,
    /// When anything in it last changed.
    pub last_modified: Timestamp,
    /// Counts the changes.
    pub serial: u64,
    /// The default contents of files, by file.
    pub default_files: BTreeMap<u64, DefaultFile>,
    /// The files that uploads to unknown ids have created. No import reads them.
    pub created_files: Vec<SourceFile>,
    /// The number of times it was asked to open, and when last.
    pub(crate) opened: Vec<Timestamp>,
}

impl Model {
    pub(crate) fn new(id: ModelId, name: String, workspace: WorkspaceId, now: Timestamp) -> Self {
        Self {
            id,
            name,
            workspace,
            state: ModelState::Unlocked,
            open: OpenState::Open,
            structure: Structure::default(),
            items: BTreeMap::new(),
            cells: HashMap::new(),
            list_indices: BTreeMap::new(),
            current_period: None,
            switchovers: BTreeMap::new(),
            applied: Vec::new(),
            sync_fails: None,
            next_sync_fails: None,
            skipping_sync_fails: None,
            unlinked: None,
            users: BTreeMap::new(),
            created: now,
            last_modified: now,
            serial: 1,
            default_files: BTreeMap::new(),
            created_files: Vec::new(),
            opened: Vec::new(),
        }
    }

    /// Returns the structure that a revision of the model would hold now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let items = self
            .structure
            .lists
            .iter()
            .filter(|list| !list.production)
            .filter_map(|list| Some((list.id, self.items.get(&list.id)?.clone())))
            .filter(|(_, items)| !items.is_empty())
            .collect();
        Snapshot {
            structure: self.structure.clone(),
            items,
        }
    }

    /// Takes the structure of a snapshot. The items of production lists stay, and so do the cells whose
    /// line items and dimensions are still there.
    pub(crate) fn adopt(&mut self, snapshot: &Snapshot) {
        self.drop_overwritten_cells(&snapshot.structure);
        let roles_of_users: Vec<u64> = self.users.values().copied().collect();
        self.structure = snapshot.structure.clone();
        let mut kept = std::mem::take(&mut self.items);
        for list in &self.structure.lists {
            let items = if list.production {
                kept.remove(&list.id)
            } else {
                snapshot.items.get(&list.id).cloned()
            };
            self.items.insert(list.id, items.unwrap_or_default());
        }
        // Nobody is shut out because their role is not in the new structure.
        for role in roles_of_users {
            if !self.structure.roles.iter().any(|known| known.id == role) {
                self.users.retain(|_, held| *held != role);
            }
        }
        self.unlinked = None;
        self.drop_orphaned_cells();
    }

    /// Forgets the values of line items that get a formula.
    fn drop_overwritten_cells(&mut self, new: &Structure) {
        let old = &self.structure;
        let formula = |structure: &Structure, id: u64| {
            let (_, line_item) = structure.line_item(id)?;
            line_item.formula.clone()
        };
        let mut overwritten: HashMap<u64, bool> = HashMap::new();
        self.cells.retain(|(line_item, _), _| {
            let overwritten = overwritten.entry(*line_item);
            !*overwritten.or_insert_with(|| {
                formula(old, *line_item).is_none() && formula(new, *line_item).is_some()
            })
        });
    }

    /// Forgets cells whose line item, list items or periods are no longer there.
    pub(crate) fn drop_orphaned_cells(&mut self) {
        let periods: HashSet<u64> = self.structure.calendar.periods().map(|p| p.id).collect();
        let (structure, items) = (&self.structure, &self.items);
        let exists = |dimension: u64, item: u64| match dimension {
            TIME => periods.contains(&item),
            list => structure
                .list_behind(list)
                .and_then(|list| items.get(&list.id))
                .is_none_or(|items| items.get(item).is_some()),
        };
        let mut shapes: HashMap<u64, Option<Vec<u64>>> = HashMap::new();
        self.cells.retain(|(line_item, coordinates), _| {
            let shape = shapes.entry(*line_item).or_insert_with(|| {
                let (module, line_item) = structure.line_item(*line_item)?;
                Some(line_item.dimensions(module).to_vec())
            });
            shape.as_ref().is_some_and(|dimensions| {
                dimensions.len() == coordinates.len()
                    && dimensions
                        .iter()
                        .zip(coordinates)
                        .all(|(dimension, item)| exists(*dimension, *item))
            })
        });
        let calendar = &self.structure.calendar;
        self.current_period = self.current_period.filter(|day| calendar.contains(*day));
    }

    /// Returns an estimate of its memory in bytes, which grows with its contents.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let items: usize = self.items.values().map(Items::len).sum();
        (1 << 20) + 200 * items as u64 + 64 * self.cells.len() as u64
    }
}
