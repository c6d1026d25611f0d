//! Current activity of a model, and requests to open and close it.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, Path, Response, Result, RetryClass, Timestamp, open_enum,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::models::model_path;
use anaplan_core::lenient::{count_opt, moment_opt, text_opt};

open_enum! {
    /// Activity of a model.
    pub enum ModelStep {
        /// Open and idle.
        Open = "Open",
        /// Closed.
        Closed = "Closed",
        /// Closing.
        Closing = "Closing",
        /// Updating its data.
        Updating = "Updating",
    }
}

/// Current activity of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelStatus {
    /// Current step, in the server's words. Steps without a variant are common.
    #[serde(default = "unnamed")]
    pub current_step: ModelStep,
    /// Progress of the step, from 0 to 1. -1 if the model is idle.
    #[serde(default)]
    pub progress: Option<f64>,
    /// User, activity and start time, in several lines.
    #[serde(default, deserialize_with = "text_opt")]
    pub tooltip: Option<String>,
    /// Kind of the running export.
    #[serde(default, deserialize_with = "text_opt")]
    pub export_task_type: Option<String>,
    /// Running task.
    #[serde(default, deserialize_with = "text_opt")]
    pub task_id: Option<String>,
    /// Time at which the server created this status.
    #[serde(rename = "creationTime", default, deserialize_with = "moment_opt")]
    pub created_at: Option<Timestamp>,
    /// Estimated peak size of the model, in bytes.
    #[serde(default, deserialize_with = "count_opt")]
    pub peak_memory_usage_estimate: Option<u64>,
    /// Time of the peak.
    #[serde(
        rename = "peakMemoryUsageTime",
        default,
        deserialize_with = "moment_opt"
    )]
    pub peak_memory_usage_at: Option<Timestamp>,
}

fn unnamed() -> ModelStep {
    ModelStep::Unknown(String::new())
}

impl ModelStatus {
    /// Returns `true` if the model is open and idle.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.current_step == ModelStep::Open
    }
}

impl Tenant {
    /// Returns the current activity of a model: open, closed, opening, busy. Does not open it.
    ///
    /// `GET /models/{modelId}/status`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState` for an archived model.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let status = tenant.get_model_status(&ids.dev).await?;
    /// println!("{} {:?}", status.current_step, status.progress);
    /// # Ok(()) });
    /// ```
    pub fn get_model_status(&self, model: impl Into<ModelId>) -> Call<GetModelStatus> {
        self.session.call(GetModelStatus {
            model: model.into(),
        })
    }

    /// Starts to open a model, and does not wait for it: see [`wait_until_open`](Self::wait_until_open).
    ///
    /// `POST /models/{modelId}/open`. Idempotent: retried. The server responds with `NotFound` to many
    /// requests in a short time.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown model, without the role of a workspace administrator, and after too many
    /// requests. `ModelState` for an archived model (HTTP 422) and for one in maintenance (HTTP 424), which
    /// is open already.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// tenant.wake_model(&ids.dev).await?;
    /// # Ok(()) });
    /// ```
    #[doc(alias = "open_model")]
    pub fn wake_model(&self, model: impl Into<ModelId>) -> Call<WakeModel> {
        self.session.call(WakeModel {
            model: model.into(),
        })
    }

    /// Closes a model. Its users are signed out of it without a warning.
    ///
    /// `POST /models/{modelId}/close`. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// `Forbidden` without the role of a workspace administrator, `NotFound`, `ModelState` for an archived
    /// model.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// tenant.close_model(&ids.dev).await?;
    /// assert!(!tenant.get_model_status(&ids.dev).await?.is_open());
    /// # Ok(()) });
    /// ```
    pub fn close_model(&self, model: impl Into<ModelId>) -> Call<CloseModel> {
        self.session.call(CloseModel {
            model: model.into(),
        })
    }
}

/// Endpoint of [`Tenant::get_model_status`].
#[derive(Debug, Clone)]
pub struct GetModelStatus {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for GetModelStatus {
    const NAME: &'static str = "tenant.get_model_status";
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

/// Endpoint of [`Tenant::wake_model`].
#[derive(Debug, Clone)]
pub struct WakeModel {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for WakeModel {
    const NAME: &'static str = "tenant.wake_model";
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

/// Endpoint of [`Tenant::close_model`].
#[derive(Debug, Clone)]
pub struct CloseModel {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for CloseModel {
    const NAME: &'static str = "tenant.close_model";
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
