//! `true` if the model is loaded, and how to load and unload it.

use std::time::Duration;

use anaplan_core::{
    Call, Endpoint, Error, ErrorKind, Method, ModelId, Path, Pending, PollPolicy, Response, Result,
    RetryClass, Timestamp, open_enum,
};
use serde::Deserialize;

use crate::{Transactional, model_path};
use anaplan_core::lenient::{count_opt, moment_opt, text_opt};

open_enum! {
    /// What a model is doing.
    pub enum ModelStep {
        /// It is loaded and idle.
        Open = "Open",
        /// It is not loaded.
        Closed = "Closed",
        /// It is being unloaded.
        Closing = "Closing",
        /// Its data is being updated.
        Updating = "Updating",
    }
}

/// What a model is doing now.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelStatus {
    /// What it does, in the server's words: other steps than the named ones are common.
    #[serde(default = "unsaid")]
    pub current_step: ModelStep,
    /// Progress: how far the step is, from 0 to 1; -1 when the model is idle.
    #[serde(default)]
    pub progress: Option<f64>,
    /// Who does what since when, in several lines.
    #[serde(default, deserialize_with = "text_opt")]
    pub tooltip: Option<String>,
    /// The kind of an export that is running.
    #[serde(default, deserialize_with = "text_opt")]
    pub export_task_type: Option<String>,
    /// The task that is running.
    #[serde(default, deserialize_with = "text_opt")]
    pub task_id: Option<String>,
    /// When this status was taken.
    #[serde(default, deserialize_with = "moment_opt")]
    pub creation_time: Option<Timestamp>,
    /// How large the model is expected to get, in bytes.
    #[serde(default, deserialize_with = "count_opt")]
    pub peak_memory_usage_estimate: Option<u64>,
    /// When it was that large.
    #[serde(default, deserialize_with = "moment_opt")]
    pub peak_memory_usage_time: Option<Timestamp>,
}

fn unsaid() -> ModelStep {
    ModelStep::Unknown(String::new())
}

impl ModelStatus {
    /// `true` if the model is loaded and idle.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.current_step == ModelStep::Open
    }
}

impl Transactional {
    /// What the model is doing now: open, closed, loading, busy. Does not load it.
    ///
    /// `GET /models/{modelId}/status`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let status = model.get_model_status().await?;
    /// println!("{} {:?}", status.current_step, status.progress);
    /// # Ok(()) });
    /// ```
    pub fn get_model_status(&self) -> Call<GetModelStatus> {
        self.session.call(GetModelStatus {
            model: self.model.clone(),
        })
    }

    /// Has the server load the model, and does not wait for it.
    ///
    /// `POST /models/{modelId}/open`. Repeating it leads to the same state: retried freely. Asking
    /// often in a short time is answered with `NotFound`.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown model, without the role of a workspace administrator, and when asked
    /// too often. `ModelState` for an archived model (HTTP 422) and for one in maintenance (HTTP 424),
    /// which is awake already.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.wake_model().await?;
    /// # Ok(()) });
    /// ```
    #[doc(alias = "open_model")]
    pub fn wake_model(&self) -> Call<WakeModel> {
        self.session.call(WakeModel {
            model: self.model.clone(),
        })
    }

    /// Unloads the model. Everybody who works in it is thrown out without a warning.
    ///
    /// `POST /models/{modelId}/close`. Repeating it leads to the same state: retried freely.
    ///
    /// # Errors
    ///
    /// `Forbidden` without the role of a workspace administrator, `NotFound`, `ModelState` for an
    /// archived model.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.close_model().await?;
    /// assert!(!model.get_model_status().await?.is_open());
    /// # Ok(()) });
    /// ```
    pub fn close_model(&self) -> Call<CloseModel> {
        self.session.call(CloseModel {
            model: self.model.clone(),
        })
    }

    /// Loads the model if it is not loaded, and waits until it is open and idle, in the manner of the
    /// session's poll policy.
    ///
    /// `GET /models/{modelId}/status` until it is open, and `POST /models/{modelId}/open` only when it is
    /// closed. Safe to repeat.
    ///
    /// # Errors
    ///
    /// Those of [`wake_model`](Self::wake_model), but a model in maintenance counts as open.
    /// `TaskTimeout` when the policy's deadline passes; the model goes on loading.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.wait_until_open().await?;
    /// # Ok(()) });
    /// ```
    pub fn wait_until_open(&self) -> Pending<()> {
        self.wait_until_open_with(self.session.settings().poll.clone())
    }

    /// The same in another manner than the session's.
    ///
    /// # Errors
    ///
    /// Those of [`wait_until_open`](Self::wait_until_open).
    ///
    /// ```
    /// # use anaplan_core::PollPolicy;
    /// # use anaplan_transactional::Transactional;
    /// # use std::time::Duration;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let patient = PollPolicy::every(Duration::from_secs(30)).with_deadline(Duration::from_secs(3600));
    /// model.wait_until_open_with(patient).await?;
    /// # Ok(()) });
    /// ```
    pub fn wait_until_open_with(&self, policy: PollPolicy) -> Pending<()> {
        let model = self.clone();
        Pending::new(async move { model.open(&policy).await })
    }

    async fn open(&self, policy: &PollPolicy) -> Result<()> {
        let clock = self.session.clock();
        let started = clock.monotonic();
        let mut asked = false;
        let mut failures = 0;
        for looks in 1.. {
            match self.get_model_status().await {
                Ok(status) => {
                    failures = 0;
                    match status.current_step {
                        ModelStep::Open => return Ok(()),
                        ModelStep::Closed if asked => {}
                        ModelStep::Closed if self.wake_or_awake().await? => return Ok(()),
                        ModelStep::Closed => asked = true,
                        // It may be on its way down, and then it must be asked for again.
                        _ => asked = false,
                    }
                }
                Err(error) if error.is_retryable() && failures < policy.tolerated_failures => {
                    failures += 1;
                }
                Err(error) => return Err(error),
            }
            let spent = clock.monotonic().saturating_sub(started);
            let wait = self.next_wait(policy, looks, spent)?;
            clock.sleep(wait).await;
        }
        Ok(())
    }

    fn next_wait(&self, policy: &PollPolicy, looks: u32, spent: Duration) -> Result<Duration> {
        let wait = policy.wait(looks);
        let Some(limit) = policy.deadline else {
            return Ok(wait);
        };
        let left = limit.saturating_sub(spent);
        if left.is_zero() {
            let text = format!(
                "the model is not open after {} s of waiting",
                spent.as_secs()
            );
            return Err(Error::new(ErrorKind::TaskTimeout, text)
                .during("transactional.wait_until_open")
                .about("modelId", self.model.as_str()));
        }
        Ok(wait.min(left))
    }

    /// Asks to open the model; `true` when there is nothing to wait for.
    async fn wake_or_awake(&self) -> Result<bool> {
        match self.wake_model().await {
            Ok(()) => Ok(false),
            // In maintenance it is awake.
            Err(error) if error.status().is_some_and(|status| status == 424) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// The endpoint of [`Transactional::get_model_status`].
#[derive(Debug, Clone)]
pub struct GetModelStatus {
    /// The model.
    pub model: ModelId,
}

impl Endpoint for GetModelStatus {
    const NAME: &'static str = "transactional.get_model_status";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ModelStatus;

    fn path(&self) -> Path {
        model_path(&self.model).lit("status")
    }

    fn decode(&self, response: Response) -> Result<ModelStatus> {
        response.field("requestStatus")
    }
}

/// The endpoint of [`Transactional::wake_model`].
#[derive(Debug, Clone)]
pub struct WakeModel {
    /// The model.
    pub model: ModelId,
}

impl Endpoint for WakeModel {
    const NAME: &'static str = "transactional.wake_model";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[200, 202, 204];
    type Output = ();

    fn path(&self) -> Path {
        model_path(&self.model).lit("open")
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

/// The endpoint of [`Transactional::close_model`].
#[derive(Debug, Clone)]
pub struct CloseModel {
    /// The model.
    pub model: ModelId,
}

impl Endpoint for CloseModel {
    const NAME: &'static str = "transactional.close_model";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[200, 202, 204];
    type Output = ();

    fn path(&self) -> Path {
        model_path(&self.model).lit("close")
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
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
    async fn an_open_model_is_not_asked_to_open() {
        let (model, script) = scripted([step("Open")]);
        model.wait_until_open().await.unwrap();
        assert_eq!(script.lines(), ["GET /models/M/status"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closing_model_is_opened_once_it_is_closed_and_asked_only_once() {
        let (model, script) = scripted([
            step("Closing"),
            step("Closed"),
            Reply::Body(202, ""),
            step("Closed"),
            step("Loading"),
            step("Open"),
        ]);
        model.wait_until_open().await.unwrap();
        let opens = script
            .lines()
            .iter()
            .filter(|line| line.ends_with("/open"))
            .count();
        assert_eq!((opens, script.left()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_in_maintenance_is_awake_and_an_archived_one_is_an_error() {
        let (model, _) = scripted([step("Closed"), Reply::Body(424, "")]);
        model.wait_until_open().await.unwrap();
        let (model, _) = scripted([step("Closed"), Reply::Body(422, "")]);
        let error = model.wait_until_open().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ModelState);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_the_wait() {
        let (model, _) = scripted((0..30).map(|_| step("Loading")));
        let policy =
            PollPolicy::every(Duration::from_secs(5)).with_deadline(Duration::from_secs(20));
        let error = model.wait_until_open_with(policy).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TaskTimeout);
        assert_eq!(error.id("modelId"), Some("M"));
    }
}
