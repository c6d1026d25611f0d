//! Shared by the suites: a fake with several targets, and releases for it.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use anaplan_core::{ModelId, Namespace, Scope, Settings};
use anaplan_promote::{Plan, Policy, Promoter, Release, Wave};
use anaplan_testkit::{Demo, FakeAnaplan, Pacing};

/// A fake with targets at two revisions.
pub struct Stage {
    pub fake: FakeAnaplan,
    pub demo: Demo,
    pub promoter: Promoter,
    /// Three production models at the oldest revision.
    pub productions: Vec<ModelId>,
}

/// Name of the model in which changes are made.
pub const DEV: &str = "Sales Planning DEV";
/// Name of the test model, one revision behind.
pub const TEST: &str = "Sales Planning TEST";
/// Names of production models, two revisions behind.
pub const PRODUCTIONS: [&str; 3] = ["Sales UK", "Sales FR", "Sales ES"];

impl Stage {
    pub fn new() -> Self {
        let fake = FakeAnaplan::in_process();
        let demo = fake.demo();
        let productions = fake.world(|world| {
            world.rules.pacing = Pacing::Instant;
            let oldest = world
                .model(&demo.prod)
                .unwrap()
                .latest()
                .unwrap()
                .revision
                .clone();
            let copies = PRODUCTIONS.map(|name| {
                let model = world.model_from_revision(&demo.dev, &oldest, &demo.workspace, name);
                world.set_state(&model, anaplan_testkit::world::ModelState::Production);
                model
            });
            copies.to_vec()
        });
        let session = fake
            .session_of(&demo.admin.id, Settings::default())
            .unwrap();
        let promoter = Promoter::bind(session, &Scope::default()).unwrap();
        Self {
            fake,
            demo,
            promoter,
            productions,
        }
    }

    /// A release of the latest revision to the test model, one production model, and two more.
    pub fn release(&self) -> Release {
        Release::new("November", DEV)
            .wave(Wave::new("test", [TEST]))
            .wave(Wave::new("pilot", [PRODUCTIONS[0]]))
            .wave(Wave::new("rest", [PRODUCTIONS[1], PRODUCTIONS[2]]))
    }

    /// The same release with a policy in TOML.
    pub fn release_with(&self, policy: &str) -> Release {
        let mut release = self.release();
        release.policy = Policy::from_toml(policy).unwrap();
        release
    }

    pub async fn plan(&self, release: &Release) -> Plan {
        self.promoter.plan(release).await.unwrap()
    }

    /// Number of requests that create something.
    pub fn posts(&self) -> Vec<String> {
        let requests = self.fake.requests();
        let posts = requests.entries().filter(|request| request.method != "GET");
        posts
            .map(|request| format!("{} {}", request.method, request.path))
            .collect()
    }
}
