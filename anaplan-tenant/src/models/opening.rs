//! Opening of a model.

use anaplan_core::{
    Endpoint, LongRunning, Method, ModelId, Path, Pending, Requests, Response, Result, RetryClass,
    Task, TaskId, TaskState, TaskStatus, async_trait,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::models::{GetModelStatus, ModelStatus, ModelStep, WakeModel};

impl Tenant {
    /// Opens the model if it is closed, and waits until it is open and idle, with the session's poll policy.
    ///
    /// `GET /models/{modelId}/status` until the model is open, and `POST /models/{modelId}/open` each time
    /// that it is found closed. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// Those of [`wake_model`](Self::wake_model), but a model in maintenance counts as open.
    /// `TaskTimeout` if the deadline of the policy passed. The model continues to open.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// tenant.wait_until_open(&ids.dev).await?;
    /// # Ok(()) });
    /// ```
    pub fn wait_until_open(&self, model: impl Into<ModelId>) -> Pending<()> {
        self.opening(model).wait()
    }

    /// Returns the opening of a model as a task: with a poll policy of its own, or to read its progress.
    /// Sends nothing before it is awaited.
    ///
    /// ```
    /// # use anaplan_core::PollPolicy;
    /// # use anaplan_tenant::Tenant;
    /// # use std::time::Duration;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let patient = PollPolicy::every(Duration::from_secs(30)).with_deadline(Duration::from_secs(3600));
    /// tenant.opening(&ids.dev).poll_policy(patient).wait().await?;
    /// # Ok(()) });
    /// ```
    pub fn opening(&self, model: impl Into<ModelId>) -> Task<ModelOpening> {
        Task::resume(self.session.clone(), ModelOpening::new(model))
    }
}

/// Address of the opening of a model. Plain data that serializes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelOpening {
    /// The id of the model. The server has no task for it.
    #[serde(rename = "modelId")]
    model: TaskId,
}

impl ModelOpening {
    /// Creates the address.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            model: TaskId::new(model.into().as_str()),
        }
    }

    /// Returns the model.
    #[must_use]
    pub fn model(&self) -> ModelId {
        ModelId::new(self.model.as_str())
    }
}

#[async_trait]
impl LongRunning for ModelOpening {
    const KIND: &'static str = "opening of the model";
    const ID_NAME: &'static str = "modelId";
    const APPEARS_LATE: bool = false;
    type Result = ModelStatus;
    type Outcome = ();
    type Poll = GetOpeningStatus;

    fn task_id(&self) -> &TaskId {
        &self.model
    }

    fn poll(&self) -> GetOpeningStatus {
        GetOpeningStatus {
            model: self.model(),
        }
    }

    fn outcome(&self, _: TaskStatus<ModelStatus>) -> Result<()> {
        Ok(())
    }

    /// Sends the request to open once for each time that the model is closed. It may be closing first.
    async fn advance(
        &self,
        previous: Option<&TaskStatus<ModelStatus>>,
        mut status: TaskStatus<ModelStatus>,
        requests: &Requests<'_>,
    ) -> Result<TaskStatus<ModelStatus>> {
        if !is_closed(&status) || previous.is_some_and(is_closed) {
            return Ok(status);
        }
        let model = self.model();
        match requests.call(&WakeModel { model }).await {
            Ok(()) => Ok(status),
            // A model in maintenance is open.
            Err(error) if error.status().is_some_and(|status| status == 424) => {
                status.task_state = TaskState::Complete;
                Ok(status)
            }
            Err(error) => Err(error),
        }
    }
}

fn is_closed(status: &TaskStatus<ModelStatus>) -> bool {
    let status = status.result.as_ref();
    status.is_some_and(|status| status.current_step == ModelStep::Closed)
}

/// Endpoint that polls a [`ModelOpening`]: the status of the model as the status of a task.
#[derive(Debug, Clone)]
pub struct GetOpeningStatus {
    /// Model.
    pub model: ModelId,
}

impl GetOpeningStatus {
    fn status(&self) -> GetModelStatus {
        GetModelStatus {
            model: self.model.clone(),
        }
    }
}

impl Endpoint for GetOpeningStatus {
    const NAME: &'static str = "tenant.wait_until_open";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<ModelStatus>;

    fn path(&self) -> Path {
        self.status().path()
    }

    fn decode(&self, response: Response) -> Result<TaskStatus<ModelStatus>> {
        let model = self.status().decode(response)?;
        let state = if model.is_open() {
            TaskState::Complete
        } else {
            TaskState::InProgress
        };
        let mut status = TaskStatus::new(self.model.as_str(), state);
        status.current_step = Some(model.current_step.to_string());
        status.progress = model.progress.filter(|progress| *progress >= 0.0);
        status.creation_time = model.created_at;
        status.result = Some(model);
        Ok(status)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anaplan_core::{ErrorKind, PollPolicy};

    use super::*;
    use crate::testing::{Reply, scripted};

    fn step(step: &'static str) -> Reply {
        Reply::Body(
            200,
            match step {
                "Open" => {
                    r#"{"requestStatus":{"currentStep":"Open","progress":-1.0,"tooltip":null}}"#
                }
                "Closed" => r#"{"requestStatus":{"currentStep":"Closed","progress":-1.0}}"#,
                "Closing" => r#"{"requestStatus":{"currentStep":"Closing"}}"#,
                _ => r#"{"requestStatus":{"currentStep":"Loading page 3","progress":0.4}}"#,
            },
        )
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_does_not_wake_an_open_model() {
        let (tenant, script) = scripted([step("Open")]);
        tenant.wait_until_open("M").await.unwrap();
        assert_eq!(script.lines(), ["GET /models/M/status"]);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_wakes_a_closing_model_once_after_it_is_closed() {
        let (tenant, script) = scripted([
            step("Closing"),
            step("Closed"),
            Reply::Body(202, ""),
            step("Closed"),
            step("Loading"),
            step("Open"),
        ]);
        tenant.wait_until_open("M").await.unwrap();
        let opens = script
            .lines()
            .iter()
            .filter(|line| line.ends_with("/open"))
            .count();
        assert_eq!((opens, script.left()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_wakes_a_model_again_that_closes_again() {
        let (tenant, script) = scripted([
            step("Closed"),
            Reply::Body(202, ""),
            step("Loading"),
            step("Closed"),
            Reply::Body(202, ""),
            step("Open"),
        ]);
        tenant.wait_until_open("M").await.unwrap();
        assert_eq!(script.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_accepts_maintenance_and_fails_for_an_archived_model() {
        let (tenant, _) = scripted([step("Closed"), Reply::Body(424, "")]);
        tenant.wait_until_open("M").await.unwrap();
        let (tenant, _) = scripted([step("Closed"), Reply::Body(422, "")]);
        let error = tenant.wait_until_open("M").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ModelState);
        assert_eq!(error.id("modelId"), Some("M"));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_fails_at_once_for_an_unknown_model() {
        let (tenant, script) = scripted([Reply::Body(404, "")]);
        let error = tenant.wait_until_open("M").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert_eq!((error.id("modelId"), error.id("taskId")), (Some("M"), None));
        assert_eq!(script.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_until_open_ends_at_the_deadline() {
        let (tenant, _) = scripted((0..30).map(|_| step("Loading")));
        let policy =
            PollPolicy::every(Duration::from_secs(5)).with_deadline(Duration::from_secs(20));
        let opening = tenant.opening("M").poll_policy(policy);
        let error = opening.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TaskTimeout);
        assert_eq!(error.id("modelId"), Some("M"));
    }

    #[test]
    fn address_serializes_as_the_model() {
        let address = ModelOpening::new("M");
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, r#"{"modelId":"M"}"#);
        assert_eq!(
            serde_json::from_str::<ModelOpening>(&json).unwrap(),
            address
        );
    }
}
