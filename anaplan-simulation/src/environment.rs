//! The environment of a program: the world, the users and their clients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_alm::Alm;
use anaplan_auth::{Basic, TokenAuthenticator};
use anaplan_bulk::Bulk;
use anaplan_core::clock::Clock;
use anaplan_core::{
    Connection, ModelId, Namespace, PollPolicy, Result, Scope, Session, Settings, Timestamp,
};
use anaplan_testkit::world::{Format, LINE_ITEM_DIMENSION, SortKey};
use anaplan_testkit::{Busy, Demo, FakeAnaplan, World};
use anaplan_transactional::Transactional;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::checker::Violation;
use crate::clock::SkewedClock;
use crate::coverage::Coverage;
use crate::expectations::{Expectations, Own, Slot, Value};
use crate::program::{Program, Runnable, USERS};
use crate::transport::{SharedTraffic, SimulatedTransport, locked};

/// Number of items in the dimension of each user's module.
pub(crate) const PLACES: usize = 4;
/// The line items of a user's module.
pub(crate) const LINE_ITEMS: [&str; 2] = ["Units", "Remark"];
/// Largest number of concurrent requests of a transfer.
pub(crate) const CONCURRENCY: usize = 4;

/// The objects of one user in the dev model.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    pub(crate) list: u64,
    pub(crate) numbered: u64,
    pub(crate) module: u64,
    pub(crate) view: u64,
    pub(crate) line_items: [u64; 2],
    pub(crate) places_list: u64,
    pub(crate) places: [u64; PLACES],
    pub(crate) file: u64,
    pub(crate) import: u64,
    pub(crate) export: u64,
    pub(crate) sort: u64,
    pub(crate) process: u64,
    pub(crate) target: ModelId,
}

pub(crate) struct Environment {
    pub(crate) program: Program,
    pub(crate) fake: FakeAnaplan,
    pub(crate) demo: Demo,
    pub(crate) sessions: [Session; 2],
    pub(crate) objects: [Objects; USERS],
    pub(crate) traffic: SharedTraffic,
    /// Secrets that errors must not contain.
    pub(crate) passwords: Vec<String>,
    expectations: Mutex<Expectations>,
    notes: Mutex<Notes>,
}

/// Violations and counters collected during the run.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) violations: Vec<Violation>,
    pub(crate) coverage: Coverage,
    /// Number of calls of each step.
    pub(crate) calls: BTreeMap<usize, usize>,
}

impl Environment {
    pub(crate) fn build(program: &Program) -> Result<Self> {
        let start = Timestamp::from_second(1_750_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut world, demo) = World::demo(start);
        let objects = add_objects(&mut world, &demo);
        world.rules.pacing = program.pacing.pacing();
        // Less than a client waits for a response.
        world.rules.busy = Busy::AtMost(Duration::from_secs(10));
        world.rules.token_life = Duration::from_secs(program.token_life);
        world.rules.page_list_items = program.paged;
        world.rules.date_header = !program.undated;
        world.rules.novelties = program.varied;
        world.rules.untidy = program.varied;
        world.rules.bare_task_ids = program.varied;
        let fake = FakeAnaplan::with_world(world);
        fake.seed(program.seed);
        let traffic = SharedTraffic::default();
        let numbered = objects.iter().map(|own| own.numbered.to_string());
        locked(&traffic).numbered_lists = numbered.collect();
        let session = |index| session(&fake, &demo, program, &traffic, index);
        let sessions = [session(0)?, session(1)?];
        let pair = format!("{}:{}", demo.admin.user, demo.admin.password);
        Ok(Self {
            program: program.clone(),
            sessions,
            expectations: Mutex::new(expectations()),
            notes: Mutex::default(),
            passwords: vec![demo.admin.password.clone(), STANDARD.encode(pair)],
            traffic,
            fake,
            demo,
            objects,
        })
    }

    pub(crate) fn session(&self, user: usize) -> &Session {
        &self.sessions[Self::session_index(user)]
    }

    pub(crate) fn session_index(user: usize) -> usize {
        usize::from(user == 2)
    }

    pub(crate) fn scope(model: &ModelId) -> Scope {
        Scope::new(None, Some(model.clone()))
    }

    pub(crate) fn alm(&self, user: usize, model: &ModelId) -> Result<Alm> {
        Alm::bind(self.session(user).clone(), &Self::scope(model))
    }

    pub(crate) fn model(&self, user: usize) -> Result<Transactional> {
        Transactional::bind(self.session(user).clone(), &Self::scope(&self.demo.dev))
    }

    pub(crate) fn bulk(&self, user: usize) -> Result<Bulk> {
        Bulk::bind(self.session(user).clone(), &Self::scope(&self.demo.dev))
    }

    pub(crate) fn expectations(&self) -> MutexGuard<'_, Expectations> {
        self.expectations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a broken rule.
    pub(crate) fn violation(&self, rule: &'static str, step: usize, text: impl Into<String>) {
        let text = text.into();
        self.notes().violations.push(Violation { rule, step, text });
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        self.fake.clock().sleep(time).await;
    }

    /// Returns the id of an object.
    pub(crate) fn runnable(&self, user: usize, what: Runnable) -> u64 {
        let own = &self.objects[user];
        match what {
            Runnable::Sort => own.sort,
            Runnable::Export => own.export,
            Runnable::Process => own.process,
            Runnable::BadProcess => self.demo.bad_process,
            Runnable::Optimizer => self.demo.optimizer,
        }
    }

    /// Returns the notes of a user's items in the world, by code.
    pub(crate) fn items(&self, user: usize) -> BTreeMap<String, Value> {
        let list = self.objects[user].list;
        self.fake.world(|world| {
            let items = world
                .model(&self.demo.dev)
                .and_then(|dev| dev.items.get(&list));
            let items = items.into_iter().flat_map(|items| items.iter());
            items
                .map(|item| {
                    let note = item.properties.get("Note").cloned().unwrap_or_default();
                    (item.code.clone().unwrap_or_default(), Some(note.into()))
                })
                .collect()
        })
    }

    /// Returns the content of a file for the users of the sessions.
    pub(crate) fn file(&self, file: u64) -> Value {
        let user = &self.demo.admin.id;
        self.fake
            .world(|world| world.file_content(&self.demo.dev, file, user))
    }
}

fn session(
    fake: &FakeAnaplan,
    demo: &Demo,
    program: &Program,
    traffic: &SharedTraffic,
    index: usize,
) -> Result<Session> {
    let mut settings = Settings::default();
    settings.attempt_timeout = Duration::from_secs(30);
    settings.poll = PollPolicy::default().with_deadline(Duration::from_secs(2 * 3600));
    settings.retry.max_throttles = MAX_THROTTLES;
    let admin = &demo.admin;
    let sign_in = Basic::new(admin.user.clone(), admin.password.clone());
    let authenticator = TokenAuthenticator::new(sign_in);
    let clock = SkewedClock::new(fake.clock().clone(), program.clock_skew);
    let mut connection: Connection = fake.connection().with_clock(Arc::new(clock));
    if let Some(inner) = connection.transport.take() {
        connection = connection.with_transport(Arc::new(SimulatedTransport {
            inner,
            clock: Arc::new(fake.clock().clone()),
            session: index,
            latency: program.latency,
            seed: program.seed,
            traffic: Arc::clone(traffic),
        }));
    }
    Session::new(connection, Arc::new(authenticator), settings)
}

/// Largest number of 429 responses of a call.
pub(crate) const MAX_THROTTLES: u32 = 8;

/// Adds the objects of each user.
fn add_objects(world: &mut World, demo: &Demo) -> [Objects; USERS] {
    std::array::from_fn(|user| {
        let mut edit = world.edit(&demo.dev);
        let list = edit.list(format!("Items {user}")).production();
        let list = list.property("Note", Format::Text).id();
        let numbered = edit.list(format!("Deals {user}")).production().numbered();
        let numbered = numbered.property("Amount", Format::Number).id();
        let mut places_list = edit.list(format!("Places {user}")).production();
        let places = std::array::from_fn(|place| places_list.item(format!("Place {user}.{place}")));
        let places_list = places_list.id();
        let mut module = edit.module(format!("Plan {user}"), [places_list]);
        let units = module.add_line_item(LINE_ITEMS[0], Format::Number).id();
        let remark = module.add_line_item(LINE_ITEMS[1], Format::Text).id();
        let view = module.view(
            format!("Plan {user} by place"),
            [places_list],
            [LINE_ITEM_DIMENSION],
            [],
        );
        let module = module.id();
        let file = edit.file(format!("items-{user}.csv"));
        let file = file.columns(["Name", "Code", "Note"]).id();
        let import = edit
            .import(format!("Load items {user}"))
            .from_file(file)
            .into_list(list)
            .name_from("Name")
            .code_from("Code")
            .property_from("Note", "Note")
            .id();
        let export = edit.export(format!("Items out {user}")).of_list(list).id();
        let sort = edit
            .action(format!("Sort {user}"))
            .sorts(list, SortKey::Name)
            .id();
        let process = edit.process(format!("Process {user}"));
        let process = process.step(import).step(sort).step(export).id();
        let targets = [&demo.prod, &demo.test, &demo.sync_fails];
        Objects {
            list,
            numbered,
            module,
            view,
            line_items: [units, remark],
            places_list,
            places,
            file,
            import,
            export,
            sort,
            process,
            target: targets[user].clone(),
        }
    })
}

fn expectations() -> Expectations {
    Expectations {
        own: std::array::from_fn(|_| Own {
            items: BTreeMap::new(),
            unnamed: Vec::new(),
            cells: (0..PLACES)
                .flat_map(|place| (0..LINE_ITEMS.len()).map(move |line| (place, line)))
                .map(|place| (place, Slot::new(Some(initial(place.1)))))
                .collect(),
            file: Slot::new(None),
            contents: Vec::new(),
            online: Slot::new(Some(Bytes::from_static(b"online"))),
            period: Slot::new(None),
        }),
        revisions: Vec::new(),
        syncs: Vec::new(),
        runs: Vec::new(),
        read_requests: Vec::new(),
        deletions: Vec::new(),
        records: Vec::new(),
    }
}

/// Returns the value of a cell that was never written.
fn initial(line_item: usize) -> Bytes {
    Bytes::from_static(if line_item == 0 { b"0" } else { b"" })
}
