//! The demo world: a believable company with a family of planning models.

mod integration;
mod modelling;

use std::fmt;

use anaplan_core::{ModelId, SecretString, Timestamp, UserId, WorkspaceId};
use jiff::ToSpan;

use crate::world::{Format, ModelState, OAuthClient, OpenState, SyncFailure, World};

/// The credentials of a user of the demo world.
#[derive(Clone)]
#[non_exhaustive]
pub struct Credentials {
    /// The user's id.
    pub id: UserId,
    /// The e-mail address.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The ids of the objects in the demo world.
///
/// The company plans its sales in one family of models: `dev` has three revisions and a structural
/// change that is in none of them yet; `test` has the first two, `prod` the first.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Demo {
    /// The workspace of everything.
    pub workspace: WorkspaceId,
    /// The model in which the structure is made; in standard mode.
    pub dev: ModelId,
    /// A deployed model of the family, one revision behind.
    pub test: ModelId,
    /// A deployed model of the family, two revisions behind.
    pub prod: ModelId,
    /// A model without any revision.
    pub plain: ModelId,
    /// A model with a revision that the family knows nothing of.
    pub unrelated: ModelId,
    /// An archived model.
    pub archived: ModelId,
    /// A model that may be opened and closed.
    pub closable: ModelId,
    /// A deployed model of the family whose syncs start and then fail.
    pub sync_fails: ModelId,
    /// A workspace administrator, who may use ALM.
    pub admin: Credentials,
    /// Another administrator of the same workspace.
    pub second: Credentials,
    /// A user with a role in `dev` who administers nothing.
    pub limited: Credentials,
    /// A user without access to any of this.
    pub outsider: Credentials,
    /// A client of the OAuth service for the authorization code grant, whose refresh tokens rotate.
    pub code_client: Option<OAuthClient>,
    /// A client of the OAuth service for the device grant, whose refresh tokens stay.
    pub device_client: Option<OAuthClient>,
    /// A refresh token of the administrator for `device_client`.
    pub device_refresh_token: SecretString,
    /// The key that approves in the administrator's name on the pages of the OAuth service: see
    /// [`World::add_approval_key`].
    pub approval_key: SecretString,
    /// `dev`: the list of regions, production data, with a few items; takes new items.
    pub list: u64,
    /// `dev`: a production list without items.
    pub empty_list: u64,
    /// `dev`: a numbered production list.
    pub numbered_list: u64,
    /// `dev`: a list that is not production data: adding an item changes the structure.
    pub structural_list: u64,
    /// `dev`: a production list without items that rolls up to the regions.
    pub child_list: u64,
    /// `dev`: the module of sales by region; also the id of its default view.
    pub module: u64,
    /// `dev`: a saved view of it, without page selectors.
    pub view: u64,
    /// `dev`: a line item of it that takes numbers.
    pub line_item: u64,
    /// `dev`: the dimensions of one cell of it, and the items.
    pub cell_dimensions: Vec<(u64, u64)>,
    /// The row of that cell in the view.
    pub readback_row: String,
    /// The column of that cell in the view.
    pub readback_column: String,
    /// `dev`: a saved view of sales by region and product line; the product line is chosen on a page.
    pub page_view: u64,
    /// `dev`: a saved view of the plan by region and month.
    pub time_view: u64,
    /// A date to which the current period can be set.
    pub set_current_period: String,
    /// A fiscal year to which the calendar can be set.
    pub fiscal_year: String,
    /// `dev`: the file that `good_import` reads; without content.
    pub source_file: u64,
    /// `dev`: a file that is never uploaded.
    pub empty_file: u64,
    /// `dev`: the file that `bad_import` reads.
    pub bad_source_file: u64,
    /// `dev`: loads regions into `list`; leaves no dump when `good_csv` is uploaded.
    pub good_import: u64,
    /// Content for `source_file`: three regions, two of which are new.
    pub good_csv: String,
    /// `dev`: loads cells of `module`; when `bad_csv` is uploaded, it uses what it can and leaves a dump
    /// of the rest.
    pub bad_import: u64,
    /// A text for `bad_source_file`: line 2 is good, line 3 names a region that is not there, neither value
    /// of line 4 is what its line item takes, and of line 5 one is.
    pub bad_csv: String,
    /// `dev`: the file that `sales_import` reads.
    pub sales_file: u64,
    /// `dev`: loads cells of `module`; leaves no dump when `sales_csv` is uploaded.
    pub sales_import: u64,
    /// Content for `sales_file`.
    pub sales_csv: String,
    /// `dev`: writes the cells of `module`: a header, and a row for each region.
    pub export: u64,
    /// `dev`: writes the items of `list` with their codes, parents and properties.
    pub list_export: u64,
    /// `dev`: sorts the items of `list` by their names.
    pub action: u64,
    /// `dev`: deletes the cost centres that are closed; `process` loads one.
    pub delete_action: u64,
    /// `dev`: three steps, all of which succeed: an import from a default file, `action` and `export`.
    /// Needs no upload.
    pub process: u64,
    /// `dev`: three steps, of which the first leaves a dump, the second fails because `empty_file` has no
    /// content, and the third (`action`) succeeds. Needs no upload.
    pub bad_process: u64,
    /// `dev`: a dashboard.
    pub dashboard: u64,
    /// `dev`: an action that runs the optimizer.
    pub optimizer: u64,
}

impl Credentials {
    fn nobody() -> Self {
        Self {
            id: UserId::new(""),
            user: String::new(),
            password: String::new(),
        }
    }
}

impl Demo {
    /// The models by the names of their fields.
    pub(crate) fn model_mut(&mut self, name: &str) -> Option<&mut ModelId> {
        Some(match name {
            "dev" => &mut self.dev,
            "test" => &mut self.test,
            "prod" => &mut self.prod,
            "plain" => &mut self.plain,
            "unrelated" => &mut self.unrelated,
            "archived" => &mut self.archived,
            "closable" => &mut self.closable,
            "sync_fails" => &mut self.sync_fails,
            _ => return None,
        })
    }

    /// Of a world that has nothing of it.
    pub(crate) fn nothing() -> Self {
        Self {
            workspace: WorkspaceId::new(""),
            dev: ModelId::new(""),
            test: ModelId::new(""),
            prod: ModelId::new(""),
            plain: ModelId::new(""),
            unrelated: ModelId::new(""),
            archived: ModelId::new(""),
            closable: ModelId::new(""),
            sync_fails: ModelId::new(""),
            admin: Credentials::nobody(),
            second: Credentials::nobody(),
            limited: Credentials::nobody(),
            outsider: Credentials::nobody(),
            code_client: None,
            device_client: None,
            device_refresh_token: SecretString::default(),
            approval_key: SecretString::default(),
            list: 0,
            empty_list: 0,
            numbered_list: 0,
            structural_list: 0,
            child_list: 0,
            module: 0,
            view: 0,
            line_item: 0,
            cell_dimensions: Vec::new(),
            readback_row: String::new(),
            readback_column: String::new(),
            page_view: 0,
            time_view: 0,
            set_current_period: String::new(),
            fiscal_year: String::new(),
            source_file: 0,
            empty_file: 0,
            bad_source_file: 0,
            good_import: 0,
            good_csv: String::new(),
            bad_import: 0,
            bad_csv: String::new(),
            sales_file: 0,
            sales_import: 0,
            sales_csv: String::new(),
            export: 0,
            list_export: 0,
            action: 0,
            delete_action: 0,
            process: 0,
            bad_process: 0,
            dashboard: 0,
            optimizer: 0,
        }
    }
}

impl World {
    /// The demo world at this moment. See [`Demo`] for what is in it.
    #[must_use]
    pub fn demo(now: Timestamp) -> (Self, Demo) {
        build(now)
    }
}

pub(crate) fn build(now: Timestamp) -> (World, Demo) {
    let mut demo = Demo::nothing();
    let ago = |days: i64| now.checked_sub((days * 24).hours()).unwrap_or(now);
    let mut world = World::new(ago(60));
    demo.workspace = world.add_workspace("Northwind Planning");
    people(&mut world, &mut demo);
    dev(&mut world, &mut demo);

    let first = world.add_revision(&demo.dev, "Baseline");
    demo.prod = family_member(&mut world, &demo, &first, "Sales Planning PROD");
    demo.sync_fails = family_member(&mut world, &demo, &first, "Sales Planning PROD (full)");
    world.fail_syncs(&demo.sync_fails, Some(SyncFailure::no_space()));
    demo.archived = family_member(&mut world, &demo, &first, "Sales Planning 2019");
    world.set_state(&demo.archived, ModelState::Archived);

    world.advance_to(ago(30));
    world
        .edit(&demo.dev)
        .list("Channels")
        .items(["Direct", "Partner"]);
    let second = world.add_revision(&demo.dev, "Channels");
    demo.test = family_member(&mut world, &demo, &second, "Sales Planning TEST");

    world.advance_to(ago(7));
    let mut edit = world.edit(&demo.dev);
    let headcount = edit
        .module("Headcount", [demo.list])
        .line_item("People", Format::Number);
    let headcount = headcount.id();
    let role = edit.role("Planner");
    edit.edit_role(role, |role| {
        role.read.insert(headcount);
        role.write.insert(headcount);
    });
    world.add_revision(&demo.dev, "Headcount by region");

    world.advance_to(ago(1));
    let mut edit = world.edit(&demo.dev);
    edit.edit_module(headcount)
        .add_line_item("Cost", Format::Number)
        .id();

    others(&mut world, &mut demo);
    world.advance_to(now);
    oauth(&mut world, &mut demo);
    (world, demo)
}

fn people(world: &mut World, demo: &mut Demo) {
    let mut admin = |email: &str, password: &str| {
        let user = world.add_user(email, password).admin_of(&demo.workspace);
        Credentials {
            id: user.tenant_admin().id(),
            user: email.into(),
            password: password.into(),
        }
    };
    demo.admin = admin("ada.byron@northwind.example", "difference-engine-1837");
    demo.second = admin("grace.hopper@northwind.example", "first-actual-bug-1947");
    let mut plain = |email: &str, password: &str| Credentials {
        id: world.add_user(email, password).id(),
        user: email.into(),
        password: password.into(),
    };
    demo.limited = plain("alan.turing@northwind.example", "halting-problem-1936");
    demo.outsider = plain("oscar.outsider@northwind.example", "nothing-to-see-2001");
}

fn oauth(world: &mut World, demo: &mut Demo) {
    let code = world.add_code_client("https://app.northwind.example/oauth/callback");
    demo.code_client = Some(code.client());
    let device = world.add_device_client().rotating(false).client();
    demo.device_refresh_token = world.issue_refresh_token(&device.id, &demo.admin.id).into();
    demo.device_client = Some(device);
    demo.approval_key = world.add_approval_key(&demo.admin.id).into();
}

fn dev(world: &mut World, demo: &mut Demo) {
    demo.dev = world.add_model(&demo.workspace, "Sales Planning DEV");
    let mut edit = world.edit(&demo.dev);
    modelling::build(&mut edit, demo);
    edit.role("Planner");
    integration::add(world, demo);
    world
        .edit_user(&demo.limited.id.clone())
        .role_in(&demo.dev, "Planner")
        .id();
}

fn family_member(world: &mut World, demo: &Demo, revision: &str, name: &str) -> ModelId {
    let id = world.model_from_revision(&demo.dev, revision, &demo.workspace, name);
    let mut edit = world.edit(&id);
    modelling::regions(edit.edit_list(demo.list));
    world.set_state(&id, ModelState::Production);
    id
}

impl World {
    /// Adds production models to the demo world and returns them: copies of dev with the revision
    /// "Baseline" and, every other one, "Channels". They are named "Sales Planning PROD 01" and so on.
    ///
    /// ```
    /// use anaplan_testkit::World;
    ///
    /// let (mut world, demo) = World::demo("2026-11-26T09:00:00Z".parse()?);
    /// let models = world.add_production_models(&demo, 20);
    /// assert_eq!(world.model(&models[19]).unwrap().name, "Sales Planning PROD 20");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If this is not the world of `demo`.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn add_production_models(&mut self, demo: &Demo, count: usize) -> Vec<ModelId> {
        let dev = self.model(&demo.dev).expect("the demo's dev model");
        let revisions: Vec<String> = dev
            .applied
            .iter()
            .take(2)
            .cloned()
            .map(|applied| applied.revision)
            .collect();
        let models = (0..count).map(|index| {
            let name = format!("Sales Planning PROD {:02}", index + 1);
            family_member(self, demo, &revisions[index % revisions.len()], &name)
        });
        models.collect()
    }
}

fn others(world: &mut World, demo: &mut Demo) {
    demo.plain = world.add_model(&demo.workspace, "Scratch Pad");
    world.edit(&demo.plain).list("Notes").items(["First"]).id();

    demo.unrelated = world.add_model(&demo.workspace, "Workforce Planning");
    world
        .edit(&demo.unrelated)
        .list("Employees")
        .items(["Ada"])
        .id();
    world.add_revision(&demo.unrelated, "Workforce 1");

    demo.closable = world.add_model(&demo.workspace, "Budget Archive");
    if let Some(model) = world.model_mut(&demo.closable) {
        model.open = OpenState::Closed;
    }
}
