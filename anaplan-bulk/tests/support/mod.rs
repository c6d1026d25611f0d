//! What the suites share: every operation as a value, and a fake that is ready for all of them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

mod matrix;

use std::time::Duration;

use anaplan_bulk::{ActionRef, ActionTask, Bulk, ChunkedFile, Content, ModelRef};
use anaplan_core::{Error, ModelId, Namespace, Pending, Result, Scope, Session, Settings, UserId};
use anaplan_testkit::{Demo, FakeAnaplan, Pacing};

/// A fake in which every operation has something to work on, seen by one user.
pub struct Stage {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub bulk: Bulk,
    /// A run of `action` that is over.
    pub done: ActionTask,
    /// A run of `bad_import` that left a dump.
    pub dumped: ActionTask,
    /// A run of `bad_process`, whose first step left a dump.
    pub process: ActionTask,
    pub process_step: u64,
    /// A run of the optimizer.
    pub optimized: ActionTask,
}

impl Stage {
    /// The dev model with its workspace, seen by the administrator.
    pub async fn set() -> Self {
        let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
        fake.world(|world| world.rules.pacing = Pacing::Instant);
        let demo = fake.demo();
        let bulk: Bulk = fake.namespace().unwrap();
        let file = demo.bad_source_file;
        bulk.upload_file(file, Content::text(demo.bad_csv.clone()))
            .await
            .unwrap();
        bulk.upload_file(demo.source_file, Content::text(demo.good_csv.clone()))
            .await
            .unwrap();
        let run = async |action: ActionRef| {
            let task = bulk.run_action(action).await.unwrap();
            task.address().clone()
        };
        let done = run(ActionRef::action(demo.action)).await;
        let dumped = run(ActionRef::import(demo.bad_import)).await;
        let process = run(ActionRef::process(demo.bad_process)).await;
        let optimized = run(ActionRef::action(demo.optimizer)).await;
        run(ActionRef::export(demo.export)).await;
        let process_step = fake.world(|world| {
            let dev = world.model(&demo.dev).unwrap();
            dev.structure.process(demo.bad_process).unwrap().steps[0]
        });
        fake.world(|world| world.rules.pacing = Pacing::Polls(2));
        fake.forget_requests();
        Self {
            fake,
            demo,
            bulk,
            done,
            dumped,
            process,
            process_step,
            optimized,
        }
    }

    /// The same for code that is not async.
    pub fn set_blocking() -> Self {
        runtime().block_on(Self::set())
    }

    /// The same stage seen by another user.
    pub fn seen_by(mut self, user: &UserId) -> Self {
        let session = self.fake.session_of(user, Settings::default()).unwrap();
        let scope = Scope::new(
            self.bulk.workspace().cloned(),
            Some(self.bulk.model().clone()),
        );
        self.bulk = Bulk::bind(session, &scope).unwrap();
        self
    }

    /// The same stage with another model, which lies in the same workspace.
    pub fn on(mut self, model: &ModelId) -> Self {
        let reference = ModelRef::new(model).in_workspace(&self.demo.workspace);
        self.bulk = self.bulk.with_model(reference.clone());
        for task in [
            &mut self.done,
            &mut self.dumped,
            &mut self.process,
            &mut self.optimized,
        ] {
            task.model = reference.clone();
        }
        self
    }

    /// The same stage, reached without naming the workspace.
    pub fn without_workspace(mut self) -> Self {
        let reference = ModelRef::new(&self.demo.dev);
        self.bulk = self.bulk.with_model(reference.clone());
        for task in [&mut self.done, &mut self.dumped, &mut self.process] {
            task.model = reference.clone();
        }
        self
    }

    fn file(&self, file: u64) -> ChunkedFile {
        let model = ModelRef::new(self.bulk.model());
        let model = match self.bulk.workspace() {
            Some(workspace) => model.in_workspace(workspace),
            None => model,
        };
        ChunkedFile::File(model, file.into())
    }
}

/// The demo world and its dev model, as they come.
pub fn stage() -> (FakeAnaplan, Demo, Bulk) {
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    let bulk = fake.namespace().unwrap();
    let demo = fake.demo();
    (fake, demo, bulk)
}

/// A runtime whose time is paused.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

pub fn bulk_of(session: Session, model: &ModelId) -> Bulk {
    Bulk::bind(session, &Scope::new(None, Some(model.clone()))).unwrap()
}

/// One of the operations.
#[derive(Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    /// The method, and the path behind that of the model.
    method: &'static str,
    path: &'static str,
    pub make: fn(&Stage) -> Pending<()>,
    pub reach: Reach,
    /// Whether it starts a run.
    pub starts: bool,
    /// For a call that must not run twice: what is found out after a lost response.
    pub once: Option<Outcome>,
}

/// Result of the search for the effect of a call that was executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The id of a single candidate.
    Presumed,
    /// The state of the server was the same before.
    Unknown,
}

/// How an operation tells that the caller does not reach the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// By 404.
    Hidden,
    /// By an empty list.
    Empty,
    /// By 403.
    Forbidden,
}

impl Operation {
    pub fn call(&self, stage: &Stage) -> Pending<()> {
        (self.make)(stage)
    }

    /// The route that it takes.
    pub fn route(&self, stage: &Stage) -> String {
        let root = match stage.bulk.workspace() {
            Some(_) => "workspaces/*/models/*",
            None => "models/*",
        };
        format!("{} /2/0/{root}/{}", self.method, self.path)
    }
}

pub fn quiet<F, T, E>(work: F) -> Pending<()>
where
    F: IntoFuture<Output = Result<T, E>> + Send + 'static,
    F::IntoFuture: Send,
    T: Send,
    E: Into<Error> + Send,
{
    Pending::new(async move { work.into_future().await.map(drop).map_err(Into::into) })
}

const fn operation(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    reach: Reach,
    make: fn(&Stage) -> Pending<()>,
) -> Operation {
    Operation {
        name,
        method,
        path,
        make,
        reach,
        starts: false,
        once: None,
    }
}

const fn once(outcome: Outcome, operation: Operation) -> Operation {
    Operation {
        once: Some(outcome),
        ..operation
    }
}

const fn start(
    name: &'static str,
    path: &'static str,
    make: fn(&Stage) -> Pending<()>,
) -> Operation {
    Operation {
        starts: true,
        once: Some(Outcome::Presumed),
        ..operation(name, "POST", path, Reach::Hidden, make)
    }
}

const fn get(name: &'static str, path: &'static str, make: fn(&Stage) -> Pending<()>) -> Operation {
    operation(name, "GET", path, Reach::Hidden, make)
}

/// All of them.
pub const OPERATIONS: &[Operation] = &[
    get("get_files", "files", |s| quiet(s.bulk.get_files())),
    get("get_imports", "imports", |s| quiet(s.bulk.get_imports())),
    get("get_exports", "exports", |s| quiet(s.bulk.get_exports())),
    get("get_actions", "actions", |s| quiet(s.bulk.get_actions())),
    get("get_processes", "processes", |s| {
        quiet(s.bulk.get_processes())
    }),
    get("get_dashboards", "dashboards", |s| {
        quiet(s.bulk.get_dashboards())
    }),
    get("get_import_metadata", "imports/*", |s| {
        quiet(s.bulk.get_import_metadata(s.demo.good_import))
    }),
    get("get_export_metadata", "exports/*", |s| {
        quiet(s.bulk.get_export_metadata(s.demo.export))
    }),
    get("get_action_metadata", "actions/*", |s| {
        quiet(s.bulk.get_action_metadata(s.demo.action))
    }),
    get("get_process_metadata", "processes/*", |s| {
        quiet(s.bulk.get_process_metadata(s.demo.process))
    }),
    operation("put_file", "PUT", "files/*", Reach::Hidden, |s| {
        quiet(s.bulk.put_file(s.demo.source_file, s.demo.good_csv.clone()))
    }),
    operation("delete_file", "DELETE", "files/*", Reach::Hidden, |s| {
        quiet(s.bulk.delete_file(s.demo.source_file))
    }),
    once(
        Outcome::Unknown,
        operation(
            "upload_file: begin",
            "POST",
            "files/*",
            Reach::Hidden,
            |s| {
                let content = Content::text(&s.demo.good_csv);
                quiet(s.bulk.upload_file(s.demo.source_file, content))
            },
        ),
    ),
    operation(
        "upload_file: chunk",
        "PUT",
        "files/*/chunks/*",
        Reach::Hidden,
        |s| {
            quiet(
                s.bulk
                    .upload_file(s.demo.source_file, Content::text(&s.demo.good_csv)),
            )
        },
    ),
    operation(
        "upload_file: end",
        "POST",
        "files/*/complete",
        Reach::Hidden,
        |s| {
            let lines = ["Region,Code\n", "Oslo,O\n"];
            quiet(s.bulk.upload_file(s.demo.source_file, Content::iter(lines)))
        },
    ),
    get("get_file", "files/*/chunks/*", |s| {
        quiet(s.bulk.get_file(s.demo.export))
    }),
    get("get_chunks", "files/*/chunks", |s| {
        quiet(s.bulk.get_chunks(s.file(s.demo.export)))
    }),
    get("get_chunk", "files/*/chunks/*", |s| {
        quiet(s.bulk.get_chunk(s.file(s.demo.export), "0"))
    }),
    start("run_import", "imports/*/tasks", |s| {
        quiet(s.bulk.run_import(s.demo.good_import))
    }),
    start("run_export", "exports/*/tasks", |s| {
        quiet(s.bulk.run_export(s.demo.export))
    }),
    start("run_action", "actions/*/tasks", |s| {
        quiet(s.bulk.run_action(s.demo.action))
    }),
    start("run_process", "processes/*/tasks", |s| {
        quiet(s.bulk.run_process(s.demo.process))
    }),
    operation(
        "get_task_summaries",
        "GET",
        "actions/*/tasks",
        Reach::Empty,
        |s| quiet(s.bulk.get_task_summaries(s.demo.action)),
    ),
    get("get_task_status", "actions/*/tasks/*", |s| {
        quiet(s.bulk.get_task_status(s.demo.action, &s.done.task))
    }),
    operation(
        "cancel",
        "DELETE",
        "actions/*/tasks/*",
        Reach::Hidden,
        |s| quiet(s.bulk.resume_task(s.demo.action, &s.done.task).cancel()),
    ),
    get("get_dump", "imports/*/tasks/*/dump/chunks/*", |s| {
        quiet(s.bulk.get_dump(&s.dumped))
    }),
    get(
        "get_process_dump",
        "processes/*/tasks/*/dumps/*/chunks/*",
        |s| quiet(s.bulk.get_process_dump(&s.process, s.process_step)),
    ),
    get("get_whole_dump", "imports/*/tasks/*/dump", |s| {
        quiet(s.bulk.get_whole_dump(&s.dumped))
    }),
    get(
        "get_whole_process_dump",
        "processes/*/tasks/*/dumps/*",
        |s| quiet(s.bulk.get_whole_process_dump(&s.process, s.process_step)),
    ),
    operation(
        "get_optimizer_log",
        "GET",
        "optimizeActions/*/tasks/*/solutionLogs",
        Reach::Forbidden,
        |s| {
            quiet(
                s.bulk
                    .get_optimizer_log(s.demo.optimizer, &s.optimized.task),
            )
        },
    ),
];

/// Text that tells where it was cut: every line has its number.
pub fn numbered(bytes: usize) -> String {
    let mut text = String::from("Number,Text\r\n");
    let mut line = 0_u64;
    while text.len() < bytes {
        line += 1;
        text.push_str(&format!("{line:012},row number {line} of a table\r\n"));
    }
    text.truncate(bytes);
    text
}

/// A wait that no test should reach.
pub const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 3600);
