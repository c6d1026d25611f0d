//! What the suites share: the operations as values, and a fake that is ready for all of them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

mod matrix;

use anaplan_core::{
    ModelId, Namespace, Pending, Result, Scope, Settings, StatusCode, TaskId, UserId, WorkspaceId,
};
use anaplan_testkit::world::CellValue;
use anaplan_testkit::{Demo, FakeAnaplan, Pacing};
use anaplan_transactional::{
    Cell, DimensionId, ExportType, LineItemId, ListId, ListItemKey, ListItemUpdate, Lookup,
    ModuleId, NewListItem, ReadRequest, Transactional, VersionId, ViewId,
};
use jiff::civil::date;

/// A fake in which every operation has something to work on, seen by one user.
pub struct Stage {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub model: Transactional,
    pub user: UserId,
    pub workspace: WorkspaceId,
    pub list: ListId,
    pub empty_list: ListId,
    pub module: ModuleId,
    pub view: ViewId,
    pub line_item: LineItemId,
    pub dimension: DimensionId,
    pub version: VersionId,
    pub cells: Vec<Cell>,
    pub request: ReadRequest,
}

impl Stage {
    /// The dev model, seen by the administrator.
    pub async fn set() -> Self {
        let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
        fake.world(|world| {
            world.rules.pacing = Pacing::Instant;
            world.rules.burst = None;
        });
        let demo = fake.demo();
        let model = model_of(&fake, &demo.admin.id, &demo.dev);
        let (dimension, item) = demo.cell_dimensions[0];
        let version = fake.world(|world| world.model(&demo.dev).unwrap().structure.versions[1].id);
        let task = model.create_list_read_request(demo.list).await.unwrap();
        let request = task.address().clone();
        fake.forget_requests();
        Self {
            user: demo.limited.id.clone(),
            workspace: demo.workspace.clone(),
            list: demo.list.into(),
            empty_list: demo.empty_list.into(),
            module: demo.module.into(),
            view: demo.view.into(),
            line_item: demo.line_item.into(),
            dimension: dimension.into(),
            version: version.into(),
            cells: vec![Cell::new(demo.line_item, 7).at(dimension, item)],
            request,
            fake,
            demo,
            model,
        }
    }

    /// The same for code that is not async.
    pub fn set_blocking() -> Self {
        runtime().block_on(Self::set())
    }

    /// The same stage seen by another user.
    pub fn seen_by(mut self, user: &UserId) -> Self {
        self.model = model_of(&self.fake, user, self.model.model());
        self
    }

    /// The same stage in another model.
    pub fn on(mut self, model: &ModelId) -> Self {
        self.model = self.model.with_model(model);
        self.request.model = model.clone();
        self
    }

    /// The same stage with ids of which none exists.
    pub fn without_objects(mut self) -> Self {
        self.user = "8a00".into();
        self.workspace = "8a00".into();
        self.list = 1.into();
        self.empty_list = 1.into();
        self.module = 1.into();
        self.view = 1.into();
        self.line_item = 1.into();
        self.dimension = 1.into();
        self.version = 1.into();
        self.request.request = TaskId::new("0123456789ABCDEF0123456789ABCDEF");
        self
    }

    /// What stands in the cell that [`cells`](Self::cells) writes.
    pub fn stored(&self) -> Option<CellValue> {
        self.fake.world(|world| {
            let items = self.demo.cell_dimensions.iter().map(|(_, item)| *item);
            let model = world.model(&self.demo.dev).unwrap();
            model
                .cells
                .get(&(self.demo.line_item, items.collect()))
                .cloned()
        })
    }
}

/// A runtime whose time is paused.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

pub fn model_of(fake: &FakeAnaplan, user: &UserId, model: &ModelId) -> Transactional {
    let session = fake.session_of(user, Settings::default()).unwrap();
    Transactional::bind(session, &Scope::new(None, Some(model.clone()))).unwrap()
}

/// What an operation touches, which decides who may do it and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Users and workspaces: no model.
    Tenant,
    /// The model as a whole, whatever its mode.
    Model,
    /// Opening and closing, for administrators.
    Lifecycle,
    /// Data, read by anybody with a role.
    Read,
    /// Data, written by anybody with a role.
    Write,
    /// Data, read by administrators.
    AdminRead,
    /// Data, written by administrators.
    AdminWrite,
}

impl Kind {
    pub fn is_data(self) -> bool {
        !matches!(self, Self::Tenant | Self::Model | Self::Lifecycle)
    }

    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::AdminWrite)
    }

    pub fn is_for_admins(self) -> bool {
        matches!(self, Self::AdminRead | Self::AdminWrite)
    }
}

/// One operation.
#[derive(Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    /// The route that it takes.
    pub route: &'static str,
    pub make: fn(&Stage) -> Pending<()>,
    pub kind: Kind,
    /// Whether it works on an object besides the model.
    pub has_object: bool,
}

impl Operation {
    pub fn call(&self, stage: &Stage) -> Pending<()> {
        (self.make)(stage)
    }
}

fn quiet<T, F>(work: F) -> Pending<()>
where
    F: std::future::IntoFuture<Output = Result<T>> + Send + 'static,
    F::IntoFuture: Send,
    T: Send,
{
    Pending::new(async move { work.into_future().await.map(drop) })
}

macro_rules! operations {
    ($($name:ident($route:literal, $kind:ident, $object:literal, |$stage:ident| $call:expr);)+) => {
        /// All of them.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            route: $route,
            make: |$stage| quiet($call),
            kind: Kind::$kind,
            has_object: $object,
        }),+];
    };
}

operations! {
    get_users("GET /2/0/users", Tenant, false, |s| s.model.get_users());
    get_current_user("GET /2/0/users/me", Tenant, false, |s| s.model.get_current_user());
    get_user("GET /2/0/users/*", Tenant, true, |s| s.model.get_user(&s.user));
    get_workspace_admins("GET /2/0/workspaces/*/admins", Tenant, true,
        |s| s.model.get_workspace_admins(&s.workspace));
    get_workspace_visitors("GET /2/0/workspaces/*/visitors", Tenant, true,
        |s| s.model.get_workspace_visitors(&s.workspace));
    get_model_details("GET /2/0/models/*", Model, false, |s| s.model.get_model_details());
    get_model_status("GET /2/0/models/*/status", Model, false, |s| s.model.get_model_status());
    wake_model("POST /2/0/models/*/open", Lifecycle, false, |s| s.model.wake_model());
    close_model("POST /2/0/models/*/close", Lifecycle, false, |s| s.model.close_model());
    get_modules("GET /2/0/models/*/modules", Read, false, |s| s.model.get_modules());
    get_line_items("GET /2/0/models/*/lineItems", Read, false, |s| s.model.get_line_items());
    get_module_line_items("GET /2/0/models/*/modules/*/lineItems", Read, true,
        |s| s.model.get_module_line_items(&s.module).with(|query| query.include_all()));
    get_views("GET /2/0/models/*/views", Read, false, |s| s.model.get_views());
    get_module_views("GET /2/0/models/*/modules/*/views", Read, true,
        |s| s.model.get_module_views(&s.module));
    get_view_info("GET /2/0/models/*/views/*", Read, true, |s| s.model.get_view_info(&s.view));
    get_view_data("GET /2/0/models/*/views/*/data", Read, true, |s| s.model.get_view_data(&s.view));
    get_view_data_csv("GET /2/0/models/*/views/*/data", Read, true,
        |s| s.model.get_view_data_csv(&s.view));
    get_line_item_dimensions("GET /2/0/models/*/lineItems/*/dimensions", Read, true,
        |s| s.model.get_line_item_dimensions(&s.line_item));
    get_line_item_dimension_items("GET /2/0/models/*/lineItems/*/dimensions/*/items", Read, true,
        |s| s.model.get_line_item_dimension_items(&s.line_item, &s.dimension));
    get_view_dimension_items("GET /2/0/models/*/views/*/dimensions/*/items", Read, true,
        |s| s.model.get_view_dimension_items(&s.view, &s.dimension));
    get_dimension_items("GET /2/0/models/*/dimensions/*/items", Read, true,
        |s| s.model.get_dimension_items(&s.dimension));
    lookup_dimension_items("POST /2/0/models/*/dimensions/*/items", Read, true,
        |s| s.model.lookup_dimension_items(&s.dimension, Lookup::names(["North"])));
    get_lists("GET /2/0/models/*/lists", Read, false, |s| s.model.get_lists());
    get_list_metadata("GET /2/0/models/*/lists/*", Read, true,
        |s| s.model.get_list_metadata(&s.list));
    get_list_items("GET /2/0/models/*/lists/*/items", Read, true,
        |s| s.model.get_list_items(&s.list));
    get_list_items_csv("GET /2/0/models/*/lists/*/items", Read, true,
        |s| s.model.get_list_items_csv(&s.list));
    preview_list("GET /2/0/models/*/lists/*/preview", AdminRead, true,
        |s| s.model.preview_list(&s.list));
    create_view_read_request("POST /2/0/models/*/views/*/readRequests", Read, true,
        |s| s.model.create_view_read_request(&s.view, ExportType::TabularMultiColumn));
    create_list_read_request("POST /2/0/models/*/lists/*/readRequests", Read, true,
        |s| s.model.create_list_read_request(&s.list));
    get_read_request("GET /2/0/models/*/lists/*/readRequests/*", Read, true,
        |s| s.model.get_read_request(&s.request));
    get_read_request_page("GET /2/0/models/*/lists/*/readRequests/*/pages/*", Read, true,
        |s| s.model.get_read_request_page(&s.request, 0));
    delete_read_request("DELETE /2/0/models/*/lists/*/readRequests/*", Read, true,
        |s| s.model.delete_read_request(&s.request));
    get_list_items_json("GET /2/0/models/*/lists/*/items", Read, true,
        |s| s.model.get_list_items_json(&s.list));
    get_current_period("GET /2/0/models/*/currentPeriod", AdminRead, false,
        |s| s.model.get_current_period());
    get_model_calendar("GET /2/0/models/*/modelCalendar", AdminRead, false,
        |s| s.model.get_model_calendar());
    get_versions("GET /2/0/models/*/versions", AdminRead, false, |s| s.model.get_versions());
    update_module_data("POST /2/0/models/*/modules/*/data", Write, true,
        |s| s.model.update_module_data(&s.module, s.cells.clone()));
    insert_list_items("POST /2/0/models/*/lists/*/items", Write, true,
        |s| s.model.insert_list_items(&s.list, [NewListItem::named("East").code("E")]));
    update_module_data_in_batches("POST /2/0/models/*/modules/*/data", Write, true,
        |s| s.model.update_module_data_in_batches(&s.module, s.cells.clone()));
    update_list_items("PUT /2/0/models/*/lists/*/items", Write, true,
        |s| s.model.update_list_items(&s.list, [ListItemUpdate::by_code("N").name("Norden")]));
    delete_list_items("POST /2/0/models/*/lists/*/items", Write, true,
        |s| s.model.delete_list_items(&s.list, [ListItemKey::code("W")]));
    reset_list_index("POST /2/0/models/*/lists/*/resetIndex", AdminWrite, true,
        |s| s.model.reset_list_index(&s.empty_list));
    set_current_period("PUT /2/0/models/*/currentPeriod", AdminWrite, false,
        |s| s.model.set_current_period(date(2025, 3, 31)));
    reset_current_period("PUT /2/0/models/*/currentPeriod", AdminWrite, false,
        |s| s.model.reset_current_period());
    set_current_fiscal_year("PUT /2/0/models/*/modelCalendar/fiscalYear", AdminWrite, false,
        |s| s.model.set_current_fiscal_year("FY26"));
    set_version_switchover("PUT /2/0/models/*/versions/*/switchover", AdminWrite, true,
        |s| s.model.set_version_switchover(&s.version, date(2025, 6, 1)));
    reset_version_switchover("PUT /2/0/models/*/versions/*/switchover", AdminWrite, true,
        |s| s.model.reset_version_switchover(&s.version));
}

/// The statuses of all answers of a route.
pub fn statuses(fake: &FakeAnaplan, route: &str) -> Vec<u16> {
    fake.requests()
        .of(route)
        .filter_map(|entry| entry.status.as_ref().map(StatusCode::as_u16))
        .collect()
}
