//! Revisions and tasks of syncs and reports.

use anaplan_core::{
    Decision, Error, ErrorKind, ModelId, Refusal, RequestBody, Response, Result, StatusCode,
    TaskFailure, TaskId, TaskState, TaskStatus, json_body,
};
use serde::{Deserialize, Serialize};

use crate::RevisionId;

/// Revisions of a sync or a comparison, and the model that has the source revision.
///
/// ```
/// use anaplan_alm::RevisionPair;
///
/// let pair = RevisionPair::new("E7F7AB", "882EFA", "795762");
/// assert_eq!(pair.source_model.as_str(), "882EFA");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RevisionPair {
    /// Revision to apply to the target, or to compare it with.
    #[serde(rename = "sourceRevisionId")]
    pub source_revision: RevisionId,
    /// A model that has the source revision.
    #[serde(rename = "sourceModelId")]
    pub source_model: ModelId,
    /// The latest revision of the target model.
    #[serde(rename = "targetRevisionId")]
    pub target_revision: RevisionId,
}

impl RevisionPair {
    /// Creates a pair from source revision, source model and target revision.
    pub fn new(
        source_revision: impl Into<RevisionId>,
        source_model: impl Into<ModelId>,
        target_revision: impl Into<RevisionId>,
    ) -> Self {
        Self {
            source_revision: source_revision.into(),
            source_model: source_model.into(),
            target_revision: target_revision.into(),
        }
    }

    /// Returns `true` if the result of a task can belong to this pair. The server may omit the ids.
    pub(crate) fn fits(&self, result: &AlmTaskResult) -> bool {
        let same = |id: &Option<RevisionId>, asked| id.as_ref().is_none_or(|id| id == asked);
        same(&result.source_revision_id, &self.source_revision)
            && same(&result.target_revision_id, &self.target_revision)
    }

    pub(crate) fn check(&self) -> Result<()> {
        for (name, id) in [
            ("sourceRevisionId", self.source_revision.as_str()),
            ("sourceModelId", self.source_model.as_str()),
            ("targetRevisionId", self.target_revision.as_str()),
        ] {
            if id.trim().is_empty() {
                return Err(Error::invalid_input(name, "must not be empty"));
            }
        }
        Ok(())
    }

    pub(crate) fn body(&self) -> Result<RequestBody> {
        json_body(self)
    }
}

impl From<&RevisionPair> for RevisionPair {
    fn from(pair: &RevisionPair) -> Self {
        pair.clone()
    }
}

/// Result of a finished ALM task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlmTaskResult {
    /// `true` if the task succeeded.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub successful: bool,
    /// Source revision. The server may omit it.
    #[serde(default)]
    pub source_revision_id: Option<RevisionId>,
    /// Target revision. The server may omit it.
    #[serde(default)]
    pub target_revision_id: Option<RevisionId>,
    /// URL of the report. Use the typed call instead.
    #[serde(default)]
    pub report_file_url: Option<String>,
    /// Reason of the failure.
    #[serde(default)]
    pub error: Option<TaskError>,
}

/// Reason of a failure, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TaskError {
    /// Title.
    pub title: Option<String>,
    /// Message.
    pub message_text: Option<String>,
    /// Subtitle.
    pub subtitle: Option<String>,
}

/// Returns the result of a successful task.
///
/// # Errors
///
/// `TaskFailed` otherwise.
pub(crate) fn successful(kind: &str, status: TaskStatus<AlmTaskResult>) -> Result<AlmTaskResult> {
    let failed = |text: String| Err(Error::new(ErrorKind::TaskFailed, text));
    if status.task_state == TaskState::Cancelled {
        return failed(format!("the {kind} was cancelled"));
    }
    match status.result {
        Some(result) if result.successful => Ok(result),
        None => failed(format!("the {kind} is finished without a result")),
        Some(result) => {
            let TaskError {
                title,
                message_text,
                subtitle,
            } = result.error.unwrap_or_default();
            let mut failure = TaskFailure::default();
            failure.title = title;
            failure.message = message_text;
            failure.subtitle = subtitle;
            Err(
                Error::new(ErrorKind::TaskFailed, format!("the {kind} failed"))
                    .with_task_failure(failure),
            )
        }
    }
}

/// Reads the response to a start: the task in its envelope, or bare as in some samples.
pub(crate) fn started(response: &Response) -> Result<TaskStatus<AlmTaskResult>> {
    let bare: Option<TaskId> = response.field_opt("taskId")?;
    if bare.is_some() {
        return response.json();
    }
    response.field("task")
}

/// The report operations return 424 with an empty message if the role is missing.
pub(crate) fn report_refusal(refusal: &Refusal<'_>) -> Option<Decision> {
    let role = refusal.status == StatusCode::FAILED_DEPENDENCY && refusal.message.is_none();
    role.then(Decision::role_missing)
}
