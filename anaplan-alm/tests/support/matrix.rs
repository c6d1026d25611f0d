//! The operations of the suite as those of the matrix.

use anaplan_conformance::matrix;
use anaplan_core::{ModelId, Pending, UserId};
use anaplan_testkit::{Demo, FakeAnaplan};

use super::{Operation, Stage};

impl matrix::Stage for Stage {
    async fn set() -> Self {
        Self::set().await
    }

    fn fake(&self) -> &FakeAnaplan {
        &self.fake
    }

    fn demo(&self) -> &Demo {
        &self.demo
    }

    fn in_model(self, model: &ModelId) -> Self {
        self.on(model)
    }

    fn seen_by_user(self, user: &UserId) -> Self {
        self.seen_by(user)
    }
}

impl matrix::Operation for Operation {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        self.name
    }

    fn route_on(&self, _: &Stage) -> String {
        self.route.to_owned()
    }

    fn call_on(&self, stage: &Stage) -> Pending<()> {
        self.call(stage)
    }
}
