//! The world behind the fake: plain data and its rules, without HTTP.

mod actions;
mod alm;
mod books;
mod calendar;
mod cells;
mod chunk_store;
mod content;
mod csv;
mod cube;
mod diff;
mod dumps;
mod edit;
mod encoding;
mod exports;
mod files;
mod formula;
mod grid;
mod ids;
mod imports;
mod items;
mod list_rules;
mod lists;
mod members;
mod model;
mod oauth;
mod oauth_clients;
mod oauth_devices;
mod outcome;
mod people;
mod period;
mod read_requests;
mod rules;
mod runs;
mod structure;
mod synthetic_csv;
mod table;
mod tasks;
mod tokens;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use anaplan_core::{ModelId, Timestamp, UserId, WorkspaceId};

use content::FileStore;
use dumps::DumpStore;

pub use actions::{Act, Action, Dashboard, Process, Selection, SortKey};
pub use alm::{Applied, Revision};
pub use books::{Books, FileCompleted, RunDone, RunStarted, TaskStarted};
pub use calendar::{Calendar, CalendarKind, Version, WeekFormat};
pub use diff::{Change, Difference, ObjectKind};
pub use edit::{
    ActionEdit, ExportEdit, FileEdit, ImportEdit, LineItemEdit, ListEdit, ModelEdit, ModuleEdit,
    ProcessEdit,
};
pub use encoding::Encoding;
pub use exports::{Export, ExportSource};
pub use files::{DefaultFile, SourceFile};
pub use imports::{Coordinate, Import, ImportSource, ImportTarget};
pub use items::{Items, ListItem};
pub use model::{Model, ModelState, OpenState, SyncFailure};
pub use oauth_clients::{OAuthClient, OAuthClientEdit};
pub use people::{User, UserEdit, Workspace};
pub use rules::{Busy, Pacing, ReportLayout, Rules, SecondSync};
pub use runs::{ConnectorParameter, MappingParameter, RunKind};
pub use structure::{
    CellValue, Dimension, Format, LineItem, List, Module, Property, Role, Snapshot, Structure,
    Subset, View,
};
pub use structure::{
    LINE_ITEMS as LINE_ITEM_DIMENSION, TIME as TIME_DIMENSION, USERS as USER_DIMENSION,
    VERSIONS as VERSION_DIMENSION,
};

pub(crate) use alm::{AlmRefusal, Report, ReportKind, RevisionQuery};
pub(crate) use calendar::{PeriodKind, year_name};
pub(crate) use cells::{CellRequest, Given, Named, read_date};
pub(crate) use chunk_store::ChunkStore;
pub(crate) use cube::cell_count;
pub(crate) use exports::Column;
pub(crate) use files::{FileOf, FileRefusal};
pub(crate) use grid::{Grid, Shown, full_name};
pub(crate) use ids::IdSource;
pub(crate) use items::key;
pub(crate) use lists::{ItemRequest, ResetRefusal, WriteFailure};
pub(crate) use members::{Member, Members, top_level_id};
pub(crate) use oauth::{Issued, OAuth, OAuthRefusal};
pub(crate) use outcome::{Detail, RunResult};
pub(crate) use read_requests::{ReadOf, ReadRequests, ReadState, ReadStatus};
pub(crate) use runs::RunParameters;
pub(crate) use structure::{LINE_ITEMS, TIME, USERS, VERSIONS};
pub(crate) use table::{Layout, ListTable, Table};
pub(crate) use tasks::{Outcome, Parent, TaskBoard, TaskRecord, TaskState};
pub(crate) use tokens::{Grant, Tokens, later};

/// A tenant of Anaplan: its users, workspaces and models, and all that goes on in them.
///
/// Everything is plain data. It changes when it is told to, and when time passes.
#[derive(Debug)]
pub struct World {
    pub(crate) now: Timestamp,
    pub(crate) ids: IdSource,
    /// For what differs from answer to answer.
    pub(crate) dice: fastrand::Rng,
    pub(crate) customer: String,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) models: Vec<Model>,
    pub(crate) revisions: BTreeMap<String, Arc<Revision>>,
    pub(crate) tokens: Tokens,
    pub(crate) oauth: OAuth,
    pub(crate) tasks: TaskBoard,
    pub(crate) files: FileStore,
    pub(crate) dumps: DumpStore,
    pub(crate) books: Books,
    /// The revisions of deleted models.
    pub(crate) deleted: Vec<(ModelId, Vec<Applied>)>,
    pub(crate) reports: BTreeMap<(ReportKind, ModelId, String, String), Report>,
    pub(crate) read_requests: ReadRequests,
    /// The behaviour where real tenants differ, or where a test needs another one.
    pub rules: Rules,
}

impl World {
    /// A tenant without anything, at this moment.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let mut ids = IdSource::new(1);
        Self {
            now,
            customer: ids.lower_hex(),
            ids,
            dice: fastrand::Rng::with_seed(0),
            users: BTreeMap::new(),
            workspaces: Vec::new(),
            models: Vec::new(),
            revisions: BTreeMap::new(),
            tokens: Tokens::default(),
            oauth: OAuth::default(),
            tasks: TaskBoard::default(),
            files: FileStore::default(),
            dumps: DumpStore::default(),
            books: Books::default(),
            deleted: Vec::new(),
            reports: BTreeMap::new(),
            read_requests: ReadRequests::new(),
            rules: Rules::default(),
        }
    }

    /// Returns the time of the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass: work that is due gets done, what has lived its time goes. Time never goes back.
    pub fn advance_to(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.settle();
        self.open_and_close();
        self.expire();
        self.drop_dead_reads();
    }

    /// The work that the world has done, for tests to check.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Adds a workspace.
    pub fn add_workspace(&mut self, name: impl Into<String>) -> WorkspaceId {
        let id = WorkspaceId::from(self.ids.lower_hex());
        self.workspaces.push(Workspace {
            id: id.clone(),
            name: name.into(),
            active: true,
            size_allowance: 10 << 30,
        });
        id
    }

    /// Adds a user who may sign in and nothing else; the handle returns roles.
    pub fn add_user(
        &mut self,
        email: impl Into<String>,
        password: impl Into<String>,
    ) -> UserEdit<'_> {
        let id = UserId::from(self.ids.lower_hex());
        let user = User::new(id.clone(), email.into(), password.into());
        self.users.insert(id.clone(), user);
        UserEdit::new(self, id)
    }

    /// Changes the roles of a user.
    ///
    /// # Panics
    ///
    /// When there is no such user.
    #[allow(clippy::expect_used)]
    pub fn edit_user(&mut self, id: &UserId) -> UserEdit<'_> {
        self.users.get(id).expect("a user of this world");
        UserEdit::new(self, id.clone())
    }

    /// Adds an empty, open model in standard mode.
    pub fn add_model(&mut self, workspace: &WorkspaceId, name: impl Into<String>) -> ModelId {
        let id = ModelId::from(self.ids.upper_hex());
        let mut model = Model::new(id.clone(), name.into(), workspace.clone(), self.now);
        let mut actual = Version::new(self.ids.object(107), "Actual");
        actual.actual = true;
        let mut forecast = Version::new(self.ids.object(107), "Forecast");
        forecast.current = true;
        model.structure.versions = vec![actual, forecast];
        self.models.push(model);
        id
    }

    /// Changes the structure or the data of a model, as a modeller would in the user interface. No
    /// mode of the model stands in the way.
    ///
    /// # Panics
    ///
    /// When there is no such model.
    #[allow(clippy::expect_used)]
    pub fn edit(&mut self, model: &ModelId) -> ModelEdit<'_> {
        let now = self.now;
        let model = self
            .models
            .iter_mut()
            .find(|candidate| candidate.id == *model)
            .expect("a model of this world");
        model.last_modified = now;
        model.serial += 1;
        ModelEdit::new(model, &mut self.ids)
    }

    /// A model, if there is one of this id.
    #[must_use]
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.id == *id)
    }

    pub(crate) fn model_mut(&mut self, id: &ModelId) -> Option<&mut Model> {
        self.models.iter_mut().find(|model| model.id == *id)
    }

    /// Every model, in the order of their making.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Puts a model into another state.
    ///
    /// # Panics
    ///
    /// When there is no such model.
    #[allow(clippy::expect_used)]
    pub fn set_state(&mut self, model: &ModelId, state: ModelState) {
        self.model_mut(model).expect("a model of this world").state = state;
    }

    fn open_and_close(&mut self) {
        let now = self.now;
        for model in &mut self.models {
            match model.open {
                OpenState::Opening(ready) if ready <= now => model.open = OpenState::Open,
                OpenState::Closing(gone) if gone <= now => model.open = OpenState::Closed,
                _ => {}
            }
        }
    }

    /// Takes a model away. Its revisions live on in the models that have them.
    pub fn delete_model(&mut self, model: &ModelId) {
        if let Some(index) = self
            .models
            .iter()
            .position(|candidate| candidate.id == *model)
        {
            let gone = self.models.remove(index);
            self.deleted.push((gone.id, gone.applied));
        }
        self.tasks.forget_model(model);
        self.files.forget_model(model);
        self.dumps.forget_model(model);
        self.forget_reads_of(model);
    }

    /// The workspace of this id.
    #[must_use]
    pub fn workspace(&self, id: &WorkspaceId) -> Option<&Workspace> {
        self.workspaces.iter().find(|workspace| workspace.id == *id)
    }

    /// Every workspace, in the order of their making.
    #[must_use]
    pub fn workspaces(&self) -> &[Workspace] {
        &self.workspaces
    }

    /// The user of this id.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)
    }

    /// The user who signs in with this e-mail address.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users
            .values()
            .find(|user| user.email.eq_ignore_ascii_case(email))
    }

    /// Returns whether a user is an administrator of a model's workspace.
    pub(crate) fn is_admin_of(&self, user: &UserId, model: &Model) -> bool {
        self.users
            .get(user)
            .is_some_and(|user| user.admin_of.contains(&model.workspace))
    }

    /// Returns whether a user reaches a model at all: as administrator, or with a role in it.
    pub(crate) fn can_open(&self, user: &UserId, model: &Model) -> bool {
        self.is_admin_of(user, model) || model.users.contains_key(user)
    }
}
