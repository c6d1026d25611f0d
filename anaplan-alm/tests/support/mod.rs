//! Shared by the suites: the sixteen operations as values, and a fake on which all of them succeed.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

mod matrix;
pub mod skewed;

use std::time::Duration;

use anaplan_alm::{Alm, OnlineStatus, RevisionPair};
use anaplan_core::{
    ModelId, Namespace, Pending, RequestBody, Result, Scope, Session, Settings, TaskId, UserId,
};
use anaplan_testkit::{Demo, FakeAnaplan, Pacing};

/// A fake on which every operation succeeds, and the handle of one user.
pub struct Stage {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub alm: Alm,
    pub caller: UserId,
    pub pair: RevisionPair,
    pub sync_task: TaskId,
    pub comparison_task: TaskId,
    pub summary_task: TaskId,
}

impl Stage {
    /// Production as the target, as the administrator.
    pub async fn set() -> Self {
        let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
        let demo = fake.demo();
        let production = alm_of(&fake, &demo.admin.id, &demo.prod);
        let dev = production.with_model(&demo.dev);
        let from = dev.get_latest_revision().await.unwrap().unwrap();
        let to = production.get_latest_revision().await.unwrap().unwrap();
        let pair = RevisionPair::new(&from.id, &demo.dev, &to.id);

        let comparison = production.create_comparison_report(&pair).await.unwrap();
        comparison.wait().await.unwrap();
        let summary = production.create_comparison_summary(&pair).await.unwrap();
        summary.wait().await.unwrap();
        // A sync in progress changes nothing.
        fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(3600)));
        let sync = production.sync_models(&pair).await.unwrap();
        fake.world(|world| world.rules.pacing = Pacing::Instant);
        fake.forget_requests();
        Self {
            comparison_task: comparison.id().clone(),
            summary_task: summary.id().clone(),
            sync_task: sync.id().clone(),
            alm: production,
            caller: demo.admin.id.clone(),
            fake,
            demo,
            pair,
        }
    }

    /// Blocking form of [`set`](Self::set).
    pub fn set_blocking() -> Self {
        runtime().block_on(Self::set())
    }

    /// The same stage as another user.
    pub fn seen_by(mut self, user: &UserId) -> Self {
        self.alm = alm_of(&self.fake, user, self.alm.model());
        self.caller = user.clone();
        self
    }

    /// The same stage with another model as the target.
    pub fn on(mut self, model: &ModelId) -> Self {
        self.alm = self.alm.with_model(model);
        self
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

pub fn alm_of(fake: &FakeAnaplan, user: &UserId, model: &ModelId) -> Alm {
    let session = fake.session_of(user, Settings::default()).unwrap();
    bind(session, model)
}

pub fn bind(session: Session, model: &ModelId) -> Alm {
    Alm::bind(session, &Scope::new(None, Some(model.clone()))).unwrap()
}

/// One of the sixteen operations.
#[derive(Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    /// Route of its request.
    pub route: &'static str,
    pub make: fn(&Stage) -> Pending<()>,
    /// Whether a missing role is status 424 instead of 403.
    pub is_report: bool,
}

impl Operation {
    pub fn must_not_run_twice(&self) -> bool {
        ["create_revision", "sync_models", "change_model_status"].contains(&self.name)
    }

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

macro_rules! operation {
    ($name:literal, $route:literal, $report:literal, |$stage:ident| $call:expr) => {
        Operation {
            name: $name,
            route: $route,
            make: |$stage| quiet($call),
            is_report: $report,
        }
    };
}

/// All operations. `create_revision` works on the development model: deployed models reject it.
pub const OPERATIONS: [Operation; 16] = [
    operation!(
        "change_model_status",
        "PUT /2/0/models/*/onlineStatus",
        false,
        |s| s.alm.change_model_status(OnlineStatus::Online)
    ),
    operation!(
        "get_syncable_revisions",
        "GET /2/0/models/*/alm/syncableRevisions",
        false,
        |s| s.alm.get_syncable_revisions(&s.demo.dev)
    ),
    operation!(
        "get_latest_revision",
        "GET /2/0/models/*/alm/latestRevision",
        false,
        |s| s.alm.get_latest_revision()
    ),
    operation!(
        "get_revisions",
        "GET /2/0/models/*/alm/revisions",
        false,
        |s| s.alm.get_revisions()
    ),
    operation!(
        "create_revision",
        "POST /2/0/models/*/alm/revisions",
        false,
        |s| {
            let model = if *s.alm.model() == s.demo.prod {
                &s.demo.dev
            } else {
                s.alm.model()
            };
            s.alm.with_model(model).create_revision("Spring")
        }
    ),
    operation!(
        "get_models_for_revision",
        "GET /2/0/models/*/alm/revisions/*/appliedToModels",
        false,
        |s| s.alm.get_models_for_revision(&s.pair.target_revision)
    ),
    operation!(
        "sync_models",
        "POST /2/0/models/*/alm/syncTasks",
        false,
        |s| s.alm.sync_models(&s.pair)
    ),
    operation!(
        "get_sync_tasks",
        "GET /2/0/models/*/alm/syncTasks",
        false,
        |s| s.alm.get_sync_tasks()
    ),
    operation!(
        "get_sync_task",
        "GET /2/0/models/*/alm/syncTasks/*",
        false,
        |s| s.alm.get_sync_task(&s.sync_task)
    ),
    operation!(
        "create_comparison_report",
        "POST /2/0/models/*/alm/comparisonReportTasks",
        true,
        |s| s.alm.create_comparison_report(&s.pair)
    ),
    operation!(
        "get_comparison_report_task",
        "GET /2/0/models/*/alm/comparisonReportTasks/*",
        true,
        |s| s.alm.get_comparison_report_task(&s.comparison_task)
    ),
    operation!(
        "get_comparison_report",
        "GET /2/0/models/*/alm/comparisonReports/*/*",
        true,
        |s| s.alm.get_comparison_report(&s.pair)
    ),
    operation!(
        "create_comparison_summary",
        "POST /2/0/models/*/alm/summaryReportTasks",
        true,
        |s| s.alm.create_comparison_summary(&s.pair)
    ),
    operation!(
        "get_comparison_summary_task",
        "GET /2/0/models/*/alm/summaryReportTasks/*",
        true,
        |s| s.alm.get_comparison_summary_task(&s.summary_task)
    ),
    operation!(
        "get_comparison_summary",
        "GET /2/0/models/*/alm/summaryReports/*/*",
        true,
        |s| s.alm.get_comparison_summary(&s.pair)
    ),
    // The service accepts POST in place of PUT.
    operation!(
        "change_model_status_by_post",
        "POST /2/0/models/*/onlineStatus",
        false,
        |s| {
            use anaplan_core::{Endpoint, Method, Path, Response, RetryClass};
            struct ByPost(ModelId);
            impl Endpoint for ByPost {
                const NAME: &'static str = "alm.change_model_status_by_post";
                const METHOD: Method = Method::POST;
                const RETRY: RetryClass = RetryClass::Idempotent;
                const SUCCESS: &'static [u16] = &[204];
                type Output = ();
                fn path(&self) -> Path {
                    Path::integration()
                        .lit("models")
                        .seg("modelId", &self.0)
                        .lit("onlineStatus")
                }
                fn body(&self) -> Result<RequestBody> {
                    Ok(r#"{"status":"online"}"#.into())
                }
                fn decode(&self, _: Response) -> Result<()> {
                    Ok(())
                }
            }
            let call = s.fake.session_of(&s.caller(), Settings::default()).unwrap();
            call.call(ByPost(s.alm.model().clone()))
        }
    ),
];

impl Stage {
    fn caller(&self) -> UserId {
        self.caller.clone()
    }
}
