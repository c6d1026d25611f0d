//! Shared by the suites: a fake with production models, plans, and sessions.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod kill;
pub mod plans;

use std::sync::Arc;

use anaplan_core::clock::Clock as _;
use anaplan_core::{ModelId, Namespace, Scope, Settings, Transport};
use anaplan_promote::{
    ApplyOptions, Journal, Plan, Promoter, Release, Report, TargetOutcome, TargetReport,
};
use anaplan_testkit::world::ModelState;
use anaplan_testkit::{Demo, FakeAnaplan};

/// A fake with production models: the odd ones are two revisions behind, the even ones one.
pub struct Stage {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub models: Vec<ModelId>,
}

impl Stage {
    pub fn new(models: usize) -> Self {
        let fake = FakeAnaplan::in_process();
        let demo = fake.demo();
        let models = fake.world(|world| world.add_production_models(&demo, models));
        // Their limit is not the subject.
        fake.world(|world| world.rules.burst = None);
        Self { fake, demo, models }
    }

    pub fn promoter(&self) -> Promoter {
        self.fake.namespace().unwrap()
    }

    /// Returns a promoter whose requests pass this transport.
    pub fn promoter_through(
        &self,
        wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
    ) -> Promoter {
        let connection = self.fake.connection();
        let inner = connection.transport.clone().unwrap();
        let connection = connection.with_transport(wrap(inner));
        let user = &self.demo.admin.id;
        let session = self
            .fake
            .session_over(connection, user, Settings::default());
        Promoter::bind(session.unwrap(), &Scope::default()).unwrap()
    }

    pub async fn plan(&self, release: &Release) -> Plan {
        self.promoter().plan(release).await.unwrap()
    }

    /// Returns the plan of one wave with all models.
    pub async fn plan_all(&self) -> Plan {
        self.plan(&plans::release(&[&self.models])).await
    }

    pub fn state(&self, model: &ModelId) -> ModelState {
        self.fake.world(|world| world.model(model).unwrap().state)
    }

    pub fn is_online(&self, model: &ModelId) -> bool {
        self.state(model) == ModelState::Production
    }

    /// Returns the number of syncs that were started for a model.
    pub fn started(&self, model: &ModelId) -> usize {
        self.fake.world(|world| {
            let started = world.books().syncs_started.iter();
            started.filter(|(target, ..)| target == model).count()
        })
    }

    /// Returns the number of syncs that were applied to a model.
    pub fn applied(&self, model: &ModelId) -> usize {
        self.fake.world(|world| {
            let applied = world.books().syncs_applied.iter();
            applied.filter(|(target, ..)| target == model).count()
        })
    }

    /// Returns the latest revision of a model.
    pub fn latest(&self, model: &ModelId) -> String {
        self.fake.world(|world| {
            let model = world.model(model).unwrap();
            model.applied.last().unwrap().revision.clone()
        })
    }

    pub fn now(&self) -> anaplan_core::Timestamp {
        self.fake.clock().now()
    }

    /// Applies a plan with a journal in memory and returns the result.
    pub async fn apply(&self, plan: &Plan, options: ApplyOptions) -> Report {
        apply(&self.promoter(), plan, options).await
    }
}

/// Applies a plan, with a journal in memory unless the options have one, and returns the result.
pub async fn apply(promoter: &Promoter, plan: &Plan, options: ApplyOptions) -> Report {
    let options = match options.journal {
        Some(_) => options,
        None => options.journal(Journal::in_memory()),
    };
    let run = promoter.apply(plan, options).await.unwrap();
    run.started().unwrap().finish().await.unwrap()
}

pub fn target<'r>(report: &'r Report, model: &ModelId) -> &'r TargetReport {
    let mut targets = report.targets.iter();
    targets.find(|target| target.model == *model).unwrap()
}

pub fn count(report: &Report, is: impl Fn(&TargetOutcome) -> bool) -> usize {
    let targets = report.targets.iter();
    targets.filter(|target| is(&target.outcome)).count()
}
