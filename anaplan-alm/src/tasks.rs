//! What syncs and reports have in common: three ids in, a task out.

use anaplan_core::{
    Decision, Error, ErrorKind, ModelId, Refusal, RequestBody, Response, Result, StatusCode,
    TaskFailure, TaskId, TaskState, TaskStatus, json_body, or_default,
};
use serde::{Deserialize, Serialize};

use crate::RevisionId;

/// The two revisions that a sync or a comparison is about, and the model that has the newer one.
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
    /// The revision that the target shall have, or is compared with.
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
    /// Source revision, source model, target revision: the order in which the API documents them.
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

    /// Whether a finished task can be the work on this pair. The server may leave the ids out.
    pub(crate) fn fits(&self, result: &AlmTaskResult) -> bool {
        let same =
            |told: &Option<RevisionId>, asked| told.as_ref().is_none_or(|told| told == asked);
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
    /// Whether the work did what it was asked to do.
    #[serde(default, deserialize_with = "or_default")]
    pub successful: bool,
    /// The source revision, where the server tells.
    #[serde(default)]
    pub source_revision_id: Option<RevisionId>,
    /// The target revision, where the server tells.
    #[serde(default)]
    pub target_revision_id: Option<RevisionId>,
    /// Where the report can be fetched. Informational: use the typed call instead.
    #[serde(default)]
    pub report_file_url: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<TaskError>,
}

/// Why ALM work failed, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TaskError {
    /// The headline.
    pub title: Option<String>,
    /// The explanation.
    pub message_text: Option<String>,
    /// A further line.
    pub subtitle: Option<String>,
}

/// The result of a successful task, or the error that the failed one deserves.
pub(crate) fn successful(kind: &str, status: TaskStatus<AlmTaskResult>) -> Result<AlmTaskResult> {
    let failed = |text: String| Err(Error::new(ErrorKind::TaskFailed, text));
    if status.task_state == TaskState::Cancelled {
        return failed(format!("the {kind} was cancelled"));
    }
    match status.result {
        Some(result) if result.successful => Ok(result),
        None => failed(format!(
            "the {kind} is over, but the server gives no result"
        )),
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

/// Reads a creation answer: the task in its envelope, or bare as some samples have it.
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
